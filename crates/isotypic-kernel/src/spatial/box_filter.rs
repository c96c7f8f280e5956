//! Sums under a filter on a torus with stride 1, axis after axis.
//!
//! A convolution with independent weights only ever needs the sum of a slice over the positions under its filter. The
//! filter is a box, so the sum over an $a \times b$ filter takes $a + b$ additions per position instead of $ab$. All
//! additions stay within a lane, in an order that is the same at every position.

use fearless_simd::prelude::*;

use super::grid::Grid;
use crate::real::Real;

/// The extents of a filter on a torus, and how far it reaches back from its position.
#[derive(Debug, Clone, Copy)]
pub(super) struct BoxFilter {
    pub(super) grid: Grid,
    pub(super) filter: [usize; 3],
    pub(super) before: [usize; 3],
    /// Distance between neighbouring taps.
    pub(super) dilation: [usize; 3],
}

impl BoxFilter {
    /// `out[p]` becomes the sum of `values[p + dilation · e − before]` over the taps e; [`Real::LANES`] numbers per position.
    ///
    /// # Shapes
    /// - `values`, `out`, `scratch`: `[positions, lanes]`; the last two are overwritten
    #[inline(always)]
    pub(super) fn sums<S: Simd, T: Real>(&self, simd: S, values: &[T], out: &mut [T], scratch: &mut [T]) {
        let mut axes = [0; 3];
        let mut count = 0;
        // The last axis first: its lines are contiguous.
        for axis in (0..3).rev().filter(|&axis| self.filter[axis] > 1) {
            axes[count] = axis;
            count += 1;
        }
        match axes[..count] {
            [] => out.copy_from_slice(values),
            [axis] => self.along(simd, axis, values, out),
            [first, second] => {
                self.along(simd, first, values, scratch);
                self.along(simd, second, scratch, out);
            }
            [first, second, third] => {
                self.along(simd, first, values, out);
                self.along(simd, second, out, scratch);
                self.along(simd, third, scratch, out);
            }
            _ => unreachable!("a grid has three axes"),
        }
    }

    /// Sums along one axis.
    #[inline(always)]
    fn along<S: Simd, T: Real>(&self, simd: S, axis: usize, values: &[T], out: &mut [T]) {
        let extent = self.grid.0[axis];
        let inner = self.grid.0[axis + 1..].iter().product::<usize>() * T::LANES;
        // At least as many positions are added as lie before.
        let around = extent * self.before[axis].div_ceil(extent);
        let shift = |tap: usize| (tap * self.dilation[axis] + around - self.before[axis]) % extent;
        for (from, to) in values.chunks_exact(extent * inner).zip(out.chunks_exact_mut(extent * inner)) {
            if axis == 2 {
                // One whole line after the other: tap by tap, in two stretches that do not wrap.
                for tap in 0..self.filter[axis] {
                    let (wrapped, straight) = from.split_at(shift(tap) * inner);
                    let (head, tail) = to.split_at_mut(straight.len());
                    accumulate(simd, tap > 0, straight, head);
                    accumulate(simd, tap > 0, wrapped, tail);
                }
            } else {
                for (place, to) in to.chunks_exact_mut(inner).enumerate() {
                    for tap in 0..self.filter[axis] {
                        let start = (place + shift(tap)) % extent * inner;
                        accumulate(simd, tap > 0, &from[start..start + inner], to);
                    }
                }
            }
        }
    }
}

/// `to = from`, or `to += from`; both multiples of [`Real::LANES`].
#[inline(always)]
fn accumulate<S: Simd, T: Real>(simd: S, add: bool, from: &[T], to: &mut [T]) {
    if !add {
        to.copy_from_slice(from);
        return;
    }
    for (from, to) in from.chunks_exact(T::Native::<S>::LEN).zip(to.chunks_exact_mut(T::Native::<S>::LEN)) {
        (T::Native::<S>::from_slice(simd, to) + T::Native::<S>::from_slice(simd, from)).store_slice(to);
    }
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;

    #[test]
    fn axis_by_axis_is_tap_by_tap() {
        for (extents, filter, before, dilation) in [
            ([1, 5, 7], [1, 3, 3], [0, 1, 1], [1, 1, 1]),
            ([1, 5, 7], [1, 3, 3], [0, 2, 3], [1, 2, 3]),
            ([1, 1, 6], [1, 1, 5], [0, 0, 2], [1, 1, 1]),
            ([1, 1, 3], [1, 1, 3], [0, 0, 7], [1, 1, 7]),
            ([3, 4, 2], [3, 2, 5], [1, 0, 2], [1, 1, 1]),
            ([1, 4, 4], [1, 1, 1], [0, 0, 0], [1, 1, 1]),
            ([2, 3, 1], [3, 1, 1], [1, 0, 0], [1, 1, 1]),
        ] {
            let grid = Grid(extents);
            // Whole numbers, so that any order of additions gives the same.
            let values: Vec<f64> = (0..grid.len() * f64::LANES).map(|i| ((i * i) % 97) as f64).collect();
            let (mut out, mut scratch) = (vec![f64::NAN; values.len()], vec![f64::NAN; values.len()]);
            let box_filter = BoxFilter { grid, filter, before, dilation };
            dispatch!(Level::new(), simd => box_filter.sums(simd, &values, &mut out, &mut scratch));
            let wrap = |p: usize, e: usize, axis: usize| {
                (p as isize + (e * dilation[axis]) as isize - before[axis] as isize)
                    .rem_euclid(extents[axis] as isize) as usize
            };
            for position in 0..grid.len() {
                let p = [
                    position / (extents[1] * extents[2]),
                    position / extents[2] % extents[1],
                    position % extents[2],
                ];
                for lane in 0..f64::LANES {
                    let mut sum = 0.0;
                    for a in 0..filter[0] {
                        for b in 0..filter[1] {
                            for c in 0..filter[2] {
                                let at = grid.index([wrap(p[0], a, 0), wrap(p[1], b, 1), wrap(p[2], c, 2)]);
                                sum += values[at * f64::LANES + lane];
                            }
                        }
                    }
                    assert_eq!(out[position * f64::LANES + lane], sum, "{extents:?} {filter:?}");
                }
            }
        }
    }
}
