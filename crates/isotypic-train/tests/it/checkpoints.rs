//! Runs that stop and go on, and checkpoints that are not what they should be.

use std::fs;
use std::path::Path;

use isotypic_architecture::Architecture;
use isotypic_train::{
    Initialization, Loss, Network, NetworkParameters, Optimizer, Precision, TrainError, Trainer,
    TrainingSettings,
};
use isotypic_work::Cancel;
use ndarray::Array2;

/// Statistics of batches, weights of every position, maxima and dropout.
const LAYERS: &str = r#"{"layers": [{"conv": {"filter": [3, 3], "strides": [3, 3], "dilation": [2, 1], "width": 2}}, {"batch_norm": {}}, "relu",
    {"conv_local": {"filter": [2, 2], "width": 3}}, {"max_pool": {"window": [2, 2], "padding": "same"}}, "flatten",
    {"dropout": {"keep_rate": 0.8}}, {"dense": {"width": 3}}]}"#;

fn trainer(name: &str, seed: u64, epochs: usize) -> Trainer {
    let network = match name {
        LAYERS => Network::from_graph(&Architecture::from_json(name).unwrap().check(&[14, 14, 1]).unwrap()),
        name => Network::named(name, &[14, 14, 1], 3),
    };
    let network = network.unwrap();
    let parameters =
        NetworkParameters::draw(&network, Initialization::KaimingUniform, Precision::Single, 7).unwrap();
    let optimizer = Optimizer::Adam { learning_rate: 1e-3 };
    let settings = TrainingSettings {
        optimizer,
        loss: Loss::CrossEntropy,
        batch: 5,
        seed,
        epochs,
        enough_loss: None,
        patience: None,
        data: String::new(),
    };
    Trainer::new(network, parameters, settings).unwrap()
}

fn examples() -> (Array2<f64>, Array2<f64>) {
    let inputs =
        Array2::from_shape_fn((12, 196), |(row, pixel)| (row as f64 * 1.1 + pixel as f64 * 0.3).sin());
    (inputs, Array2::from_shape_fn((12, 3), |(row, class)| f64::from(u8::from(row % 3 == class))))
}

fn fit(trainer: &mut Trainer, cancel: &Cancel, path: Option<&Path>) -> Result<usize, TrainError> {
    let (inputs, targets) = examples();
    let mut epochs = 0;
    let report = |_| {
        epochs += 1;
        if epochs == 2 && path.is_some() {
            cancel.cancel();
        }
    };
    trainer.fit((inputs.view(), targets.view()), cancel, path, report).map(|()| epochs)
}

#[test]
fn a_run_that_was_interrupted_goes_on_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    for name in ["paper-mlp", "paper-cnn", "small-resnet", LAYERS] {
        let mut whole = trainer(name, 1, 4);
        fit(&mut whole, &Cancel::new(), None).unwrap();
        let error = fit(&mut trainer(name, 1, 4), &Cancel::new(), Some(&path)).unwrap_err();
        assert_eq!(error.to_string(), "interrupted in epoch 3; the last checkpoint is kept");
        let mut resumed = trainer(name, 1, 4);
        resumed.resume(&path).unwrap();
        assert_eq!(resumed.epochs_done(), 2);
        fit(&mut resumed, &Cancel::new(), None).unwrap();
        assert_eq!(resumed.parameters().values(), whole.parameters().values(), "{name}");
        let mut other = trainer(name, 2, 4);
        fit(&mut other, &Cancel::new(), None).unwrap();
        assert_ne!(other.parameters().values(), whole.parameters().values(), "{name}");
    }
}

#[test]
fn foreign_and_broken_checkpoints_are_refused_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    fit(&mut trainer("paper-cnn", 1, 1), &Cancel::new(), Some(&path)).unwrap();
    let mut other = trainer("paper-mlp", 1, 1);
    let before = other.parameters().values();
    let error = other.resume(&path).unwrap_err();
    assert!(matches!(error, TrainError::ForeignCheckpoint { what: "network", .. }), "{error}");
    let error = trainer("paper-cnn", 2, 1).resume(&path).unwrap_err();
    assert!(matches!(error, TrainError::ForeignCheckpoint { what: "settings", .. }), "{error}");
    let content = fs::read(&path).unwrap();
    for length in [0, 7, 100, content.len() - 1] {
        fs::write(&path, &content[..length]).unwrap();
        let error = other.resume(&path).unwrap_err();
        assert!(matches!(error, TrainError::BrokenCheckpoint { .. }), "{length}: {error}");
    }
    let error = other.resume(&folder.path().join("none")).unwrap_err();
    assert!(matches!(error, TrainError::File { .. }), "{error}");
    assert_eq!(other.parameters().values(), before);
}

/// Runs never mix numbers of two versions.
#[test]
fn checkpoints_of_another_arithmetic_are_refused_also_where_they_do_not_name_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    fit(&mut trainer("paper-cnn", 1, 1), &Cancel::new(), Some(&path)).unwrap();
    let content = fs::read(&path).unwrap();
    // JSON within JSON: quotes are escaped. The header keeps its length.
    let named = br#"\"version of the arithmetic\":\"2\""#;
    let at = content.windows(named.len()).position(|bytes| bytes == named).unwrap();
    for (replaced, got) in
        [(&br#"\"version of the arithmetic\":\"3\""#, "3"), (&br#"\"an entry that is not read\":\"2\""#, "1")]
    {
        let mut other = content.clone();
        other[at..at + named.len()].copy_from_slice(&replaced[..]);
        fs::write(&path, &other).unwrap();
        let error = trainer("paper-cnn", 1, 1).resume(&path).unwrap_err();
        assert!(
            error.to_string().ends_with(&format!("expected version of the arithmetic `2`, got `{got}`")),
            "{error}"
        );
        assert!(error.hint().unwrap().starts_with("it was made by another version of this program"));
    }
    fs::write(&path, &content).unwrap();
    trainer("paper-cnn", 1, 1).resume(&path).unwrap();
}

#[test]
fn a_checkpoint_that_cannot_be_written_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing").join("run.safetensors");
    for path in [missing.as_path(), Path::new("/dev/full")] {
        let error = fit(&mut trainer("paper-cnn", 1, 1), &Cancel::new(), Some(path)).unwrap_err();
        assert!(matches!(error, TrainError::Work(_)), "{error}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
}
