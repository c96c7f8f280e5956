//! Bases in which an irrep that is equivalent to its conjugate has real matrices.
//!
//! If $M$ is irreducible and unitary and equivalent to $\bar M$, there is a unitary $C$ with
//! $M(g)\,C = C\,\overline{M(g)}$, unique up to a phase: the average of $M(g)\,X\,M(g)^T$ for almost every $X$. It is
//! symmetric when $M$ is of real kind and antisymmetric when it is quaternionic. A symmetric $C$ is $W W^T$ with $W$
//! unitary (the factorisation of Autonne and Takagi), and then $W^†\,M(g)\,W$ is real. For a symmetric unitary
//! matrix the real and the imaginary part commute, so $W$ comes from a real orthogonal matrix that makes both
//! diagonal, found by Jacobi rotations of both at once (Cardoso & Souloumiac 1996).

use ndarray::Array2;
use num_complex::Complex64;

use crate::error::GroupError;

/// How far from real the matrices may be in the new basis, per entry.
const LARGEST_IMAGINARY_PART: f64 = 1e-12;

/// The unitary $C$ with $M(g)\,C = C\,\overline{M(g)}$.
#[derive(Clone, Debug)]
pub(crate) struct Conjugation {
    pub(crate) matrix: Array2<Complex64>,
    /// Whether the irrep is of real kind; otherwise it is quaternionic and the matrix antisymmetric.
    pub(crate) is_symmetric: bool,
}

/// The conjugation of an irrep that is equivalent to its conjugate, from matrices over which it is the average.
///
/// These are all matrices of the group, or fewer if the average over the others only sets the entries to zero that
/// `allowed(row, column)` denies. `None` if there is no such $C$: the irrep is of complex kind.
pub(crate) fn conjugation<I>(
    dimension: usize,
    allowed: impl Fn(usize, usize) -> bool,
    matrices: impl Fn() -> I,
) -> Option<Conjugation>
where
    I: Iterator<Item = Array2<Complex64>>,
{
    // The average is C times a number that vanishes for few X; four that vanish together are no accident.
    (0..4).find_map(|attempt| {
        let mut random = PseudoRandom(attempt + 1);
        let start = Array2::from_shape_fn((dimension, dimension), |(row, column)| {
            let entry = Complex64::new(random.next(), random.next());
            if allowed(row, column) { entry } else { Complex64::ZERO }
        });
        let (mut sum, mut count) = (Array2::<Complex64>::zeros(start.raw_dim()), 0);
        for matrix in matrices() {
            sum += &matrix.dot(&start).dot(&matrix.t());
            count += 1;
        }
        // Unitary up to a factor, so its squared entries add up to the dimension times the square of that.
        let scale = (squared_norm(&sum) / dimension as f64).sqrt() / f64::from(count);
        if scale < 1e-4 {
            return None;
        }
        let largest = sum.iter().copied().fold(Complex64::ZERO, |largest, entry| {
            // The first of equally large entries, whatever the rounding.
            if entry.norm() > largest.norm() * (1.0 + 1e-6) { entry } else { largest }
        });
        let factor = largest.conj() / largest.norm() / (scale * f64::from(count));
        let matrix = sum * factor;
        let symmetry: f64 = matrix.iter().zip(matrix.t()).map(|(a, b)| (a * b.conj()).re).sum();
        let is_symmetric = symmetry > 0.0;
        let sign = if is_symmetric { 0.5 } else { -0.5 };
        let matrix = &matrix * Complex64::from(0.5) + &matrix.t() * Complex64::from(sign);
        Some(Conjugation { matrix, is_symmetric })
    })
}

/// The unitary $W$ with $W W^T = C$ for a symmetric unitary $C$. Entries at rounding level are exactly zero.
pub(crate) fn real_basis(symmetric: &Array2<Complex64>) -> Array2<Complex64> {
    let orthogonal =
        common_eigenvectors([symmetric.mapv(|entry| entry.re), symmetric.mapv(|entry| entry.im)]);
    let mut basis = orthogonal.mapv(Complex64::from);
    let eigenvalues = basis.t().dot(symmetric).dot(&basis).diag().to_owned();
    for (mut column, eigenvalue) in basis.columns_mut().into_iter().zip(eigenvalues) {
        let root = (eigenvalue / eigenvalue.norm()).sqrt();
        column.mapv_inplace(|entry| if entry.norm() < 1e-15 { Complex64::ZERO } else { entry * root });
    }
    basis
}

