//! For tests: operations of this crate against compositions of tensor operations, outputs and gradients.

use burn_tensor::{Device, Tensor};

use crate::Precision;
use crate::precision::values_of;

/// Values without a pattern, on the tape.
pub(crate) fn leaf(precision: Precision, shape: [usize; 3], seed: f64) -> Tensor<3> {
    let count: usize = shape.iter().product();
    let values = (0..count).map(|at| (seed + at as f64 * at as f64 * 0.731).sin()).collect();
    precision.tensor(values, shape, &Device::flex()).autodiff().require_grad()
}

/// Outputs, and gradients of their sum with unequal factors.
pub(crate) fn outcome(
    precision: Precision,
    leaves: &[Tensor<3>],
    compute: impl Fn(&[Tensor<3>]) -> Tensor<3>,
) -> Vec<Vec<f64>> {
    let outputs = compute(leaves);
    let factors = leaf(precision, outputs.dims(), 0.4).inner().autodiff();
    let gradients = (outputs.clone() * factors).sum().backward();
    let mut all = vec![values_of(&outputs)];
    all.extend(leaves.iter().map(|leaf| values_of(&leaf.grad(&gradients).unwrap())));
    all
}

pub(crate) fn assert_close(one: &[Vec<f64>], other: &[Vec<f64>], tolerance: f64, what: &str) {
    assert_eq!(one.len(), other.len());
    for (place, (one, other)) in one.iter().zip(other).enumerate() {
        let largest = other.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        assert!(one.len() == other.len() && largest > 1e-3, "{what}, array {place}");
        let off = one.iter().zip(other).fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
        assert!(off <= tolerance * largest, "{what}, array {place}: {off:e}");
    }
}
