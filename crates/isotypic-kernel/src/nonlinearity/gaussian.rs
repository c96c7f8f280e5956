//! The Gaussian function $a\,e^{bu^2}$ with $b \le 0$.
//!
//! With $\beta = -2b$ and $D = 1 + \beta(q_x+q_y) + \beta^2 q_xq_y\,t(2-t)$: $E[\varphi\varphi] = a^2/\sqrt D$ and
//! $E[\varphi'\varphi'] = a^2\beta^2 c\,D^{-3/2}$. The mapped cosine $k$ has
//! $1 - k^4 = y = (\beta(q_x-q_y)/D)^2 + \xi(2 - \xi)$ with $\xi = \beta^2q_xq_y\,t(2-t)/D$, so that its gap
//! $y/((1+k)(1+k^2))$ keeps all digits.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::pairs::map_pairs;
use super::{Nonlinearity, PairRun};

/// A Gaussian function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gaussian {
    /// Factor.
    pub a: f64,
    /// Rate, at most 0.
    pub b: f64,
}

impl Nonlinearity for Gaussian {
    fn variance(&self, q: f64) -> f64 {
        self.a * self.a / (1.0 - 4.0 * self.b * q).sqrt()
    }

    fn derivative_variance(&self, q: f64) -> f64 {
        let determinant = 1.0 - 4.0 * self.b * q;
        4.0 * (self.a * self.b).powi(2) / determinant.sqrt() * (q / determinant)
    }

    fn map(&self, level: Level, run: PairRun<'_, f64>) {
        dispatch!(level, simd => map(simd, *self, run));
    }
}

#[simd]
fn map<S: Simd>(simd: S, Gaussian { a, b }: Gaussian, run: PairRun<'_, f64>) {
    let beta = -2.0 * b;
    map_pairs(
        simd,
        run,
        #[inline(always)]
        |pair| {
            let scaled = pair.norm() * beta;
            let tilt = scaled * scaled * (pair.gap * (-pair.gap + 2.0));
            let determinant = tilt + (pair.variance_x + pair.variance_y) * beta + 1.0;
            let (share, apart) =
                (tilt / determinant, (pair.variance_x - pair.variance_y) * beta / determinant);
            let short = apart.mul_add(apart, share * (-share + 2.0));
            let squared = (-short + 1.0).max(0.0).sqrt();
            let gap = short / ((squared.sqrt() + 1.0) * (squared + 1.0));
            let correlation = scaled * (-pair.gap + 1.0) / determinant;
            (gap, correlation / determinant.sqrt() * (a * a * beta))
        },
    );
}
