//! Matrices of all pairs of positions, for layers that read everything: attention and aggregation.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::displacement::{Piece, Run};
use super::grid::Grid;
use crate::real::Real;

/// Matrices of all pairs of positions of a group of pairs of inputs, `[positions, positions, lanes]`, mixed by matrices $A_x$ and $A_y$.
#[derive(Debug, Default)]
pub(super) struct Mixed<T: Real> {
    /// The differences $M$, of covariances or of tangent kernels, that are mixed; then $A_x (M A_y^\top)$.
    pub(super) matrix: Vec<T>,
    /// $A_x M$.
    pub(super) by_x: Vec<T>,
    /// $M A_y^\top$.
    pub(super) by_y: Vec<T>,
    /// $(A_x M) A_y^\top$, then its average with the product in the other order.
    pub(super) result: Vec<T>,
}

impl<T: Real> Mixed<T> {
    /// Makes room for as many positions.
    pub(super) fn of_pairs(&mut self, positions: usize) -> &mut Self {
        for matrix in [&mut self.matrix, &mut self.by_x, &mut self.by_y, &mut self.result] {
            matrix.resize(positions * positions * T::LANES, T::from_f64(0.0));
        }
        self
    }

    /// $\tfrac12((A_x M) A_y^\top + A_x (M A_y^\top))$: with both orders the kernel of $(y, x)$ is that of $(x, y)$, bit for bit.
    pub(super) fn average(&mut self, level: Level) {
        dispatch!(level, simd => average(simd, &mut self.result, &self.matrix));
    }

    /// Copies the result at the positions of one piece into an output slice.
    pub(super) fn scatter(&self, grid: Grid, piece: Piece, output: &mut [T]) {
        for Run { first, second, length } in piece.runs(grid) {
            for (p, q) in (first..first + length).zip(second..) {
                let from = (p * grid.len() + q) * T::LANES;
                output[p * T::LANES..(p + 1) * T::LANES].copy_from_slice(&self.result[from..from + T::LANES]);
            }
        }
    }
}

/// `first` becomes the mean of both.
#[simd]
fn average<S: Simd, T: Real>(simd: S, first: &mut [T], second: &[T]) {
    let length = T::Native::<S>::LEN;
    for (first, second) in first.chunks_exact_mut(length).zip(second.chunks_exact(length)) {
        let sum = T::Native::<S>::from_slice(simd, first) + T::Native::<S>::from_slice(simd, second);
        (sum * T::from_f64(0.5)).store_slice(first);
    }
}
