//! Unitary irreducible representations.
//!
//! Of an abelian group all are one-dimensional: the characters
//! $ρ_k(u) = \exp\bigl(2πi \sum_j k_j u_j / n_j\bigr)$. The matrices of an irrep of real kind are real.

use std::sync::Arc;

use ndarray::Array2;
use num_complex::Complex64;

use crate::abelian::{self, Abelian};
use crate::induced::Induced;
use crate::label::IrrepLabel;
use crate::quaternion;
use crate::real_form;
use crate::root_of_unity::root_of_unity;
use crate::stored_matrices::StoredMatrices;
use crate::symmetric::YoungMatrices;
use crate::tensor::Tensor;

/// How an irrep relates to its complex conjugate (the Frobenius–Schur type).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IrrepKind {
    /// Equivalent to its conjugate, by real matrices.
    Real,
    /// Not equivalent to its conjugate.
    Complex,
    /// Equivalent to its conjugate, but not by real matrices.
    Quaternionic,
}

/// One irrep of a [`FiniteGroup`](crate::FiniteGroup), from its `irreps()`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Irrep {
    /// Its name within the group.
    pub label: IrrepLabel,
    /// The size $d_ρ$ of its matrices.
    pub dimension: usize,
    /// Real, complex or quaternionic.
    pub kind: IrrepKind,
    /// The index in `irreps()` of the complex conjugate; its own index unless the kind is complex.
    pub conjugate: usize,
    /// The order of the group.
    pub(crate) order: usize,
    pub(crate) matrices: Matrices,
}

/// How the matrices of an irrep come about.
#[derive(Clone, Debug)]
pub(crate) enum Matrices {
    /// A character of a direct product of cyclic groups.
    Frequencies { factors: Vec<usize>, frequencies: Vec<usize> },
    /// A sign that changes under r, under s, or both.
    DihedralSign { turns: usize, turn: bool, mirror: bool },
    /// Rotations of the plane by multiples of frequency / turns of a whole turn, and the mirror of the second axis.
    DihedralPlane { turns: usize, frequency: usize },
    /// An irrep of a semidirect product, induced from a little group.
    Induced(Arc<Induced>),
    /// An irrep of a direct product.
    Tensor(Tensor),
    /// The complex conjugate of another irrep.
    Conjugate(Arc<Irrep>),
    /// Another irrep in a basis in which it is real.
    RealForm { irrep: Arc<Irrep>, basis: Array2<Complex64> },
    /// An irrep of a symmetric or alternating group.
    Young(YoungMatrices),
    /// An irrep of the quaternion group, by its index.
    Quaternion { irrep: usize },
    /// Matrices that were computed and kept.
    Stored(StoredMatrices),
}

impl Irrep {
    pub(crate) fn characters_of(group: &Abelian) -> Vec<Self> {
        let character = |index| {
            let factors = group.factors().to_vec();
            let frequencies = abelian::coordinates(&factors, index);
            let conjugate = group.inverse(index);
            Self {
                label: Self::frequency_label(&frequencies),
                dimension: 1,
                kind: if conjugate == index { IrrepKind::Real } else { IrrepKind::Complex },
                conjugate,
                order: group.order(),
                matrices: Matrices::Frequencies { factors, frequencies },
            }
        };
        (0..group.order()).map(character).collect()
    }

    /// The label of a character of a direct product of cyclic groups.
    pub(crate) fn frequency_label(frequencies: &[usize]) -> IrrepLabel {
        match *frequencies {
            [k] => IrrepLabel::Frequency(k),
            _ => IrrepLabel::Frequencies(frequencies.to_vec()),
        }
    }

    /// The character $χ(g) = \mathrm{tr}\,ρ(g)$.
    ///
    /// For one-dimensional irreps multiples of a quarter turn are exact, and conjugate irreps give exact conjugates.
    ///
    /// # Panics
    /// When `g` is not an element of the group.
    pub fn character(&self, g: usize) -> Complex64 {
        self.matrix(g).diag().sum()
    }

    /// The unitary matrix $ρ(g)$.
    ///
    /// # Shapes
    /// result: `[dimension, dimension]`
    ///
    /// # Panics
    /// When `g` is not an element of the group.
    pub fn matrix(&self, g: usize) -> Array2<Complex64> {
        let mut matrix = Array2::zeros((self.dimension, self.dimension));
        self.write_matrix(g, matrix.as_slice_mut().expect("a fresh array is contiguous"));
        matrix
    }

