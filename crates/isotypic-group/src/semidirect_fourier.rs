//! The transform of a semidirect product: transforms of the normal factor, then sums over the complement.

use std::fmt;
use std::sync::Arc;

use num_complex::Complex64;

use crate::abelian_fourier::AbelianFourier;
use crate::basis_change::BasisChange;
use crate::character_orbit::CharacterOrbit;
use crate::error::GroupError;
use crate::finite_group::{Family, FiniteGroup};
use crate::fourier::{FourierScratch, GroupFourier, IrrepSlot, assert_lengths};
use crate::induced::Induced;
use crate::irrep::{Irrep, Matrices};

/// The transform of $N ⋊ H$ in $O(|G| \log |N| + |G|\,|K|)$ for little groups $K$, few of which are large.
///
/// With $F_h(χ) = \sum_n f(nh)\,χ(n)$ from an FFT for every $h$ the block $(i, j)$ of an induced coefficient is the sum of
/// $F_h(χ_i)\,σ(t_i^{-1} h\,t_j)$ over the $h$ for which $t_i^{-1} h\,t_j$ is in the little group.
#[derive(Clone)]
pub struct SemidirectFourier {
    group: FiniteGroup,
    slots: Vec<IrrepSlot>,
    normal: AbelianFourier,
    complement_order: usize,
    inductions: Vec<Induction>,
}

/// How the coefficients of a slot come from those of the normal factor.
#[derive(Clone)]
struct Induction {
    orbit: Arc<CharacterOrbit>,
    /// For each character of the orbit its coefficient in the transform of the normal factor.
    rows: Arc<[Row]>,
    /// The matrices of the little group's irrep, one after the other.
    sigma: Arc<[Complex64]>,
    /// The size of those matrices.
    block: usize,
    change: Option<BasisChange>,
}

#[derive(Clone, Copy)]
struct Row {
    slot: usize,
    /// Whether the character is the conjugate of the one in the slot.
    conjugated: bool,
    is_real: bool,
}

impl SemidirectFourier {
    /// The transform of a group made by [`FiniteGroup::semidirect_product`], [`FiniteGroup::p4`] or
    /// [`FiniteGroup::p4m`].
    ///
    /// # Errors
    /// [`GroupError::NotSemidirect`] for other groups, and those of [`FiniteGroup::irreps`].
    pub fn new(group: &FiniteGroup) -> Result<Self, GroupError> {
        let Family::Semidirect(product) = group.family() else {
            return Err(GroupError::NotSemidirect { group: group.name() });
        };
        let slots = IrrepSlot::all_of(group)?;
        let normal = AbelianFourier::new(product.normal().factors())?;
        let place = |character: usize| -> Option<Row> {
            let find = |irrep: usize| normal.irreps().binary_search_by_key(&irrep, |slot| slot.irrep).ok();
            let (slot, conjugated) = match find(character) {
                Some(slot) => (slot, false),
                None => (find(product.normal().inverse(character))?, true),
            };
            Some(Row { slot, conjugated, is_real: normal.irreps()[slot].is_real })
        };
        let irreps = group.irreps()?;
        let mut tables: Vec<(&Induced, Arc<[Complex64]>)> = Vec::new();
        let mut inductions: Vec<Induction> = Vec::with_capacity(slots.len());
        for slot in &slots {
            let (induced, change) = parts(&irreps[slot.irrep])
                .expect("of each conjugate pair the first irrep of a semidirect product is induced");
            let shares_table = |(other, _): &&(&Induced, _)| {
                Arc::ptr_eq(other.orbit.little(), induced.orbit.little()) && other.little == induced.little
            };
            let sigma = match tables.iter().find(shares_table) {
                Some((_, table)) => Arc::clone(table),
                None => {
                    let table = matrices_of(&induced.sigma);
                    tables.push((induced, Arc::clone(&table)));
                    table
                }
            };
            let rows = match inductions.last() {
                Some(last) if Arc::ptr_eq(&last.orbit, &induced.orbit) => Arc::clone(&last.rows),
                _ => induced
                    .orbit
                    .characters()
                    .iter()
                    .map(|&character| place(character))
                    .collect::<Option<_>>()
                    .expect("a character or its conjugate has a slot"),
            };
            let orbit = Arc::clone(&induced.orbit);
            inductions.push(Induction { orbit, rows, sigma, block: induced.sigma.dimension, change });
        }
        Ok(Self {
            group: group.clone(),
            slots,
            normal,
            complement_order: product.complement().order(),
            inductions,
        })
    }
}

fn parts(irrep: &Irrep) -> Option<(&Induced, Option<BasisChange>)> {
    match &irrep.matrices {
        Matrices::Induced(induced) => Some((induced, None)),
        Matrices::RealForm { irrep, basis } => match &irrep.matrices {
            Matrices::Induced(induced) => Some((induced, Some(BasisChange::new(basis)))),
            _ => None,
        },
        _ => None,
    }
}

