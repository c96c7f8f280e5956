//! Convolutions on one displacement slice.
//!
//! An output pair $(p, q)$ reads the input pairs $(sp + e - b,\; sq + e - b)$ for every tap $e$ of the filter. Beyond the
//! border of a zero-padded input the covariance is 0, so the difference $E[(u-v)^2]$ is the variance of
//! whichever end is still inside. Sums are divided by the full filter size and taken in the order of the taps.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;
use isotypic_architecture::{Conv, Padding};

use super::box_filter::BoxFilter;
use super::displacement::{Displacement, Piece, Pieces, Run, modulo};
use super::grid::{Grid, leading};
use super::slice::Slice;
use super::spatial_terms::SpatialTerms;
use crate::affine::Affine;
use crate::nonlinearity::LANES;
use crate::terms::Terms;

/// Marks a tap that reads zeros beyond the border.
const OUTSIDE: u32 = u32::MAX;

/// A convolution between two grids.
#[derive(Debug)]
pub(crate) struct Convolution {
    pub(crate) input: Grid,
    pub(crate) output: Grid,
    pub(crate) affine: Affine,
    /// Number of taps.
    pub(crate) filter_size: usize,
    strides: [usize; 3],
    circular: bool,
    /// On a torus with stride 1 sums under the filter need no table.
    box_filter: Option<BoxFilter>,
    /// `tap_count × output.len()` input positions, [`OUTSIDE`] beyond the border.
    taps: Vec<u32>,
}

/// What a convolution reads besides the slice itself.
#[derive(Clone, Copy)]
pub(crate) struct ConvolutionEnds<'a> {
    /// Variances before the convolution, per position.
    pub(crate) input_x: &'a [f64],
    /// Variances before the convolution, per position and lane.
    pub(crate) input_y: &'a [f64],
    /// Terms after the convolution, per position.
    pub(crate) output_x: &'a Terms,
    /// Terms after the convolution, per position and lane.
    pub(crate) output_y: &'a Terms,
}

impl Convolution {
    /// A `conv` layer between grids, or `None` for a padding or parameterization that this engine does not know.
    pub(crate) fn from_conv(conv: &Conv, input: Grid, output: Grid) -> Option<Self> {
        let circular = match conv.padding {
            Padding::Circular => true,
            Padding::Same | Padding::Valid => false,
            _ => return None,
        };
        let filter = leading(&conv.filter, 1)?;
        let strides = leading(&conv.strides, 1)?;
        let before = leading(&conv.pad_before, 0)?;
        let affine = Affine::from_conv(conv)?;
        Some(Self::new(input, output, filter, strides, before, circular, affine))
    }

    /// A layer that acts on each position alike.
    pub(crate) fn pointwise(grid: Grid, affine: Affine) -> Self {
        Self::new(grid, grid, [1; 3], [1; 3], [0; 3], true, affine)
    }

    fn new(
        input: Grid,
        output: Grid,
        filter: [usize; 3],
        strides: [usize; 3],
        before: [usize; 3],
        circular: bool,
        affine: Affine,
    ) -> Self {
        let axis = |axis: usize, out: usize, tap: usize| -> Option<usize> {
            let at = (out * strides[axis] + tap) as isize - before[axis] as isize;
            let extent = input.0[axis] as isize;
            if circular {
                Some(at.rem_euclid(extent) as usize)
            } else {
                (0..extent).contains(&at).then_some(at as usize)
            }
        };
        let mut taps = Vec::new();
        for e in Grid(filter).positions() {
            for p in output.positions() {
                let at = [axis(0, p[0], e[0]), axis(1, p[1], e[1]), axis(2, p[2], e[2])];
                taps.push(match at {
                    [Some(a), Some(b), Some(c)] => input.index([a, b, c]) as u32,
                    _ => OUTSIDE,
                });
            }
        }
        let filter_size = filter.iter().product();
        let box_filter = (circular && strides == [1; 3] && input == output).then_some(BoxFilter {
            grid: input,
            filter,
            before,
        });
        Self { input, output, affine, filter_size, strides, circular, box_filter, taps }
    }

    fn is_pointwise(&self) -> bool {
        self.filter_size == 1 && self.strides == [1; 3]
    }

