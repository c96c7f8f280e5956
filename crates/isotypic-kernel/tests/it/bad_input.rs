//! Points that do not fit are refused with their place.

use isotypic_architecture::Architecture;
use isotypic_kernel::{CompiledKernel, KernelError};
use ndarray::{Array2, array};

use crate::support::compile;

const MLP: &str = r#"{"layers": [{"dense": {}}, "relu", {"dense": {}}]}"#;

#[test]
fn rows_of_the_wrong_length_name_both_lengths() {
    let error = compile(MLP, &[3]).prepare(Array2::<f64>::zeros((2, 4)).view()).unwrap_err();
    assert_eq!(error.to_string(), "points: expected rows of 3 numbers (input shape [3]), got 4");
}

#[test]
fn not_a_number_is_named_and_never_passes() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error = compile(MLP, &[2]).prepare(array![[0.0, 1.0], [0.5, value]].view()).unwrap_err();
        assert!(matches!(error, KernelError::NotFinite { row: 1, column: 1, .. }), "{error}");
    }
}

#[test]
fn overflowing_variances_are_named() {
    let error = compile(MLP, &[2]).prepare(array![[0.0, 1.0], [1e200, 1.0]].view()).unwrap_err();
    assert!(matches!(error, KernelError::VarianceOutOfRange { row: 1, .. }), "{error}");
    let conv =
        r#"{"layers": [{"conv": {"filter": [2], "padding": "same"}}, "relu", "flatten", {"dense": {}}]}"#;
    let error = compile(conv, &[2, 1]).prepare(array![[0.0, 1.0], [1e200, 1.0]].view()).unwrap_err();
    assert!(matches!(error, KernelError::VarianceOutOfRange { row: 1, .. }), "{error}");
}

#[test]
fn an_empty_list_of_points_gives_an_empty_matrix() {
    let kernel = compile(MLP, &[2]);
    let none = kernel.prepare(Array2::zeros((0, 2)).view()).unwrap();
    let some = kernel.prepare(array![[1.0, 2.0]].view()).unwrap();
    let monitor = isotypic_work::Monitor::silent();
    let matrices = kernel.cross(&none, &some, isotypic_kernel::Outputs::Nngp, &monitor).unwrap();
    assert_eq!(matrices.nngp.dim(), (0, 1));
    assert!(matrices.ntk.is_none());
}

#[test]
fn windows_that_are_too_large_are_named() {
    let json = r#"{"layers": [{"avg_pool": {"window": [1048576, 3], "padding": "same"}}, "flatten", {"dense": {}}]}"#;
    let graph = Architecture::from_json(json).unwrap().check(&[2, 3, 1]).unwrap();
    let error = CompiledKernel::compile(&graph).unwrap_err();
    assert!(error.to_string().starts_with("layer 1 (`avg_pool`): expected a window of at most"), "{error}");
}
