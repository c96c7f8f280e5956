//! What a vision transformer has beside layers of architectures: patches, fixed positions, trained scales, attention with one matrix.

use burn_tensor::{Tensor, activation};
use isotypic_architecture::LayerParameterization;
use serde::Serialize;

use crate::Precision;
use crate::affine::{AffineFactors, affine};
use crate::attention_heads::attention_heads;
use crate::probes::Probes;

/// Products as they are, without biases.
const PLAIN: AffineFactors = (1.0, None, LayerParameterization::Standard { input_width: 1.0 });

/// Squares of an image as positions: all their pixels become channels, the last axis of the square and then the channels fastest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Patches {
    /// Side of the squares, in pixels.
    pub side: usize,
}

/// Fixed embeddings of positions, added: sines and cosines of row and column at frequencies from 1 to 1/10,000 (Beyer et al. 2022,
/// arXiv 2205.01580).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SinCosPositions {
    /// Rows and columns of positions.
    pub extents: [usize; 2],
}

/// A trained factor and a trained summand for each channel, as follow layer normalisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChannelScale;

/// Softmax attention (Vaswani et al. 2017, arXiv 1706.03762): queries, keys and values from one matrix without biases, another joins
/// the heads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeadedAttention {
    /// Number of heads.
    pub heads: usize,
    /// Channels of queries, keys and values in each.
    pub head_width: usize,
}

impl SinCosPositions {
    /// `[1, positions, channels]`; a quarter of the channels each for sine and cosine of the column and of the row.
    pub(crate) fn table(&self, channels: usize) -> Vec<f64> {
        let quarter = channels / 4;
        let frequency = |at: usize| {
            let part = if quarter > 1 { at as f64 / (quarter - 1) as f64 } else { 0.0 };
            libm::pow(10_000.0, -part)
        };
        let mut table = Vec::new();
        for position in 0..self.extents[0] * self.extents[1] {
            let (row, column) = ((position / self.extents[1]) as f64, (position % self.extents[1]) as f64);
            for of in [libm::sin, libm::cos] {
                table.extend((0..quarter).map(|at| of(column * frequency(at))));
            }
            for of in [libm::sin, libm::cos] {
                table.extend((0..quarter).map(|at| of(row * frequency(at))));
            }
        }
        table
    }

    /// Values with the table added.
    pub(crate) fn added(&self, values: Tensor<3>, precision: Precision) -> Tensor<3> {
        let [_, positions, channels] = values.dims();
        let device = values.device();
        values + precision.tensor(self.table(channels), [1, positions, channels], &device)
    }
}

impl ChannelScale {
    /// `own`: factors and summands `[members, 1, channels]`.
    pub(crate) fn of(&self, own: &[Tensor<3>], values: Tensor<3>) -> Tensor<3> {
        let [batch, positions, channels] = values.dims();
        let members = own[0].dims()[0];
        let rows = values.reshape([members, batch / members * positions, channels]);
        (rows * own[0].clone() + own[1].clone()).reshape([batch, positions, channels])
    }
}

impl HeadedAttention {
    /// `own`: `[members, channels, 3 · heads · width]` and `[members, heads · width, channels]`.
    pub(crate) fn of(&self, own: &[Tensor<3>], values: Tensor<3>) -> Tensor<3> {
        let (channels, joined) = (values.dims()[2], self.heads * self.head_width);
        let all = affine(own, values, channels, PLAIN, &mut Probes::none());
        let heads = attention_heads(&all, self.heads).unwrap_or_else(|| self.composed_heads(all));
        let own = [own[1].clone()];
        affine(&own, heads, joined, PLAIN, &mut Probes::none())
    }

    /// The outputs of all heads by tensor operations, on every device: `[batch, positions, heads · width]`.
    pub(crate) fn composed_heads(&self, all: Tensor<3>) -> Tensor<3> {
        let ([batch, positions, _], joined) = (all.dims(), self.heads * self.head_width);
        let part = |place: usize| -> Tensor<4> {
            let own = all.clone().slice([0..batch, 0..positions, place * joined..(place + 1) * joined]);
            own.reshape([batch, positions, self.heads, self.head_width]).swap_dims(1, 2)
        };
        let logits = part(0).matmul(part(1).swap_dims(2, 3)) * (1.0 / (self.head_width as f64).sqrt());
        let heads = activation::softmax(logits, 3).matmul(part(2)).swap_dims(1, 2);
        heads.reshape([batch, positions, joined])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_have_sines_and_cosines_of_column_and_row() {
        let table = SinCosPositions { extents: [2, 3] }.table(8);
        assert_eq!(table.len(), 48);
        // Position (1, 2): column 2, row 1, frequencies 1 and 1/10,000.
        let expected = [
            2.0_f64.sin(),
            2e-4_f64.sin(),
            2.0_f64.cos(),
            2e-4_f64.cos(),
            1.0_f64.sin(),
            1e-4_f64.sin(),
            1.0_f64.cos(),
            1e-4_f64.cos(),
        ];
        for (got, expected) in table[40..].iter().zip(expected) {
            assert!((got - expected).abs() < 1e-15, "{got}, {expected}");
        }
    }
}