/// $W^†\,M\,W$ as a real matrix, written with imaginary parts of exactly zero.
pub(crate) fn in_real_basis(basis: &Array2<Complex64>, matrix: &Array2<Complex64>) -> Array2<Complex64> {
    in_basis(basis, matrix).mapv(|entry| Complex64::from(entry.re))
}

/// $W^†\,M\,W$.
pub(crate) fn in_basis(basis: &Array2<Complex64>, matrix: &Array2<Complex64>) -> Array2<Complex64> {
    adjoint(basis).dot(&matrix.dot(basis))
}

pub(crate) fn adjoint(matrix: &Array2<Complex64>) -> Array2<Complex64> {
    matrix.t().mapv(|entry| entry.conj())
}

/// Checks that the basis makes the given matrices, those of generators, real.
pub(crate) fn check_real(
    group: &str,
    irrep: &str,
    basis: &Array2<Complex64>,
    matrices: impl Iterator<Item = Array2<Complex64>>,
) -> Result<(), GroupError> {
    let imaginary = |matrix: Array2<Complex64>| {
        in_basis(basis, &matrix).iter().fold(0.0, |worst: f64, z| worst.max(z.im.abs()))
    };
    let worst = matrices.map(imaginary).fold(0.0, f64::max);
    if worst < LARGEST_IMAGINARY_PART {
        return Ok(());
    }
    let reason = format!("the real matrices of `{irrep}` have imaginary parts of {worst:e}");
    Err(GroupError::IrrepsUnknown { group: group.to_owned(), reason })
}

fn squared_norm(matrix: &Array2<Complex64>) -> f64 {
    matrix.iter().map(Complex64::norm_sqr).sum()
}

/// The orthogonal matrix whose columns are eigenvectors of two real symmetric matrices that commute.
fn common_eigenvectors(mut pair: [Array2<f64>; 2]) -> Array2<f64> {
    // Entries of unitary matrices are at most one; those below this are rounding.
    const SMALL: f64 = 1e-15;
    const MAX_SWEEPS: usize = 50;
    let n = pair[0].nrows();
    let mut vectors = Array2::eye(n);
    for _ in 0..MAX_SWEEPS {
        let mut is_diagonal = true;
        for (p, q) in (0..n).flat_map(|p| (p + 1..n).map(move |q| (p, q))) {
            if pair.iter().all(|matrix| matrix[[p, q]].abs() < SMALL) {
                continue;
            }
            is_diagonal = false;
            // The dominant eigenvector of the sum of h hᵀ, h = (difference of the diagonal, twice the entry), is
            // (cos 2θ, sin 2θ) for the best angle θ.
            let (mut on, mut off) = (0.0, 0.0);
            for matrix in &pair {
                let (x, y) = (matrix[[p, p]] - matrix[[q, q]], 2.0 * matrix[[p, q]]);
                on += x * x - y * y;
                off += 2.0 * x * y;
            }
            let (sin, cos) = (0.25 * f64::atan2(off, on)).sin_cos();
            for matrix in &mut pair {
                rotate_columns(matrix, p, q, cos, sin);
                matrix.swap_axes(0, 1);
                rotate_columns(matrix, p, q, cos, sin);
            }
            rotate_columns(&mut vectors, p, q, cos, sin);
        }
        if is_diagonal {
            break;
        }
    }
    vectors
}

fn rotate_columns(matrix: &mut Array2<f64>, p: usize, q: usize, cos: f64, sin: f64) {
    for mut row in matrix.rows_mut() {
        let (x, y) = (row[p], row[q]);
        row[p] = cos * x + sin * y;
        row[q] = cos * y - sin * x;
    }
}

/// Numbers between -1 and 1, the same on every machine (SplitMix64).
struct PseudoRandom(u64);

