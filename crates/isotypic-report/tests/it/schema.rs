//! The published JSON Schema lists exactly the keys that reports have.

use std::collections::BTreeSet;

use isotypic_report::{AuditReport, ReportedResult, Status, TrainedResult, Verdict};
use serde_json::{Value, json};

use crate::sample;

fn schema() -> Value {
    serde_json::from_str(include_str!("../../schema/audit.schema.json")).unwrap()
}

fn keys(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

fn strings(list: &Value) -> BTreeSet<String> {
    list.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_object_has_the_listed_keys_and_no_other() {
    let schema = schema();
    let report: Value = serde_json::from_str(&sample::with_extras().to_json().unwrap()).unwrap();
    let details = &report["details"];
    let mut without_details = report.clone();
    let mut schema_without = schema.clone();
    // What may be absent.
    for key in ["details", "training", "metrics", "sampling"] {
        without_details.as_object_mut().unwrap().remove(key).unwrap();
        schema_without["properties"].as_object_mut().unwrap().remove(key).unwrap();
    }
    let objects = [
        (&schema_without, &without_details),
        (&schema["$defs"]["details"], details),
        (&schema["$defs"]["error_spread"], &details["spreads"][0]),
        (&schema["$defs"]["repair_row"], &details["repairs"][0]),
        (&schema["$defs"]["example_result"], &details["examples"][0]),
        (&schema["$defs"]["gram_picture"], &details["examples"][0]["gram"]),
        (&schema["$defs"]["spectrum_block"], &details["examples"][0]["spectrum"][0]),
        (&schema["$defs"]["images"], &details["images"]),
        (&schema["$defs"]["seed_sheet"], &details["images"]["seeds"]),
        (&schema["$defs"]["orbit_strip"], &details["images"]["orbits"][0]),
        (&schema["$defs"]["training"], &report["training"]),
        (&schema["$defs"]["training_row"], &report["training"]["rows"][0]),
        (&schema["$defs"]["training_point"], &report["training"]["points"][0]),
        (&schema["$defs"]["metrics"], &report["metrics"]),
        (&schema["$defs"]["metric_score"], &report["metrics"]["scores"][0]),
        (&schema["$defs"]["metric_turn"], &report["metrics"]["turns"][0]),
        (&schema["$defs"]["sampling"], &report["sampling"]),
        (&schema["$defs"]["sampling_row"], &report["sampling"]["rows"][0]),
        (&schema["$defs"]["sampling_point"], &report["sampling"]["points"][0]),
        (&schema["$defs"]["settings"], &report["settings"]),
        (&schema["$defs"]["question"], &report["questions"][0]),
        (&schema["$defs"]["summary_row"], &report["summary"][0]),
        (&schema["$defs"]["verdict_row"], &report["verdicts"][0]),
        (&schema["$defs"]["pair_result"], &report["results"][0]),
        (&schema["$defs"]["point_result"], &report["points"][0]),
        (&schema["$defs"]["seed_result"], &report["results"][1]),
        (&schema["$defs"]["irrep_row"], &report["summary"][0]["irreps"][0]),
        (&schema["$defs"]["class_curve"], &report["class_curves"][0]),
        (&schema["$defs"]["curve_point"], &report["class_curves"][0]["curve"][0]),
    ];
    for (definition, object) in objects {
        let properties = keys(&definition["properties"]);
        assert_eq!(
            properties.into_iter().filter(|key| !TRAINED.contains(&key.as_str())).collect::<BTreeSet<_>>(),
            keys(object)
        );
        assert_eq!(strings(&definition["required"]), keys(object));
    }
    assert_eq!(keys(&schema["$defs"]["verdict"]["properties"]), keys(&report["verdicts"][0]["verdict"]));
}

/// Keys of results and metrics that are there only where networks were trained.
const TRAINED: [&str; 8] = [
    "trained_error",
    "trained_correct",
    "finite_time_error",
    "trained_loss",
    "trained_turns",
    "trained_spearman",
    "trained_kendall",
    "trained_area_under_curve",
];

#[test]
fn results_of_trained_networks_have_the_listed_keys_and_come_back() {
    let trained = TrainedResult {
        trained_error: Some(0.5),
        trained_correct: true,
        finite_time_error: None,
        trained_loss: Some(1e-3),
    };
    let mut report = sample::report();
    for result in &mut report.results {
        match result {
            ReportedResult::Pair(pair) => pair.trained = Some(trained),
            ReportedResult::Seed(seed) => seed.trained = Some(trained),
            _ => unreachable!(),
        }
    }
    let text = report.to_json().unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    for (definition, result) in [("pair_result", 0), ("seed_result", 1)] {
        assert_eq!(keys(&schema()["$defs"][definition]["properties"]), keys(&json["results"][result]));
    }
    let back = AuditReport::from_json(&text).unwrap();
    assert_eq!(back.results, report.results);
    assert_eq!(back.results[0].as_pair().unwrap().trained, Some(trained));
    let csv = report.to_csv();
    let names = csv.lines().next().unwrap();
    assert!(names.ends_with(",trained_error,trained_correct,finite_time_error,trained_loss"), "{names}");
    assert!(csv.contains(",0.5,true,,0.001\n"), "{csv}");
    assert!(!sample::report().to_csv().contains("trained"));
}

#[test]
fn metrics_against_trained_networks_have_the_listed_keys_and_come_back() {
    let report = sample::with_trained_metrics();
    let text = report.to_json().unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    for (definition, list) in [("metric_score", "scores"), ("metric_turn", "turns")] {
        assert_eq!(keys(&schema()["$defs"][definition]["properties"]), keys(&json["metrics"][list][0]));
    }
    assert_eq!(AuditReport::from_json(&text).unwrap().metrics, report.metrics);
    // Reports of versions that did not say whether each time is right.
    let mut older = json;
    older["training"]["points"][0].as_object_mut().unwrap().remove("correct").unwrap();
    let older = AuditReport::from_json(&older.to_string()).unwrap();
    assert!(older.training.unwrap().points[0].correct.is_empty());
}

#[test]
fn enumerations_are_complete() {
    let schema = schema();
    let statuses = Status::ALL.map(|status| status.name().to_owned()).into();
    assert_eq!(strings(&schema["$defs"]["status"]["enum"]), statuses);
    let verdicts = [
        Verdict::Succeeds,
        Verdict::FailsBelow { poses: 2 },
        Verdict::Fails,
        Verdict::OrbitCollapse,
        Verdict::Undecided,
    ];
    let kinds = verdicts.map(|verdict| json!(verdict)["kind"].as_str().unwrap().to_owned()).into();
    assert_eq!(strings(&schema["$defs"]["verdict"]["properties"]["kind"]["enum"]), kinds);
}

#[test]
fn references_lead_somewhere() {
    let schema = schema();
    let mut open = vec![&schema];
    let mut references = 0;
    while let Some(value) = open.pop() {
        match value {
            Value::Object(object) => {
                if let Some(Value::String(reference)) = object.get("$ref") {
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(schema.pointer(pointer).is_some(), "{reference}");
                    references += 1;
                }
                open.extend(object.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    assert!(references > 40);
}

#[test]
fn the_schema_is_that_of_the_report() {
    assert_eq!(schema()["properties"]["schema"]["const"], sample::report().schema);
}
