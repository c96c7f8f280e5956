//! The spatial layers in topological order, and where positions are joined.
//!
//! State 0 is the input, state `k` the output of stage `k − 1`. A stage may read any earlier state, and a state may have several
//! readers.

use isotypic_architecture::{
    Activation, ConcatAxis, GroupConv, LayerNorm, Node, Operation, Pool, SymmetryGroup,
};

use super::aggregation::Aggregation;
use super::attention::Attention;
use super::concatenation::Concatenation;
use super::convolution::Convolution;
use super::displacement::{Displacement, Pieces};
use super::grid::Grid;
use super::max_pooling::MaxPooling;
use super::maxima::Slopes;
use super::pooling::Pooling;
use super::readout::{Readout, ReadoutTerms};
use super::resampling::Resampling;
use super::sampled_attention::SampledAttention;
use super::schedule::{Fill, Request, Schedule};
use super::softmax_sample::MATRICES_HELD;
use super::spatial_terms::{SpatialTerms, StateTerms};
use super::sqrt_attention::SqrtAttention;
use super::stage::{SpatialLayer, Stage, pairs_in};
use super::turn::Turn;
use crate::KernelError;
use crate::affine::Affine;
use crate::monte_carlo::Sampling;
use crate::nonlinearity::from_operation;
use crate::real::Real;
use crate::terms::Terms;

/// The largest number of positions under a pooling window: all pairs of them are listed.
const LARGEST_WINDOW: usize = 1 << 11;

/// The same of maxima, which are sampled jointly with those of another window.
const LARGEST_SAMPLED_WINDOW: usize = 1 << 6;

/// The largest number of positions of attention whose weights are sampled: work grows with the cube.
const MOST_SAMPLED_POSITIONS: usize = 1 << 8;

/// The largest number of positions: layers may make far more of them than an input has.
const MOST_POSITIONS: usize = 1 << 26;

/// The spatial part of a network.
#[derive(Debug)]
pub(crate) struct SpatialProgram {
    pub(crate) input: Grid,
    pub(crate) stages: Vec<Stage>,
    /// States whose positions are joined, and how.
    pub(crate) readouts: Vec<(usize, Readout)>,
    /// Whether the variances of readouts are needed later.
    pub(crate) needs_readout_moments: bool,
    /// Whether readouts are handed on as differences, for layers that need angles, rather than as covariances.
    pub(crate) hands_on_differences: bool,
    /// In networks over a group, how all turns but the identity rearrange an input.
    pub(super) turns: Vec<Turn>,
    /// How layers without a closed kernel are sampled, if they may be.
    sampling: Option<Sampling>,
    group: Option<SymmetryGroup>,
    /// Channels of every state.
    channels: Vec<usize>,
    /// What layers to come must know of every state.
    facts: Vec<StateFacts>,
    /// Nominal number of nonlinearities for one pair of inputs.
    evaluations_per_pair: f64,
    /// Slices that are kept at a time, for every state.
    slots: Vec<usize>,
    /// The state between whose positions pairs are wanted, instead of readouts.
    wanted: Option<usize>,
}

/// What layers to come must know of a state.
#[derive(Debug, Clone, Copy, Default)]
struct StateFacts {
    /// Whether it is a function on the group; then the grid has no axis of turns.
    on_group: bool,
    /// Whether masks were drawn on the way.
    is_masked: bool,
    /// The nonlinearity that made it of the state before.
    applied: Option<Activation>,
}

/// One displacement, and the readouts that need it.
pub(super) struct Step {
    pub(super) displacement: Displacement,
    pub(super) readouts: Vec<usize>,
}

impl SpatialProgram {
    /// A program without layers, for inputs with the given spatial extents and channels.
    ///
    /// # Errors
    /// [`KernelError::TooManySpatialDimensions`] for more than three spatial axes.
    pub(crate) fn new(input_shape: &[usize], sampling: Option<Sampling>) -> Result<Self, KernelError> {
        let (&channels, extents) = input_shape.split_last().unwrap_or((&1, &[]));
        let input =
            Grid::new(extents).ok_or(KernelError::TooManySpatialDimensions { rank: extents.len() })?;
        Ok(Self {
            input,
            stages: Vec::new(),
            readouts: Vec::new(),
            needs_readout_moments: false,
            hands_on_differences: false,
            turns: Vec::new(),
            sampling,
            group: None,
            channels: vec![channels],
            facts: vec![StateFacts::default()],
            evaluations_per_pair: 0.0,
            slots: Vec::new(),
            wanted: None,
        })
    }

