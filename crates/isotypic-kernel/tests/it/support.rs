//! What the tests share.

use isotypic_architecture::Architecture;
use isotypic_kernel::{CompiledKernel, KernelMatrices, Outputs};
use isotypic_work::Monitor;
use ndarray::{Array2, ArrayView2, ArrayViewD, Ix2};

/// The kernel of an architecture given as JSON.
pub(crate) fn compile(json: &str, shape: &[usize]) -> CompiledKernel {
    CompiledKernel::compile(&Architecture::from_json(json).unwrap().check(shape).unwrap()).unwrap()
}

pub(crate) fn symmetric(kernel: &CompiledKernel, x: ArrayView2<'_, f64>) -> KernelMatrices {
    let x = kernel.prepare(x).unwrap();
    kernel.symmetric(&x, Outputs::NngpAndNtk, &Monitor::silent()).unwrap()
}

pub(crate) fn cross(
    kernel: &CompiledKernel,
    x: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
) -> KernelMatrices {
    let (x, y) = (kernel.prepare(x).unwrap(), kernel.prepare(y).unwrap());
    kernel.cross(&x, &y, Outputs::NngpAndNtk, &Monitor::silent()).unwrap()
}

/// Flattens all axes but the first.
pub(crate) fn rows(images: ArrayViewD<'_, f64>) -> Array2<f64> {
    let n = images.shape()[0];
    let length = images.len() / n.max(1);
    images.to_shape((n, length)).unwrap().to_owned().into_dimensionality::<Ix2>().unwrap()
}

/// Deterministic numbers in [-1, 1).
pub(crate) fn random_points(n: usize, length: usize, seed: u64) -> Array2<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    Array2::from_shape_simple_fn((n, length), || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64) / f64::exp2(52.0) - 1.0
    })
}

/// Largest deviation relative to √(K_ii K_jj)-like scale `scale`.
pub(crate) fn assert_close(got: &Array2<f64>, expected: &Array2<f64>, tolerance: f64, what: &str) {
    assert_eq!(got.dim(), expected.dim(), "{what}");
    for ((at, got), expected) in got.indexed_iter().zip(expected) {
        let bound = tolerance * expected.abs().max(1e-12);
        assert!(
            (got - expected).abs() <= bound,
            "{what}{at:?}: {got:e} against {expected:e}, off by {:e}",
            got - expected
        );
    }
}
