//! Points made ready for evaluation: checked, padded, with their second moments at every layer.

use crate::KernelError;
use crate::given::Given;
use crate::real::Real;
use crate::spatial::SpatialTerms;
use crate::terms::Terms;

/// A checked list of points with everything that depends on one point alone.
#[derive(Debug, Clone)]
pub struct PreparedInputs<T: Real = f64> {
    pub(crate) rows: usize,
    /// Row-major, zero-padded to whole tiles; empty where the network starts with positions.
    pub(crate) points: Vec<T>,
    /// Per point; empty where the network starts with dot products.
    pub(crate) spatial: Vec<SpatialTerms<T>>,
    /// Per scalar state, padded to whole tiles; empty where no layer needs them.
    pub(crate) states: Vec<Terms<T>>,
    /// Variance and tangent kernel of every point with itself at the output, in `f64`; empty where no layer needs them.
    pub(crate) diagonal: Vec<(f64, f64)>,
    /// Of a part of a network, what is known of all pairs of these points.
    pub(crate) given: Vec<Given>,
    /// The first point with a diagonal tangent kernel that leaves the range of `T`, which matters only to those who want tangent
    /// kernels.
    pub(crate) ntk_out_of_range: Option<KernelError>,
}

impl<T: Real> PreparedInputs<T> {
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
