//! The transform of a cyclic group by a real FFT.

use std::fmt;
use std::sync::Arc;

use num_complex::Complex64;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use crate::error::GroupError;
use crate::finite_group::FiniteGroup;
use crate::fourier::{FourierScratch, GroupFourier, IrrepSlot, assert_lengths};

/// The transform of $C_N$ in $O(N \log N)$ for every $N$, primes included.
///
/// The FFT's kernel is $\exp(-2πi\,ku/N)$; its output is conjugated to the crate's convention.
#[derive(Clone)]
pub struct CyclicFourier {
    group: FiniteGroup,
    slots: Vec<IrrepSlot>,
    to_complex: Arc<dyn RealToComplex<f64>>,
    to_real: Arc<dyn ComplexToReal<f64>>,
}

impl CyclicFourier {
    /// The transform of the cyclic group of order `n`.
    ///
    /// # Errors
    /// Those of [`FiniteGroup::cyclic`].
    pub fn new(n: usize) -> Result<Self, GroupError> {
        let group = FiniteGroup::cyclic(n)?;
        let slots = IrrepSlot::all_of(&group)?;
        let mut planner = RealFftPlanner::new();
        let (to_complex, to_real) = (planner.plan_fft_forward(n), planner.plan_fft_inverse(n));
        Ok(Self { group, slots, to_complex, to_real })
    }
}

impl GroupFourier for CyclicFourier {
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
        let (input, fft_scratch) = scratch.buffers(values.len(), self.to_complex.get_scratch_len());
        input.copy_from_slice(values);
        self.to_complex
            .process_with_scratch(input, coefficients, fft_scratch)
            .expect("all buffers have the lengths of the plan");
        for (slot, coefficient) in self.slots.iter().zip(coefficients) {
            coefficient.im = if slot.is_real { 0.0 } else { -coefficient.im };
        }
    }

    fn inverse_with_scratch(
        &self,
        coefficients: &[Complex64],
        values: &mut [f64],
        scratch: &mut FourierScratch,
    ) {
        assert_lengths(self, values, coefficients);
        let half = coefficients.len();
        let (_, buffer) = scratch.buffers(0, half + self.to_real.get_scratch_len());
        let (spectrum, fft_scratch) = buffer.split_at_mut(half);
        for ((slot, to), from) in self.slots.iter().zip(spectrum.iter_mut()).zip(coefficients) {
            *to = Complex64::new(from.re, if slot.is_real { 0.0 } else { -from.im });
        }
        self.to_real
            .process_with_scratch(spectrum, values, fft_scratch)
            .expect("all buffers have the lengths of the plan and both ends of the spectrum are real");
        let order = self.group.order() as f64;
        for value in values {
            *value /= order;
        }
    }
}

impl fmt::Debug for CyclicFourier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CyclicFourier").field("group", &self.group).finish_non_exhaustive()
    }
}
