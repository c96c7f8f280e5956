//! The transform of a dihedral group by two cyclic ones: of the rotations and of the reflections.

use num_complex::Complex64;

use crate::cyclic_fourier::CyclicFourier;
use crate::error::GroupError;
use crate::finite_group::FiniteGroup;
use crate::fourier::{FourierScratch, GroupFourier, IrrepSlot, assert_lengths};

/// The transform of $D_n$ in $O(n \log n)$.
///
/// With $a_k$ and $b_k$ the cyclic transforms of $f(r^u)$ and $f(r^u s)$ the coefficient of Ek is
/// $\begin{pmatrix} \mathrm{Re}(a_k + b_k) & \mathrm{Im}(b_k - a_k) \\ \mathrm{Im}(a_k + b_k) & \mathrm{Re}(a_k - b_k) \end{pmatrix}$.
#[derive(Clone, Debug)]
pub struct DihedralFourier {
    group: FiniteGroup,
    slots: Vec<IrrepSlot>,
    cyclic: CyclicFourier,
    turns: usize,
}

impl DihedralFourier {
    /// The transform of the dihedral group of order `2 * turns`.
    ///
    /// # Errors
    /// Those of [`FiniteGroup::dihedral`].
    pub fn new(turns: usize) -> Result<Self, GroupError> {
        let group = FiniteGroup::dihedral(turns)?;
        let slots = IrrepSlot::all_of(&group)?;
        Ok(Self { group, slots, cyclic: CyclicFourier::new(turns)?, turns })
    }

    /// The number of cyclic coefficients.
    fn half(&self) -> usize {
        self.turns / 2 + 1
    }
}

impl GroupFourier for DihedralFourier {
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
        let mut cyclic = vec![Complex64::ZERO; 2 * self.half()];
        let (a, b) = cyclic.split_at_mut(self.half());
        self.cyclic.forward_with_scratch(&values[..self.turns], a, scratch);
        self.cyclic.forward_with_scratch(&values[self.turns..], b, scratch);
        let mut out = coefficients.iter_mut();
        let mut write = |value: f64| {
            if let Some(place) = out.next() {
                *place = Complex64::from(value);
            }
        };
        let ends = if self.turns.is_multiple_of(2) { &[0, self.turns / 2][..] } else { &[0] };
        for &k in ends {
            write(a[k].re + b[k].re);
            write(a[k].re - b[k].re);
        }
        for k in 1..=(self.turns - 1) / 2 {
            write(a[k].re + b[k].re);
            write(b[k].im - a[k].im);
            write(a[k].im + b[k].im);
            write(a[k].re - b[k].re);
        }
    }

    fn inverse_with_scratch(
        &self,
        coefficients: &[Complex64],
        values: &mut [f64],
        scratch: &mut FourierScratch,
    ) {
        assert_lengths(self, values, coefficients);
        let mut cyclic = vec![Complex64::ZERO; 2 * self.half()];
        let (a, b) = cyclic.split_at_mut(self.half());
        let ends = if self.turns.is_multiple_of(2) { &[0, self.turns / 2][..] } else { &[0] };
        let (signs, planes) = coefficients.split_at(2 * ends.len());
        for (&k, pair) in ends.iter().zip(signs.chunks_exact(2)) {
            a[k] = Complex64::from((pair[0].re + pair[1].re) / 2.0);
            b[k] = Complex64::from((pair[0].re - pair[1].re) / 2.0);
        }
        for (k, plane) in (1..).zip(planes.chunks_exact(4)) {
            let entry = |index: usize| plane[index].re;
            a[k] = Complex64::new(entry(0) + entry(3), entry(2) - entry(1)) / 2.0;
            b[k] = Complex64::new(entry(0) - entry(3), entry(2) + entry(1)) / 2.0;
        }
        let (rotations, reflections) = values.split_at_mut(self.turns);
        self.cyclic.inverse_with_scratch(a, rotations, scratch);
        self.cyclic.inverse_with_scratch(b, reflections, scratch);
    }
}
