//! A small residual network with batch normalisation, node by node (He et al. 2016, arXiv 1512.03385).

use isotypic_architecture::{Conv, LayerParameterization, Operation, Padding};

use crate::paper_networks::Chain;
use crate::{BatchNorm, ChannelScale, NetworkOperation};

/// Channels of the groups; all but the first begin with strides of 2.
const WIDTHS: [usize; 3] = [16, 32, 64];

/// As in PyTorch.
const BATCH_NORM: BatchNorm = BatchNorm { epsilon: 1e-5, momentum: 0.1 };

impl Chain {
    /// All nodes after the input, an image `[height, width, channels]`.
    pub(crate) fn residual_network(&mut self, outputs: usize) {
        self.normalised_conv(3, WIDTHS[0], 1);
        self.relu();
        for (at, width) in WIDTHS.into_iter().enumerate() {
            self.block(width, if at == 0 { 1 } else { 2 });
        }
        self.layer(Operation::GlobalAvgPool, Some(vec![WIDTHS[2]]));
        self.dense(outputs, true);
    }

    /// Two convolutions beside a shortcut, which is a convolution of single pixels where shapes change.
    fn block(&mut self, width: usize, stride: usize) {
        let start = self.nodes.len() - 1;
        let shortcut = match stride {
            1 => start,
            _ => {
                self.normalised_conv(1, width, stride);
                self.nodes.len() - 1
            }
        };
        self.from = Some(start);
        self.normalised_conv(3, width, stride);
        self.relu();
        self.normalised_conv(3, width, 1);
        self.plus(shortcut);
        self.relu();
    }

    /// A convolution without biases, padded with zeros on both sides, and batch normalisation with trained factors and summands.
    fn normalised_conv(&mut self, extent: usize, width: usize, stride: usize) {
        let shape = self.shape();
        let conv = Conv {
            filter: vec![extent; 2],
            strides: vec![stride; 2],
            dilation: vec![1; 2],
            padding: Padding::Same,
            pad_before: vec![extent / 2; 2],
            weight_variance: 1.0,
            bias_variance: None,
            parameterization: LayerParameterization::Standard { input_width: shape[2] as f64 },
            width,
        };
        let output = vec![(shape[0] - 1) / stride + 1, (shape[1] - 1) / stride + 1, width];
        self.layer(Operation::Conv(conv), Some(output.clone()));
        self.push(NetworkOperation::BatchNorm(BATCH_NORM), "batch_norm", output.clone());
        self.push(NetworkOperation::ChannelScale(ChannelScale), "channel_scale", output);
    }
}
