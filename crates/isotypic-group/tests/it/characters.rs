//! Irreps are homomorphisms, orthogonal and complete.

use isotypic_group::FiniteGroup;
use num_complex::Complex64;

const GROUPS: [&[usize]; 8] = [&[1], &[2], &[7], &[16], &[4, 6], &[2, 3, 5], &[3, 3], &[1, 5, 1]];

#[test]
fn characters_multiply_like_elements() {
    for factors in GROUPS {
        let group = FiniteGroup::abelian(factors).unwrap();
        for irrep in group.irreps().unwrap() {
            for g in group.elements() {
                for h in group.elements() {
                    let product = irrep.character(g) * irrep.character(h);
                    assert!((irrep.character(group.multiply(g, h)) - product).norm() < 1e-15);
                }
            }
        }
    }
}

#[test]
fn characters_are_orthonormal_and_complete() {
    for factors in GROUPS {
        let group = FiniteGroup::abelian(factors).unwrap();
        let order = group.order() as f64;
        let irreps = group.irreps().unwrap();
        assert_eq!(irreps.iter().map(|irrep| irrep.dimension.pow(2)).sum::<usize>(), group.order());
        for (i, a) in irreps.iter().enumerate() {
            for (j, b) in irreps.iter().enumerate() {
                let product: Complex64 =
                    group.elements().map(|g| a.character(g) * b.character(g).conj()).sum();
                let expected = if i == j { 1.0 } else { 0.0 };
                assert!((product / order - expected).norm() < 1e-14, "{} and {}", a.label, b.label);
            }
        }
    }
}