    /// Writes $ρ(g)$ row by row to `out`.
    ///
    /// # Shapes
    /// - `out`: `[dimension * dimension]`, overwritten
    ///
    /// # Panics
    /// When `g` is not an element of the group or `out` has another length.
    pub fn write_matrix(&self, g: usize, out: &mut [Complex64]) {
        assert!(g < self.order, "element {g} is outside a group of order {}", self.order);
        assert_eq!(out.len(), self.dimension * self.dimension, "one entry per row and column");
        match &self.matrices {
            Matrices::Frequencies { factors, frequencies } => out[0] = phase(factors, frequencies, g),
            &Matrices::DihedralSign { turns, turn, mirror } => {
                let changes = (turn && (g % turns) % 2 == 1) != (mirror && g >= turns);
                out[0] = Complex64::from(if changes { -1.0 } else { 1.0 });
            }
            &Matrices::DihedralPlane { turns, frequency } => {
                let root = root_of_unity((frequency * (g % turns) % turns) as u64, turns as u64);
                let (cos, sin) = (root.re, root.im);
                let entries = if g < turns { [cos, -sin, sin, cos] } else { [cos, sin, sin, -cos] };
                out.copy_from_slice(&entries.map(Complex64::from));
            }
            Matrices::Induced(induced) => induced.write(g, out),
            Matrices::Tensor(tensor) => tensor.write(g, out),
            Matrices::Conjugate(irrep) => {
                irrep.write_matrix(g, out);
                out.iter_mut().for_each(|entry| *entry = entry.conj());
            }
            Matrices::RealForm { irrep, basis } => {
                let real = real_form::in_real_basis(basis, &irrep.matrix(g));
                out.iter_mut().zip(&real).for_each(|(to, entry)| *to = *entry);
            }
            Matrices::Young(matrices) => matrices.write(g, out),
            Matrices::Stored(matrices) => matrices.write(g, out),
            &Matrices::Quaternion { irrep } => quaternion::write(irrep, g, out),
        }
    }
}

/// The value at `g` of the character with index `k` of a direct product of cyclic groups.
pub(crate) fn phase_at(factors: &[usize], k: usize, g: usize) -> Complex64 {
    phase(factors, &abelian::coordinates(factors, k), g)
}

/// $\exp(2πi \sum_j k_j u_j / n_j)$ for the element with coordinates $u_j$.
fn phase(factors: &[usize], frequencies: &[usize], g: usize) -> Complex64 {
    let exponent = factors.iter().copied().fold(1, abelian::least_common_multiple) as u64;
    let (mut rest, mut phase) = (g, 0);
    for (&n, &k) in factors.iter().zip(frequencies).rev() {
        let turns = k as u64 * (rest % n) as u64 % n as u64;
        phase += turns * (exponent / n as u64);
        rest /= n;
    }
    root_of_unity(phase % exponent, exponent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FiniteGroup;

    #[test]
    fn the_first_irrep_is_trivial() {
        for factors in [&[1][..], &[7], &[4, 6]] {
            let group = FiniteGroup::abelian(factors).unwrap();
            let trivial = &group.irreps().unwrap()[0];
            assert_eq!(trivial.kind, IrrepKind::Real);
            assert!(group.elements().all(|g| trivial.character(g) == Complex64::ONE));
        }
    }

    #[test]
    fn the_phase_is_positive_and_products_multiply() {
        let group = FiniteGroup::abelian(&[4, 3]).unwrap();
        let irrep = &group.irreps().unwrap()[3 + 2];
        assert_eq!(irrep.label.to_string(), "k=(1,2)");
        assert_eq!(irrep.character(3), Complex64::I);
        let third = Complex64::cis(2.0 * std::f64::consts::PI * 2.0 / 3.0);
        assert!((irrep.character(3 + 1) - Complex64::I * third).norm() < 1e-15);
    }

    #[test]
    fn kinds_and_conjugates_follow_the_frequencies() {
        let group = FiniteGroup::cyclic(6).unwrap();
        let irreps = group.irreps().unwrap();
        let conjugates: Vec<_> = irreps.iter().map(|irrep| irrep.conjugate).collect();
        assert_eq!(conjugates, [0, 5, 4, 3, 2, 1]);
        let real: Vec<_> = irreps.iter().map(|irrep| irrep.kind == IrrepKind::Real).collect();
        assert_eq!(real, [true, false, false, true, false, false]);
        for irrep in irreps {
            for g in 0..6 {
                assert_eq!(irreps[irrep.conjugate].character(g), irrep.character(g).conj());
            }
        }
    }

    #[test]
    fn characters_stay_accurate_where_the_phase_exceeds_the_mantissa() {
        let n = 1 << 31;
        let irreps = Abelian::new(&[2, n / 2]).unwrap();
        let largest = Irrep {
            label: IrrepLabel::Frequencies(vec![1, n / 2 - 1]),
            dimension: 1,
            kind: IrrepKind::Complex,
            conjugate: 0,
            order: n,
            matrices: Matrices::Frequencies {
                factors: irreps.factors().to_vec(),
                frequencies: vec![1, n / 2 - 1],
            },
        };
        // The last element: (-1)·exp(2πi/(n/2)).
        let expected = -Complex64::cis(2.0 * std::f64::consts::PI / (n / 2) as f64);
        assert!((largest.character(n - 1) - expected).norm() < 1e-15);
    }
}
