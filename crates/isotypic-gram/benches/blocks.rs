//! Exact leave-one-out errors by blocks, beside the floor of the machine and the dense solve, interleaved in one run.
//!
//! `cargo xtask bench blocks`

#![allow(clippy::unwrap_used, clippy::print_stdout)] // a bench prints, and one that cannot go on has failed

use std::hint::black_box;
use std::time::Instant;

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use isotypic_gram::{DenseGram, Factorization, GroupInvariantGram, Ridge, SymmetricOperator};
use isotypic_group::FiniteGroup;
use ndarray::{Array2, Array3};

const SEEDS: usize = 64;
/// Points up to which the dense solve is run; beyond it is extrapolated.
const MOST_DENSE_POINTS: usize = 8_192;
/// Rounds that are interleaved while one of them takes less than a second; medians are printed.
const ROUNDS: usize = 3;

fn main() {
    // Blocks are divided among threads and a dense factorisation is not: one core for both.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| {
        let rate = matrix_product_rate();
        println!(
            "one core, f64; {SEEDS} seeds; matrix product {:.1} GFLOP/s; medians of {ROUNDS} rounds\n",
            rate / 1e9
        );
        for (family, group) in [("cyclic", cyclic as fn(usize) -> FiniteGroup), ("dihedral", dihedral)] {
            table(family, group, rate);
        }
    });
}

fn cyclic(order: usize) -> FiniteGroup {
    FiniteGroup::cyclic(order).unwrap()
}

fn dihedral(order: usize) -> FiniteGroup {
    FiniteGroup::dihedral(order / 2).unwrap()
}

fn table(family: &str, group: fn(usize) -> FiniteGroup, rate: f64) {
    println!("{family}: all errors of one missing pose, from the kernel between orbits");
    println!(
        "{:>6} {:>8} {:>12} {:>12} {:>12} {:>14} {:>10}",
        "|G|", "points", "floor s", "blocks s", "transform s", "dense s", "ratio"
    );
    let mut dense_times: Vec<(f64, f64)> = Vec::new();
    for order in (3..=12).map(|power| 1_usize << power) {
        let group = group(order);
        let kernel = orbit_kernel(&group);
        let labels = Array2::from_shape_fn((SEEDS, 1), |(seed, _)| if seed % 2 == 0 { 1.0 } else { -1.0 });
        let blocks = || by_blocks(&group, &kernel, &labels);
        let points = SEEDS * order;
        let (fast, slow) = if points <= MOST_DENSE_POINTS {
            let dense =
                GroupInvariantGram::from_orbit_kernel(&group, kernel.clone()).unwrap().to_dense_gram();
            let (mut fast, mut slow) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                fast.push(seconds(|| drop(black_box(blocks()))));
                slow.push(seconds(|| drop(black_box(densely(&dense, &labels)))));
                if slow[0] > 1.0 {
                    break;
                }
            }
            (median(fast), Some(median(slow)))
        } else {
            (median((0..ROUNDS).map(|_| seconds(|| drop(black_box(blocks())))).collect()), None)
        };
        if let Some(slow) = slow {
            dense_times.push(((points as f64).ln(), slow.ln()));
        }
        let (dense, mark) = match slow {
            Some(slow) => (slow, ""),
            None => (extrapolated(&dense_times, points), "*"),
        };
        let floor = floor(&group, rate);
        let transform = || GroupInvariantGram::from_orbit_kernel(&group, kernel.clone()).unwrap();
        let transform = median((0..ROUNDS).map(|_| seconds(|| drop(black_box(transform())))).collect());
        println!(
            "{order:>6} {points:>8} {floor:>12.4} {fast:>12.4} {transform:>12.4} {:>14} {:>10.0}",
            format!("{dense:.4}{mark}"),
            dense / fast
        );
    }
    println!("* extrapolated with the exponent {:.2} of the three largest measured\n", slope(&dense_times));
}

