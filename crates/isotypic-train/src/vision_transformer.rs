//! The vision transformer of the paper (Perin & Deny, JMLR 2025, arXiv 2412.11521), node by node.

use isotypic_architecture::{Activation, LayerNorm, Operation};

use crate::paper_networks::Chain;
use crate::{ChannelScale, HeadedAttention, NetworkOperation, Patches, SinCosPositions, TrainError};

const SIDE: usize = 4;
const CHANNELS: usize = 256;
const BLOCKS: usize = 2;
const HEADS: usize = 4;
const HEAD_WIDTH: usize = 64;
const HIDDEN: usize = 256;

/// Of layer normalisation, as in PyTorch.
const EPSILON: f64 = 1e-5;

impl Chain {
    /// All nodes after the input, an image `[height, width, channels]`.
    pub(crate) fn vision_transformer(&mut self, outputs: usize) -> Result<(), TrainError> {
        let shape = self.shape();
        if !shape[0].is_multiple_of(SIDE) || !shape[1].is_multiple_of(SIDE) {
            return Err(TrainError::Mismatch {
                what: "images of network `paper-vit`",
                expected: format!("sides that are multiples of {SIDE}"),
                got: format!("{}×{}", shape[0], shape[1]),
            });
        }
        let extents = [shape[0] / SIDE, shape[1] / SIDE];
        let patches = vec![extents[0] * extents[1], SIDE * SIDE * shape[2]];
        self.push(NetworkOperation::Patches(Patches { side: SIDE }), "patches", patches);
        self.normalized();
        self.dense(CHANNELS, true);
        self.normalized();
        let with_positions = self.shape();
        self.push(
            NetworkOperation::SinCosPositions(SinCosPositions { extents }),
            "positions",
            with_positions,
        );
        for _ in 0..BLOCKS {
            let start = self.nodes.len() - 1;
            self.normalized();
            let attention = HeadedAttention { heads: HEADS, head_width: HEAD_WIDTH };
            let shape = self.shape();
            self.push(NetworkOperation::HeadedAttention(attention), "attention", shape);
            self.plus(start);
            let start = self.nodes.len() - 1;
            self.normalized();
            self.dense(HIDDEN, true);
            self.layer(Operation::Activation(Activation::Gelu { approximate: false }), None);
            self.dense(CHANNELS, true);
            self.plus(start);
        }
        self.normalized();
        self.layer(Operation::GlobalAvgPool, Some(vec![CHANNELS]));
        self.dense(outputs, true);
        Ok(())
    }

    /// Layer normalisation over channels with trained factors and summands.
    fn normalized(&mut self) {
        let norm = LayerNorm { spatial_axes: vec![], epsilon: EPSILON };
        self.layer(Operation::LayerNorm(norm), None);
        let shape = self.shape();
        self.push(NetworkOperation::ChannelScale(ChannelScale), "channel_scale", shape);
    }

    /// The sum with an earlier node.
    pub(crate) fn plus(&mut self, earlier: usize) {
        self.layer(Operation::Sum, None);
        let last = self.nodes.len() - 1;
        self.nodes[last].inputs.push(earlier);
    }
}
