//! Exported networks wherever a verb takes an architecture: the numbers of the same network written by hand, and errors that name the file
//! and the node.

use std::fs;
use std::path::PathBuf;

use ndarray::{Array2, Array5};
use serde_json::Value;

use crate::workplace::{SEEDS, Workplace, images_of};

/// The layers of `cnn_pooled.onnx` and of `digits.onnx`: standard deviations √(1/3) and √(1/(3n)) for n = 9 and 4, as PyTorch draws them.
const CNN_POOLED: &str = r#"{"parameterization": "standard", "layers": [
    {"conv": {"filter": [3, 3], "padding": "circular", "width": 4, "w_std": 0.5773502691896257, "b_std": 0.19245008972987526}}, "relu",
    "global_avg_pool", {"dense": {"w_std": 0.5773502691896257, "b_std": 0.28867513459481287}}]}"#;
const DIGITS: &str = r#"{"parameterization": "standard", "layers": ["flatten",
    {"dense": {"width": 32, "w_std": 0.5773502691896257}}, "relu", {"dense": {"w_std": 0.5773502691896257}}]}"#;

fn fixture(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../isotypic-onnx/fixtures");
    fs::read(folder.join(name)).unwrap()
}

/// Images of 8×8 pixels, for which the files were made.
fn workplace(files: &[&str]) -> Workplace {
    let place = Workplace::with_images_of(8);
    files.iter().for_each(|name| place.write(name, fixture(name)));
    place
}

/// The results of one network without its name.
fn results_of(report: &Value, arch: &str) -> Vec<Value> {
    let of_arch = report["results"].as_array().unwrap().iter().filter(|result| result["arch"] == arch);
    of_arch
        .cloned()
        .map(|mut result| {
            result.as_object_mut().unwrap().remove("arch");
            result
        })
        .collect()
}

#[test]
fn audits_of_exported_networks_have_the_numbers_of_the_network_written_by_hand() {
    let place = workplace(&["cnn_pooled.onnx", "cnn_pooled_traced.onnx"]);
    place.write("by_hand.json", CNN_POOLED);
    let networks = "cnn_pooled.onnx,cnn_pooled_traced.onnx,by_hand.json";
    let report =
        place.json(&format!("audit --data images.npz --group rotation:8 --arch {networks} --pairs 3"));
    let by_hand = results_of(&report, "by_hand.json");
    assert_eq!(by_hand.len(), 3);
    assert!(by_hand.iter().all(|result| result["exact_error"].as_f64().unwrap() > 0.0));
    for name in ["cnn_pooled.onnx", "cnn_pooled_traced.onnx"] {
        assert_eq!(results_of(&report, name), by_hand, "{name}");
    }
    assert!(report["details"]["command"].as_str().unwrap().contains(networks));
    // Of images of another size, and of the digits that every program has.
    let digits = Workplace::empty();
    digits.write("digits.onnx", fixture("digits.onnx"));
    digits.write("digits.json", DIGITS);
    let report = digits.json("audit --group rotation:4 --arch digits.onnx,digits.json --pairs 4");
    assert_eq!(results_of(&report, "digits.onnx"), results_of(&report, "digits.json"));
}

#[test]
fn kernels_and_spectra_of_exported_networks_agree_with_their_audits() {
    let place = workplace(&["mlp.onnx"]);
    place.write("pairs.csv", "a,b\n0,1\n");
    assert_eq!(place.run("orbit --data images.npz --group rotation:4 --indices 0,1 --out o.npy").code(), 0);
    let orbit: Array5<f64> = place.read_array("o.npy");
    place.write_array("x.npy", &orbit.into_shape_with_order((2 * 4, 8, 8, 1)).unwrap());
    assert_eq!(place.run("kernel --arch mlp.onnx --x x.npy --out k.npy").code(), 0);
    let spectrum = place.json("spectrum --gram k.npy --group cyclic:4 --seeds 2 --labels=+1,-1 --ridge 1e-9");
    let audit = place
        .json("audit --data images.npz --group rotation:4 --arch mlp.onnx --pairs pairs.csv --ridge 1e-9");
    for (seed, side) in ["exact_error_a", "exact_error_b"].into_iter().enumerate() {
        let [signed, absolute] = [&spectrum["exact_error"][seed], &audit["results"][0][side]];
        let (signed, absolute) = (signed.as_f64().unwrap(), absolute.as_f64().unwrap());
        assert!((signed.abs() - absolute).abs() < 1e-8, "{signed} and {absolute}");
    }
    // Vectors are given as images of as many numbers, and as vectors.
    let place = workplace(&["vectors.onnx"]);
    place.write_array("images.npy", &images_of(8));
    place.write_array("vectors.npy", &images_of(8).into_shape_with_order((SEEDS, 64)).unwrap());
    let [one, other]: [Array2<f64>; 2] = ["images", "vectors"].map(|name| {
        let run = place.run(&format!("kernel --arch vectors.onnx --x {name}.npy --out k_{name}.npy"));
        assert_eq!(run.code(), 0, "{}", run.stderr());
        place.read_array(&format!("k_{name}.npy"))
    });
    assert_eq!(one, other);
    assert!(one.iter().all(|value| value.is_finite()) && one == one.t());
}

