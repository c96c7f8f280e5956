//! Irreps of direct products: tensor products of the irreps of the factors.
//!
//! A product of three or more is its first factor times the rest. The tensor product of two quaternionic irreps is of
//! real kind and is brought into a real basis; with any complex factor it is complex.

use std::sync::Arc;

use ndarray::Array2;
use ndarray::linalg::kron;
use num_complex::Complex64;

use crate::direct_product::DirectProduct;
use crate::error::GroupError;
use crate::finite_group::FiniteGroup;
use crate::irrep::{Irrep, IrrepKind, Matrices};
use crate::label::IrrepLabel;
use crate::real_form::{Conjugation, check_real, conjugation, real_basis};

/// The tensor product of an irrep of the first factor and one of the rest.
#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    first: Arc<Irrep>,
    rest: Arc<Irrep>,
}

impl Tensor {
    /// Writes $ρ(g_1) ⊗ σ(g_2)$ row by row: the index of the rest is fastest.
    pub(crate) fn write(&self, g: usize, out: &mut [Complex64]) {
        let (a, b) = (self.first.dimension, self.rest.dimension);
        let mut slow = vec![Complex64::ZERO; a * a];
        let mut fast = vec![Complex64::ZERO; b * b];
        self.first.write_matrix(g / self.rest.order, &mut slow);
        self.rest.write_matrix(g % self.rest.order, &mut fast);
        for (i, out) in out.chunks_exact_mut(b * a * b).enumerate() {
            for (k, row) in out.chunks_exact_mut(a * b).enumerate() {
                for (j, cells) in row.chunks_exact_mut(b).enumerate() {
                    let left = slow[i * a + j];
                    cells.iter_mut().zip(&fast[k * b..]).for_each(|(to, right)| *to = left * right);
                }
            }
        }
    }
}

impl DirectProduct {
    /// All irreps, those of the last factor fastest.
    pub(crate) fn irreps(&self) -> Result<Vec<Irrep>, GroupError> {
        let (first, rest) = self.split()?;
        let shared = |group: &FiniteGroup| -> Result<Vec<Arc<Irrep>>, GroupError> {
            Ok(group.irreps()?.iter().cloned().map(Arc::new).collect())
        };
        let (left, right) = (shared(&first)?, shared(&rest)?);
        let slow: Vec<_> = first.generators().iter().map(|g| g * rest.order()).collect();
        let generators = [&slow, rest.generators()].concat();
        let is_quaternionic = |irrep: &Arc<Irrep>| irrep.kind == IrrepKind::Quaternionic;
        let has_real_forms = left.iter().any(is_quaternionic) && right.iter().any(is_quaternionic);
        let conjugations = |group: &FiniteGroup, irreps: &[Arc<Irrep>]| -> Result<Vec<_>, GroupError> {
            let wanted = |irrep: &Arc<Irrep>| has_real_forms && is_quaternionic(irrep);
            irreps.iter().map(|irrep| wanted(irrep).then(|| found(group, irrep)).transpose()).collect()
        };
        let (left_forms, right_forms) = (conjugations(&first, &left)?, conjugations(&rest, &right)?);

        let mut irreps: Vec<Irrep> = Vec::with_capacity(left.len() * right.len());
        for (a, left_form) in left.iter().zip(&left_forms) {
            for (b, right_form) in right.iter().zip(&right_forms) {
                let conjugate = a.conjugate * right.len() + b.conjugate;
                let kind = if conjugate != irreps.len() {
                    IrrepKind::Complex
                } else if a.kind == b.kind {
                    IrrepKind::Real
                } else {
                    IrrepKind::Quaternionic
                };
                let tensor = Tensor { first: Arc::clone(a), rest: Arc::clone(b) };
                let mut irrep = Irrep {
                    label: IrrepLabel::Name(format!("{}⊗{}", a.label, b.label)),
                    dimension: a.dimension * b.dimension,
                    kind,
                    conjugate,
                    order: self.order(),
                    matrices: Matrices::Tensor(tensor),
                };
                if conjugate < irreps.len() {
                    irrep.matrices = Matrices::Conjugate(Arc::new(irreps[conjugate].clone()));
                } else if let (Some(left), Some(right)) = (left_form, right_form) {
                    let basis = real_basis(&kron(left, right));
                    let matrices = generators.iter().map(|&g| irrep.matrix(g));
                    check_real(&self.name(), &irrep.label.to_string(), &basis, matrices)?;
                    irrep.matrices = Matrices::RealForm { irrep: Arc::new(irrep.clone()), basis };
                }
                irreps.push(irrep);
            }
        }
        Ok(irreps)
    }
}

fn found(group: &FiniteGroup, irrep: &Irrep) -> Result<Array2<Complex64>, GroupError> {
    let matrices = || group.elements().map(|g| irrep.matrix(g));
    match conjugation(irrep.dimension, |_, _| true, matrices) {
        Some(Conjugation { matrix, is_symmetric: false }) => Ok(matrix),
        _ => {
            let reason = format!("`{}` is quaternionic, but not equivalent to its conjugate", irrep.label);
            Err(GroupError::IrrepsUnknown { group: group.name(), reason })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dicyclic() -> FiniteGroup {
        let cyclic = |n| FiniteGroup::cyclic(n).unwrap();
        let images: Vec<_> = [1, 2, 1, 2].map(|n| vec![n]).to_vec();
        FiniteGroup::semidirect_product(&cyclic(3), &cyclic(4), &images).unwrap()
    }

    #[test]
    fn labels_are_joined_and_the_last_factor_is_fastest() {
        let group = FiniteGroup::parse("dihedral:3*cyclic:2").unwrap();
        let labels: Vec<_> = group.irreps().unwrap().iter().map(|irrep| irrep.label.to_string()).collect();
        assert_eq!(labels, ["A1⊗k=0", "A1⊗k=1", "A2⊗k=0", "A2⊗k=1", "E⊗k=0", "E⊗k=1"]);
        let three = FiniteGroup::parse("flip*dihedral:3*flip").unwrap();
        assert_eq!(three.irreps().unwrap()[11].label.to_string(), "k=1⊗E⊗k=1");
    }

    #[test]
    fn the_product_of_two_quaternionic_irreps_is_real() {
        let one = dicyclic();
        let group = one.direct_product(&one).unwrap();
        let irreps = group.irreps().unwrap();
        assert!(one.irreps().unwrap()[5].kind == IrrepKind::Quaternionic);
        let (square, mixed) = (&irreps[35], &irreps[30]);
        assert_eq!((square.dimension, square.kind), (4, IrrepKind::Real));
        assert_eq!((mixed.dimension, mixed.kind), (2, IrrepKind::Quaternionic));
        for g in group.elements().step_by(5) {
            assert!(square.matrix(g).iter().all(|entry| entry.im == 0.0));
            let parts = [g / 12, g % 12].map(|part| one.irreps().unwrap()[5].character(part));
            assert!((square.character(g) - parts[0] * parts[1]).norm() < 1e-13);
        }
    }

    #[test]
    fn conjugates_take_both_factors_along() {
        let group = FiniteGroup::parse("cyclic:3*dihedral:1*cyclic:3").unwrap();
        let irreps = group.irreps().unwrap();
        // k=1⊗A2⊗k=1 and k=2⊗A2⊗k=2, but k=1⊗A2⊗k=2 and k=2⊗A2⊗k=1.
        assert_eq!((irreps[6 + 3 + 1].conjugate, irreps[6 + 3 + 2].conjugate), (12 + 3 + 2, 12 + 3 + 1));
    }
}
