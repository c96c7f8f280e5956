//! Networks over groups on orbits of their own and of other groups.

use isotypic::data::{LabelledImages, Labels, Pixels};
use isotypic::report::{AuditReport, PairResult, ReportedResult, Status, Verdict};
use isotypic::work::Monitor;
use isotypic::{AuditInput, AuditSettings, PairSelection, PoseNumbers, QuestionSpec, audit};
use ndarray::Array4;

/// Three images of each of two classes, of one side, without any symmetry.
pub(crate) fn images(side: usize) -> LabelledImages {
    let images = Array4::from_shape_fn((6, side, side, 1), |(seed, y, x, _)| {
        ((31 * seed + 17 * y * y + 7 * x * y + 3 * x) as f64 * 0.61).sin()
    });
    let labels = Labels::from_names(["one", "other"].iter().cycle().take(6)).unwrap();
    LabelledImages::new("images", Pixels::F64(images), labels).unwrap()
}

fn run(group: &str, arch: &str) -> AuditReport {
    let settings = AuditSettings {
        input: AuditInput::LoadedImages(images(8)),
        question: Some(QuestionSpec {
            group: group.into(),
            poses: PoseNumbers::OfGroup,
            hold_out: "pose:0".into(),
        }),
        architectures: vec![arch.into()],
        pairs: PairSelection::Count(2),
        ..AuditSettings::default()
    };
    audit(&settings, &Monitor::silent()).unwrap()
}

fn pairs(report: &AuditReport) -> impl Iterator<Item = &PairResult> {
    report.results.iter().map(|result| match result {
        ReportedResult::Pair(pair) => pair,
        _ => panic!("an audit of pairs"),
    })
}

#[test]
fn orbits_of_the_group_of_the_network_collapse() {
    for (group, arch) in [
        ("rotation:4", "gcnn:c4"),
        ("rotation:2", "gcnn:c4:2"),
        ("translation:4x4", "gcnn:c4"),
        ("dihedral:4", "gcnn:d4"),
        ("flip", "gcnn:d4"),
        // A missing mirror image is a turn of others that are there.
        ("dihedral:4", "gcnn:c4"),
    ] {
        let report = run(group, arch);
        for pair in pairs(&report) {
            assert_eq!(pair.status, Status::OrbitCollapse, "{group} {arch}");
            assert_eq!(pair.limit_error, Some(0.0));
            assert!(pair.exact_error.unwrap() < 1e-6, "{group} {arch}: {:?}", pair.exact_error);
            assert!(pair.correct_a && pair.correct_b, "{group} {arch}");
        }
        assert_eq!(report.verdicts[0].verdict, Verdict::OrbitCollapse);
    }
}

#[test]
fn orbits_of_another_group_do_not() {
    for (group, arch) in [("flip", "gcnn:c4"), ("rotation:4", "cnn-gap")] {
        for pair in pairs(&run(group, arch)) {
            assert_eq!(pair.status, Status::Ok, "{group} {arch}");
            assert!(pair.exact_error.unwrap() > 1e-2, "{group} {arch}: {:?}", pair.exact_error);
        }
    }
}

#[test]
fn a_network_over_a_group_without_pooling_has_invariant_kernels_and_errors() {
    let layers =
        r#"{"layers": [{"group_lift": {"group": "p4", "filter": [3, 3]}}, "relu", "flatten", "dense"]}"#;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flat.json");
    std::fs::write(&path, layers).unwrap();
    for pair in pairs(&run("rotation:4", path.to_str().unwrap())) {
        assert_eq!(pair.status, Status::Ok);
        assert!(pair.invariance_defect.unwrap() < 1e-12, "{:?}", pair.invariance_defect);
        assert!(pair.exact_error.unwrap() > 0.1, "{:?}", pair.exact_error);
    }
}
