//! Points made ready for evaluation: checked, padded, with their second moments at every layer.

use crate::spatial::SpatialTerms;
use crate::terms::Terms;

/// A checked list of points with everything that depends on one point alone.
#[derive(Debug, Clone)]
pub struct PreparedInputs {
    pub(crate) rows: usize,
    /// Row-major, zero-padded to whole tiles; empty where the network starts with positions.
    pub(crate) points: Vec<f64>,
    /// Per point; empty where the network starts with dot products.
    pub(crate) spatial: Vec<SpatialTerms>,
    /// Per scalar state, padded to whole tiles; empty where no nonlinearity needs them.
    pub(crate) states: Vec<Terms>,
}

impl PreparedInputs {
    /// Number of points.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are no points.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }
}
