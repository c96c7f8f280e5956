//! Projection on the invariant matrices, in closed form.

use isotypic_gram::{DenseGram, SymmetricOperator};
use isotypic_group::FiniteGroup;
use ndarray::array;

#[test]
fn the_defect_of_a_matrix_of_two_rows_is_known() {
    // diag(1, 3) = 2·I + diag(−1, 1): defect √2 / √10.
    let gram = DenseGram::new(array![[1.0, 0.0], [0.0, 3.0]], 1, FiniteGroup::cyclic(2).unwrap()).unwrap();
    let projection = gram.project().unwrap();
    assert!((projection.invariance_defect - 0.2_f64.sqrt()).abs() < 1e-16);
    assert_eq!(projection.gram.to_dense(), array![[2.0, 0.0], [0.0, 2.0]]);
}

#[test]
fn a_matrix_that_is_invariant_bit_for_bit_has_no_defect() {
    // Of 0.1 a plain mean over seven or eleven poses would change the last bit.
    for order in [2, 7, 11, 12] {
        let matrix = ndarray::Array2::from_shape_fn(
            (order, order),
            |(row, column)| {
                if row == column { 0.7 } else { 0.1 }
            },
        );
        let gram = DenseGram::new(matrix.clone(), 1, FiniteGroup::cyclic(order).unwrap()).unwrap();
        let projection = gram.project().unwrap();
        assert_eq!(projection.invariance_defect, 0.0);
        assert_eq!(projection.gram.to_dense(), matrix);
        assert_eq!(projection.gram.to_dense_gram().matrix(), matrix);
    }
}
