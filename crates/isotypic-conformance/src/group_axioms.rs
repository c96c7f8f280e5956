//! A finite group against the axioms, and its irreps against the orthogonality relations.

use isotypic_group::{FiniteGroup, IrrepKind};
use num_complex::Complex64;

/// Checks closure, identity, inverses, powers and associativity on all elements: meant for orders up to about
/// fifty.
///
/// # Panics
/// Where an axiom is broken.
pub fn assert_group_axioms(group: &FiniteGroup) {
    let (order, identity) = (group.order(), group.identity());
    assert_eq!(identity, 0, "{group}: the identity comes first");
    for g in group.elements() {
        assert_eq!(group.multiply(identity, g), g, "{group}: identity from the left");
        assert_eq!(group.multiply(g, identity), g, "{group}: identity from the right");
        assert_eq!(group.multiply(g, group.inverse(g)), identity, "{group}: inverse from the right");
        assert_eq!(group.multiply(group.inverse(g), g), identity, "{group}: inverse from the left");
        let element_order = group.element_order(g);
        let powers: Vec<usize> = std::iter::successors(Some(g), |&power| Some(group.multiply(power, g)))
            .take(element_order)
            .collect();
        assert_eq!(
            powers.iter().position(|&power| power == identity),
            Some(element_order - 1),
            "{group}: order of {g}"
        );
        assert_eq!(group.power(g, element_order as i64 + 1), g, "{group}: power of {g}");
        assert_eq!(group.power(g, -1), group.inverse(g), "{group}: power −1 of {g}");
        for h in group.elements() {
            let product = group.multiply(g, h);
            assert!(product < order, "{group}: {g}·{h} lies outside");
            if group.is_abelian() {
                assert_eq!(product, group.multiply(h, g), "{group}: {g} and {h} commute");
            }
            for k in group.elements() {
                let (left, right) = (group.multiply(product, k), group.multiply(g, group.multiply(h, k)));
                assert_eq!(left, right, "{group}: ({g}·{h})·{k} = {g}·({h}·{k})");
            }
        }
    }
}

/// Checks that the irreps are all of them: squared dimensions add up to the order and characters are
/// orthonormal.
///
/// # Panics
/// Where a relation is broken.
pub fn assert_irreps_are_complete(group: &FiniteGroup) {
    let (irreps, order) = (group.irreps(), group.order());
    let squares: usize = irreps.iter().map(|irrep| irrep.dimension * irrep.dimension).sum();
    assert_eq!(squares, order, "{group}: squared dimensions add up to the order");
    assert!(
        group.elements().all(|g| irreps[0].character(g) == Complex64::ONE),
        "{group}: the first irrep is trivial"
    );
    for (i, left) in irreps.iter().enumerate() {
        assert_eq!(irreps[left.conjugate].conjugate, i, "{group}: conjugation is an involution");
        assert_eq!(left.conjugate != i, left.kind == IrrepKind::Complex, "{group}: kind of {}", left.label);
        for (j, right) in irreps.iter().enumerate() {
            let terms = group.elements().map(|g| left.character(g) * right.character(g).conj());
            let product = terms.sum::<Complex64>() / order as f64;
            let expected = if i == j { 1.0 } else { 0.0 };
            let names = format!("{group}: characters of {} and {}", left.label, right.label);
            assert!((product - expected).norm() < 1e-14, "{names} have product {product}");
        }
    }
}
