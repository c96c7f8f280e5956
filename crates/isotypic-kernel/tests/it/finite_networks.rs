//! The NNGP kernel against second moments of the outputs of wide random networks.
//!
//! Architectures are those of the table of layers, with every width multiplied by a number $n$; the kernel is that of the widened
//! graph. Moments are averaged over outputs and over $N$ networks. Their standard error is $c / \sqrt{nN}$ and the bias of finite
//! width is $k / n$, both relative to the largest entry: with one hidden layer there is no bias, with two or three it has $k \lesssim 1$,
//! and $c \gtrsim 1$, so that with $N \le n$ it stays below the standard error, of which four are allowed. Attention weights that are
//! not normalised amplify the noise of covariances at all pairs of positions, $k$ of 5 to 15: these have networks of their own below,
//! with few positions, larger $n$ and the weights on the input itself where possible.

use isotypic_architecture::{Architecture, FiniteNetwork, Layer, LayerGraph};
use isotypic_kernel::CompiledKernel;
use ndarray::{Array2, Axis, concatenate, s};
use rayon::prelude::*;

use crate::layers::{Case, NONLINEARITIES, NOT_YET, table};
use crate::support::{random_points, symmetric};

/// How large and how many the networks are.
#[derive(Clone, Copy)]
struct Size {
    /// What widths are multiplied by, those of keys and values apart.
    width: usize,
    networks: u64,
    heads: usize,
    key_width: usize,
    value_width: usize,
    /// The largest standard error relative to the largest entry: small enough that a wrong factor would show.
    error: f64,
}

const SIZE: Size = Size { width: 64, networks: 64, heads: 16, key_width: 128, value_width: 8, error: 0.05 };

/// Number of outputs of the last layer; they share hidden units, so that more would not help.
const OUTPUTS: usize = 256;

/// Beginnings of the names of architectures with a branch that passes on the input beside one of random units, which has to have as
/// few channels: a finite network is nowhere near the limit.
const AS_NARROW_AS_THE_INPUT: [&str; 1] = ["sum_with_input"];

/// Multiplies every width inside.
fn widen(layers: &mut [Layer], size: Size) {
    for layer in layers {
        match layer {
            Layer::Dense(dense) => dense.width *= size.width,
            Layer::Conv(conv) | Layer::ConvLocal(conv) | Layer::ConvTranspose(conv) => {
                conv.width *= size.width;
            }
            Layer::GroupLift(lift) => lift.conv.width *= size.width,
            Layer::GroupConv(conv) => conv.width *= size.width,
            Layer::SelfAttention(attention) => {
                attention.width *= size.width;
                (attention.heads, attention.key_width, attention.value_width) =
                    (size.heads, size.key_width, size.value_width);
                if let Some(embedding) = &mut attention.positional_embedding
                    && let Some(width) = &mut embedding.width
                {
                    *width *= size.width;
                }
            }
            Layer::Sum(branches) | Layer::Product(branches) => {
                branches.iter_mut().for_each(|layers| widen(layers, size));
            }
            Layer::Concat(concat) => concat.branches.iter_mut().for_each(|layers| widen(layers, size)),
            Layer::Residual(layers) => widen(layers, size),
            Layer::Repeat(repeat) => widen(&mut repeat.layers, size),
            _ => {}
        }
    }
}

