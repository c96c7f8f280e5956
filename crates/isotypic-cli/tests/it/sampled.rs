//! Networks with sampled layers: standard errors in files, documents and verdicts.

use ndarray::Array2;

use crate::workplace::{SEEDS, Workplace, images};

const NET: &str = r#"{"layers": [{"conv": {"filter": [3, 3], "padding": "circular", "b_std": 0.1}}, "relu",
    {"max_pool": {"window": [2, 2], "strides": [2, 2]}}, "flatten", {"dense": {}}]}"#;

fn workplace() -> Workplace {
    let place = Workplace::with_images();
    place.write_array("x.npy", &images());
    place.write("net.json", NET);
    place
}

#[test]
fn a_sampled_kernel_comes_with_standard_errors() {
    let place = workplace();
    let run = place.run("kernel --arch net.json --x x.npy --samples 320 --out k.npy --error-out e.npy");
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert!(
        run.stdout().contains("sampled: 16 replicates of 20 points, standard error "),
        "{}",
        run.stdout()
    );
    let [k, e]: [Array2<f64>; 2] = ["k.npy", "e.npy"].map(|name| place.read_array(name));
    assert_eq!((k.dim(), e.dim()), ((SEEDS, SEEDS), (SEEDS, SEEDS)));
    assert_eq!(k, k.t());
    assert!(e.iter().all(|error| *error > 0.0) && e.iter().zip(&k).all(|(e, k)| *e < 0.2 * k.abs()));
    let document = place.json("kernel --arch net.json --x x.npy --samples 320 --threads 1 --out again.npy");
    assert_eq!(document["sampling"]["samples"], 20);
    assert_eq!(document["sampling"]["replicates"], 16);
    assert!(document["sampling"]["median_standard_error"].as_f64().unwrap() > 0.0);
    let again: Array2<f64> = place.read_array("again.npy");
    assert_eq!(again, k, "results do not depend on threads");
    let other = place.json("kernel --arch net.json --x x.npy --samples 320 --seed 1 --out other.npy");
    assert_eq!(other["sampling"]["seed"], 1);
    let other: Array2<f64> = place.read_array("other.npy");
    for ((a, b), error) in other.iter().zip(&k).zip(&e) {
        assert!(a != b && (a - b).abs() < 8.0 * error, "{a} and {b} ± {error}");
    }
}

#[test]
fn audits_carry_error_bars_into_the_verdict() {
    let place = workplace();
    let command = "audit --data images.npz --group rotation:4 --arch net.json,mlp --pairs 3";
    let report = place.json(&format!("{command} --samples 640"));
    let sampling = &report["sampling"];
    assert_eq!((&sampling["samples"], &sampling["seed"]), (&40.into(), &0.into()));
    let (points, results) = (sampling["points"].as_array().unwrap(), report["results"].as_array().unwrap());
    assert_eq!((points.len(), results.len()), (6, 6), "the other network has a closed kernel");
    for point in points {
        let result = &results[point["pair"].as_u64().unwrap() as usize];
        assert_eq!(result["arch"], "net.json");
        let error = point["margin_standard_error"].as_f64().unwrap();
        let asked =
            |found: &&serde_json::Value| found["pair"] == point["pair"] && found["seed"] == point["seed"];
        let margin =
            report["points"].as_array().unwrap().iter().find(asked).unwrap()["margin"].as_f64().unwrap();
        assert_eq!(point["undecided"], margin.abs() <= 2.0 * error);
        assert!(error > 0.0);
    }
    let row = &sampling["rows"][0];
    let undecided = points.iter().filter(|point| point["undecided"] == true).count();
    assert_eq!((&row["undecided"], &row["points"]), (&undecided.into(), &6.into()));
    let (least, most) = (&row["fraction_correct_at_least"], &row["fraction_correct_at_most"]);
    let open = (least.as_f64().unwrap() >= 0.9) != (most.as_f64().unwrap() >= 0.9);
    assert_eq!(report["verdicts"][0]["verdict"]["kind"] == "undecided", open);
    let text = place.run(&format!("{command} --samples 640")).stdout();
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("16 replicates of 40 points, seed 0"), "{text}");
    assert!(
        place
            .json("audit --data images.npz --group rotation:4 --arch mlp --pairs 1")
            .get("sampling")
            .is_none()
    );
}

const TRANSFORMER: &str = r#"{"layers": [{"conv": {"filter": [3, 3], "strides": [3, 3], "b_std": 0.1}},
    {"residual": [{"self_attention": {"scaling": "sqrt", "w_key_std": 2.0, "positional_embedding": {"type": "sum"}}}]},
    "flatten", {"dense": {}}]}"#;

