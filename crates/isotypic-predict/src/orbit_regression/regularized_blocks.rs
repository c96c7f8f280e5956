//! What every way to solve starts from: labels that fit, the blocks, and what is added to their diagonals.

use isotypic_gram::Ridge;
use isotypic_orbit::OrbitLayout;
use ndarray::Array2;

use super::block_shapes::BlockShapes;
use super::orbit_kernel::OrbitKernel;
use crate::PredictError;
use crate::labels::check_labels;

/// The blocks of a kernel and their ridge.
pub(super) struct RegularizedBlocks {
    pub(super) shapes: BlockShapes,
    /// Absolute.
    pub(super) ridge: f64,
    /// Below it rounding of the transform decides about pivots and curvature.
    pub(super) floor: f64,
}

impl RegularizedBlocks {
    /// Checks labels, `[seeds, outputs]`, and ridge.
    pub(super) fn new<K: OrbitKernel>(
        kernel: &K,
        ridge: Ridge,
        labels: &Array2<f64>,
    ) -> Result<Self, PredictError> {
        let (seeds, order) = (kernel.variances().len(), kernel.transform().group().order());
        check_labels(OrbitLayout::new(seeds, order), labels)?;
        let mean = kernel.variances().iter().sum::<f64>() / seeds as f64;
        let order = order as f64;
        Ok(Self {
            shapes: BlockShapes { slots: kernel.transform().irreps().to_vec(), seeds },
            ridge: ridge.value(mean)?,
            floor: f64::EPSILON * seeds as f64 * order.sqrt() * (2.0 * order).log2() * mean,
        })
    }
}