fn matrices_of(sigma: &Irrep) -> Arc<[Complex64]> {
    let squares = sigma.dimension * sigma.dimension;
    let mut table = vec![Complex64::ZERO; sigma.order * squares];
    for (k, entries) in table.chunks_exact_mut(squares).enumerate() {
        sigma.write_matrix(k, entries);
    }
    table.into()
}

impl Induction {
    fn dimension(&self) -> usize {
        self.rows.len() * self.block
    }

    /// Adds what element `h` of the complement contributes; `spectrum` is that of $n ↦ f(nh)$.
    fn gather(&self, h: usize, spectrum: &[Complex64], coefficients: &mut [Complex64]) {
        let (d, b) = (self.dimension(), self.block);
        for (j, place) in self.orbit.places(h).iter().enumerate() {
            let (i, row) = (place.row as usize, self.rows[place.row as usize]);
            let value = spectrum[row.slot];
            let value = if row.conjugated { value.conj() } else { value };
            let sigma = &self.sigma[place.element as usize * b * b..][..b * b];
            for (a, entries) in sigma.chunks_exact(b).enumerate() {
                let start = (i * b + a) * d + j * b;
                for (sum, entry) in coefficients[start..start + b].iter_mut().zip(entries) {
                    *sum += value * entry;
                }
            }
        }
    }

    /// The adjoint of [`gather`](Self::gather), with the slot's weight shared out to a character and its conjugate.
    fn scatter(&self, weight: usize, h: usize, coefficients: &[Complex64], spectrum: &mut [Complex64]) {
        let (d, b) = (self.dimension(), self.block);
        for (j, place) in self.orbit.places(h).iter().enumerate() {
            let (i, row) = (place.row as usize, self.rows[place.row as usize]);
            let sigma = &self.sigma[place.element as usize * b * b..][..b * b];
            let mut trace = Complex64::ZERO;
            for (a, entries) in sigma.chunks_exact(b).enumerate() {
                let start = (i * b + a) * d + j * b;
                let products = coefficients[start..start + b].iter().zip(entries);
                trace += products.map(|(coefficient, entry)| coefficient * entry.conj()).sum::<Complex64>();
            }
            let trace = if row.conjugated { trace.conj() } else { trace };
            // The slot of a character that is not real counts twice in the inverse of the normal factor.
            let share = if row.is_real { weight as f64 } else { weight as f64 / 2.0 };
            spectrum[row.slot] += trace * (share * d as f64);
        }
    }
}

impl GroupFourier for SemidirectFourier {
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
        let characters = self.normal.coefficients_len();
        let mut line = vec![0.0; values.len() / self.complement_order];
        let mut spectra = vec![Complex64::ZERO; self.complement_order * characters];
        for (h, spectrum) in spectra.chunks_exact_mut(characters).enumerate() {
            let every = values[h..].iter().step_by(self.complement_order);
            line.iter_mut().zip(every).for_each(|(to, from)| *to = *from);
            self.normal.forward_with_scratch(&line, spectrum, scratch);
        }
        coefficients.fill(Complex64::ZERO);
        let mut rest = coefficients;
        for (slot, induction) in self.slots.iter().zip(&self.inductions) {
            let (out, later) = rest.split_at_mut(slot.dimension * slot.dimension);
            rest = later;
            for (h, spectrum) in spectra.chunks_exact(characters).enumerate() {
                induction.gather(h, spectrum, out);
            }
            if let Some(change) = &induction.change {
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
        let characters = self.normal.coefficients_len();
        let mut spectra = vec![Complex64::ZERO; self.complement_order * characters];
        let mut rest = coefficients;
        for (slot, induction) in self.slots.iter().zip(&self.inductions) {
            let (from, later) = rest.split_at(slot.dimension * slot.dimension);
            rest = later;
            let (_, buffer) = scratch.buffers(0, 2 * from.len());
            let (block, spare) = buffer.split_at_mut(from.len());
            block.copy_from_slice(from);
            if slot.is_real {
                block.iter_mut().for_each(|entry| entry.im = 0.0);
            }
            if let Some(change) = &induction.change {
                change.undo(block, spare);
            }
            for (h, spectrum) in spectra.chunks_exact_mut(characters).enumerate() {
                induction.scatter(slot.weight, h, block, spectrum);
            }
        }
        let mut line = vec![0.0; values.len() / self.complement_order];
        for (h, spectrum) in spectra.chunks_exact(characters).enumerate() {
            self.normal.inverse_with_scratch(spectrum, &mut line, scratch);
            let every = values[h..].iter_mut().step_by(self.complement_order);
            every.zip(&line).for_each(|(to, from)| *to = from / self.complement_order as f64);
        }
    }
}

impl fmt::Debug for SemidirectFourier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SemidirectFourier").field("group", &self.group).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_groups_are_refused() {
        let error = SemidirectFourier::new(&FiniteGroup::cyclic(4).unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "expected a semidirect product, got `C4`");
        assert!(error.hint().unwrap().contains("FourierPlanner"));
    }
}
