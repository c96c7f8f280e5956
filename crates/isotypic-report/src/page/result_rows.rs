//! The results as one compact JSON array that the page's script draws in parts.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::audit_report::AuditReport;
use crate::pair_result::ReportedResult;
use crate::status::Status;

/// Rows in a page at most: the largest errors of more.
const MOST_ROWS: usize = 40_000;

/// What the script reads.
#[derive(Serialize)]
pub(super) struct ResultRows {
    archs: Vec<String>,
    questions: Vec<String>,
    classes: Vec<String>,
    statuses: Vec<&'static str>,
    /// Whether a row is a pair or a seed.
    pairs: bool,
    /// `[question, arch, poses, a, b, class a, class b, exact, spectral, projected, right, status, defect, condition]`; of
    /// seeds b and its class are −1, and one number more is 1 if training never sees them.
    rows: Vec<Vec<Value>>,
    /// Place of each seed on the sheet of pictures.
    places: BTreeMap<usize, usize>,
    sheet: Option<[usize; 3]>,
    /// Rows that there are besides.
    pub(super) left_out: usize,
}

impl ResultRows {
    pub(super) fn of(report: &AuditReport) -> Self {
        let question_of: BTreeMap<(&str, &str, usize), usize> = report
            .summary
            .iter()
            .map(|row| ((row.group.as_str(), row.hold_out.as_str(), row.poses), row.question))
            .collect();
        let archs = report.settings.architectures.clone();
        let mut classes: Vec<String> = Vec::new();
        let mut class_of: BTreeMap<String, usize> = BTreeMap::new();
        let mut class = |name: &str| {
            *class_of.entry(name.to_owned()).or_insert_with(|| {
                classes.push(name.to_owned());
                classes.len() - 1
            })
        };
        let place = |name: &str| archs.iter().position(|arch| arch == name).map_or(json!(-1), Value::from);
        let status = |status: Status| Status::ALL.iter().position(|&other| other == status);
        let mut rows: Vec<(f64, Vec<Value>)> = Vec::with_capacity(report.results.len());
        for result in &report.results {
            let question = |group: &str, hold_out: &str, poses: usize| {
                question_of.get(&(group, hold_out, poses)).copied().map_or(json!(-1), Value::from)
            };
            rows.push(match result {
                ReportedResult::Pair(pair) => (
                    pair.exact_error.unwrap_or(f64::INFINITY),
                    vec![
                        question(&pair.group, &pair.hold_out, pair.poses),
                        place(&pair.arch),
                        pair.poses.into(),
                        pair.a.into(),
                        pair.b.into(),
                        class(&pair.label_a).into(),
                        class(&pair.label_b).into(),
                        rounded(pair.exact_error),
                        rounded(pair.spectral_error),
                        rounded(pair.projected_error),
                        (usize::from(pair.correct_a) + usize::from(pair.correct_b)).into(),
                        status(pair.status).into(),
                        rounded(pair.invariance_defect),
                        rounded(pair.condition_number),
                    ],
                ),
                ReportedResult::Seed(seed) => (
                    seed.exact_error.unwrap_or(f64::INFINITY),
                    vec![
                        question(&seed.group, &seed.hold_out, seed.poses),
                        place(&seed.arch),
                        seed.poses.into(),
                        seed.seed.into(),
                        json!(-1),
                        class(&seed.label).into(),
                        json!(-1),
                        rounded(seed.exact_error),
                        rounded(seed.spectral_error),
                        rounded(seed.projected_error),
                        (2 * usize::from(seed.correct)).into(),
                        status(seed.status).into(),
                        rounded(seed.invariance_defect),
                        rounded(seed.condition_number),
                        usize::from(seed.unseen).into(),
                    ],
                ),
            });
        }
        let left_out = rows.len().saturating_sub(MOST_ROWS);
        if left_out > 0 {
            rows.sort_by(|a, b| b.0.total_cmp(&a.0));
            rows.truncate(MOST_ROWS);
        }
        let sheet =
            report.details.as_ref().and_then(|details| details.images.as_ref()).map(|images| &images.seeds);
        Self {
            questions: report.questions.iter().map(|question| question.title.clone()).collect(),
            archs,
            statuses: Status::ALL.map(Status::name).to_vec(),
            pairs: report.settings.classes.is_empty(),
            rows: rows.into_iter().map(|row| row.1).collect(),
            places: sheet
                .map(|sheet| sheet.indices.iter().enumerate().map(|(place, &seed)| (seed, place)).collect())
                .unwrap_or_default(),
            sheet: sheet.map(|sheet| [sheet.columns, sheet.width, sheet.height]),
            left_out,
            classes,
        }
    }

    /// JSON that cannot end the element it stands in.
    pub(super) fn to_json(&self) -> String {
        let text = serde_json::to_string(self).expect("strings, integers and finite numbers");
        text.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
    }
}

/// Four digits that count; null for a number that does not exist.
fn rounded(value: Option<f64>) -> Value {
    let short =
        value.filter(|value| value.is_finite()).and_then(|value| format!("{value:.3e}").parse::<f64>().ok());
    short.map_or(Value::Null, Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_or_null() {
        let cases = [
            (Some(0.123_456), "0.1235"),
            (Some(4.6e8), "460000000.0"),
            (Some(f64::NAN), "null"),
            (None, "null"),
        ];
        for (value, text) in cases {
            assert_eq!(rounded(value).to_string(), text);
        }
    }
}
