//! The transform by its definition, term by term: slow, plain, and the control for all others.

use num_complex::Complex64;

use crate::finite_group::FiniteGroup;
use crate::fourier::{FourierScratch, GroupFourier, IrrepSlot, assert_lengths};
use crate::irrep::Irrep;

/// The transform of any group as a double sum, $O(|G|^2)$.
#[derive(Clone, Debug)]
pub struct DirectFourier {
    group: FiniteGroup,
    slots: Vec<IrrepSlot>,
    irreps: Vec<Irrep>,
}

impl DirectFourier {
    /// The transform of `group`.
    pub fn new(group: FiniteGroup) -> Self {
        let (slots, irreps) = (IrrepSlot::all_of(&group), group.irreps());
        Self { group, slots, irreps }
    }

    fn slots_with_irreps(&self) -> impl Iterator<Item = (&IrrepSlot, &Irrep)> {
        self.slots.iter().map(|slot| (slot, &self.irreps[slot.irrep]))
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
        _scratch: &mut FourierScratch,
    ) {
        assert_lengths(self, values, coefficients);
        for ((slot, irrep), coefficient) in self.slots_with_irreps().zip(coefficients) {
            *coefficient = values.iter().enumerate().map(|(u, f)| f * irrep.character(u)).sum();
            if slot.is_real {
                coefficient.im = 0.0;
            }
        }
    }

    fn inverse_with_scratch(
        &self,
        coefficients: &[Complex64],
        values: &mut [f64],
        _scratch: &mut FourierScratch,
    ) {
        assert_lengths(self, values, coefficients);
        let order = self.group.order() as f64;
        for (u, value) in values.iter_mut().enumerate() {
            let terms = self.slots_with_irreps().zip(coefficients).map(|((slot, irrep), coefficient)| {
                slot.weight as f64 * (coefficient * irrep.character(u).conj()).re
            });
            *value = terms.sum::<f64>() / order;
        }
    }
}