#[test]
fn attention_of_the_standard_transformer_is_sampled() {
    let place = workplace();
    place.write("net.json", TRANSFORMER);
    let run =
        place.run("kernel --arch net.json --x x.npy --samples 64 --get nngp --out k.npy --error-out e.npy");
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert!(run.stdout().contains("sampled: 16 replicates of 4 points"), "{}", run.stdout());
    let [k, e]: [Array2<f64>; 2] = ["k.npy", "e.npy"].map(|name| place.read_array(name));
    assert_eq!(k, k.t());
    assert!(e.iter().all(|error| *error > 0.0) && e.iter().zip(&k).all(|(e, k)| *e < 0.2 * k.abs()));
    let command = "audit --data images.npz --group rotation:4 --arch net.json --pairs 2 --samples 64";
    let report = place.json(command);
    assert_eq!(report["sampling"]["points"].as_array().unwrap().len(), 4);
    // Without a sampled kernel the error names the layer and what there is.
    place.write("net.json", TRANSFORMER.replace(r#""scaling""#, r#""mechanism": "abs", "scaling""#));
    let run = place.run(command);
    assert_eq!(run.code(), 2);
    assert!(run.stderr().contains("(`self_attention`): option `scaling`"), "{}", run.stderr());
}

const NORMALIZED: &str =
    r#"{"layers": ["flatten", {"dense": {"b_std": 0.5}}, "batch_norm", "relu", {"dense": {}}]}"#;

#[test]
fn kernels_with_batch_normalisation_come_with_standard_errors() {
    let place = workplace();
    place.write("net.json", NORMALIZED);
    let run = place.run("kernel --arch net.json --x x.npy --samples 640 --out k.npy --error-out e.npy");
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert!(run.stdout().contains("sampled: 16 replicates of 40 points"), "{}", run.stdout());
    let [k, e]: [Array2<f64>; 2] = ["k.npy", "e.npy"].map(|name| place.read_array(name));
    assert_eq!(k, k.t());
    assert!(e.iter().all(|error| *error > 0.0) && e.iter().zip(&k.diag()).all(|(e, k)| *e < 0.3 * k.abs()));
    let line = "kernel --arch net.json --x x.npy --y x.npy --samples 640 --threads 1 --out again.npy";
    assert_eq!(place.run(line).code(), 0);
    let again: Array2<f64> = place.read_array("again.npy");
    assert_eq!(again, k, "the inputs of the rows are the batch, whatever those of the columns");
    // All pairs are held at a time, and are planned.
    let run = place.run("kernel --arch net.json --x x.npy --memory-limit 10KiB --out k.npy");
    assert_eq!(run.code(), 2);
    assert!(run.stderr().contains("exceeds the limit of 10 KiB"), "{}", run.stderr());
    place.write_array("one.npy", &images().slice(ndarray::s![..1, .., .., ..]).to_owned());
    let run = place.run("kernel --arch net.json --x one.npy --out k.npy");
    assert_eq!(run.code(), 2);
    let message = "layer 3 (`batch_norm`): expected a batch of at least 2 values per channel, got 1";
    assert!(run.stderr().contains(message), "{}", run.stderr());
}

/// Vectors, and images with statistics over all pixels.
#[test]
fn audits_of_networks_with_batch_normalisation_carry_error_bars() {
    let place = workplace();
    place.write("net.json", NORMALIZED);
    place.write("conv.json", r#"{"layers": [{"conv": {"filter": [3, 3], "padding": "circular"}}, "batch_norm", "relu", "global_avg_pool", {"dense": {}}]}"#);
    for arch in ["net.json", "conv.json"] {
        let command = format!(
            "audit --data images.npz --group rotation --poses 2,4 --arch {arch} --pairs 2 --samples 640"
        );
        let report = place.json(&command);
        let points = report["sampling"]["points"].as_array().unwrap();
        assert_eq!(points.len(), 8);
        for (point, result) in
            points.iter().map(|point| (point, &report["results"][point["pair"].as_u64().unwrap() as usize]))
        {
            assert_eq!(result["arch"], arch);
            assert!(point["margin_standard_error"].as_f64().unwrap() > 0.0, "{point}");
            // Rotations by right angles only move pixels, and all poses are in the batch: what is left is the sampling error.
            let defect = result["invariance_defect"].as_f64().unwrap();
            assert!((1e-12..0.2).contains(&defect), "{defect}");
        }
        // The poses of two are a batch of their own, not a part of that of four.
        let two = place.json(&command.replace("2,4", "2"));
        let of_two = |report: &serde_json::Value| -> Vec<f64> {
            let results = report["results"].as_array().unwrap().iter().filter(|result| result["poses"] == 2);
            results.map(|result| result["exact_error"].as_f64().unwrap()).collect()
        };
        assert_eq!((of_two(&two).len(), of_two(&two)), (2, of_two(&report)), "{arch}");
    }
}

#[test]
fn settings_that_cannot_be_sampled_are_refused() {
    let place = workplace();
    for (command, message) in [
        (
            "kernel --arch net.json --x x.npy --samples 0 --out k.npy",
            "monte carlo: expected `samples` from 1",
        ),
        (
            "audit --data images.npz --group rotation:4 --arch net.json --samples 0",
            "monte carlo: expected `samples`",
        ),
        (
            "audit --data images.npz --group rotation:4 --arch net.json --dtype f32",
            "evaluated in double precision only",
        ),
        (
            "kernel --arch mlp --x x.npy --out k.npy --error-out e.npy",
            "`e.npy`: expected a network with sampled layers",
        ),
    ] {
        let run = place.run(command);
        assert_eq!(run.code(), 2, "{command}");
        assert!(run.stderr().contains(message), "{command}: {}", run.stderr());
        assert!(run.stderr().contains("hint: "), "{command}: {}", run.stderr());
    }
    assert!(!place.path("k.npy").exists() && !place.path("e.npy").exists());
}