    /// Channels of the input.
    pub(crate) fn input_channels(&self) -> usize {
        self.channels[0]
    }

    /// Whether turns rearrange the numbers of one position, so that their order must not matter to sums over them.
    pub(super) fn permutes_channels(&self) -> bool {
        self.group.is_some_and(|group| group.points().is_some())
    }

    /// Whether masks are drawn, so that an input with itself differs from a pair of equal inputs.
    pub(crate) fn draws_masks(&self) -> bool {
        self.stages.iter().any(|stage| matches!(stage.layer, SpatialLayer::Dropout { .. }))
    }

    /// Number of states.
    pub(crate) fn states(&self) -> usize {
        self.stages.len() + 1
    }

    /// The positions of a state.
    pub(crate) fn grid(&self, state: usize) -> Grid {
        state.checked_sub(1).map_or(self.input, |stage| self.stages[stage].output)
    }

    /// Whether the tangent kernel of a state is not always 0.
    pub(super) fn has_ntk(&self, state: usize) -> bool {
        state.checked_sub(1).is_some_and(|stage| self.stages[stage].has_ntk)
    }

    /// Adds a node whose pairs are given, as the `index`th of such nodes; returns its state.
    ///
    /// # Errors
    /// [`KernelError::TooManySpatialDimensions`].
    pub(crate) fn add_given(&mut self, node: &Node, index: usize) -> Result<usize, KernelError> {
        let (&channels, extents) = node.output_shape.split_last().unwrap_or((&1, &[]));
        let output =
            Grid::new(extents).ok_or(KernelError::TooManySpatialDimensions { rank: extents.len() })?;
        let layer = SpatialLayer::Given(index);
        // It asks its input for nothing.
        self.stages.push(Stage {
            inputs: vec![0],
            output,
            layer,
            nonlinearity: None,
            has_ntk: true,
            reads_ntk: false,
        });
        self.channels.push(channels);
        self.facts.push(StateFacts::default());
        Ok(self.stages.len())
    }

    /// Asks for all pairs of positions at a state, instead of readouts.
    pub(crate) fn want(&mut self, state: usize) {
        self.wanted = Some(state);
    }

    /// The state between whose positions pairs are wanted; the last one if readouts are.
    pub(crate) fn wanted(&self) -> usize {
        self.wanted.unwrap_or(self.stages.len())
    }

