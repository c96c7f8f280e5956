//! What an analysis found, for Python to read.

use isotypic::report::ReportError;
use pyo3::prelude::*;

use crate::errors::exception;

/// Findings as text.
#[pyclass(frozen, module = "isotypic._isotypic")]
pub(crate) struct Report {
    pub(crate) json: String,
    pub(crate) csv: String,
    /// The tables of the command line, for a terminal of this many columns.
    pub(crate) text: Box<dyn Fn(usize) -> String + Send + Sync>,
    /// The page of an audit; a spectrum has none.
    pub(crate) page: Option<Box<dyn Fn() -> Result<String, ReportError> + Send + Sync>>,
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

    fn page(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.page.as_ref().map(|page| page()).transpose().map_err(|error| exception(py, error))
    }

    fn text(&self, width: usize) -> String {
        (self.text)(width)
    }
}
