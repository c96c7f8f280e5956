//! How far finite networks are from their kernel, width by width.

use serde::{Deserialize, Serialize};

use crate::audit_report::to_json;
use crate::csv_table::csv_of_rows;
use crate::error::ReportError;
use crate::finite::required;

/// Ensembles of growing width against the kernel after the same training time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WidthReport {
    /// [`WidthReport::SCHEMA`].
    pub schema: String,
    /// Version of the program.
    pub version: String,
    /// The name or path of the data.
    pub data: String,
    /// The architecture.
    pub arch: String,
    /// The group, such as `rotation:8`.
    pub group: String,
    /// What is held out.
    pub hold_out: String,
    /// Held-out points that were compared.
    pub points: usize,
    /// Steps of gradient descent.
    pub steps: usize,
    /// Size of the steps times the largest eigenvalue of the kernel.
    #[serde(serialize_with = "required")]
    pub step_size: f64,
    /// Root mean square over the points of what steps of that size change about the kernel's flow at the same time.
    #[serde(serialize_with = "required")]
    pub step_effect: f64,
    /// Exponent of the bias as a power of the width, by least squares of logarithms; −1 in theory. `None` with fewer than two widths
    /// whose bias shows above the noise.
    pub exponent: Option<f64>,
    /// Bias extrapolated to infinite width, root mean square over the points of a line in 1/width. `None` with fewer than two widths.
    pub extrapolated: Option<f64>,
    /// Its standard error: what it would be from noise alone.
    pub extrapolated_error: Option<f64>,
    /// One row per width, ascending.
    pub results: Vec<WidthResult>,
}

/// One width. All numbers are root mean squares over the held-out points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WidthResult {
    /// Channels of hidden layers.
    pub width: usize,
    /// Networks that were averaged.
    pub networks: usize,
    /// Distance of their mean prediction from the kernel's.
    #[serde(serialize_with = "required")]
    pub distance: f64,
    /// What that would be from the finite number of networks alone: the standard error of the mean.
    #[serde(serialize_with = "required")]
    pub noise: f64,
    /// What is left of the distance without it; 0 where noise explains all.
    #[serde(serialize_with = "required")]
    pub bias: f64,
    /// Mean loss at the end.
    #[serde(serialize_with = "required")]
    pub loss: f64,
}

impl WidthReport {
    /// Name and version of the schema.
    pub const SCHEMA: &'static str = "isotypic.train-width/1";

    /// The report as indented JSON with a newline at the end.
    ///
    /// # Errors
    /// [`ReportError::NotFinite`] if a number is NaN or infinite.
    pub fn to_json(&self) -> Result<String, ReportError> {
        to_json(self)
    }

    /// One row per width as comma-separated values (RFC 4180) under the names of the fields.
    #[must_use]
    pub fn to_csv(&self) -> String {
        csv_of_rows(&self.results)
    }
}
