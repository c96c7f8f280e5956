//! Figures of the paper, made again: what was found beside what was expected.

use serde::{Deserialize, Serialize};

use crate::audit_report::to_json;
use crate::error::ReportError;

/// What came of each figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReproductionReport {
    /// [`ReproductionReport::SCHEMA`].
    pub schema: String,
    /// Version of the program.
    pub version: String,
    /// The command that makes it again.
    pub command: String,
    /// Name of the dataset.
    pub data: String,
    /// SHA-256 of its content.
    pub data_hash: String,
    /// Whether counts are smaller than the paper's.
    pub is_reduced: bool,
    /// The figures, in the order in which they were asked for.
    pub figures: Vec<ReproducedFigure>,
}

/// One figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReproducedFigure {
    /// Its name on the command line.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// What the paper shows, and where that is known from.
    pub paper: String,
    /// What was computed: data, counts, networks, conventions.
    pub setting: String,
    /// Whether it is as expected.
    pub verdict: ReproductionVerdict,
    /// What was held against what was expected.
    pub checks: Vec<ReproductionCheck>,
    /// What else a reader must know.
    pub notes: Vec<String>,
    /// Pictures: file and description.
    pub pictures: Vec<ReproducedPicture>,
}

/// A picture of a figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReproducedPicture {
    /// Its file in the folder `figures`.
    pub file: String,
    /// What it shows.
    pub description: String,
}

/// A number held against what was expected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReproductionCheck {
    /// The number in words.
    pub quantity: String,
    /// What it should be, with its tolerance.
    pub expected: String,
    /// Where that comes from.
    pub source: String,
    /// What was found; `None` if the setting does not give this number.
    pub found: Option<f64>,
    /// Whether it is as expected; `None` if it was not found.
    pub holds: Option<bool>,
}

/// Whether a figure is as expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReproductionVerdict {
    /// All that could be checked holds.
    Reproduced,
    /// Something does not hold.
    Differs,
    /// Nothing could be checked, such as for want of a cargo feature.
    NotRun,
}

impl ReproductionVerdict {
    /// The verdict that follows from checks.
    #[must_use]
    pub fn of(checks: &[ReproductionCheck]) -> Self {
        let held: Vec<bool> = checks.iter().filter_map(|check| check.holds).collect();
        if held.is_empty() {
            return Self::NotRun;
        }
        if held.contains(&false) { Self::Differs } else { Self::Reproduced }
    }

    /// The verdict in words.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Reproduced => "reproduced",
            Self::Differs => "differs",
            Self::NotRun => "not run",
        }
    }
}

impl ReproductionReport {
    /// The schema that this crate writes.
    pub const SCHEMA: &'static str = "isotypic.reproduction/1";

    /// The report as a JSON document, ending in a line break.
    ///
    /// # Errors
    /// [`ReportError::NotFinite`].
    pub fn to_json(&self) -> Result<String, ReportError> {
        to_json(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_reproduced_if_all_that_was_checked_holds() {
        let check = |holds| ReproductionCheck {
            quantity: "correlation".to_owned(),
            expected: "at least 0.9".to_owned(),
            source: "paper".to_owned(),
            found: None,
            holds,
        };
        let verdict = |all: &[Option<bool>]| {
            ReproductionVerdict::of(&all.iter().map(|&holds| check(holds)).collect::<Vec<_>>())
        };
        assert_eq!(verdict(&[]), ReproductionVerdict::NotRun);
        assert_eq!(verdict(&[None]), ReproductionVerdict::NotRun);
        assert_eq!(verdict(&[Some(true), None]), ReproductionVerdict::Reproduced);
        assert_eq!(verdict(&[Some(true), Some(false)]), ReproductionVerdict::Differs);
    }
}
