//! Rust errors as the exceptions of `isotypic.errors`, one class for each variant.

use isotypic::Error;
use isotypic::architecture::ArchitectureError;
use isotypic::gram::GramError;
use isotypic::kernel::KernelError;
use isotypic::predict::PredictError;
use isotypic::work::WorkError;
use pyo3::prelude::*;

/// The Python module that defines the classes; it needs no compiled code.
const MODULE: &str = "isotypic.errors";

/// The exception for an error.
pub(crate) fn exception(py: Python<'_>, error: impl Into<Error>) -> PyErr {
    exception_about(py, "", error)
}

/// The exception for an error about one argument, whose name stands before the message.
pub(crate) fn exception_about(py: Python<'_>, argument: &str, error: impl Into<Error>) -> PyErr {
    let error = error.into();
    let place = if argument.is_empty() { String::new() } else { format!("`{argument}`: ") };
    raise(py, class_of(&error), &format!("{place}{error}"), error.hint())
}

/// An exception of the class `SettingsError`.
pub(crate) fn settings_exception(py: Python<'_>, message: &str, hint: &str) -> PyErr {
    raise(py, "SettingsError", message, Some(hint.to_owned()))
}

fn raise(py: Python<'_>, class: &str, message: &str, hint: Option<String>) -> PyErr {
    let make = || py.import(MODULE)?.getattr(class)?.call1((message, hint));
    // A failure to make the exception is an exception too.
    make().map_or_else(|failure| failure, PyErr::from_value)
}

/// The name of the class in `isotypic.errors`.
fn class_of(error: &Error) -> &'static str {
    match error {
        Error::Architecture(ArchitectureError::LayerNotAvailable { .. })
        | Error::Kernel(KernelError::UnsupportedOperation { .. } | KernelError::OverGroup { .. }) => {
            "UnsupportedLayerError"
        }
        Error::Architecture(_) => "ArchitectureError",
        Error::Data(_) => "DataError",
        Error::Gram(GramError::NotPositiveDefinite(_))
        | Error::Predict(PredictError::Gram(GramError::NotPositiveDefinite(_))) => "NotPositiveDefiniteError",
        Error::Gram(_) | Error::Predict(PredictError::Gram(_)) => "GramError",
        Error::Group(_) => "GroupError",
        Error::Kernel(KernelError::OutOfMemory { .. }) | Error::Work(WorkError::MemoryExceeded { .. }) => {
            "MemoryLimitError"
        }
        Error::Kernel(_) => "KernelError",
        Error::Orbit(_) => "OrbitError",
        Error::Predict(_) => "PredictError",
        Error::Report(_) => "ReportError",
        Error::Work(_) => "WorkError",
        Error::Interrupted(_) => "Interrupted",
        Error::Settings { .. } => "SettingsError",
        _ => "IsotypicError",
    }
}
