//! Plans against a counting allocator. A program of its own, since other tests would be counted too.

#![allow(clippy::unwrap_used)] // helpers of a test may stop it

use isotypic_architecture::Architecture;
use isotypic_kernel::{CompiledKernel, MonteCarlo, MonteCarloKernel, Outputs, Real};
use isotypic_work::Monitor;
use ndarray::Array2;
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What a plan leaves out: tasks, queues and lists of tiles.
const SMALL: usize = 64 << 10;
/// What one thread touches for packed matrices.
const PACKED: usize = 2 * 128 * 512 * 8;

fn compile(architecture: &str, shape: &[usize]) -> CompiledKernel {
    let architecture = match architecture.starts_with('{') {
        true => Architecture::from_json(architecture).unwrap(),
        false => Architecture::named(architecture).unwrap(),
    };
    CompiledKernel::compile(&architecture.check(shape).unwrap()).unwrap()
}

/// Bytes that were held at the peak of an evaluation, and the bytes planned.
fn peak_and_plan<T: Real>(
    kernel: &CompiledKernel,
    n: usize,
    symmetric: bool,
    outputs: Outputs,
) -> (usize, usize) {
    let mut state = 1_u32;
    let x = Array2::from_shape_simple_fn((n, kernel.point_length()), || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        T::from_f64(f64::from(state) / f64::from(u32::MAX) - 0.5)
    });
    let monitor = Monitor::silent();
    let plan = kernel.plan::<T>(n, if symmetric { n } else { n / 2 }, symmetric, outputs);
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let rows = kernel.prepare(x.view()).unwrap();
    let _matrices = match symmetric {
        true => kernel.symmetric(&rows, outputs, &monitor).unwrap(),
        false => {
            let columns = kernel.prepare(x.slice(ndarray::s![..n / 2, ..])).unwrap();
            kernel.cross(&rows, &columns, outputs, &monitor).unwrap()
        }
    };
    (ALLOCATOR.peak_usage() - before, usize::try_from(plan.bytes).unwrap())
}

/// The matrix product takes address space for the largest packed matrices in each thread once, and touches of it what it packs.
fn two_threads() -> rayon::ThreadPool {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    pool.broadcast(|_| {
        let kernel = compile("mlp", &[600]);
        let point = kernel.prepare(Array2::<f64>::ones((1, 600)).view()).unwrap();
        kernel.symmetric(&point, Outputs::Nngp, &Monitor::silent()).unwrap();
    });
    pool
}

