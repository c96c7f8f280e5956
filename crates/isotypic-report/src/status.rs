//! Whether a number is an ordinary one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a result came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// The Gram matrix is regular; the numbers mean what they say.
    Ok,
    /// The held-out pose is determined by the observed ones: the error tends to 0 with the ridge. It happens where
    /// the architecture has the symmetry in question.
    OrbitCollapse,
    /// Observed points that the kernel cannot tell apart have different labels.
    ConflictingLabels,
    /// The Gram matrix cannot be factored at this ridge, so there is no number.
    NotPositiveDefinite,
    /// The Gram matrix, in single precision, is not known well enough to be inverted at this ridge, so there is no number.
    TooCoarse,
}

impl Status {
    /// All statuses, the ordinary one first.
    pub const ALL: [Self; 5] =
        [Self::Ok, Self::OrbitCollapse, Self::ConflictingLabels, Self::NotPositiveDefinite, Self::TooCoarse];

    /// Whether there is no number.
    #[must_use]
    pub fn is_missing(self) -> bool {
        matches!(self, Self::NotPositiveDefinite | Self::TooCoarse)
    }

    /// The name in JSON and CSV: `ok`, `orbit_collapse`, `conflicting_labels`, `not_positive_definite`, `too_coarse`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::OrbitCollapse => "orbit_collapse",
            Self::ConflictingLabels => "conflicting_labels",
            Self::NotPositiveDefinite => "not_positive_definite",
            Self::TooCoarse => "too_coarse",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_serialised_form() {
        for status in Status::ALL {
            let json = serde_json::to_string(&status).unwrap();
            assert_eq!(json, format!("\"{status}\""));
            assert_eq!(serde_json::from_str::<Status>(&json).unwrap(), status);
        }
    }
}
