//! The numbers of one cyclic displacement slice.

use super::grid::Grid;
use crate::real::Real;

/// Differences and tangent kernels of a cyclic slice: [`Real::LANES`] numbers for each first position.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slice<T: Real> {
    /// $E[(u-v)^2]$.
    pub(super) difference: Vec<T>,
    /// Empty where it vanishes (before the first weights) or is not wanted.
    pub(super) ntk: Vec<T>,
}

impl<T: Real> Slice<T> {
    pub(super) fn new(grid: Grid, with_ntk: bool) -> Self {
        let zeros = |wanted: bool| vec![T::from_f64(0.0); if wanted { grid.len() * T::LANES } else { 0 }];
        Self { difference: zeros(true), ntk: zeros(with_ntk) }
    }

    /// Whether tangent kernels are carried along.
    pub(super) fn has_ntk(&self) -> bool {
        !self.ntk.is_empty()
    }
}
