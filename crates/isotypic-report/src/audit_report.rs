//! What an audit found.

use serde::{Deserialize, Serialize};

use crate::class_curve::ClassCurve;
use crate::csv_table::{csv_of_seeds, csv_table};
use crate::details::AuditDetails;
use crate::error::ReportError;
use crate::metrics::MetricsReport;
use crate::pair_result::ReportedResult;
use crate::point_result::PointResult;
use crate::question::ReportedQuestion;
use crate::sampling::SamplingReport;
use crate::settings::ReportedSettings;
use crate::summary::SummaryRow;
use crate::training::TrainedNetworks;
use crate::training_time::TrainingReport;
use crate::verdict::VerdictRow;

/// Everything an audit found: the points, and all that is computed from them.
///
/// Tables show [`questions`](Self::questions) in their order, and within one the rows of
/// [`summary`](Self::summary) in theirs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditReport {
    /// [`AuditReport::SCHEMA`].
    pub schema: String,
    /// Version of the program.
    pub version: String,
    /// What all questions share.
    pub settings: ReportedSettings,
    /// What was asked.
    pub questions: Vec<ReportedQuestion>,
    /// One row per question, architecture and number of poses.
    pub summary: Vec<SummaryRow>,
    /// One row per question and architecture.
    pub verdicts: Vec<VerdictRow>,
    /// One per question, architecture and pair of classes (or class): how many poses are needed.
    pub class_curves: Vec<ClassCurve>,
    /// The answer in plain sentences.
    pub conclusion: Vec<String>,
    /// One object per pair of seeds (or seed), architecture and number of poses.
    pub results: Vec<ReportedResult>,
    /// One object per held-out point.
    pub points: Vec<PointResult>,
    /// What a reader should know about the numbers.
    pub notes: Vec<String>,
    /// What a page shows beyond this; absent in reports of versions without it.
    #[serde(default)]
    pub details: Option<AuditDetails>,
    /// What happens when training is stopped early; only where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training: Option<TrainingReport>,
    /// Simple metrics and how well they foretell the errors; only where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<MetricsReport>,
    /// How networks were trained; only where some were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub networks: Option<TrainedNetworks>,
    /// Error bars; only where kernels were sampled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampling: Option<SamplingReport>,
    /// What happened on the way and does not show in the numbers; no part of the document.
    #[serde(skip)]
    pub warnings: Vec<String>,
}

impl AuditReport {
    /// Name and version of the schema.
    pub const SCHEMA: &'static str = "isotypic.audit/1";

    /// The report as indented JSON, keys in the order of the fields, with a newline at the end.
    ///
    /// # Errors
    /// [`ReportError::NotFinite`] if a number that must exist is NaN or infinite.
    pub fn to_json(&self) -> Result<String, ReportError> {
        to_json(self)
    }

    /// A report from JSON; fields it does not know are ignored.
    ///
    /// # Errors
    /// [`ReportError::Malformed`], [`ReportError::OtherSchema`].
    pub fn from_json(text: &str) -> Result<Self, ReportError> {
        let malformed = |cause| ReportError::Malformed { cause };
        let Tag { schema } = serde_json::from_str(text).map_err(malformed)?;
        if schema != Self::SCHEMA {
            return Err(ReportError::OtherSchema { found: schema, expected: Self::SCHEMA });
        }
        serde_json::from_str(text).map_err(malformed)
    }

    /// The results as CSV: a header, then one row per pair, or per seed in an audit of classes; numbers to the last bit,
    /// missing ones empty.
    #[must_use]
    pub fn to_csv(&self) -> String {
        if !self.settings.classes.is_empty() {
            return csv_of_seeds(
                &self.settings.classes,
                self.results.iter().filter_map(ReportedResult::as_seed),
            );
        }
        csv_table(self.results.iter().filter_map(ReportedResult::as_pair))
    }
}

/// What every document of the program begins with.
#[derive(Deserialize)]
struct Tag {
    schema: String,
}

pub(crate) fn to_json(document: &impl Serialize) -> Result<String, ReportError> {
    let mut text =
        serde_json::to_string_pretty(document).map_err(|cause| ReportError::NotFinite { cause })?;
    text.push('\n');
    Ok(text)
}
