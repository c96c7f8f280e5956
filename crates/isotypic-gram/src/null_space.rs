//! What remains of an orbit where the kernel cannot tell its poses apart: the limit of vanishing ridge.
//!
//! Let $\Pi_\rho$ project on the null space of the block $B_\rho$ (eigenvalues up to $\varepsilon\, S|G|$
//! times the largest of all blocks) and
//! $n_s = \frac{1}{|G|} \sum_\rho d_\rho\, \mathrm{tr}[(\Pi_\rho)_{ss}]$. Then $P_{ss} \approx n_s / \lambda$
//! as $\lambda \to 0$, and the leave-one-out error $\alpha_s / P_{ss}$ tends to $(\Pi_1 y)_s / n_s$ wherever
//! $n_s > 0$: to zero when a held-out point is determined by observed ones, to something else when points
//! that the kernel cannot tell apart carry different labels.

use std::fmt;
use std::sync::Arc;

use isotypic_group::{GroupFourier, IrrepLabel};
use isotypic_orbit::{HeldOutSet, OrbitLayout};
use ndarray::{Array1, Array2, Array3, ArrayRef2};
use num_complex::Complex64;
use rayon::prelude::*;

use crate::block::BlockEigen;
use crate::channels::kernel_of_blocks;
use crate::held_out_limits::{HeldOutLimits, held_out_limits};
use crate::operator::expect_rows;
use crate::{GramError, GroupInvariantGram, SymmetricOperator};

/// What the null space of the Gram matrix means for a held-out pose of a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrbitStatus {
    /// The Gram matrix has full rank on this orbit: the error at the ridge used is all there is to say.
    Regular,
    /// The held-out pose is determined by observed points; its error tends to zero with the ridge.
    OrbitCollapse,
    /// Points that the kernel cannot tell apart carry different labels; the error stays.
    ConflictingLabels,
}

impl OrbitStatus {
    /// `regular`, `orbit_collapse` or `conflicting_labels`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Regular => "regular",
            Self::OrbitCollapse => "orbit_collapse",
            Self::ConflictingLabels => "conflicting_labels",
        }
    }
}

impl fmt::Display for OrbitStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The null space of an invariant Gram matrix.
pub struct NullSpace {
    transform: Arc<dyn GroupFourier>,
    layout: OrbitLayout,
    blocks: Vec<BlockEigen>,
    /// Eigenvalues up to this one count as zero.
    threshold: f64,
    /// $n_s$, between 0 and 1.
    weights: Array1<f64>,
    /// $\Pi_1$.
    trivial_projector: Array2<f64>,
    /// Below this a weight is rounding.
    smallest_weight: f64,
}

/// The limits of the leave-one-out errors for vanishing ridge.
#[derive(Clone, Debug)]
pub struct CollapseLimits {
    /// `[seeds, outputs]`: what the null space means there.
    pub status: Array2<OrbitStatus>,
    /// `[seeds, outputs]`: the limit of label minus prediction; `None` where the status is regular.
    pub error: Array2<Option<f64>>,
}

impl GroupInvariantGram {
    /// Finds the null space, block by block.
    ///
    /// # Errors
    /// [`GramError::EigenvaluesNotConverged`] if the iteration stalls.
    pub fn null_space(&self) -> Result<NullSpace, GramError> {
        let blocks: Vec<BlockEigen> =
            self.blocks().par_iter().map(crate::IrrepBlock::eigen).collect::<Result<_, _>>()?;
        let largest =
            blocks.iter().flat_map(BlockEigen::values).fold(0.0_f64, |largest, &value| largest.max(value));
        let threshold = f64::EPSILON * self.dim() as f64 * largest;
        let (order, layout) = (self.layout().order() as f64, self.layout());
        let mut weights = Array1::zeros(layout.seeds());
        for (block, eigen) in self.blocks().iter().zip(&blocks) {
            // Most blocks have no null space, and their projector is not needed.
            if eigen.values().first().is_none_or(|&value| value > threshold) {
                continue;
            }
            let projector = eigen.function(|value| if value <= threshold { 1.0 } else { 0.0 });
            for (row, value) in projector.diag().iter().enumerate() {
                weights[row / block.dimension()] += block.multiplicity() as f64 * value.re / order;
            }
        }
        let trivial = blocks[0].function(|value| if value <= threshold { 1.0 } else { 0.0 });
        Ok(NullSpace {
            transform: Arc::clone(self.transform()),
            layout,
            blocks,
            threshold,
            weights,
            trivial_projector: trivial.map(|value| value.re),
            smallest_weight: f64::EPSILON.sqrt() / order,
        })
    }
}

impl NullSpace {
    /// $n_s$: the share of the points of seed s that lies in the null space, between 0 (full rank) and 1.
    pub fn weights(&self) -> &Array1<f64> {
        &self.weights
    }

