//! The transform of a direct product of cyclic groups: a real FFT along the last factor, complex FFTs along the others.

use std::fmt;
use std::sync::Arc;

use num_complex::Complex64;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftPlanner};

use crate::error::GroupError;
use crate::finite_group::FiniteGroup;
use crate::fourier::{FourierScratch, GroupFourier, IrrepSlot, assert_lengths};

/// The transform of $C_{n_1} × … × C_{n_m}$ in $O(|G| \log |G|)$.
///
/// Internally the spectrum is the usual half: all frequencies of the leading factors and $0..=⌊n_m/2⌋$ of the last.
/// Tables made once connect it with the slots.
#[derive(Clone)]
pub struct AbelianFourier {
    group: FiniteGroup,
    slots: Vec<IrrepSlot>,
    to_complex: Arc<dyn RealToComplex<f64>>,
    to_real: Arc<dyn ComplexToReal<f64>>,
    leading_axes: Vec<Axis>,
    /// For each slot, where its coefficient stands in the half spectrum.
    slot_to_spectrum: Vec<Place>,
    /// For each entry of the half spectrum, the slot it comes from.
    spectrum_to_slot: Vec<Place>,
    scratch_len: usize,
}

/// A leading factor of the half spectrum, with the distance of neighbours along it.
#[derive(Clone)]
struct Axis {
    length: usize,
    stride: usize,
    forward: Arc<dyn Fft<f64>>,
    inverse: Arc<dyn Fft<f64>>,
}

/// An index into the other array, and whether the value there is the conjugate of the one here.
#[derive(Clone, Copy)]
struct Place {
    index: usize,
    conjugated: bool,
}

impl Place {
    fn read(self, from: &[Complex64]) -> Complex64 {
        let value = from[self.index];
        if self.conjugated { value.conj() } else { value }
    }
}

impl AbelianFourier {
    /// The transform of the direct product of cyclic groups of the given orders.
    ///
    /// # Errors
    /// Those of [`FiniteGroup::abelian`].
    pub fn new(factors: &[usize]) -> Result<Self, GroupError> {
        let group = FiniteGroup::abelian(factors)?;
        let slots = IrrepSlot::all_of(&group)?;
        let (last, leading) = factors.split_last().ok_or(GroupError::NoFactors)?;
        let mut real_planner = RealFftPlanner::new();
        let (to_complex, to_real) =
            (real_planner.plan_fft_forward(*last), real_planner.plan_fft_inverse(*last));

        let half = to_complex.complex_len();
        let leading_axes = leading_axes(leading, half);
        let scratch_len = leading_axes
            .iter()
            .map(|axis| {
                let fft = axis.forward.get_inplace_scratch_len().max(axis.inverse.get_inplace_scratch_len());
                axis.length + fft
            })
            .chain([to_complex.get_scratch_len(), to_real.get_scratch_len()])
            .max()
            .unwrap_or(0);

        // The coefficient of an irrep is the conjugate of the FFT's entry at its frequencies, which for real input is
        // the entry at the opposite frequencies; the half spectrum holds at least one of the two.
        let in_half = |irrep: usize| (irrep % last < half).then(|| irrep / last * half + irrep % last);
        let opposite = |irrep: usize| group.inverse(irrep);
        let slot_to_spectrum = slots
            .iter()
            .map(|slot| match in_half(slot.irrep) {
                Some(index) => Some(Place { index, conjugated: true }),
                None => in_half(opposite(slot.irrep)).map(|index| Place { index, conjugated: false }),
            })
            .collect::<Option<Vec<_>>>()
            .expect("a frequency or its opposite is at most half of the last factor");
        let slot_of = |irrep: usize| slots.binary_search_by_key(&irrep, |slot| slot.irrep).ok();
        let spectrum_to_slot = (0..group.order() / last * half)
            .map(|entry| {
                let irrep = entry / half * last + entry % half;
                match slot_of(irrep) {
                    Some(index) => Some(Place { index, conjugated: true }),
                    None => slot_of(opposite(irrep)).map(|index| Place { index, conjugated: false }),
                }
            })
            .collect::<Option<Vec<_>>>()
            .expect("an irrep or its conjugate has a slot");
        Ok(Self {
            group,
            slots,
            to_complex,
            to_real,
            leading_axes,
            slot_to_spectrum,
            spectrum_to_slot,
            scratch_len,
        })
    }

