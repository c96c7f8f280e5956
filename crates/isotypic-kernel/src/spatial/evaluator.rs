//! Runs the spatial part for one input against [`LANES`] others.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::convolution::{Convolution, Slice};
use super::displacement::{Displacement, Piece, Run, SliceKind};
use super::grid::Grid;
use super::program::{Readout, SpatialProgram};
use super::spatial_terms::{SpatialBounds, SpatialTerms};
use crate::nonlinearity::{LANES, PairRun};
use crate::pair_geometry::{Ends, differences_to_gaps, gaps_to_differences};
use crate::reproducible_sum::ReproducibleSum;
use crate::terms::Terms;

/// Scratch space for one thread: one slice per stage and one for the input.
pub(crate) struct Evaluator<'a> {
    program: &'a SpatialProgram,
    level: Level,
    kinds: Vec<SliceKind>,
    /// `slices[k]` holds the input of stage `k`; the last one the end of the spatial part.
    slices: Vec<Slice>,
    /// As large as the largest slice.
    scratch: Vec<f64>,
    with_ntk: bool,
}

/// Covariances and tangent kernels after the readout, one per lane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadoutValues {
    pub(crate) covariance: [f64; LANES],
    pub(crate) ntk: [f64; LANES],
}

/// The two sides of a group of pairs.
#[derive(Clone, Copy)]
struct Sides<'a> {
    x: &'a SpatialTerms,
    y: &'a SpatialTerms,
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(program: &'a SpatialProgram, level: Level, with_ntk: bool) -> Self {
        let grids =
            std::iter::once(program.input).chain(program.stages.iter().map(|stage| stage.convolution.output));
        let slices: Vec<Slice> =
            grids.enumerate().map(|(state, grid)| Slice::new(grid, with_ntk && state > 0)).collect();
        let scratch = vec![0.0; slices.iter().map(|slice| slice.difference.len()).max().unwrap_or(0)];
        Self { program, level, kinds: program.slice_kinds(), slices, scratch, with_ntk }
    }

    /// The readout of image `x` against the images in the lanes of `y`.
    pub(crate) fn evaluate(&mut self, x: &SpatialTerms, y: &SpatialTerms) -> ReadoutValues {
        let sides = Sides { x, y };
        let end = self.program.stages.len();
        let grid = self.program.output();
        match self.program.readout {
            Readout::Flatten => {
                // Displacement 0 is displacement 0 at every stage, in either kind.
                self.fill(end, [0; 3], sides);
                let pieces = self.kinds[end].pieces(grid, [0; 3]);
                let mut totals = Plain::default();
                self.accumulate(&mut totals, &pieces, grid, sides);
                totals.mean(grid.len())
            }
            Readout::GlobalAveragePool => {
                let mut totals = Pooled::new(x.bounds[0], &y.bounds, grid.len() * grid.len());
                for displacement in self.kinds[end].displacements(grid) {
                    let pieces = self.kinds[end].pieces(grid, displacement);
                    self.fill(end, displacement, sides);
                    self.accumulate(&mut totals, &pieces, grid, sides);
                }
                totals.mean(grid.len() * grid.len())
            }
        }
    }

    /// Fills `slices[state]` with the given displacement, filling what it reads first.
    fn fill(&mut self, state: usize, displacement: Displacement, sides: Sides<'_>) {
        let Some(stage_index) = state.checked_sub(1) else {
            self.fill_input(displacement, sides);
            return;
        };
        let program = self.program;
        let stage = &program.stages[stage_index];
        let convolution = &stage.convolution;
        let pieces = self.kinds[state].pieces(convolution.output, displacement);
        let mut output =
            std::mem::replace(&mut self.slices[state], Slice { difference: Vec::new(), ntk: Vec::new() });
        let ends = Convolution::ends((sides.x, sides.y), stage_index);
        // The tangent kernel of the input vanishes.
        let input_has_ntk = self.with_ntk && stage_index > 0;
        let input_kind = self.kinds[stage_index];
        if let Some(needed) = convolution.whole_slice(input_kind, displacement) {
            self.fill(stage_index, needed, sides);
            let input = &self.slices[stage_index];
            convolution.sum_slice(self.level, input, input_has_ntk, &mut output, &mut self.scratch);
        } else {
            let mut filled = None;
            for &piece in &pieces {
                let needed = convolution.input_displacement(input_kind, piece.shift);
                if filled != Some(needed) {
                    self.fill(stage_index, needed, sides);
                    filled = Some(needed);
                }
                let input = &self.slices[stage_index];
                convolution.sum_piece(self.level, ends, piece, input, input_has_ntk, &mut output);
            }
        }
        // A run stays in the first cache from the affine layer to the end of the nonlinearity.
        for run in pieces.iter().flat_map(|piece| piece.runs(convolution.output)) {
            convolution.finish_run(self.level, ends, run, input_has_ntk, &mut output);
            if let Some(nonlinearity) = &stage.nonlinearity {
                let (terms_x, terms_y) = (&sides.x.stages[stage_index], &sides.y.stages[stage_index]);
                let before = ends_of(&terms_x.affine, &terms_y.affine, run);
                let after = ends_of(terms_x.output(), terms_y.output(), run);
                let at = run.first * LANES..(run.first + run.length) * LANES;
                let values = &mut output.difference[at.clone()];
                differences_to_gaps(self.level, before, values);
                nonlinearity.map(
                    self.level,
                    PairRun {
                        x: before.x.mapped_to(after.x),
                        y: before.y.mapped_to(after.y),
                        cosine_gap: values,
                        ntk: if self.with_ntk { Some(&mut output.ntk[at]) } else { None },
                    },
                );
                gaps_to_differences(self.level, after, values);
            }
        }
        self.slices[state] = output;
    }

    /// Fills `slices[0]` with the mean squared differences of the input values.
    fn fill_input(&mut self, displacement: Displacement, sides: Sides<'_>) {
        let grid = self.program.input;
        let channels = self.program.channels;
        let difference = &mut self.slices[0].difference;
        for piece in self.kinds[0].pieces(grid, displacement) {
            dispatch!(self.level, simd => squared_differences(simd, grid, piece, channels, sides, difference));
        }
    }

    /// Adds the slice at the end of the spatial part to running totals.
    fn accumulate(&self, totals: &mut impl Totals, pieces: &[Piece], grid: Grid, sides: Sides<'_>) {
        let end = self.program.stages.len();
        let variances = (sides.x.output_variance(end), sides.y.output_variance(end));
        for &piece in pieces {
            dispatch!(self.level, simd => add_slice(simd, grid, piece, variances, &self.slices[end], totals));
        }
    }
}

