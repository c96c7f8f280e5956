//! Batch normalisation against draws by its definition, finite networks with their gradients, exact cases, and itself.

use isotypic_architecture::{Architecture, FiniteNetwork};
use isotypic_kernel::{CompiledKernel, KernelError, MonteCarlo, MonteCarloKernel, Outputs};
use isotypic_work::Monitor;
use ndarray::{Array2, Axis, array, concatenate, s};
use rayon::prelude::*;

use crate::sampling::{
    Normal, assert_agrees_with_dense, assert_finite_networks_approach, both, cross, graph, sampled, settings,
    symmetric,
};
use crate::support::{assert_close, random_points};

mod direct_twin;

use direct_twin::Block;

/// A block with a rectifier, and what it is in an architecture.
const RECTIFIED: (&str, Block) = (
    r#"{"dense": {"w_std": 1.3, "b_std": 0.4}}, {"batch_norm": {"epsilon": 0.05}}, "relu""#,
    Block { weight_variance: 1.69, bias_variance: 0.16, epsilon: 0.05, activation: |u| u.max(0.0) },
);

const SMOOTH: (&str, Block) = (
    r#"{"dense": {"w_std": 0.8}}, {"batch_norm": {"epsilon": 0.1}}, "tanh""#,
    Block { weight_variance: 0.64, bias_variance: 0.0, epsilon: 0.1, activation: f64::tanh },
);

const LINEAR: (&str, Block) = (
    r#"{"dense": {"b_std": 1.0}}, {"batch_norm": {"epsilon": 0.5}}"#,
    Block { weight_variance: 1.0, bias_variance: 1.0, epsilon: 0.5, activation: |u| u },
);

/// Entry by entry within four standard errors of both, which are at most `small`.
fn assert_agrees(
    what: &str,
    (mean, error): ([Array2<f64>; 2], [Array2<f64>; 2]),
    twins: &[[Array2<f64>; 2]],
    small: f64,
) {
    let count = twins.len() as f64;
    for which in 0..2 {
        for (at, mean) in mean[which].indexed_iter() {
            let twin = twins.iter().map(|one| one[which][at]).sum::<f64>() / count;
            let squares: f64 = twins.iter().map(|one| (one[which][at] - twin).powi(2)).sum();
            let bound = 4.0 * error[which][at].hypot((squares / (count - 1.0) / count).sqrt()) + 1e-9;
            assert!((mean - twin).abs() < bound, "{what} {which} {at:?}: {mean}, twin {twin}, bound {bound}");
            assert!(bound < small, "{what} {which} {at:?}: {bound}");
        }
    }
}

