//! Convolutions on one displacement slice.
//!
//! An output pair $(p, q)$ reads the input pairs $(sp + e - b,\; sq + e - b)$ for every tap $e$ of the filter. Beyond the
//! border of a zero-padded input the covariance is 0, so the difference $E[(u-v)^2]$ is the variance of
//! whichever end is still inside. Sums are divided by the full filter size and taken in the order of the taps.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;
use isotypic_architecture::{Conv, Padding};

use super::displacement::{Displacement, Piece, Run, SliceKind};
use super::grid::{Grid, leading};
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
    /// `tap_count × output.len()` input positions, [`OUTSIDE`] beyond the border.
    taps: Vec<u32>,
}

/// Differences and tangent kernels of a slice: [`LANES`] numbers for each first position.
#[derive(Debug)]
pub(crate) struct Slice {
    pub(crate) difference: Vec<f64>,
    pub(crate) ntk: Vec<f64>,
}

impl Slice {
    pub(crate) fn new(grid: Grid, with_ntk: bool) -> Self {
        Self {
            difference: vec![0.0; grid.len() * LANES],
            ntk: vec![0.0; if with_ntk { grid.len() * LANES } else { 0 }],
        }
    }
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
        for e in positions(Grid(filter)) {
            for p in positions(output) {
                let at = [axis(0, p[0], e[0]), axis(1, p[1], e[1]), axis(2, p[2], e[2])];
                taps.push(match at {
                    [Some(a), Some(b), Some(c)] => input.index([a, b, c]) as u32,
                    _ => OUTSIDE,
                });
            }
        }
        let filter_size = filter.iter().product();
        Self { input, output, affine, filter_size, strides, circular, taps }
    }

    fn is_pointwise(&self) -> bool {
        self.filter_size == 1 && self.strides == [1; 3]
    }

    /// Whether every cyclic output slice reads a single cyclic input slice.
    pub(crate) fn keeps_cyclic_slices(&self) -> bool {
        self.circular && (0..3).all(|axis| self.output.0[axis] * self.strides[axis] == self.input.0[axis])
    }

    /// The kind of slice this layer reads, given the one it is to produce.
    pub(crate) fn input_kind(&self, output: SliceKind) -> SliceKind {
        match (self.is_pointwise(), self.circular) {
            (true, _) => output,
            (false, true) => SliceKind::Cyclic,
            (false, false) => SliceKind::Signed,
        }
    }

    /// The input slice that a piece of an output slice reads.
    pub(crate) fn input_displacement(&self, kind: SliceKind, shift: Displacement) -> Displacement {
        std::array::from_fn(|axis| {
            let displacement = shift[axis] * self.strides[axis] as isize;
            match kind {
                SliceKind::Cyclic => displacement.rem_euclid(self.input.0[axis] as isize),
                SliceKind::Signed => displacement,
            }
        })
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

    /// Fills one piece of an output slice from the input slice it reads.
    ///
    /// `input_has_ntk` is false where the tangent kernel of the input vanishes; that of the output is computed if its slice
    /// has room for it.
    pub(crate) fn apply(
        &self,
        level: Level,
        ends: ConvolutionEnds<'_>,
        piece: Piece,
        input: &Slice,
        input_has_ntk: bool,
        output: &mut Slice,
    ) {
        dispatch!(level, simd => self.apply_piece(simd, ends, piece, input, input_has_ntk, output));
    }

    #[simd]
    fn apply_piece<S: Simd>(
        &self,
        simd: S,
        ends: ConvolutionEnds<'_>,
        piece: Piece,
        input: &Slice,
        input_has_ntk: bool,
        output: &mut Slice,
    ) {
        let with_ntk = !output.ntk.is_empty();
        let positions = self.output.len();
        let divided_scale = self.affine.scale / self.filter_size as f64;
        for Run { first, second, length } in piece.runs(self.output) {
            for k in 0..length {
                let (p, q) = (first + k, second + k);
                for start in (0..LANES).step_by(S::f64s::LEN) {
                    let lanes =
                        |position: usize| position * LANES + start..position * LANES + start + S::f64s::LEN;
                    let mut difference = S::f64s::splat(simd, 0.0);
                    let mut ntk = S::f64s::splat(simd, 0.0);
                    for taps in self.taps.chunks_exact(positions) {
                        let at_x = taps[p];
                        // On a torus nothing lies outside, and the second position follows from the slice.
                        let at_y = if self.circular { at_x } else { taps[q] };
                        if at_x != OUTSIDE && at_y != OUTSIDE {
                            let at = lanes(at_x as usize);
                            difference += S::f64s::from_slice(simd, &input.difference[at.clone()]);
                            if input_has_ntk {
                                ntk += S::f64s::from_slice(simd, &input.ntk[at]);
                            }
                        } else if at_x != OUTSIDE {
                            difference += ends.input_x[at_x as usize];
                        } else if at_y != OUTSIDE {
                            difference += S::f64s::from_slice(simd, &ends.input_y[lanes(at_y as usize)]);
                        }
                    }
                    difference *= divided_scale;
                    difference.store_slice(&mut output.difference[lanes(p)]);
                    if with_ntk {
                        let variance_y = S::f64s::from_slice(simd, &ends.output_y.variance[lanes(q)]);
                        let covariance = (variance_y + ends.output_x.variance[p] - difference) * 0.5;
                        let fresh = covariance.mul_add(self.affine.ntk_gain, self.affine.ntk_offset);
                        ntk.mul_add(divided_scale, fresh).store_slice(&mut output.ntk[lanes(p)]);
                    }
                }
            }
        }
    }

    /// The ends of a convolution that follows the given state.
    pub(crate) fn ends<'a>(input: (&'a SpatialTerms, &'a SpatialTerms), stage: usize) -> ConvolutionEnds<'a> {
        let (x, y) = input;
        ConvolutionEnds {
            input_x: x.input_variance(stage),
            input_y: y.input_variance(stage),
            output_x: &x.stages[stage].affine,
            output_y: &y.stages[stage].affine,
        }
    }
}

/// All positions of a grid in C order.
fn positions(grid: Grid) -> impl Iterator<Item = [usize; 3]> {
    (0..grid.0[0]).flat_map(move |a| (0..grid.0[1]).flat_map(move |b| (0..grid.0[2]).map(move |c| [a, b, c])))
}
