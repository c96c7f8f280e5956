//! What training shows of symmetries: networks that have that of the orbits recognise a pose which one class lacks, the same networks on
//! orbits of another group do not.

use isotypic::report::{AuditReport, PairResult, ReportedResult};
use isotypic::train::{EnsembleTraining, audit_and_train};
use isotypic::work::Monitor;
use isotypic::{AuditInput, AuditSettings, PairSelection, PoseNumbers, QuestionSpec};

use crate::group_networks::images;

fn trained(group: &str, arch: &str) -> AuditReport {
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
    let training = EnsembleTraining { width: 16, steps: 400, momentum: 0.95, ..EnsembleTraining::default() };
    audit_and_train(&settings, &training, &Monitor::silent()).unwrap()
}

fn errors(report: &AuditReport) -> Vec<(f64, bool)> {
    let of_pair = |result: &ReportedResult| match result {
        ReportedResult::Pair(PairResult { trained: Some(trained), .. }) => {
            (trained.trained_error.unwrap(), trained.trained_correct)
        }
        _ => panic!("an audit of pairs with training"),
    };
    report.results.iter().map(of_pair).collect()
}

fn recognises(group: &str, arch: &str) {
    for (error, is_correct) in errors(&trained(group, arch)) {
        assert!(is_correct && error < 0.05, "{group}, {arch}: {error}");
    }
}

#[test]
fn convolutions_over_quarter_turns_recognise_the_turn_that_they_never_saw() {
    recognises("rotation:4", "gcnn:c4");
    recognises("flip", "gcnn:d4");
}

#[test]
fn a_mean_over_positions_recognises_the_shift_that_it_never_saw() {
    recognises("translation-x:4", "cnn-gap");
    // Shifts belong to p4.
    recognises("translation-x:2", "gcnn:c4");
}

/// Of white noise: no pose tells anything about another, unless the network makes it.
#[test]
fn the_same_networks_on_orbits_of_another_group_do_not() {
    for (group, arch) in [("flip", "gcnn:c4"), ("rotation:4", "cnn-gap")] {
        let errors = errors(&trained(group, arch));
        let mean = errors.iter().map(|(error, _)| error).sum::<f64>() / errors.len() as f64;
        assert!(mean > 0.5, "{group}, {arch}: {errors:?}");
    }
}
