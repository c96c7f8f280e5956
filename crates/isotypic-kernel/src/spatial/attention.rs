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

use super::displacement::{Piece, Pieces, Run};
use super::grid::Grid;
use super::mixing::{AfterMixing, MixingTerms};
use super::positional::Seen;
use super::slice::Slice;
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

/// All pairs of positions of a group of pairs of inputs, mixed by one side's weights or by the other's.
#[derive(Debug, Default)]
pub(super) struct HalfMixed<T: Real> {
    /// The matrix itself, `[positions, positions, lanes]`.
    matrix: Vec<T>,
    /// $A_x M$.
    by_x: Vec<T>,
    /// $M A_y^\top$.
    by_y: Vec<T>,
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

    /// Weights and means of one input, given its covariances; the half spread is still missing.
    pub(super) fn terms<T: Real>(
        &self,
        variances: &[f64],
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
            let seen = (0..positions).map(|q| self.seen.by_values.variance(q, variances[q]));
            let mean: f64 = weights.iter().zip(seen).map(|(weight, variance)| weight * variance).sum();
            terms.mixing.row_sum.push(T::from_f64(sum.unwrap_or_else(|| weights.iter().sum())));
            terms.mixing.mean.push(T::from_f64(mean));
            terms.weights.extend(weights.into_iter().map(T::from_f64));
        }
        terms
    }

    /// Mixes all pairs of positions halfway: the tangent kernels of the input slices if `ntk`, else the differences.
    pub(super) fn half_mix<'s, T: Real>(
        &self,
        level: Level,
        weights: (&[T], &[T]),
        ntk: bool,
        input: impl Fn([usize; 3]) -> &'s Slice<T>,
        half: &mut HalfMixed<T>,
    ) {
        let positions = self.grid.len();
        let length = positions * positions * T::LANES;
        for matrix in [&mut half.matrix, &mut half.by_x, &mut half.by_y] {
            matrix.resize(length, T::from_f64(0.0));
        }
        for displacement in self.grid.positions() {
            let slice = input(displacement);
            let values = if ntk { &slice.ntk } else { &slice.difference };
            let shift = displacement.map(|distance| distance as isize);
            for run in Pieces::ALL.in_slice(self.grid, shift).flat_map(|piece| piece.runs(self.grid)) {
                for (p, q) in (run.first..run.first + run.length).zip(run.second..) {
                    let added = T::from_f64(if ntk {
                        self.seen.by_values.covariance(p, q)
                    } else {
                        self.seen.by_values.difference(p, q)
                    });
                    let share = T::from_f64(self.seen.by_values.share);
                    let target = &mut half.matrix[(p * positions + q) * T::LANES..][..T::LANES];
                    match values.get(p * T::LANES..(p + 1) * T::LANES) {
                        Some(lanes) => {
                            for (target, &value) in target.iter_mut().zip(lanes) {
                                *target = share * value + added;
                            }
                        }
                        None => target.fill(added), // no weights before this layer
                    }
                }
            }
        }
        dispatch!(level, simd => multiply(simd, positions, weights, half));
    }

    /// $\tfrac12((A_x M) A_y^\top + A_x (M A_y^\top))$ at the positions of one piece of an output slice.
    pub(super) fn mix_piece<T: Real>(
        &self,
        level: Level,
        piece: Piece,
        weights: (&[T], &[T]),
        half: &HalfMixed<T>,
        output: &mut [T],
    ) {
        for Run { first, second, length } in piece.runs(self.grid) {
            for (p, q) in (first..first + length).zip(second..) {
                let positions = self.grid.len();
                let lanes = &mut output[p * T::LANES..(p + 1) * T::LANES];
                dispatch!(level, simd => finish_pair(simd, positions, (p, q), weights, half, lanes));
            }
        }
    }
}

/// Rows that are multiplied side by side, so that every load serves several of them.
const ROWS: usize = 4;

/// Fills `by_x` and `by_y`, each entry by one chain of multiplications and additions in the order of the positions.
#[simd]
fn multiply<S: Simd, T: Real>(
    simd: S,
    positions: usize,
    (weights_x, weights_y): (&[T], &[T]),
    half: &mut HalfMixed<T>,
) {
    let zero = T::Native::<S>::splat(simd, T::from_f64(0.0));
    let HalfMixed { matrix, by_x, by_y } = half;
    for block in (0..positions).step_by(ROWS) {
        // The rows of the last block may be fewer; the others repeat the last one and are not stored.
        let rows: [usize; ROWS] = std::array::from_fn(|row| (block + row).min(positions - 1));
        let count = ROWS.min(positions - block);
        for column in 0..positions {
            for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
                let lanes = |row: usize, column: usize| {
                    let at = (row * positions + column) * T::LANES + start;
                    at..at + T::Native::<S>::LEN
                };
                let load = |values: &[T], row: usize, column: usize| {
                    T::Native::<S>::from_slice(simd, &values[lanes(row, column)])
                };
                let mut sums = [zero; ROWS];
                for k in 0..positions {
                    let entry = load(matrix, k, column);
                    for (sum, row) in sums.iter_mut().zip(rows) {
                        *sum = entry.mul_add(weights_x[row * positions + k], *sum);
                    }
                }
                for (sum, row) in sums.iter().zip(rows).take(count) {
                    sum.store_slice(&mut by_x[lanes(row, column)]);
                }
                let mut sums = [zero; ROWS];
                for k in 0..positions {
                    let weight = load(weights_y, column, k);
                    for (sum, row) in sums.iter_mut().zip(rows) {
                        *sum = load(matrix, row, k).mul_add(weight, *sum);
                    }
                }
                for (sum, row) in sums.iter().zip(rows).take(count) {
                    sum.store_slice(&mut by_y[lanes(row, column)]);
                }
            }
        }
    }
}

/// One pair of output positions.
#[simd]
fn finish_pair<S: Simd, T: Real>(
    simd: S,
    positions: usize,
    (p, q): (usize, usize),
    (weights_x, weights_y): (&[T], &[T]),
    half: &HalfMixed<T>,
    output: &mut [T],
) {
    for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
        let load = |values: &[T], row: usize, column: usize| {
            let at = (row * positions + column) * T::LANES + start;
            T::Native::<S>::from_slice(simd, &values[at..at + T::Native::<S>::LEN])
        };
        let zero = T::Native::<S>::splat(simd, T::from_f64(0.0));
        let (mut x_first, mut y_first) = (zero, zero);
        for k in 0..positions {
            x_first = load(&half.by_x, p, k).mul_add(load(weights_y, q, k), x_first);
            y_first = load(&half.by_y, k, q).mul_add(weights_x[p * positions + k], y_first);
        }
        ((x_first + y_first) * T::from_f64(0.5)).store_slice(&mut output[start..start + T::Native::<S>::LEN]);
    }
}
