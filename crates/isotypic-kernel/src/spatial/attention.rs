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
use super::mixed::Mixed;
use super::mixing::{AfterMixing, MixingTerms};
use super::positional::Seen;
use super::slice::{Slice, lanes_at};
use crate::real::Real;
use crate::terms::{interleave, width_of_first};

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
        dispatch!(level, simd => product_from_left(simd, positions, weights_x, matrix, by_x));
        dispatch!(level, simd => product_from_right(simd, positions, matrix, weights_y, by_y));
        dispatch!(level, simd => product_from_right(simd, positions, by_x, weights_y, result));
        dispatch!(level, simd => product_from_left(simd, positions, weights_x, by_y, matrix));
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

/// Rows and columns that are multiplied side by side, so that every load serves several of them.
const TILE: (usize, usize) = (4, 2);

/// $\sum_k w_{pk} m_{kq}$ with the weights of the first side: one for all lanes, or one per lane.
#[simd]
fn product_from_left<S: Simd, T: Real>(
    simd: S,
    positions: usize,
    weights: &[T],
    matrix: &[T],
    product: &mut [T],
) {
    if width_of_first(weights, matrix) == 1 {
        sum_rows::<true, S, T>(simd, positions, weights, matrix, product);
    } else {
        sum_rows::<false, S, T>(simd, positions, weights, matrix, product);
    }
}

/// The same: a matrix product whose columns are positions and lanes, with weights that all lanes share or not.
///
/// Every entry is one chain of multiplications and additions in the order of k, wherever it stands in a tile.
#[inline(always)]
fn sum_rows<const SHARED: bool, S: Simd, T: Real>(
    simd: S,
    positions: usize,
    weights: &[T],
    matrix: &[T],
    product: &mut [T],
) {
    let length = T::Native::<S>::LEN;
    let zero = T::Native::<S>::splat(simd, T::from_f64(0.0));
    let row_length = positions * T::LANES;
    let weights_in_row = if SHARED { positions } else { row_length };
    for row in (0..positions).step_by(TILE.0) {
        // The last tile may have fewer rows or columns: the others repeat the last one and are not stored.
        let rows: [usize; TILE.0] = std::array::from_fn(|i| (row + i).min(positions - 1));
        let weights = rows.map(|row| &weights[row * weights_in_row..(row + 1) * weights_in_row]);
        for column in (0..row_length).step_by(TILE.1 * length) {
            let columns: [usize; TILE.1] =
                std::array::from_fn(|j| (column + j * length).min(row_length - length));
            let mut sums = [[zero; TILE.1]; TILE.0];
            for (k, entries) in matrix.chunks_exact(row_length).enumerate() {
                for j in 0..TILE.1 {
                    let at = columns[j];
                    let entry = T::Native::<S>::from_slice(simd, &entries[at..at + length]);
                    for i in 0..TILE.0 {
                        sums[i][j] = if SHARED {
                            entry.mul_add(weights[i][k], sums[i][j])
                        } else {
                            entry.mul_add(lanes_at::<S, T>(simd, weights[i], k, at % T::LANES), sums[i][j])
                        };
                    }
                }
            }
            for (i, &row) in rows.iter().enumerate().take(positions - row) {
                for (j, &column) in columns.iter().enumerate() {
                    let at = row * row_length + column;
                    sums[i][j].store_slice(&mut product[at..at + length]);
                }
            }
        }
    }
}

/// $\sum_k m_{pk} w_{qk}$ with weights of their own for every lane.
#[simd]
fn product_from_right<S: Simd, T: Real>(
    simd: S,
    positions: usize,
    matrix: &[T],
    weights: &[T],
    product: &mut [T],
) {
    let length = T::Native::<S>::LEN;
    let zero = T::Native::<S>::splat(simd, T::from_f64(0.0));
    let row_length = positions * T::LANES;
    for row in (0..positions).step_by(TILE.0) {
        let rows: [usize; TILE.0] = std::array::from_fn(|i| (row + i).min(positions - 1));
        let entries = rows.map(|row| &matrix[row * row_length..(row + 1) * row_length]);
        for column in (0..positions).step_by(TILE.1) {
            let columns: [usize; TILE.1] = std::array::from_fn(|j| (column + j).min(positions - 1));
            let weights = columns.map(|column| &weights[column * row_length..(column + 1) * row_length]);
            for start in (0..T::LANES).step_by(length) {
                let mut sums = [[zero; TILE.1]; TILE.0];
                for at in (start..row_length).step_by(T::LANES) {
                    let mut weight = [zero; TILE.1];
                    for j in 0..TILE.1 {
                        weight[j] = T::Native::<S>::from_slice(simd, &weights[j][at..at + length]);
                    }
                    for i in 0..TILE.0 {
                        let entry = T::Native::<S>::from_slice(simd, &entries[i][at..at + length]);
                        for j in 0..TILE.1 {
                            sums[i][j] = entry.mul_add(weight[j], sums[i][j]);
                        }
                    }
                }
                for (i, &row) in rows.iter().enumerate().take(positions - row) {
                    for (j, &column) in columns.iter().enumerate() {
                        let at = row * row_length + column * T::LANES + start;
                        sums[i][j].store_slice(&mut product[at..at + length]);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Products of small whole numbers, which no order of additions rounds.
    #[test]
    fn products_equal_plain_sums() {
        for positions in [1, 3, 6, 9] {
            let lanes = f64::LANES;
            let entry = |seed: usize, index: usize| ((index * 7 + seed * 13) % 11) as f64 - 5.0;
            let matrix: Vec<f64> = (0..positions * positions * lanes).map(|i| entry(1, i)).collect();
            let one: Vec<f64> = (0..positions * positions).map(|i| entry(2, i)).collect();
            let many: Vec<f64> = (0..positions * positions * lanes).map(|i| entry(3, i)).collect();
            let mut products = [(); 3].map(|()| matrix.clone());
            let [shared, left, right] = &mut products;
            let level = Level::new();
            dispatch!(level, simd => product_from_left(simd, positions, &one, &matrix, shared));
            dispatch!(level, simd => product_from_left(simd, positions, &many, &matrix, left));
            dispatch!(level, simd => product_from_right(simd, positions, &matrix, &many, right));
            for p in 0..positions {
                for q in 0..positions {
                    for lane in 0..lanes {
                        let at = |row: usize, column: usize| (row * positions + column) * lanes + lane;
                        let sum = |term: &dyn Fn(usize) -> f64| (0..positions).map(term).sum::<f64>();
                        let expected = sum(&|k| one[p * positions + k] * matrix[at(k, q)]);
                        assert_eq!(shared[at(p, q)], expected, "{positions} positions: {p} {q} {lane}");
                        let expected = sum(&|k| many[at(p, k)] * matrix[at(k, q)]);
                        assert_eq!(left[at(p, q)], expected, "{positions} positions: {p} {q} {lane}");
                        let expected = sum(&|k| matrix[at(p, k)] * many[at(q, k)]);
                        assert_eq!(right[at(p, q)], expected, "{positions} positions: {p} {q} {lane}");
                    }
                }
            }
        }
    }
}
