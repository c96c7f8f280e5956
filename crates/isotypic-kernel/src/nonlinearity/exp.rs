//! The exponential function $a\,e^{bu}$.
//!
//! $E[\varphi\varphi] = a^2 e^{b^2(q_x+q_y+2c)/2}$, so that the mapped cosine is $e^{-b^2\delta/2}$ with $\delta = E[(u-v)^2]$ and its gap
//! $1 - e^{-b^2\delta/2}$ keeps all digits; $E[\varphi'\varphi'] = b^2 E[\varphi\varphi]$.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::exponential::exponential_minus_one;
use super::pairs::map_pairs;
use super::{Nonlinearity, PairRun};

/// An exponential function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exp {
    /// Factor.
    pub a: f64,
    /// Rate.
    pub b: f64,
}

impl Nonlinearity for Exp {
    fn variance(&self, q: f64) -> f64 {
        self.a * self.a * (2.0 * self.b * self.b * q).exp()
    }

    fn derivative_variance(&self, q: f64) -> f64 {
        self.b * self.b * self.variance(q)
    }

    fn map(&self, level: Level, run: PairRun<'_, f64>) {
        dispatch!(level, simd => map(simd, self.b * self.b, run));
    }
}

#[simd]
fn map<S: Simd>(simd: S, squared_rate: f64, run: PairRun<'_, f64>) {
    map_pairs(
        simd,
        run,
        #[inline(always)]
        |pair| {
            let gap = -exponential_minus_one(simd, pair.difference() * (-0.5 * squared_rate));
            (gap, (-gap + 1.0) * (pair.mapped_x * pair.mapped_y) * squared_rate)
        },
    );
}