    /// Adds a node whose output has positions; returns its state.
    ///
    /// # Errors
    /// [`KernelError::UnsupportedOperation`] names a layer without a kernel here, [`KernelError::WindowTooLarge`] a pooling layer.
    pub(crate) fn add(&mut self, node: &Node, inputs: &[usize]) -> Result<usize, KernelError> {
        let unsupported = || KernelError::UnsupportedOperation { path: node.path.clone() };
        let (channels, extents) = node.output_shape.split_last().ok_or_else(unsupported)?;
        let (state, input) = (inputs[0], self.grid(inputs[0]));
        let mut facts = StateFacts {
            on_group: self.facts[state].on_group,
            is_masked: inputs.iter().any(|&state| self.facts[state].is_masked),
            applied: None,
        };
        if let Operation::GroupLift(conv) = &node.operation {
            self.lift(conv, facts)
                .map_err(|expected| KernelError::OverGroup { path: node.path.clone(), expected })?;
            facts.on_group = true;
        }
        // All turns of a position have the same numbers.
        let output = if facts.on_group { input } else { Grid::new(extents).ok_or_else(unsupported)? };
        if output.len() > MOST_POSITIONS {
            let (path, positions) = (node.path.clone(), output.len());
            return Err(KernelError::TooManyPositions { path, positions, limit: MOST_POSITIONS });
        }
        let reads_ntk = inputs.iter().any(|&state| self.has_ntk(state));
        let mut has_ntk = reads_ntk;
        let mut nonlinearity = None;
        if let Operation::AvgPool(pool) | Operation::SumPool(pool) = &node.operation
            && pool.window_size() > LARGEST_WINDOW
        {
            let (window, limit) = (pool.window_size(), LARGEST_WINDOW);
            return Err(KernelError::WindowTooLarge { path: node.path.clone(), window, limit });
        }
        if let Operation::GroupLift(conv) | Operation::GroupConv(conv) = &node.operation
            && let Some(window) = conv.side.map(|side| side * side).filter(|&size| size > LARGEST_WINDOW)
        {
            let (path, limit) = (node.path.clone(), LARGEST_WINDOW);
            return Err(KernelError::WindowTooLarge { path, window, limit });
        }
        let mut read = inputs.to_vec();
        let layer = match &node.operation {
            Operation::Identity => return Ok(state),
            Operation::Dropout(dropout) if dropout.is_identity() => return Ok(state),
            Operation::Dropout(dropout) => {
                facts.is_masked = true;
                SpatialLayer::Dropout { keep_rate: dropout.keep_rate }
            }
            Operation::Dense(dense) => {
                has_ntk = true;
                let affine = Affine::from_dense(dense).ok_or_else(unsupported)?;
                SpatialLayer::Convolution(Convolution::pointwise(input, affine))
            }
            Operation::Conv(conv) => {
                has_ntk = true;
                let convolution = Convolution::from_conv(conv, input, output).ok_or_else(unsupported)?;
                SpatialLayer::Convolution(convolution)
            }
            Operation::GroupLift(conv) | Operation::GroupConv(conv) => {
                has_ntk = true;
                SpatialLayer::Convolution(Convolution::over_group(conv, input).ok_or_else(unsupported)?)
            }
            Operation::ConvTranspose(conv) => {
                has_ntk = true;
                let convolution = Convolution::transposed(conv, input, output).ok_or_else(unsupported)?;
                SpatialLayer::Convolution(convolution)
            }
            Operation::ConvLocal(conv) => {
                has_ntk = true;
                SpatialLayer::Local(Convolution::local(conv, input, output).ok_or_else(unsupported)?)
            }
            Operation::Index(index) => SpatialLayer::Resampling(Resampling::of_index(index, input, output)),
            Operation::ImageResize(resize) => {
                SpatialLayer::Resampling(Resampling::of_resize(resize, input, output))
            }
            Operation::Aggregate(aggregate) => SpatialLayer::Aggregation(Aggregation::new(aggregate, input)),
            Operation::AvgPool(pool) => {
                let axes = pool.window.len();
                let divisor =
                    |position: [usize; 3]| pool.divisor(&position[3 - axes..], &node.input_shape[..axes]);
                pooling(pool, (input, output), Some(divisor)).ok_or_else(unsupported)?
            }
            Operation::SumPool(pool) => {
                let divisor: Option<fn([usize; 3]) -> usize> = None;
                pooling(pool, (input, output), divisor).ok_or_else(unsupported)?
            }
            Operation::MaxPool(pool) => {
                let (gaussian, layer) = self.max_pooling(node, pool, state, output)?;
                read = vec![gaussian];
                SpatialLayer::MaxPooling(layer)
            }
            Operation::Activation(activation)
                if let Some(SpatialLayer::MaxPooling(pooling)) = self.layer(state) =>
            {
                let slopes = slopes_of(*activation).ok_or_else(|| KernelError::BesideMaximum {
                    path: node.path.clone(),
                    expected: "after `max_pool` one of `relu`, `leaky_relu`, `ab_relu` and `abs`",
                })?;
                read = self.stages[state - 1].inputs.clone();
                SpatialLayer::MaxPooling(pooling.followed_by(slopes))
            }
            Operation::LayerNorm(norm) if facts.on_group && !norm.spatial_axes.is_empty() => {
                SpatialLayer::LayerNorm { groups: vec![0; input.len()], epsilon: norm.epsilon }
            }
            Operation::LayerNorm(norm) => layer_norm(norm, input, extents.len()),
            Operation::Sum => SpatialLayer::Combination(vec![1.0; inputs.len()]),
            Operation::Concat(ConcatAxis::Channels) => {
                let all = inputs.iter().map(|&state| self.channels[state] as f64);
                let total: f64 = all.clone().sum();
                SpatialLayer::Combination(all.map(|channels| channels / total).collect())
            }
            Operation::Concat(ConcatAxis::Spatial(axis)) => {
                let grids = inputs.iter().map(|&state| self.grid(state)).collect();
                SpatialLayer::Concatenation(Concatenation::new(grids, axis + 3 - extents.len()))
            }
            Operation::Product => SpatialLayer::Product,
            Operation::SelfAttention(attention) => {
                use isotypic_architecture::AttentionScaling;
                has_ntk = true;
                let channels = self.channels[state];
                match attention.scaling {
                    AttentionScaling::Linear => {
                        SpatialLayer::Attention(Attention::new(attention, input, extents, channels))
                    }
                    AttentionScaling::Sqrt if attention.has_random_softmax() => {
                        let path = || node.path.clone();
                        let instead = "`scaling = \"linear\"`";
                        let needs_sampling = || KernelError::NeedsSampling { path: path(), instead };
                        let sampling = self.sampling.ok_or_else(needs_sampling)?;
                        if input.len() > MOST_SAMPLED_POSITIONS {
                            let (positions, limit) = (input.len(), MOST_SAMPLED_POSITIONS);
                            return Err(KernelError::TooManyPositions { path: path(), positions, limit });
                        }
                        let (shape, layer) = ((extents, channels), self.stages.len());
                        SpatialLayer::SampledAttention(SampledAttention::new(
                            attention, input, shape, sampling, layer,
                        ))
                    }
                    AttentionScaling::Sqrt => {
                        let layer = SqrtAttention::new(attention, input, extents, channels);
                        SpatialLayer::SqrtAttention(layer.ok_or_else(unsupported)?)
                    }
                }
            }
            operation => {
                if let Operation::Activation(activation) = operation {
                    facts.applied = Some(*activation);
                }
                nonlinearity = Some(from_operation(operation).ok_or_else(unsupported)?);
                SpatialLayer::Identity
            }
        };
        self.stages.push(Stage { inputs: read, output, layer, nonlinearity, has_ntk, reads_ntk });
        self.channels.push(*channels);
        self.facts.push(facts);
        Ok(self.stages.len())
    }

