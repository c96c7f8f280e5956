//! The spatial layers in topological order, and where positions are joined.
//!
//! State 0 is the input, state `k` the output of stage `k − 1`. A stage may read any earlier state, and a state may have several
//! readers.

mod costs;
mod layers;

use isotypic_architecture::{Activation, Node, SymmetryGroup};

use super::displacement::{Displacement, Pieces};
use super::grid::Grid;
use super::readout::Readout;
use super::schedule::{Fill, Request, Schedule};
use super::stage::{SpatialLayer, Stage, pairs_in};
use super::turn::Turn;
use crate::KernelError;
use crate::monte_carlo::Sampling;

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
}

/// All slices of a state.
pub(super) fn everything(grid: Grid, state: usize) -> impl Iterator<Item = Request> {
    grid.positions().map(move |position| Request {
        state,
        displacement: position.map(|distance| distance as isize),
        pieces: Pieces::ALL,
    })
}
