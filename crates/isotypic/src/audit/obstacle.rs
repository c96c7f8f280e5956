//! Why there is no regression.

use isotypic_gram::{NotPositiveDefinite, TooCoarse};
use isotypic_report::Status;

/// What stands in the way of a solve.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Obstacle {
    /// The matrix is singular in working precision.
    NotPositiveDefinite(Box<NotPositiveDefinite>),
    /// Its entries are not known well enough.
    TooCoarse(TooCoarse),
}

impl Obstacle {
    /// The status of results that are missing for this reason.
    pub(crate) fn status(&self) -> Status {
        match self {
            Self::NotPositiveDefinite(_) => Status::NotPositiveDefinite,
            Self::TooCoarse(_) => Status::TooCoarse,
        }
    }

    /// In words that call the seeds by their places in the dataset.
    pub(crate) fn describe(self, seeds: &[usize]) -> String {
        let (reason, hint) = match self {
            Self::NotPositiveDefinite(reason) => {
                let reason = reason.with_seed_numbers(seeds);
                (reason.to_string(), reason.hint())
            }
            Self::TooCoarse(reason) => (reason.to_string(), Some(reason.hint())),
        };
        match hint {
            Some(hint) => format!("the {reason}; {hint}"),
            None => format!("the {reason}"),
        }
    }
}
