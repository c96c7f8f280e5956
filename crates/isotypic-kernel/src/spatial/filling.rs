//! Fills slices of one stage's output.

use fearless_simd::Level;

use super::convolution::Convolution;
use super::displacement::{Displacement, Piece, Run};
use super::evaluator::Sides;
use super::max_pooling::{MaxPoolingScratch, MaxPoolingSide};
use super::mixed::Mixed;
use super::mixing::{self, AfterMixing};
use super::pairwise::{self, ProductScratch};
use super::schedule::{Fill, Schedule};
use super::slice::Slice;
use super::spatial_terms::LayerTerms;
use super::sqrt_attention::Sums;
use super::stage::{SpatialLayer, Stage};
use crate::layer_run::{AffineOnRun, DifferenceRun};
use crate::nonlinearity::{Nonlinearity, PairRun};
use crate::pair_geometry::{differences_to_gaps, gaps_to_differences};
use crate::real::Real;

/// One slice of a stage's output and everything it is computed from.
pub(super) struct Filling<'a, T: Real> {
    pub(super) level: Level,
    pub(super) stage: &'a Stage,
    pub(super) sides: Sides<'a, T>,
    pub(super) fill: Fill,
    pub(super) schedule: &'a Schedule,
    pub(super) slices: &'a [Vec<Slice<T>>],
    pub(super) mixed: &'a [Mixed<T>; 2],
    pub(super) sums: &'a Sums,
}

/// What filling overwrites.
#[derive(Debug, Default)]
pub(super) struct FillScratch<T> {
    /// Sums along some axes, of a whole slice.
    sums: Vec<T>,
    pub(super) product: ProductScratch<T>,
    maxima: MaxPoolingScratch,
}

impl<'a, T: Real> Filling<'a, T> {
    /// Fills the missing pieces; `scratch` is overwritten.
    pub(super) fn fill(&self, output: &mut Slice<T>, scratch: &mut FillScratch<T>) {
        self.gather(output, scratch);
        let grid = self.stage.output;
        // A run stays in the first cache from the layer to the end of the nonlinearity.
        for piece in self.fill.missing.in_slice(grid, self.fill.displacement) {
            for run in piece.runs(grid) {
                match (&self.stage.layer, &self.stage.nonlinearity) {
                    (SpatialLayer::Convolution(convolution), Some(nonlinearity)) => {
                        self.map_convolution(convolution, nonlinearity.as_ref(), run, output);
                    }
                    _ => {
                        self.finish_run(run, output, scratch);
                        self.apply_nonlinearity(run, output);
                    }
                }
            }
        }
    }