    fn last(&self) -> usize {
        self.to_complex.len()
    }

    fn half(&self) -> usize {
        self.to_complex.complex_len()
    }
}

fn leading_axes(leading: &[usize], half: usize) -> Vec<Axis> {
    let mut planner = FftPlanner::new();
    (0..leading.len())
        .map(|i| Axis {
            length: leading[i],
            stride: leading[i + 1..].iter().product::<usize>() * half,
            forward: planner.plan_fft_forward(leading[i]),
            inverse: planner.plan_fft_inverse(leading[i]),
        })
        .collect()
}

/// Transforms every line of `spectrum` along `axis`, by way of a contiguous copy at the head of `scratch`.
fn transform_lines(axis: &Axis, fft: &dyn Fft<f64>, spectrum: &mut [Complex64], scratch: &mut [Complex64]) {
    let (line, fft_scratch) = scratch.split_at_mut(axis.length);
    for block in spectrum.chunks_exact_mut(axis.length * axis.stride) {
        for offset in 0..axis.stride {
            for (to, from) in line.iter_mut().zip(block[offset..].iter().step_by(axis.stride)) {
                *to = *from;
            }
            fft.process_with_scratch(line, fft_scratch);
            for (to, from) in block[offset..].iter_mut().step_by(axis.stride).zip(line.iter()) {
                *to = *from;
            }
        }
    }
}

impl GroupFourier for AbelianFourier {
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
        let spectrum_len = self.spectrum_to_slot.len();
        let (line, buffer) = scratch.buffers(self.last(), spectrum_len + self.scratch_len);
        let (spectrum, fft_scratch) = buffer.split_at_mut(spectrum_len);
        for (row, entries) in values.chunks_exact(self.last()).zip(spectrum.chunks_exact_mut(self.half())) {
            line.copy_from_slice(row);
            self.to_complex
                .process_with_scratch(line, entries, fft_scratch)
                .expect("all buffers have the lengths of the plan");
        }
        for axis in &self.leading_axes {
            transform_lines(axis, axis.forward.as_ref(), spectrum, fft_scratch);
        }
        for ((slot, place), coefficient) in self.slots.iter().zip(&self.slot_to_spectrum).zip(coefficients) {
            *coefficient = place.read(spectrum);
            if slot.is_real {
                coefficient.im = 0.0;
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
        let spectrum_len = self.spectrum_to_slot.len();
        let (_, buffer) = scratch.buffers(0, spectrum_len + self.scratch_len);
        let (spectrum, fft_scratch) = buffer.split_at_mut(spectrum_len);
        for (entry, place) in spectrum.iter_mut().zip(&self.spectrum_to_slot) {
            *entry = place.read(coefficients);
            if self.slots[place.index].is_real {
                entry.im = 0.0;
            }
        }
        for axis in &self.leading_axes {
            transform_lines(axis, axis.inverse.as_ref(), spectrum, fft_scratch);
        }
        for (entries, row) in spectrum.chunks_exact_mut(self.half()).zip(values.chunks_exact_mut(self.last()))
        {
            // Real up to rounding, since the spectrum is that of a real function.
            for end in [0, self.last() / 2].into_iter().take_while(|end| 2 * end % self.last() == 0) {
                entries[end].im = 0.0;
            }
            self.to_real
                .process_with_scratch(entries, row, fft_scratch)
                .expect("all buffers have the lengths of the plan and both ends of the spectrum are real");
        }
        let order = self.group.order() as f64;
        for value in values {
            *value /= order;
        }
    }
}

impl fmt::Debug for AbelianFourier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbelianFourier").field("group", &self.group).finish_non_exhaustive()
    }
}
