//! Layers that mix positions with fixed weights: pooling, and attention once its weights are known.
//!
//! With weights $G$ between output and input positions, row sums $g = G1$ and means $h = Gq$, covariances become
//! $G c\, G^\top$. In differences, with $D_{xy} = G d_{xy} G^\top$ and the half spread $s = \tfrac12 \operatorname{diag} D_{xx}$ of what
//! one output position mixes,
//!
//! - $q' = g h - s$,
//! - $d' = (g_p - g_q)(h_x[p] - h_y[q]) + D_{xy}[p, q] - s_x[p] - s_y[q]$,
//!
//! which is exactly 0 for a position with itself, since $D$ then comes from the same additions as $s$. Tangent kernels are mixed
//! alike, with means and spreads of their own.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::displacement::Run;
use super::slice::{Slice, lanes_at};
use crate::real::Real;
use crate::terms::{first_at, interleave, width_of_first};

/// What mixing needs to know of one input, or of one input per lane, at every output position.
#[derive(Debug, Clone, Default)]
pub(crate) struct MixingTerms<T: Real> {
    /// $g$.
    pub(super) row_sum: Vec<T>,
    /// Of the covariances.
    pub(super) covariance: Mixture<T>,
    /// Of the tangent kernels.
    pub(super) ntk: Mixture<T>,
}

/// Means and spreads of one kernel at every output position.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mixture<T: Real> {
    /// $h$.
    pub(super) mean: Vec<T>,
    /// $s$.
    pub(super) half_spread: Vec<T>,
}

/// What follows the mixing.
#[derive(Debug, Clone, Copy)]
pub(super) struct AfterMixing {
    /// Factor of covariances and of tangent kernels.
    pub(super) scale: f64,
    /// Added to covariances and to tangent kernels.
    pub(super) shift: f64,
    /// How many times the scaled covariance enters the tangent kernel.
    pub(super) ntk_gain: f64,
}

impl AfterMixing {
    /// Nothing.
    pub(super) const NOTHING: Self = Self { scale: 1.0, shift: 0.0, ntk_gain: 0.0 };

    /// $q'$ from the variance of the mixture.
    pub(super) fn variance(&self, mixed: f64) -> f64 {
        self.scale.mul_add(mixed, self.shift)
    }

    /// $\Theta'$ from the variance and the tangent kernel of the mixture.
    pub(super) fn ntk(&self, mixed: f64, ntk: f64) -> f64 {
        self.scale * self.ntk_gain.mul_add(mixed, ntk) + self.shift
    }
}

impl<T: Real> MixingTerms<T> {
    /// $g$ and $h$ of one input, given its variances and diagonal tangent kernels; the half spreads are still missing.
    ///
    /// `sources` are the input positions that each output position reads, with their weights.
    pub(super) fn of_sources(sources: &[Vec<(usize, f64)>], variances: &[f64], ntks: &[f64]) -> Self {
        let sums = |value: &dyn Fn(usize) -> f64| {
            let of_output = |sources: &Vec<(usize, f64)>| {
                T::from_f64(sources.iter().map(|&(source, weight)| weight * value(source)).sum())
            };
            sources.iter().map(of_output).collect()
        };
        Self {
            row_sum: sums(&|_| 1.0),
            covariance: Mixture::of_means(sums(&|source| variances[source])),
            ntk: Mixture::of_means(sums(&|source| ntks[source])),
        }
    }

    /// The terms of several inputs, lane by lane.
    pub(super) fn interleave(lanes: &[&Self]) -> Self {
        let by = |field: fn(&Self) -> &Vec<T>| {
            interleave(&lanes.iter().map(|terms| field(terms).as_slice()).collect::<Vec<_>>())
        };
        Self {
            row_sum: by(|terms| &terms.row_sum),
            covariance: Mixture {
                mean: by(|terms| &terms.covariance.mean),
                half_spread: by(|terms| &terms.covariance.half_spread),
            },
            ntk: Mixture {
                mean: by(|terms| &terms.ntk.mean),
                half_spread: by(|terms| &terms.ntk.half_spread),
            },
        }
    }

