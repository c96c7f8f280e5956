//! Tangent kernels of finite networks, before training and after it.

use serde::{Deserialize, Serialize};

use crate::audit_report::to_json;
use crate::csv_table::csv_of_rows;
use crate::error::ReportError;

/// What training does to the tangent kernel of a network, and what follows from the kernel it ends with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EmpiricalReport {
    /// [`EmpiricalReport::SCHEMA`].
    pub schema: String,
    /// Version of the program.
    pub version: String,
    /// The name or path of the data.
    pub data: String,
    /// Channels of hidden layers that have no width of their own.
    pub width: usize,
    /// Steps of gradient descent.
    pub steps: usize,
    /// One row per architecture, number of poses, pair and kernel.
    pub results: Vec<EmpiricalResult>,
}

/// One kernel on the orbits of one pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EmpiricalResult {
    /// The architecture.
    pub arch: String,
    /// The group, such as `rotation:8`.
    pub group: String,
    /// What is held out.
    pub hold_out: String,
    /// Poses of an orbit.
    pub poses: usize,
    /// Index of the first seed in the dataset; the network was trained without its held-out poses.
    pub a: usize,
    /// Index of the second seed.
    pub b: usize,
    /// `infinite` (of the architecture), `initial` (of the network as drawn) or `trained`.
    pub kernel: String,
    /// Relative distance $\\|\Theta - \Theta_\text{initial}\\|_F / \\|\Theta_\text{initial}\\|_F$ from the kernel of the network as drawn.
    pub change: Option<f64>,
    /// $y^T \Theta y / (\\|\Theta\\|_F\, \\|y\\|^2)$ with labels ±1.
    pub alignment: Option<f64>,
    /// Relative distance from the invariant matrices.
    pub invariance_defect: Option<f64>,
    /// The paper's spectral error; only for cyclic groups.
    pub spectral_error: Option<f64>,
    /// Error of regression with this kernel at the held-out poses of the first seed.
    pub exact_error: Option<f64>,
    /// Error of the network itself there; the same in all three rows.
    pub trained_error: Option<f64>,
}

impl EmpiricalReport {
    /// Name and version of the schema.
    pub const SCHEMA: &'static str = "isotypic.train-empirical-ntk/1";

    /// The report as indented JSON with a newline at the end.
    ///
    /// # Errors
    /// [`ReportError::NotFinite`] never occurs: numbers that do not exist are `null`.
    pub fn to_json(&self) -> Result<String, ReportError> {
        to_json(self)
    }

    /// One row per kernel as comma-separated values (RFC 4180) under the names of the fields.
    #[must_use]
    pub fn to_csv(&self) -> String {
        csv_of_rows(&self.results)
    }
}
