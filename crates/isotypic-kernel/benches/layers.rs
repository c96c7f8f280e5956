//! What each layer costs beside the cheapest one of its kind in f64 and f32, interleaved in one run on one core.
//!
//! `cargo xtask bench layers`

#![allow(clippy::unwrap_used, clippy::print_stdout)] // a bench prints, and one that cannot go on has failed

#[allow(dead_code, reason = "each bench uses a part")]
mod measure;

use std::hint::black_box;

use isotypic_architecture::{Architecture, LayerGraph};
use isotypic_kernel::{CompiledKernel, MonteCarlo, MonteCarloKernel, Outputs, Real};
use isotypic_work::Monitor;
use ndarray::Array2;

use measure::{ROUNDS, evaluate, interleaved, points};

/// Points of the networks of vectors.
const VECTORS: usize = 2048;

/// Points for functions that take long.
const FEW_VECTORS: usize = 256;

/// Images of the networks of images.
const IMAGES: usize = 16;

/// Images for layers that are sampled.
const FEW_IMAGES: usize = 4;

/// Side of the images.
const SIDE: usize = 28;

/// Side of the images whose pixels are vertices of a graph.
const SMALL_SIDE: usize = 14;

/// Points of each sampled expectation.
const SAMPLES: usize = 256;

fn main() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| {
        println!("one core; medians of {ROUNDS} interleaved rounds; tangent kernels, symmetric");
        nonlinearities();
        spatial_layers();
        sampled_layers();
    });
}

fn graph(layers: &str, shape: &[usize]) -> LayerGraph {
    Architecture::from_json(&format!("{{\"layers\": [{layers}]}}")).unwrap().check(shape).unwrap()
}

/// One line: the second of two numbers in each type, and how many times the first that is.
fn line(name: &str, double: (f64, f64), single: (f64, f64), other: &str) {
    println!(
        "  {name:<52} f64 {:8.2} ({:6.2} × {other})   f32 {:8.2} ({:6.2} × {other})",
        double.1,
        double.1 / double.0,
        single.1,
        single.1 / single.0
    );
}

