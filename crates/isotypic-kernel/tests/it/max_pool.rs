//! Sampled maxima against closed formulas, dense sampling that shares no code, finite networks, and themselves.

use isotypic_architecture::FiniteNetwork;
use isotypic_kernel::{CompiledKernel, KernelError, MonteCarlo, MonteCarloKernel};
use ndarray::{Array2, Axis, concatenate, s};

use crate::sampling::{
    assert_agrees_with_dense, assert_values_depend_on_two_points, both, graph, sampled, settings, symmetric,
};
use crate::support::{compile, random_points};

mod dense_twin;

const POINTWISE: &str = r#"{"conv": {"filter": [1], "w_std": 1.3, "b_std": 0.2}}"#;
const CIRCULAR: &str = r#"{"conv": {"filter": [3], "padding": "circular", "w_std": 1.3, "b_std": 0.2}}"#;
const PAIRS: &str = r#"{"max_pool": {"window": [2], "strides": [2]}}"#;

/// With $\max(u_1, u_2) = (u_1 + u_2 + |u_1 - u_2|)/2$ the covariance of two maxima follows from that of absolute values; the second moment
/// of one maximum is the $(q_1 + q_2)/2$ of Clark (1961) for centred variables.
#[test]
fn windows_of_two_have_the_moments_of_clark() {
    let layers = format!(r#"{POINTWISE}, {PAIRS}, "flatten", "dense""#);
    let kernel = sampled(&layers, &[2, 3], settings(4096));
    let x = random_points(5, 6, 4);
    let estimates = symmetric(&kernel, x.view());
    let (mean, error) = (estimates.mean().nngp, estimates.standard_error().nngp);
    let covariance = |i: usize, p: usize, j: usize, q: usize| {
        let dot: f64 = (0..3).map(|c| x[[i, 3 * p + c]] * x[[j, 3 * q + c]]).sum();
        1.69 * dot / 3.0 + 0.04
    };
    for i in 0..5 {
        for j in 0..5 {
            let c = |p: usize, q: usize| covariance(i, p, j, q);
            let of_sums = c(0, 0) + c(0, 1) + c(1, 0) + c(1, 1);
            let between = c(0, 0) - c(0, 1) - c(1, 0) + c(1, 1);
            let variance =
                |k: usize| covariance(k, 0, k, 0) + covariance(k, 1, k, 1) - 2.0 * covariance(k, 0, k, 1);
            let norm = (variance(i) * variance(j)).sqrt();
            let angle = (between / norm).clamp(-1.0, 1.0).acos();
            // E|d e| = 2/π √(v w) (sin θ + (π/2 − θ) cos θ).
            let absolute = norm * 2.0 / std::f64::consts::PI
                * (angle.sin() + (std::f64::consts::FRAC_PI_2 - angle) * angle.cos());
            let expected = (of_sums + absolute) / 4.0;
            if i == j {
                let clark = 0.5 * (covariance(i, 0, i, 0) + covariance(i, 1, i, 1));
                assert!((expected - clark).abs() < 1e-12);
            }
            let bound = 4.0 * error[[i, j]] + 1e-12;
            assert!((mean[[i, j]] - expected).abs() < bound, "{i} {j}: {} for {expected}", mean[[i, j]]);
            assert!(error[[i, j]] < 0.004, "{i} {j}: {}", error[[i, j]]);
        }
    }
}

#[test]
fn a_window_of_one_is_nothing_to_rounding() {
    let plain = compile(&format!(r#"{{"layers": [{CIRCULAR}, "global_avg_pool", "dense"]}}"#), &[5, 2]);
    let pool = r#"{"max_pool": {"window": [1]}}"#;
    let kernel = sampled(&format!(r#"{CIRCULAR}, {pool}, "global_avg_pool", "dense""#), &[5, 2], settings(8));
    let x = random_points(4, 10, 6);
    let expected = crate::support::symmetric(&plain, x.view());
    for replicate in symmetric(&kernel, x.view()).replicates {
        for (got, expected) in both(&replicate).iter().zip(&both(&expected)) {
            crate::support::assert_close(got, expected, 1e-12, "window of one");
        }
    }
}

/// Where every window holds one value, several times over, the maximum is that value: also with rectifiers, whose kernel is sampled then.
#[test]
fn rectifiers_without_a_choice_have_the_kernel_of_arc_cosines() {
    let plain = compile(&format!(r#"{{"layers": [{CIRCULAR}, "relu", "flatten", "dense"]}}"#), &[5, 2]);
    let pool = r#"{"max_pool": {"window": [1]}}"#;
    for layers in [format!(r#""relu", {pool}"#), format!(r#"{pool}, "relu""#)] {
        let kernel =
            sampled(&format!(r#"{CIRCULAR}, {layers}, "flatten", "dense""#), &[5, 2], settings(2048));
        let x = random_points(4, 10, 6);
        let expected = both(&crate::support::symmetric(&plain, x.view()));
        let estimates = symmetric(&kernel, x.view());
        let (mean, error) = (both(&estimates.mean()), both(&estimates.standard_error()));
        for which in 0..2 {
            for ((at, mean), expected) in mean[which].indexed_iter().zip(&expected[which]) {
                let error = error[which][at];
                assert!((mean - expected).abs() < 4.0 * error + 1e-12, "{layers} {at:?}: {mean} ± {error}");
                assert!(error < 0.02 * expected, "{layers} {at:?}: {error}");
            }
        }
    }
}

#[test]
fn deep_networks_agree_with_dense_sampling() {
    let x = random_points(2, 12, 11);
    let layers = format!(r#"{CIRCULAR}, {PAIRS}, {CIRCULAR}, {{"max_pool": {{"window": [2]}}}}"#);
    for (readout, pools) in [("flatten", false), ("global_avg_pool", true)] {
        let kernel = sampled(&format!(r#"{layers}, "{readout}", "dense""#), &[6, 2], settings(1024));
        let estimates = symmetric(&kernel, x.view());
        assert_agrees_with_dense(&estimates, dense_twin::kernel(&x, pools), readout);
    }
}

#[test]
fn finite_networks_approach_the_sampled_kernel() {
    let widths = |n: usize, m: usize| {
        format!(
            r#"{{"conv": {{"filter": [3, 3], "width": {n}, "w_std": 1.3, "b_std": 0.2}}}}, "relu",
               {{"max_pool": {{"window": [2, 2], "strides": [2, 2], "padding": "same"}}}},
               {{"conv": {{"filter": [2, 2], "padding": "circular", "width": {n}, "w_std": 1.3}}}},
               {{"max_pool": {{"window": [2, 1], "strides": [1, 1], "padding": "circular"}}}}, {{"leaky_relu": {{"alpha": 0.2}}}},
               "flatten", {{"dense": {{"width": {m}}}}}"#
        )
    };
    let graph = graph(&widths(64, 256), &[7, 5, 2]);
    let kernel = MonteCarloKernel::compile(&graph, settings(256)).unwrap();
    let x = random_points(2, 70, 21);
    let x = concatenate![Axis(0), x, x.slice(s![..1, ..])];
    let estimates = symmetric(&kernel, x.view());
    let (mean, error) = (estimates.mean().nngp, estimates.standard_error().nngp);
    let moments: Vec<Array2<f64>> = (0..48)
        .map(|seed| {
            let outputs = FiniteNetwork::sample(&graph, seed).unwrap().forward(&x).unwrap();
            outputs.dot(&outputs.t()) / outputs.ncols() as f64
        })
        .collect();
    let count = moments.len() as f64;
    for (at, mean) in mean.indexed_iter() {
        let finite = moments.iter().map(|moment| moment[at]).sum::<f64>() / count;
        let squares: f64 = moments.iter().map(|moment| (moment[at] - finite).powi(2)).sum();
        let bound = 4.0 * error[at].hypot((squares / (count - 1.0) / count).sqrt());
        assert!((mean - finite).abs() < bound, "{at:?}: {mean} ± {}, networks {finite}", error[at]);
        assert!(bound < 0.2 * mean.abs(), "{at:?}: {bound}");
    }
}

const NETWORKS: [(&str, &str, &[usize]); 3] = [
    (
        "rectifiers before",
        r#"{"conv": {"filter": [2, 2], "b_std": 0.3}}, "relu", {"max_pool": {"window": [2, 2], "strides": [1, 2], "padding": "same"}},
           {"conv": {"filter": [2, 2]}}, "relu", "global_avg_pool", "dense""#,
        &[5, 4, 1],
    ),
    (
        "circular, absolute values after",
        r#"{"conv": {"filter": [2, 2], "padding": "circular"}}, {"max_pool": {"window": [3, 3], "strides": [2, 2], "padding": "circular"}},
           "abs", "flatten", "dense", "relu", "dense""#,
        &[4, 4, 1],
    ),
    ("one axis", r#"{"conv": {"filter": [2]}}, {"max_pool": {"window": [3]}}, "flatten", "dense""#, &[6, 2]),
];

#[test]
fn values_depend_on_their_two_points_alone_bit_for_bit() {
    for (name, layers, shape) in NETWORKS {
        let kernel = sampled(layers, shape, MonteCarlo { samples: 16, replicates: 2, seed: 5 });
        let x = random_points(19, shape.iter().product(), 3);
        assert_values_depend_on_two_points(name, &kernel, &x);
    }
}

/// Equal inputs have the kernel of the input with itself; empty ones have none without biases; parallel ones that of their length.
#[test]
fn limits_hold_to_rounding_in_every_replicate() {
    for (name, layers, shape) in NETWORKS {
        let layers = layers.replace(r#", "b_std": 0.3"#, "");
        let kernel = sampled(&layers, shape, MonteCarlo { samples: 16, replicates: 2, seed: 1 });
        let x = random_points(1, shape.iter().product(), 8);
        let points = concatenate![Axis(0), x, x, &x * 2.0, &x * 0.0];
        for matrices in symmetric(&kernel, points.view()).replicates {
            for (which, k) in both(&matrices).into_iter().enumerate() {
                assert_eq!(k[[0, 0]].to_bits(), k[[0, 1]].to_bits(), "{name} {which}");
                assert!(k[[0, 0]] > 0.0);
                // Windows that overlap have a singular covariance, whose factor is known to half of the digits.
                let ratios = [k[[0, 2]] / k[[0, 0]] - 2.0, k[[2, 2]] / k[[0, 0]] - 4.0];
                assert!(ratios.iter().all(|ratio| ratio.abs() < 1e-8), "{name} {which}: {ratios:?}");
                assert_eq!((k[[0, 3]], k[[3, 3]]), (0.0, 0.0), "{name} {which}");
            }
        }
    }
}

/// $v = -u$ has its maximum at the minimum of $u$: for windows of two $E[\max(u_1,u_2)\max(-u_1,-u_2)] = -E[u_1u_2]$, whatever is drawn.
#[test]
fn opposite_inputs_have_the_product_of_both_values() {
    let layers = r#"{"conv": {"filter": [1]}}, {"max_pool": {"window": [2]}}, "flatten", "dense""#;
    let kernel = sampled(layers, &[2, 3], MonteCarlo { samples: 8, replicates: 2, seed: 1 });
    let x = random_points(1, 6, 8);
    let product: f64 = (0..3).map(|c| x[[0, c]] * x[[0, c + 3]]).sum::<f64>() / 3.0;
    let points = concatenate![Axis(0), x, -&x];
    let estimates = symmetric(&kernel, points.view());
    for matrices in estimates.replicates {
        assert!((matrices.nngp[[0, 1]] + product).abs() < 1e-12, "{} for {product}", matrices.nngp[[0, 1]]);
    }
}

#[test]
fn shifts_that_windows_follow_change_nothing_and_others_little() {
    let layers = format!(r#"{CIRCULAR}, "relu", {PAIRS}, {CIRCULAR}, "relu", "global_avg_pool", "dense""#)
        .replace(r#""strides": [2]"#, r#""strides": [2], "padding": "circular""#);
    let kernel = sampled(&layers, &[6, 1], settings(64));
    let x = random_points(2, 6, 2);
    let shifted = |by: usize| Array2::from_shape_fn((2, 6), |(i, p)| x[[i, (p + by) % 6]]);
    let mirrored = Array2::from_shape_fn((2, 6), |(i, p)| x[[i, 5 - p]]);
    let of = |points: &Array2<f64>| symmetric(&kernel, points.view());
    let plain = of(&x);
    let (mean, error) = (both(&plain.mean()), both(&plain.standard_error()));
    for which in 0..2 {
        for (at, &value) in mean[which].indexed_iter() {
            let moved = both(&of(&shifted(2)).mean())[which][at];
            assert!((moved / value - 1.0).abs() < 1e-12, "{which} {at:?}: {moved} for {value}");
            let mirrored = both(&of(&mirrored).mean())[which][at];
            let bound = 4.0 * 2.0_f64.sqrt() * error[which][at];
            assert!((mirrored - value).abs() < bound, "{which} {at:?}: {mirrored} for {value} ± {bound}");
        }
    }
}

#[test]
fn single_precision_samples_the_same_points() {
    for (name, layers, shape) in NETWORKS {
        let kernel = sampled(layers, shape, MonteCarlo { samples: 64, replicates: 2, seed: 5 });
        let x = random_points(4, shape.iter().product(), 3).mapv(|value| value as f32);
        let single = symmetric(&kernel, x.view()).mean();
        let double = symmetric(&kernel, x.mapv(f64::from).view()).mean();
        for (single, double) in both(&single).iter().zip(&both(&double)) {
            for (single, double) in single.iter().zip(double) {
                // A choice that hangs on rounding changes a tangent kernel by one of 64 points at most.
                assert!(
                    (f64::from(*single) - double).abs() < 2e-3 * double.abs(),
                    "{name}: {single} for {double}"
                );
            }
        }
    }
}

#[test]
fn seeds_and_replicates_differ_and_repeat() {
    let x = random_points(2, 12, 3);
    let of = |seed: u64| {
        let (_, layers, shape) = NETWORKS[2];
        symmetric(&sampled(layers, shape, MonteCarlo { samples: 8, replicates: 2, seed }), x.view())
    };
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
    let replicates = of(1).replicates;
    assert_ne!(replicates[0], replicates[1]);
}

#[test]
fn what_cannot_be_sampled_is_named() {
    let conv = r#"{"conv": {"filter": [1, 1]}}"#;
    let compile = |layers: &str, shape: &[usize]| {
        MonteCarloKernel::compile(&graph(&format!(r#"{layers}, "flatten""#), shape), settings(8)).unwrap_err()
    };
    let pool = r#"{"max_pool": {"window": [2, 2]}}"#;
    let error =
        CompiledKernel::compile(&graph(&format!(r#"{conv}, {pool}, "flatten""#), &[4, 4, 1])).unwrap_err();
    assert_eq!(
        error,
        KernelError::NeedsSampling { path: "layer 2 (`max_pool`)".to_owned(), instead: "`avg_pool`" }
    );
    assert_eq!(error.to_string(), "layer 2 (`max_pool`): no closed-form infinite-width kernel is known");
    for (layers, place) in [
        (format!(r#"{conv}, "gelu", {pool}"#), "layer 3 (`max_pool`): expected before it `relu`"),
        (
            format!(r#"{conv}, {{"leaky_relu": {{"alpha": -0.1}}}}, {pool}"#),
            "layer 3 (`max_pool`): expected before it",
        ),
        (format!(r#"{conv}, {pool}, "tanh""#), "layer 3 (`tanh`): expected after `max_pool` one of `relu`"),
        (
            format!(r#"{conv}, {{"max_pool": {{"window": [9, 8]}}}}"#),
            "layer 2 (`max_pool`): expected a window of at most 64 positions, got 72",
        ),
    ] {
        let error = compile(&layers, &[10, 10, 1]);
        assert!(error.to_string().starts_with(place), "{layers}: {error}");
        assert!(error.hint().is_some(), "{layers}");
    }
    let graph = graph(&format!(r#"{conv}, {pool}, "flatten""#), &[4, 4, 1]);
    let error = MonteCarloKernel::compile(&graph, settings(0)).unwrap_err();
    assert_eq!(error.to_string(), "monte carlo: expected `samples` from 1 to 1048576, got 0");
}
