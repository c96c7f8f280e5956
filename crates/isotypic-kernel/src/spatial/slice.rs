//! The numbers of one cyclic displacement slice.

use fearless_simd::prelude::*;

use super::grid::Grid;
use crate::real::Real;

/// Differences of covariances and of tangent kernels in a cyclic slice: [`Real::LANES`] numbers for each first position.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slice<T: Real> {
    /// $E[(u-v)^2]$.
    pub(super) difference: Vec<T>,
    /// $\Theta_{xx} + \Theta_{yy} - 2\Theta_{xy}$; empty where it vanishes (before the first weights) or is not wanted.
    pub(super) ntk_difference: Vec<T>,
}

impl<T: Real> Slice<T> {
    pub(super) fn new(grid: Grid, with_ntk: bool) -> Self {
        let zeros = |wanted: bool| vec![T::from_f64(0.0); if wanted { grid.len() * T::LANES } else { 0 }];
        Self { difference: zeros(true), ntk_difference: zeros(with_ntk) }
    }

    /// Whether tangent kernels are carried along.
    pub(super) fn has_ntk(&self) -> bool {
        !self.ntk_difference.is_empty()
    }
}

/// One vector of the numbers at a position: its lanes from `start` on.
///
/// A function, and not a closure where it is used: closures are not compiled for the instruction set in use.
#[inline(always)]
pub(super) fn lanes_at<S: Simd, T: Real>(
    simd: S,
    values: &[T],
    position: usize,
    start: usize,
) -> T::Native<S> {
    let at = position * T::LANES + start;
    T::Native::<S>::from_slice(simd, &values[at..at + T::Native::<S>::LEN])
}