/// Pointwise functions in dense networks: nanoseconds per entry and further layer, beside those of a rectifier.
fn nonlinearities() {
    const FUNCTIONS: [&str; 17] = [
        r#"{"leaky_relu": {"alpha": 0.1}}"#,
        r#""abs""#,
        r#""sign""#,
        r#""erf""#,
        r#""gelu""#,
        r#""sigmoid_like""#,
        r#""sin""#,
        r#""cos""#,
        r#""rbf""#,
        r#""exp""#,
        r#""exp_normalized""#,
        r#""gaussian""#,
        r#""gabor""#,
        r#"{"monomial": {"degree": 2}}"#,
        r#"{"rectified_monomial": {"degree": 2}}"#,
        r#"{"polynomial": {"coef": [0.5, -0.8, 0.2, 0.1]}}"#,
        r#"{"hermite": {"degree": 3}}"#,
    ];
    // Sums over mixtures of normal distributions, and over the nodes of a quadrature.
    const SUMMED: [&str; 4] = [
        r#""tanh""#,
        r#""softplus""#,
        r#""silu""#,
        r#"{"elementwise": {"function": "tanh", "quadrature_degree": 41}}"#,
    ];
    println!(
        "\npointwise functions, n = {VECTORS}, those by sums n = {FEW_VECTORS}, ns per entry and further layer (× relu)"
    );
    let all = FUNCTIONS.map(|function| (function, VECTORS));
    for (function, count) in all.into_iter().chain(SUMMED.map(|function| (function, FEW_VECTORS))) {
        let of = |function: &str, depth: usize| {
            let layer = format!(r#"{{"dense": {{"w_std": 0.7, "b_std": 0.3}}}}, {function}, "#);
            let text = layer.repeat(depth) + r#"{"dense": {}}"#;
            CompiledKernel::compile(&graph(&text, &[16])).unwrap()
        };
        let kernels = [of(r#""relu""#, 1), of(r#""relu""#, 3), of(function, 1), of(function, 3)];
        let double = further(&kernels, &points::<f64>(count, 16));
        let single = further(&kernels, &points::<f32>(count, 16));
        line(function, double, single, "relu");
    }
}

/// Nanoseconds per entry of a further layer of two kinds, from networks with one and three of them.
fn further<T: Real>(kernels: &[CompiledKernel; 4], x: &Array2<T>) -> (f64, f64) {
    let [floor_one, floor_three, one, three] = kernels;
    let [floor_one, floor_three, one, three] = interleaved([
        &|| evaluate(floor_one, x),
        &|| evaluate(floor_three, x),
        &|| evaluate(one, x),
        &|| evaluate(three, x),
    ]);
    let entries = (x.nrows() * (x.nrows() + 1) / 2) as f64;
    let of_layer = |deep: f64, shallow: f64| (deep - shallow) / 2.0 / entries * 1e9;
    (of_layer(floor_three, floor_one), of_layer(three, one))
}

/// A network of images of some side with a layer in its middle.
fn around(layer: &str, side: usize) -> LayerGraph {
    let first = r#"{"conv": {"filter": [3, 3], "padding": "circular"}}, "relu""#;
    graph(&format!(r#"{first}, {layer}, "relu", "global_avg_pool", {{"dense": {{}}}}"#), &[side, side, 1])
}

/// Layers of images: the time of a network beside that of the same with another layer of as many outputs.
fn spatial_layers() {
    let conv = r#"{"conv": {"filter": [3, 3], "padding": "circular"}}"#;
    let quarter = r#"{"avg_pool": {"window": [2, 2], "strides": [2, 2]}}"#;
    let vertices = SMALL_SIDE * SMALL_SIDE;
    let path: Vec<Vec<u8>> = (0..vertices)
        .map(|row| (0..vertices).map(|column| u8::from(row.abs_diff(column) == 1)).collect())
        .collect();
    let aggregate = format!(r#"{{"aggregate": {{"pattern": {}}}}}"#, serde_json::to_string(&path).unwrap());
    let before_conv = |layer: &str| format!("{layer}, {conv}");
    let (quarter, aggregate) = (before_conv(quarter), before_conv(&aggregate));
    let resize = before_conv(r#"{"image_resize": {"shape": [14, 14], "method": "linear"}}"#);
    let index = before_conv(r#"{"index": {"slices": [[null, null, 2], [null, null, 2]]}}"#);
    let layers = [
        (
            "conv, dilation 2",
            r#"{"conv": {"filter": [3, 3], "padding": "circular", "dilation": [2, 2]}}"#,
            ("conv", conv),
            SIDE,
        ),
        ("conv_local", r#"{"conv_local": {"filter": [3, 3], "padding": "circular"}}"#, ("conv", conv), SIDE),
        (
            "conv_transpose",
            r#"{"conv_transpose": {"filter": [3, 3], "padding": "circular"}}"#,
            ("conv", conv),
            SIDE,
        ),
        ("aggregate, conv, 14 × 14", aggregate.as_str(), ("conv", conv), SMALL_SIDE),
        ("image_resize by half, conv", resize.as_str(), ("avg_pool, conv", quarter.as_str()), SIDE),
        ("index by half, conv", index.as_str(), ("avg_pool, conv", quarter.as_str()), SIDE),
    ];
    println!(
        "\nlayers of images, {IMAGES} of {SIDE} × {SIDE}, whole network, ms per pair of images (× with the other layer)"
    );
    for (name, layer, (other, floor), side) in layers {
        let kernels = [floor, layer].map(|layer| CompiledKernel::compile(&around(layer, side)).unwrap());
        let double = beside(&kernels, &points::<f64>(IMAGES, side * side));
        let single = beside(&kernels, &points::<f32>(IMAGES, side * side));
        line(name, double, single, other);
    }
}

/// Milliseconds per evaluated pair of two kernels in turn.
fn beside<T: Real>(kernels: &[CompiledKernel; 2], x: &Array2<T>) -> (f64, f64) {
    let [floor, own] = kernels;
    let pairs = |kernel: &CompiledKernel| kernel.pairs_evaluated::<T>(IMAGES, IMAGES, true);
    let [floor_time, own_time] = interleaved([&|| evaluate(floor, x), &|| evaluate(own, x)]);
    (floor_time / pairs(floor) * 1e3, own_time / pairs(own) * 1e3)
}

/// Estimates of each kernel, over which times are divided.
const REPLICATES: usize = 2;

fn sampled(layers: &str, shape: &[usize]) -> MonteCarloKernel {
    let settings = MonteCarlo { samples: SAMPLES, replicates: REPLICATES, ..MonteCarlo::default() };
    MonteCarloKernel::compile(&graph(layers, shape), settings).unwrap()
}

fn estimate(kernel: &MonteCarloKernel, x: &Array2<f64>) {
    let prepared = kernel.prepare(x.view()).unwrap();
    black_box(kernel.symmetric(&prepared, Outputs::Ntk, &Monitor::silent()).unwrap());
}

/// Layers by sampling, one estimate: milliseconds per pair, and how much that is beside a closed layer, or beside arithmetic.
fn sampled_layers() {
    let conv = r#"{"conv": {"filter": [3, 3], "padding": "circular", "b_std": 0.1}}"#;
    let tokens = r#"{"conv": {"filter": [4, 4], "strides": [4, 4], "padding": "valid"}}, "relu""#;
    let attention = |options: &str| {
        format!(r#"{tokens}, {{"self_attention": {{{options}}}}}, "global_avg_pool", {{"dense": {{}}}}"#)
    };
    let pooled = |pool: &str| {
        let window = r#"{"window": [2, 2], "strides": [2, 2]}"#;
        format!(r#"{conv}, {{"{pool}": {window}}}, "relu", "flatten", {{"dense": {{}}}}"#)
    };
    let layers = [
        ("max_pool, 2 × 2", pooled("max_pool"), ("avg_pool", pooled("avg_pool"))),
        (
            "self_attention, 1/√d, 49 tokens",
            attention(r#""scaling": "sqrt""#),
            ("1/d", attention(r#""scaling": "linear""#)),
        ),
    ];
    println!(
        "\nlayers by sampling, {FEW_IMAGES} images of {SIDE} × {SIDE}, one estimate of {SAMPLES} points, ms per pair (× with the closed layer)"
    );
    let x = points::<f64>(FEW_IMAGES, SIDE * SIDE);
    let shape = [SIDE, SIDE, 1];
    for (name, layers, (other, closed)) in layers {
        let closed = CompiledKernel::compile(&graph(&closed, &shape)).unwrap();
        let own = sampled(&layers, &shape);
        let [floor_time, own_time] = interleaved([&|| evaluate(&closed, &x), &|| estimate(&own, &x)]);
        let floor = floor_time / closed.pairs_evaluated::<f64>(FEW_IMAGES, FEW_IMAGES, true);
        let own = own_time / own.pairs_evaluated::<f64>(FEW_IMAGES, FEW_IMAGES, true);
        println!("  {name:<34} {:8.2} ({:6.1} × {other})", own * 1e3, own / floor);
    }
    batch_normalisation();
}

/// The floor: second moments and the two sums of tangent kernels are products of as many numbers as there are draws.
fn batch_normalisation() {
    let x = points::<f64>(VECTORS / 4, 64);
    let kernel = sampled(r#"{"dense": {}}, "batch_norm", "relu", {"dense": {}}"#, &[64]);
    let draws = points::<f64>(VECTORS / 4, SAMPLES);
    let product = || {
        let mut out = vec![0.0; VECTORS * VECTORS / 16];
        f64::multiply_rows(draws.as_slice().unwrap(), draws.as_slice().unwrap(), SAMPLES, &mut out);
        black_box(out);
    };
    let [floor, own] = interleaved([&product, &|| estimate(&kernel, &x)]);
    // Two symmetric sums, halves of products, and one of both orders: two products in all.
    let (floor, own) = (2.0 * floor, own / REPLICATES as f64);
    println!(
        "  batch_norm, {} vectors            {:8.2} ms in all ({:.1} × the products of its sums)",
        VECTORS / 4,
        own * 1e3,
        own / floor
    );
}
