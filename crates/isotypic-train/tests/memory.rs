//! Estimates of memory against a counting allocator. A program of its own, since other tests would be counted too.

#![cfg(feature = "burn")]
#![allow(clippy::unwrap_used)] // helpers of a test may stop it

use isotypic_architecture::Architecture;
use isotypic_train::{
    Initialization, Loss, Network, NetworkParameters, Optimizer, Precision, Trainer, TrainingSettings,
};
use isotypic_work::Cancel;
use ndarray::Array2;
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Bytes that were held at the peak of two epochs and an evaluation, and the bytes estimated.
fn peak_and_estimate(name: &str, precision: Precision, batch: usize) -> (usize, usize) {
    let examples = 2 * batch;
    let network = match name.starts_with('{') {
        true => {
            Network::from_graph(&Architecture::from_json(name).unwrap().check(&[28, 28, 1]).unwrap()).unwrap()
        }
        false => Network::resolve(name, &[28, 28, 1], 10, 24).unwrap().0,
    };
    let inputs =
        Array2::from_shape_fn((examples, 784), |(row, column)| (row as f64 + 0.37 * column as f64).sin());
    let targets = Array2::from_shape_fn((examples, 10), |(row, column)| f64::from(row % 10 == column));
    let settings = TrainingSettings {
        optimizer: Optimizer::Adam { learning_rate: 1e-3 },
        loss: Loss::CrossEntropy,
        batch,
        seed: 0,
        epochs: 2,
        enough_loss: None,
        patience: None,
        data: String::new(),
    };
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let parameters = NetworkParameters::draw(&network, Initialization::KaimingUniform, precision, 0).unwrap();
    let estimate = network.training_bytes(&parameters, batch);
    let mut trainer = Trainer::new(network, parameters, settings).unwrap();
    trainer.fit((inputs.view(), targets.view()), &Cancel::new(), None, |_| {}).unwrap();
    trainer.accuracy((inputs.view(), targets.view())).unwrap();
    (ALLOCATOR.peak_usage() - before, usize::try_from(estimate).unwrap())
}

/// Statistics of batches, maxima and taps two apart.
const NORMALISED: &str = r#"{"layers": [{"conv": {"filter": [3, 3], "padding": "same", "width": 24}}, "relu",
    {"max_pool": {"window": [3, 3], "strides": [2, 2], "padding": "same"}}, {"conv": {"filter": [3, 3], "dilation": [2, 2], "width": 24}},
    {"batch_norm": {}}, "relu", {"conv": {"filter": [3, 3], "width": 24}}, {"batch_norm": {}}, "relu", "global_avg_pool", {"dense": {"width": 10}}]}"#;

/// Weights of every position.
const LOCAL: &str = r#"{"layers": [{"avg_pool": {"window": [2, 2], "strides": [2, 2]}}, {"conv_local": {"filter": [3, 3], "padding": "same", "width": 8}},
    "relu", {"conv_local": {"filter": [3, 3], "strides": [2, 2], "width": 8}}, "relu", "flatten", {"dense": {"width": 10}}]}"#;

/// Positions that are made more and fewer.
const RESIZED: &str = r#"{"layers": [{"conv": {"filter": [3, 3], "strides": [2, 2], "width": 16}}, "relu",
    {"conv_transpose": {"filter": [3, 3], "strides": [2, 2], "padding": "same", "width": 16}}, "relu",
    {"image_resize": {"shape": [20, 20], "method": "linear"}}, {"conv": {"filter": [2, 2], "width": 16}}, "gelu",
    {"index": {"slices": [[1, null, 2], [null, null, -1]]}}, "flatten", {"dense": {"width": 10}}]}"#;

#[test]
fn estimates_are_the_memory_at_the_peak() {
    // Products have buffers of their own in every thread, once.
    peak_and_estimate("paper-mlp", Precision::Single, 512);
    peak_and_estimate("paper-cnn", Precision::Double, 64);
    for (name, precision, batch) in [
        ("paper-mlp", Precision::Single, 512),
        ("paper-mlp", Precision::Single, 4096),
        ("paper-cnn", Precision::Single, 16),
        ("paper-cnn", Precision::Single, 256),
        ("paper-cnn", Precision::Double, 64),
        ("paper-vit", Precision::Single, 32),
        ("small-resnet", Precision::Single, 32),
        ("small-resnet", Precision::Single, 96),
        ("gcnn:c4", Precision::Single, 16),
        ("cnn-gap:2", Precision::Single, 64),
        ("mlp:3", Precision::Double, 512),
        ("vit:2", Precision::Single, 32),
        ("resnet:2", Precision::Single, 32),
        ("myrtle5", Precision::Single, 32),
        ("gcnn:d4:2", Precision::Single, 8),
        ("gcnn:c4", Precision::Single, 128),
        (NORMALISED, Precision::Single, 256),
        (NORMALISED, Precision::Single, 128),
        (LOCAL, Precision::Single, 256),
        (LOCAL, Precision::Double, 128),
        (RESIZED, Precision::Single, 64),
    ] {
        let (peak, estimate) = peak_and_estimate(name, precision, batch);
        let ratio = estimate as f64 / peak as f64;
        assert!(
            (1.0..1.5).contains(&ratio),
            "{name}, batches of {batch}: {estimate} estimated, {peak} bytes at the peak"
        );
    }
}
