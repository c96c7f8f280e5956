//! Waves: `sin`, `cos` and `rbf` (Pearce et al. 2019; Rahimi & Recht 2007 for `rbf`).
//!
//! For $A\sin(fu + \phi)$ with $\gamma = \cos 2\phi$, $\delta = E[(u-v)^2]$ and $\sigma = E[(u+v)^2]$:
//!
//! - $E[\varphi\varphi] = \tfrac12A^2(e^{-f^2\delta/2} - \gamma e^{-f^2\sigma/2})$,
//! - $E[\varphi'\varphi'] = \tfrac12A^2f^2(e^{-f^2\delta/2} + \gamma e^{-f^2\sigma/2})$,
//! - $E[(\varphi(u)-\varphi(v))^2] = A^2\left((1 - e^{-f^2\delta/2})(1 + \gamma e^{-f^2\sigma/2})
//!   - \tfrac12\gamma e^{-2f^2\min(q_x, q_y)}(1 - e^{-f^2|q_x-q_y|})^2\right)$,
//!
//! the last of which gives the mapped gap, with its digits down to $t = 0$. A cosine has $-\gamma$; `rbf` has $\gamma = 0$ and
//! is the kernel $e^{-f^2\delta/2}$.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::exponential::{exponential, exponential_minus_one};
use super::pairs::map_pairs;
use super::{Nonlinearity, PairRun};

/// A wave of any amplitude, frequency and phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sinusoid {
    /// $A^2$.
    squared_amplitude: f64,
    /// $f^2$.
    squared_frequency: f64,
    /// $\gamma = \cos 2\phi$.
    phase_cosine: f64,
}

impl Sinusoid {
    /// $a\sin(bu + c)$.
    #[must_use]
    pub fn sine(a: f64, b: f64, c: f64) -> Self {
        Self { squared_amplitude: a * a, squared_frequency: b * b, phase_cosine: (2.0 * c).cos() }
    }

    /// $a\cos(bu + c)$.
    #[must_use]
    pub fn cosine(a: f64, b: f64, c: f64) -> Self {
        Self { phase_cosine: -(2.0 * c).cos(), ..Self::sine(a, b, c) }
    }

    /// $\sqrt2\sin(\sqrt{2\gamma}\,u + \pi/4)$.
    #[must_use]
    pub fn rbf(gamma: f64) -> Self {
        Self { squared_amplitude: 2.0, squared_frequency: 2.0 * gamma, phase_cosine: 0.0 }
    }
}

impl Nonlinearity for Sinusoid {
    fn variance(&self, q: f64) -> f64 {
        // 1 − γ e^{−x} = (1 − γ) + γ(1 − e^{−x}), without loss for small variances.
        let decay = (-2.0 * self.squared_frequency * q).exp_m1();
        0.5 * self.squared_amplitude * ((1.0 - self.phase_cosine) - self.phase_cosine * decay)
    }

    fn derivative_variance(&self, q: f64) -> f64 {
        let decay = (-2.0 * self.squared_frequency * q).exp();
        0.5 * self.squared_amplitude * self.squared_frequency * (1.0 + self.phase_cosine * decay)
    }

    fn map(&self, level: Level, run: PairRun<'_, f64>) {
        dispatch!(level, simd => map(simd, *self, run));
    }
}

#[simd]
fn map<S: Simd>(simd: S, wave: Sinusoid, run: PairRun<'_, f64>) {
    let Sinusoid { squared_amplitude, squared_frequency, phase_cosine } = wave;
    map_pairs(
        simd,
        run,
        #[inline(always)]
        |pair| {
            let lost = -exponential_minus_one(simd, pair.difference() * (-0.5 * squared_frequency));
            let opposite =
                exponential(simd, pair.opposite_difference() * (-0.5 * squared_frequency)) * phase_cosine;
            let smaller = pair.variance_x.min(pair.variance_y);
            let apart = (pair.variance_x - pair.variance_y).abs();
            let unequal = exponential_minus_one(simd, apart * -squared_frequency);
            let common = exponential(simd, smaller * (-2.0 * squared_frequency)) * (0.5 * phase_cosine);
            let difference = (lost * (opposite + 1.0) - common * (unequal * unequal)) * squared_amplitude;
            let derivative = (opposite - lost + 1.0) * (0.5 * squared_amplitude * squared_frequency);
            (pair.gap_of_difference(difference), derivative)
        },
    );
}
