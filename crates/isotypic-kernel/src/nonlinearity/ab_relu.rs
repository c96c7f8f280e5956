//! Two slopes, $a \min(u, 0) + b \max(u, 0)$: `ab_relu`, `leaky_relu`, `abs` (Cho & Saul 2009; Tsuchida et al. 2018).
//!
//! With the arc-cosine kernels $\kappa_0, \kappa_1$ of the rectifier,
//! $E[\varphi\varphi] = \tfrac12\sqrt{q_x q_y}\,((a-b)^2\kappa_1 + 2ab\cos\theta)$ and
//! $E[\varphi'\varphi'] = \tfrac12(a^2 + b^2 - (a-b)^2\,\theta/\pi)$. In cosine gaps, with
//! $w = (a-b)^2/(a^2+b^2) \in [0, 2]$ and the sine defect $h$ of `arc.rs`:
//!
//! - acute angles: $t - w\,h(\theta)$,
//! - obtuse angles: $(2 - w) + (w - 1)(2 - t) - w\,h(\pi - \theta)$,
//!
//! neither of which cancels.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::arc::Arc;
use super::{Nonlinearity, PairRun};

/// A function with one slope below zero and another one above; the slopes do not both vanish.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AbRelu {
    /// The slope below zero.
    pub below: f64,
    /// The slope above zero.
    pub above: f64,
}

impl AbRelu {
    fn bend(self) -> f64 {
        (self.above - self.below) * (self.above - self.below)
    }

    fn squares(self) -> f64 {
        self.below * self.below + self.above * self.above
    }
}

impl Nonlinearity for AbRelu {
    fn variance(&self, q: f64) -> f64 {
        0.5 * self.squares() * q
    }

    fn derivative_variance(&self, _q: f64) -> f64 {
        0.5 * self.squares()
    }

    fn map(&self, level: Level, run: PairRun<'_, f64>) {
        dispatch!(level, simd => map(simd, *self, run.cosine_gap, run.ntk));
    }
}

#[simd]
fn map<S: Simd>(simd: S, slopes: AbRelu, cosine_gap: &mut [f64], mut ntk: Option<&mut [f64]>) {
    let weight = slopes.bend() / slopes.squares();
    for (chunk, gap) in cosine_gap.chunks_exact_mut(S::f64s::LEN).enumerate() {
        let t = S::f64s::from_slice(simd, gap);
        let arc = Arc::new(simd, t);
        let defect = arc.acute_sine_defect_over_pi() * weight;
        let obtuse = (-t + 2.0).mul_add(weight - 1.0, -defect) + (2.0 - weight);
        arc.select(obtuse, t - defect).max(0.0).min(2.0).store_slice(gap);
        if let Some(ntk) = ntk.as_deref_mut() {
            let ntk = &mut ntk[chunk * S::f64s::LEN..(chunk + 1) * S::f64s::LEN];
            let derivative = arc.angle_over_pi().mul_add(-0.5 * slopes.bend(), 0.5 * slopes.squares());
            (S::f64s::from_slice(simd, ntk) * derivative).store_slice(ntk);
        }
    }
}
