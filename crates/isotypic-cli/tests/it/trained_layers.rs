//! Documents with layers of every kind, trained from beginning to end.

use serde_json::Value;

use crate::workplace::Workplace;

/// Dilation, maxima, weights of every position, transposed convolution, interpolation, picked positions and a graph.
const SEVERAL: &str = r#"{"layers": [
    {"conv": {"filter": [3, 3], "padding": "circular", "dilation": [2, 2], "b_std": 0.2}}, "relu",
    {"max_pool": {"window": [2, 2], "strides": [2, 2], "padding": "same"}},
    {"conv_local": {"filter": [2, 2], "padding": "same"}}, "erf",
    {"conv_transpose": {"filter": [2, 2], "strides": [2, 2], "padding": "same"}}, "relu",
    {"image_resize": {"shape": [5, 3], "method": "linear"}},
    {"index": {"slices": [[0, 4, 2], null]}},
    {"aggregate": {"pattern": [[0, 1, 0, 0, 0, 1], [1, 0, 1, 0, 0, 0], [0, 0, 1, 0, 0, 0], [0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 1, 0],
        [0, 0, 0, 0.5, 0, 1]]}},
    "flatten", {"dense": {"b_std": 0.1}}]}"#;

const NORMALISED: &str = r#"{"layers": ["flatten", {"dense": {"b_std": 0.2}}, {"batch_norm": {}}, "relu", {"dense": {"b_std": 0.2}}]}"#;

fn with_documents() -> Workplace {
    let place = Workplace::with_images();
    place.write("several.json", SEVERAL);
    place.write("normalised.json", NORMALISED);
    place
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn classes_are_trained_on_and_go_on_from_checkpoints() {
    let place = with_documents();
    let line = "train classes --data images.npz --arch several.json,normalised.json --width 6 --poses 4 --left-out 5 --batch-size 9 --out run";
    let run = place.run(&format!("{line} --epochs 4 --json"));
    assert_eq!(run.code(), 0, "{}", run.stderr());
    let whole: Value = serde_json::from_str(&run.stdout()).unwrap();
    for result in whole["results"].as_array().unwrap() {
        assert!(number(&result["loss"]).is_finite() && number(&result["train_accuracy"]) > 0.0, "{result}");
    }
    let short = place.run(&format!("{line} --epochs 2 --force"));
    assert_eq!(short.code(), 0, "{}", short.stderr());
    let resumed = place.run(&format!("{line} --epochs 4 --resume --force --json"));
    assert_eq!(resumed.code(), 0, "{}", resumed.stderr());
    assert_eq!(resumed.stdout(), run.stdout());
    let odd = line.replace("several.json,", "").replace("--batch-size 9", "--batch-size 1");
    let refused = place.run(&format!("{odd} --epochs 1 --force"));
    let stderr = refused.stderr();
    assert!(stderr.contains("at least 2 values of each channel in every batch, got 1"), "{stderr}");
    assert!(stderr.contains("hint: choose a size of batches"), "{stderr}");
}

#[test]
fn audits_train_networks_with_layers_of_every_kind() {
    let place = with_documents();
    let audit = "audit --data images.npz --group rotation:4 --pairs 2 --samples 64 --train --width 64 --steps 60 --momentum 0.8";
    let report = place.json(&format!("{audit} --arch several.json"));
    for result in report["results"].as_array().unwrap() {
        let (trained, kernel) = (number(&result["trained_error"]), number(&result["finite_time_error"]));
        assert!((trained - kernel).abs() < 0.2, "{result}");
    }
}

/// In training the batch is what is observed, in the audit it is all poses; the kernel beside the networks has theirs.
#[test]
fn networks_with_batch_normalisation_come_close_to_the_kernel_of_their_own_batch() {
    let place = with_documents();
    let width = place.json(
        "train width --data images.npz --group rotation:4 --pairs 2 --arch normalised.json --widths 16,64,256,1024 --networks 8 --steps 60",
    );
    let distances: Vec<f64> =
        width["results"].as_array().unwrap().iter().map(|result| number(&result["distance"])).collect();
    println!("{distances:?}");
    assert!(distances[3] < 0.5 * distances[0], "{distances:?}");
    let before = place.content();
    let refused = place.run(
        "train empirical-ntk --data images.npz --group rotation:4 --pairs 1 --arch normalised.json --width 16 --steps 5 --out run",
    );
    let stderr = refused.stderr();
    assert_eq!(refused.code(), 2, "{stderr}");
    assert!(stderr.contains("(`batch_norm`): tangent kernels of networks with this layer"), "{stderr}");
    assert_eq!(place.content(), before);
}
