//! Pointwise nonlinearities against values with 40 digits (`fixtures/functions`), equal, opposite, vanishing and nearly equal points
//! among them.

use isotypic_kernel::CompiledKernel;
use ndarray::Array2;
use serde_json::Value;

use crate::support::{compile, symmetric};

const VALUES: &str = include_str!("../../../../fixtures/functions/values.json");

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

/// A layer with its two lower triangles.
type Function = (String, [Vec<Vec<f64>>; 2]);

/// The points, and for each layer its kernel and that of the covariance times E[φ'φ'], lower triangles.
fn golden() -> (Array2<f64>, Vec<Function>) {
    let values: Value = serde_json::from_str(VALUES).unwrap();
    let points: Vec<f64> = values["points"].as_array().unwrap().iter().flat_map(numbers).collect();
    let points = Array2::from_shape_vec((points.len() / 2, 2), points).unwrap();
    let functions = values["functions"].as_array().unwrap().iter().map(|function| {
        let rows = |key: &str| function[key].as_array().unwrap().iter().map(numbers).collect();
        (function["layer"].to_string(), [rows("nngp"), rows("slope")])
    });
    (points, functions.collect())
}

fn network(layer: &str) -> CompiledKernel {
    compile(&format!(r#"{{"layers": ["dense", {layer}, "dense"]}}"#), &[2])
}

#[test]
fn kernels_equal_values_with_forty_digits() {
    let (points, functions) = golden();
    assert!(functions.len() >= 26);
    for (layer, [nngp, slope]) in functions {
        let got = symmetric(&network(&layer), points.view());
        let ntk = got.ntk.unwrap();
        for i in 0..points.nrows() {
            for j in 0..=i {
                let expected = [nngp[i][j], nngp[i][j] + slope[i][j]];
                for (what, got, expected, own) in
                    [("nngp", &got.nngp, expected[0], &nngp), ("ntk", &ntk, expected[1], &nngp)]
                {
                    // A covariance has the digits of the larger variance, a tangent kernel those of the larger diagonal value.
                    let diagonal =
                        |k: usize| if what == "nngp" { own[k][k] } else { own[k][k] + slope[k][k] };
                    let scale = diagonal(i).max(diagonal(j));
                    let error = (got[[i, j]] - expected).abs();
                    // Pairs are carried as 1 − cos: near opposite points 1 + cos has 1e-16 only, and the angle its root.
                    let (x, y) = (points.row(i), points.row(j));
                    let is_opposite = x.dot(&y) < -(1.0 - 1e-6) * (x.dot(&x) * y.dot(&y)).sqrt();
                    let has_jump = layer == "\"sign\""
                        || layer.contains("rectified_monomial\":{\"degree\":0")
                        || (what == "ntk" && layer.contains("rectified_monomial\":{\"degree\":1"));
                    let tolerance = if is_opposite && has_jump { 3e-8 } else { 1e-14 };
                    assert!(
                        error <= tolerance * scale,
                        "{what} of {layer}[{i}, {j}] is {:e} against {expected:e}: {error:e} of {scale:e}",
                        got[[i, j]]
                    );
                }
            }
        }
    }
}

/// In single precision the same points, rounded, against the engine in double precision on the rounded points.
#[test]
fn single_precision_is_near_double_precision_on_the_rounded_points() {
    let (points, functions) = golden();
    let single = points.mapv(|value| value as f32);
    let rounded = single.mapv(f64::from);
    for (layer, _) in functions {
        let kernel = network(&layer);
        let monitor = isotypic_work::Monitor::silent();
        let outputs = isotypic_kernel::Outputs::NngpAndNtk;
        let narrow = kernel.symmetric(&kernel.prepare(single.view()).unwrap(), outputs, &monitor).unwrap();
        let wide = symmetric(&kernel, rounded.view());
        for (narrow, wide) in
            [(&narrow.nngp, &wide.nngp), (narrow.ntk.as_ref().unwrap(), wide.ntk.as_ref().unwrap())]
        {
            for ((i, j), &value) in narrow.indexed_iter() {
                let scale = wide[[i, i]].max(wide[[j, j]]);
                // Powers of roots that are rounded to single precision: 26 of them in the kernel of a Hermite polynomial of degree 13.
                let error = (f64::from(value) - wide[[i, j]]).abs();
                assert!(
                    error <= 5e-6 * scale + f64::from(f32::MIN_POSITIVE),
                    "{layer}[{i}, {j}]: {value:e} against {:e}",
                    wide[[i, j]]
                );
            }
        }
    }
}
