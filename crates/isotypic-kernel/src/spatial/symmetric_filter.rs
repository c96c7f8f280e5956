//! Sums under a square filter on a torus that do not change when the torus is turned or mirrored, bit for bit.
//!
//! Networks over plane groups pair one image with all turns of another. The kernel of $(x, y)$ then meets the same sums as that of
//! $(y, x)$ in another direction, so they are taken in an order that no turn changes: offsets that turns and mirror images carry into
//! each other form an orbit of one, four or eight; of four, opposite ones are added first, $(a + r^2 a) + (r a + r^3 a)$, and
//! of eight the two fours, each to the sum of the orbits before it.

use fearless_simd::prelude::*;

use super::grid::Grid;
use super::slice::lanes_at;
use crate::real::Real;

/// Which positions a filter reads, orbit after orbit.
#[derive(Debug)]
pub(super) struct SymmetricFilter {
    /// Per output position the positions under the filter: the centre, orbits of four, orbits of eight.
    sources: Vec<u32>,
    /// Number of positions under the filter.
    size: usize,
    /// Number of orbits of four.
    fours: usize,
}

impl SymmetricFilter {
    /// A filter of `side` × `side` positions, an odd number, around each position.
    pub(super) fn new(grid: Grid, side: usize) -> Self {
        let reach = (side / 2) as isize;
        let orbit = |y: isize, x: isize| [[y, x], [-y, -x], [-x, y], [x, -y]];
        let mut offsets: Vec<[isize; 2]> = vec![[0, 0]];
        // One representative of each orbit: 0 ≤ x ≤ y.
        for y in 1..=reach {
            offsets.extend(orbit(y, 0));
            offsets.extend(orbit(y, y));
        }
        let fours = 2 * reach as usize;
        for y in 2..=reach {
            for x in 1..y {
                offsets.extend(orbit(y, x));
                offsets.extend(orbit(y, -x));
            }
        }
        let [depth, height, width] = grid.0;
        let wrapped =
            |at: usize, by: isize, length: usize| (at as isize + by).rem_euclid(length as isize) as usize;
        debug_assert_eq!(depth, 1, "images have two axes");
        let sources = grid.positions().flat_map(|[_, y, x]| {
            offsets
                .iter()
                .map(move |&[dy, dx]| grid.index([0, wrapped(y, dy, height), wrapped(x, dx, width)]) as u32)
                .collect::<Vec<_>>()
        });
        Self { sources: sources.collect(), size: offsets.len(), fours }
    }

    /// Number of positions under the filter.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// `out[p]` becomes the sum of `values` under the filter around p; [`Real::LANES`] numbers per position.
    ///
    /// # Shapes
    /// - `values`, `out`: `[positions, lanes]`; the last is overwritten
    #[inline(always)]
    pub(super) fn sums<S: Simd, T: Real>(&self, simd: S, values: &[T], out: &mut [T]) {
        for (sources, out) in self.sources.chunks_exact(self.size).zip(out.chunks_exact_mut(T::LANES)) {
            let (fours, eights) = sources[1..].split_at(4 * self.fours);
            for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
                let mut sum = lanes_at::<S, T>(simd, values, sources[0] as usize, start);
                for orbit in fours.chunks_exact(4) {
                    sum += sum_of_four::<S, T>(simd, values, orbit, start);
                }
                for orbit in eights.chunks_exact(8) {
                    sum += sum_of_four::<S, T>(simd, values, &orbit[..4], start)
                        + sum_of_four::<S, T>(simd, values, &orbit[4..], start);
                }
                sum.store_slice(&mut out[start..start + T::Native::<S>::LEN]);
            }
        }
    }
}

/// The sum over an orbit of four, opposite positions first.
#[inline(always)]
fn sum_of_four<S: Simd, T: Real>(simd: S, values: &[T], orbit: &[u32], start: usize) -> T::Native<S> {
    let at = |index: u32| index as usize;
    let &[a, b, c, d] = orbit else { unreachable!("orbits of four") };
    (lanes_at::<S, T>(simd, values, at(a), start) + lanes_at::<S, T>(simd, values, at(b), start))
        + (lanes_at::<S, T>(simd, values, at(c), start) + lanes_at::<S, T>(simd, values, at(d), start))
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;

    fn sums(side: usize, filter: usize, values: &[f64]) -> Vec<f64> {
        let filter = SymmetricFilter::new(Grid([1, side, side]), filter);
        let lanes: Vec<f64> = values.iter().flat_map(|&value| [value; f64::LANES]).collect();
        let mut out = vec![f64::NAN; lanes.len()];
        dispatch!(Level::new(), simd => filter.sums(simd, &lanes, &mut out));
        out.into_iter().step_by(f64::LANES).collect()
    }

    fn values(side: usize) -> Vec<f64> {
        (0..side * side).map(|i| ((i * i) as f64 * 0.7391).sin() * f64::exp2((i % 11) as f64)).collect()
    }

    #[test]
    fn every_position_under_the_filter_is_added_once() {
        for (side, filter) in [(5, 1), (5, 3), (6, 5), (8, 7), (3, 5), (1, 3)] {
            let values: Vec<f64> = (0..side * side).map(|i| ((i * i) % 97) as f64).collect();
            let got = sums(side, filter, &values);
            let reach = filter / 2;
            for y in 0..side {
                for x in 0..side {
                    let mut expected = 0.0;
                    for dy in 0..filter {
                        for dx in 0..filter {
                            let wrap = |at: usize, d: usize| (at + d + filter * side - reach) % side;
                            expected += values[wrap(y, dy) * side + wrap(x, dx)];
                        }
                    }
                    assert_eq!(got[y * side + x], expected, "{side}, {filter}: {y}, {x}");
                }
            }
        }
    }

    #[test]
    fn turns_and_mirror_images_change_no_bit() {
        for (side, filter) in [(5, 3), (6, 5), (7, 7), (4, 5)] {
            let still = sums(side, filter, &values(side));
            let last = side - 1;
            type Source = fn(usize, usize, usize) -> (usize, usize);
            let moves: [Source; 3] =
                [|y, x, last| (x, last - y), |y, x, last| (y, last - x), |y, x, _| (x, y)];
            for source in moves {
                let moved = |values: &[f64]| -> Vec<f64> {
                    let at = |i: usize| {
                        let (y, x) = source(i / side, i % side, last);
                        values[y * side + x]
                    };
                    (0..side * side).map(at).collect()
                };
                let got = sums(side, filter, &moved(&values(side)));
                for (got, expected) in got.iter().zip(moved(&still)) {
                    assert_eq!(got.to_bits(), expected.to_bits(), "{side}, {filter}");
                }
            }
        }
    }
}