#[test]
fn plans_are_the_memory_at_the_peak() {
    let drop = r#"{"dropout": {"keep_rate": 0.5}}"#;
    let dense = r#"{"dense": {"w_std": 1.4}}"#;
    let dropped = format!(r#"{{"layers": [{dense}, "relu", {drop}, {dense}]}}"#);
    let residual = format!(
        r#"{{"layers": [{dense}, {{"residual": ["relu", {dense}]}}, {{"residual": ["relu", {dense}]}}, {dense}]}}"#
    );
    let pooled = r#"{"layers": [{"conv": {"filter": [3, 3], "padding": "same"}}, "relu", "global_avg_pool", {"dense": {}}, "relu", {"dense": {}}]}"#;
    let cases: [(&str, &[usize], usize); 9] = [
        ("mlp", &[300], 600),
        ("mlp:40", &[10], 300),
        (&dropped, &[200], 513),
        (&residual, &[64], 400),
        ("cnn:3", &[9, 9, 3], 60),
        ("cnn-gap", &[4, 4, 1], 150),
        (pooled, &[3, 4, 2], 60),
        ("mlp:2", &[4_000], 20),
        ("gcnn:d4:2", &[5, 5, 2], 40),
    ];
    let threads = 2;
    let pool = two_threads();
    pool.install(|| {
        for (architecture, shape, n) in cases {
            let kernel = compile(architecture, shape);
            for symmetric in [true, false] {
                for outputs in [Outputs::Nngp, Outputs::Ntk, Outputs::NngpAndNtk] {
                    for (precision, (peak, plan)) in [
                        ("f64", peak_and_plan::<f64>(&kernel, n, symmetric, outputs)),
                        ("f32", peak_and_plan::<f32>(&kernel, n, symmetric, outputs)),
                    ] {
                        let what = format!(
                            "{architecture}, {n} points, {precision}, symmetric: {symmetric}, {outputs:?}"
                        );
                        assert!(
                            peak <= plan + plan / 20 + SMALL,
                            "{what}: {peak} bytes held, {plan} planned"
                        );
                        assert!(
                            plan <= peak + peak / 5 + threads * PACKED,
                            "{what}: {peak} bytes held, {plan} planned"
                        );
                    }
                }
            }
        }
    });
    plans_of_sampled_attention_bound_the_memory_at_the_peak();
    plans_of_batch_normalisation_bound_the_memory_at_the_peak();
}

/// Part of the test above too: vectors, and images with statistics over all pixels.
fn plans_of_batch_normalisation_bound_the_memory_at_the_peak() {
    let deep = r#""dense", "batch_norm", "relu", "dense", "batch_norm", "relu", "dense""#;
    let images = r#"{"conv": {"filter": [3, 3], "padding": "same"}}, "batch_norm", "relu", {"conv": {"filter": [3, 3]}}, "batch_norm", "relu", "global_avg_pool", "dense""#;
    let pool = two_threads();
    for (layers, shape, points) in [(deep, &[400][..], 300), (images, &[8, 8, 1], 9)] {
        let graph =
            Architecture::from_json(&format!(r#"{{"layers": [{layers}]}}"#)).unwrap().check(shape).unwrap();
        let kernel =
            MonteCarloKernel::compile(&graph, MonteCarlo { samples: 300, replicates: 2, seed: 0 }).unwrap();
        let length: usize = shape.iter().product();
        let x = Array2::from_shape_fn((points, length), |(row, at)| ((row * length + at) as f64 * 1.3).sin());
        pool.install(|| {
            for outputs in [Outputs::Nngp, Outputs::NngpAndNtk] {
                let plan = kernel.plan::<f64>(points, points, true, outputs).bytes as usize;
                let before = ALLOCATOR.current_usage();
                ALLOCATOR.reset_peak_usage();
                let inputs = kernel.prepare(x.view()).unwrap();
                kernel.symmetric(&inputs, outputs, &Monitor::silent()).unwrap();
                let peak = ALLOCATOR.peak_usage() - before;
                let what = format!("{layers}, {outputs:?}: {peak} bytes held, {plan} planned");
                assert!(peak <= plan + SMALL + 2 * PACKED, "{what}");
                assert!(plan <= 3 * peak, "{what}");
            }
        });
    }
}

/// Part of the test above, since tests run side by side. Of one replicate: all replicates have kernels and inputs of their own, and take turns.
fn plans_of_sampled_attention_bound_the_memory_at_the_peak() {
    let layer = r#"{"self_attention": {"scaling": "sqrt", "positional_embedding": {"type": "sum"}}}"#;
    let text = format!(r#"{{"layers": [{{"conv": {{"filter": [1]}}}}, {layer}, "flatten", "dense"]}}"#);
    let graph = Architecture::from_json(&text).unwrap().check(&[24, 2]).unwrap();
    let settings = MonteCarlo { samples: 2, replicates: 2, seed: 0 };
    let sampled = MonteCarloKernel::compile(&graph, settings).unwrap();
    let kernel = &sampled.replicates().unwrap()[0];
    let pool = two_threads();
    pool.install(|| {
        for outputs in [Outputs::Nngp, Outputs::NngpAndNtk] {
            for (precision, (peak, plan)) in [
                ("f64", peak_and_plan::<f64>(kernel, 40, true, outputs)),
                ("f32", peak_and_plan::<f32>(kernel, 40, true, outputs)),
            ] {
                let what = format!("{precision}, {outputs:?}: {peak} bytes held, {plan} planned");
                assert!(peak <= plan + SMALL, "{what}");
                assert!(plan <= 2 * peak, "{what}");
            }
        }
    });
}
