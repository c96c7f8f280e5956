//! What remains of an orbit where the kernel cannot tell its poses apart: the limit of vanishing ridge.
//!
//! Let $\Pi_\rho$ project on the null space of the block $B_\rho$ (eigenvalues up to $\varepsilon\, S|G|$
//! times the largest of all blocks) and
//! $n_s = \frac{1}{|G|} \sum_\rho d_\rho\, \mathrm{tr}[(\Pi_\rho)_{ss}]$. Then $P_{ss} \approx n_s / \lambda$
//! as $\lambda \to 0$, and the leave-one-out error $\alpha_s / P_{ss}$ tends to $(\Pi_1 y)_s / n_s$ wherever
//! $n_s > 0$: to zero when a held-out point is determined by observed ones, to something else when points
//! that the kernel cannot tell apart carry different labels.

use std::fmt;

use ndarray::{Array1, Array2, ArrayRef2};
use rayon::prelude::*;

use crate::block::BlockNullSpace;
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

/// The null space of an invariant Gram matrix, as far as labels that are constant on orbits need it.
#[derive(Clone, Debug)]
pub struct NullSpace {
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
        let spectrum = self.spectrum()?;
        let largest = spectrum
            .iter()
            .flat_map(|block| &block.eigenvalues)
            .fold(0.0_f64, |largest, &value| largest.max(value));
        let threshold = f64::EPSILON * self.dim() as f64 * largest;
        let spaces: Vec<BlockNullSpace> =
            self.blocks().par_iter().map(|block| block.null_space(threshold)).collect::<Result<_, _>>()?;
        let order = self.layout().order() as f64;
        let mut weights = Array1::zeros(self.layout().seeds());
        for (block, space) in self.blocks().iter().zip(&spaces) {
            for (weight, trace) in weights.iter_mut().zip(&space.traces) {
                *weight += block.multiplicity() as f64 * trace / order;
            }
        }
        Ok(NullSpace {
            weights,
            trivial_projector: spaces[0].projector.map(|value| value.re),
            smallest_weight: f64::EPSILON.sqrt() / order,
        })
    }
}

impl NullSpace {
    /// $n_s$: the share of the points of seed s that lies in the null space, between 0 (full rank) and 1.
    pub fn weights(&self) -> &Array1<f64> {
        &self.weights
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
