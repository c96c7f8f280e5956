use std::f64::consts::PI;

use ndarray::{Array2, Array3, array, s};
use sha2::{Digest, Sha256};

use crate::workplace::{Workplace, images};

#[test]
fn a_kernel_is_a_file_and_a_line() {
    let place = Workplace::empty();
    place.write_array("x.npy", &images());
    let run = place.run("kernel --arch cnn --x x.npy --out k.npy");
    assert_eq!((run.code(), run.stdout()), (0, "ntk, 8×8, k.npy\n".to_owned()));
    let k: Array2<f64> = place.read_array("k.npy");
    assert_eq!(k, k.t());
}

#[test]
fn the_document_names_shape_and_digest_of_the_file() {
    let place = Workplace::empty();
    place.write_array("x.npy", &images());
    place.write_array("y.npy", &images().slice(s![..3, .., .., ..]).to_owned());
    let document = place.json("kernel --arch mlp --x x.npy --y y.npy --get nngp --out k.npy");
    let digest = Sha256::digest(std::fs::read(place.path("k.npy")).unwrap());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let expected = serde_json::json!({
        "schema": "isotypic.kernel/1", "kernel": "nngp", "dtype": "f64", "shape": [8, 3], "quadrature_error": 0.0,
        "out": "k.npy", "sha256": digest
    });
    assert_eq!(document, expected);
}

#[test]
fn columns_of_their_own_change_no_bit() {
    let place = Workplace::empty();
    place.write_array("x.npy", &images());
    place.write_array("y.npy", &images().slice(s![2..5, .., .., ..]).to_owned());
    place.json("kernel --arch cnn-gap --x x.npy --out xx.npy");
    place.json("kernel --arch cnn-gap --x x.npy --y y.npy --out xy.npy");
    let (xx, xy): (Array2<f64>, Array2<f64>) = (place.read_array("xx.npy"), place.read_array("xy.npy"));
    assert_eq!(xx.slice(s![.., 2..5]), xy);
}

#[test]
fn single_precision_is_written_as_such_and_near_to_double_precision() {
    let place = Workplace::empty();
    // Numbers that single precision has exactly.
    let x = images().mapv(|value| f64::from(value as f32));
    place.write_array("x.npy", &x);
    place.write_array("single.npy", &x.mapv(|value| value as f32));
    for arch in ["mlp:3", "cnn", "cnn-gap:2"] {
        for get in ["ntk", "nngp"] {
            let line = |rest: &str| format!("kernel --arch {arch} --get {get} {rest}");
            place.json(&line("--x x.npy --out double.npy"));
            let document = place.json(&line("--x x.npy --dtype f32 --out k.npy"));
            assert_eq!((&document["dtype"], &document["shape"]), (&"f32".into(), &[8, 8].into()));
            let (k, double): (Array2<f32>, Array2<f64>) =
                (place.read_single("k.npy"), place.read_array("double.npy"));
            assert_eq!(k, k.t());
            for (k, double) in k.iter().zip(&double) {
                assert!((f64::from(*k) - double).abs() <= 1e-5 * double.abs(), "{arch}: {k} and {double}");
            }
            // Files of inputs may have either type, and rows and columns need not have the same.
            place.json(&line("--x single.npy --y x.npy --dtype f32 --out xy.npy"));
            assert_eq!(place.read_single::<ndarray::Ix2>("xy.npy"), k, "{arch}");
        }
    }
}

#[test]
fn a_plan_in_single_precision_takes_half_the_memory() {
    let place = Workplace::empty();
    place.write_array("x.npy", &Array2::from_shape_fn((1024, 2), |(i, j)| (i + j) as f64));
    let bytes = |dtype: &str| {
        let line = format!("kernel --arch mlp --x x.npy --dtype {dtype} --threads 1 --out k.npy --plan");
        place.json(&line)["bytes"].as_u64().unwrap()
    };
    let ratio = bytes("f64") as f64 / bytes("f32") as f64;
    assert!((1.9..=2.1).contains(&ratio), "{ratio}");
}

#[test]
fn a_hidden_layer_of_rectifiers_has_its_closed_form() {
    // Cho & Saul 2009: with q = |x|²/2 + 1 for `mlp`, whose readout has a bias too.
    let place = Workplace::empty();
    let x: Array2<f64> = array![[0.6, 0.8], [1.0, 0.0]];
    place.write_array("x.npy", &x);
    place.json("kernel --arch mlp --x x.npy --get nngp --out k.npy");
    let k: Array2<f64> = place.read_array("k.npy");
    let q = |i: usize, j: usize| x.row(i).dot(&x.row(j)) / 2.0 + 1.0;
    let theta = (q(0, 1) / (q(0, 0) * q(1, 1)).sqrt()).acos();
    let expected = (q(0, 0) * q(1, 1)).sqrt() / (2.0 * PI) * (theta.sin() + (PI - theta) * theta.cos()) + 1.0;
    assert!((k[[0, 1]] - expected).abs() < 1e-14 * expected, "{} and {expected}", k[[0, 1]]);
}

