//! The contract of Fourier transforms on finite groups. Normalization and ordering are in the crate's documentation.

use num_complex::Complex64;

use crate::error::GroupError;
use crate::finite_group::FiniteGroup;
use crate::irrep::IrrepKind;
use crate::label::IrrepLabel;

/// One irrep of each conjugate pair, as the transforms list them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IrrepSlot {
    /// The name of the irrep.
    pub label: IrrepLabel,
    /// Its index in [`FiniteGroup::irreps`].
    pub irrep: usize,
    /// The size $d_ρ$ of its matrices; the slot holds $d_ρ^2$ coefficients.
    pub dimension: usize,
    /// How many irreps the slot stands for: 2 for a conjugate pair, else 1.
    pub weight: usize,
    /// Whether its matrices are real, and therefore its coefficients.
    pub is_real: bool,
}

impl IrrepSlot {
    /// The slots of a group, ascending by irrep index.
    ///
    /// # Errors
    /// Those of [`FiniteGroup::irreps`].
    pub(crate) fn all_of(group: &FiniteGroup) -> Result<Vec<Self>, GroupError> {
        let slots = group
            .irreps()?
            .iter()
            .enumerate()
            .filter(|(i, irrep)| *i <= irrep.conjugate)
            .map(|(i, irrep)| Self {
                irrep: i,
                dimension: irrep.dimension,
                weight: if i == irrep.conjugate { 1 } else { 2 },
                is_real: irrep.kind == IrrepKind::Real,
                label: irrep.label.clone(),
            })
            .collect();
        Ok(slots)
    }
}

/// Buffers for a transform. One serves any number of transforms, one at a time, and grows as needed.
#[derive(Clone, Debug, Default)]
pub struct FourierScratch {
    real: Vec<f64>,
    complex: Vec<Complex64>,
}

impl FourierScratch {
    /// Empty buffers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Buffers of the given lengths with unspecified content.
    pub(crate) fn buffers(&mut self, real: usize, complex: usize) -> (&mut [f64], &mut [Complex64]) {
        if self.real.len() < real {
            self.real.resize(real, 0.0);
        }
        if self.complex.len() < complex {
            self.complex.resize(complex, Complex64::ZERO);
        }
        (&mut self.real[..real], &mut self.complex[..complex])
    }
}

/// A Fourier transform of real functions on a finite group.
///
/// Transforms are stateless and may be shared between threads.
///
/// # Panics
///
/// All transforms panic when `values` is not of length `group().order()` or `coefficients` not of length
/// `coefficients_len()`.
pub trait GroupFourier: Send + Sync {
    /// The group.
    fn group(&self) -> &FiniteGroup;

    /// One irrep of each conjugate pair, in the order of the coefficients; the first is trivial.
    fn irreps(&self) -> &[IrrepSlot];

    /// $\hat f(ρ) = \sum_u f(u)\,ρ(u)$ for each slot.
    ///
    /// # Shapes
    /// - `values`: `[order]`
    /// - `coefficients`: `[coefficients_len]`, overwritten
    fn forward_with_scratch(
        &self,
        values: &[f64],
        coefficients: &mut [Complex64],
        scratch: &mut FourierScratch,
    );

    /// $f(u) = \frac{1}{|G|} \sum_{\mathrm{slots}} w_ρ d_ρ\,\mathrm{Re}\,\mathrm{tr}\bigl(\hat f(ρ)\,ρ(u)^†\bigr)$,
    /// with $w_ρ$ the weight of the slot.
    ///
    /// Imaginary parts of the coefficients of real irreps have no effect.
    ///
    /// # Shapes
    /// - `coefficients`: `[coefficients_len]`
    /// - `values`: `[order]`, overwritten
    fn inverse_with_scratch(
        &self,
        coefficients: &[Complex64],
        values: &mut [f64],
        scratch: &mut FourierScratch,
    );

    /// The number of coefficients, $\sum_{\mathrm{slots}} d_ρ^2$.
    fn coefficients_len(&self) -> usize {
        self.irreps().iter().map(|slot| slot.dimension * slot.dimension).sum()
    }

    /// The same as [`forward_with_scratch`](Self::forward_with_scratch) with buffers of its own.
    fn forward(&self, values: &[f64], coefficients: &mut [Complex64]) {
        self.forward_with_scratch(values, coefficients, &mut FourierScratch::new());
    }

    /// The same as [`inverse_with_scratch`](Self::inverse_with_scratch) with buffers of its own.
    fn inverse(&self, coefficients: &[Complex64], values: &mut [f64]) {
        self.inverse_with_scratch(coefficients, values, &mut FourierScratch::new());
    }
}

/// Panics unless the slices fit the transform.
#[track_caller]
pub(crate) fn assert_lengths(transform: &impl GroupFourier, values: &[f64], coefficients: &[Complex64]) {
    let (order, len) = (transform.group().order(), transform.coefficients_len());
    assert!(values.len() == order, "expected {order} values, got {}", values.len());
    assert!(coefficients.len() == len, "expected {len} coefficients, got {}", coefficients.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_one_per_conjugate_pair_and_weights_count_all_irreps() {
        let labels = |factors: &[usize]| {
            let slots = IrrepSlot::all_of(&FiniteGroup::abelian(factors).unwrap()).unwrap();
            assert_eq!(
                slots.iter().map(|slot| slot.weight).sum::<usize>(),
                factors.iter().product::<usize>()
            );
            assert!(slots.iter().all(|slot| slot.is_real == (slot.weight == 1)));
            slots.iter().map(|slot| slot.label.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(labels(&[1]), ["k=0"]);
        assert_eq!(labels(&[4]), ["k=0", "k=1", "k=2"]);
        assert_eq!(labels(&[5]), ["k=0", "k=1", "k=2"]);
        assert_eq!(labels(&[3, 3]), ["k=(0,0)", "k=(0,1)", "k=(1,0)", "k=(1,1)", "k=(1,2)"]);
    }
}
