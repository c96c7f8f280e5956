//! Speed of the kernel engine in f64 and f32, beside the floor of the machine and a peer, interleaved in one run.
//!
//! `cargo xtask bench kernel`

#![allow(clippy::unwrap_used, clippy::print_stdout)] // a bench prints, and one that cannot go on has failed

mod measure;

use std::hint::black_box;

use isotypic_architecture::Architecture;
use isotypic_kernel::{CompiledKernel, Outputs, Real};
use isotypic_work::Monitor;

use measure::{ROUNDS, evaluate, interleaved, median, points, seconds};

fn main() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| {
        println!("one core; medians of {ROUNDS} interleaved rounds; tangent kernels, symmetric");
        for n in [2048, 8192] {
            fully_connected::<f64>("f64", n, 3.7);
            fully_connected::<f32>("f32", n, 1.7);
        }
        convolutional::<f64>("f64", 3.5);
        convolutional::<f32>("f32", 1.4);
        over_groups::<f64>("f64");
        over_groups::<f32>("f32");
    });
    println!(
        "\nall cores; best of 3; symmetric tangent kernels against neural-tangents 0.6.5 on two cores of this kind"
    );
    against_neural_tangents::<f64>("f64", [3.0, 7.1, 1.9, 7.0, 0.040, 0.0035]);
    against_neural_tangents::<f32>("f32", [2.0, 6.5, 1.8, 3.8, 0.081, 0.0049]);
    threads();
}

fn compile(name: &str, shape: &[usize]) -> CompiledKernel {
    CompiledKernel::compile(&Architecture::named(name).unwrap().check(shape).unwrap()).unwrap()
}