    /// The slice that a piece of an output slice reads, and which pieces of it.
    pub(crate) fn reads(&self, piece: Piece) -> (Displacement, Pieces) {
        let shift = std::array::from_fn(|axis| piece.shift[axis] * self.strides[axis] as isize);
        // Filters that wrap around the border read pairs of every piece.
        let pieces = if self.circular && !self.is_pointwise() { Pieces::ALL } else { Pieces::of(shift) };
        (modulo(self.input, shift), pieces)
    }

    /// How many times more pairs of input positions than slices of the output have are read, where all slices are wanted.
    pub(crate) fn rereads(&self) -> f64 {
        let whole = (0..3).all(|axis| self.output.0[axis] * self.strides[axis] == self.input.0[axis]);
        if self.circular && !whole { 4.0 } else { 1.0 }
    }

    /// Additions for the sum under the filter, for each position.
    pub(crate) fn additions_per_position(&self) -> usize {
        self.box_filter.map_or(self.filter_size, |filter| filter.filter.iter().sum::<usize>() - 2)
    }

    /// Mean of per-position numbers under the filter, for every output position; zeros beyond the border.
    pub(crate) fn mean(&self, values: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.output.len()];
        for taps in self.taps.chunks_exact(self.output.len()) {
            for (sum, &tap) in sums.iter_mut().zip(taps) {
                if tap != OUTSIDE {
                    *sum += values[tap as usize];
                }
            }
        }
        sums.iter().map(|sum| sum / self.filter_size as f64).collect()
    }

    /// Whether a whole output slice is summed at once, from the input slice with the same displacement.
    ///
    /// The fewer pieces that a layer without neighbours is asked for, the fewer it asks for, so it counts only for whole slices.
    pub(crate) fn sums_whole_slices(&self, wanted: Pieces) -> bool {
        self.box_filter.is_some() && (wanted == Pieces::ALL || !self.is_pointwise())
    }

    /// Sums the input slice under the filter, at every position of the output.
    ///
    /// The tangent kernel is left out where that of the input vanishes (`input_has_ntk` is false).
    ///
    /// # Panics
    /// Unless [`sums_whole_slices`](Self::sums_whole_slices) says that this can be done.
    pub(crate) fn sum_slice(
        &self,
        level: Level,
        input: &Slice,
        input_has_ntk: bool,
        output: &mut Slice,
        scratch: &mut [f64],
    ) {
        #[simd]
        fn run<S: Simd>(simd: S, filter: &BoxFilter, from: &[f64], to: &mut [f64], scratch: &mut [f64]) {
            filter.sums(simd, from, to, scratch);
        }
        let filter = self.box_filter.as_ref().expect("a filter on a torus with stride 1");
        let scratch = &mut scratch[..input.difference.len()];
        dispatch!(level, simd => run(simd, filter, &input.difference, &mut output.difference, scratch));
        if input_has_ntk && !output.ntk.is_empty() {
            dispatch!(level, simd => run(simd, filter, &input.ntk, &mut output.ntk, scratch));
        }
    }

    /// Sums the input slice under the filter, at the positions of one piece of an output slice.
    ///
    /// The tangent kernel is left out where that of the input vanishes (`input_has_ntk` is false).
    pub(crate) fn sum_piece(
        &self,
        level: Level,
        ends: ConvolutionEnds<'_>,
        piece: Piece,
        input: &Slice,
        input_has_ntk: bool,
        output: &mut Slice,
    ) {
        let with_ntk = input_has_ntk && !output.ntk.is_empty();
        dispatch!(level, simd => self.sum_taps(simd, ends, piece, input, with_ntk, output));
    }

    #[simd]
    fn sum_taps<S: Simd>(
        &self,
        simd: S,
        ends: ConvolutionEnds<'_>,
        piece: Piece,
        input: &Slice,
        with_ntk: bool,
        output: &mut Slice,
    ) {
        let positions = self.output.len();
        let (differences, ntks) = (input.difference.as_chunks::<LANES>().0, input.ntk.as_chunks::<LANES>().0);
        let input_y = ends.input_y.as_chunks::<LANES>().0;
        let sums = output.difference.as_chunks_mut::<LANES>().0;
        let ntk_sums = output.ntk.as_chunks_mut::<LANES>().0;
        for Run { first, second, length } in piece.runs(self.output) {
            for (p, q) in (first..first + length).zip(second..second + length) {
                for start in (0..LANES).step_by(S::f64s::LEN) {
                    let load =
                        |lanes: &[f64; LANES]| S::f64s::from_slice(simd, &lanes[start..start + S::f64s::LEN]);
                    let mut difference = S::f64s::splat(simd, 0.0);
                    let mut ntk = S::f64s::splat(simd, 0.0);
                    for taps in self.taps.chunks_exact(positions) {
                        let at_x = taps[p];
                        // On a torus nothing lies outside, and the second position follows from the slice.
                        let at_y = if self.circular { at_x } else { taps[q] };
                        if at_x != OUTSIDE && at_y != OUTSIDE {
                            difference += load(&differences[at_x as usize]);
                            if with_ntk {
                                ntk += load(&ntks[at_x as usize]);
                            }
                        } else if at_x != OUTSIDE {
                            difference += ends.input_x[at_x as usize];
                        } else if at_y != OUTSIDE {
                            difference += load(&input_y[at_y as usize]);
                        }
                    }
                    difference.store_slice(&mut sums[p][start..start + S::f64s::LEN]);
                    if with_ntk {
                        ntk.store_slice(&mut ntk_sums[p][start..start + S::f64s::LEN]);
                    }
                }
            }
        }
    }

    /// Turns sums under the filter into differences and tangent kernels, in one run of an output slice.
    ///
    /// Where the tangent kernel of the input vanishes (`input_has_ntk` is false), that of the output is overwritten.
    pub(crate) fn finish_run(
        &self,
        level: Level,
        ends: ConvolutionEnds<'_>,
        run: Run,
        input_has_ntk: bool,
        output: &mut Slice,
    ) {
        dispatch!(level, simd => self.finish(simd, ends, run, input_has_ntk, output));
    }

    #[simd]
    fn finish<S: Simd>(
        &self,
        simd: S,
        ends: ConvolutionEnds<'_>,
        Run { first, second, length }: Run,
        input_has_ntk: bool,
        output: &mut Slice,
    ) {
        let divided_scale = self.affine.scale / self.filter_size as f64;
        let differences = &mut output.difference.as_chunks_mut::<LANES>().0[first..first + length];
        for difference in &mut *differences {
            for lanes in difference.chunks_exact_mut(S::f64s::LEN) {
                (S::f64s::from_slice(simd, lanes) * divided_scale).store_slice(lanes);
            }
        }
        if output.ntk.is_empty() {
            return;
        }
        let ntks = &mut output.ntk.as_chunks_mut::<LANES>().0[first..first + length];
        let variances_x = &ends.output_x.variance[first..first + length];
        let variances_y = &ends.output_y.variance.as_chunks::<LANES>().0[second..second + length];
        let rows = ntks.iter_mut().zip(&*differences).zip(variances_y).zip(variances_x);
        for (((ntk, difference), variance_y), &variance_x) in rows {
            for start in (0..LANES).step_by(S::f64s::LEN) {
                let load =
                    |lanes: &[f64; LANES]| S::f64s::from_slice(simd, &lanes[start..start + S::f64s::LEN]);
                let covariance = (load(variance_y) + variance_x - load(difference)) * 0.5;
                let fresh = covariance.mul_add(self.affine.ntk_gain, self.affine.ntk_offset);
                let total = if input_has_ntk { load(ntk).mul_add(divided_scale, fresh) } else { fresh };
                total.store_slice(&mut ntk[start..start + S::f64s::LEN]);
            }
        }
    }

    /// The ends of the convolution of the given stage, which reads `state`.
    pub(crate) fn ends<'a>(
        (x, y): (&'a SpatialTerms, &'a SpatialTerms),
        state: usize,
        stage: usize,
    ) -> ConvolutionEnds<'a> {
        ConvolutionEnds {
            input_x: x.variance_of(state),
            input_y: y.variance_of(state),
            output_x: &x.stages[stage].affine,
            output_y: &y.stages[stage].affine,
        }
    }
}
