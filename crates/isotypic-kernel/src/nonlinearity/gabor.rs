//! The Gabor function $e^{-u^2}\sin u$.
//!
//! With $D = 1 + 2(q_x+q_y) + 4q_xq_y\,t(2-t)$, $s = 1 - (1+q_x+q_y)/D$ and $h = c/D$:
//!
//! - $E[\varphi\varphi] = D^{-1/2}e^{-s/2}\sinh h$,
//! - $E[\varphi'\varphi'] = D^{-1/2}e^{-s/2}\,(4h\,(1 + (1+q_x+q_y)/D)\sinh h + (1/D + 8h^2)\cosh h)$, its derivative in $c$.
//!
//! The mapped gap is accurate to a few $10^{-16}$ absolutely, and exactly zero where the two points agree.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::exponential::exponential;
use super::pairs::map_pairs;
use super::{Nonlinearity, PairRun};

/// The Gabor function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gabor;

impl Nonlinearity for Gabor {
    fn variance(&self, q: f64) -> f64 {
        let determinant = 1.0 + 4.0 * q;
        (-q / determinant).exp() / determinant.sqrt() * (q / determinant).sinh()
    }

    fn derivative_variance(&self, q: f64) -> f64 {
        let determinant = 1.0 + 4.0 * q;
        let h = q / determinant;
        let sinh = 4.0 * h * (1.0 + (1.0 + 2.0 * q) / determinant) * h.sinh();
        let cosh = (1.0 / determinant + 8.0 * h * h) * h.cosh();
        (-h).exp() / determinant.sqrt() * (sinh + cosh)
    }

    fn map(&self, level: Level, run: PairRun<'_, f64>) {
        dispatch!(level, simd => map(simd, run));
    }
}

#[simd]
fn map<S: Simd>(simd: S, run: PairRun<'_, f64>) {
    map_pairs(
        simd,
        run,
        #[inline(always)]
        |pair| {
            let norm = pair.norm();
            let variances = pair.variance_x + pair.variance_y;
            let tilt = norm * norm * 4.0 * (pair.gap * (-pair.gap + 2.0));
            let inverse = S::f64s::splat(simd, 1.0) / (tilt + variances * 2.0 + 1.0);
            let h = norm * (-pair.gap + 1.0) * inverse;
            // |h| < 1/4, where these series have all digits.
            let square = h * h;
            let sinh = h
                * (square
                    * (1.0 / 6.0)
                    * (square
                        * (1.0 / 20.0)
                        * (square * (1.0 / 42.0) * (square * (1.0 / 72.0) + 1.0) + 1.0)
                        + 1.0)
                    + 1.0);
            let cosh = square
                * 0.5
                * (square
                    * (1.0 / 12.0)
                    * (square
                        * (1.0 / 30.0)
                        * (square * (1.0 / 56.0) * (square * (1.0 / 90.0) + 1.0) + 1.0)
                        + 1.0)
                    + 1.0)
                + 1.0;
            let envelope = exponential(simd, (variances + tilt) * inverse * -0.5) * inverse.sqrt();
            let steep = h * 4.0 * ((variances + 1.0) * inverse + 1.0) * sinh;
            let derivative = envelope * (square.mul_add(8.0, inverse).mul_add(cosh, steep));
            (pair.gap_of_covariance(envelope * sinh), derivative)
        },
    );
}
