//! The transform of a direct product: that of the rest for each element of the first factor, then that of the first.

use std::fmt;
use std::sync::Arc;

use num_complex::Complex64;

use crate::basis_change::BasisChange;
use crate::error::GroupError;
use crate::finite_group::{Family, FiniteGroup};
use crate::fourier::{FourierScratch, GroupFourier, IrrepSlot, assert_lengths};
use crate::irrep::Matrices;
use crate::planner;

/// The transform of $G_1 × G_2$ by $|G_1|$ transforms of the second factor and at most $|G_2|$ of the first.
///
/// The transforms of the factors take real functions, so the first runs on real and imaginary parts of what the
/// second gives: with $A$ and $B$ its coefficients for $ρ$ of those parts for an entry of $σ$, the coefficient of $ρ ⊗ σ$ is
/// $A + iB$ and that of $ρ ⊗ \barσ$ is $A - iB$. The slots of the product are the conjugate pairs: all $ρ ⊗ σ$ with one
/// $ρ$ of each complex pair and every $σ$, both of a pair included; and with the other $ρ$ one $σ$ of each pair.
#[derive(Clone)]
pub struct ProductFourier {
    group: FiniteGroup,
    slots: Vec<IrrepSlot>,
    first: Arc<dyn GroupFourier>,
    rest: Arc<dyn GroupFourier>,
    pairs: Vec<Pair>,
}

/// Where the coefficients of a slot of the product come from.
#[derive(Clone)]
struct Pair {
    first: Part,
    rest: Part,
    /// Whether the slot is that of the conjugate of the irrep of the rest.
    conjugated: bool,
    /// Both irreps are complex: there is a second slot, with the conjugate of the irrep of the rest.
    has_twin: bool,
    change: Option<BasisChange>,
}

/// A slot of a factor.
#[derive(Clone, Copy)]
struct Part {
    dimension: usize,
    /// Its first coefficient.
    offset: usize,
}

impl ProductFourier {
    /// The transform of a direct product that is not abelian.
    ///
    /// # Errors
    /// [`GroupError::NotAProduct`] for other groups, and those of [`FiniteGroup::irreps`].
    pub fn new(group: &FiniteGroup) -> Result<Self, GroupError> {
        let Family::Product(product) = group.family() else {
            return Err(GroupError::NotAProduct { group: group.name() });
        };
        let (left, right) = product.split()?;
        let slots = IrrepSlot::all_of(group)?;
        let irreps = group.irreps()?;
        let (first, rest) = (planner::make(&left)?, planner::make(&right)?);
        let (first_parts, rest_parts) = (parts(first.irreps()), parts(rest.irreps()));
        let find =
            |slots: &[IrrepSlot], irrep: usize| slots.binary_search_by_key(&irrep, |slot| slot.irrep).ok();
        let right_irreps = right.irreps()?;
        let pair = |slot: &IrrepSlot| -> Option<Pair> {
            let (a, b) = (slot.irrep / right_irreps.len(), slot.irrep % right_irreps.len());
            let i = find(first.irreps(), a)?;
            let (j, conjugated) = match find(rest.irreps(), b) {
                Some(j) => (j, false),
                None => (find(rest.irreps(), right_irreps[b].conjugate)?, true),
            };
            let change = match &irreps[slot.irrep].matrices {
                Matrices::RealForm { basis, .. } => Some(BasisChange::new(basis)),
                _ => None,
            };
            let has_twin = first.irreps()[i].weight == 2 && rest.irreps()[j].weight == 2;
            Some(Pair { first: first_parts[i], rest: rest_parts[j], conjugated, has_twin, change })
        };
        let pairs = slots
            .iter()
            .map(pair)
            .collect::<Option<Vec<_>>>()
            .expect("the smaller index of a conjugate pair has a slot of the first factor");
        Ok(Self { group: group.clone(), slots, first, rest, pairs })
    }

    /// The coefficients of the real and the imaginary parts of each entry of the rest.
    fn table_len(&self) -> usize {
        2 * self.rest.coefficients_len() * self.first.coefficients_len()
    }

    /// Whether each entry of the rest is real.
    fn entries_are_real(&self) -> impl Iterator<Item = bool> + '_ {
        let entries = |slot: &IrrepSlot| std::iter::repeat_n(slot.is_real, slot.dimension * slot.dimension);
        self.rest.irreps().iter().flat_map(entries)
    }
}

fn parts(slots: &[IrrepSlot]) -> Vec<Part> {
    let mut offset = 0;
    let part = |slot: &IrrepSlot| {
        let part = Part { dimension: slot.dimension, offset };
        offset += slot.dimension * slot.dimension;
        part
    };
    slots.iter().map(part).collect()
}

