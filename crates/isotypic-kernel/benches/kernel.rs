//! Speed of the kernel engine on one core, beside the floor of the machine and a plain scalar program, interleaved in one run.
//!
//! `cargo xtask bench kernel`

#![allow(clippy::unwrap_used, clippy::print_stdout)] // a bench prints, and one that cannot go on has failed

use std::hint::black_box;
use std::time::Instant;

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use isotypic_architecture::Architecture;
use isotypic_kernel::{CompiledKernel, Outputs};
use isotypic_work::Monitor;
use ndarray::Array2;

/// Rounds that are interleaved; medians are printed.
const ROUNDS: usize = 5;

fn main() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| {
        println!("one core, f64; medians of {ROUNDS} interleaved rounds\n");
        fully_connected();
        convolutional();
    });
}

/// Seconds of one call.
fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Medians of several works, run in turn.
fn interleaved<const N: usize>(works: [&dyn Fn(); N]) -> [f64; N] {
    let mut times: [Vec<f64>; N] = std::array::from_fn(|_| Vec::new());
    for _ in 0..ROUNDS {
        for (times, work) in times.iter_mut().zip(works) {
            times.push(seconds(work));
        }
    }
    times.map(median)
}

fn points(n: usize, length: usize) -> Array2<f64> {
    let mut state = 1_u64;
    Array2::from_shape_simple_fn((n, length), || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / f64::exp2(52.0) - 1.0
    })
}

fn compile(name: &str, shape: &[usize]) -> CompiledKernel {
    CompiledKernel::compile(&Architecture::named(name).unwrap().check(shape).unwrap()).unwrap()
}

fn evaluate(kernel: &CompiledKernel, x: &Array2<f64>) {
    let prepared = kernel.prepare(x.view()).unwrap();
    black_box(kernel.symmetric(&prepared, Outputs::NngpAndNtk, &Monitor::silent()).unwrap());
}

/// n × n tangent kernels of vectors: the floor is the matrix product, of which a symmetric kernel needs half.
fn fully_connected() {
    let (n, d) = (2048, 784);
    let x = points(n, d);
    let flat = x.as_slice().unwrap();
    let product = || {
        let mut out = vec![0.0; n * n];
        matmul(
            MatMut::from_row_major_slice_mut(&mut out, n, n),
            Accum::Replace,
            MatRef::from_row_major_slice(flat, n, d),
            MatRef::from_row_major_slice(flat, n, d).transpose(),
            1.0,
            Par::Seq,
        );
        black_box(out);
    };
    let (one, five) = (compile("mlp:1", &[d]), compile("mlp:5", &[d]));
    let plain = || {
        // The arc-cosine map by the standard library, on the same number of entries.
        let mut out = vec![0.1_f64; n * (n + 1) / 2];
        for (k, value) in out.iter_mut().enumerate() {
            let cosine: f64 = black_box(k as f64 / (n * n) as f64);
            let theta = cosine.acos();
            *value += theta.sin() + (std::f64::consts::PI - theta) * cosine;
        }
        black_box(out);
    };
    let [floor, first, fifth, map] =
        interleaved([&product, &|| evaluate(&one, &x), &|| evaluate(&five, &x), &plain]);
    let entries = (n * (n + 1) / 2) as f64;
    println!("mlp NTK, n = {n}, d = {d}, symmetric");
    println!(
        "  floor  half of the matrix product      {:8.1} ms  ({:.1} GFLOP/s)",
        floor / 2.0 * 1e3,
        2e-9 * (n * n * d) as f64 / floor
    );
    println!(
        "  ours   depth 1                         {:8.1} ms  ({:.2} × floor)",
        first * 1e3,
        2.0 * first / floor
    );
    println!(
        "  ours   depth 5                         {:8.1} ms  ({:.2} ns per entry and further layer)",
        fifth * 1e3,
        (fifth - first) / entries / 4.0 * 1e9
    );
    println!(
        "  peer   one layer's map, scalar         {:8.1} ms  ({:.2} ns per entry)\n",
        map * 1e3,
        map / entries * 1e9
    );
}

/// Tangent kernels of images: nanoseconds per pair of positions and layer.
fn convolutional() {
    let x = points(256, 784);
    let few = points(16, 784);
    let (flatten, pooled) = (compile("cnn:3", &[28, 28, 1]), compile("cnn-gap", &[28, 28, 1]));
    let deep = compile("cnn-gap:2", &[28, 28, 1]);
    let [first, second, third] =
        interleaved([&|| evaluate(&flatten, &x), &|| evaluate(&pooled, &few), &|| evaluate(&deep, &few)]);
    let flat_pairs = flatten.pairs_evaluated(256, 256, true) * 784.0 * 3.0;
    let pairs = pooled.pairs_evaluated(16, 16, true);
    let positions = 784.0 * 784.0;
    println!("convolutional NTK, 28 × 28, 3 × 3 circular, symmetric");
    println!(
        "  cnn:3      256 images  {:8.1} ms  ({:.2} ns per pair of positions and layer)",
        first * 1e3,
        first / flat_pairs * 1e9
    );
    println!(
        "  cnn-gap    16 images   {:8.1} ms  ({:.2} ns per pair of positions, {:.2} ms per pair of images)",
        second * 1e3,
        second / pairs / positions * 1e9,
        second / pairs * 1e3
    );
    println!(
        "  cnn-gap:2  16 images   {:8.1} ms  ({:.2} ns per pair of positions for the further layer)",
        third * 1e3,
        (third - second) / pairs / positions * 1e9
    );
}
