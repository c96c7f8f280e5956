//! What is no Gram matrix is refused with a message that says where and why.

use isotypic_gram::{
    DenseFactor, DenseGram, Factorization, GramError, GroupInvariantGram, Ridge, SymmetricOperator,
};
use isotypic_group::FiniteGroup;
use isotypic_orbit::RowOrder;
use ndarray::{Array2, Array3, array};

fn cyclic(order: usize) -> FiniteGroup {
    FiniteGroup::cyclic(order).unwrap()
}

fn dense(matrix: Array2<f64>) -> Result<DenseGram, GramError> {
    let rows = matrix.nrows();
    DenseGram::new(matrix, 1, cyclic(rows.max(1)))
}

#[test]
fn shapes_must_fit() {
    let error = DenseGram::new(Array2::zeros((4, 3)), 2, cyclic(2)).unwrap_err();
    assert_eq!(error, GramError::NotSquare { rows: 4, columns: 3 });
    let error = DenseGram::new(Array2::eye(6), 2, cyclic(2)).unwrap_err();
    assert_eq!(error.to_string(), "gram matrix: expected `2` seeds × `2` group elements = `4` rows, got `6`");
    assert_eq!(error.hint().unwrap(), "`6` rows are `3` seeds of a group of `2` elements");
    assert!(DenseGram::new(Array2::eye(5), 2, cyclic(2)).unwrap_err().hint().is_none());
    assert!(matches!(dense(Array2::zeros((0, 0))), Err(GramError::WrongSize { .. })));
    let pose_major = DenseGram::from_row_order(&Array2::eye(6), RowOrder::PoseMajor, 2, cyclic(2));
    assert!(matches!(pose_major, Err(GramError::WrongSize { .. })));

    let error = GroupInvariantGram::from_orbit_kernel(&cyclic(3), Array3::zeros((2, 2, 4))).unwrap_err();
    assert_eq!(error.to_string(), "orbit kernel: expected shape `[2, 2, 3]`, got `[2, 2, 4]`");
    assert!(GroupInvariantGram::from_orbit_kernel(&cyclic(3), Array3::zeros((0, 0, 3))).is_err());
}

#[test]
fn nan_and_infinity_are_named_by_place() {
    for bad in [f64::NAN, f64::INFINITY] {
        let error = dense(array![[1.0, bad], [bad, 1.0]]).unwrap_err();
        assert!(matches!(error, GramError::NotFinite { row: 0, column: 1, .. }), "{error}");
        let mut kernel = Array3::ones((1, 1, 2));
        kernel[[0, 0, 1]] = bad;
        let error = GroupInvariantGram::from_orbit_kernel(&cyclic(2), kernel).unwrap_err();
        assert!(matches!(error, GramError::KernelNotFinite { index: [0, 0, 1], .. }), "{error}");
    }
}

#[test]
fn asymmetry_beyond_the_tolerance_is_refused_and_below_it_the_lower_triangle_counts() {
    let error = dense(array![[2.0, 1.0], [1.0 + 3e-9, 2.0]]).unwrap_err();
    assert!(matches!(error, GramError::NotSymmetric { row: 1, column: 0, .. }), "{error}");
    assert!(error.hint().is_some());
    let gram = dense(array![[2.0, 1.0], [1.0 + 1e-9, 2.0]]).unwrap();
    assert_eq!(gram.matrix()[[0, 1]], 1.0 + 1e-9);

    let mut kernel = Array3::zeros((2, 2, 3));
    for seed in 0..2 {
        kernel[[seed, seed, 0]] = 1.0;
    }
    kernel[[0, 1, 1]] = 0.5;
    kernel[[1, 0, 1]] = 0.5;
    let error = GroupInvariantGram::from_orbit_kernel(&cyclic(3), kernel.clone()).unwrap_err();
    assert!(matches!(error, GramError::KernelNotSymmetric { .. }), "{error}");
    kernel[[1, 0, 1]] = 0.0;
    kernel[[1, 0, 2]] = 0.5;
    assert!(GroupInvariantGram::from_orbit_kernel(&cyclic(3), kernel).is_ok());
}

#[test]
fn a_diagonal_that_is_negative_or_zero_is_refused() {
    let error = dense(array![[1.0, 0.0], [0.0, -0.5]]).unwrap_err();
    assert_eq!(error, GramError::DiagonalNotPositive { row: 1, value: -0.5 });
    assert!(matches!(dense(Array2::zeros((2, 2))), Err(GramError::DiagonalNotPositive { .. })));
    let zero = GroupInvariantGram::from_orbit_kernel(&cyclic(2), Array3::zeros((1, 1, 2)));
    assert!(matches!(zero, Err(GramError::DiagonalNotPositive { .. })));
}

#[test]
fn a_matrix_without_orbits_is_checked_too() {
    assert!(matches!(DenseFactor::new(&Array2::zeros((2, 1)), 1.0), Err(GramError::NotSquare { .. })));
    assert!(matches!(DenseFactor::new(&Array2::zeros((0, 0)), 1.0), Err(GramError::NotSquare { .. })));
    let error = DenseFactor::new(&array![[1.0, 0.0], [f64::NAN, 1.0]], 1.0).unwrap_err();
    assert!(matches!(error, GramError::NotFinite { row: 1, column: 0, .. }), "{error}");
    assert!(matches!(DenseFactor::new(&Array2::eye(2), f64::NAN), Err(GramError::InvalidRidge { .. })));
}

#[test]
fn arguments_of_other_sizes_are_refused() {
    let gram = dense(Array2::eye(3)).unwrap();
    let blocks = gram.project().unwrap().gram;
    let wrong = Array2::zeros((2, 1));
    let (plain, by_blocks) =
        (gram.factor(Ridge::Absolute(1.0)).unwrap(), blocks.factor(Ridge::Absolute(1.0)).unwrap());
    for result in [
        gram.apply(&wrong),
        blocks.apply(&wrong),
        plain.solve(&wrong),
        by_blocks.solve(&wrong),
        plain.solve_constant_on_orbits(gram.layout(), &wrong),
        by_blocks.solve_constant_on_orbits(gram.layout(), &wrong),
    ] {
        assert!(matches!(result, Err(GramError::ShapeMismatch { .. })));
    }
    for result in [
        gram.block(&[3], &[0]),
        blocks.block(&[0], &[3]),
        plain.inverse_block(&[3]),
        by_blocks.inverse_block(&[3]),
    ] {
        assert_eq!(result, Err(GramError::RowOutOfRange { row: 3, dim: 3 }));
    }
}

#[test]
fn a_ridge_that_is_no_number_is_refused() {
    let gram = dense(Array2::eye(3)).unwrap();
    for ridge in
        [Ridge::Absolute(f64::NAN), Ridge::Absolute(-1.0), Ridge::RelativeToMeanDiagonal(f64::INFINITY)]
    {
        assert!(matches!(gram.factor(ridge), Err(GramError::InvalidRidge { .. })));
        assert!(matches!(gram.project().unwrap().gram.factor(ridge), Err(GramError::InvalidRidge { .. })));
    }
}
