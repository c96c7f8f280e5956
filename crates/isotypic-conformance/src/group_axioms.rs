//! A finite group against the axioms, and its irreps against the orthogonality relations.

use isotypic_group::{FiniteGroup, IrrepKind};
use ndarray::Array2;
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

/// Checks that the irreps are all of them, unitary and homomorphisms: matrix elements are orthogonal with norm
/// $|G|/d_ρ$, kinds are those of the Frobenius–Schur indicator, irreps of real kind have real matrices,
/// conjugate irreps exactly conjugate ones.
///
/// # Panics
/// Where a relation is broken.
pub fn assert_irreps_are_complete(group: &FiniteGroup) {
    let (irreps, order) = (group.irreps().expect("irreps are known"), group.order());
    let squares: usize = irreps.iter().map(|irrep| irrep.dimension * irrep.dimension).sum();
    assert_eq!(squares, order, "{group}: squared dimensions add up to the order");
    assert!(
        group.elements().all(|g| irreps[0].character(g) == Complex64::ONE),
        "{group}: the first irrep is trivial"
    );
    // Row g holds all matrix elements of all irreps at g; its columns must be orthogonal.
    let rows: Vec<Vec<Array2<Complex64>>> =
        group.elements().map(|g| irreps.iter().map(|irrep| irrep.matrix(g)).collect()).collect();
    for (i, irrep) in irreps.iter().enumerate() {
        let name = format!("{group}: {}", irrep.label);
        assert_eq!(irreps[irrep.conjugate].conjugate, i, "{name}: conjugation is an involution");
        assert_eq!(irrep.conjugate != i, irrep.kind == IrrepKind::Complex, "{name}: kind and conjugate");
        let indicator = group.elements().map(|g| irrep.character(group.multiply(g, g))).sum::<Complex64>();
        let expected = match irrep.kind {
            IrrepKind::Real => 1.0,
            IrrepKind::Complex => 0.0,
            IrrepKind::Quaternionic => -1.0,
        };
        let indicator = indicator / order as f64;
        assert!((indicator - expected).norm() < 1e-12, "{name}: Frobenius–Schur indicator {indicator}");
        for g in group.elements() {
            let matrix = &rows[g][i];
            if irrep.kind == IrrepKind::Real {
                assert!(matrix.iter().all(|entry| entry.im == 0.0), "{name}: real matrices");
            }
            if irrep.kind == IrrepKind::Complex {
                let exact = rows[g][irrep.conjugate].mapv(|entry| entry.conj()) == *matrix;
                assert!(exact, "{name}: the conjugate irrep has conjugate matrices");
            }
            let conjugate = irreps[irrep.conjugate].character(g);
            assert!((conjugate - irrep.character(g).conj()).norm() < 1e-12, "{name}: conjugate at {g}");
            for h in group.elements() {
                let product = matrix.dot(&rows[h][i]) - &rows[group.multiply(g, h)][i];
                let defect = product.iter().fold(0.0_f64, |worst, entry| worst.max(entry.norm()));
                assert!(defect < 1e-12, "{name}: ρ({g})ρ({h}) is off by {defect:e}");
            }
        }
    }
    let elements = |g: usize| rows[g].iter().flatten();
    let dimensions: Vec<f64> = irreps
        .iter()
        .flat_map(|irrep| std::iter::repeat_n(irrep.dimension as f64, irrep.dimension * irrep.dimension))
        .collect();
    let mut products = Array2::<Complex64>::zeros((order, order));
    for g in group.elements() {
        let row: Vec<Complex64> = elements(g).copied().collect();
        for (i, left) in row.iter().enumerate() {
            for (j, right) in row.iter().enumerate() {
                products[[i, j]] +=
                    left * right.conj() * (dimensions[i] * dimensions[j]).sqrt() / order as f64;
            }
        }
    }
    for ((i, j), product) in products.indexed_iter() {
        let expected = if i == j { 1.0 } else { 0.0 };
        assert!(
            (product - expected).norm() < 1e-12,
            "{group}: matrix elements {i} and {j} have product {product}"
        );
    }
}

/// The same as [`assert_irreps_are_complete`] for larger groups, of order up to a few hundred: matrices multiply
/// and are unitary on some hundred pairs of elements, characters are orthonormal over the whole group.
///
/// # Panics
/// Where a relation is broken.
pub fn assert_characters_are_complete(group: &FiniteGroup) {
    let (irreps, order) = (group.irreps().expect("irreps are known"), group.order());
    let squares: usize = irreps.iter().map(|irrep| irrep.dimension * irrep.dimension).sum();
    assert_eq!(squares, order, "{group}: squared dimensions add up to the order");
    let characters: Vec<Vec<Complex64>> =
        irreps.iter().map(|irrep| group.elements().map(|g| irrep.character(g)).collect()).collect();
    for (i, irrep) in irreps.iter().enumerate() {
        let name = format!("{group}: {}", irrep.label);
        for (j, other) in characters.iter().enumerate() {
            let product: Complex64 = characters[i].iter().zip(other).map(|(a, b)| a * b.conj()).sum();
            let expected = if i == j { 1.0 } else { 0.0 };
            let found = product / order as f64;
            assert!((found - expected).norm() < 1e-12, "{name}: product with irrep {j} is {found}");
        }
        let squares: Complex64 = group.elements().map(|g| characters[i][group.multiply(g, g)]).sum();
        let expected = match irrep.kind {
            IrrepKind::Real => 1.0,
            IrrepKind::Complex => 0.0,
            IrrepKind::Quaternionic => -1.0,
        };
        let indicator = squares / order as f64;
        assert!((indicator - expected).norm() < 1e-12, "{name}: Frobenius–Schur indicator {indicator}");
        let partner = &characters[irrep.conjugate];
        let are_conjugate = characters[i].iter().zip(partner).all(|(a, b)| (a.conj() - b).norm() < 1e-12);
        assert!(are_conjugate, "{name}: conjugate");
        // Steps that are prime to most orders visit all parts of the group.
        let mut pair = (1, 2);
        for _ in 0..200 {
            pair = ((pair.0 * 31 + 17) % order, (pair.1 * 47 + 5) % order);
            let (g, h) = pair;
            let (left, right) = (irrep.matrix(g), irrep.matrix(h));
            let product = left.dot(&right) - irrep.matrix(group.multiply(g, h));
            let unit =
                left.dot(&left.t().mapv(|entry| entry.conj())) - Array2::<Complex64>::eye(irrep.dimension);
            let defect = product.iter().chain(&unit).fold(0.0_f64, |worst, entry| worst.max(entry.norm()));
            assert!(defect < 1e-12, "{name}: ρ({g})ρ({h}) is off by {defect:e}");
            if irrep.kind == IrrepKind::Real {
                assert!(left.iter().all(|entry| entry.im == 0.0), "{name}: real matrices");
            }
        }
    }
}
