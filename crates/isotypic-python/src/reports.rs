//! What an analysis found, for Python to read.

use pyo3::prelude::*;

/// Findings as text.
#[pyclass(frozen, module = "isotypic._isotypic")]
pub(crate) struct Report {
    pub(crate) json: String,
    pub(crate) csv: String,
    /// The tables of the command line, for a terminal of this many columns.
    pub(crate) text: Box<dyn Fn(usize) -> String + Send + Sync>,
}

#[pymethods]
impl Report {
    #[getter]
    fn json(&self) -> &str {
        &self.json
    }

    #[getter]
    fn csv(&self) -> &str {
        &self.csv
    }

    fn text(&self, width: usize) -> String {
        (self.text)(width)
    }
}
