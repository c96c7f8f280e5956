//! Options of a `repeat` layer.

use serde::Serialize;

use crate::Layer;

/// The options of a `repeat` layer.
pub(crate) const REPEAT_OPTIONS: &[&str] = &["times", "layers"];

/// Options of a `repeat` layer: the same layers several times in a row, each time with new weights.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RepeatSpec {
    /// How many times, at least once.
    pub times: usize,
    /// What is repeated.
    pub layers: Vec<Layer>,
}
