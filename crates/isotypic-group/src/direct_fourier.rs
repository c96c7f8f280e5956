//! The transform by its definition, term by term: slow, plain, and the control for all others.

use num_complex::Complex64;

use crate::error::GroupError;
use crate::finite_group::FiniteGroup;
use crate::fourier::{FourierScratch, GroupFourier, IrrepSlot, assert_lengths};
use crate::irrep::Irrep;

/// The transform of any group as a double sum, $O(|G|^2)$.
#[derive(Clone, Debug)]
pub struct DirectFourier {
    group: FiniteGroup,
    slots: Vec<IrrepSlot>,
    /// The irrep of each slot.
    irreps: Vec<Irrep>,
}

impl DirectFourier {
    /// The transform of `group`.
    ///
    /// # Errors
    /// Those of [`FiniteGroup::irreps`].
    pub fn new(group: FiniteGroup) -> Result<Self, GroupError> {
        let slots = IrrepSlot::all_of(&group)?;
        let all = group.irreps()?;
        let irreps = slots.iter().map(|slot| all[slot.irrep].clone()).collect();
        Ok(Self { group, slots, irreps })
    }
}

impl GroupFourier for DirectFourier {
    fn group(&self) -> &FiniteGroup {
        &self.group
    }

    fn irreps(&self) -> &[IrrepSlot] {
        &self.slots
    }

    fn forward_with_scratch(
        &self,
        values: &[f64],
        coefficients: &mut [Complex64],
        scratch: &mut FourierScratch,
    ) {
        assert_lengths(self, values, coefficients);
        coefficients.fill(Complex64::ZERO);
        let mut rest = coefficients;
        for (slot, irrep) in self.slots.iter().zip(&self.irreps) {
            let (out, later) = rest.split_at_mut(slot.dimension * slot.dimension);
            rest = later;
            let (_, matrix) = scratch.buffers(0, out.len());
            for (u, value) in values.iter().enumerate() {
                irrep.write_matrix(u, matrix);
                out.iter_mut().zip(&*matrix).for_each(|(sum, entry)| *sum += value * entry);
            }
            if slot.is_real {
                out.iter_mut().for_each(|entry| entry.im = 0.0);
            }
        }
    }

    fn inverse_with_scratch(
        &self,
        coefficients: &[Complex64],
        values: &mut [f64],
        scratch: &mut FourierScratch,
    ) {
        assert_lengths(self, values, coefficients);
        let order = self.group.order() as f64;
        for (u, value) in values.iter_mut().enumerate() {
            let (mut rest, mut sum) = (coefficients, 0.0);
            for (slot, irrep) in self.slots.iter().zip(&self.irreps) {
                let (block, later) = rest.split_at(slot.dimension * slot.dimension);
                rest = later;
                let (_, matrix) = scratch.buffers(0, block.len());
                irrep.write_matrix(u, matrix);
                let trace: f64 = block.iter().zip(&*matrix).map(|(a, b)| (a * b.conj()).re).sum();
                sum += (slot.weight * slot.dimension) as f64 * trace;
            }
            *value = sum / order;
        }
    }
}