#[test]
fn what_is_wrong_with_a_file_names_it_the_node_and_the_reason() {
    let place = workplace(&["mlp.onnx", "elu.onnx", "relu_twice.onnx", "grouped.onnx"]);
    let whole = fixture("mlp.onnx");
    place.write("half.onnx", &whole[..whole.len() / 2]);
    place.write("text.onnx", "layers = [\"dense\"]\n");
    place.write_array("x.npy", &images_of(8));
    place.write_array("large.npy", &images_of(9));
    for (data, arch, message) in [
        (
            "large",
            "mlp.onnx",
            "architecture `mlp.onnx`: input: expected shape `[8, 8, 1]`, for which the network was made, got `[9, 9, 1]`\n\
             hint: export the network for inputs of this shape",
        ),
        (
            "x",
            "elu.onnx",
            "architecture `elu.onnx`: node 2 `node_Elu_4` (`Elu`): this nonlinearity has no closed kernel here\nhint: use one of",
        ),
        (
            "x",
            "grouped.onnx",
            "architecture `grouped.onnx`: node 3 `node_conv2d_1` (`Conv`): has 2 groups of channels\nhint: ",
        ),
        (
            "x",
            "relu_twice.onnx",
            "architecture `relu_twice.onnx`: node 2 `node_relu` (`Relu`): layer 2 (`relu`): expected a gaussian input",
        ),
        ("x", "half.onnx", "architecture `half.onnx`: onnx file: expected a protobuf message of ONNX"),
        ("x", "text.onnx", "architecture `text.onnx`: onnx file: expected a protobuf message of ONNX"),
        ("x", "nowhere.onnx", "architecture file `nowhere.onnx`: No such file or directory"),
    ] {
        let before = place.content();
        for line in [
            format!("kernel --arch {arch} --x {data}.npy --out k.npy"),
            format!(
                "audit --data {data}.npy --labels=0,1,0,1,0,1,0,1 --group flip --arch mlp,{arch} --out run"
            ),
        ] {
            let run = place.run(&line);
            assert_eq!((run.code(), run.stdout()), (2, String::new()), "{line}");
            let stderr = run.stderr();
            assert!(stderr.starts_with(&format!("error: {message}")), "{line}: {stderr}");
            assert!(stderr.contains("\nhint: ") && stderr.lines().count() == 2, "{line}: {stderr}");
            assert_eq!(place.content(), before, "{line}");
        }
    }
    // The size of the digits of every program.
    let stderr = place.run("audit --arch mlp.onnx --group flip").stderr();
    assert!(stderr.contains("`[8, 8, 1]`, for which the network was made, got `[28, 28, 1]`"), "{stderr}");
}

#[test]
fn maxima_of_exported_networks_are_sampled() {
    let place = workplace(&["max_pool.onnx", "max_pool_global.onnx"]);
    place.write_array("x.npy", &images_of(8));
    for name in ["max_pool.onnx", "max_pool_global.onnx"] {
        let document = place
            .json(&format!("kernel --arch {name} --x x.npy --samples 320 --out k.npy --error-out e.npy"));
        assert_eq!(document["sampling"]["replicates"], 16, "{name}");
        let [k, e]: [Array2<f64>; 2] = ["k.npy", "e.npy"].map(|name| place.read_array(name));
        assert!(e.iter().zip(&k).all(|(e, k)| *e > 0.0 && *e < 0.2 * k.abs()), "{name}");
        let audit =
            format!("audit --data images.npz --group rotation:4 --arch {name} --pairs 1 --samples 320");
        assert_eq!(place.json(&audit)["sampling"]["rows"][0]["arch"], name);
    }
    // What the kernel refuses names the node too.
    let text = fixture("max_pool.onnx");
    let at = text.windows(4).position(|bytes| bytes == b"Relu").unwrap();
    place.write("gelu.onnx", [&text[..at], b"Gelu", &text[at + 4..]].concat());
    let run = place.run("kernel --arch gelu.onnx --x x.npy --out none.npy");
    let message = "error: architecture `gelu.onnx`: node 3 `node_max_pool2d` (`MaxPool`): layer 3 (`max_pool`): expected before it ";
    assert!(run.code() == 2 && run.stderr().starts_with(message), "{}", run.stderr());
    assert!(run.stderr().contains("\nhint: ") && !place.path("none.npy").exists());
}

