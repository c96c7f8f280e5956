//! What computed irreps must satisfy before anyone sees them.

use num_complex::Complex64;

use crate::irrep::IrrepKind;
use crate::numeric_irreps::{Found, multiply_add};
use crate::regular_representation::RegularRepresentation;

/// The largest error of an entry of $ρ(g)ρ(h) - ρ(gh)$ and of $ρ(g)^†ρ(g) - 1$.
const MATRIX_TOLERANCE: f64 = 1e-13;
/// The largest error of a product of two characters.
const CHARACTER_TOLERANCE: f64 = 1e-12;

/// Checks that the matrices are unitary and homomorphisms, and the irreps inequivalent and all there are.
///
/// Homomorphism is checked for products of elements with generators, from which all others follow.
///
/// # Errors
/// The promise that is broken.
pub(crate) fn verify(regular: &RegularRepresentation<'_>, irreps: &[Found]) -> Result<(), String> {
    let weight = |irrep: &Found| if irrep.kind == IrrepKind::Complex { 2 } else { 1 };
    let squares: usize = irreps.iter().map(|irrep| weight(irrep) * irrep.dimension * irrep.dimension).sum();
    if squares != regular.order {
        return Err(format!("squared dimensions add up to the order, got {squares}"));
    }
    for irrep in irreps {
        let d = irrep.dimension;
        let matrix = |g: usize| &irrep.matrices[g * d * d..][..d * d];
        let mut product = vec![Complex64::ZERO; d * d];
        for g in 0..regular.order {
            for &s in regular.group.generators() {
                product.iter_mut().zip(matrix(regular.multiply(g, s))).for_each(|(out, entry)| *out = -entry);
                multiply_add(matrix(g), matrix(s), d, &mut product);
                check("products of matrices are matrices of products", largest(&product), MATRIX_TOLERANCE)?;
            }
            // A homomorphism is unitary when ρ(g⁻¹) = ρ(g)†.
            let (own, inverse) = (matrix(g), matrix(regular.inverse(g)));
            let differences = (0..d * d).map(|entry| own[entry] - inverse[entry % d * d + entry / d].conj());
            check(
                "matrices are unitary",
                differences.fold(0.0, |worst, x| x.norm().max(worst)),
                MATRIX_TOLERANCE,
            )?;
        }
    }
    let sizes = regular.group.conjugacy_classes().sizes();
    for (i, left) in irreps.iter().enumerate() {
        for right in &irreps[..=i] {
            let (mut same, mut conjugate) = (Complex64::ZERO, Complex64::ZERO);
            for ((&a, &b), &size) in left.character.iter().zip(&right.character).zip(sizes) {
                let a = a * size as f64;
                same += a * b.conj();
                conjugate += a * b;
            }
            let expected = |equal: bool| if equal { 1.0 } else { 0.0 };
            let itself = std::ptr::eq(left, right);
            let order = regular.order as f64;
            let promise = "characters are orthonormal";
            check(promise, (same / order - expected(itself)).norm(), CHARACTER_TOLERANCE)?;
            let self_conjugate = itself && left.kind != IrrepKind::Complex;
            check(promise, (conjugate / order - expected(self_conjugate)).norm(), CHARACTER_TOLERANCE)?;
        }
    }
    Ok(())
}

fn largest(matrix: &[Complex64]) -> f64 {
    matrix.iter().fold(0.0, |worst, entry| entry.norm().max(worst))
}

fn check(promise: &str, defect: f64, tolerance: f64) -> Result<(), String> {
    // A defect that is not a number fails, too.
    if defect <= tolerance { Ok(()) } else { Err(format!("{promise}, off by {defect:.1e}")) }
}
