//! What a Gram matrix looks like, irreducible representation by irreducible representation.

use serde::{Deserialize, Serialize};

use crate::audit_report::to_json;
use crate::error::ReportError;
use crate::finite::all_required;
use crate::status::Status;

/// The spectrum of a Gram matrix on orbits of a group, and the errors that follow from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpectrumReport {
    /// [`SpectrumReport::SCHEMA`].
    pub schema: String,
    /// The group, such as `cyclic:16`.
    pub group: String,
    /// Number of orbits.
    pub seeds: usize,
    /// One block per irreducible representation, the trivial one first; of a conjugate pair only one.
    pub blocks: Vec<SpectrumBlock>,
    /// Label minus prediction for each seed with one pose held out, signed.
    pub exact_error: Vec<Option<f64>>,
    /// The paper's spectral error (arXiv 2412.11521); only for two seeds of a cyclic group.
    pub spectral_error: Option<f64>,
    /// Relative distance of the Gram matrix from the invariant matrices: 0 for an exact symmetry.
    pub invariance_defect: Option<f64>,
    /// Condition number of the Gram matrix with its ridge, as it is solved.
    pub condition_number: Option<f64>,
    /// How the result came about.
    pub status: Status,
}

/// The block of one irreducible representation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpectrumBlock {
    /// Name of the representation, such as `k=3`.
    pub irrep: String,
    /// Its dimension.
    pub dimension: usize,
    /// How often each eigenvalue of the block stands in the Gram matrix: the dimension, or twice that where a
    /// conjugate pair is listed once.
    pub multiplicity: usize,
    /// The eigenvalues of the block, ascending: one per seed and dimension.
    #[serde(serialize_with = "all_required")]
    pub eigenvalues: Vec<f64>,
}

impl SpectrumReport {
    /// Name and version of the schema.
    pub const SCHEMA: &'static str = "isotypic.spectrum/1";

    /// The report as indented JSON, keys in the order of the fields, with a newline at the end.
    ///
    /// # Errors
    /// [`ReportError::NotFinite`] if an eigenvalue is NaN or infinite.
    pub fn to_json(&self) -> Result<String, ReportError> {
        to_json(self)
    }
}
