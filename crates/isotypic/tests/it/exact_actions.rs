//! Actions that permute pixels: the kernel is invariant, and the blocks are the answer.

use isotypic::report::{ReportedResult, Status, Verdict};
use isotypic::work::Monitor;
use isotypic::{AuditSettings, PairSelection, PoseNumbers, QuestionSpec, audit};

fn settings(group: &str, arch: &str, pairs: usize) -> AuditSettings {
    AuditSettings {
        question: Some(QuestionSpec {
            group: group.into(),
            poses: PoseNumbers::OfGroup,
            hold_out: "pose:0".into(),
        }),
        architectures: vec![arch.into()],
        pairs: PairSelection::Count(pairs),
        ..AuditSettings::default()
    }
}

#[test]
fn a_network_that_has_the_symmetry_collapses_orbits_and_makes_no_error() {
    let report = audit(&settings("translation-x:7", "cnn-gap", 6), &Monitor::silent()).unwrap();
    for result in &report.results {
        let ReportedResult::Pair(pair) = result else { panic!("an audit of pairs") };
        assert_eq!(pair.status, Status::OrbitCollapse);
        // The ridge, 1e-10 of the mean diagonal, over the share of the kernel that tells the classes apart.
        assert!(pair.exact_error.unwrap() < 1e-6, "{:?}", pair.exact_error);
        assert_eq!(pair.limit_error, Some(0.0));
        assert!(pair.correct_a && pair.correct_b);
    }
    assert_eq!(report.verdicts[0].verdict, Verdict::OrbitCollapse);
    assert!(report.verdicts[0].text.contains("orbit collapse"));
    let json = report.to_json().unwrap();
    assert!(!json.contains("NaN") && !json.contains("inf"));
}

#[test]
fn projection_changes_nothing_under_quarter_turns_and_shifts() {
    for group in ["rotation:4", "translation-x:14", "translation:4x2", "flip"] {
        for arch in ["mlp", "cnn"] {
            let report = audit(&settings(group, arch, 3), &Monitor::silent()).unwrap();
            for result in &report.results {
                let ReportedResult::Pair(pair) = result else { panic!("an audit of pairs") };
                assert!(
                    pair.invariance_defect.unwrap() < 1e-12,
                    "{group} {arch}: {:?}",
                    pair.invariance_defect
                );
                assert_eq!(pair.exact_error, pair.projected_error, "{group} {arch}");
                assert_eq!(pair.spectral_error.is_some(), group != "translation:4x2");
            }
        }
    }
}

#[test]
fn a_rotation_that_interpolates_has_a_defect_and_dense_errors() {
    let report = audit(&settings("rotation:8", "cnn", 2), &Monitor::silent()).unwrap();
    let ReportedResult::Pair(pair) = &report.results[0] else { panic!("an audit of pairs") };
    assert!(pair.invariance_defect.unwrap() > 1e-6);
    assert_ne!(pair.exact_error, pair.projected_error);
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            audit(&settings("rotation:8", "mlp", 4), &Monitor::silent()).unwrap().to_json().unwrap()
        })
    };
    assert_eq!(run(1), run(3));
}
