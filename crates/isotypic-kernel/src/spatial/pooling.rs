//! Local pooling on one displacement slice.
//!
//! An output pair reads every pair of positions under its two windows, hence all input slices whose displacement differs from
//! $s\delta$ by less than a window. Sums run through the slices by pairs of opposite offsets, so that the kernel of
//! $(y, x)$ adds the same numbers in the same order as that of $(x, y)$.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;
use isotypic_architecture::Pool;

use super::displacement::{Displacement, Piece, Pieces, Run};
use super::grid::Grid;
use super::mixing::{MixingTerms, Mixture};
use super::slice::Slice;
use super::taps::{OUTSIDE, Taps};
use crate::real::Real;

/// A pooling layer between two grids.
#[derive(Debug, Clone)]
pub(crate) struct Pooling {
    pub(super) taps: Taps,
    /// By what the sum at each output position is multiplied.
    factors: Vec<f64>,
    /// Pairs of taps by their distance: first 0, then opposite distances beside each other.
    distances: Vec<Distance>,
    /// For every pair of taps the place of its distance.
    distance_of: Vec<usize>,
}

/// All pairs of taps at one distance, in the order of the first ones.
#[derive(Debug, Clone)]
struct Distance {
    offset: Displacement,
    pairs: Vec<(usize, usize)>,
}

impl Pooling {
    /// A pooling layer between grids, or `None` for a padding that this engine does not know.
    ///
    /// `divisors` are what `avg_pool` divides by at each output position; `None` for `sum_pool`.
    pub(super) fn new(
        pool: &Pool,
        input: Grid,
        output: Grid,
        divisors: Option<impl Fn([usize; 3]) -> usize>,
    ) -> Option<Self> {
        let taps = Taps::of_pool((input, output), pool)?;
        let factor = |position| divisors.as_ref().map_or(1.0, |divisor| (divisor(position) as f64).recip());
        let factors = output.positions().map(factor).collect();
        let window = Grid(taps.window);
        let reach = window.0.map(|extent| extent as isize - 1);
        let box_of_offsets = (-reach[0]..=reach[0]).flat_map(|a| {
            (-reach[1]..=reach[1]).flat_map(move |b| (-reach[2]..=reach[2]).map(move |c| [a, b, c]))
        });
        let at_distance = |offset: Displacement| {
            // A box without overhang: taps e such that e + offset is a tap too.
            let pairs = Piece::at(window, offset).into_iter().flat_map(|piece| piece.runs(window));
            let pairs = pairs.flat_map(|run| (run.first..run.first + run.length).zip(run.second..)).collect();
            Distance { offset, pairs }
        };
        let mut distances = vec![at_distance([0; 3])];
        for offset in box_of_offsets.filter(|offset| *offset > [0; 3]) {
            distances.extend([at_distance(offset), at_distance(offset.map(|distance| -distance))]);
        }
        let size = taps.window_size();
        let mut distance_of = vec![0; size * size];
        for (index, distance) in distances.iter().enumerate() {
            distance.pairs.iter().for_each(|&(e, f)| distance_of[e * size + f] = index);
        }
        Some(Self { taps, factors, distances, distance_of })
    }

    /// The place among [`slices`](Self::slices) of that which holds a pair of taps.
    pub(super) fn distance(&self, tap_x: usize, tap_y: usize) -> usize {
        self.distance_of[tap_x * self.taps.window_size() + tap_y]
    }

