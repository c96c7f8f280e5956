//! One layer of the spatial part, with the nonlinearity after it.

use super::aggregation::Aggregation;
use super::attention::Attention;
use super::concatenation::Concatenation;
use super::convolution::Convolution;
use super::displacement::{Displacement, Piece, Pieces};
use super::grid::Grid;
use super::max_pooling::MaxPooling;
use super::pooling::Pooling;
use super::resampling::Resampling;
use super::sampled_attention::SampledAttention;
use super::schedule::Request;
use super::sqrt_attention::SqrtAttention;
use crate::cost::SPATIAL_LAYER;
use crate::nonlinearity::Nonlinearity;

/// What a stage does before its nonlinearity.
#[derive(Debug)]
pub(crate) enum SpatialLayer {
    /// Nothing.
    Identity,
    /// What is given for all pairs of inputs; by its number.
    Given(usize),
    /// A convolution or a dense layer.
    Convolution(Convolution),
    /// A convolution with weights of its own at every position.
    Local(Convolution),
    /// Positions taken, or interpolated between, axis by axis.
    Resampling(Resampling),
    /// Weighted sums over predecessors in a graph.
    Aggregation(Aggregation),
    /// Local means or sums.
    Pooling(Pooling),
    /// Local maxima, sampled.
    MaxPooling(MaxPooling),
    /// A sum of states with these weights.
    Combination(Vec<f64>),
    /// The product of states.
    Product,
    /// States joined along a spatial axis.
    Concatenation(Concatenation),
    /// Layer normalisation.
    LayerNorm {
        /// For every position the group of positions whose variances are averaged.
        groups: Vec<usize>,
        /// $\varepsilon$.
        epsilon: f64,
    },
    /// Dropout with independent masks.
    Dropout {
        /// The probability with which a value is kept.
        keep_rate: f64,
    },
    /// Attention with deterministic weights.
    Attention(Attention),
    /// Attention with random weights.
    SqrtAttention(SqrtAttention),
    /// Attention with random weights behind a softmax, sampled.
    SampledAttention(SampledAttention),
}

/// A layer and the nonlinearity after it.
#[derive(Debug)]
pub(crate) struct Stage {
    /// The states it reads, all earlier.
    pub(crate) inputs: Vec<usize>,
    pub(crate) output: Grid,
    pub(crate) layer: SpatialLayer,
    pub(crate) nonlinearity: Option<Box<dyn Nonlinearity>>,
    /// Whether the tangent kernel of the output is not always 0: some weights come before.
    pub(super) has_ntk: bool,
    /// The same of the states it reads.
    pub(super) reads_ntk: bool,
}

impl Stage {
    /// Whether a slice of the output depends on all slices of the inputs, so that all are computed at once.
    pub(super) fn reads_everything(&self) -> bool {
        matches!(
            self.layer,
            SpatialLayer::Attention(_)
                | SpatialLayer::SqrtAttention(_)
                | SpatialLayer::SampledAttention(_)
                | SpatialLayer::Aggregation(_)
        )
    }

    /// Whether different slices of the output read the same slices of the input.
    pub(super) fn shares_slices(&self) -> bool {
        match &self.layer {
            SpatialLayer::Pooling(_) | SpatialLayer::MaxPooling(_) => true,
            SpatialLayer::Resampling(resampling) => resampling.interpolates(),
            SpatialLayer::Convolution(convolution) => !convolution.taps.reads_disjoint_slices(),
            _ => false,
        }
    }

    /// What is filled when some pieces are missing.
    pub(super) fn completed(&self, missing: Pieces) -> Pieces {
        match &self.layer {
            SpatialLayer::Convolution(convolution) if convolution.sums_whole_slices(missing) => Pieces::ALL,
            _ => missing,
        }
    }

