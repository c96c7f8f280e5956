//! One result looked at closely: its Gram matrix and its spectrum.

use serde::{Deserialize, Serialize};

use crate::spectrum_report::SpectrumBlock;

/// Why a result is an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ExampleRole {
    /// The largest error.
    Worst,
    /// The smallest error.
    Best,
}

/// A Gram matrix and its spectrum, of a pair or of all seeds of an audit of classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExampleResult {
    /// Index into [`questions`](crate::AuditReport::questions).
    pub question: usize,
    /// The architecture.
    pub arch: String,
    /// Poses of an orbit.
    pub poses: usize,
    /// Why this one.
    pub role: ExampleRole,
    /// Its exact error: of the pair, or the largest over the seeds.
    pub error: Option<f64>,
    /// The seeds, as indices into the dataset; in an audit of classes those that training saw.
    pub seeds: Vec<usize>,
    /// Their classes.
    pub labels: Vec<String>,
    /// The Gram matrix.
    pub gram: GramPicture,
    /// The blocks of the (projected) Gram matrix, the trivial irrep first.
    pub spectrum: Vec<SpectrumBlock>,
    /// Blocks that were left out of `spectrum` since there are too many.
    pub blocks_left_out: usize,
    /// The power of the kernel along the labels, $y^\top y / y^\top (B_1 + \lambda I)^{-1} y$: an average of eigenvalues of the first
    /// block. A pair is right where it is large compared with the others.
    pub label_power: Option<f64>,
}

/// A Gram matrix in 256 levels, some rows left out where there are many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GramPicture {
    /// Rows and columns of the picture.
    pub side: usize,
    /// The seeds of the picture, a prefix of those of the example.
    pub seeds: usize,
    /// The poses that are shown of each seed.
    pub poses: Vec<usize>,
    /// The value of level 0.
    pub minimum: Option<f64>,
    /// The value of level 255.
    pub maximum: Option<f64>,
    /// One byte per entry, row by row, in base64.
    pub levels: String,
}

impl GramPicture {
    /// The levels, row by row: `side · side` of them, fewer if the text is no valid base64.
    #[must_use]
    pub fn decoded(&self) -> Vec<u8> {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.decode(&self.levels).unwrap_or_default()
    }
}