/// The ends of a run of a slice.
fn ends_of<'t>(x: &'t Terms, y: &'t Terms, Run { first, second, length }: Run) -> Ends<'t> {
    Ends { x: x.view(first, first + length), y: y.view(second * LANES, (second + length) * LANES) }
}

#[simd]
fn squared_differences<S: Simd>(
    simd: S,
    grid: Grid,
    piece: Piece,
    channels: usize,
    sides: Sides<'_>,
    difference: &mut [f64],
) {
    let per_channel = 1.0 / channels as f64;
    let differences = difference.as_chunks_mut::<LANES>().0;
    let lanes_y = sides.y.values.as_chunks::<LANES>().0;
    for Run { first, second, length } in piece.runs(grid) {
        let values_x = sides.x.values[first * channels..(first + length) * channels].chunks_exact(channels);
        let values_y = lanes_y[second * channels..(second + length) * channels].chunks_exact(channels);
        for ((out, x), y) in differences[first..first + length].iter_mut().zip(values_x).zip(values_y) {
            for start in (0..LANES).step_by(S::f64s::LEN) {
                let mut sum = S::f64s::splat(simd, 0.0);
                for (&x, y) in x.iter().zip(y) {
                    let gap = S::f64s::from_slice(simd, &y[start..start + S::f64s::LEN]) - x;
                    sum = gap.mul_add(gap, sum);
                }
                (sum * per_channel).store_slice(&mut out[start..start + S::f64s::LEN]);
            }
        }
    }
}