#[test]
fn networks_agree_with_draws_by_definition() {
    let x = random_points(4, 5, 3);
    for (blocks, small) in
        [(vec![RECTIFIED], 0.1), (vec![SMOOTH], 0.1), (vec![LINEAR], 0.1), (vec![RECTIFIED, SMOOTH], 0.15)]
    {
        let layers: Vec<&str> = blocks.iter().map(|(layers, _)| *layers).collect();
        let layers = format!(r#"{}, "dense""#, layers.join(", "));
        let blocks: Vec<Block> = blocks.into_iter().map(|(_, block)| block).collect();
        let kernel = sampled(&layers, &[5], settings(2048));
        let twins = |batch: usize| -> Vec<[Array2<f64>; 2]> {
            let one = |seed: u64| direct_twin::kernel(&x, &blocks, batch, 1500, &mut Normal(seed << 32 | 77));
            (0..16_u64).into_par_iter().map(one).collect()
        };
        let estimates = symmetric(&kernel, x.view());
        let found = (both(&estimates.mean()), both(&estimates.standard_error()));
        assert_agrees(&layers, found, &twins(4), small);
        // The last input is normalised by the statistics of the others.
        let (batch, other) = (x.slice(s![..3, ..]), x.slice(s![3.., ..]));
        let estimates = cross(&kernel, batch, other);
        let found = (both(&estimates.mean()), both(&estimates.standard_error()));
        let of_pairs = |twin: [Array2<f64>; 2]| twin.map(|matrix| matrix.slice(s![..3, 3..]).to_owned());
        let twins: Vec<[Array2<f64>; 2]> = twins(3).into_iter().map(of_pairs).collect();
        assert_agrees(&format!("{layers}, cross"), found, &twins, small);
    }
}

const CIRCULAR: &str = r#"{"conv": {"filter": [3], "padding": "circular", "w_std": 1.3, "b_std": 0.2}}"#;

#[test]
fn sequences_agree_with_draws_by_definition() {
    let x = random_points(2, 6, 11);
    for (after, block) in [(r#""relu", "#, RECTIFIED.1), (r#""tanh", "#, SMOOTH.1), ("", LINEAR.1)] {
        for readout in ["flatten", "global_avg_pool"] {
            let norm = format!(r#"{{"batch_norm": {{"epsilon": {}}}}}"#, block.epsilon);
            let layers = format!(r#"{CIRCULAR}, {norm}, {after}{CIRCULAR}, "{readout}", "dense""#);
            let estimates = symmetric(&sampled(&layers, &[3, 2], settings(2048)), x.view());
            let twin = direct_twin::kernel_of_sequences(&x, &block, readout != "flatten");
            assert_agrees_with_dense(&estimates, twin, &layers);
        }
    }
}

/// One hidden layer is unbiased at any width; two are wide enough here.
#[test]
fn finite_networks_and_their_gradients_approach_the_sampled_kernel() {
    let x = random_points(3, 6, 5);
    let dense = r#"{"dense": {"width": 192, "w_std": 1.2, "b_std": 0.3}}"#;
    let norm = r#"{"batch_norm": {"epsilon": 0.1}}"#;
    let readout = r#"{"dense": {"width": 32}}"#;
    for (layers, shape) in [
        (format!(r#"{dense}, {norm}, "gelu", {readout}"#), vec![6]),
        (format!(r#"{dense}, {norm}, {dense}, "relu", {dense}, {norm}, "erf", {readout}"#), vec![6]),
        (format!(r#"{dense}, {{"residual": [{norm}, "relu", {dense}]}}, "erf", {readout}"#), vec![6]),
        (
            format!(
                r#"{dense}, "relu", {{"dropout": {{"keep_rate": 0.7}}}}, {dense}, {norm}, "relu", {readout}"#
            ),
            vec![6],
        ),
        (
            format!(
                r#"{{"conv": {{"filter": [2], "width": 192}}}}, "relu", "flatten", {dense}, {{"sum": [["identity"], [{norm}, "abs", {dense}]]}}, "relu", {readout}"#
            ),
            vec![3, 2],
        ),
    ] {
        assert_finite_networks_approach((&layers, &shape), x.view(), 160, 0.25);
    }
}

#[test]
fn finite_networks_on_images_approach_the_sampled_kernel() {
    let conv = r#"{"conv": {"filter": [2, 2], "padding": "same", "width": 96, "w_std": 1.2, "b_std": 0.3}}"#;
    let norm = r#"{"batch_norm": {"epsilon": 0.1}}"#;
    let readout = r#"{"dense": {"width": 32}}"#;
    let x = random_points(2, 12, 5);
    for layers in [
        format!(r#"{conv}, {norm}, "relu", "flatten""#),
        format!(r#"{conv}, {norm}, "erf", "global_avg_pool", {readout}"#),
        format!(
            r#"{conv}, {{"residual": [{norm}, "relu", {conv}]}}, "relu", "global_avg_pool", {norm_after}"#,
            norm_after = r#"{"dense": {"width": 96}}, {"batch_norm": {"epsilon": 0.1}}, "relu", {"dense": {"width": 32}}"#
        ),
        format!(
            r#"{conv}, {norm}, "abs", {{"avg_pool": {{"window": [2, 1]}}}}, {conv}, {norm}, "relu", "flatten", {readout}"#
        ),
    ] {
        assert_finite_networks_approach((&layers, &[2, 3, 2]), x.view(), 120, 0.3);
    }
}

/// What is not in the batch is normalised by the batch in finite networks too.
#[test]
fn others_are_normalised_by_the_batch_as_in_finite_networks() {
    let (x, y) = (random_points(3, 4, 5), random_points(2, 4, 6));
    let layers = r#"{"dense": {"width": 256, "b_std": 0.3}}, "batch_norm", "relu", {"dense": {"width": 64}}"#;
    let estimates = cross(&sampled(layers, &[4], settings(2048)), x.view(), y.view());
    let together = concatenate![Axis(0), x, y];
    let networks: Vec<Array2<f64>> = (0..200)
        .map(|seed| {
            let network = FiniteNetwork::sample(&graph(layers, &[4]), seed).unwrap();
            let outputs = network.forward_in_batch(&together, 3).unwrap();
            outputs.slice(s![..3, ..]).dot(&outputs.slice(s![3.., ..]).t()) / 64.0
        })
        .collect();
    let count = networks.len() as f64;
    for (at, mean) in estimates.mean().nngp.indexed_iter() {
        let finite = networks.iter().map(|one| one[at]).sum::<f64>() / count;
        let squares: f64 = networks.iter().map(|one| (one[at] - finite).powi(2)).sum();
        let bound = 4.0 * estimates.standard_error().nngp[at].hypot((squares / (count - 1.0) / count).sqrt());
        assert!((mean - finite).abs() < bound && bound < 0.2, "{at:?}: {mean}, networks {finite} ± {bound}");
    }
}

/// Two inputs become 1 and −1, whatever they are, and do not move with the parameters.
#[test]
fn two_inputs_have_an_exact_kernel() {
    let x = random_points(2, 7, 9);
    for (after, nngp) in
        [("", array![[1.0, -1.0], [-1.0, 1.0]]), (r#""relu", "#, array![[0.5, 0.0], [0.0, 0.5]])]
    {
        let layers = format!(
            r#"{{"dense": {{"b_std": 0.2}}}}, {{"batch_norm": {{"epsilon": 0}}}}, {after}{{"dense": {{"w_std": 2.0}}}}"#
        );
        for replicate in symmetric(&sampled(&layers, &[7], settings(6)), x.view()).replicates {
            for matrix in both(&replicate) {
                // Gradients are as large as values are close before the layer, and cancel.
                let error = matrix - &nngp * 4.0;
                assert!(error.iter().all(|error| error.abs() < 1e-9), "{layers}: {error}");
            }
        }
    }
}

/// Inputs whose covariances are all alike stay so, on average: normalised values sum to 0, their squares to their number.
#[test]
fn orthogonal_inputs_have_the_kernel_of_a_simplex() {
    let x: Array2<f64> = Array2::eye(5) * 3.0;
    let layers = r#""dense", {"batch_norm": {"epsilon": 0}}, "dense""#;
    let estimates = symmetric(&sampled(layers, &[5], settings(512)), x.view());
    for replicate in &estimates.replicates {
        for matrix in both(replicate) {
            assert!(matrix.sum_axis(Axis(1)).iter().all(|sum| sum.abs() < 1e-12));
        }
        assert!((replicate.nngp.diag().sum() - 5.0).abs() < 1e-12);
    }
    let (mean, error) = (estimates.mean().nngp, estimates.standard_error().nngp);
    for ((i, j), &mean) in mean.indexed_iter() {
        let expected = if i == j { 1.0 } else { -0.25 };
        assert!((mean - expected).abs() < 4.0 * error[[i, j]] && error[[i, j]] < 0.03, "{i} {j}: {mean}");
    }
}

/// Positions of a batch are values of it like inputs: pixels that are told apart by nothing but their place in a list.
#[test]
fn positions_count_as_inputs() {
    let x = random_points(6, 5, 3);
    let after = r#"{"batch_norm": {"epsilon": 0.02}}, "gelu""#;
    let vectors = sampled(&format!(r#"{{"dense": {{"b_std": 0.3}}}}, {after}, "dense""#), &[5], settings(32));
    let pixels = sampled(
        &format!(r#"{{"conv": {{"filter": [1], "b_std": 0.3}}}}, {after}, "flatten", "dense""#),
        &[3, 5],
        settings(32),
    );
    let images = x.to_shape((2, 15)).unwrap().to_owned();
    let (vectors, pixels) = (symmetric(&vectors, x.view()), symmetric(&pixels, images.view()));
    // The same draws, since layers have the same numbers.
    for (vectors, pixels) in vectors.replicates.iter().zip(&pixels.replicates) {
        for (vectors, pixels) in both(vectors).iter().zip(both(pixels)) {
            let flattened = Array2::from_shape_fn((2, 2), |(i, j)| {
                (0..3).map(|p| vectors[[3 * i + p, 3 * j + p]]).sum::<f64>() / 3.0
            });
            assert_close(&pixels, &flattened, 1e-9, "pixels");
        }
    }
}

const TWO_LAYERS: &str = r#"{"dense": {"b_std": 0.4}}, "batch_norm", "relu", "dense", {"batch_norm": {"epsilon": 0.1}}, "tanh", "dense""#;

#[test]
fn another_order_of_the_batch_gives_the_kernel_in_that_order() {
    let x = random_points(9, 12, 7);
    let order = [4, 0, 7, 2, 8, 1, 3, 6, 5];
    let kernel = sampled(r#"{"dense": {"b_std": 0.4}}, "batch_norm", "relu", "dense""#, &[12], settings(64));
    let (whole, turned) =
        (symmetric(&kernel, x.view()), symmetric(&kernel, x.select(Axis(0), &order).view()));
    for (whole, turned) in whole.replicates.iter().zip(&turned.replicates) {
        for (whole, turned) in both(whole).iter().zip(both(turned)) {
            assert_close(&turned, &whole.select(Axis(0), &order).select(Axis(1), &order), 1e-9, "turned");
        }
    }
}

#[test]
fn the_scale_of_inputs_does_not_matter_without_epsilon_and_biases() {
    let x = random_points(6, 5, 7);
    let kernel = sampled(r#""dense", {"batch_norm": {"epsilon": 0}}, "relu", "dense""#, &[5], settings(32));
    assert_eq!(symmetric(&kernel, x.view()), symmetric(&kernel, (&x * 8.0).view()));
    let (small, large) = (symmetric(&kernel, x.view()), symmetric(&kernel, (&x * 1.7e5).view()));
    for (small, large) in both(&small.mean()).iter().zip(both(&large.mean())) {
        assert_close(small, &large, 1e-9, "scaled");
    }
}

#[test]
fn equal_inputs_are_equal_and_a_batch_is_normalised_alike_wherever_it_stands() {
    let mut x = random_points(140, 4, 7);
    for (to, from) in [(139, 0), (70, 3)] {
        let copy = x.row(from).to_owned();
        x.row_mut(to).assign(&copy);
    }
    let kernel = sampled(TWO_LAYERS, &[4], MonteCarlo { samples: 300, replicates: 2, seed: 3 });
    let whole = symmetric(&kernel, x.view());
    for replicate in &whole.replicates {
        for matrix in both(replicate) {
            assert_eq!(matrix, matrix.t());
            for (to, from) in [(139, 0), (70, 3)] {
                assert_eq!(matrix.row(to), matrix.row(from));
                assert_eq!(matrix[[to, from]], matrix[[from, from]]);
            }
        }
    }
    // The second list is normalised by the first one.
    assert_eq!(cross(&kernel, x.view(), x.view()), whole);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(one.install(|| symmetric(&kernel, x.view())), whole, "threads");
}

#[test]
fn seeds_and_replicates_differ_and_repeat() {
    let x = random_points(5, 4, 3);
    let of = |seed: u64| {
        symmetric(&sampled(TWO_LAYERS, &[4], MonteCarlo { samples: 9, replicates: 2, seed }), x.view())
    };
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
    let replicates = of(1).replicates;
    assert_ne!(replicates[0], replicates[1]);
    // The same draws, whatever is asked for.
    let kernel = sampled(TWO_LAYERS, &[4], MonteCarlo { samples: 9, replicates: 2, seed: 1 });
    let inputs = kernel.prepare(x.view()).unwrap();
    let only = |outputs| kernel.symmetric(&inputs, outputs, &Monitor::silent()).unwrap().replicates;
    assert_eq!(only(Outputs::Nngp)[1].nngp, replicates[1].nngp);
    assert_eq!(only(Outputs::Ntk)[1].ntk, replicates[1].ntk);
}

#[test]
fn single_precision_is_rounded_from_double() {
    let x = random_points(5, 4, 3).mapv(|value| value as f32);
    let kernel = sampled(TWO_LAYERS, &[4], settings(16));
    let (single, double) = (symmetric(&kernel, x.view()), symmetric(&kernel, x.mapv(f64::from).view()));
    for (single, double) in single.replicates.iter().zip(&double.replicates) {
        for (single, double) in both(single).iter().zip(both(double)) {
            assert_eq!(single, &double.mapv(|value| value as f32));
        }
    }
}

/// A batch that hardly varies is normalised as well as any other.
#[test]
fn batches_close_together_keep_their_digits() {
    let around = random_points(1, 6, 3);
    let spread = random_points(5, 6, 4);
    let kernel = sampled(r#""dense", {"batch_norm": {"epsilon": 0}}, "erf", "dense""#, &[6], settings(64));
    let at = |distance: f64| both(&symmetric(&kernel, (&around + &(&spread * distance)).view()).mean());
    for (near, nearer) in at(1e-3).iter().zip(at(1e-5)) {
        assert_close(near, &nearer, 1e-3, "close");
    }
}

#[test]
fn what_cannot_be_normalised_is_named() {
    let norm = r#"{"batch_norm": {"epsilon": 0}}"#;
    let text = format!(r#""dense", {norm}, "relu", "dense""#);
    let error = CompiledKernel::compile(&graph(&text, &[3])).unwrap_err();
    assert_eq!(
        error,
        KernelError::NeedsSampling { path: "layer 2 (`batch_norm`)".to_owned(), instead: "`layer_norm`" }
    );
    let kernel = sampled(&text, &[3], settings(8));
    assert!(kernel.depends_on_batch() && kernel.replicates().is_none());
    let refused = |x: Array2<f64>| {
        let x = kernel.prepare(x.view())?;
        kernel.symmetric(&x, Outputs::Ntk, &Monitor::silent()).map(|_| ())
    };
    for (x, message) in [
        (
            random_points(1, 3, 1),
            "layer 2 (`batch_norm`): expected a batch of at least 2 values per channel, got 1",
        ),
        (Array2::ones((4, 3)), "layer 2 (`batch_norm`): expected points that differ within the batch"),
        (Array2::zeros((4, 3)), "layer 2 (`batch_norm`): expected points that differ within the batch"),
        (random_points(4, 2, 1), "points: expected rows of 3 numbers"),
        (array![[1.0, 2.0, f64::NAN], [0.0, 0.0, 1.0]], "point 0: coordinate 2 is NaN"),
        (random_points(3, 3, 1) * 1e200, "point 0: its variance is"),
    ] {
        let error = refused(x).unwrap_err();
        assert!(error.to_string().starts_with(message), "{error}");
        assert!(error.hint().is_some(), "{error}");
    }
    let one = |layers: &str, shape: &[usize]| {
        MonteCarloKernel::compile(&graph(layers, shape), settings(8)).unwrap_err()
    };
    for (layers, shape, message) in [
        (
            format!(r#"{{"dense": {{}}}}, {norm}, "flatten""#),
            &[1, 1, 1, 1, 2][..],
            "input: expected at most 3 spatial dimensions, got 4",
        ),
        (
            format!(r#""dense", {norm}, {{"exp_normalized": {{"gamma": 1.0}}}}, "dense""#),
            &[3],
            "layer 3 (`exp_normalized`): expected after `batch_norm` a function of one number",
        ),
    ] {
        let error = one(&layers, shape);
        assert!(error.to_string().starts_with(message), "{error}");
        assert!(error.hint().is_some(), "{error}");
    }
    for (layers, message) in [
        (
            r#""dense", {"batch_norm": {"epsilon": -1e-5}}"#,
            "layer 2 (`batch_norm`): option `epsilon`: expected a finite number of at least 0, got `-0.00001`",
        ),
        (r#""batch_norm", "dense""#, "layer 1 (`batch_norm`): expected a gaussian input, got the raw input"),
        (
            r#""dense", "batch_norm", "batch_norm""#,
            "layer 3 (`batch_norm`): expected a gaussian input, got the output of layer 2 (`batch_norm`)",
        ),
        (
            r#""dense", "batch_norm", "relu", "tanh""#,
            "layer 4 (`tanh`): expected a gaussian input, got the output of layer 3 (`relu`)",
        ),
        (r#""dense", "batch_norm", "layer_norm""#, "layer 3 (`layer_norm`): expected a gaussian input"),
    ] {
        let architecture = Architecture::from_json(&format!(r#"{{"layers": [{layers}]}}"#)).unwrap();
        assert_eq!(architecture.check(&[3]).unwrap_err().to_string().get(..message.len()), Some(message));
    }
}