    /// Completes the terms of an input by $D$ of it with itself, and returns variances and diagonal tangent kernels of the mixtures,
    /// in `f64`; `ntk_difference` is empty where tangent kernels vanish.
    pub(super) fn complete(&mut self, difference: &[T], ntk_difference: &[T]) -> (Vec<f64>, Vec<f64>) {
        let half = |&spread: &T| spread * T::from_f64(0.5);
        let zero = T::from_f64(0.0);
        self.covariance.half_spread = difference.iter().map(half).collect();
        self.ntk.half_spread = ntk_difference.iter().map(half).collect();
        self.ntk.half_spread.resize(difference.len(), zero);
        let variances = |mixture: &Mixture<T>| -> Vec<f64> {
            let positions = self.row_sum.iter().zip(&mixture.mean).zip(&mixture.half_spread);
            positions.map(|((g, h), s)| (g.to_f64() * h.to_f64() - s.to_f64()).max(0.0)).collect()
        };
        (variances(&self.covariance), variances(&self.ntk))
    }
}

impl<T: Real> Mixture<T> {
    /// With these means; the half spread is still missing.
    pub(super) fn of_means(mean: Vec<T>) -> Self {
        Self { mean, half_spread: Vec::new() }
    }
}

/// Turns $D$ of covariances and of tangent kernels into their differences, in one run of an output slice.
pub(super) fn finish_run<T: Real>(
    level: Level,
    after: AfterMixing,
    terms: (&MixingTerms<T>, &MixingTerms<T>),
    run: Run,
    output: &mut Slice<T>,
) {
    dispatch!(level, simd => finish(simd, after, terms, run, output));
}

#[simd]
fn finish<S: Simd, T: Real>(
    simd: S,
    after: AfterMixing,
    (x, y): (&MixingTerms<T>, &MixingTerms<T>),
    Run { first, second, length }: Run,
    output: &mut Slice<T>,
) {
    let [scale, gain] = [after.scale, after.ntk_gain].map(T::from_f64);
    let with_ntk = output.has_ntk();
    let width = width_of_first(&x.row_sum, &y.row_sum);
    for (p, q) in (first..first + length).zip(second..second + length) {
        for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
            let at = p * T::LANES + start..p * T::LANES + start + T::Native::<S>::LEN;
            let row_sums = first_at::<S, T>(simd, &x.row_sum, width, p, start)
                - lanes_at::<S, T>(simd, &y.row_sum, q, start);
            let mixed = lanes_at::<S, T>(simd, &output.difference, p, start);
            let covariance = (&x.covariance, &y.covariance);
            let difference =
                difference_of_mixtures(simd, mixed, row_sums, covariance, (p, q, width), start) * scale;
            difference.store_slice(&mut output.difference[at.clone()]);
            if with_ntk {
                let mixed = lanes_at::<S, T>(simd, &output.ntk_difference, p, start);
                let ntk_difference =
                    difference_of_mixtures(simd, mixed, row_sums, (&x.ntk, &y.ntk), (p, q, width), start);
                ntk_difference.mul_add(scale, difference * gain).store_slice(&mut output.ntk_difference[at]);
            }
        }
    }
}

/// $d'$ of one vector of pairs of the positions p and q, from their $D$ and $g_p - g_q$; the first side is of the given width.
#[inline(always)]
fn difference_of_mixtures<S: Simd, T: Real>(
    simd: S,
    mixed: T::Native<S>,
    row_sums: T::Native<S>,
    (x, y): (&Mixture<T>, &Mixture<T>),
    (p, q, width): (usize, usize, usize),
    start: usize,
) -> T::Native<S> {
    let of_x = |numbers: &[T]| first_at::<S, T>(simd, numbers, width, p, start);
    let means = of_x(&x.mean) - lanes_at::<S, T>(simd, &y.mean, q, start);
    let spread = mixed - (lanes_at::<S, T>(simd, &y.half_spread, q, start) + of_x(&x.half_spread));
    row_sums.mul_add(means, spread)
}
