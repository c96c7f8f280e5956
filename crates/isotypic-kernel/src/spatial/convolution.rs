//! Convolutions on one displacement slice.
//!
//! An output pair $(p, q)$ reads the input pairs $(sp + de - b,\; sq + de - b)$ for every tap $e$ of the filter, or $((p + e - b)/s,\;
//! (q + e - b)/s)$ for a transposed one. Beyond the border of a zero-padded input, and between the inputs of a transposed convolution,
//! the covariance is 0, so the difference $E[(u-v)^2]$ is the variance of
//! whichever end is still inside, and that of tangent kernels the diagonal one there. Sums are divided by the full filter size and taken in the order of the taps.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;
use isotypic_architecture::{Conv, GroupConv};

use super::box_filter::BoxFilter;
use super::displacement::{Piece, Pieces, Run};
use super::grid::Grid;
use super::pairwise::SidesOf;
use super::slice::{Slice, lanes_at};
use super::symmetric_filter::SymmetricFilter;
use super::taps::{OUTSIDE, Taps};
use crate::affine::Affine;
use crate::layer_run::{AffineOnRun, affine_on_differences};
use crate::real::Real;
use crate::terms::{first_at, width_of_first};

/// A convolution between two grids.
#[derive(Debug)]
pub(crate) struct Convolution {
    pub(super) taps: Taps,
    pub(super) affine: Affine,
    /// On a torus with stride 1 whole slices are summed at once.
    torus: Option<TorusFilter>,
}

/// Sums under a filter on a torus with stride 1.
#[derive(Debug)]
enum TorusFilter {
    Box(BoxFilter),
    /// Over a group.
    Symmetric(SymmetricFilter),
}

impl Convolution {
    /// A `conv` layer between grids, or `None` for a padding or parameterization that this engine does not know.
    pub(super) fn from_conv(conv: &Conv, input: Grid, output: Grid) -> Option<Self> {
        Some(Self::new(Taps::of_conv((input, output), conv, false)?, Affine::from_conv(conv)?))
    }

    /// A `conv_transpose` layer.
    pub(super) fn transposed(conv: &Conv, input: Grid, output: Grid) -> Option<Self> {
        Some(Self::new(Taps::of_conv((input, output), conv, true)?, Affine::from_conv(conv)?))
    }

    /// A `conv_local` layer, of which pairs of equal positions alone read something.
    pub(super) fn local(conv: &Conv, input: Grid, output: Grid) -> Option<Self> {
        Some(Self { torus: None, ..Self::from_conv(conv, input, output)? })
    }

    /// A `group_lift` or `group_conv` layer, whose slices are those of a convolution: the mean over turns is that over positions
    /// alone. `None` for a parameterization that this engine does not know.
    pub(super) fn over_group(conv: &GroupConv, grid: Grid) -> Option<Self> {
        let affine = Affine::from_group_conv(conv)?;
        let Some(side) = conv.side else { return Some(Self::pointwise(grid, affine)) };
        let torus = Some(TorusFilter::Symmetric(SymmetricFilter::new(grid, side)));
        Some(Self { taps: Taps::around(grid, side), affine, torus })
    }

    /// A layer that acts on each position alike.
    pub(super) fn pointwise(grid: Grid, affine: Affine) -> Self {
        Self::new(Taps::pointwise(grid), affine)
    }

    fn new(taps: Taps, affine: Affine) -> Self {
        let torus = taps.is_circular_without_strides().then_some(TorusFilter::Box(BoxFilter {
            grid: taps.input,
            filter: taps.window,
            before: taps.before,
            dilation: taps.dilation,
        }));
        Self { taps, affine, torus }
    }

    /// Number of taps.
    pub(super) fn filter_size(&self) -> usize {
        self.taps.window_size()
    }

    /// Additions for the sum under the filter, for each position.
    pub(super) fn additions_per_position(&self) -> usize {
        match &self.torus {
            Some(TorusFilter::Box(filter)) => filter.filter.iter().sum::<usize>() - 2,
            Some(TorusFilter::Symmetric(filter)) => filter.size(),
            None => self.filter_size(),
        }
    }

    /// Mean of per-position numbers under the filter, for every output position; zeros beyond the border.
    pub(super) fn mean(&self, values: &[f64]) -> Vec<f64> {
        self.taps.sums(values).iter().map(|sum| sum / self.filter_size() as f64).collect()
    }

    /// Whether a whole output slice is summed at once, from the input slice with the same displacement.
    ///
    /// The fewer pieces that a layer without neighbours is asked for, the fewer it asks for, so it counts only for whole slices.
    pub(super) fn sums_whole_slices(&self, wanted: Pieces) -> bool {
        self.torus.is_some() && (wanted == Pieces::ALL || !self.taps.is_pointwise())
    }

