//! Runs the spatial part for one input against [`Real::LANES`] others, or for as many inputs against themselves.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::displacement::{Piece, Pieces, Run};
use super::filling::{FillScratch, Filling};
use super::grid::Grid;
use super::max_pooling::MaxPooling;
use super::mixed::Mixed;
use super::program::{SpatialProgram, everything};
use super::readout::{Readout, ReadoutValues, Totals};
use super::schedule::{Fill, Request, Schedule};
use super::slice::{Slice, lanes_at};
use super::spatial_terms::{LayerTerms, SpatialTerms};
use super::sqrt_attention::Sums;
use super::stage::{SpatialLayer, Stage};
use crate::real::Real;
use crate::reproducible_sum::ReproducibleSum;
use crate::terms::{Terms, first_at, width_of_first};

/// Scratch space for one thread, used for one pair of inputs after another.
pub(crate) struct Evaluator<'a, T: Real> {
    program: &'a SpatialProgram,
    level: Level,
    with_ntk: bool,
    schedule: Schedule,
    /// Per state and slot.
    slices: Vec<Vec<Slice<T>>>,
    scratch: FillScratch<T>,
    /// Of the attention stage that is being filled: of differences, of tangent kernels.
    mixed: [Mixed<T>; 2],
    /// The same of attention with random weights.
    sums: Sums,
    fills: Vec<Fill>,
    values: Vec<ReadoutValues<T>>,
    /// Per readout, of inputs with themselves.
    half_spreads: Vec<Vec<[f64; 2]>>,
    /// The first input turned, in networks over a group.
    turned: SpatialTerms<T>,
}

/// The two sides of a group of pairs.
#[derive(Clone, Copy)]
pub(super) struct Sides<'a, T: Real> {
    /// One input against those in the lanes of `y`; or one per lane.
    pub(super) x: &'a SpatialTerms<T>,
    pub(super) y: &'a SpatialTerms<T>,
    /// Whether every lane is one forward pass with itself, so that masks of dropout are the same on both sides.
    pub(super) itself: bool,
}

impl<'a, T: Real> Sides<'a, T> {
    pub(super) fn terms(self, state: usize) -> (&'a Terms<T>, &'a Terms<T>) {
        (&self.x.states[state].terms, &self.y.states[state].terms)
    }

    pub(super) fn before(self, state: usize) -> (&'a Terms<T>, &'a Terms<T>) {
        (self.x.states[state].before(), self.y.states[state].before())
    }

    pub(super) fn layers(self, state: usize) -> (&'a LayerTerms<T>, &'a LayerTerms<T>) {
        (&self.x.states[state].layer, &self.y.states[state].layer)
    }
}

impl<'a, T: Real> Evaluator<'a, T> {
    /// Scratch space for a program; tangent kernels are carried along if `with_ntk`.
    pub(crate) fn new(program: &'a SpatialProgram, level: Level, with_ntk: bool) -> Self {
        Self {
            program,
            level,
            with_ntk,
            schedule: Schedule::new(program),
            slices: (0..program.states()).map(|_| Vec::new()).collect(),
            scratch: FillScratch::default(),
            mixed: Default::default(),
            sums: Sums::default(),
            fills: Vec::new(),
            values: vec![ReadoutValues::default(); program.readouts.len()],
            half_spreads: Vec::new(),
            turned: SpatialTerms::default(),
        }
    }

    /// All readouts of the input `x`, or of the inputs in its lanes, against the inputs in the lanes of `y`.
    pub(crate) fn evaluate(&mut self, x: &SpatialTerms<T>, y: &SpatialTerms<T>) -> &[ReadoutValues<T>] {
        self.schedule.clear();
        self.evaluate_sides(Sides { x, y, itself: false })
    }