    /// The slice of an input state with this displacement.
    fn input(&self, state: usize, displacement: Displacement) -> &'a Slice<T> {
        &self.slices[state][self.schedule.slot(state, displacement)]
    }

    /// Collects what the missing pieces read from other positions.
    pub(super) fn gather(&self, output: &mut Slice<T>, scratch: &mut FillScratch<T>) {
        let Fill { state, displacement, missing, .. } = self.fill;
        let read = self.stage.inputs[0];
        let pieces = missing.in_slice(self.stage.output, displacement);
        match &self.stage.layer {
            SpatialLayer::Convolution(convolution) => {
                if convolution.sums_whole_slices(missing) {
                    let sums = &mut scratch.sums;
                    sums.resize(output.difference.len(), T::from_f64(0.0));
                    convolution.sum_slice(self.level, self.input(read, displacement), output, sums);
                    return;
                }
                for piece in pieces {
                    let reads = convolution.taps.reads_at_one_tap(piece.shift);
                    let input = reads.map(|(displacement, _)| self.input(read, displacement));
                    let input = (input, self.stage.reads_ntk);
                    convolution.sum_piece(self.level, self.sides.terms(read), piece, input, output);
                }
            }
            SpatialLayer::Local(convolution) if displacement == [0; 3] => {
                for piece in pieces {
                    let input = (Some(self.input(read, displacement)), self.stage.reads_ntk);
                    convolution.sum_piece(self.level, self.sides.terms(read), piece, input, output);
                }
            }
            SpatialLayer::Resampling(resampling) => {
                for piece in pieces {
                    let input = |displacement| self.input(read, displacement);
                    resampling.mix_piece(self.level, piece, input, output);
                }
            }
            SpatialLayer::Pooling(pooling) => {
                for piece in pieces {
                    pooling.mix_piece(
                        self.level,
                        piece,
                        |displacement| self.input(read, displacement),
                        output,
                    );
                }
            }
            SpatialLayer::MaxPooling(pooling) => {
                let (LayerTerms::MaxPooling(x), LayerTerms::MaxPooling(y)) = self.sides.layers(state) else {
                    unreachable!("every layer has terms of its own kind");
                };
                let (before, after) = (self.sides.terms(read), self.sides.terms(state));
                let sides = [
                    MaxPoolingSide { before: before.0, layer: x, after: after.0 },
                    MaxPoolingSide { before: before.1, layer: y, after: after.1 },
                ];
                for piece in pieces {
                    let input = |displacement| self.input(read, displacement);
                    pooling.fill_piece(self.level, piece, input, sides, output, &mut scratch.maxima);
                }
            }
            SpatialLayer::Aggregation(_) | SpatialLayer::Attention(_) | SpatialLayer::SampledAttention(_) => {
                let ([differences, ntks], grid) = (self.mixed, self.stage.output);
                for piece in pieces {
                    differences.scatter(grid, piece, &mut output.difference);
                    if output.has_ntk() {
                        ntks.scatter(grid, piece, &mut output.ntk_difference);
                    }
                }
            }
            SpatialLayer::Concatenation(concatenation) => {
                for piece in pieces {
                    let inputs: Vec<Option<&Slice<T>>> = self
                        .stage
                        .inputs
                        .iter()
                        .zip(&concatenation.grids)
                        .map(|(&state, &grid)| {
                            Piece::at(grid, piece.shift).map(|piece| self.input(state, piece.shift))
                        })
                        .collect();
                    concatenation.fill_piece(piece, &inputs, self.sides.before(state), output);
                }
            }
            _ => {}
        }
    }

    /// Completes one run up to the nonlinearity.
    fn finish_run(&self, run: Run, output: &mut Slice<T>, scratch: &mut FillScratch<T>) {
        let Fill { state, displacement, .. } = self.fill;
        let (level, read) = (self.level, self.stage.inputs[0]);
        let after = self.sides.before(state);
        let inputs = || {
            self.stage.inputs.iter().map(|&state| (self.input(state, displacement), self.sides.terms(state)))
        };
        let mix = |after_mixing: AfterMixing, x, y, output: &mut Slice<T>| {
            mixing::finish_run(level, after_mixing, (x, y), run, output);
        };
        match (&self.stage.layer, self.sides.layers(state)) {
            (SpatialLayer::Convolution(convolution), _) => {
                convolution.finish_run(level, run, self.input_has_ntk(), output);
            }
            (SpatialLayer::Local(convolution), _) if displacement == [0; 3] => {
                convolution.finish_run(level, run, self.input_has_ntk(), output);
            }
            (SpatialLayer::Local(_), _) => pairwise::separate(level, after, run, output),
            (
                SpatialLayer::Pooling(_) | SpatialLayer::Resampling(_) | SpatialLayer::Aggregation(_),
                (LayerTerms::Mixing(x), LayerTerms::Mixing(y)),
            ) => {
                mix(AfterMixing::NOTHING, x, y, output);
            }
            (SpatialLayer::Attention(attention), (LayerTerms::Attention(x), LayerTerms::Attention(y))) => {
                mix(attention.after(), &x.mixing, &y.mixing, output);
            }
            (
                SpatialLayer::SqrtAttention(attention),
                (LayerTerms::SqrtAttention(x), LayerTerms::SqrtAttention(y)),
            ) => {
                let input = self.input(read, displacement);
                attention.finish_run(level, (x, y), self.sums, run, input, output);
            }
            (SpatialLayer::Given(index), _) => {
                let at = (*index, self.stage.output.len());
                self.sides.x.given.fill_run(&self.sides.y.given, at, run, output);
            }
            (SpatialLayer::Identity, _) => {
                pairwise::combine(level, &[1.0], &[self.input(read, displacement)], run, output);
            }
            (SpatialLayer::Combination(weights), _) => {
                let slices: Vec<&Slice<T>> = inputs().map(|(slice, _)| slice).collect();
                pairwise::combine(level, weights, &slices, run, output);
            }
            (SpatialLayer::Product, _) => {
                let inputs: Vec<_> = inputs().collect();
                pairwise::multiply(level, &inputs, after, run, output, &mut scratch.product);
            }
            (SpatialLayer::Dropout { keep_rate }, _) if !(self.sides.itself && displacement == [0; 3]) => {
                let (input, before) = (self.input(read, displacement), self.sides.terms(read));
                pairwise::drop_out(level, *keep_rate, input, before, after, run, output);
            }
            (
                SpatialLayer::LayerNorm { .. } | SpatialLayer::Dropout { .. },
                (LayerTerms::Factors(x), LayerTerms::Factors(y)),
            ) => {
                let (input, before) = (self.input(read, displacement), self.sides.terms(read));
                pairwise::rescale(level, input, before, after, (x, y), run, output);
            }
            (
                SpatialLayer::Concatenation(_)
                | SpatialLayer::MaxPooling(_)
                | SpatialLayer::SampledAttention(_),
                _,
            ) => {}
            _ => unreachable!("every layer has terms of its own kind"),
        }
    }

    /// Maps one run through the nonlinearity of the stage.
    fn apply_nonlinearity(&self, run: Run, output: &mut Slice<T>) {
        let Some(nonlinearity) = &self.stage.nonlinearity else { return };
        let (before, after) = (self.sides.before(self.fill.state), self.sides.terms(self.fill.state));
        let (before, after) = (run.ends(before.0, before.1), run.ends(after.0, after.1));
        let at = run.range::<T>();
        let values = &mut output.difference[at.clone()];
        differences_to_gaps(self.level, before, values);
        let ntk_difference = output.ntk_difference.get_mut(at);
        let run = PairRun { before, after, cosine_gap: &mut *values, ntk_difference };
        T::map(nonlinearity.as_ref(), self.level, run);
        gaps_to_differences(self.level, after, values);
    }

    /// From sums under a filter through its affine map and the nonlinearity after it.
    fn map_convolution(
        &self,
        convolution: &Convolution,
        nonlinearity: &dyn Nonlinearity,
        run: Run,
        output: &mut Slice<T>,
    ) {
        let (before, after) = (self.sides.before(self.fill.state), self.sides.terms(self.fill.state));
        let at = run.range::<T>();
        let run = DifferenceRun {
            affine: AffineOnRun::new(&convolution.affine, convolution.filter_size()),
            input_has_ntk: self.input_has_ntk(),
            before: run.ends(before.0, before.1),
            after: run.ends(after.0, after.1),
            difference: &mut output.difference[at.clone()],
            ntk_difference: output.ntk_difference.get_mut(at),
        };
        T::map_differences(nonlinearity, self.level, run);
    }

    /// Whether the first input has tangent kernels that are not 0.
    fn input_has_ntk(&self) -> bool {
        self.slices[self.stage.inputs[0]].iter().any(Slice::has_ntk)
    }
}