    /// Asks for what the missing pieces of one output slice read.
    pub(super) fn ask(&self, displacement: Displacement, missing: Pieces, ask: &mut dyn FnMut(Request)) {
        let pieces = |grid: Grid| missing.in_slice(grid, displacement);
        match &self.layer {
            SpatialLayer::Convolution(convolution) => {
                let state = self.inputs[0];
                if convolution.sums_whole_slices(missing) {
                    ask(Request { state, displacement, pieces: Pieces::ALL });
                } else {
                    for piece in pieces(self.output) {
                        if let Some((displacement, pieces)) = convolution.taps.reads_at_one_tap(piece.shift) {
                            ask(Request { state, displacement, pieces });
                        }
                    }
                }
            }
            SpatialLayer::Local(convolution) => {
                if displacement == [0; 3] {
                    let (displacement, pieces) = convolution.taps.reads(displacement, [0; 3]);
                    ask(Request { state: self.inputs[0], displacement, pieces });
                }
            }
            SpatialLayer::Resampling(resampling) => {
                for piece in pieces(self.output) {
                    for (displacement, pieces) in resampling.reads(piece.shift) {
                        ask(Request { state: self.inputs[0], displacement, pieces });
                    }
                }
            }
            SpatialLayer::Pooling(pooling) => {
                for piece in pieces(self.output) {
                    for (displacement, pieces) in pooling.reads(piece) {
                        ask(Request { state: self.inputs[0], displacement, pieces });
                    }
                }
            }
            SpatialLayer::MaxPooling(pooling) => {
                for piece in pieces(self.output) {
                    for (displacement, pieces) in pooling.reads(piece) {
                        ask(Request { state: self.inputs[0], displacement, pieces });
                    }
                }
            }
            SpatialLayer::Concatenation(concatenation) => {
                for piece in pieces(self.output) {
                    concatenation.reads(piece, &self.inputs, ask);
                }
            }
            SpatialLayer::Given(_) => {}
            SpatialLayer::Identity
            | SpatialLayer::Combination(_)
            | SpatialLayer::Product
            | SpatialLayer::LayerNorm { .. }
            | SpatialLayer::Dropout { .. } => {
                for &state in &self.inputs {
                    ask(Request { state, displacement, pieces: missing });
                }
            }
            SpatialLayer::Attention(_)
            | SpatialLayer::SqrtAttention(_)
            | SpatialLayer::SampledAttention(_)
            | SpatialLayer::Aggregation(_) => {
                unreachable!("layers that read everything are asked all at once")
            }
        }
    }

    /// Pairs of positions that are visited for one pair of the output, by the price of a nonlinearity.
    pub(super) fn cost(&self) -> f64 {
        let layer = match &self.layer {
            SpatialLayer::Convolution(convolution) => 0.1 * convolution.additions_per_position() as f64,
            SpatialLayer::Pooling(pooling) => 0.1 * pooling.additions_per_position() as f64,
            SpatialLayer::MaxPooling(pooling) => pooling.nanoseconds_per_pair() / SPATIAL_LAYER,
            SpatialLayer::Resampling(resampling) => 0.3 * resampling.products_per_pair(),
            SpatialLayer::Aggregation(aggregation) => 0.4 * aggregation.products_per_pair(),
            SpatialLayer::Attention(attention) => 0.4 * attention.grid.len() as f64,
            SpatialLayer::SqrtAttention(_) => 1.0,
            SpatialLayer::SampledAttention(attention) => attention.nanoseconds_per_pair() / SPATIAL_LAYER,
            SpatialLayer::Identity => 0.0,
            _ => 0.5,
        };
        layer + self.nonlinearity.as_ref().map_or(1.0, |nonlinearity| nonlinearity.cost())
    }
}

/// The number of pairs of positions in some pieces of one slice.
pub(super) fn pairs_in(grid: Grid, displacement: Displacement, pieces: Pieces) -> usize {
    let size = |piece: Piece| (0..3).map(|axis| piece.end[axis] - piece.start[axis]).product::<usize>();
    pieces.in_slice(grid, displacement).map(size).sum()
}
