//! Nanoseconds per pair and layer of runs that stay in the first cache: an affine layer and a rectifier with tangent kernels, interleaved
//! on one thread.
//!
//! `cargo bench -p isotypic-kernel --bench pairs`

#![allow(clippy::print_stdout)] // a bench prints

use std::hint::black_box;
use std::time::Instant;

use fearless_simd::Level;
use isotypic_kernel::{AffineOnRun, DifferenceRun, Ends, GapRun, Nonlinearity, PairRun, Real, Relu, Terms};

/// Groups of a run: one line of a picture of 28 columns.
const GROUPS: usize = 28;
/// Layers of one measurement.
const LAYERS: usize = 500;
/// Rounds that are interleaved; the smallest of each is printed.
const ROUNDS: usize = 200;

/// The rectifier without a pass of its own for differences.
#[derive(Debug)]
struct InSteps;

impl Nonlinearity for InSteps {
    fn variance(&self, q: f64) -> f64 {
        Relu.variance(q)
    }

    fn derivative_variance(&self, q: f64) -> f64 {
        Relu.derivative_variance(q)
    }

    fn map(&self, level: Level, run: PairRun<'_, f64>) {
        Relu.map(level, run);
    }

    fn map_single(&self, level: Level, run: PairRun<'_, f32>) {
        Relu.map_single(level, run);
    }
}

fn main() {
    println!("ns per pair and layer, {GROUPS} groups, one thread, best of {ROUNDS} interleaved rounds");
    println!("{:<6}{:<14}{:>10}{:>10}{:>10}", "", "", "rectifier", "by default", "map alone");
    measure::<f64>("f64");
    measure::<f32>("f32");
}

/// A run of pairs of two layers that repeat: variances 1.5 before the rectifier, and again after the next affine layer.
struct Data<T: Real> {
    input: [Terms<T>; 2],
    before: [Terms<T>; 2],
    values: Vec<T>,
    ntk: Vec<T>,
}

impl<T: Real> Data<T> {
    fn new() -> Self {
        let variance = |i: usize| 1.0 + 0.01 * (i % 37) as f64;
        let of = |count: usize, offset: usize, map: &dyn Fn(f64) -> f64| {
            Terms::<T>::new((0..count).map(|i| (map(variance(i + offset)), 1.0)))
        };
        let pairs = GROUPS * T::LANES;
        let (input, affine) = (|q: f64| q, |q: f64| 2.0 * q + 0.1);
        Self {
            input: [of(GROUPS, 3, &input), of(pairs, 0, &input)],
            before: [of(GROUPS, 3, &affine), of(pairs, 0, &affine)],
            values: (0..pairs).map(|i| T::from_f64(0.01 + (i % 89) as f64 / 50.0)).collect(),
            ntk: vec![T::from_f64(0.5); pairs],
        }
    }
}

fn ends<T: Real>([x, y]: &[Terms<T>; 2]) -> Ends<'_, T> {
    Ends { x: x.view(0, GROUPS), y: y.view(0, GROUPS * T::LANES) }
}

/// Nanoseconds per pair of one layer, whose result is not kept, so that every layer has the same work.
fn nanoseconds<T: Real>(mut layer: impl FnMut(&mut [T], &mut [T])) -> f64 {
    let data = Data::<T>::new();
    let (mut values, mut ntk) = (data.values.clone(), data.ntk.clone());
    let start = Instant::now();
    for _ in 0..LAYERS {
        values.copy_from_slice(&data.values);
        ntk.copy_from_slice(&data.ntk);
        layer(black_box(&mut values), black_box(&mut ntk));
    }
    start.elapsed().as_secs_f64() * 1e9 / (LAYERS * values.len()) as f64
}

fn measure<T: Real>(name: &str) {
    let level = Level::new();
    let data = Data::<T>::new();
    let affine = AffineOnRun { scale: T::from_f64(0.9), ntk_gain: T::from_f64(1.0), keeps_angles: false };
    let (input, before) = (ends(&data.input), ends(&data.before));
    let differences = |nonlinearity: &dyn Nonlinearity| {
        nanoseconds::<T>(|difference, ntk| {
            let ntk_difference = Some(ntk);
            let after = input;
            let run =
                DifferenceRun { affine, input_has_ntk: true, before, after, difference, ntk_difference };
            T::map_differences(nonlinearity, level, run);
        })
    };
    let gaps = |nonlinearity: &dyn Nonlinearity| {
        nanoseconds::<T>(|cosine_gap, ntk| {
            let (after, ntk_difference) = (input, Some(ntk));
            let run =
                GapRun { affine, input_has_ntk: true, input, before, after, cosine_gap, ntk_difference };
            T::map_gaps(nonlinearity, level, run);
        })
    };
    let map = || {
        nanoseconds::<T>(|cosine_gap, ntk| {
            let run = PairRun { before, after: input, cosine_gap, ntk_difference: Some(ntk) };
            T::map(&Relu, level, run);
        })
    };
    let copy = || {
        nanoseconds::<T>(|values, ntk| {
            black_box((values, ntk));
        })
    };
    let mut best = [f64::INFINITY; 6];
    for _ in 0..ROUNDS {
        let times = [differences(&Relu), differences(&InSteps), gaps(&Relu), gaps(&InSteps), map(), copy()];
        for (best, time) in best.iter_mut().zip(times) {
            *best = best.min(time);
        }
    }
    let [fused, steps, fused_gaps, steps_gaps, map, copy] = best;
    println!(
        "{name:<6}{:<14}{:>10.2}{:>10.2}{:>10.2}",
        "differences",
        fused - copy,
        steps - copy,
        map - copy
    );
    println!("{name:<6}{:<14}{:>10.2}{:>10.2}", "cosine gaps", fused_gaps - copy, steps_gaps - copy);
    println!("{name:<6}copying the run back, taken off above: {copy:.2}");
}
