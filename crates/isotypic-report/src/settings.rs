//! What was asked, so that a report can be repeated.

use serde::{Deserialize, Serialize};

/// The settings all questions of an audit share, in the words of the command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedSettings {
    /// The name or path of the data.
    pub data: String,
    /// SHA-256 of the data as loaded, 64 hexadecimal digits.
    pub data_sha256: String,
    /// `ntk` or `nngp`.
    pub kernel: String,
    /// The precision in which pairs are evaluated, `f64` or `f32`.
    #[serde(default = "double_precision")]
    pub precision: String,
    /// Normalisation after the group has acted, such as `center,sphere`.
    pub normalization: String,
    /// The ridge, such as `rel:1e-10`.
    pub ridge: String,
    /// `exact` or `paper`.
    pub convention: String,
    /// Seed of the choice of pairs.
    pub seed: u64,
    /// The classes of an audit of classes, in the order of the outputs; empty in an audit of pairs.
    pub classes: Vec<String>,
    /// What is held out together in an audit of classes, `class` or `seed`.
    pub together: Option<String>,
    /// The architectures, in the order of the tables.
    pub architectures: Vec<String>,
}

/// Reports from before the choice was there.
fn double_precision() -> String {
    "f64".to_owned()
}
