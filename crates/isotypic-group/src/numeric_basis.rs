//! Orthonormal bases of invariant subspaces of the regular representation.

use num_complex::Complex64;

use crate::regular_representation::{InvariantSpace, RegularRepresentation, SplitMix64};

/// The basis as it is, for an irrep of real kind. Row-major, `[order, dimension]`.
pub(crate) fn real_basis(space: &InvariantSpace) -> Vec<Complex64> {
    space.basis.iter().copied().map(Complex64::from).collect()
}

/// A basis of the half of the space on which a complex structure is i. Row-major, `[order, dimension / 2]`.
///
/// `None` if none was found, which means that the space is of real kind.
pub(crate) fn complex_basis(
    regular: &RegularRepresentation<'_>,
    space: &InvariantSpace,
    random: &mut SplitMix64,
) -> Option<Vec<Complex64>> {
    let (real, half) = (space.dimension, space.dimension / 2);
    let structure = complex_structure(regular, space, random)?;
    let vectors = half_basis(&structure, real);
    let mut basis = Vec::with_capacity(regular.order * half);
    for row in space.basis.chunks_exact(real) {
        for vector in &vectors {
            basis.push(row.iter().zip(vector).map(|(&factor, entry)| entry * factor).sum());
        }
    }
    Some(basis)
}

/// An antisymmetric matrix $J$ with $J^2 = -1$ that commutes with the group, in the basis of the space.
///
/// $V^T (R(h) - R(h^{-1})) V$ commutes with the group and is antisymmetric. On a space that is irreducible over the
/// reals and not of real kind it is therefore a multiple of such a $J$, which vanishes for some $h$.
fn complex_structure(
    regular: &RegularRepresentation<'_>,
    space: &InvariantSpace,
    random: &mut SplitMix64,
) -> Option<Vec<f64>> {
    const TRIES: usize = 64;
    let m = space.dimension;
    // For a random h the square of the multiple is about this.
    let enough = 0.25 / m as f64;
    let mut best: (f64, Vec<f64>) = (0.0, Vec::new());
    for _ in 0..TRIES {
        let h = random.below(regular.order);
        let mut product = vec![0.0; m * m];
        for (x, row) in space.basis.chunks_exact(m).enumerate() {
            let moved = &space.basis[regular.multiply(x, h) * m..][..m];
            for (out, left) in product.chunks_exact_mut(m).zip(row) {
                out.iter_mut().zip(moved).for_each(|(out, right)| *out += left * right);
            }
        }
        let antisymmetric: Vec<f64> =
            (0..m * m).map(|entry| product[entry] - product[entry % m * m + entry / m]).collect();
        let squared = antisymmetric.iter().map(|entry| entry * entry).sum::<f64>() / m as f64;
        if squared > best.0 {
            best = (squared, antisymmetric);
        }
        if best.0 > enough {
            break;
        }
    }
    let (squared, antisymmetric) = best;
    (squared > 1e-6).then(|| antisymmetric.iter().map(|entry| entry / squared.sqrt()).collect())
}

/// Orthonormal vectors $(u - iJu)/\sqrt 2$ that span the space on which $J$ is i.
fn half_basis(structure: &[f64], m: usize) -> Vec<Vec<Complex64>> {
    let apply = |u: &[f64]| -> Vec<f64> {
        structure.chunks_exact(m).map(|row| row.iter().zip(u).map(|(a, b)| a * b).sum()).collect()
    };
    // Unit vectors less their parts along all u and Ju so far; the longest remainder gives the next u.
    let mut rests: Vec<Vec<f64>> =
        (0..m).map(|i| (0..m).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    let length = |u: &[f64]| u.iter().map(|entry| entry * entry).sum::<f64>();
    let mut vectors = Vec::with_capacity(m / 2);
    for _ in 0..m / 2 {
        let Some(longest) = rests.iter().max_by(|a, b| length(a).total_cmp(&length(b))) else { break };
        let scale = length(longest).sqrt();
        let u: Vec<f64> = longest.iter().map(|entry| entry / scale).collect();
        let partner = apply(&u);
        for direction in [&u, &partner] {
            for rest in &mut rests {
                let along: f64 = rest.iter().zip(direction).map(|(a, b)| a * b).sum();
                rest.iter_mut().zip(direction).for_each(|(rest, entry)| *rest -= along * entry);
            }
        }
        let root = std::f64::consts::FRAC_1_SQRT_2;
        vectors
            .push(u.iter().zip(&partner).map(|(&re, &im)| Complex64::new(root * re, -root * im)).collect());
    }
    vectors
}

/// Makes almost orthonormal columns orthonormal to rounding: $W ← W\,(3 - W^†W)/2$, twice.
pub(crate) fn orthonormalise(basis: &mut [Complex64], dimension: usize) {
    for _ in 0..2 {
        let mut gram = vec![Complex64::ZERO; dimension * dimension];
        for row in basis.chunks_exact(dimension) {
            for (out, left) in gram.chunks_exact_mut(dimension).zip(row) {
                let left = left.conj();
                out.iter_mut().zip(row).for_each(|(out, right)| *out += left * right);
            }
        }
        gram.iter_mut().for_each(|entry| *entry *= -0.5);
        gram.iter_mut().step_by(dimension + 1).for_each(|entry| *entry += 1.5);
        let mut out = vec![Complex64::ZERO; dimension];
        for row in basis.chunks_exact_mut(dimension) {
            out.fill(Complex64::ZERO);
            for (factor, gram) in row.iter().zip(gram.chunks_exact(dimension)) {
                out.iter_mut().zip(gram).for_each(|(out, entry)| *out += factor * entry);
            }
            row.copy_from_slice(&out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newton_steps_make_columns_orthonormal() {
        let mut basis = [(1.0, 1e-6), (2e-6, 0.0), (0.0, 0.0), (1.0 - 3e-6, 1e-6), (1e-6, 0.0), (0.0, 2e-6)]
            .map(|(re, im)| Complex64::new(re, im));
        orthonormalise(&mut basis, 2);
        for (i, j) in [(0, 0), (0, 1), (1, 1)] {
            let product: Complex64 = basis.chunks_exact(2).map(|row| row[i].conj() * row[j]).sum();
            assert!((product - f64::from(u8::from(i == j))).norm() < 1e-15);
        }
    }
}