#[test]
fn an_existing_file_is_replaced() {
    let place = Workplace::empty();
    place.write_array("x.npy", &images());
    place.write("k.npy", "old");
    place.json("kernel --arch mlp --x x.npy --out k.npy");
    assert_eq!(place.read_array::<ndarray::Ix2>("k.npy").dim(), (8, 8));
    assert_eq!(place.content().len(), 2);
}

#[test]
fn a_plan_needs_no_file() {
    let place = Workplace::empty();
    place.write_array("x.npy", &images());
    let document = place.json("kernel --arch mlp --x x.npy --out k.npy --plan");
    assert_eq!((&document["schema"], &document["entries"]), (&"isotypic.plan/1".into(), &64.into()));
    assert!(!place.path("k.npy").exists());
}

#[test]
fn a_quadrature_says_how_accurate_it_is() {
    let place = Workplace::empty();
    place.write_array("x.npy", &ndarray::array![[1.0, 2.0, 0.5], [0.3, -1.0, 2.0]]);
    let layers =
        |function: &str| format!(r#"{{"layers": [{{"dense": {{"w_std": 1.5}}}}, {function}, "dense"]}}"#);
    let elementwise = r#"{"elementwise": {"function": "tanh", "quadrature_degree": 9}}"#;
    place.write("coarse.json", layers(elementwise));
    place.write("closed.json", layers(r#""tanh""#));
    place.write("relu.json", layers(r#""relu""#));
    let run = place.run("kernel --arch coarse.json --x x.npy --out coarse.npy");
    assert!(
        run.stdout().contains("\nquadrature error ") && run.stdout().ends_with(", estimated\n"),
        "{}",
        run.stdout()
    );
    let estimate = |arch: &str| {
        let document =
            place.json(&format!("kernel --arch {arch}.json --x x.npy --get nngp --out {arch}-nngp.npy"));
        document["quadrature_error"].as_f64().unwrap()
    };
    assert_eq!(estimate("relu"), 0.0);
    assert!(estimate("closed") < 1e-12);
    // The estimate is of the size of the true error, which the closed kernel knows.
    let estimated = estimate("coarse");
    let [coarse, closed] =
        ["coarse", "closed"].map(|arch| place.read_array::<ndarray::Ix2>(&format!("{arch}-nngp.npy")));
    let error = ((&coarse - &closed) / &closed).mapv(f64::abs)[[0, 0]];
    assert!(error > 1e-8 && error < 10.0 * estimated && estimated < 100.0 * error, "{error} and {estimated}");
}

#[test]
fn a_graph_may_come_from_a_file_of_its_own() {
    let place = Workplace::empty();
    let x = Array3::from_shape_fn((4, 3, 2), |(row, vertex, channel)| {
        f64::from((7 * row + 5 * vertex + 3 * channel) as u32 % 11) - 5.0
    });
    let weights = array![[0.5, 1.0, 0.0], [0.0, 0.0, 2.0], [1.0, 0.0, 0.25]];
    place.write_array("x.npy", &x);
    place.write_array("graph.npy", &weights);
    place.write("net.json", r#"{"layers": ["aggregate", "flatten"]}"#);
    place.json("kernel --arch net.json --pattern graph.npy --get nngp --x x.npy --out k.npy");
    let k: Array2<f64> = place.read_array("k.npy");
    // Every vertex sums its predecessors; the kernel is the mean over vertices and channels.
    let sums: Vec<Array2<f64>> = x.outer_iter().map(|graph| weights.t().dot(&graph)).collect();
    for ((row, column), value) in k.indexed_iter() {
        let expected = (&sums[row] * &sums[column]).sum() / 6.0;
        assert!((value - expected).abs() <= 1e-13 * (1.0 + expected.abs()), "[{row}, {column}]");
    }

    let refused = |line: &str, message: &str, hint: &str| {
        let run = place.run(line);
        assert_eq!(run.code(), 2, "{line}");
        let text = run.stderr();
        assert!(text.contains(message) && text.contains(hint), "{text}");
    };
    let rest = "--x x.npy --out none.npy";
    refused(&format!("kernel --arch net.json {rest}"), "expected a graph", "--pattern P.npy");
    refused(
        &format!("kernel --arch net.json --pattern x.npy {rest}"),
        "expected a matrix",
        "weight of the edge",
    );
    refused(&format!("kernel --arch mlp --pattern graph.npy {rest}"), "no `aggregate` layer", "leave out");
    place.write_array("large.npy", &Array2::<f64>::eye(4));
    refused(&format!("kernel --arch net.json --pattern large.npy {rest}"), "3 rows of 3", "error");
    assert!(!place.path("none.npy").exists());
}