    /// The input slices that a piece of an output slice reads, by the distances of taps.
    pub(super) fn slices<'s, T: Real>(
        &self,
        piece: Piece,
        input: impl Fn(Displacement) -> &'s Slice<T>,
    ) -> Vec<Option<&'s Slice<T>>> {
        self.distances.iter().map(|distance| Some(input(self.reads_at(piece, distance)?.0))).collect()
    }

    /// Pairs of taps, for each output pair.
    pub(super) fn additions_per_position(&self) -> usize {
        self.taps.window_size() * self.taps.window_size()
    }

    /// The input slices that a piece of an output slice reads, and which pieces of them.
    pub(super) fn reads(&self, piece: Piece) -> impl Iterator<Item = (Displacement, Pieces)> {
        self.distances.iter().filter_map(move |distance| self.reads_at(piece, distance))
    }

    /// The same for taps at one distance; `None` if no such pair of positions exists.
    fn reads_at(&self, piece: Piece, distance: &Distance) -> Option<(Displacement, Pieces)> {
        let (displacement, pieces) = self.taps.reads(piece.shift, distance.offset);
        let exists = pieces.in_slice(self.taps.input, displacement).next().is_some();
        exists.then_some((displacement, pieces))
    }

    /// $g$ and $h$ of one input, given its variances and diagonal tangent kernels; the half spreads are still missing.
    pub(super) fn means<T: Real>(&self, variances: &[f64], ntks: &[f64]) -> MixingTerms<T> {
        let scaled = |(value, factor): (f64, &f64)| T::from_f64(value * factor);
        let mixture = |values: &[f64]| {
            let sums = self.taps.sums(values).into_iter();
            Mixture::of_means(sums.zip(&self.factors).map(scaled).collect())
        };
        let counts = self.taps.counts().into_iter().map(|count| count as f64);
        MixingTerms {
            row_sum: counts.zip(&self.factors).map(scaled).collect(),
            covariance: mixture(variances),
            ntk: mixture(ntks),
        }
    }

    /// $D$ of covariances and of tangent kernels at the positions of one piece of an output slice.
    pub(super) fn mix_piece<'s, T: Real>(
        &self,
        level: Level,
        piece: Piece,
        input: impl Fn(Displacement) -> &'s Slice<T>,
        output: &mut Slice<T>,
    ) {
        let slices = self.slices(piece, input);
        dispatch!(level, simd => self.mix(simd, piece, &slices, output));
    }

    #[simd]
    fn mix<S: Simd, T: Real>(
        &self,
        simd: S,
        piece: Piece,
        slices: &[Option<&Slice<T>>],
        output: &mut Slice<T>,
    ) {
        let with_ntk = output.has_ntk();
        for Run { first, second, length } in piece.runs(self.taps.output) {
            for (p, q) in (first..first + length).zip(second..second + length) {
                let factor = T::from_f64(self.factors[p] * self.factors[q]);
                for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
                    let (mut difference, mut ntk) = self.sum_at(simd, (p, q), start, 0, slices, with_ntk);
                    for index in (1..self.distances.len()).step_by(2) {
                        let forth = self.sum_at(simd, (p, q), start, index, slices, with_ntk);
                        let back = self.sum_at(simd, (p, q), start, index + 1, slices, with_ntk);
                        difference += forth.0 + back.0;
                        ntk += forth.1 + back.1;
                    }
                    let at = p * T::LANES + start..p * T::LANES + start + T::Native::<S>::LEN;
                    (difference * factor).store_slice(&mut output.difference[at.clone()]);
                    if with_ntk {
                        (ntk * factor).store_slice(&mut output.ntk_difference[at]);
                    }
                }
            }
        }
    }

    /// Sums over the pairs of taps at one distance.
    #[inline(always)]
    fn sum_at<S: Simd, T: Real>(
        &self,
        simd: S,
        (p, q): (usize, usize),
        start: usize,
        index: usize,
        slices: &[Option<&Slice<T>>],
        with_ntk: bool,
    ) -> (T::Native<S>, T::Native<S>) {
        let zero = T::Native::<S>::splat(simd, T::from_f64(0.0));
        let (mut difference, mut ntk) = (zero, zero);
        let Some(slice) = slices[index] else { return (difference, ntk) };
        for &(tap_x, tap_y) in &self.distances[index].pairs {
            let at_x = self.taps.at(tap_x, p);
            if at_x == OUTSIDE || !self.taps.circular && self.taps.at(tap_y, q) == OUTSIDE {
                continue;
            }
            let at = at_x as usize * T::LANES + start;
            let lanes = at..at + T::Native::<S>::LEN;
            difference += T::Native::<S>::from_slice(simd, &slice.difference[lanes.clone()]);
            if with_ntk {
                ntk += T::Native::<S>::from_slice(simd, &slice.ntk_difference[lanes]);
            }
        }
        (difference, ntk)
    }
}

#[cfg(test)]
mod tests {
    use isotypic_architecture::Padding;

    use super::*;

    #[test]
    fn taps_are_paired_with_all_taps_once() {
        let pool = Pool {
            window: vec![2, 3],
            strides: vec![1, 2],
            padding: Padding::Circular,
            pad_before: vec![0, 1],
            normalize_edges: false,
        };
        let divisors: Option<fn([usize; 3]) -> usize> = None;
        let pooling = Pooling::new(&pool, Grid([1, 4, 6]), Grid([1, 4, 3]), divisors).unwrap();
        let mut pairs: Vec<(usize, usize)> =
            pooling.distances.iter().flat_map(|distance| distance.pairs.iter().copied()).collect();
        pairs.sort_unstable();
        let all: Vec<(usize, usize)> = (0..6).flat_map(|e| (0..6).map(move |f| (e, f))).collect();
        assert_eq!(pairs, all);
        for opposite in pooling.distances[1..].chunks_exact(2) {
            assert_eq!(opposite[0].offset, opposite[1].offset.map(|distance| -distance));
        }
    }
}