impl Pair {
    /// For each entry of the slot, row by row, the entry of the first factor and that of the rest.
    fn places(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let (a, b) = (self.first.dimension, self.rest.dimension);
        (0..a * b).flat_map(move |row| {
            (0..a * b).map(move |column| {
                let slow = self.first.offset + row / b * a + column / b;
                (slow, self.rest.offset + row % b * b + column % b)
            })
        })
    }
}

impl GroupFourier for ProductFourier {
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
        let (slow, fast) = (self.first.coefficients_len(), self.rest.coefficients_len());
        let mut columns = vec![Complex64::ZERO; self.first.group().order() * fast];
        let rows = values.chunks_exact(self.rest.group().order());
        for (row, entries) in rows.zip(columns.chunks_exact_mut(fast)) {
            self.rest.forward_with_scratch(row, entries, scratch);
        }
        let mut line = vec![0.0; self.first.group().order()];
        let mut table = vec![Complex64::ZERO; self.table_len()];
        for ((entry, is_real), both) in
            (0..).zip(self.entries_are_real()).zip(table.chunks_exact_mut(2 * slow))
        {
            let (of_real, of_imaginary) = both.split_at_mut(slow);
            let column = columns[entry..].iter().step_by(fast);
            line.iter_mut().zip(column.clone()).for_each(|(to, from)| *to = from.re);
            self.first.forward_with_scratch(&line, of_real, scratch);
            if !is_real {
                line.iter_mut().zip(column).for_each(|(to, from)| *to = from.im);
                self.first.forward_with_scratch(&line, of_imaginary, scratch);
            }
        }
        let mut rest = coefficients;
        for (slot, pair) in self.slots.iter().zip(&self.pairs) {
            let (out, later) = rest.split_at_mut(slot.dimension * slot.dimension);
            rest = later;
            for (to, (i, j)) in out.iter_mut().zip(pair.places()) {
                let (a, b) = (table[2 * slow * j + i], table[2 * slow * j + slow + i]);
                let ib = Complex64::new(-b.im, b.re);
                *to = if pair.conjugated { a - ib } else { a + ib };
            }
            if let Some(change) = &pair.change {
                let (_, spare) = scratch.buffers(0, out.len());
                change.apply(out, spare);
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
        let (slow, fast) = (self.first.coefficients_len(), self.rest.coefficients_len());
        let mut table = vec![Complex64::ZERO; self.table_len()];
        let mut rest = coefficients;
        for (slot, pair) in self.slots.iter().zip(&self.pairs) {
            let (from, later) = rest.split_at(slot.dimension * slot.dimension);
            rest = later;
            let (_, buffer) = scratch.buffers(0, 2 * from.len());
            let (block, spare) = buffer.split_at_mut(from.len());
            block.copy_from_slice(from);
            if slot.is_real {
                block.iter_mut().for_each(|entry| entry.im = 0.0);
            }
            if let Some(change) = &pair.change {
                change.undo(block, spare);
            }
            // Of X = A + iB and its twin Y = A - iB comes A = (X + Y)/2 and B = -i(X - Y)/2. Without a twin the transform of
            // the first factor keeps what is needed of A = X and B = -iX.
            let share = if pair.has_twin { 0.5 } else { 1.0 };
            for (x, (i, j)) in block.iter().zip(pair.places()) {
                let (a, b) = (x * share, Complex64::new(x.im, -x.re) * share);
                table[2 * slow * j + i] += a;
                table[2 * slow * j + slow + i] += if pair.conjugated { -b } else { b };
            }
        }
        let mut line = vec![0.0; self.first.group().order()];
        let mut columns = vec![Complex64::ZERO; line.len() * fast];
        for ((entry, is_real), both) in (0..).zip(self.entries_are_real()).zip(table.chunks_exact(2 * slow)) {
            let (of_real, of_imaginary) = both.split_at(slow);
            self.first.inverse_with_scratch(of_real, &mut line, scratch);
            let column = columns[entry..].iter_mut().step_by(fast);
            column.zip(&line).for_each(|(to, from)| to.re = *from);
            if !is_real {
                self.first.inverse_with_scratch(of_imaginary, &mut line, scratch);
                let column = columns[entry..].iter_mut().step_by(fast);
                column.zip(&line).for_each(|(to, from)| to.im = *from);
            }
        }
        let rows = values.chunks_exact_mut(self.rest.group().order());
        for (row, entries) in rows.zip(columns.chunks_exact(fast)) {
            self.rest.inverse_with_scratch(entries, row, scratch);
        }
    }
}

impl fmt::Debug for ProductFourier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProductFourier").field("group", &self.group).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_groups_are_refused() {
        let error = ProductFourier::new(&FiniteGroup::abelian(&[4, 3]).unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "expected a direct product that is not abelian, got `C4×C3`");
        assert!(error.hint().unwrap().contains("FourierPlanner"));
    }
}
