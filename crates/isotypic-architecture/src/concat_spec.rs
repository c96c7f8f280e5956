//! Options of a `concat` layer.

use serde::Serialize;

use crate::Layer;

/// The options of a `concat` layer.
pub(crate) const CONCAT_OPTIONS: &[&str] = &["axis", "branches"];

/// Options of a `concat` layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConcatSpec {
    /// The axis along which outputs are joined, counted with the batch as axis 0 or from the end; −1, the channels, by
    /// default.
    pub axis: i64,
    /// At least two branches that read the same input.
    pub branches: Vec<Vec<Layer>>,
}
