use isotypic_report::{PairResult, ReportedResult};
use serde_json::Value;

use crate::sample;

#[test]
fn a_pair_is_one_row() {
    let expected = "\
arch,group,poses,hold_out,a,b,label_a,label_b,spectral_error,spectral_error_minimum,spectral_error_maximum,\
exact_error,exact_error_a,exact_error_b,correct_a,correct_b,projected_error,invariance_defect,condition_number,\
delta_squared_input,delta_squared_kernel,indistinguishable_poses,limit_error,status
mlp,rotation:2,2,\"poses:0,1\",17,3,\"cat \"\"Tom\"\"\",dog,0.3333333333333333,0.25,,1e-20,2.0,0.5,false,true,,0.0,\
1e17,,,1,,ok
";
    assert_eq!(sample::report().to_csv(), expected);
}

#[test]
fn columns_are_the_keys_of_a_pair_in_json() {
    let csv = sample::report().to_csv();
    let header: Vec<_> = csv.lines().next().unwrap().split(',').collect();
    let json = serde_json::to_string(&sample::pair()).unwrap();
    let keys: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(header.len(), keys.as_object().unwrap().len());
    let places: Vec<_> = header.iter().map(|key| json.find(&format!("\"{key}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{header:?}");
}

#[test]
fn numbers_that_do_not_exist_are_empty_cells() {
    let mut report = sample::report();
    let pair = PairResult { exact_error: Some(f64::NAN), limit_error: Some(f64::INFINITY), ..sample::pair() };
    report.results = vec![ReportedResult::Pair(pair)];
    let csv = report.to_csv();
    assert!(csv.contains("0.25,,,2.0,0.5,false"), "{csv}");
    assert!(!csv.contains("NaN") && !csv.contains("inf"), "{csv}");
}

#[test]
fn line_breaks_stay_inside_their_cell() {
    let mut report = sample::report();
    report.results = vec![ReportedResult::Pair(PairResult { label_b: "a\nb".to_owned(), ..sample::pair() })];
    assert!(report.to_csv().contains(",\"a\nb\","));
}

#[test]
fn a_seed_is_one_row_with_one_error_per_class() {
    let mut report = sample::report();
    report.settings.classes = vec!["cat".to_owned(), "big, dog".to_owned()];
    let expected = "\
arch,group,poses,hold_out,seed,label,unseen,error_cat,\"error_big, dog\",exact_error,projected_error,spectral_error,\
margin,probability,correct,invariance_defect,condition_number,limit_error,twin,status
mlp,rotation:2,2,pose:0,41,dog,true,1.25,,1.25,,,-0.5,0.125,false,0.0,1000000000.0,,3,ok
";
    assert_eq!(report.to_csv(), expected);
}

#[test]
fn an_empty_report_is_a_header() {
    assert_eq!(sample::empty().to_csv().lines().count(), 1);
}
