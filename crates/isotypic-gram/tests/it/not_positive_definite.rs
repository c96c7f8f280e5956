//! Gram matrices that cannot be inverted say why, and what would help.

use isotypic_gram::{
    DenseFactor, GramError, GroupInvariantGram, NotPositiveDefinite, Ridge, SymmetricOperator,
};
use isotypic_group::FiniteGroup;
use ndarray::{Array2, Array3, array};

use crate::circles::Circles;

fn reason(error: &GramError) -> &NotPositiveDefinite {
    match error {
        GramError::NotPositiveDefinite(reason) => reason,
        other => panic!("expected a matrix that is not positive definite, got {other}"),
    }
}

#[test]
fn an_indefinite_block_is_named_with_its_pivot() {
    // One seed on C4 with kernel (1, 0, −2, 0): the blocks are −1, 3, −1.
    let kernel = Array3::from_shape_vec((1, 1, 4), vec![1.0, 0.0, -2.0, 0.0]).unwrap();
    let gram = GroupInvariantGram::from_orbit_kernel(&FiniteGroup::cyclic(4).unwrap(), kernel).unwrap();
    let error = gram.factor(Ridge::Absolute(0.5)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "gram matrix is not positive definite: irrep `k=0`, pivot 0 is -5.0e-1 with ridge 5e-1"
    );
    assert_eq!(error.hint().unwrap(), "pass `--ridge 1e1`");
    assert!(gram.factor(Ridge::Absolute(10.0)).is_ok());
}

#[test]
fn identical_seeds_are_named_and_the_suggested_ridge_suffices() {
    let circles = Circles { order: 6, seeds: vec![(1.0, 0.0), (1.2, 2.3), (1.0, 0.0)] };
    let (dense, blocks) = (circles.dense(), circles.blocks());
    let zero = Ridge::Absolute(0.0);
    for error in [dense.factor(zero).unwrap_err(), blocks.factor(zero).unwrap_err()] {
        let reason = reason(&error);
        assert_eq!(reason.duplicates, [(0, 12)]);
        assert!(
            error.hint().unwrap().starts_with("seeds 0 and 2 are identical; drop one, or pass `--ridge 1e-")
        );
        let sufficient = reason.sufficient_ridge.unwrap();
        assert!(sufficient <= 1e-12, "{sufficient}");
        assert!(dense.factor(Ridge::Absolute(sufficient)).is_ok());
        assert!(blocks.factor(Ridge::Absolute(sufficient)).is_ok());
    }
}

#[test]
fn a_seed_that_is_a_turned_copy_is_named_with_its_pose() {
    let circles = Circles { order: 5, seeds: vec![(1.0, 0.0), (1.0, 2.0)] };
    let error = circles.blocks().factor(Ridge::Absolute(0.0)).unwrap_err();
    // x_1 = r²·x_0, so x_0 = r³·x_1.
    assert_eq!(reason(&error).duplicates, [(0, 5 + 3)]);
    assert!(error.hint().unwrap().starts_with("seed 0 at pose 0 is identical to seed 1 at pose 3"));
}

#[test]
fn poses_that_the_kernel_cannot_tell_apart_are_named() {
    let kernel = Array3::from_elem((1, 1, 6), 2.0);
    let gram = GroupInvariantGram::from_orbit_kernel(&FiniteGroup::cyclic(6).unwrap(), kernel).unwrap();
    let error = gram.factor(Ridge::Absolute(0.0)).unwrap_err();
    assert_eq!(reason(&error).irrep.as_deref(), Some("k=1"));
    assert!(error.hint().unwrap().starts_with("poses 0 and 1 of seed 0 are identical"));
    assert!(gram.factor(Ridge::default()).is_ok());
}

#[test]
fn a_matrix_that_is_singular_to_rounding_never_passes_by_luck() {
    // Rank one, and rounding may leave pivots of either sign.
    let features: Vec<f64> = (0..12).map(|index| 1.0 / (index as f64 + 3.0)).collect();
    let matrix = Array2::from_shape_fn((12, 12), |(row, column)| features[row] * features[column]);
    let error = DenseFactor::new(&matrix, 0.0).unwrap_err();
    let sufficient = reason(&error).sufficient_ridge.unwrap();
    assert!(DenseFactor::new(&matrix, sufficient).is_ok());
}

#[test]
fn rows_without_orbits_are_called_rows() {
    let error = DenseFactor::new(&array![[1.0, 1.0], [1.0, 1.0]], 0.0).unwrap_err();
    assert!(error.hint().unwrap().starts_with("rows 0 and 1 are identical"));
}
