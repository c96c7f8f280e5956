//! Networks trained together against the same networks trained one by one.

use isotypic_architecture::Architecture;
use isotypic_train::{
    Descent, Ensemble, Initialization, KeptDescent, Loss, Network, NetworkParameters, Optimizer, Precision,
    TrainError, Trainer, TrainingSettings,
};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use isotypic_work::{Cancel, Monitor, ProgressSink, Silent};
use ndarray::{Array3, Axis, s};

fn network(json: &str, shape: &[usize]) -> Network {
    Network::from_graph(&Architecture::from_json(json).unwrap().check(shape).unwrap()).unwrap()
}

/// A network with every layer that has parameters, two of them inside attention.
const LAYERS: &str = r#"{"layers": [{"conv": {"filter": [2, 2], "padding": "circular", "width": 3, "b_std": 0.4}}, "relu", {"dense": {"width": 3}},
    {"residual": [{"layer_norm": {"epsilon": 0.1}}, {"self_attention": {"heads": 2, "key_width": 2, "value_width": 2, "width": 3,
    "b_std": 0.3, "mechanism": "identity", "scaling": "sqrt", "positional_embedding": {"type": "concat", "width": 2, "on_values": true}}}]},
    {"self_attention": {"heads": 2, "key_width": 2, "value_width": 3, "width": 3, "positional_embedding": {"type": "sum"}}},
    "flatten", {"dense": {"width": 2, "b_std": 0.1}}]}"#;

/// Of a member that is trained alone, for so many steps. The loss of a trainer is a mean over its four examples.
fn alone_settings(steps: usize) -> TrainingSettings {
    TrainingSettings {
        optimizer: Optimizer::Sgd { learning_rate: 0.04, momentum: 0.6 },
        loss: Loss::Squared,
        batch: 4,
        seed: 0,
        epochs: steps,
        enough_loss: None,
        patience: None,
        data: String::new(),
    }
}

#[test]
fn each_member_goes_the_way_it_would_go_alone() {
    let network = network(LAYERS, &[3, 2, 1]);
    let (seeds, steps) = ([5, 9, 11], 4);
    let inputs = Array3::from_shape_fn((3, 4, 6), |(member, row, at)| {
        (1.0 + member as f64 * 0.9 + row as f64 * 1.7 + at as f64).sin()
    });
    let targets =
        Array3::from_shape_fn((3, 4, 2), |(member, row, at)| ((member + row * at) % 3) as f64 - 1.0);
    let mut ensemble = Ensemble::draw(&network, Initialization::Gaussian, Precision::Double, &seeds).unwrap();
    let descent = Descent { learning_rate: 0.01, momentum: 0.6, steps, seed: 0 };
    let losses = ensemble.descend(inputs.view(), targets.view(), &descent, &Monitor::silent()).unwrap();
    let together = ensemble.outputs(inputs.view()).unwrap();
    for (member, &seed) in seeds.iter().enumerate() {
        let parameters =
            NetworkParameters::draw(&network, Initialization::Gaussian, Precision::Double, seed).unwrap();
        let mut alone = Trainer::new(network.clone(), parameters, alone_settings(steps)).unwrap();
        let own = inputs.slice(s![member, .., ..]);
        let examples = (own, targets.index_axis(Axis(0), member));
        alone.fit(examples, &Cancel::new(), None, |_| ()).unwrap();
        let expected = network.forward(alone.parameters(), own.to_owned().as_slice().unwrap(), None).unwrap();
        for (got, expected) in together.index_axis(Axis(0), member).iter().zip(&expected) {
            assert!((got - expected).abs() < 1e-12, "member {member}: {got}, expected {expected}");
        }
        for (got, expected) in
            ensemble.member(member).unwrap().values().iter().zip(alone.parameters().values())
        {
            let far = got.iter().zip(&expected).fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
            assert!(got.len() == expected.len() && far < 1e-12, "member {member}: {far}");
        }
        let loss = alone.progress().last_loss.unwrap() * 4.0;
        assert!((losses[member] - loss).abs() < 1e-12, "{} and {loss}", losses[member]);
    }
}