impl PseudoRandom {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (bits >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FiniteGroup;

    /// A unitary matrix, the product of plane rotations and phases.
    fn unitary(n: usize, seed: u64) -> Array2<Complex64> {
        let mut random = PseudoRandom(seed);
        let mut result = Array2::eye(n);
        for (p, q) in (0..n).flat_map(|p| (0..p).map(move |q| (p, q))) {
            let mut plane = Array2::eye(n);
            let (sin, cos) = (3.0 * random.next()).sin_cos();
            let phase = Complex64::cis(3.0 * random.next());
            plane[[p, p]] = phase * cos;
            plane[[q, q]] = Complex64::from(cos);
            plane[[p, q]] = -phase * sin;
            plane[[q, p]] = Complex64::from(sin);
            result = result.dot(&plane);
        }
        result
    }

    fn distance(left: &Array2<Complex64>, right: &Array2<Complex64>) -> f64 {
        squared_norm(&(left - right)).sqrt()
    }

    #[test]
    fn a_symmetric_unitary_matrix_is_the_square_of_its_basis() {
        for (n, seed) in [(1, 1), (2, 2), (3, 3), (8, 4), (12, 5)] {
            let root = unitary(n, seed);
            // Eigenvalues that coincide: the identity, and two values only.
            for phases in [0.0, 1.0] {
                let middle = Array2::from_diag(&ndarray::Array1::from_shape_fn(n, |i| {
                    Complex64::cis(phases * (i % 2) as f64)
                }));
                let orthogonal = common_eigenvectors([
                    root.dot(&root.t()).mapv(|z| z.re),
                    root.dot(&root.t()).mapv(|z| z.im),
                ])
                .mapv(Complex64::from);
                for symmetric in [root.dot(&root.t()), orthogonal.dot(&middle).dot(&orthogonal.t())] {
                    let basis = real_basis(&symmetric);
                    assert!(distance(&basis.dot(&basis.t()), &symmetric) < 1e-13, "{n}");
                    assert!(distance(&basis.dot(&adjoint(&basis)), &Array2::eye(n)) < 1e-13, "{n}");
                }
            }
        }
    }

    #[test]
    fn hidden_real_matrices_are_found_again() {
        let group = FiniteGroup::dihedral(5).unwrap();
        let (change, plane) = (unitary(2, 7), &group.irreps().unwrap()[2]);
        let hidden = |g| in_basis(&change, &plane.matrix(g));
        let found = conjugation(2, |_, _| true, || group.elements().map(hidden)).unwrap();
        assert!(found.is_symmetric);
        let basis = real_basis(&found.matrix);
        check_real("D5", "E1", &basis, group.elements().map(hidden)).unwrap();
        for g in group.elements() {
            let trace: Complex64 = in_real_basis(&basis, &hidden(g)).diag().sum();
            assert!((trace - plane.character(g)).norm() < 1e-13);
        }
        let error = check_real("D5", "E1", &Array2::eye(2), group.elements().map(hidden)).unwrap_err();
        assert!(
            error.to_string().starts_with("irreps of group `D5` are not known: the real matrices of `E1`")
        );
    }

    #[test]
    fn quaternions_are_antisymmetric_and_complex_characters_have_none() {
        let (one, i, zero) = (Complex64::ONE, Complex64::I, Complex64::ZERO);
        let units =
            [[one, zero, zero, one], [i, zero, zero, -i], [zero, one, -one, zero], [zero, i, i, zero]];
        let matrices = || {
            units.into_iter().flat_map(|entries| {
                let matrix = Array2::from_shape_fn((2, 2), |(row, column)| entries[2 * row + column]);
                [matrix.clone(), -matrix]
            })
        };
        let found = conjugation(2, |_, _| true, matrices).unwrap();
        assert!(!found.is_symmetric);
        assert!(distance(&found.matrix.dot(&adjoint(&found.matrix)), &Array2::eye(2)) < 1e-15);
        let character =
            || (0..3).map(|u| Array2::from_elem((1, 1), Complex64::cis(f64::from(u) * 2.0943951023931953)));
        assert!(conjugation(1, |_, _| true, character).is_none());
    }
}
