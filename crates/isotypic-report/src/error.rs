//! What can go wrong with a report.

use thiserror::Error;

/// A report that cannot be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A number that must exist is NaN or infinite.
    #[error("report cannot be written: {cause}")]
    NotFinite {
        /// The number, as the serialiser says it.
        cause: serde_json::Error,
    },
    /// The text is not JSON, or not a report.
    #[error("not a report: {cause}")]
    Malformed {
        /// Where and why, as the parser says it.
        cause: serde_json::Error,
    },
    /// The template of a page cannot be filled in.
    #[error("page cannot be made: {cause}")]
    Page {
        /// Why, as the template engine says it.
        cause: String,
    },
    /// A report of another kind or version.
    #[error("report has schema `{found}`, expected `{expected}`")]
    OtherSchema {
        /// The schema it names.
        found: String,
        /// The schema that can be read.
        expected: &'static str,
    },
}

impl ReportError {
    /// What the user can do about it, if anything is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::OtherSchema { .. } => {
                Some("the file comes from another verb or another version of the program".into())
            }
            _ => None,
        }
    }
}