#[test]
fn help_names_the_format_beside_the_others() {
    let place = Workplace::empty();
    for verb in ["audit", "kernel", "train classes", "train pairs", "train width"] {
        let text = place.run(&format!("{verb} --help")).stdout();
        assert!(text.contains("(`.toml`, `.json`, `.onnx`)"), "{verb}: {text}");
    }
}

/// Units of the first network are kept beside those of the second and not taken for them.
#[test]
#[cfg(unix)]
fn an_audit_whose_file_changes_while_it_is_stopped_gives_what_the_new_file_says() {
    use crate::large_audit::{kill_at, units};

    let line =
        "audit --group translation:28x28 --arch net.onnx --seeds-per-class 15 --together seed --out run";
    let first = fixture("digits.onnx");
    // Names of operators have their length before them; these have the same.
    let at = first.windows(4).position(|bytes| bytes == b"Relu").unwrap();
    let second = [&first[..at], b"Gelu", &first[at + 4..]].concat();
    let expected = Workplace::empty();
    expected.write("net.onnx", &second);
    assert_eq!(expected.run(line).code(), 0);
    let place = Workplace::empty();
    place.write("net.onnx", &first);
    kill_at(&place, line, 1);
    assert!(units(&place.path("run/units")) > 0 && !place.path("run/results.json").exists());
    place.write("net.onnx", &second);
    let run = place.run(line);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert_eq!(place.read("run/results.json"), expected.read("run/results.json"));
}

#[cfg(feature = "train")]
mod with_networks {
    use super::{fixture, workplace};

    #[test]
    fn exported_networks_are_trained() {
        let place = workplace(&["mlp.onnx", "cnn_pooled.onnx", "elu.onnx"]);
        let pairs = "train pairs --data images.npz --group rotation:4 --pairs 2 --steps 20";
        let report = place.json(&format!("{pairs} --arch mlp.onnx,cnn_pooled.onnx"));
        let results = report["results"].as_array().unwrap();
        assert_eq!(results.len(), 4);
        assert!(results.iter().all(|result| result["trained_error"].as_f64().unwrap().is_finite()));
        let classes = "train classes --data images.npz --poses 4 --left-out 5 --batch-size 8 --epochs 2";
        let report = place.json(&format!("{classes} --arch mlp.onnx"));
        assert_eq!(report["results"][0]["network"], "mlp.onnx");
        let width = "train width --data images.npz --group rotation:4 --pairs 1 --widths 8 --steps 5";
        assert_eq!(place.run(&format!("{width} --arch mlp.onnx")).code(), 0);
        for line in [pairs, classes, width] {
            let stderr = place.run(&format!("{line} --arch elu.onnx")).stderr();
            assert!(stderr.contains("`elu.onnx`: node 2 `node_Elu_4` (`Elu`): "), "{stderr}");
        }
    }

    #[test]
    fn networks_of_a_file_that_has_changed_are_not_gone_on_with() {
        let place = workplace(&["mlp.onnx"]);
        let line =
            "train pairs --data images.npz --group rotation:4 --pairs 1 --steps 5 --arch mlp.onnx --out run";
        assert_eq!(place.run(line).code(), 0);
        let again = format!("{line} --force --resume");
        assert_eq!(place.run(&again).code(), 0);
        place.write("mlp.onnx", fixture("mlp_traced.onnx"));
        assert_eq!(place.run(&again).code(), 0, "another file of the same network");
        place.write("mlp.onnx", fixture("cnn_pooled.onnx"));
        let run = place.run(&again);
        assert_eq!(run.code(), 2);
        assert!(run.stderr().contains("expected network"), "{}", run.stderr());
    }
}