    /// The same without forgetting slices that are there already.
    pub(super) fn evaluate_sides(&mut self, sides: Sides<'_, T>) -> &[ReadoutValues<T>] {
        let program = self.program;
        let mut totals: Vec<Totals<T>> = program
            .readouts
            .iter()
            .zip(sides.x.readouts.iter().zip(&sides.y.readouts))
            .map(|(&(state, readout), terms)| {
                Totals::new(terms, readout.pairs(program.grid(state).len()), self.with_ntk)
            })
            .collect();
        self.add_slices(0, sides, &mut totals);
        if !program.turns.is_empty() {
            let mut turned = std::mem::take(&mut self.turned);
            for (turn, number) in program.turns.iter().zip(1..) {
                self.schedule.clear();
                sides.x.turn_into(turn, &mut turned);
                // Elements of the group with different turns are never the same: masks of dropout differ.
                self.add_slices(number, Sides { x: &turned, y: sides.y, itself: false }, &mut totals);
            }
            self.schedule.clear();
            self.turned = turned;
        }
        let terms = sides.x.readouts.iter().zip(&sides.y.readouts);
        for (((&(state, readout), totals), terms), values) in
            program.readouts.iter().zip(&totals).zip(terms).zip(&mut self.values)
        {
            let as_differences = program.hands_on_differences && !sides.itself;
            readout.finish(program.grid(state).len(), as_differences, terms, totals, values);
        }
        self.half_spreads.clear();
        if sides.itself {
            let spreads = |(&(state, readout), totals): (&(usize, Readout), &Totals<T>)| {
                readout.half_spreads(program.grid(state).len(), totals)
            };
            self.half_spreads.extend(program.readouts.iter().zip(&totals).map(spreads));
        }
        &self.values
    }

    /// Adds the slices of one turn to the sums of the readouts that read them.
    fn add_slices(&mut self, turn: usize, sides: Sides<'_, T>, totals: &mut [Totals<T>]) {
        let program = self.program;
        for step in program.steps(turn) {
            self.supply(&program.requests(&step), sides);
            for &index in &step.readouts {
                let (state, readout) = program.readouts[index];
                let slice = &self.slices[state][self.schedule.slot(state, step.displacement)];
                let grid = program.grid(state);
                match readout.pieces() {
                    // All pieces of a slice are the slice.
                    Pieces::ALL => totals[index].add(self.level, 0..grid.len(), slice),
                    pieces => pieces
                        .in_slice(grid, step.displacement)
                        .flat_map(|piece| piece.runs(grid))
                        .for_each(|run| totals[index].add(self.level, run.first_positions(), slice)),
                }
            }
        }
    }

    /// Half the means of the differences of the last evaluation of inputs with themselves, per readout and lane: of covariances and of tangent
    /// kernels.
    pub(super) fn half_spreads(&self) -> &[Vec<[f64; 2]>] {
        &self.half_spreads
    }

    /// Fills what a step asks for.
    fn supply(&mut self, requests: &[Request], sides: Sides<'_, T>) {
        let mut fills = std::mem::take(&mut self.fills);
        fills.clear();
        fills.extend_from_slice(self.schedule.plan(self.program, requests));
        let mut last = usize::MAX;
        for &fill in &fills {
            let Some(stage) = fill.state.checked_sub(1) else {
                self.fill_input(fill, sides);
                continue;
            };
            if fill.state != last {
                self.prepare_whole(&self.program.stages[stage], sides.layers(fill.state));
                last = fill.state;
            }
            self.fill(fill, &self.program.stages[stage], sides);
        }
        self.fills = fills;
    }

    /// Takes a slice out of its slot, to be filled and put back.
    fn take(&mut self, state: usize, slot: usize) -> Slice<T> {
        let slots = &mut self.slices[state];
        if slots.len() <= slot {
            let with_ntk = self.with_ntk && self.program.has_ntk(state);
            slots.resize_with(slot + 1, || Slice::new(self.program.grid(state), with_ntk));
        }
        std::mem::take(&mut slots[slot])
    }

    /// Mean squared differences of the input values.
    fn fill_input(&mut self, fill: Fill, sides: Sides<'_, T>) {
        let mut output = self.take(0, fill.slot);
        let (grid, channels) = (self.program.input, self.program.input_channels());
        if self.program.permutes_channels() {
            let (x, y) = sides.terms(0);
            let values = (sides.x.values.as_slice(), sides.y.values.as_slice());
            let mut sum = ReproducibleSum::new(&largest_squares(x, y, channels), channels);
            dispatch!(self.level, simd => add_squared_differences(simd, values, &mut sum));
            let means = sum.totals().into_iter().map(|sum| T::from_f64(sum / channels as f64));
            output.difference.iter_mut().zip(means).for_each(|(to, mean)| *to = mean);
            self.slices[0][fill.slot] = output;
            return;
        }
        for piece in fill.missing.in_slice(grid, fill.displacement) {
            let values = (sides.x.values.as_slice(), sides.y.values.as_slice());
            let difference = &mut output.difference;
            dispatch!(self.level, simd => squared_differences(simd, grid, piece, channels, values, difference));
        }
        self.slices[0][fill.slot] = output;
    }

