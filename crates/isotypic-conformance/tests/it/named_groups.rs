//! Blocks against dense linear algebra for groups of every family: several seeds, three classes, five held-out poses.

use isotypic_conformance::RandomOrbits;
use isotypic_conformance::naive::refit;
use isotypic_gram::{Factorization, GroupInvariantGram, Ridge, SymmetricOperator};
use isotypic_group::FiniteGroup;
use isotypic_orbit::HeldOutSet;
use isotypic_predict::{leave_one_out, leave_set_out};
use ndarray::{Array2, Axis};

/// Errors of five poses of two classes, held out together, and of one pose of every seed, as by refitting.
fn check(group: FiniteGroup, seeds: usize) {
    let (name, order) = (group.to_string(), group.order());
    let orbits = RandomOrbits::new(group.clone(), seeds, 17);
    let matrix = orbits.gram();
    let gram = GroupInvariantGram::from_orbit_kernel(&group, orbits.orbit_kernel()).unwrap();
    let ridge = Ridge::RelativeToMeanDiagonal(1e-2);
    let factor = gram.factor(ridge).unwrap();
    // Three classes, one output each.
    let labels =
        Array2::from_shape_fn((seeds, 3), |(seed, class)| if seed % 3 == class { 1.0 } else { -1.0 });
    let spread = Array2::from_shape_fn((seeds * order, 3), |(row, class)| labels[[row / order, class]]);
    let points: Vec<(usize, usize)> = (0..5).map(|at| (at % 2, 1 + at / 2)).collect();
    let held_out = HeldOutSet::new(gram.layout(), &points).unwrap();
    let agree = |found: &Array2<f64>, expected: &Array2<f64>, what: &str| {
        let scale = expected.iter().fold(1.0_f64, |scale, value| scale.max(value.abs()));
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-10 * scale, "{name}, {what}: {found} and {expected}");
        }
    };
    let result = leave_set_out(&gram, &factor, &labels, &held_out).unwrap();
    let (predictions, covariance) = refit(&matrix, factor.ridge(), &spread, held_out.rows());
    agree(&result.predictions, &predictions, "predictions");
    agree(&result.covariance, &covariance, "covariance");
    let alone = leave_one_out(&gram, ridge, &labels).unwrap();
    let (one, _) = refit(&matrix, factor.ridge(), &spread, &[order - 1]);
    agree(&alone.predictions.select(Axis(0), &[0]), &one, "one pose");
}

#[test]
fn small_groups_of_every_family() {
    for group in [
        FiniteGroup::symmetric(3),
        FiniteGroup::symmetric(4),
        FiniteGroup::dihedral(5),
        FiniteGroup::dihedral(8),
        Ok(FiniteGroup::quaternion()),
        Ok(FiniteGroup::klein_four()),
        Ok(FiniteGroup::tetrahedral()),
        Ok(FiniteGroup::octahedral()),
        FiniteGroup::abelian(&[4, 6]),
    ] {
        check(group.unwrap(), 4);
    }
}

#[test]
fn products_and_semidirect_products() {
    let group = FiniteGroup::dihedral(3).unwrap().direct_product(&FiniteGroup::cyclic(4).unwrap()).unwrap();
    check(group, 3);
    let group = FiniteGroup::quaternion().direct_product(&FiniteGroup::cyclic(3).unwrap()).unwrap();
    check(group, 3);
    check(FiniteGroup::p4(3).unwrap(), 3);
}

#[test]
fn the_alternating_group_of_five_points_and_the_icosahedron() {
    check(FiniteGroup::alternating(5).unwrap(), 3);
    check(FiniteGroup::icosahedral(), 3);
}

/// Random permutations of six points, a few of the groups they generate.
#[test]
fn groups_of_random_permutations() {
    let mut state = 7_u64;
    let mut below = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    let mut orders = Vec::new();
    while orders.len() < 4 {
        let generators: Vec<Vec<usize>> = (0..2)
            .map(|_| {
                let mut images: Vec<usize> = (0..6).collect();
                (1..6).rev().for_each(|last| images.swap(last, below(last + 1)));
                images
            })
            .collect();
        let group = FiniteGroup::from_permutations(&generators).unwrap();
        // The others are A6 and S6.
        if group.order() < 100 && !orders.contains(&group.order()) && !group.is_abelian() {
            orders.push(group.order());
            check(group, 3);
        }
    }
}

#[test]
fn a_group_by_its_table_of_products() {
    let group = FiniteGroup::quaternion().direct_product(&FiniteGroup::cyclic(3).unwrap()).unwrap();
    let table = Array2::from_shape_fn((24, 24), |(g, h)| group.multiply(g, h));
    check(FiniteGroup::from_cayley_table(&table).unwrap(), 3);
}

#[test]
fn quarter_turns_mirrors_and_shifts_of_a_torus_of_six_by_six() {
    check(FiniteGroup::p4m(6).unwrap(), 2);
}