/// Batch normalisation, weights of every position and maxima: in training a member's batch is its own examples, and afterwards these are
/// normalised as they were.
#[test]
fn members_normalise_by_their_own_examples_and_afterwards_by_all_of_these() {
    let network = network(
        r#"{"layers": [{"conv_local": {"filter": [2, 2], "padding": "same", "width": 4, "b_std": 0.4}}, {"batch_norm": {}}, "tanh",
        {"conv_transpose": {"filter": [2, 2], "strides": [2, 1], "padding": "same", "width": 3, "b_std": 0.2}},
        {"max_pool": {"window": [2, 2], "padding": "same"}}, "flatten", {"dense": {"width": 3}}, {"batch_norm": {"epsilon": 0.1}},
        {"dense": {"width": 2, "b_std": 0.1}}]}"#,
        &[3, 2, 1],
    );
    let (seeds, steps) = ([5, 9], 4);
    let inputs = Array3::from_shape_fn((2, 4, 6), |(member, row, at)| {
        (1.0 + member as f64 * 0.9 + row as f64 * 1.7 + at as f64).sin()
    });
    let targets = Array3::from_shape_fn((2, 4, 2), |(member, row, at)| ((member + row * at) % 3) as f64);
    let mut ensemble = Ensemble::draw(&network, Initialization::Gaussian, Precision::Double, &seeds).unwrap();
    let in_training = |parameters: &NetworkParameters, member: usize| {
        let own = inputs.index_axis(Axis(0), member).to_owned();
        network.forward(parameters, own.as_slice().unwrap(), Some(0)).unwrap()
    };
    let close = |got: &Array3<f64>, member: usize, expected: &[f64], what: &str| {
        for (got, expected) in got.index_axis(Axis(0), member).iter().zip(expected) {
            assert!((got - expected).abs() < 1e-11, "{what}, member {member}: {got}, expected {expected}");
        }
    };
    let untouched = ensemble.outputs(inputs.view()).unwrap();
    ensemble.calibrate(inputs.view()).unwrap();
    let before = ensemble.outputs(inputs.view()).unwrap();
    assert!((&before - &untouched).iter().any(|far| far.abs() > 0.01));
    let descent = Descent { learning_rate: 0.01, momentum: 0.6, steps, seed: 0 };
    ensemble.descend(inputs.view(), targets.view(), &descent, &Monitor::silent()).unwrap();
    let together = ensemble.outputs(inputs.view()).unwrap();
    for (member, &seed) in seeds.iter().enumerate() {
        let parameters =
            NetworkParameters::draw(&network, Initialization::Gaussian, Precision::Double, seed).unwrap();
        close(&before, member, &in_training(&parameters, member), "before");
        let mut alone = Trainer::new(network.clone(), parameters, alone_settings(steps)).unwrap();
        let examples = (inputs.index_axis(Axis(0), member), targets.index_axis(Axis(0), member));
        alone.fit(examples, &Cancel::new(), None, |_| ()).unwrap();
        close(&together, member, &in_training(alone.parameters(), member), "after");
        let own = ensemble.member(member).unwrap();
        for ((name, got), expected) in own.names().iter().zip(own.values()).zip(alone.parameters().values()) {
            let far = got.iter().zip(&expected).fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
            // A trainer averages, and after 4 steps that shows.
            let differ = name.contains("running") && far > 1e-3;
            assert!(differ || !name.contains("running") && far < 1e-11, "member {member}, {name}: {far}");
        }
    }
    let one = inputs.slice(s![.., ..1, ..]);
    let error = ensemble.calibrate(one).unwrap_err();
    let expected = "layer 8 (`batch_norm`): expected at least 2 values of each channel in every batch, got 1";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn there_is_no_member_beyond_the_last() {
    let network = network(LAYERS, &[3, 2, 1]);
    let ensemble = Ensemble::draw(&network, Initialization::Gaussian, Precision::Single, &[1, 2]).unwrap();
    assert!(ensemble.member(1).is_some() && ensemble.member(2).is_none());
}

#[test]
fn what_does_not_fit_is_refused_and_interruptions_change_nothing() {
    let network = network(r#"{"layers": [{"dense": {"width": 1}}]}"#, &[2]);
    let mut ensemble =
        Ensemble::draw(&network, Initialization::Gaussian, Precision::Single, &[1, 2]).unwrap();
    let descent = Descent { learning_rate: 0.1, momentum: 0.0, steps: 3, seed: 0 };
    let (inputs, targets) = (Array3::<f64>::ones((2, 3, 2)), Array3::<f64>::zeros((2, 3, 1)));
    let error = ensemble.outputs(inputs.slice(s![..1, .., ..])).unwrap_err();
    assert_eq!(error.to_string(), "inputs of an ensemble: expected [2, at least 1, 2], got [1, 3, 2]");
    let short = targets.slice(s![.., ..2, ..]);
    let error = ensemble.descend(inputs.view(), short, &descent, &Monitor::silent()).unwrap_err();
    assert!(error.to_string().starts_with("targets of an ensemble: expected (2, 3, 1)"), "{error}");
    let (cancel, before) = (Cancel::new(), ensemble.outputs(inputs.view()).unwrap());
    cancel.cancel();
    let monitor = Monitor::new(std::sync::Arc::new(Silent), cancel);
    let error = ensemble.descend(inputs.view(), targets.view(), &descent, &monitor).unwrap_err();
    assert!(matches!(error, TrainError::InterruptedAtStep { step: 1 }), "{error}");
    let wild = Descent { learning_rate: 1e30, steps: 9, ..descent };
    let error = ensemble.descend(inputs.view(), targets.view(), &wild, &Monitor::silent()).unwrap_err();
    assert!(matches!(error, TrainError::MemberDiverged { .. }), "{error}");
    assert_eq!(ensemble.outputs(inputs.view()).unwrap(), before);
    assert!(NetworkParameters::stack(&[]).is_err());
}

/// Stops after so many steps.
struct StopAfter(AtomicUsize, Cancel);

impl ProgressSink for StopAfter {
    fn stage(&self, _name: &str, _total: f64) {}
    fn progress(&self, _done: f64, _total: f64) {
        if self.0.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.1.cancel();
        }
    }
    fn finish(&self) {}
}

