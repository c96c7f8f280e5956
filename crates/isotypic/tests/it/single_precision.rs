//! Audits in single precision: the same answers, or double precision where there would be others.

use isotypic::report::{AuditReport, Status};
use isotypic::work::Monitor;
use isotypic::{
    AuditInput, AuditSettings, Convention, ErrorKind, PairSelection, PoseNumbers, Precision, QuestionSpec,
    audit,
};

fn settings(precision: Precision, group: &str, poses: &[usize], architectures: &[&str]) -> AuditSettings {
    AuditSettings {
        question: Some(QuestionSpec {
            group: group.into(),
            poses: PoseNumbers::List(poses.to_vec()),
            hold_out: "pose:0".into(),
        }),
        architectures: architectures.iter().map(ToString::to_string).collect(),
        pairs: PairSelection::Count(3),
        precision,
        ..AuditSettings::default()
    }
}

/// The same audit in both precisions.
fn both(group: &str, poses: &[usize], architectures: &[&str]) -> [AuditReport; 2] {
    [Precision::F64, Precision::F32].map(|precision| {
        audit(&settings(precision, group, poses, architectures), &Monitor::silent()).unwrap()
    })
}

#[test]
fn verdicts_on_the_unit_sphere_are_those_of_double_precision() {
    let [double, single] = both("rotation", &[2, 8, 32], &["mlp", "mlp:5"]);
    assert_eq!(single.settings.precision, "f32");
    assert_eq!(double.verdicts, single.verdicts);
    assert!(single.notes.is_empty(), "{:?}", single.notes);
    for (double, single) in double.results.iter().zip(&single.results) {
        let [double, single] = [double, single].map(|result| result.as_pair().unwrap());
        assert_eq!((single.status, single.correct_a), (Status::Ok, double.correct_a));
        let [exact, rounded] = [double, single].map(|pair| pair.exact_error.unwrap());
        assert_ne!(exact, rounded);
        assert!((exact - rounded).abs() <= 1e-4 * exact, "{} at {}: {rounded}", single.arch, single.poses);
    }
}

#[test]
fn an_invariant_network_still_has_the_symmetry_built_in() {
    let [double, single] = both("translation-x", &[4], &["cnn-gap"]);
    assert_eq!(double.verdicts, single.verdicts);
    assert!(single.results.iter().all(|result| result.as_pair().unwrap().status == Status::OrbitCollapse));
}

/// Singular but for the ridge, so that any rounding of single precision is too much.
#[test]
fn what_single_precision_would_spoil_is_computed_in_double() {
    let [double, single] = both("translation-x", &[4], &["cnn-gap"]);
    assert_eq!(double.results, single.results);
    assert_eq!(single.notes.len(), 1);
    assert!(
        single.notes[0].starts_with("cnn-gap: 3 of 3 results were computed again"),
        "{}",
        single.notes[0]
    );
}

#[test]
fn what_has_no_single_precision_is_refused_with_a_hint() {
    let refused = |settings: AuditSettings, message: &str| {
        let error = audit(&settings, &Monitor::silent()).unwrap_err();
        assert!(error.to_string().contains(message), "`{error}` does not say `{message}`");
        assert!(error.hint().is_some(), "`{error}` has no hint");
        assert_eq!(error.kind(), ErrorKind::Input);
    };
    let single = || settings(Precision::F32, "rotation", &[4], &["mlp"]);
    refused(AuditSettings { convention: Convention::Paper, ..single() }, "paper");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("f.npy");
    ndarray_npy::write_npy(&file, &ndarray::Array3::from_shape_fn((2, 4, 3), |(s, g, d)| (s + g * d) as f64))
        .unwrap();
    let of_features = AuditSettings {
        input: AuditInput::Features(file),
        labels: Some("+1,-1".into()),
        question: Some(QuestionSpec {
            group: "cyclic:4".into(),
            poses: PoseNumbers::OfGroup,
            hold_out: "pose:0".into(),
        }),
        architectures: vec!["linear".into()],
        ..single()
    };
    refused(of_features, "`linear`: kernels on features");
}