    /// The layer that makes a state.
    fn layer(&self, state: usize) -> Option<&SpatialLayer> {
        state.checked_sub(1).map(|stage| &self.stages[stage].layer)
    }

    /// A max-pooling layer, and the Gaussian state that it reads: that before the nonlinearity, if there is one.
    fn max_pooling(
        &self,
        node: &Node,
        pool: &Pool,
        state: usize,
        output: Grid,
    ) -> Result<(usize, MaxPooling), KernelError> {
        let path = || node.path.clone();
        let needs_sampling = || KernelError::NeedsSampling { path: path(), instead: "`avg_pool`" };
        let sampling = self.sampling.ok_or_else(needs_sampling)?;
        if pool.window_size() > LARGEST_SAMPLED_WINDOW {
            let (window, limit) = (pool.window_size(), LARGEST_SAMPLED_WINDOW);
            return Err(KernelError::WindowTooLarge { path: path(), window, limit });
        }
        let (gaussian, slopes) = match self.facts[state].applied {
            None => (state, Slopes::NONE),
            Some(activation) => {
                let increasing =
                    slopes_of(activation).filter(|slopes| slopes.below >= 0.0 && slopes.above >= 0.0);
                let slopes = increasing.ok_or_else(|| KernelError::BesideMaximum {
                    path: path(),
                    expected: "before it `relu`, or `leaky_relu` or `ab_relu` with slopes of at least 0",
                })?;
                (self.stages[state - 1].inputs[0], slopes)
            }
        };
        let grids = (self.grid(gaussian), output);
        let layer = MaxPooling::new(pool, grids, slopes, sampling, self.stages.len());
        Ok((gaussian, layer.ok_or_else(|| KernelError::UnsupportedOperation { path: path() })?))
    }