/// n × n kernels of vectors: the floor is the matrix product, of which a symmetric kernel needs half.
fn fully_connected<T: Real>(dtype: &str, n: usize, target: f64) {
    let d = 784;
    let x = points::<T>(n, d);
    let product = || {
        let mut out = vec![T::from_f64(0.0); n * n];
        T::multiply_rows(x.as_slice().unwrap(), x.as_slice().unwrap(), d, &mut out);
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
    println!("\nmlp, {dtype}, n = {n}, d = {d}");
    println!(
        "  floor  half of the matrix product      {:8.1} ms  ({:.1} GFLOP/s)",
        floor / 2.0 * 1e3,
        2e-9 * (n * n * d) as f64 / floor
    );
    println!(
        "  ours   depth 1                         {:8.1} ms  ({:.2} × floor; target 1.5)",
        first * 1e3,
        2.0 * first / floor
    );
    println!(
        "  ours   depth 5                         {:8.1} ms  ({:.2} ns per entry and further layer; target {target})",
        fifth * 1e3,
        (fifth - first) / entries / 4.0 * 1e9
    );
    println!(
        "  peer   one layer's map, scalar f64     {:8.1} ms  ({:.2} ns per entry)",
        map * 1e3,
        map / entries * 1e9
    );
}

/// Images: nanoseconds per pair of positions and layer, the work of one pair of images being spread over what is computed.
fn convolutional<T: Real>(dtype: &str, target: f64) {
    let shape = [28, 28, 1];
    let (many, few) = (points::<T>(256, 784), points::<T>(32, 784));
    let [flatten, pooled, deep, vit] =
        ["cnn:3", "cnn-gap", "cnn-gap:2", "vit:2"].map(|name| compile(name, &shape));
    let [first, second, third, fourth] = interleaved([
        &|| evaluate(&flatten, &many),
        &|| evaluate(&pooled, &few),
        &|| evaluate(&deep, &few),
        &|| evaluate(&vit, &few),
    ]);
    let (flat_pairs, pairs) = (pairs_of(256), pairs_of(32));
    let positions = 784.0 * 784.0;
    println!("\nconvolutions, {dtype}, 28 × 28, 3 × 3 circular");
    println!(
        "  cnn:3      256 images  {:8.1} ms  ({:.2} µs per pair of images and layer; {:.2} ns per pair of positions)",
        first * 1e3,
        first / flat_pairs / 3.0 * 1e6,
        first / flat_pairs / 784.0 / 3.0 * 1e9
    );
    println!(
        "  cnn-gap    32 images   {:8.1} ms  ({:.2} ns per pair of positions, {:.2} ms per pair of images)",
        second * 1e3,
        second / pairs / positions * 1e9,
        second / pairs * 1e3
    );
    println!(
        "  cnn-gap:2  32 images   {:8.1} ms  ({:.2} ns per pair of positions for the further layer; target {target})",
        third * 1e3,
        (third - second) / pairs / positions * 1e9
    );
    println!(
        "  vit:2      32 images   {:8.1} ms  ({:.1} µs per pair of images and block)",
        fourth * 1e3,
        fourth / pairs / 2.0 * 1e6
    );
}

/// Pairs of a symmetric matrix, each once, however many of them are evaluated twice.
fn pairs_of(points: usize) -> f64 {
    (points * (points + 1) / 2) as f64
}

/// Networks over groups: the floor is the plain network with global average pooling, as often as the group has turns.
fn over_groups<T: Real>(dtype: &str) {
    let shape = [28, 28, 1];
    let x = points::<T>(16, 784);
    let vectors = points::<T>(128, 64);
    let [plain, lifted, deep_plain, deep, mirrored] =
        ["cnn-gap", "gcnn:c4", "cnn-gap:2", "gcnn:c4:2", "gcnn:d4"].map(|name| compile(name, &shape));
    let on_circle = r#"{"layers": [{"group_lift": {"group": "cyclic:64"}}, "relu", "group_conv", "relu", "group_pool", "dense"]}"#;
    let on_circle = Architecture::from_json(on_circle).unwrap().check(&[64]).unwrap();
    let (on_circle, vector) = (CompiledKernel::compile(&on_circle).unwrap(), compile("mlp:2", &[64]));
    let all = points::<T>(128 * 64, 64);
    let [plain_time, lifted_time, deep_plain_time, deep_time, mirrored_time] = interleaved([
        &|| evaluate(&plain, &x),
        &|| evaluate(&lifted, &x),
        &|| evaluate(&deep_plain, &x),
        &|| evaluate(&deep, &x),
        &|| evaluate(&mirrored, &x),
    ]);
    // Every vector against all turns of every other, which a mean would follow.
    let rows = |kernel: &CompiledKernel| {
        let (x, y) = (kernel.prepare(vectors.view()).unwrap(), kernel.prepare(all.view()).unwrap());
        black_box(kernel.cross(&x, &y, Outputs::Ntk, &Monitor::silent()).unwrap());
    };
    let [vector_time, circle_time] = interleaved([&|| rows(&vector), &|| evaluate(&on_circle, &vectors)]);
    let pairs = pairs_of(16);
    let line = |name: &str, time: f64, floor: f64, turns: f64| {
        println!(
            "  {name:<10} 16 images   {:8.1} ms  ({:.2} ms per pair of images; {:.2} × floor)",
            time * 1e3,
            time / pairs * 1e3,
            time / floor / turns
        );
    };
    println!("\nover groups, {dtype}, 28 × 28, 3 × 3; floor: cnn-gap of as many layers, once for each turn");
    line("cnn-gap", plain_time, plain_time, 1.0);
    line("gcnn:c4", lifted_time, plain_time, 4.0);
    line("gcnn:d4", mirrored_time, plain_time, 8.0);
    line("cnn-gap:2", deep_plain_time, deep_plain_time, 1.0);
    line("gcnn:c4:2", deep_time, deep_plain_time, 4.0);
    let pairs = pairs_of(128);
    println!(
        "  cyclic:64  128 vectors {:8.1} ms  ({:.2} µs per pair; {:.2} × mlp:2 of one vector with all turns of the other)",
        circle_time * 1e3,
        circle_time / pairs * 1e6,
        circle_time / pairs / (vector_time / (128.0 * 128.0))
    );
}

/// Whole symmetric matrices on all cores, beside the seconds that neural-tangents took on a quiet machine with two cores of
/// this kind (jax 0.4.23, compilation not counted).
fn against_neural_tangents<T: Real>(dtype: &str, theirs: [f64; 6]) {
    let best = |name: &str, shape: &[usize], n: usize| {
        let (kernel, x) = (compile(name, shape), points::<T>(n, shape.iter().product()));
        (0..3).map(|_| seconds(|| evaluate(&kernel, &x))).fold(f64::INFINITY, f64::min)
    };
    let image = [28, 28, 1];
    let pairs = pairs_of(32);
    let ours = [
        best("mlp:1", &[784], 8192),
        best("mlp:5", &[784], 8192),
        best("cnn:1", &image, 256),
        best("cnn:3", &image, 256),
        best("cnn-gap", &image, 32) / pairs,
        best("vit:2", &image, 32) / pairs,
    ];
    let names = [
        "mlp:1, n = 8192",
        "mlp:5, n = 8192",
        "cnn:1, n = 256",
        "cnn:3, n = 256",
        "cnn-gap, a pair",
        "vit:2, a pair",
    ];
    println!();
    for ((name, ours), theirs) in names.iter().zip(ours).zip(theirs) {
        println!(
            "  {dtype}  {name:<16} {:10.3} ms  against {:8.1} ms: {:6.1} ×",
            ours * 1e3,
            theirs * 1e3,
            theirs / ours
        );
    }
}

/// Two threads against one.
fn threads() {
    let x = points::<f64>(16, 784);
    let kernel = compile("cnn-gap", &[28, 28, 1]);
    let vectors = points::<f64>(4096, 784);
    let mlp = compile("mlp:5", &[784]);
    let on = |count: usize, work: &(dyn Fn() + Sync)| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build().unwrap();
        pool.install(|| seconds(work))
    };
    println!();
    for (name, work) in [
        ("cnn-gap", &(|| evaluate(&kernel, &x)) as &(dyn Fn() + Sync)),
        ("mlp:5", &|| evaluate(&mlp, &vectors)),
    ] {
        let ratios = (0..ROUNDS).map(|_| on(1, work) / on(2, work)).collect();
        println!("  {name:<8} two threads: {:.2} × one", median(ratios));
    }
}