/// Everything from the kernel between orbits: transform, factorisation, dual weights, inverse diagonal.
fn by_blocks(group: &FiniteGroup, kernel: &Array3<f64>, labels: &Array2<f64>) -> Array2<f64> {
    let gram = GroupInvariantGram::from_orbit_kernel(group, kernel.clone()).unwrap();
    let factor = gram.factor(Ridge::default()).unwrap();
    let diagonal = factor.inverse_diagonal_by_seed();
    factor.dual_weights(labels).unwrap() / diagonal.insert_axis(ndarray::Axis(1))
}

/// The same from the whole matrix: factorisation, one solve, inverse diagonal at one pose of each seed.
fn densely(gram: &DenseGram, labels: &Array2<f64>) -> Array2<f64> {
    let factor = gram.factor(Ridge::default()).unwrap();
    let order = gram.layout().order();
    let rows: Vec<usize> = (0..SEEDS).map(|seed| seed * order).collect();
    let weights =
        factor.solve_constant_on_orbits(gram.layout(), labels).unwrap().select(ndarray::Axis(0), &rows);
    let diagonal = factor.inverse_block(&rows).unwrap().diag().to_owned();
    weights / diagonal.insert_axis(ndarray::Axis(1))
}

/// Seconds of the arithmetic alone at the rate of a matrix product: a Cholesky factor and its inverse take
/// (1/3 + 1/3) n³ multiplications and additions, four times that in complex numbers.
fn floor(group: &FiniteGroup, rate: f64) -> f64 {
    let irreps = group.irreps().unwrap();
    let flops =
        irreps.iter().enumerate().filter(|(index, irrep)| *index <= irrep.conjugate).map(|(index, irrep)| {
            let cost = if irrep.conjugate == index { 1.0 } else { 4.0 };
            cost * 2.0 / 3.0 * ((SEEDS * irrep.dimension) as f64).powi(3)
        });
    flops.sum::<f64>() / rate
}

/// A positive definite kernel that is no product the program could know of: decaying along the orbit, random between
/// seeds.
fn orbit_kernel(group: &FiniteGroup) -> Array3<f64> {
    let order = group.order();
    let mut state = 1_u64;
    let features = Array2::from_shape_simple_fn((SEEDS, 2 * SEEDS), || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / f64::exp2(52.0) - 1.0
    });
    let between = features.dot(&features.t()) / (2 * SEEDS) as f64;
    // exp of a positive definite function on the group stays one: a class function or the cosine of an angle.
    let turns = if group.as_cyclic().is_some() { order } else { order / 2 };
    let along = |u: usize| {
        let cosine = (std::f64::consts::TAU * (u % turns) as f64 / turns as f64).cos();
        let same = if u == 0 { 1.0 } else { 0.0 };
        let rotation = if u < turns { cosine.exp() } else { 0.0 };
        rotation + same
    };
    Array3::from_shape_fn((SEEDS, SEEDS, order), |(s, t, u)| between[[s, t]] * along(u))
}

fn matrix_product_rate() -> f64 {
    const N: usize = 768;
    let a = Mat::from_fn(N, N, |i, j| ((i * 7 + j * 3) % 11) as f64 - 5.0);
    let mut c = Mat::<f64>::zeros(N, N);
    let times =
        (0..5).map(|_| seconds(|| matmul(c.as_mut(), Accum::Replace, a.as_ref(), a.as_ref(), 1.0, Par::Seq)));
    2.0 * (N as f64).powi(3) / median(times.collect())
}

/// The exponent of the three largest dense solves.
fn slope(times: &[(f64, f64)]) -> f64 {
    let last = &times[times.len() - 3..];
    (last[2].1 - last[0].1) / (last[2].0 - last[0].0)
}

fn extrapolated(times: &[(f64, f64)], points: usize) -> f64 {
    let (at, value) = times[times.len() - 1];
    (value + slope(times) * ((points as f64).ln() - at)).exp()
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
