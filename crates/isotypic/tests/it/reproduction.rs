//! The figures of the paper, small: two pairs and up to eight poses, by the code that makes them large.

use isotypic::report::{ReproducedFigure, ReproductionVerdict};
use isotypic::work::{Cancel, Monitor, ProgressSink};
use isotypic::{ErrorKind, PaperFigure, ReproductionSettings, paper_figures, reproduce};
use std::sync::Arc;

fn settings(figure: &str) -> ReproductionSettings {
    ReproductionSettings {
        figures: vec![figure.to_owned()],
        is_quick: true,
        pairs: Some(2),
        largest_poses: Some(8),
        ..Default::default()
    }
}

fn made(figure: &str) -> ReproducedFigure {
    // Costly ones go up to four poses.
    let costly = ["cnn-rotations", "classes", "classes-trained", "figure-1", "mlp-trained"];
    let largest_poses = if costly.contains(&figure) { 4 } else { 8 };
    let settings = ReproductionSettings { largest_poses: Some(largest_poses), ..settings(figure) };
    let made = reproduce(&settings, &Monitor::silent()).unwrap();
    assert_eq!(made.report.figures.len(), 1);
    let found = made.report.figures[0].clone();
    assert_eq!(made.pictures.len(), found.pictures.len(), "{figure}");
    for (picture, named) in made.pictures.iter().zip(&found.pictures) {
        assert!(picture.file == named.file && picture.file.starts_with(figure), "{}", picture.file);
        assert!(picture.svg.contains("<circle") || picture.svg.contains("<image"), "{}", picture.file);
    }
    assert!(!found.pictures.is_empty(), "{figure}");
    // What is expected exists, unless it takes more poses than here or the authors' own data.
    for check in found.checks.iter().filter(|check| check.holds.is_none()) {
        let needs_more =
            ["64", "32", "28", "16"].iter().any(|poses| check.quantity.contains(&format!("at {poses} ")));
        // A correlation of two pairs is none.
        let is_correlation = check.quantity.starts_with("correlation");
        assert!(
            needs_more || is_correlation || check.source.contains("MNIST training set"),
            "{}",
            check.quantity
        );
    }
    found
}

#[test]
fn figures_without_data_are_reproduced() {
    for figure in ["spectrum-sketch", "toy-poses", "toy-separation"] {
        let found = made(figure);
        assert_eq!(found.verdict, ReproductionVerdict::Reproduced, "{found:?}");
    }
}

#[test]
fn orbits_are_closed_curves() {
    assert_eq!(made("orbits").verdict, ReproductionVerdict::Reproduced);
}

#[test]
fn figures_of_fully_connected_networks_are_made() {
    for figure in ["mlp", "mlp-deep"] {
        assert_eq!(made(figure).pictures.len(), 4);
    }
}

#[test]
fn convolutional_networks_under_rotations_are_made_and_say_what_has_no_effect() {
    assert!(made("cnn-rotations").notes[0].contains("no effect"));
}

#[test]
fn convolutional_networks_under_shifts_are_made_and_pooling_is_right() {
    let found = made("cnn-shifts");
    assert!(found.notes[0].contains("no effect"));
    let pooled = found.checks.iter().find(|check| check.quantity.ends_with("pooled")).unwrap();
    assert_eq!(pooled.holds, Some(true));
}

#[test]
fn thirteen_seeds_are_made() {
    made("seeds");
}

#[test]
fn ten_classes_are_made() {
    made("classes");
}

#[cfg(feature = "train")]
#[test]
fn networks_are_trained_on_whole_data() {
    made("figure-1");
}

#[cfg(feature = "train")]
#[test]
fn networks_are_trained_on_pairs_and_fail_where_the_spectral_error_says_so() {
    let found = made("mlp-trained");
    let same = found.checks.iter().find(|check| check.quantity.starts_with("share of pairs")).unwrap();
    assert_eq!(same.holds, Some(true), "{same:?}");
}

#[cfg(feature = "train")]
#[test]
fn networks_are_trained_on_ten_classes() {
    made("classes-trained");
}

#[test]
fn a_figure_that_trains_says_what_it_needs() {
    let trained: Vec<_> = PaperFigure::all().iter().filter(|figure| figure.is_trained()).collect();
    assert!(!trained.is_empty());
    if cfg!(not(feature = "train")) {
        for figure in trained {
            let made = reproduce(&settings(figure.name), &Monitor::silent()).unwrap();
            let found = &made.report.figures[0];
            assert_eq!((found.verdict, made.pictures.len()), (ReproductionVerdict::NotRun, 0));
            let command = format!("cargo run --release --features train -- reproduce {}", figure.name);
            assert!(found.notes[0].contains(&command), "{:?}", found.notes);
        }
    }
}

/// Stops after some units.
struct StopSoon(Cancel);

impl ProgressSink for StopSoon {
    fn stage(&self, _name: &str, _total: f64) {}
    fn progress(&self, _done: f64, _total: f64) {
        self.0.cancel();
    }
    fn finish(&self) {}
}

#[test]
fn a_stopped_reproduction_goes_on_with_the_units_that_are_finished() {
    let folder = tempfile::tempdir().unwrap();
    let whole = reproduce(&settings("mlp"), &Monitor::silent()).unwrap();
    let kept = ReproductionSettings { units: Some(folder.path().join("units")), ..settings("mlp") };
    let cancel = Cancel::new();
    let monitor = Monitor::new(Arc::new(StopSoon(cancel.clone())), cancel);
    let error = reproduce(&kept, &monitor).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(reproduce(&kept, &Monitor::silent()).unwrap(), whole);
    // One unit for each number of poses; with all of them there the same comes out again.
    let units: Vec<_> = std::fs::read_dir(folder.path().join("units")).unwrap().collect();
    assert_eq!(units.len(), 3);
    assert_eq!(reproduce(&kept, &Monitor::silent()).unwrap(), whole);
}

#[test]
fn figures_and_counts_that_make_no_sense_are_refused() {
    let message = |settings: &ReproductionSettings| {
        let error = reproduce(settings, &Monitor::silent()).unwrap_err();
        assert!(error.hint().is_some(), "{error}");
        error.to_string()
    };
    assert_eq!(message(&settings("figure-7")), "figure `figure-7`: no figure of this name");
    let one = ReproductionSettings { pairs: Some(1), ..settings("mlp") };
    assert_eq!(message(&one), "pairs: expected at least 2, got 1");
    let few = ReproductionSettings { data: Some("mini-mnits".to_owned()), ..settings("mlp") };
    assert_eq!(message(&few), "unknown dataset `mini-mnits`");
    assert_eq!(paper_figures(&["all".to_owned()]).unwrap().len(), PaperFigure::all().len());
}
