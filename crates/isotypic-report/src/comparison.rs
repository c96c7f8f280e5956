//! Two audits side by side.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::audit_report::{AuditReport, to_json};
use crate::error::ReportError;
use crate::summary::SummaryRow;

/// What two audits say about the same questions, and where they differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparisonReport {
    /// [`ComparisonReport::SCHEMA`].
    pub schema: String,
    /// Names of the two, such as their files.
    pub names: [String; 2],
    /// Settings that are not the same: what, and its value in either.
    pub differences: Vec<(String, [String; 2])>,
    /// One row per group, held-out poses, architecture and number of poses that occurs in one of them.
    pub rows: Vec<ComparisonRow>,
    /// One per group, held-out poses and architecture.
    pub verdicts: Vec<ComparedVerdict>,
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparisonRow {
    /// The group, such as `rotation:16`.
    pub group: String,
    /// What is held out.
    pub hold_out: String,
    /// The architecture.
    pub arch: String,
    /// Poses of an orbit.
    pub poses: usize,
    /// Median exact error in either; `None` where that audit has no such row, or no number.
    pub median_exact_error: [Option<f64>; 2],
    /// Fraction of the held-out poses that are classified correctly in either.
    pub fraction_correct: [Option<f64>; 2],
    /// Second error minus first.
    pub change: Option<f64>,
}

/// The verdicts on one architecture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedVerdict {
    /// The group or family.
    pub group: String,
    /// What is held out.
    pub hold_out: String,
    /// The architecture.
    pub arch: String,
    /// The verdict of either in plain words.
    pub texts: [Option<String>; 2],
    /// Whether they are the same.
    pub same: bool,
}

impl ComparisonReport {
    /// Name and version of the schema.
    pub const SCHEMA: &'static str = "isotypic.comparison/1";

    /// Puts two audits side by side; nothing is computed but differences.
    #[must_use]
    pub fn of(names: [String; 2], reports: [&AuditReport; 2]) -> Self {
        Self {
            schema: Self::SCHEMA.to_owned(),
            names,
            differences: differences(reports),
            rows: rows(reports),
            verdicts: verdicts(reports),
        }
    }

    /// The report as indented JSON, keys in the order of the fields, with a newline at the end.
    ///
    /// # Errors
    /// [`ReportError::NotFinite`] does not happen here: all numbers may be missing.
    pub fn to_json(&self) -> Result<String, ReportError> {
        to_json(self)
    }
}

fn differences(reports: [&AuditReport; 2]) -> Vec<(String, [String; 2])> {
    let value = |read: fn(&AuditReport) -> String| reports.map(read);
    let all = [
        ("version", value(|report| report.version.clone())),
        ("data", value(|report| report.settings.data.clone())),
        ("SHA-256 of the data", value(|report| report.settings.data_sha256.clone())),
        ("kernel", value(|report| report.settings.kernel.clone())),
        ("normalisation", value(|report| report.settings.normalization.clone())),
        ("ridge", value(|report| report.settings.ridge.clone())),
        ("convention", value(|report| report.settings.convention.clone())),
        ("seed", value(|report| report.settings.seed.to_string())),
        ("classes", value(|report| report.settings.classes.join(","))),
        ("networks", value(|report| report.settings.architectures.join(","))),
    ];
    let differing = all.into_iter().filter(|(_, values)| values[0] != values[1]);
    differing.map(|(name, values)| (name.to_owned(), values)).collect()
}

type RowKey = (String, String, String, usize);

fn rows(reports: [&AuditReport; 2]) -> Vec<ComparisonRow> {
    let key = |row: &SummaryRow| -> RowKey {
        (row.group.clone(), row.hold_out.clone(), row.arch.clone(), row.poses)
    };
    let mut known = BTreeSet::new();
    let mut rows = Vec::new();
    for row in reports.iter().flat_map(|report| &report.summary) {
        if !known.insert(key(row)) {
            continue;
        }
        let lines = reports.map(|report| report.summary.iter().find(|line| key(line) == key(row)));
        let errors = lines.map(|line| line.and_then(|line| line.median_exact_error));
        rows.push(ComparisonRow {
            group: row.group.clone(),
            hold_out: row.hold_out.clone(),
            arch: row.arch.clone(),
            poses: row.poses,
            median_exact_error: errors,
            fraction_correct: lines.map(|line| line.map(|line| line.fraction_correct)),
            change: errors[0].zip(errors[1]).map(|(first, second)| second - first),
        });
    }
    rows
}

fn verdicts(reports: [&AuditReport; 2]) -> Vec<ComparedVerdict> {
    let mut verdicts: Vec<ComparedVerdict> = Vec::new();
    for (side, report) in reports.iter().enumerate() {
        for row in &report.verdicts {
            let Some(question) = report.questions.get(row.question) else { continue };
            let place = verdicts.iter().position(|verdict| {
                verdict.group == question.group
                    && verdict.hold_out == question.hold_out
                    && verdict.arch == row.arch
            });
            let place = place.unwrap_or_else(|| {
                verdicts.push(ComparedVerdict {
                    group: question.group.clone(),
                    hold_out: question.hold_out.clone(),
                    arch: row.arch.clone(),
                    texts: [None, None],
                    same: false,
                });
                verdicts.len() - 1
            });
            verdicts[place].texts[side] = Some(row.text.clone());
        }
    }
    for verdict in &mut verdicts {
        verdict.same = verdict.texts[0] == verdict.texts[1];
    }
    verdicts
}
