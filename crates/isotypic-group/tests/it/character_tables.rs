//! Character tables against published ones and the second orthogonality relation.

use isotypic_group::{FiniteGroup, GroupError};
use num_complex::Complex64;

#[test]
fn columns_are_orthogonal_with_the_orders_of_centralisers() {
    for group in [
        FiniteGroup::alternating(5).unwrap(),
        FiniteGroup::tetrahedral(),
        FiniteGroup::quaternion(),
        FiniteGroup::p4(3).unwrap(),
        FiniteGroup::cyclic(9).unwrap(),
    ] {
        let table = group.character_table().unwrap();
        let (values, sizes) = (table.values(), table.classes().sizes());
        for (a, left) in values.columns().into_iter().enumerate() {
            for (b, right) in values.columns().into_iter().enumerate() {
                let product: Complex64 = left.iter().zip(right).map(|(x, y)| x * y.conj()).sum();
                let expected = if a == b { group.order() as f64 / sizes[a] as f64 } else { 0.0 };
                assert!((product - expected).norm() < 1e-12 * group.order() as f64, "{group}: {a} and {b}");
            }
        }
    }
}

#[test]
fn the_icosahedron_has_its_golden_characters() {
    // The usual table of I ≅ A5: degrees 1, 3, 3, 4, 5; on five-fold turns (1 ± √5)/2.
    let group = FiniteGroup::icosahedral();
    let table = group.character_table().unwrap();
    let golden = (1.0 + 5_f64.sqrt()) / 2.0;
    let five_fold: Vec<usize> =
        (0..5).filter(|&class| group.element_order(table.classes().representatives()[class]) == 5).collect();
    assert_eq!(five_fold.len(), 2);
    let column = |class: usize| table.values().column(class).mapv(|z| z.re).to_vec();
    let (first, second) = (column(five_fold[0]), column(five_fold[1]));
    let near = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-14);
    let expected = [1.0, golden, 1.0 - golden, -1.0, 0.0];
    let exchanged = [1.0, 1.0 - golden, golden, -1.0, 0.0];
    assert!(
        near(&first, &expected) && near(&second, &exchanged)
            || near(&first, &exchanged) && near(&second, &expected),
        "{first:?} and {second:?}"
    );
}

#[test]
fn the_regular_representation_holds_every_irrep_as_often_as_its_dimension() {
    let group = FiniteGroup::symmetric(5).unwrap();
    let table = group.character_table().unwrap();
    let mut regular = vec![Complex64::ZERO; table.classes().len()];
    regular[0] = Complex64::from(group.order() as f64);
    for (multiplicity, irrep) in table.multiplicities(&regular).iter().zip(table.irreps()) {
        assert!((multiplicity - irrep.dimension as f64).abs() < 1e-12);
    }
}

#[test]
fn tables_that_would_not_fit_are_refused() {
    let group = FiniteGroup::cyclic(1 << 20).unwrap();
    let error = group.character_table().unwrap_err();
    assert!(matches!(error, GroupError::TooManyClasses { classes: 1_048_576, .. }));
}