fn stopping_after(steps: usize) -> Monitor {
    let cancel = Cancel::new();
    // Steps that are there already are reported as well, once.
    Monitor::new(Arc::new(StopAfter(AtomicUsize::new(steps + 1), cancel.clone())), cancel)
}

fn keep(path: &Path, resume: bool, every: Duration) -> KeptDescent {
    KeptDescent { path: path.to_owned(), resume, every }
}

/// Three networks on four points for 9 steps.
fn descent(
    seeds: &[u64],
    learning_rate: f64,
    kept: Option<&KeptDescent>,
    monitor: &Monitor,
) -> Result<(Ensemble, Vec<f64>), TrainError> {
    let network = network(LAYERS, &[3, 2, 1]);
    let mut ensemble = Ensemble::draw(&network, Initialization::Gaussian, Precision::Single, seeds)?;
    let inputs = Array3::from_shape_fn((seeds.len(), 4, 6), |(member, row, at)| {
        (1.0 + member as f64 * 0.9 + row as f64 * 1.7 + at as f64).sin()
    });
    let targets =
        Array3::from_shape_fn((seeds.len(), 4, 2), |(member, row, at)| ((member + row * at) % 3) as f64);
    let descent = Descent { learning_rate, momentum: 0.6, steps: 9, seed: 0 };
    let losses = ensemble.descend_kept(inputs.view(), targets.view(), &descent, kept, monitor)?;
    Ok((ensemble, losses))
}

#[test]
fn an_ensemble_that_was_stopped_goes_on_with_the_same_bits_and_ends_with_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let (whole_path, path) = (folder.path().join("whole"), folder.path().join("stopped"));
    let hour = Duration::from_secs(3600);
    let whole =
        descent(&[5, 9, 11], 0.01, Some(&keep(&whole_path, false, hour)), &Monitor::silent()).unwrap();
    for (stops, every) in [(vec![1, 3], hour), (vec![4], Duration::ZERO)] {
        for (at, steps) in stops.into_iter().enumerate() {
            let kept = keep(&path, at > 0, every);
            let error = descent(&[5, 9, 11], 0.01, Some(&kept), &stopping_after(steps)).err().unwrap();
            assert!(
                error.is_interruption() && error.to_string().starts_with("interrupted in step"),
                "{error}"
            );
        }
        let again = descent(&[5, 9, 11], 0.01, Some(&keep(&path, true, every)), &Monitor::silent()).unwrap();
        assert_eq!(again.1, whole.1);
        assert_eq!(again.0.parameters().values(), whole.0.parameters().values());
        assert!(fs::read(&path).unwrap() == fs::read(&whole_path).unwrap(), "other bytes");
        // Nothing is left to do: one step more would be an interruption.
        let there = descent(&[5, 9, 11], 0.01, Some(&keep(&path, true, every)), &stopping_after(0)).unwrap();
        assert_eq!(there.1, whole.1);
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn files_of_other_descents_and_broken_ones_are_refused_and_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kept");
    let kept = keep(&path, true, Duration::ZERO);
    descent(&[1, 2], 0.01, Some(&kept), &stopping_after(2)).err().unwrap();
    let content = fs::read(&path).unwrap();
    let foreign = |seeds: &[u64], rate| {
        let error = descent(seeds, rate, Some(&kept), &Monitor::silent()).err().unwrap();
        assert_eq!(fs::read(&path).unwrap(), content);
        match error {
            TrainError::ForeignCheckpoint { what, .. } => what,
            error => panic!("{error}"),
        }
    };
    assert_eq!(foreign(&[1, 2], 0.02), "settings");
    assert_eq!(foreign(&[1, 3], 0.01), "examples");
    assert_eq!(foreign(&[1, 2, 3], 0.01), "examples");
    // What diverges leaves the file of its last writing.
    let wild = keep(&folder.path().join("wild"), false, Duration::ZERO);
    let error = descent(&[1, 2], 1e12, Some(&wild), &Monitor::silent()).err().unwrap();
    assert!(matches!(error, TrainError::MemberDiverged { .. }), "{error}");
    assert!(wild.path.exists());
    for length in [0, 7, 100, content.len() - 1] {
        fs::write(&path, &content[..length]).unwrap();
        let error = descent(&[1, 2], 0.01, Some(&kept), &Monitor::silent()).err().unwrap();
        assert!(matches!(error, TrainError::BrokenCheckpoint { .. }), "{length}: {error}");
        assert_eq!(fs::read(&path).unwrap().len(), length);
    }
}
