//! What benches of kernels share: inputs, and times of works that take turns.

use std::hint::black_box;
use std::time::Instant;

use isotypic_kernel::{CompiledKernel, Outputs, Real};
use isotypic_work::Monitor;
use ndarray::Array2;

/// Rounds that are interleaved; medians are printed.
pub(crate) const ROUNDS: usize = 5;

/// Seconds of one call.
pub(crate) fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Medians of several works, run in turn.
pub(crate) fn interleaved<const N: usize>(works: [&dyn Fn(); N]) -> [f64; N] {
    let mut times: [Vec<f64>; N] = std::array::from_fn(|_| Vec::new());
    for _ in 0..ROUNDS {
        for (times, work) in times.iter_mut().zip(works) {
            times.push(seconds(work));
        }
    }
    times.map(median)
}

/// Points `[n, length]` with entries from −1 to 1, the same in every run.
pub(crate) fn points<T: Real>(n: usize, length: usize) -> Array2<T> {
    let mut state = 1_u64;
    Array2::from_shape_simple_fn((n, length), || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        T::from_f64((state >> 11) as f64 / f64::exp2(52.0) - 1.0)
    })
}

/// The symmetric tangent kernel, prepared and evaluated.
pub(crate) fn evaluate<T: Real>(kernel: &CompiledKernel, x: &Array2<T>) {
    let prepared = kernel.prepare(x.view()).unwrap();
    black_box(kernel.symmetric(&prepared, Outputs::Ntk, &Monitor::silent()).unwrap());
}