    /// Whether the Gram matrix has full rank.
    pub fn is_empty(&self) -> bool {
        self.weights.iter().all(|&weight| weight <= self.smallest_weight)
    }

    /// The irreps that the kernel does not see at all: their whole block vanishes.
    ///
    /// All but the trivial one where the kernel is invariant under the group, some where it is invariant under
    /// a normal subgroup.
    pub fn vanishing_irreps(&self) -> Vec<IrrepLabel> {
        let vanishes = |eigen: &BlockEigen| eigen.values().iter().all(|&value| value <= self.threshold);
        let slots = self.transform.irreps().iter().zip(&self.blocks);
        slots.filter(|(_, eigen)| vanishes(eigen)).map(|(slot, _)| slot.label.clone()).collect()
    }

    /// What the errors on a held-out set tend to as the ridge vanishes, and which of its points are determined
    /// by observed ones.
    ///
    /// # Shapes
    /// - `labels`: `[seeds, outputs]`, constant on each orbit
    ///
    /// # Errors
    /// [`GramError::ShapeMismatch`] unless there is one row of labels per seed and the held-out set is for these
    /// orbits; [`GramError::EigenvaluesNotConverged`] if the iteration stalls.
    pub fn held_out_limits(
        &self,
        labels: &ArrayRef2<f64>,
        held_out: &HeldOutSet,
    ) -> Result<HeldOutLimits, GramError> {
        expect_rows("labels", self.layout.seeds(), labels.nrows())?;
        expect_rows("rows of the held-out set", self.layout.len(), held_out.layout().len())?;
        held_out_limits(self, labels, held_out)
    }

    /// $\pi_{st}(u)$ of the projector on the null space.
    pub(crate) fn projector(&self) -> Array3<f64> {
        self.kernel_of(|value| if value <= self.threshold { 1.0 } else { 0.0 })
    }

    /// The same of the pseudo-inverse of the Gram matrix.
    pub(crate) fn pseudo_inverse(&self) -> Array3<f64> {
        self.kernel_of(|value| if value <= self.threshold { 0.0 } else { value.recip() })
    }

    fn kernel_of(&self, map: impl Fn(f64) -> f64 + Sync) -> Array3<f64> {
        let blocks: Vec<Array2<Complex64>> =
            self.blocks.par_iter().map(|eigen| eigen.function(&map)).collect();
        kernel_of_blocks(&*self.transform, &blocks)
    }

    pub(crate) fn trivial_projector(&self) -> &Array2<f64> {
        &self.trivial_projector
    }

    /// The pseudo-inverse of the trivial block.
    pub(crate) fn trivial_pseudo_inverse(&self) -> Array2<f64> {
        let map = |value: f64| if value <= self.threshold { 0.0 } else { value.recip() };
        self.blocks[0].function(map).map(|value| value.re)
    }

    pub(crate) fn transform(&self) -> &dyn GroupFourier {
        &*self.transform
    }

    /// Status and limit of the leave-one-out error of every seed and output.
    ///
    /// A component of $\Pi_1 y$ counts as zero up to the square root of the machine epsilon times the largest
    /// label.
    ///
    /// # Shapes
    /// - `labels`: `[seeds, outputs]`, constant on each orbit
    ///
    /// # Errors
    /// [`GramError::ShapeMismatch`] unless there is one row of labels per seed.
    pub fn limits(&self, labels: &ArrayRef2<f64>) -> Result<CollapseLimits, GramError> {
        expect_rows("labels", self.weights.len(), labels.nrows())?;
        let conflict = self.trivial_projector.dot(labels);
        let largest = labels.iter().fold(0.0_f64, |largest, label| largest.max(label.abs()));
        let tolerance = f64::EPSILON.sqrt() * largest;
        let status = Array2::from_shape_fn(labels.dim(), |(seed, output)| {
            if self.weights[seed] <= self.smallest_weight {
                OrbitStatus::Regular
            } else if conflict[[seed, output]].abs() <= tolerance {
                OrbitStatus::OrbitCollapse
            } else {
                OrbitStatus::ConflictingLabels
            }
        });
        let error = Array2::from_shape_fn(labels.dim(), |(seed, output)| match status[[seed, output]] {
            OrbitStatus::Regular => None,
            OrbitStatus::OrbitCollapse => Some(0.0),
            OrbitStatus::ConflictingLabels => Some(conflict[[seed, output]] / self.weights[seed]),
        });
        Ok(CollapseLimits { status, error })
    }
}

impl fmt::Debug for NullSpace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NullSpace")
            .field("layout", &self.layout)
            .field("threshold", &self.threshold)
            .field("weights", &self.weights)
            .finish_non_exhaustive()
    }
}