    /// Makes room for a function on a group: the turns of the larger group where one is part of the other.
    ///
    /// # Errors
    /// What was expected, for two groups of which neither is part of the other, and for masked states: an input with itself turned
    /// meets masks of its own there, which pairs do not know.
    fn lift(&mut self, conv: &GroupConv, facts: StateFacts) -> Result<(), &'static str> {
        use SymmetryGroup::{Cyclic, Dihedral, P4, P4m};
        let group = match (self.group, conv.group) {
            _ if facts.is_masked => return Err("no `dropout` in training mode before it"),
            (None, new) => new,
            (Some(old), new) if old == new => return Ok(()),
            (Some(P4), P4m) | (Some(P4m), P4) => P4m,
            (Some(Cyclic(n)), Dihedral(m)) | (Some(Dihedral(n)), Cyclic(m)) if n == m => Dihedral(n),
            _ => {
                return Err(
                    "a group that is part of that of the other `group_lift` layers, or the other way round",
                );
            }
        };
        self.turns = Turn::all(group, self.input, self.channels[0]);
        self.group = Some(group);
        Ok(())
    }

    /// Joins the positions of a state; returns the index of the readout.
    ///
    /// # Errors
    /// [`KernelError::UnsupportedOperation`] for an operation that does not join positions.
    pub(crate) fn read_out(&mut self, node: &Node, state: usize) -> Result<usize, KernelError> {
        let readout = Readout::of(&node.operation)
            .ok_or_else(|| KernelError::UnsupportedOperation { path: node.path.clone() })?;
        self.readouts.push((state, readout));
        Ok(self.readouts.len() - 1)
    }

    /// Merges nonlinearities into the layers before them, and counts what a pair of inputs costs. No layer is added afterwards.
    pub(crate) fn finish(&mut self) {
        self.fuse_nonlinearities();
        if self.wanted.is_none() && self.readouts.iter().all(|(_, readout)| !readout.is_pool()) {
            for stage in &mut self.stages {
                if let SpatialLayer::MaxPooling(pooling) = &mut stage.layer {
                    pooling.separate_windows();
                }
            }
        }
        let mut schedule = Schedule::new(self);
        let mut evaluations = 0.0;
        let mut last: Option<(Vec<bool>, f64)> = None;
        for turn in 0..=self.turns.len() {
            let reads: Vec<bool> =
                self.readouts.iter().map(|(_, readout)| readout.reads_turn(turn)).collect();
            if let Some((_, cost)) = last.as_ref().filter(|(before, _)| *before == reads) {
                // As many numbers as in the turn before.
                evaluations += cost;
                continue;
            }
            let mut of_turn = 0.0;
            schedule.clear();
            for step in self.steps(turn) {
                of_turn += self.evaluations_of(schedule.plan(self, &self.requests(&step)));
            }
            evaluations += of_turn;
            last = Some((reads, of_turn));
        }
        if let Some(state) = self.wanted {
            let requests: Vec<Request> = everything(self.grid(state), state).collect();
            schedule.clear();
            evaluations += self.evaluations_of(schedule.plan(self, &requests));
        }
        self.evaluations_per_pair = evaluations;
        self.slots = schedule.slots().collect();
    }

    /// Pairs of positions that are filled, weighted with the cost of their layers.
    fn evaluations_of(&self, fills: &[Fill]) -> f64 {
        let of_fill = |fill: &Fill| {
            let pairs = pairs_in(self.grid(fill.state), fill.displacement, fill.missing) as f64;
            pairs * fill.state.checked_sub(1).map_or(0.2, |stage| self.stages[stage].cost())
        };
        fills.iter().map(of_fill).sum()
    }

    /// A nonlinearity that alone reads a state without one joins the stage before.
    fn fuse_nonlinearities(&mut self) {
        let mut readers = vec![0; self.states()];
        let ends = self.readouts.iter().map(|(state, _)| state).chain(&self.wanted);
        self.stages.iter().flat_map(|stage| &stage.inputs).chain(ends).for_each(|&state| readers[state] += 1);
        // The new numbers of the states.
        let mut renamed = vec![0; self.states()];
        let mut stages: Vec<Stage> = Vec::with_capacity(self.stages.len());
        let mut channels = vec![self.channels[0]];
        for (index, mut stage) in std::mem::take(&mut self.stages).into_iter().enumerate() {
            let read = stage.inputs[0];
            stage.inputs.iter_mut().for_each(|state| *state = renamed[*state]);
            if matches!(stage.layer, SpatialLayer::Identity)
                && readers[read] == 1
                && let Some(before) = stage.inputs[0].checked_sub(1).map(|before| &mut stages[before])
                && before.nonlinearity.is_none()
            {
                before.nonlinearity = stage.nonlinearity;
                renamed[index + 1] = stage.inputs[0];
            } else {
                stages.push(stage);
                channels.push(self.channels[index + 1]);
                renamed[index + 1] = stages.len();
            }
        }
        self.stages = stages;
        self.channels = channels;
        self.readouts.iter_mut().for_each(|(state, _)| *state = renamed[*state]);
        self.wanted.iter_mut().for_each(|state| *state = renamed[*state]);
    }

    /// The steps of one pair of inputs, the first one turned: readouts on the same grid go through its displacements together.
    pub(super) fn steps(&self, turn: usize) -> impl Iterator<Item = Step> {
        let mut grids: Vec<Grid> = Vec::new();
        let reads = move |&(_, readout): &(usize, Readout)| readout.reads_turn(turn);
        for grid in self.readouts.iter().copied().filter(reads).map(|(state, _)| self.grid(state)) {
            if !grids.contains(&grid) {
                grids.push(grid);
            }
        }
        grids.into_iter().flat_map(move |grid| {
            let here: Vec<usize> = (0..self.readouts.len())
                .filter(|&index| reads(&self.readouts[index]) && self.grid(self.readouts[index].0) == grid)
                .collect();
            let pools: Vec<usize> =
                here.iter().copied().filter(|&index| self.readouts[index].1.is_pool()).collect();
            let steps = if pools.is_empty() { 1 } else { grid.len() };
            grid.positions().take(steps).map(move |position| Step {
                displacement: position.map(|distance| distance as isize),
                readouts: if position == [0; 3] { here.clone() } else { pools.clone() },
            })
        })
    }

    /// What the readouts of a step ask for.
    pub(super) fn requests(&self, step: &Step) -> Vec<Request> {
        let ask = |&index: &usize| {
            let (state, readout) = self.readouts[index];
            Request { state, displacement: step.displacement, pieces: readout.pieces() }
        };
        step.readouts.iter().map(ask).collect()
    }

    /// For how many steps the slices of a state stay after they were read.
    pub(super) fn keep(&self, state: usize) -> usize {
        if state.checked_sub(1).is_some_and(|stage| self.stages[stage].reads_everything()) {
            return usize::MAX;
        }
        let shared = self.stages.iter().any(|stage| stage.shares_slices() && stage.inputs.contains(&state));
        if !shared {
            return 0;
        }
        // The next row of displacements reads them again.
        let row = |grid: Grid| grid.len() / grid.0.iter().find(|&&extent| extent > 1).unwrap_or(&1);
        let rows = self.readouts.iter().map(|&(state, _)| row(self.grid(state)));
        rows.max().unwrap_or(1) + 1
    }

    /// Pairs of positions at which a layer is evaluated for one pair of inputs, summed over the states, weighted with the
    /// cost of the layer relative to a nonlinearity.
    pub(crate) fn evaluations_per_pair(&self) -> f64 {
        self.evaluations_per_pair
    }

    /// Whether a pair of inputs takes more time than setting the terms of two inputs side by side in lanes.
    pub(crate) fn outweighs_terms<T: Real>(&self) -> bool {
        let numbers = self.prepared_bytes::<T>() as f64 / size_of::<T>() as f64;
        self.evaluations_per_pair > 2.0 * numbers
    }

    /// Bytes that one thread needs for the slices of a group of pairs.
    pub(crate) fn scratch_bytes<T: Real>(&self, with_ntk: bool) -> u64 {
        let numbers: usize = (0..self.states())
            .zip(&self.slots)
            .map(|(state, slots)| {
                let kept = 1 + usize::from(with_ntk && self.has_ntk(state));
                // Attention holds matrices of all pairs besides.
                let matrices = match state.checked_sub(1).map(|stage| &self.stages[stage]) {
                    Some(Stage { layer: SpatialLayer::SampledAttention(_), .. }) => MATRICES_HELD,
                    Some(stage) if stage.reads_everything() => 3,
                    _ => 0,
                };
                (slots * kept + matrices * self.grid(state).len()) * self.grid(state).len()
            })
            .sum();
        (numbers * T::LANES * size_of::<T>()) as u64
    }

    /// Inputs whose terms one thread copies: side by side in lanes, and turned. Where the rows of a symmetric matrix meet themselves, both sides
    /// have lanes.
    pub(crate) fn inputs_copied<T: Real>(&self, symmetric: bool) -> u64 {
        let turned = u64::from(!self.turns.is_empty());
        let lanes = T::LANES as u64;
        if symmetric && self.outweighs_terms::<T>() { (2 + turned) * lanes } else { lanes + turned }
    }

    /// Bytes that are kept for one input.
    pub(crate) fn prepared_bytes<T: Real>(&self) -> u64 {
        let input = self.input.len() * self.channels[0] * size_of::<T>();
        let states: usize = (0..self.states())
            .map(|state| {
                let positions = self.grid(state).len();
                let weights = match state.checked_sub(1).map(|stage| &self.stages[stage].layer) {
                    Some(SpatialLayer::Attention(_)) => positions * (positions + 5),
                    Some(SpatialLayer::MaxPooling(pooling)) => {
                        pooling.numbers_kept() * size_of::<f64>() / size_of::<T>()
                    }
                    Some(SpatialLayer::SampledAttention(attention)) => {
                        attention.numbers_kept() * size_of::<f64>() / size_of::<T>()
                    }
                    Some(SpatialLayer::SqrtAttention(_)) => 3 * Terms::<T>::PER_POINT * positions,
                    Some(
                        SpatialLayer::Pooling(_) | SpatialLayer::Resampling(_) | SpatialLayer::Aggregation(_),
                    ) => 5 * positions,
                    Some(SpatialLayer::LayerNorm { .. } | SpatialLayer::Dropout { .. }) => positions,
                    _ => 0,
                };
                // Variances and tangent kernels in `f64`; terms before and after a nonlinearity.
                let terms = 2 * Terms::<T>::PER_POINT * positions;
                16 * positions + (terms + weights) * size_of::<T>() + size_of::<StateTerms<T>>()
            })
            .sum();
        let readouts = self.readouts.len() * size_of::<(ReadoutTerms, [f64; 8])>();
        (size_of::<SpatialTerms<T>>() + input + states + readouts) as u64
    }
}

