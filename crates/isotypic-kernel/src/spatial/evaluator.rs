//! Runs the spatial part for one input against [`LANES`] others.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::convolution::Convolution;
use super::displacement::{Displacement, Piece, Pieces, Run, modulo};
use super::grid::Grid;
use super::program::{Readout, SpatialProgram};
use super::slice::{KeptSlice, Slice};
use super::spatial_terms::{SpatialBounds, SpatialTerms};
use crate::nonlinearity::{LANES, PairRun};
use crate::pair_geometry::{Ends, differences_to_gaps, gaps_to_differences};
use crate::reproducible_sum::ReproducibleSum;
use crate::terms::Terms;

/// Scratch space for one thread: one slice per state.
pub(crate) struct Evaluator<'a> {
    program: &'a SpatialProgram,
    level: Level,
    /// Of the input, and of the output of every stage.
    kept: Vec<KeptSlice>,
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
        let grids: Vec<Grid> = (0..program.states()).map(|state| program.grid(state)).collect();
        // The tangent kernel of the input vanishes.
        let kept = grids.iter().enumerate().map(|(state, &grid)| KeptSlice::new(grid, with_ntk && state > 0));
        let largest = grids.iter().map(Grid::len).max().unwrap_or(0);
        Self { program, level, kept: kept.collect(), scratch: vec![0.0; largest * LANES], with_ntk }
    }

    /// The readout of image `x` against the images in the lanes of `y`.
    pub(crate) fn evaluate(&mut self, x: &SpatialTerms, y: &SpatialTerms) -> ReadoutValues {
        self.kept.iter_mut().for_each(KeptSlice::clear);
        let sides = Sides { x, y };
        let end = self.program.end;
        let grid = self.program.grid(end);
        match self.program.readout {
            Readout::Flatten => {
                self.fill(end, [0; 3], Pieces::of([0; 3]), sides);
                let mut totals = Plain::default();
                self.accumulate(&mut totals, [0; 3], Pieces::of([0; 3]), sides);
                totals.mean(grid.len())
            }
            pool @ (Readout::GlobalAveragePool | Readout::GlobalSumPool) => {
                let mut totals = Pooled::new(x.bounds[0], &y.bounds, grid.len() * grid.len());
                for position in grid.positions() {
                    let displacement = position.map(|distance| distance as isize);
                    self.fill(end, displacement, Pieces::ALL, sides);
                    self.accumulate(&mut totals, displacement, Pieces::ALL, sides);
                }
                match pool {
                    Readout::GlobalSumPool => totals.mean(1),
                    _ => totals.mean(grid.len() * grid.len()),
                }
            }
        }
    }

    /// Fills pieces of the slice with the given displacement (modulo the extents), and first what they read.
    fn fill(&mut self, state: usize, displacement: Displacement, wanted: Pieces, sides: Sides<'_>) {
        let mut missing = wanted.without(self.kept[state].filled(displacement));
        if missing == Pieces::NONE {
            return;
        }
        let program = self.program;
        let grid = program.grid(state);
        let mut output = self.kept[state].take(displacement);
        let Some(stage_index) = state.checked_sub(1) else {
            for piece in missing.in_slice(grid, displacement) {
                self.fill_input(piece, sides, &mut output.difference);
            }
            self.kept[state].put(output, missing);
            return;
        };
        let stage = &program.stages[stage_index];
        let convolution = &stage.convolution;
        let ends = Convolution::ends((sides.x, sides.y), stage.input, stage_index);
        let input_has_ntk = self.with_ntk && stage.input > 0;
        if convolution.sums_whole_slices(missing) {
            missing = Pieces::ALL;
            self.fill(stage.input, modulo(grid, displacement), Pieces::ALL, sides);
            let input = self.kept[stage.input].slice();
            convolution.sum_slice(self.level, input, input_has_ntk, &mut output, &mut self.scratch);
        } else {
            for piece in missing.in_slice(grid, displacement) {
                let (needed, pieces) = convolution.reads(piece);
                self.fill(stage.input, needed, pieces, sides);
                let input = self.kept[stage.input].slice();
                convolution.sum_piece(self.level, ends, piece, input, input_has_ntk, &mut output);
            }
        }
        // A run stays in the first cache from the affine layer to the end of the nonlinearity.
        for run in missing.in_slice(grid, displacement).flat_map(|piece| piece.runs(grid)) {
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
        self.kept[state].put(output, missing);
    }

    /// Fills a piece with the mean squared differences of the input values.
    fn fill_input(&self, piece: Piece, sides: Sides<'_>, difference: &mut [f64]) {
        let (grid, channels) = (self.program.input, self.program.channels);
        dispatch!(self.level, simd => squared_differences(simd, grid, piece, channels, sides, difference));
    }

    /// Adds pieces of the slice at the end of the spatial part to running totals.
    fn accumulate(
        &self,
        totals: &mut impl Totals,
        displacement: Displacement,
        pieces: Pieces,
        sides: Sides<'_>,
    ) {
        let end = self.program.end;
        let grid = self.program.grid(end);
        let variances = (sides.x.variance_of(end), sides.y.variance_of(end));
        let slice = self.kept[end].slice();
        for piece in pieces.in_slice(grid, displacement) {
            dispatch!(self.level, simd => add_slice(simd, grid, piece, variances, slice, totals));
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
