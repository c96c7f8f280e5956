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

use fearless_simd::prelude::*;

use super::arc::{Arc, ArcFunctions};
use super::homogeneous::Homogeneous;

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

impl Homogeneous for AbRelu {
    fn gain(self) -> f64 {
        0.5 * self.squares()
    }

    #[inline(always)]
    fn on_gap<S: Simd, T: ArcFunctions>(
        self,
        simd: S,
        cosine_gap: T::Native<S>,
    ) -> (T::Native<S>, T::Native<S>) {
        let [zero, two] = [0.0, 2.0].map(T::from_f64);
        let weight = self.bend() / self.squares();
        let arc = Arc::<S, T>::new(simd, cosine_gap);
        let defect = arc.acute_sine_defect_over_pi() * T::from_f64(weight);
        let obtuse = (-cosine_gap + two).mul_add(T::from_f64(weight - 1.0), T::from_f64(2.0 - weight));
        let mapped = (arc.select(obtuse, cosine_gap) - defect).max(zero).min(two);
        (mapped, arc.angle_over_pi() * T::from_f64(weight))
    }
}