/// Something that sums covariances and tangent kernels lane by lane.
trait Totals {
    fn add<S: Simd>(&mut self, simd: S, start: usize, covariance: S::f64s, ntk: S::f64s);
}

#[simd]
fn add_slice<S: Simd>(
    simd: S,
    grid: Grid,
    piece: Piece,
    variances: (&[f64], &[f64]),
    slice: &Slice,
    totals: &mut impl Totals,
) {
    let (differences, ntks) = (slice.difference.as_chunks::<LANES>().0, slice.ntk.as_chunks::<LANES>().0);
    let lanes_y = variances.1.as_chunks::<LANES>().0;
    for Run { first, second, length } in piece.runs(grid) {
        let ends = variances.0[first..first + length].iter().zip(&lanes_y[second..second + length]);
        let rows = (first..).zip(&differences[first..first + length]).zip(ends);
        for ((place, difference), (&variance_x, variance_y)) in rows {
            for start in (0..LANES).step_by(S::f64s::LEN) {
                let load =
                    |lanes: &[f64; LANES]| S::f64s::from_slice(simd, &lanes[start..start + S::f64s::LEN]);
                let covariance = (load(variance_y) + variance_x - load(difference)) * 0.5;
                let ntk = ntks.get(place).map_or_else(|| S::f64s::splat(simd, 0.0), load);
                totals.add(simd, start, covariance, ntk);
            }
        }
    }
}

/// Sums in the order of the positions, which is the same for $(x, y)$ and $(y, x)$ at displacement 0.
#[derive(Default)]
struct Plain {
    covariance: [f64; LANES],
    ntk: [f64; LANES],
}

impl Totals for Plain {
    #[inline(always)]
    fn add<S: Simd>(&mut self, simd: S, start: usize, covariance: S::f64s, ntk: S::f64s) {
        for (sums, terms) in [(&mut self.covariance, covariance), (&mut self.ntk, ntk)] {
            let sums = &mut sums[start..start + S::f64s::LEN];
            (S::f64s::from_slice(simd, sums) + terms).store_slice(sums);
        }
    }
}

impl Plain {
    fn mean(&self, count: usize) -> ReadoutValues {
        let divide = |sums: [f64; LANES]| sums.map(|sum| sum / count as f64);
        ReadoutValues { covariance: divide(self.covariance), ntk: divide(self.ntk) }
    }
}

/// Sums over all pairs of positions, in any order.
struct Pooled {
    covariance: ReproducibleSum,
    ntk: ReproducibleSum,
}

impl Totals for Pooled {
    #[inline(always)]
    fn add<S: Simd>(&mut self, simd: S, start: usize, covariance: S::f64s, ntk: S::f64s) {
        self.covariance.add(simd, start, covariance);
        self.ntk.add(simd, start, ntk);
    }
}

impl Pooled {
    fn new(x: SpatialBounds, y: &[SpatialBounds], terms: usize) -> Self {
        let bound =
            |of: fn(&SpatialBounds) -> f64| std::array::from_fn(|lane| of(&x) * of(&y[lane]) * (1.0 + 1e-9));
        Self {
            covariance: ReproducibleSum::new(bound(|bounds| bounds.root), terms),
            ntk: ReproducibleSum::new(bound(|bounds| bounds.ntk_root), terms),
        }
    }

    fn mean(&self, count: usize) -> ReadoutValues {
        let divide = |sums: [f64; LANES]| sums.map(|sum| sum / count as f64);
        ReadoutValues { covariance: divide(self.covariance.totals()), ntk: divide(self.ntk.totals()) }
    }
}