    /// What a stage that reads everything computes once for all slices.
    fn prepare_whole(&mut self, stage: &Stage, (x, y): (&LayerTerms<T>, &LayerTerms<T>)) {
        let Self { schedule, slices, mixed, level, .. } = self;
        let state = stage.inputs[0];
        let input = |position: [usize; 3]| {
            &slices[state][schedule.slot(state, position.map(|distance| distance as isize))]
        };
        match (&stage.layer, x, y) {
            (SpatialLayer::Attention(attention), LayerTerms::Attention(x), LayerTerms::Attention(y)) => {
                let weights = (x.weights.as_slice(), y.weights.as_slice());
                attention.mix(*level, weights, false, input, &mut mixed[0]);
                if self.with_ntk {
                    attention.mix(*level, weights, true, input, &mut mixed[1]);
                }
            }
            (SpatialLayer::Aggregation(aggregation), ..) => {
                aggregation.mix(*level, false, input, &mut mixed[0]);
                if self.with_ntk && stage.has_ntk {
                    aggregation.mix(*level, true, input, &mut mixed[1]);
                }
            }
            (
                SpatialLayer::SampledAttention(attention),
                LayerTerms::SampledAttention(x),
                LayerTerms::SampledAttention(y),
            ) => attention.mix(*level, (x, y), self.with_ntk, input, mixed),
            (
                SpatialLayer::SqrtAttention(attention),
                LayerTerms::SqrtAttention(x),
                LayerTerms::SqrtAttention(y),
            ) => {
                self.sums = attention.sums(*level, (x, y), self.with_ntk, input);
            }
            _ => {}
        }
    }

    /// Fills pieces of a slice of a stage's output from slices of its inputs, which are there.
    fn fill(&mut self, fill: Fill, stage: &Stage, sides: Sides<'_, T>) {
        let mut output = self.take(fill.state, fill.slot);
        let Self { level, schedule, slices, scratch, mixed, sums, .. } = self;
        let filling = Filling { level: *level, stage, sides, fill, schedule, slices, mixed, sums };
        filling.fill(&mut output, scratch);
        self.slices[fill.state][fill.slot] = output;
    }

    /// The same for one input and those in the lanes of another side.
    pub(super) fn differences_between(
        &mut self,
        state: usize,
        x: &SpatialTerms<T>,
        y: &SpatialTerms<T>,
    ) -> [Vec<T>; 2] {
        self.schedule.clear();
        self.differences_of(state, Sides { x, y, itself: false })
    }

    /// Differences of covariances and of tangent kernels between all positions of a state, `[positions, positions, lanes]`; the latter
    /// empty where tangent kernels vanish.
    pub(super) fn differences_of(&mut self, state: usize, sides: Sides<'_, T>) -> [Vec<T>; 2] {
        let grid = self.program.grid(state);
        let requests: Vec<Request> = everything(grid, state).collect();
        self.supply(&requests, sides);
        let size = grid.len() * grid.len() * T::LANES;
        let with_ntk = self.with_ntk && self.program.has_ntk(state);
        let mut all = [true, with_ntk].map(|wanted| vec![T::from_f64(0.0); if wanted { size } else { 0 }]);
        for Request { displacement, pieces, .. } in requests {
            let slice = &self.slices[state][self.schedule.slot(state, displacement)];
            for run in pieces.in_slice(grid, displacement).flat_map(|piece| piece.runs(grid)) {
                for (p, q) in (run.first..run.first + run.length).zip(run.second..) {
                    let to = (p * grid.len() + q) * T::LANES;
                    for (all, from) in all.iter_mut().zip([&slice.difference, &slice.ntk_difference]) {
                        if !all.is_empty() {
                            all[to..to + T::LANES].copy_from_slice(&from[p * T::LANES..(p + 1) * T::LANES]);
                        }
                    }
                }
            }
        }
        all
    }

