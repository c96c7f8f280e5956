use isotypic_report::{AuditReport, PairResult, ReportError, ReportedResult};
use serde_json::Value;

use crate::sample;

#[test]
fn a_report_reads_back_to_the_same_bits() {
    let report = sample::report();
    let json = report.to_json().unwrap();
    assert_eq!(AuditReport::from_json(&json).unwrap(), report);
    assert_eq!(AuditReport::from_json(&json).unwrap().to_json().unwrap(), json);
    assert!(json.ends_with("}\n"));
}

#[test]
fn keys_stand_in_the_order_of_the_fields() {
    let json = sample::empty().to_json().unwrap();
    let keys = [
        "schema",
        "version",
        "settings",
        "questions",
        "summary",
        "verdicts",
        "conclusion",
        "results",
        "points",
        "notes",
    ];
    let places: Vec<_> = keys.iter().map(|key| json.find(&format!("\n  \"{key}\": ")).unwrap()).collect();
    assert!(places.is_sorted(), "{json}");
}

#[test]
fn a_result_says_of_which_kind_it_is() {
    let json: Value = serde_json::from_str(&sample::report().to_json().unwrap()).unwrap();
    assert_eq!(json["results"][0]["kind"], "pair");
    assert_eq!(json["results"][0]["label_a"], "cat \"Tom\"");
    assert_eq!(json["verdicts"][0]["verdict"]["kind"], "fails_below");
    assert_eq!(json["summary"][4]["statuses"]["orbit_collapse"], 4);
}

#[test]
fn numbers_that_do_not_exist_are_null() {
    let mut report = sample::report();
    let pair =
        PairResult { exact_error: Some(f64::NAN), condition_number: Some(f64::INFINITY), ..sample::pair() };
    report.results = vec![ReportedResult::Pair(pair)];
    let json: Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    for field in ["exact_error", "condition_number", "limit_error"] {
        assert!(json["results"][0].as_object().unwrap()[field].is_null(), "{field}");
    }
    assert!(json["points"][0]["predictions"][1].is_null());
}

#[test]
fn a_number_that_must_exist_does() {
    let mut report = sample::report();
    report.summary[0].fraction_correct = f64::NAN;
    let error = report.to_json().unwrap_err();
    assert!(matches!(error, ReportError::NotFinite { .. }));
    assert_eq!(error.to_string(), "report cannot be written: `NaN` in place of a finite number");
}

#[test]
fn other_documents_are_refused() {
    let other = sample::empty().to_json().unwrap().replace("isotypic.audit/1", "isotypic.audit/2");
    let error = AuditReport::from_json(&other).unwrap_err();
    assert_eq!(error.to_string(), "report has schema `isotypic.audit/2`, expected `isotypic.audit/1`");
    assert!(error.hint().is_some());
    assert!(matches!(AuditReport::from_json("{\"schema\": 1}"), Err(ReportError::Malformed { .. })));
    assert!(matches!(AuditReport::from_json("a,b"), Err(ReportError::Malformed { .. })));
}

#[test]
fn fields_of_a_later_release_are_ignored() {
    let json = sample::empty().to_json().unwrap().replacen('{', "{\n  \"made_by\": \"x\",", 1);
    assert_eq!(AuditReport::from_json(&json).unwrap(), sample::empty());
}
