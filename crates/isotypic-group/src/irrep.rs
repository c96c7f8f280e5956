//! Unitary irreducible representations.
//!
//! Of an abelian group all are one-dimensional: the characters
//! $ρ_k(u) = \exp\bigl(2πi \sum_j k_j u_j / n_j\bigr)$.

use num_complex::Complex64;

use crate::abelian::{self, Abelian};
use crate::label::IrrepLabel;
use crate::root_of_unity::root_of_unity;

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
#[derive(Clone, Debug, PartialEq, Eq)]
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
    factors: Vec<usize>,
    frequencies: Vec<usize>,
}

impl Irrep {
    pub(crate) fn characters_of(group: &Abelian) -> Vec<Self> {
        let character = |index| {
            let factors = group.factors().to_vec();
            let frequencies = abelian::coordinates(&factors, index);
            let conjugate = group.inverse(index);
            Self {
                label: match frequencies[..] {
                    [k] => IrrepLabel::Frequency(k),
                    _ => IrrepLabel::Frequencies(frequencies.clone()),
                },
                dimension: 1,
                kind: if conjugate == index { IrrepKind::Real } else { IrrepKind::Complex },
                conjugate,
                factors,
                frequencies,
            }
        };
        (0..group.order()).map(character).collect()
    }

    /// The character $χ(g) = \mathrm{tr}\,ρ(g)$.
    ///
    /// Multiples of a quarter turn are exact, and conjugate irreps give exact conjugates.
    ///
    /// # Panics
    /// When `g` is not an element of the group.
    pub fn character(&self, g: usize) -> Complex64 {
        let order = self.factors.iter().product();
        assert!(g < order, "element {g} is outside a group of order {order}");
        let exponent = self.factors.iter().copied().fold(1, abelian::least_common_multiple) as u64;
        let (mut rest, mut phase) = (g, 0);
        for (&n, &k) in self.factors.iter().zip(&self.frequencies).rev() {
            let turns = k as u64 * (rest % n) as u64 % n as u64;
            phase += turns * (exponent / n as u64);
            rest /= n;
        }
        root_of_unity(phase % exponent, exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FiniteGroup;

    #[test]
    fn the_first_irrep_is_trivial() {
        for factors in [&[1][..], &[7], &[4, 6]] {
            let group = FiniteGroup::abelian(factors).unwrap();
            let trivial = &group.irreps()[0];
            assert_eq!(trivial.kind, IrrepKind::Real);
            assert!(group.elements().all(|g| trivial.character(g) == Complex64::ONE));
        }
    }

    #[test]
    fn the_phase_is_positive_and_products_multiply() {
        let group = FiniteGroup::abelian(&[4, 3]).unwrap();
        let irrep = &group.irreps()[3 + 2];
        assert_eq!(irrep.label.to_string(), "k=(1,2)");
        assert_eq!(irrep.character(3), Complex64::I);
        let third = Complex64::cis(2.0 * std::f64::consts::PI * 2.0 / 3.0);
        assert!((irrep.character(3 + 1) - Complex64::I * third).norm() < 1e-15);
    }

    #[test]
    fn kinds_and_conjugates_follow_the_frequencies() {
        let irreps = FiniteGroup::cyclic(6).unwrap().irreps();
        let conjugates: Vec<_> = irreps.iter().map(|irrep| irrep.conjugate).collect();
        assert_eq!(conjugates, [0, 5, 4, 3, 2, 1]);
        let real: Vec<_> = irreps.iter().map(|irrep| irrep.kind == IrrepKind::Real).collect();
        assert_eq!(real, [true, false, false, true, false, false]);
        for irrep in &irreps {
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
            factors: irreps.factors().to_vec(),
            frequencies: vec![1, n / 2 - 1],
        };
        // The last element: (-1)·exp(2πi/(n/2)).
        let expected = -Complex64::cis(2.0 * std::f64::consts::PI / (n / 2) as f64);
        assert!((largest.character(n - 1) - expected).norm() < 1e-15);
    }
}
