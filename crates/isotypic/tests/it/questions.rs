//! Questions: subgroups of one sampling, several held-out poses, and what is refused.

use isotypic::report::ReportedResult;
use isotypic::work::{Cancel, Monitor, Silent};
use isotypic::{AuditSettings, ErrorKind, PairSelection, PoseNumbers, QuestionSpec, audit};

fn ask(group: &str, poses: Option<Vec<usize>>, hold_out: &str) -> AuditSettings {
    let poses = poses.map_or(PoseNumbers::OfGroup, PoseNumbers::List);
    AuditSettings {
        question: Some(QuestionSpec { group: group.into(), poses, hold_out: hold_out.into() }),
        architectures: vec!["mlp".into()],
        pairs: PairSelection::Count(2),
        ..AuditSettings::default()
    }
}

#[test]
fn fewer_poses_from_one_sampling_are_the_same_as_asked_alone() {
    let together = audit(&ask("rotation", Some(vec![4, 8, 12, 16]), "pose:0"), &Monitor::silent()).unwrap();
    for poses in [4, 8, 12, 16] {
        let alone = audit(&ask(&format!("rotation:{poses}"), None, "pose:0"), &Monitor::silent()).unwrap();
        let same: Vec<&ReportedResult> = together
            .results
            .iter()
            .filter(|result| result.as_pair().is_some_and(|pair| pair.poses == poses))
            .collect();
        assert_eq!(same, alone.results.iter().collect::<Vec<_>>(), "{poses} poses");
    }
}

#[test]
fn every_held_out_pose_of_an_arc_is_reported() {
    let report = audit(&ask("rotation:16", None, "arc:90-270"), &Monitor::silent()).unwrap();
    assert_eq!(report.points.len(), 2 * 2 * 8); // pairs × seeds × poses
    let elements: Vec<usize> = report.points.iter().take(8).map(|point| point.element).collect();
    assert_eq!(elements, [4, 5, 6, 7, 8, 9, 10, 11]);
    let pair = report.results[0].as_pair().unwrap();
    let of_a: Vec<f64> = report.points.iter().take(8).map(|point| point.error.unwrap()).collect();
    assert!((of_a.iter().sum::<f64>() / 8.0 - pair.exact_error_a.unwrap()).abs() < 1e-12);
}

#[test]
fn what_does_not_fit_is_refused_with_a_hint() {
    let refused = |settings: AuditSettings, message: &str| {
        let error = audit(&settings, &Monitor::silent()).unwrap_err();
        assert!(error.to_string().contains(message), "`{error}` does not say `{message}`");
        assert!(error.hint().is_some(), "`{error}` has no hint");
        assert_eq!(error.kind(), ErrorKind::Input);
    };
    refused(ask("rotatoin:8", None, "pose:0"), "rotatoin");
    refused(ask("translation-x:5", None, "pose:0"), "translation-x:5");
    refused(ask("rotation:8", None, "pose:8"), "8");
    refused(ask("rotation:4*translation:28x28", None, "pose:0"), "rotation:4*translation:28x28");
    refused(AuditSettings { architectures: vec!["mpl".into()], ..ask("rotation:4", None, "pose:0") }, "mpl");
    refused(
        AuditSettings {
            architectures: vec!["mlp".into(), "mlp".into()],
            ..ask("rotation:4", None, "pose:0")
        },
        "twice",
    );
    let paper = isotypic::Convention::Paper;
    refused(AuditSettings { convention: paper, ..ask("rotation:16", None, "arc:90-270") }, "paper");
}

#[test]
fn a_cancelled_audit_says_so() {
    let cancel = Cancel::new();
    cancel.cancel();
    let monitor = Monitor::new(std::sync::Arc::new(Silent), cancel);
    let error = audit(&ask("rotation:4", None, "pose:0"), &monitor).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
}

#[test]
fn a_kernel_by_quadrature_says_how_well_it_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let network = |function: &str| {
        let file = folder.path().join(format!("{function}.json"));
        std::fs::write(&file, format!(r#"{{"layers": ["flatten", "dense", "{function}", "dense"]}}"#))
            .unwrap();
        AuditSettings { architectures: vec![file.display().to_string()], ..ask("rotation:4", None, "pose:0") }
    };
    let notes = audit(&network("tanh"), &Monitor::silent()).unwrap().notes;
    assert_eq!(notes.len(), 1);
    assert!(notes[0].contains("tanh.json: its kernel is known to a relative error of "), "{}", notes[0]);
    assert!(audit(&network("erf"), &Monitor::silent()).unwrap().notes.is_empty());
}
