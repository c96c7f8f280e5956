//! The experiment of classes that lack a pose: what it does, and how it goes on.

use std::fs;
use std::sync::Arc;

use isotypic_train::{ClassesExperiment, Optimizer, TrainError, TrainingOptions};
use isotypic_work::{Cancel, Monitor, ProgressSink};
use ndarray::Array3;

/// Bars in two directions that no turn by 45 degrees exchanges, with spots that tell images apart.
fn experiment(epochs: usize) -> ClassesExperiment {
    let images = Array3::from_shape_fn((40, 14, 14), |(image, row, column)| {
        let (y, x) = (row as f64 - 6.5, column as f64 - 6.5);
        let spot = ((image * 7 + row * 3 + column * 5) % 11) as f64 / 40.0;
        let bar = if image % 2 == 0 { y.abs() < 1.5 && x > 0.0 } else { (y - x).abs() < 2.0 && x > 0.0 };
        f64::from(u8::from(bar)) + spot
    });
    ClassesExperiment {
        networks: vec!["mlp".to_owned(), "cnn".to_owned()],
        poses: vec![2, 4],
        left_out: vec![1],
        options: TrainingOptions {
            optimizer: Optimizer::Adam { learning_rate: 0.05 },
            epochs,
            batch: 16,
            width: 8,
            ..TrainingOptions::default()
        },
        ..ClassesExperiment::new(images, (0..40).map(|image| image % 2).collect(), 2)
    }
}

/// Stops when so many batches have been reported.
struct StopAfter {
    reports: std::sync::atomic::AtomicUsize,
    limit: usize,
    cancel: Cancel,
}

impl ProgressSink for StopAfter {
    fn stage(&self, _name: &str, _total: f64) {}
    fn progress(&self, done: f64, total: f64) {
        assert!(done <= total * (1.0 + 1e-9), "{done} of {total}");
        if self.reports.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == self.limit {
            self.cancel.cancel();
        }
    }
    fn finish(&self) {}
}

fn stopping_after(limit: usize) -> Monitor {
    let cancel = Cancel::new();
    let sink = StopAfter { reports: 0.into(), limit, cancel: cancel.clone() };
    Monitor::new(Arc::new(sink), cancel)
}

#[test]
fn every_combination_is_a_run_and_networks_stand_first() {
    let runs = experiment(12).run(&stopping_after(usize::MAX)).unwrap();
    let names: Vec<String> = runs.iter().map(|run| run.name.to_string()).collect();
    let expected = ["mlp poses 2", "mlp poses 4", "cnn poses 2", "cnn poses 4"];
    assert_eq!(names, expected.map(|name| format!("{name} class 1 seed 0")));
    for run in &runs {
        assert_eq!((run.held_out_examples, run.epochs), (20, 12));
        assert_eq!(run.examples, 40 * run.name.poses - 20 - (40 * run.name.poses - 20) / 10);
        assert!(run.train_accuracy > 0.85 && run.loss.unwrap() < 0.6, "{run:?}");
    }
    let mut backwards = experiment(1);
    backwards.networks.reverse();
    let first = backwards.run(&Monitor::silent()).unwrap()[0].name.network.clone();
    assert_eq!(first, "cnn");
}

#[test]
fn a_stopped_experiment_goes_on_with_the_same_results() {
    let whole = experiment(3).run(&Monitor::silent()).unwrap();
    let place = tempfile::tempdir().unwrap();
    let in_folder = |resume| ClassesExperiment { folder: Some(place.path().into()), resume, ..experiment(3) };
    // In the third epoch of the second run: 2 poses give 4 batches an epoch, and each run reports once before and after.
    let error = in_folder(false).run(&stopping_after(14 + 1 + 2 * 4 + 1)).unwrap_err();
    assert!(error.is_interruption(), "{error}");
    assert_eq!(
        error.to_string(),
        "cnn poses 2 class 1 seed 0: interrupted in epoch 3; the last checkpoint is kept"
    );
    let error = in_folder(false).run(&Monitor::silent()).unwrap_err();
    assert!(matches!(error, TrainError::CheckpointsThere { .. }), "{error}");
    assert_eq!(in_folder(true).run(&stopping_after(usize::MAX)).unwrap(), whole);
    // All runs are at their end now: nothing is trained again, and the answer is the same.
    assert_eq!(in_folder(true).run(&stopping_after(usize::MAX)).unwrap(), whole);
    let metrics = fs::read_to_string(place.path().join("metrics.csv")).unwrap();
    assert_eq!(metrics.lines().count(), 1 + 4 * 3, "{metrics}");
    let mut other = in_folder(true);
    other.images *= 2.0;
    let error = other.run(&Monitor::silent()).unwrap_err();
    assert!(error.to_string().contains("expected examples"), "{error}");
}

#[test]
fn experiments_that_cannot_be_are_refused() {
    let refused = |change: fn(&mut ClassesExperiment)| {
        let mut one = experiment(1);
        change(&mut one);
        one.run(&Monitor::silent()).unwrap_err().to_string()
    };
    assert_eq!(refused(|one| one.poses.clear()), "numbers of poses: expected at least one, got none");
    assert!(refused(|one| one.left_out = vec![2]).contains("class 2"));
    assert!(refused(|one| one.networks = vec!["mpl".to_owned()]).starts_with("network `mpl`: "));
    assert_eq!(
        refused(|one| one.options.optimizer = Optimizer::Adam { learning_rate: f64::NAN }),
        "mlp poses 2 class 1 seed 0: `learning rate`: expected a positive finite number, got `NaN`"
    );
    let error = refused(|one| one.options.optimizer = Optimizer::Sgd { learning_rate: 1e30, momentum: 0.0 });
    assert!(error.contains(" poses 2 class 1 seed 0: epoch 1, batch"), "{error}");
}

#[test]
fn residual_networks_learn_with_batch_normalisation_and_without() {
    for (network, learning_rate, epochs) in [("small-resnet", 0.003, 14), ("resnet", 0.1, 8)] {
        // Running averages need some steps more than the loss.
        let mut one = experiment(epochs);
        one.networks = vec![network.to_owned()];
        one.poses = vec![2];
        one.options.optimizer = Optimizer::Adam { learning_rate };
        let run = one.run(&Monitor::silent()).unwrap().remove(0);
        assert!(run.train_accuracy > 0.9 && run.loss.unwrap() < 0.5, "{run:?}");
    }
}