    /// Sums the input slice under the filter, at every position of the output.
    ///
    /// The tangent kernel is left out where that of the input vanishes.
    ///
    /// # Panics
    /// Unless [`sums_whole_slices`](Self::sums_whole_slices) says that this can be done.
    pub(super) fn sum_slice<T: Real>(
        &self,
        level: Level,
        input: &Slice<T>,
        output: &mut Slice<T>,
        scratch: &mut [T],
    ) {
        #[simd]
        fn run<S: Simd, T: Real>(simd: S, filter: &TorusFilter, from: &[T], to: &mut [T], scratch: &mut [T]) {
            match filter {
                TorusFilter::Box(filter) => filter.sums(simd, from, to, scratch),
                TorusFilter::Symmetric(filter) => filter.sums(simd, from, to),
            }
        }
        let filter = self.torus.as_ref().expect("a filter on a torus with stride 1");
        let scratch = &mut scratch[..input.difference.len()];
        dispatch!(level, simd => run(simd, filter, &input.difference, &mut output.difference, scratch));
        if input.has_ntk() && output.has_ntk() {
            let (from, to) = (&input.ntk_difference, &mut output.ntk_difference);
            dispatch!(level, simd => run(simd, filter, from, to, scratch));
        }
    }

    /// Sums the input slice under the filter, at the positions of one piece of an output slice; `ends` are the positions of the input.
    ///
    /// `input` may be missing where [`Taps::reads_at_one_tap`] says so. The tangent kernel is left out where that of the input vanishes
    /// (`input_has_ntk` is false).
    pub(super) fn sum_piece<T: Real>(
        &self,
        level: Level,
        ends: SidesOf<'_, T>,
        piece: Piece,
        (input, input_has_ntk): (Option<&Slice<T>>, bool),
        output: &mut Slice<T>,
    ) {
        let nothing = Slice::default();
        let input = (input.unwrap_or(&nothing), input_has_ntk);
        dispatch!(level, simd => self.sum_taps(simd, ends, piece, input, output));
    }

    #[simd]
    fn sum_taps<S: Simd, T: Real>(
        &self,
        simd: S,
        (x, y): SidesOf<'_, T>,
        piece: Piece,
        (input, input_has_ntk): (&Slice<T>, bool),
        output: &mut Slice<T>,
    ) {
        let with_ntk = input_has_ntk && output.has_ntk();
        let second_follows = self.taps.second_follows();
        let width = width_of_first(&x.variance, &y.variance);
        for Run { first, second, length } in piece.runs(self.taps.output) {
            for (p, q) in (first..first + length).zip(second..second + length) {
                for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
                    let mut difference = T::Native::<S>::splat(simd, T::from_f64(0.0));
                    let mut ntk = difference;
                    for taps in self.taps.by_tap() {
                        let at_x = taps[p];
                        // On a torus nothing lies outside, and the second position follows from the slice.
                        let at_y = if second_follows { at_x } else { taps[q] };
                        if at_x != OUTSIDE && at_y != OUTSIDE {
                            difference += lanes_at::<S, T>(simd, &input.difference, at_x as usize, start);
                            if with_ntk {
                                ntk += lanes_at::<S, T>(simd, &input.ntk_difference, at_x as usize, start);
                            }
                        } else if at_x != OUTSIDE {
                            difference += first_at::<S, T>(simd, &x.variance, width, at_x as usize, start);
                            ntk += first_at::<S, T>(simd, &x.ntk, width, at_x as usize, start);
                        } else if at_y != OUTSIDE {
                            difference += lanes_at::<S, T>(simd, &y.variance, at_y as usize, start);
                            ntk += lanes_at::<S, T>(simd, &y.ntk, at_y as usize, start);
                        }
                    }
                    let at = p * T::LANES + start..p * T::LANES + start + T::Native::<S>::LEN;
                    difference.store_slice(&mut output.difference[at.clone()]);
                    if with_ntk {
                        ntk.store_slice(&mut output.ntk_difference[at]);
                    }
                }
            }
        }
    }

    /// Turns sums under the filter into differences, in one run of an output slice.
    ///
    /// Where the tangent kernel of the input vanishes (`input_has_ntk` is false), that of the output is overwritten.
    pub(super) fn finish_run<T: Real>(
        &self,
        level: Level,
        run: Run,
        input_has_ntk: bool,
        output: &mut Slice<T>,
    ) {
        let at = run.range::<T>();
        let ntk = (output.ntk_difference.get_mut(at.clone()), input_has_ntk);
        let affine = AffineOnRun::new(&self.affine, self.filter_size());
        affine_on_differences(level, affine, &mut output.difference[at], ntk);
    }
}