    /// What a mixing stage makes of inputs with themselves at every output position: $D$ of covariances and of tangent kernels,
    /// `[positions, lanes]`; `layer` holds what the layer keeps of every lane.
    pub(super) fn mixed_with_themselves(
        &mut self,
        stage: &Stage,
        layer: &LayerTerms<T>,
        sides: Sides<'_, T>,
    ) -> (Vec<T>, Vec<T>) {
        let here = Pieces::of([0; 3]);
        self.supply_inputs(stage, here, sides);
        self.prepare_whole(stage, (layer, layer));
        let mut output = Slice::new(stage.output, self.with_ntk && stage.has_ntk);
        let fill = Fill { state: 0, displacement: [0; 3], missing: here, slot: 0 };
        let Self { level, schedule, slices, scratch, mixed, sums, .. } = self;
        let filling = Filling { level: *level, stage, sides, fill, schedule, slices, mixed, sums };
        filling.gather(&mut output, scratch);
        (output.difference, output.ntk_difference)
    }

    /// Differences under every window of a max-pooling stage, of inputs with themselves, `[windows, taps, taps, lanes]`.
    pub(super) fn under_windows_of_themselves(
        &mut self,
        stage: &Stage,
        pooling: &MaxPooling,
        sides: Sides<'_, T>,
    ) -> Vec<f64> {
        self.supply_inputs(stage, Pieces::of([0; 3]), sides);
        let state = stage.inputs[0];
        pooling.differences_under_windows(|displacement| {
            &self.slices[state][self.schedule.slot(state, displacement)]
        })
    }

    /// $S$ and $N$ of an attention stage for inputs with themselves.
    pub(super) fn sums_with_themselves(
        &mut self,
        stage: &Stage,
        layer: &LayerTerms<T>,
        sides: Sides<'_, T>,
    ) -> &Sums {
        self.supply_inputs(stage, Pieces::ALL, sides);
        self.prepare_whole(stage, (layer, layer));
        &self.sums
    }

    /// Fills what a stage reads for its output at displacement 0.
    fn supply_inputs(&mut self, stage: &Stage, pieces: Pieces, sides: Sides<'_, T>) {
        let mut requests = Vec::new();
        if stage.reads_everything() {
            requests.extend(everything(stage.output, stage.inputs[0]));
        } else {
            stage.ask([0; 3], pieces, &mut |request| requests.push(request));
        }
        self.supply(&requests, sides);
    }
}

/// A bound on the squared differences of the numbers of two vectors, per lane.
fn largest_squares<T: Real>(x: &Terms<T>, y: &Terms<T>, channels: usize) -> Vec<f64> {
    let roots = x.root.iter().cycle().zip(&y.root).map(|(x, y)| x.to_f64() + y.to_f64());
    roots.map(|root| 1.01 * channels as f64 * root.powi(2)).collect()
}

/// Adds the squared differences of the numbers of both sides, in sums that do not depend on their order.
#[simd]
fn add_squared_differences<S: Simd, T: Real>(simd: S, (x, y): (&[T], &[T]), sum: &mut ReproducibleSum<T>) {
    let width = width_of_first(x, y);
    for number in 0..y.len() / T::LANES {
        for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
            let gap =
                lanes_at::<S, T>(simd, y, number, start) - first_at::<S, T>(simd, x, width, number, start);
            sum.add(simd, start, gap * gap);
        }
    }
}

#[simd]
fn squared_differences<S: Simd, T: Real>(
    simd: S,
    grid: Grid,
    piece: Piece,
    channels: usize,
    (values_x, values_y): (&[T], &[T]),
    difference: &mut [T],
) {
    let per_channel = T::from_f64(1.0 / channels as f64);
    let width = width_of_first(values_x, values_y);
    for Run { first, second, length } in piece.runs(grid) {
        for (p, q) in (first..first + length).zip(second..) {
            let out = &mut difference[p * T::LANES..(p + 1) * T::LANES];
            let x = &values_x[p * channels * width..(p + 1) * channels * width];
            let y = &values_y[q * channels * T::LANES..(q + 1) * channels * T::LANES];
            for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
                let mut sum = T::Native::<S>::splat(simd, T::from_f64(0.0));
                for channel in 0..channels {
                    let gap = lanes_at::<S, T>(simd, y, channel, start)
                        - first_at::<S, T>(simd, x, width, channel, start);
                    sum = gap.mul_add(gap, sum);
                }
                (sum * per_channel).store_slice(&mut out[start..start + T::Native::<S>::LEN]);
            }
        }
    }
}
