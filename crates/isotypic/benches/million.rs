//! Exact leave-one-out errors of digits at all circular shifts, block by block, beside the floor of the machine in one run.
//!
//! `cargo xtask bench million`; with other numbers of digits `cargo bench -p isotypic --bench million -- 1000 2000`. The digits are the
//! embedded ones, at most 1,000; the environment variable `ISOTYPIC_BENCH_DATA` names other images, and `ISOTYPIC_BENCH_PYTHON` a Python
//! with scipy, whose LAPACK factors the same block.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // a bench prints, and one that cannot go on has failed

use std::time::Instant;

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use isotypic::architecture::Architecture;
use isotypic::data::{DataSource, LabelledImages, Split};
use isotypic::gram::{BlockWorkspace, Ridge};
use isotypic::group::IrrepSlot;
use isotypic::kernel::CompiledKernel;
use isotypic::orbit::{ActionSpec, Normalization};
use isotypic::predict::{OrbitKernel, OrbitRegression};
use isotypic::work::{MemoryLimit, Monitor, human};
use isotypic::{KernelKind, PermutedOrbits};
use ndarray::Array2;
use num_complex::Complex64;
use peak_alloc::PeakAlloc;
use rayon::prelude::*;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Numbers of digits where none are given.
const SEEDS: [usize; 2] = [250, 500];
/// Passes of the run in little memory, on the smallest number of digits.
const PASSES: u64 = 4;

fn main() {
    let asked: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let seeds = if asked.is_empty() { SEEDS.to_vec() } else { asked };
    let source = std::env::var("ISOTYPIC_BENCH_DATA").unwrap_or_else(|_| "mini-mnist".to_owned());
    let images = DataSource::parse(&source).unwrap().load(Split::Train, None).unwrap();
    let threads = rayon::current_num_threads();
    let rate = matrix_product_rate(threads);
    println!(
        "{threads} threads, f64, matrix product {:.1} GFLOP/s on all of them; digits of `{source}` at all shifts",
        rate / 1e9
    );
    println!("floor: Cholesky factors of the blocks and their inverses at that rate\n");
    println!(
        "{:>6} {:>10} {:>7} {:>9} {:>9} {:>9} {:>6} {:>10} {:>10} {:>10} {:>9}",
        "seeds",
        "points",
        "passes",
        "floor s",
        "ours s",
        "planned",
        "ratio",
        "peak",
        "planned",
        "residual",
        "check s"
    );
    let peer = std::env::var("ISOTYPIC_BENCH_PYTHON").ok();
    for (at, &count) in seeds.iter().enumerate() {
        let full = measure(&images, count, rate, &MemoryLimit::none());
        if at == 0 {
            // So much less that the coefficients need several passes.
            let limit = MemoryLimit::bytes(full.planned_bytes - full.coefficients * (PASSES - 1) / PASSES);
            let frugal = measure(&images, count, rate, &limit);
            println!("       the same bits in both: {}", frugal.errors == full.errors);
        }
        compare_block(count, peer.as_deref());
    }
}

