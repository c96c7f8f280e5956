//! Attention with deterministic weights: logits that are divided by the width of keys and queries (Hron et al. 2020,
//! arXiv 2006.10540, the scaling $d^{-1}$).
//!
//! The weights $A_x = \zeta(g\tilde c_{xx})$ of an input follow from its own covariances, and the layer mixes positions with
//! them: $c \leftarrow \sigma_v^2 A_x \hat c\, A_y^\top + \sigma_b^2$, $\Theta \leftarrow \sigma_v^2 A_x \hat\Theta A_y^\top + \sigma_b^2 + 2(c' - \sigma_b^2)$, the last
//! term for the weights of values and outputs.
//!
//! The two products are taken in both orders and averaged, so that the kernel of $(y, x)$ is that of $(x, y)$, bit for bit.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;
use isotypic_architecture::{AttentionMechanism, SelfAttention};

use super::displacement::Pieces;
use super::grid::Grid;
use super::lane_products::{product_from_left, product_from_right};
use super::mixed::Mixed;
use super::mixing::{AfterMixing, MixingTerms};
use super::positional::Seen;
use super::slice::{Slice, lanes_at};
use crate::real::Real;
use crate::terms::interleave;

/// An attention layer.
#[derive(Debug)]
pub(crate) struct Attention {
    pub(super) grid: Grid,
    mechanism: AttentionMechanism,
    logit_gain: f64,
    value_variance: f64,
    bias_variance: f64,
    seen: Seen,
}

/// Weights and means of one input, or of one input per lane.
#[derive(Debug, Clone, Default)]
pub(crate) struct AttentionTerms<T: Real> {
    /// $A$, `positions × positions`.
    pub(super) weights: Vec<T>,
    pub(super) mixing: MixingTerms<T>,
}

impl<T: Real> AttentionTerms<T> {
    /// The terms of several inputs, lane by lane.
    pub(super) fn interleave(lanes: &[&Self]) -> Self {
        Self {
            weights: interleave(&lanes.iter().map(|terms| terms.weights.as_slice()).collect::<Vec<_>>()),
            mixing: MixingTerms::interleave(&lanes.iter().map(|terms| &terms.mixing).collect::<Vec<_>>()),
        }
    }
}

impl Attention {
    /// The layer on a grid; `extents` and `channels` are those of its input.
    pub(super) fn new(attention: &SelfAttention, grid: Grid, extents: &[usize], channels: usize) -> Self {
        Self {
            grid,
            mechanism: attention.mechanism,
            logit_gain: attention.logit_gain,
            value_variance: attention.value_variance,
            bias_variance: attention.bias_variance.unwrap_or(0.0),
            seen: Seen::new(attention, grid, extents, channels),
        }
    }

    /// What follows the mixing.
    pub(super) fn after(&self) -> AfterMixing {
        AfterMixing { scale: self.value_variance, shift: self.bias_variance, ntk_gain: 2.0 }
    }

    /// Weights and means of one input, given its covariances and diagonal tangent kernels; the half spreads are still missing.
    pub(super) fn terms<T: Real>(
        &self,
        (variances, ntks): (&[f64], &[f64]),
        covariance: impl Fn(usize, usize) -> f64,
    ) -> AttentionTerms<T> {
        let positions = self.grid.len();
        let mut terms = AttentionTerms::default();
        for p in 0..positions {
            let logit = |q: usize| {
                self.logit_gain
                    * self.seen.by_keys.share.mul_add(covariance(p, q), self.seen.by_keys.covariance(p, q))
            };
            let mut weights: Vec<f64> = (0..positions).map(logit).collect();
            let mut sum = None;
            match self.mechanism {
                AttentionMechanism::Identity => {}
                AttentionMechanism::Abs => weights.iter_mut().for_each(|weight| *weight = weight.abs()),
                AttentionMechanism::Relu => weights.iter_mut().for_each(|weight| *weight = weight.max(0.0)),
                AttentionMechanism::Softmax => {
                    let largest = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    weights.iter_mut().for_each(|weight| *weight = (*weight - largest).exp());
                    let total: f64 = weights.iter().sum();
                    weights.iter_mut().for_each(|weight| *weight /= total);
                    sum = Some(1.0);
                }
            }
            // Embeddings are trained: they enter tangent kernels as they enter covariances.
            let mean = |values: &[f64]| -> T {
                let seen = (0..positions).map(|q| self.seen.by_values.variance(q, values[q]));
                T::from_f64(weights.iter().zip(seen).map(|(weight, value)| weight * value).sum())
            };
            terms.mixing.row_sum.push(T::from_f64(sum.unwrap_or_else(|| weights.iter().sum())));
            terms.mixing.covariance.mean.push(mean(variances));
            terms.mixing.ntk.mean.push(mean(ntks));
            terms.weights.extend(weights.into_iter().map(T::from_f64));
        }
        terms
    }

    /// Mixes all pairs of positions: the differences of tangent kernels of the input slices if `ntk`, else those of covariances.
    pub(super) fn mix<'s, T: Real>(
        &self,
        level: Level,
        (weights_x, weights_y): (&[T], &[T]),
        ntk: bool,
        input: impl Fn([usize; 3]) -> &'s Slice<T>,
        mixed: &mut Mixed<T>,
    ) {
        let positions = self.grid.len();
        let Mixed { matrix, by_x, by_y, result } = mixed.of_pairs(positions);
        for displacement in self.grid.positions() {
            let slice = input(displacement);
            dispatch!(level, simd => self.gather(simd, displacement, ntk, slice, matrix));
        }
        dispatch!(level, simd => product_from_left(simd, positions, weights_x, matrix, false, by_x));
        dispatch!(level, simd => product_from_right(simd, positions, matrix, weights_y, by_y));
        dispatch!(level, simd => product_from_right(simd, positions, by_x, weights_y, result));
        dispatch!(level, simd => product_from_left(simd, positions, weights_x, by_y, false, matrix));
        mixed.average(level);
    }

    /// Copies one slice into the matrix of all pairs, as values see it.
    #[simd]
    fn gather<S: Simd, T: Real>(
        &self,
        simd: S,
        displacement: [usize; 3],
        ntk: bool,
        slice: &Slice<T>,
        matrix: &mut [T],
    ) {
        let by_values = &self.seen.by_values;
        let share = T::from_f64(by_values.share);
        let values = if ntk { &slice.ntk_difference } else { &slice.difference };
        let shift = displacement.map(|distance| distance as isize);
        for run in Pieces::ALL.in_slice(self.grid, shift).flat_map(|piece| piece.runs(self.grid)) {
            for (p, q) in (run.first..run.first + run.length).zip(run.second..) {
                let added = T::from_f64(by_values.difference(p, q));
                let target = &mut matrix[(p * self.grid.len() + q) * T::LANES..][..T::LANES];
                if values.is_empty() {
                    target.fill(added); // no weights before this layer
                    continue;
                }
                for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
                    let value = lanes_at::<S, T>(simd, values, p, start) * share + added;
                    value.store_slice(&mut target[start..start + T::Native::<S>::LEN]);
                }
            }
        }
    }
}
