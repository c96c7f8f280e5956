//! Sums under a filter on a torus with stride 1.
//!
//! A convolution with independent weights only ever needs the sum of a slice over the positions under its filter. The
//! filter is a box, so the sum over an $a \times b$ filter takes $a + b$ additions per position instead of $ab$: axis after axis, or, under the
//! usual squares, as sums of columns that stay in registers while the square moves. All additions stay within a lane, in an order that is the
//! same at every position.

use fearless_simd::prelude::*;

use super::grid::Grid;
use super::slice::lanes_at;
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
        if self.dilation == [1; 3] {
            match self.filter {
                [1, 3, 3] => return self.square::<3, S, T>(simd, values, out),
                [1, 5, 5] => return self.square::<5, S, T>(simd, values, out),
                _ => {}
            }
        }
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

    /// The position along an axis that a tap reads.
    fn source(&self, axis: usize, position: usize, tap: usize) -> usize {
        let extent = self.grid.0[axis];
        // At least as many positions are added as lie before.
        let around = extent * self.before[axis].div_ceil(extent);
        (position + tap * self.dilation[axis] + around - self.before[axis]) % extent
    }

    /// Sums under a square: those of its columns, which stay in registers while the square moves along a line.
    #[expect(clippy::needless_range_loop, reason = "iterators leave the column sums in memory")]
    #[inline(always)]
    fn square<const SIDE: usize, S: Simd, T: Real>(&self, simd: S, values: &[T], out: &mut [T]) {
        let [_, height, width] = self.grid.0;
        let length = width * T::LANES;
        let planes = values.chunks_exact(height * length).zip(out.chunks_exact_mut(height * length));
        for (values, out) in planes {
            for (line, out) in out.chunks_exact_mut(length).enumerate() {
                let lines: [&[T]; SIDE] = std::array::from_fn(|tap| {
                    let line = self.source(1, line, tap);
                    &values[line * length..(line + 1) * length]
                });
                for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
                    let mut columns = [T::Native::<S>::splat(simd, T::from_f64(0.0)); SIDE];
                    for tap in 1..SIDE {
                        columns[tap] =
                            column_sum::<SIDE, S, T>(simd, lines, self.source(2, 0, tap - 1), start);
                    }
                    let mut next = self.source(2, 0, SIDE - 1);
                    for out in out.chunks_exact_mut(T::LANES) {
                        for tap in 1..SIDE {
                            columns[tap - 1] = columns[tap];
                        }
                        columns[SIDE - 1] = column_sum::<SIDE, S, T>(simd, lines, next, start);
                        next = if next + 1 == width { 0 } else { next + 1 };
                        let mut sum = columns[0];
                        for tap in 1..SIDE {
                            sum += columns[tap];
                        }
                        sum.store_slice(&mut out[start..start + T::Native::<S>::LEN]);
                    }
                }
            }
        }
    }

    /// Sums along one axis.
    #[inline(always)]
    fn along<S: Simd, T: Real>(&self, simd: S, axis: usize, values: &[T], out: &mut [T]) {
        let extent = self.grid.0[axis];
        let inner = self.grid.0[axis + 1..].iter().product::<usize>() * T::LANES;
        for (from, to) in values.chunks_exact(extent * inner).zip(out.chunks_exact_mut(extent * inner)) {
            for first in (0..self.filter[axis]).step_by(MOST_TAPS) {
                let taps = (self.filter[axis] - first).min(MOST_TAPS);
                let mut start = 0;
                // Stretches in which no tap wraps around.
                while start < extent {
                    let sources: [usize; MOST_TAPS] =
                        std::array::from_fn(|tap| self.source(axis, start, first + tap));
                    let length = extent - sources[..taps].iter().fold(start, |most, &at| most.max(at));
                    let from = sources.map(|at| &from[at * inner..]);
                    let to = &mut to[start * inner..(start + length) * inner];
                    match taps {
                        1 => add_up(simd, first > 0, [from[0]], to),
                        2 => add_up(simd, first > 0, [from[0], from[1]], to),
                        3 => add_up(simd, first > 0, [from[0], from[1], from[2]], to),
                        _ => add_up(simd, first > 0, from, to),
                    }
                    start += length;
                }
            }
        }
    }
}

/// The sum of all lines at one position.
#[inline(always)]
fn column_sum<const SIDE: usize, S: Simd, T: Real>(
    simd: S,
    lines: [&[T]; SIDE],
    position: usize,
    start: usize,
) -> T::Native<S> {
    let mut sum = lanes_at::<S, T>(simd, lines[0], position, start);
    for line in lines.iter().skip(1) {
        sum += lanes_at::<S, T>(simd, line, position, start);
    }
    sum
}

/// Taps that are added up before the sum is stored.
const MOST_TAPS: usize = 4;

/// `to = from[0] + from[1] + …`, added to what is there if `add`; the length of `to` is a multiple of [`Real::LANES`].
#[inline(always)]
fn add_up<const TAPS: usize, S: Simd, T: Real>(simd: S, add: bool, from: [&[T]; TAPS], to: &mut [T]) {
    let (length, lanes) = (to.len(), T::Native::<S>::LEN);
    let from = from.map(|from| &from[..length]);
    for at in (0..length).step_by(lanes) {
        let source = |tap: usize| T::Native::<S>::from_slice(simd, &from[tap][at..at + lanes]);
        let to = &mut to[at..at + lanes];
        let mut sum = if add { T::Native::<S>::from_slice(simd, to) + source(0) } else { source(0) };
        for tap in 1..TAPS {
            sum += source(tap);
        }
        sum.store_slice(to);
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
            ([2, 7, 6], [1, 5, 5], [0, 2, 2], [1, 1, 1]),
            ([1, 2, 1], [1, 3, 3], [0, 1, 1], [1, 1, 1]),
            ([1, 3, 4], [1, 5, 5], [0, 7, 1], [1, 1, 1]),
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