/// The slopes of a piecewise linear nonlinearity.
fn slopes_of(activation: Activation) -> Option<Slopes> {
    let (below, above) = match activation {
        Activation::Relu => (0.0, 1.0),
        Activation::LeakyRelu { alpha } => (alpha, 1.0),
        Activation::AbRelu { a, b } => (a, b),
        Activation::Abs => (-1.0, 1.0),
        _ => return None,
    };
    Some(Slopes { below, above })
}

fn pooling(
    pool: &Pool,
    (input, output): (Grid, Grid),
    divisors: Option<impl Fn([usize; 3]) -> usize>,
) -> Option<SpatialLayer> {
    Some(SpatialLayer::Pooling(Pooling::new(pool, input, output, divisors)?))
}

/// Positions whose variances are averaged form a group: they differ along normalised axes only.
fn layer_norm(norm: &LayerNorm, grid: Grid, rank: usize) -> SpatialLayer {
    let groups = grid.positions().map(|mut position| {
        norm.spatial_axes.iter().for_each(|axis| position[axis + 3 - rank] = 0);
        grid.index(position)
    });
    SpatialLayer::LayerNorm { groups: groups.collect(), epsilon: norm.epsilon }
}

/// All slices of a state.
pub(super) fn everything(grid: Grid, state: usize) -> impl Iterator<Item = Request> {
    grid.positions().map(move |position| Request {
        state,
        displacement: position.map(|distance| distance as isize),
        pieces: Pieces::ALL,
    })
}
