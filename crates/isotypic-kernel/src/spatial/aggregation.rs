//! Weighted sums over the predecessors in a graph of positions: $c \leftarrow A^\top c\,A$ and $\Theta \leftarrow A^\top \Theta A$ with the
//! adjacency matrix $A$ (Du et al. 2019, arXiv 1905.13192).
//!
//! The graph is kept as lists of predecessors, so that a layer takes two passes of as many multiplications for each pair of positions
//! as a vertex has predecessors. The two products are taken in both orders and averaged, as those of attention.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;
use isotypic_architecture::Aggregate;

use super::displacement::Pieces;
use super::grid::Grid;
use super::mixed::Mixed;
use super::mixing::MixingTerms;
use super::slice::Slice;
use crate::real::Real;

/// An aggregation layer.
#[derive(Debug)]
pub(crate) struct Aggregation {
    pub(super) grid: Grid,
    /// For every vertex its predecessors with the weights of the edges from them.
    predecessors: Vec<Vec<(usize, f64)>>,
}

impl Aggregation {
    /// The layer on a grid, of which the graph has all positions as vertices.
    pub(super) fn new(aggregate: &Aggregate, grid: Grid) -> Self {
        Self { grid, predecessors: aggregate.predecessors() }
    }

    /// Multiplications for each pair of positions.
    pub(super) fn products_per_pair(&self) -> f64 {
        let edges: usize = self.predecessors.iter().map(Vec::len).sum();
        4.0 * edges as f64 / self.predecessors.len() as f64
    }

    /// $g$ and $h$ of one input, given its variances and diagonal tangent kernels; the half spreads are still missing.
    pub(super) fn means<T: Real>(&self, variances: &[f64], ntks: &[f64]) -> MixingTerms<T> {
        MixingTerms::of_sources(&self.predecessors, variances, ntks)
    }

    /// Mixes all pairs of positions: the differences of tangent kernels of the input slices if `ntk`, else those of covariances.
    pub(super) fn mix<'s, T: Real>(
        &self,
        level: Level,
        ntk: bool,
        input: impl Fn([usize; 3]) -> &'s Slice<T>,
        mixed: &mut Mixed<T>,
    ) {
        let positions = self.grid.len();
        let Mixed { matrix, by_x, by_y, result } = mixed.of_pairs(positions);
        for displacement in self.grid.positions() {
            let slice = input(displacement);
            let values = if ntk { &slice.ntk_difference } else { &slice.difference };
            let shift = displacement.map(|distance| distance as isize);
            for run in Pieces::ALL.in_slice(self.grid, shift).flat_map(|piece| piece.runs(self.grid)) {
                for (p, q) in (run.first..run.first + run.length).zip(run.second..) {
                    matrix[(p * positions + q) * T::LANES..][..T::LANES]
                        .copy_from_slice(&values[p * T::LANES..(p + 1) * T::LANES]);
                }
            }
        }
        let (rows, entries) = (positions * T::LANES, T::LANES);
        let sum = |block: usize, from: &[T], to: &mut [T]| {
            dispatch!(level, simd => sum_predecessors(simd, &self.predecessors, block, from, to));
        };
        sum(rows, matrix, by_x);
        sum(entries, matrix, by_y);
        sum(entries, by_x, result);
        sum(rows, by_y, matrix);
        mixed.average(level);
    }
}

/// Weighted sums of blocks of numbers, one block for each vertex, in every list of vertices that `from` holds: of the rows of a matrix,
/// or of the entries of each row.
#[simd]
fn sum_predecessors<S: Simd, T: Real>(
    simd: S,
    predecessors: &[Vec<(usize, f64)>],
    block: usize,
    from: &[T],
    to: &mut [T],
) {
    let length = T::Native::<S>::LEN;
    let list = block * predecessors.len();
    for (from, to) in from.chunks_exact(list).zip(to.chunks_exact_mut(list)) {
        for (sources, to) in predecessors.iter().zip(to.chunks_exact_mut(block)) {
            for start in (0..block).step_by(length) {
                let mut sum = T::Native::<S>::splat(simd, T::from_f64(0.0));
                for &(source, weight) in sources {
                    let at = source * block + start;
                    let value = T::Native::<S>::from_slice(simd, &from[at..at + length]);
                    sum = value.mul_add(T::from_f64(weight), sum);
                }
                sum.store_slice(&mut to[start..start + length]);
            }
        }
    }
}
