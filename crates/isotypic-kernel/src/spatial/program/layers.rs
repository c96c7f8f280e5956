//! What becomes of a node of the graph: one stage of the program, or a refusal that names the node.

use isotypic_architecture::{
    Activation, AttentionScaling, ConcatAxis, GroupConv, LayerNorm, Node, Operation, Pool, SelfAttention,
    SymmetryGroup,
};

use super::{SpatialProgram, StateFacts};
use crate::KernelError;
use crate::affine::Affine;
use crate::nonlinearity::from_operation;
use crate::spatial::aggregation::Aggregation;
use crate::spatial::attention::Attention;
use crate::spatial::concatenation::Concatenation;
use crate::spatial::convolution::Convolution;
use crate::spatial::grid::Grid;
use crate::spatial::max_pooling::MaxPooling;
use crate::spatial::maxima::Slopes;
use crate::spatial::pooling::Pooling;
use crate::spatial::resampling::Resampling;
use crate::spatial::sampled_attention::SampledAttention;
use crate::spatial::sqrt_attention::SqrtAttention;
use crate::spatial::stage::{SpatialLayer, Stage};
use crate::spatial::turn::Turn;

/// The largest number of positions under a pooling window: all pairs of them are listed.
const LARGEST_WINDOW: usize = 1 << 11;

/// The same of maxima, which are sampled jointly with those of another window.
const LARGEST_SAMPLED_WINDOW: usize = 1 << 6;

/// The largest number of positions of attention whose weights are sampled: work grows with the cube.
const MOST_SAMPLED_POSITIONS: usize = 1 << 8;

/// The largest number of positions: layers may make far more of them than an input has.
const MOST_POSITIONS: usize = 1 << 26;

impl SpatialProgram {
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
                has_ntk = true;
                self.self_attention(node, attention, state, extents)?
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

    /// An attention layer; how depends on what its weights are scaled by.
    fn self_attention(
        &self,
        node: &Node,
        attention: &SelfAttention,
        state: usize,
        extents: &[usize],
    ) -> Result<SpatialLayer, KernelError> {
        let (input, channels, path) = (self.grid(state), self.channels[state], || node.path.clone());
        match attention.scaling {
            AttentionScaling::Linear => {
                Ok(SpatialLayer::Attention(Attention::new(attention, input, extents, channels)))
            }
            AttentionScaling::Sqrt if attention.has_random_softmax() => {
                let instead = "`scaling = \"linear\"`";
                let needs_sampling = || KernelError::NeedsSampling { path: path(), instead };
                let sampling = self.sampling.ok_or_else(needs_sampling)?;
                if input.len() > MOST_SAMPLED_POSITIONS {
                    let (positions, limit) = (input.len(), MOST_SAMPLED_POSITIONS);
                    return Err(KernelError::TooManyPositions { path: path(), positions, limit });
                }
                let (shape, layer) = ((extents, channels), self.stages.len());
                let layer = SampledAttention::new(attention, input, shape, sampling, layer);
                Ok(SpatialLayer::SampledAttention(layer))
            }
            AttentionScaling::Sqrt => {
                let layer = SqrtAttention::new(attention, input, extents, channels);
                let layer = layer.ok_or_else(|| KernelError::UnsupportedOperation { path: path() })?;
                Ok(SpatialLayer::SqrtAttention(layer))
            }
        }
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