/// Factor and inverse of one complex block on one core, and what LAPACK takes for them where a Python with scipy is named.
fn compare_block(rows: usize, python: Option<&str>) {
    const REPEATS: usize = 3;
    let single: Vec<_> = (0..rows).map(|row| row..row + 1).collect();
    let mut block = BlockWorkspace::new(rows, false).unwrap();
    let (mut factor, mut inverse) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..REPEATS {
        for column in 0..rows {
            for row in column..rows {
                let (a, b) = (row as f64, column as f64);
                let diagonal = if row == column { 2.0 * rows as f64 } else { 0.0 };
                let value = Complex64::new((a + 2.0 * b).sin() + diagonal, (3.0 * a - b).cos());
                block.set(row, column, value);
            }
        }
        let start = Instant::now();
        block.factor(0.0, 0.0).unwrap();
        factor = f64::min(factor, start.elapsed().as_secs_f64());
        let start = Instant::now();
        let _ = block.invert_within(&single, 1);
        inverse = f64::min(inverse, start.elapsed().as_secs_f64());
    }
    let ours = factor + inverse;
    println!(
        "       one complex block on one core: factor {factor:.4} s, inverse and its column norms {inverse:.4} s"
    );
    let Some(python) = python else {
        println!("       LAPACK: left out, ISOTYPIC_BENCH_PYTHON names no Python with scipy");
        return;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../benches/peers/factors.py");
    let mut command = std::process::Command::new(python);
    let output = command.arg(script).arg(rows.to_string()).env("OPENBLAS_NUM_THREADS", "1").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let peer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let (factor, inverse) = (peer["factor"].as_f64().unwrap(), peer["inverse"].as_f64().unwrap());
    let ratio = ours / (factor + inverse);
    println!(
        "       LAPACK: zpotrf {factor:.4} s, ztrtri {inverse:.4} s; ours takes {ratio:.2} times as long"
    );
}

struct Measured {
    errors: Array2<f64>,
    planned_bytes: u64,
    coefficients: u64,
}

fn measure(images: &LabelledImages, seeds: usize, rate: f64, limit: &MemoryLimit) -> Measured {
    let shape = images.image_shape();
    let kernel =
        CompiledKernel::compile(&Architecture::named("mlp").unwrap().check(&shape).unwrap()).unwrap();
    let classes = images.labels().classes().len();
    let each = seeds.div_ceil(classes);
    let chosen: Vec<usize> = (0..classes)
        .flat_map(|class| images.labels().members(class).into_iter().take(each))
        .take(seeds)
        .collect();
    assert_eq!(chosen.len(), seeds, "not so many images");
    let labels = Array2::from_shape_fn((seeds, classes), |(seed, class)| {
        if images.labels().indices()[chosen[seed]] == class { 1.0 } else { -1.0 }
    });
    let spec = format!("translation:{}x{}", shape[0], shape[1]);
    let action = ActionSpec::parse(&spec).unwrap().resolve(shape).unwrap();
    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.current_usage();
    let start = Instant::now();
    let orbits = PermutedOrbits::new(
        images.images(&chosen).unwrap(),
        action,
        &Normalization::default(),
        &kernel,
        KernelKind::Ntk,
    )
    .unwrap()
    .unwrap();
    let ridge = Ridge::default();
    let together = (0..seeds).map(|seed| seed..seed + 1).collect();
    let regression = OrbitRegression::new(&orbits, ridge, &labels, together).unwrap();
    let plan = regression.plan(limit);
    let result = regression.run(limit, None, &Monitor::silent()).unwrap();
    let ours = start.elapsed().as_secs_f64();
    let peak = (ALLOCATOR.peak_usage() - before) as u64;
    let order = orbits.transform().group().order();
    let rows: Vec<(usize, usize)> =
        (0..5).map(|row| ((row * 7_919 + 13) % seeds, (row * 104_729 + 7) % order)).collect();
    let start = Instant::now();
    let check = orbits.check_rows(&rows, (&result.dual_weights, &labels), ridge, &Monitor::silent()).unwrap();
    let floor = flops(orbits.transform().irreps(), seeds) / rate;
    println!(
        "{seeds:>6} {:>10} {:>7} {floor:>9.2} {ours:>9.2} {:>9.2} {:>6.2} {:>10} {:>10} {:>10.1e} {:>9.2}",
        human::thousands((seeds * order) as u64),
        plan.passes,
        plan.plan.seconds,
        ours / floor,
        human::bytes(peak),
        human::bytes(plan.plan.bytes),
        check.largest_residual,
        start.elapsed().as_secs_f64()
    );
    let coefficients = (seeds * (seeds + 1) / 2 * order * size_of::<f64>()) as u64;
    Measured { errors: result.errors, planned_bytes: plan.plan.bytes, coefficients }
}

/// A Cholesky factor and its inverse take (1/3 + 1/3) n³ multiplications and additions, four times that in complex numbers.
fn flops(slots: &[IrrepSlot], seeds: usize) -> f64 {
    let of_slot = |slot: &IrrepSlot| {
        let field = if slot.is_real { 1.0 } else { 4.0 };
        field * 2.0 / 3.0 * ((seeds * slot.dimension) as f64).powi(3)
    };
    slots.iter().map(of_slot).sum()
}

/// Operations of all threads in a second, each with a matrix product of its own.
fn matrix_product_rate(threads: usize) -> f64 {
    const N: usize = 1024;
    const REPEATS: usize = 8;
    let product = || {
        let a = Mat::from_fn(N, N, |i, j| ((i * 7 + j * 3) % 11) as f64 - 5.0);
        let mut c = Mat::<f64>::zeros(N, N);
        let start = Instant::now();
        for _ in 0..REPEATS {
            matmul(c.as_mut(), Accum::Replace, a.as_ref(), a.as_ref(), 1.0, Par::Seq);
        }
        REPEATS as f64 * 2.0 * (N as f64).powi(3) / start.elapsed().as_secs_f64()
    };
    (0..threads).into_par_iter().with_max_len(1).map(|_| product()).sum()
}
