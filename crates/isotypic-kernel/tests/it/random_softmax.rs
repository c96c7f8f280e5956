//! Attention with a random softmax against closed limits, dense sampling that shares no code, finite networks with their gradients, and itself.

use isotypic_kernel::{CompiledKernel, KernelError, MonteCarlo, MonteCarloKernel};
use ndarray::{Array2, Axis, concatenate};

use crate::sampling::{
    assert_agrees_with_dense, assert_finite_networks_approach, assert_values_depend_on_two_points, both,
    graph, sampled, settings, symmetric,
};
use crate::support::{assert_close, compile, random_points};

mod dense_twin;

const CIRCULAR: &str = r#"{"conv": {"filter": [3], "padding": "circular", "w_std": 1.3, "b_std": 0.2}}"#;

/// The layer with further options.
fn attention(options: &str) -> String {
    format!(r#"{{"self_attention": {{"scaling": "sqrt", {options}}}}}"#)
}

const OPTIONS: &str =
    r#""w_key_std": 1.4, "w_query_std": 1.5, "w_value_std": 1.2, "w_out_std": 0.9, "b_std": 0.3"#;

#[test]
fn networks_agree_with_dense_sampling() {
    let x = random_points(2, 6, 11);
    let embedding = |on_values: bool| {
        format!(r#", "positional_embedding": {{"type": "sum", "w_std": 0.8, "on_values": {on_values}}}"#)
    };
    for (embedding, embedding_variance, on_values, readout) in [
        (String::new(), 0.0, false, "flatten"),
        (embedding(false), 0.64, false, "flatten"),
        (embedding(true), 0.64, true, "global_avg_pool"),
    ] {
        let layer = attention(&format!("{OPTIONS}{embedding}"));
        let layers = format!(r#"{CIRCULAR}, {CIRCULAR}, {layer}, "{readout}", "dense""#);
        let estimates = symmetric(&sampled(&layers, &[3, 2], settings(1024)), x.view());
        let twin = dense_twin::Attention {
            logit_gain: 1.4 * 1.5,
            value_variance: (1.2_f64 * 0.9).powi(2),
            bias_variance: 0.09,
            embedding_variance,
            on_values,
        };
        assert_agrees_with_dense(&estimates, dense_twin::kernel(&x, &twin, readout != "flatten"), &layers);
    }
}

/// Means over heads are unbiased with any number of heads; the width of keys and that of the layer before bound the accuracy.
#[test]
fn finite_networks_and_their_gradients_approach_the_sampled_kernel() {
    const NETWORKS: u64 = 120;
    /// Relative to the largest entry: a missing term would show.
    const SMALL: f64 = 0.2;
    let layer =
        attention(&format!(r#"{OPTIONS}, "heads": 24, "key_width": 48, "value_width": 4, "width": 128"#));
    let x = random_points(2, 6, 21);
    for layers in [
        format!(r#"{layer}, "flatten""#),
        format!(r#"{{"dense": {{"width": 48, "w_std": 1.2}}}}, {layer}, "flatten""#),
    ] {
        assert_finite_networks_approach((&layers, &[3, 2]), x.view(), NETWORKS, SMALL);
    }
}

/// Small logits leave uniform weights, whatever their scaling.
#[test]
fn small_logits_have_the_kernel_of_uniform_weights() {
    let x = random_points(3, 8, 4);
    let layers = |scaling: &str| {
        format!(
            r#"{CIRCULAR}, {{"self_attention": {{"scaling": "{scaling}", "w_key_std": 1e-3, "w_query_std": 1e-3, "w_value_std": 1.2, "b_std": 0.1}}}},
               "flatten", "dense""#
        )
    };
    let expected = both(&crate::support::symmetric(
        &compile(&format!(r#"{{"layers": [{}]}}"#, layers("linear")), &[4, 2]),
        x.view(),
    ));
    for replicate in symmetric(&sampled(&layers("sqrt"), &[4, 2], settings(8)), x.view()).replicates {
        for (got, expected) in both(&replicate).iter().zip(&expected) {
            assert_close(got, expected, 1e-4, "small logits");
        }
    }
}

#[test]
fn one_position_attends_to_itself() {
    let x = random_points(3, 2, 4);
    let layers = |scaling: &str| {
        format!(
            r#"{{"conv": {{"filter": [1]}}}}, {{"self_attention": {{"scaling": "{scaling}", "b_std": 0.1}}}}, "flatten", "dense""#
        )
    };
    let expected = both(&crate::support::symmetric(
        &compile(&format!(r#"{{"layers": [{}]}}"#, layers("linear")), &[1, 2]),
        x.view(),
    ));
    for replicate in symmetric(&sampled(&layers("sqrt"), &[1, 2], settings(8)), x.view()).replicates {
        for (got, expected) in both(&replicate).iter().zip(&expected) {
            assert_close(got, expected, 1e-12, "one position");
        }
    }
}

/// Name, layers and shape.
fn networks() -> [(&'static str, String, &'static [usize]); 3] {
    let plain = attention(OPTIONS);
    let embedded = attention(
        r#""b_std": 0.1, "positional_embedding": {"type": "concat", "decay": {"exponential": 0.5}}"#,
    );
    let conv = r#"{"conv": {"filter": [2, 2], "padding": "circular", "b_std": 0.3}}"#;
    [
        (
            "two layers",
            format!(r#"{CIRCULAR}, {plain}, "relu", {plain}, "global_avg_pool", "dense""#),
            &[4, 2],
        ),
        (
            "embedding, image",
            format!(r#"{conv}, "relu", {embedded}, {conv}, "relu", "flatten", "dense""#),
            &[2, 3, 1],
        ),
        ("on the input", format!(r#"{plain}, "flatten", "dense", "relu", "dense""#), &[3, 1]),
    ]
}

#[test]
fn values_depend_on_their_two_points_alone_bit_for_bit() {
    for (name, layers, shape) in networks() {
        let kernel = sampled(&layers, shape, MonteCarlo { samples: 6, replicates: 2, seed: 5 });
        let x = random_points(19, shape.iter().product(), 3);
        assert_values_depend_on_two_points(name, &kernel, &x);
    }
}

/// Equal inputs have the kernel of the input with itself to the last bit.
#[test]
fn equal_inputs_are_equal_in_every_replicate() {
    for (name, layers, shape) in networks() {
        let kernel = sampled(&layers, shape, MonteCarlo { samples: 8, replicates: 3, seed: 1 });
        let x = random_points(1, shape.iter().product(), 8);
        let points = concatenate![Axis(0), x, random_points(1, x.len(), 9), x];
        for matrices in symmetric(&kernel, points.view()).replicates {
            for (which, k) in both(&matrices).into_iter().enumerate() {
                assert_eq!(k[[0, 0]].to_bits(), k[[0, 2]].to_bits(), "{name} {which}");
                assert_eq!(k[[0, 1]].to_bits(), k[[1, 2]].to_bits(), "{name} {which}");
                assert!(k[[0, 0]] > 0.0);
            }
        }
    }
}

/// Nearly equal inputs have a distance that is known to a relative error: a step twice as long quadruples it.
#[test]
fn near_inputs_have_near_features_in_every_replicate() {
    let layers = format!(r#"{CIRCULAR}, {}, {CIRCULAR}, "flatten", "dense""#, attention(OPTIONS));
    let kernel = sampled(&layers, &[4, 2], MonteCarlo { samples: 32, replicates: 3, seed: 1 });
    let x = random_points(1, 8, 8);
    for size in [1e-3, 1e-5] {
        let step = random_points(1, 8, 9) * size;
        let points = concatenate![Axis(0), x, &x + &step, &x + &(&step * 2.0)];
        for matrices in symmetric(&kernel, points.view()).replicates {
            for (which, k) in both(&matrices).into_iter().enumerate() {
                let distance = |i: usize| k[[0, 0]] + k[[i, i]] - 2.0 * k[[0, i]];
                let ratio = distance(2) / distance(1);
                assert!((ratio - 4.0).abs() < 0.1, "{size} {which}: {ratio}");
            }
        }
    }
}

#[test]
fn shifts_change_estimates_within_their_error() {
    let layers =
        format!(r#"{CIRCULAR}, {}, {CIRCULAR}, "relu", "global_avg_pool", "dense""#, attention(OPTIONS));
    let kernel = sampled(&layers, &[5, 1], settings(128));
    let x = random_points(2, 5, 2);
    let of = |points: &Array2<f64>| symmetric(&kernel, points.view());
    let plain = of(&x);
    let (mean, error) = (both(&plain.mean()), both(&plain.standard_error()));
    let moved = both(&of(&Array2::from_shape_fn((2, 5), |(i, p)| x[[i, (p + 2) % 5]])).mean());
    for which in 0..2 {
        for (at, &value) in mean[which].indexed_iter() {
            let bound = 4.0 * 2.0_f64.sqrt() * error[which][at];
            let moved = moved[which][at];
            assert!((moved - value).abs() < bound, "{which} {at:?}: {moved} for {value} ± {bound}");
            assert!(bound < 0.1 * value, "{which} {at:?}: {bound}");
        }
    }
}

#[test]
fn single_precision_samples_the_same_logits() {
    for (name, layers, shape) in networks() {
        let kernel = sampled(&layers, shape, MonteCarlo { samples: 32, replicates: 2, seed: 5 });
        let x = random_points(19, shape.iter().product(), 3).mapv(|value| value as f32);
        let single = symmetric(&kernel, x.view()).mean();
        let double = symmetric(&kernel, x.mapv(f64::from).view()).mean();
        for (single, double) in both(&single).iter().zip(&both(&double)) {
            for (single, double) in single.iter().zip(double) {
                // Single precision does not resolve all pivots of the factor: it draws other samples of what they carry.
                assert!(
                    (f64::from(*single) - double).abs() < 1e-2 * double.abs(),
                    "{name}: {single} for {double}"
                );
            }
        }
    }
}

#[test]
fn seeds_layers_and_replicates_differ_and_repeat() {
    let (_, layers, shape) = &networks()[2];
    let x = random_points(2, 3, 3);
    let of = |seed: u64| {
        symmetric(&sampled(layers, shape, MonteCarlo { samples: 8, replicates: 2, seed }), x.view())
    };
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
    let replicates = of(1).replicates;
    assert_ne!(replicates[0], replicates[1]);
}

#[test]
fn what_cannot_be_sampled_is_named() {
    let compile_with = |layer: &str, shape: &[usize]| {
        let graph = graph(&format!(r#"{layer}, "flatten""#), shape);
        (CompiledKernel::compile(&graph), MonteCarloKernel::compile(&graph, settings(8)))
    };
    let (closed, sampled) = compile_with(r#"{"self_attention": {"scaling": "sqrt"}}"#, &[4, 1]);
    let error = closed.unwrap_err();
    assert_eq!(
        error.to_string(),
        "layer 1 (`self_attention`): no closed-form infinite-width kernel is known"
    );
    assert!(error.hint().unwrap().ends_with("or use `scaling = \"linear\"`"), "{error:?}");
    assert!(sampled.is_ok());
    let error = compile_with(r#"{"self_attention": {"scaling": "sqrt"}}"#, &[17, 16, 1]).1.unwrap_err();
    assert!(matches!(&error, KernelError::TooManyPositions { positions: 272, limit: 256, .. }), "{error}");
    // Logits beyond all numbers are no weights.
    let layer = r#"{"self_attention": {"scaling": "sqrt", "w_key_std": 1e75, "w_query_std": 1e75}}"#;
    let kernel = compile_with(layer, &[2, 1]).1.unwrap();
    let points = random_points(1, 2, 1) * 10.0;
    let error = kernel.prepare(points.view()).unwrap_err();
    assert!(matches!(error, KernelError::VarianceOutOfRange { row: 0, .. }), "{error}");
}
