//! Fewer poses of the same orbits.

use isotypic_gram::{DenseGram, GramError, SymmetricOperator};
use isotypic_group::FiniteGroup;
use ndarray::{Array2, Axis};

use crate::circles::Circles;

#[test]
fn restriction_keeps_every_mth_pose() {
    let circles = Circles { order: 12, seeds: vec![(1.0, 0.0), (0.7, 3.3)] };
    let four = FiniteGroup::cyclic(4).unwrap();
    let coarse = circles.dense().restrict(&four).unwrap();
    let rows = [0, 3, 6, 9, 12, 15, 18, 21];
    let expected = circles.dense().matrix().select(Axis(0), &rows).select(Axis(1), &rows);
    assert_eq!(coarse.matrix(), expected);
    assert_eq!(coarse.group(), &four);

    let restricted = circles.blocks().restrict(&four).unwrap();
    let difference = restricted.to_dense() - coarse.matrix();
    assert!(difference.iter().all(|value| value.abs() < 1e-14));
}

#[test]
fn restriction_works_factor_by_factor() {
    let matrix =
        Array2::from_shape_fn(
            (12, 12),
            |(row, column)| if row == column { 2.0 } else { 0.01 * (row + column) as f64 },
        );
    let fine = DenseGram::new(matrix, 1, FiniteGroup::abelian(&[2, 6]).unwrap()).unwrap();
    let coarse = fine.restrict(&FiniteGroup::abelian(&[1, 3]).unwrap()).unwrap();
    assert_eq!(coarse.matrix()[[1, 2]], fine.matrix()[[2, 4]]);
}

#[test]
fn a_number_of_poses_that_does_not_divide_is_refused() {
    let circles = Circles { order: 12, seeds: vec![(1.0, 0.0)] };
    let five = FiniteGroup::cyclic(5).unwrap();
    for error in [circles.dense().restrict(&five).unwrap_err(), circles.blocks().restrict(&five).unwrap_err()]
    {
        assert!(matches!(error, GramError::NotASubgroup { .. }));
        assert!(error.to_string().contains("`C12`") && error.to_string().contains("`C5`"), "{error}");
        assert_eq!(error.hint().unwrap(), "the number of poses must divide the group order");
    }
}
