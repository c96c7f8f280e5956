//! The Python bindings: NumPy arrays in and out, errors as exceptions, computations that Ctrl-C can stop.
//!
//! Everything here converts and calls; what is computed is computed by the library, and what users see (names, defaults,
//! documentation) is the pure-Python package in `python/isotypic`.

mod arrays;
mod audit;
mod errors;
mod flow;
mod gram;
mod group;
mod interruptible;
mod network;
mod reports;

use pyo3::prelude::*;

/// The compiled part of the package `isotypic`; not for direct use.
#[pymodule]
mod _isotypic {
    #[pymodule_export]
    use super::audit::{audit, spectrum};
    #[pymodule_export]
    use super::flow::{Flow, Regression};
    #[pymodule_export]
    use super::gram::{InvariantFactor, InvariantGram};
    #[pymodule_export]
    use super::group::Group;
    #[pymodule_export]
    use super::network::{Network, identify_function};
    #[pymodule_export]
    use super::reports::Report;
    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