fn widened(case: &Case, size: Size) -> LayerGraph {
    let mut architecture = Architecture::from_json(&format!(r#"{{"layers": [{}]}}"#, case.layers)).unwrap();
    widen(&mut architecture.layers, size);
    if let Some(Layer::Dense(readout)) = architecture.layers.last_mut() {
        readout.width = OUTPUTS;
    }
    architecture.check(&case.shape).unwrap_or_else(|error| panic!("{}: {error}", case.name))
}

/// Mean and standard error of the second moments of the outputs, over networks.
fn second_moments(graph: &LayerGraph, x: &Array2<f64>, networks: u64) -> [Array2<f64>; 2] {
    let moments: Vec<Array2<f64>> = (0..networks)
        .map(|seed| {
            // In one batch, so that dropout has masks of its own for every row.
            let outputs = FiniteNetwork::sample(graph, seed).unwrap().forward(x).unwrap();
            outputs.dot(&outputs.t()) / outputs.ncols() as f64
        })
        .collect();
    let count = moments.len() as f64;
    let mean = moments.iter().fold(Array2::zeros(moments[0].dim()), |sum, moment| sum + moment) / count;
    let squares = moments
        .iter()
        .fold(Array2::zeros(mean.dim()), |sum, moment| sum + (moment - &mean).mapv(|d: f64| d * d));
    [mean, squares.mapv(|square: f64| (square / (count - 1.0) / count).sqrt())]
}

/// What is wrong with the kernel of one architecture.
fn complaints(case: &Case, size: Size) -> Vec<String> {
    let graph = widened(case, size);
    let kernel = match CompiledKernel::compile(&graph) {
        Ok(kernel) => kernel,
        Err(_) if NOT_YET.contains(&case.name.as_str()) => return Vec::new(),
        Err(error) => return vec![format!("{}: {error}", case.name)],
    };
    // The last row is the first again: with masks it is another forward pass.
    let generic = random_points(2, kernel.point_length(), 21);
    let x = concatenate![Axis(0), generic, generic.slice(s![..1, ..])];
    let expected = symmetric(&kernel, x.view()).nngp;
    let [mean, error] = second_moments(&graph, &x, size.networks);
    let scale = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let mut complaints = Vec::new();
    for ((at, mean), (error, expected)) in mean.indexed_iter().zip(error.iter().zip(&expected)) {
        let distance = (mean - expected).abs();
        if distance.is_nan() || distance > 4.0 * error || *error > size.error * scale {
            complaints.push(format!("{}{at:?}: {mean} ± {error}, expected {expected}", case.name));
        }
    }
    complaints
}

fn check_all(cases: &[Case], size: Size) {
    assert!(!cases.is_empty());
    let complaints: Vec<String> = cases.par_iter().flat_map_iter(|case| complaints(case, size)).collect();
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

/// Checks all architectures of the table whose names begin like one of `kinds`.
fn check(kinds: &[&str], size: Size) {
    let begins = |case: &Case, kinds: &[&str]| kinds.iter().any(|kind| case.name.starts_with(kind));
    let mut cases = table();
    cases.retain(|case| begins(case, kinds) && !begins(case, &AS_NARROW_AS_THE_INPUT));
    check_all(&cases, size);
}

#[test]
fn nonlinearities_have_the_moments_of_wide_networks() {
    let kinds: Vec<String> = NONLINEARITIES
        .iter()
        .filter(|(name, _)| {
            // Powers have a test of their own, and one kernel belongs to no function.
            !["monomial", "rectified_monomial", "polynomial", "hermite", "exp_normalized"].contains(name)
        })
        .flat_map(|(name, _)| ["1d", "vector"].map(|input| format!("{name}_{input}")))
        .collect();
    check(&kinds.iter().map(String::as_str).collect::<Vec<_>>(), SIZE);
}

/// Powers have heavy tails: one hidden layer, very wide.
#[test]
fn powers_have_the_moments_of_wide_networks() {
    let case = |layer: &str| Case {
        name: layer.to_owned(),
        shape: vec![4],
        layers: format!(r#""dense", {{{layer}}}, "dense""#),
        shift: 0,
    };
    let cases = [
        r#""monomial": {"degree": 1}"#,
        r#""monomial": {"degree": 2}"#,
        r#""monomial": {"degree": 3}"#,
        r#""rectified_monomial": {"degree": 2}"#,
        r#""polynomial": {"coef": [0.5, -0.8, 0.2, 0.1]}"#,
        r#""hermite": {"degree": 2}"#,
    ];
    check_all(&cases.map(case), Size { width: 1024, ..SIZE });
}

#[test]
fn convolutions_have_the_moments_of_wide_networks() {
    check(&["conv_"], SIZE);
}

#[test]
fn networks_over_groups_have_the_moments_of_wide_networks() {
    let mut cases = table();
    cases.retain(|case| case.name.starts_with("group_") && case.name.contains("small"));
    check_all(&cases, SIZE);
}

#[test]
fn means_over_windows_have_the_moments_of_wide_networks() {
    check(&["avg_pool_circular", "avg_pool_valid", "avg_pool_edges_same"], SIZE);
}

#[test]
fn sums_over_windows_have_the_moments_of_wide_networks() {
    check(&["sum_pool_circular", "sum_pool_valid", "sum_pool_same"], Size { width: 96, ..SIZE });
}

#[test]
fn normalised_layers_have_the_moments_of_wide_networks() {
    check(&["layer_norm_"], SIZE);
}

#[test]
fn dropout_has_the_moments_of_wide_networks() {
    let kinds = ["conv", "avg", "norm", "after", "twice"].map(|kind| format!("dropout_train_{kind}"));
    check(&kinds.iter().map(String::as_str).chain(["dropout_test_"]).collect::<Vec<_>>(), SIZE);
}

#[test]
fn branches_have_the_moments_of_wide_networks() {
    check(&["residual_", "sum_flatten", "sum_pool_1d", "sum_pool_2d", "sum_pool_3d", "nested_"], SIZE);
}

#[test]
fn repetitions_and_products_have_the_moments_of_wide_networks() {
    check(&["repeat_", "product_", "dropout_product_"], SIZE);
}

#[test]
fn concatenations_have_the_moments_of_wide_networks() {
    check(&["concat_channels_", "concat_axis_1_flatten", "concat_axis_2_pool"], SIZE);
}

#[test]
fn dropout_in_branches_has_the_moments_of_wide_networks() {
    check(&["dropout_branches_"], SIZE);
}

#[test]
fn vectors_and_several_readouts_have_the_moments_of_wide_networks() {
    check(&["vector_", "flat_vector_", "readouts_"], Size { width: 160, ..SIZE });
}

#[test]
fn softmax_attention_has_the_moments_of_wide_networks() {
    let kinds = ["none", "sum", "concat"].map(|kind| format!("attention_softmax_linear_{kind}"));
    let mut cases = table();
    cases.retain(|case| kinds.iter().any(|kind| case.name.starts_with(kind)) && case.name.ends_with("1d"));
    check_all(&cases, Size { networks: 48, ..SIZE });
}

#[test]
fn transformers_have_the_moments_of_wide_networks() {
    let mut cases = table();
    cases.retain(|case| case.name.starts_with("transformer_") && !case.name.ends_with("3d"));
    check_all(&cases, SIZE);
}

fn attention_case(name: String, shape: &[usize], before: &str, options: &str) -> Case {
    let layers = format!(
        r#"{before}{{"self_attention": {{{options}, "w_key_std": 1.2, "w_query_std": 0.7, "w_value_std": 1.3, "b_std": 0.2}}}},
            "flatten", "dense""#
    );
    Case { name, shape: shape.to_vec(), layers, shift: 0 }
}

/// Covariances of the input are exact, so that only the number of key channels limits the weights.
#[test]
fn attention_on_the_input_has_the_moments_of_wide_networks() {
    let mut cases = Vec::new();
    for (mechanism, scaling) in MECHANISMS {
        for shape in [&[4, 2][..], &[2, 3, 2], &[2, 1, 2, 2]] {
            let options = format!(r#""mechanism": "{mechanism}", "scaling": "{scaling}""#);
            cases.push(attention_case(format!("{mechanism} {scaling} on {shape:?}"), shape, "", &options));
        }
    }
    check_all(&cases, Size { key_width: 384, heads: 24, ..SIZE });
}

fn check_embeddings(mechanism: &str, scaling: &str) {
    let cases: Vec<Case> = [
        r#""type": "sum""#,
        r#""type": "sum", "on_values": true, "decay": {"exponential": 0.5}"#,
        r#""type": "concat", "on_values": true, "p_norm": 1, "decay": {"rational": 1.0}"#,
    ]
    .iter()
    .map(|embedding| {
        let options = format!(
            r#""mechanism": "{mechanism}", "scaling": "{scaling}", "positional_embedding": {{{embedding}, "w_std": 0.8}}"#
        );
        attention_case(format!("{scaling} {mechanism} with {embedding}"), &[3, 2], r#""dense", "#, &options)
    })
    .collect();
    // Random weights need many heads and are unbiased at any number of key channels.
    let (heads, key_width) = if scaling == "sqrt" { (24, 24) } else { (6, 128) };
    check_all(&cases, Size { width: 384, networks: 32, heads, key_width, error: 0.1, ..SIZE });
}

#[test]
fn softmax_with_embeddings_has_the_moments_of_wide_networks() {
    check_embeddings("softmax", "linear");
}

#[test]
fn linear_attention_with_embeddings_has_the_moments_of_wide_networks() {
    check_embeddings("identity", "linear");
}

#[test]
fn absolute_attention_with_embeddings_has_the_moments_of_wide_networks() {
    check_embeddings("abs", "linear");
}

#[test]
fn rectified_attention_with_embeddings_has_the_moments_of_wide_networks() {
    check_embeddings("relu", "linear");
}

#[test]
fn random_attention_with_embeddings_has_the_moments_of_wide_networks() {
    check_embeddings("identity", "sqrt");
}

const MECHANISMS: [(&str, &str); 5] = [
    ("softmax", "linear"),
    ("identity", "linear"),
    ("abs", "linear"),
    ("relu", "linear"),
    ("identity", "sqrt"),
];
