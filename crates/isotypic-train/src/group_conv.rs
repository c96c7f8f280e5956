//! Convolutions on the plane with quarter turns (p4), and mirror images (p4m), as ordinary convolutions of filters that are turned.
//!
//! A feature map on the group has one plane for every turn $h$. With filters $\psi$, $f$ the input and $k$ over the taps,
//! $\text{out}_w(x, h) = \sum_{k, c, g} f_c(x + k, g)\, \psi_{w c}(h^{-1} k, h^{-1} g)$ (Cohen & Welling 2016, arXiv 1602.07576), so one trained
//! filter serves all turns: the expanded weights are entries of the trained ones, by a table of indices.

use burn_tensor::{Int, Tensor, TensorData};
use serde::Serialize;

use crate::PointGroup;

/// A convolution that commutes with the turns of its group; zeros beyond the border, stride 1.
///
/// Channels of feature maps on the group are counted with the turn fastest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupConv {
    /// The turns.
    pub group: PointGroup,
    /// Extent of the square filter, odd.
    pub extent: usize,
    /// Channels of the input, on the group: planes divided by its order. For an image its channels.
    pub input_width: usize,
    /// Whether the input is an image, without turns.
    pub lifts: bool,
    /// Channels of the output on the group.
    pub width: usize,
}

impl GroupConv {
    /// Planes of the input.
    pub(crate) fn input_planes(&self) -> usize {
        self.input_width * self.input_turns()
    }

    /// Planes of the output.
    pub(crate) fn output_planes(&self) -> usize {
        self.width * self.group.order()
    }

    fn input_turns(&self) -> usize {
        if self.lifts { 1 } else { self.group.order() }
    }

    /// Values that one output reads: taps, channels and turns.
    pub(crate) fn fan_in(&self) -> usize {
        self.extent * self.extent * self.input_planes()
    }

    /// Where each entry of the expanded weights `[fan-in, output planes]` stands among the trained `[fan-in, width]`.
    fn table(&self) -> Vec<i64> {
        let (order, turns) = (self.group.order(), self.input_turns());
        let mut table = Vec::with_capacity(self.fan_in() * self.output_planes());
        for tap in 0..self.extent * self.extent {
            for channel in 0..self.input_width {
                for turn in 0..turns {
                    for w in 0..self.width {
                        for h in 0..order {
                            let inverse = self.group.quotient(h, 0);
                            let own_tap = self.group.moved(inverse, tap, self.extent);
                            let own_turn = if self.lifts { 0 } else { self.group.quotient(h, turn) };
                            let fan_in = (own_tap * self.input_width + channel) * turns + own_turn;
                            table.push((fan_in * self.width + w) as i64);
                        }
                    }
                }
            }
        }
        table
    }

    /// Weights `[members, fan-in, output planes]` and biases `[members, 1, output planes]` of the ordinary convolution.
    pub(crate) fn expanded(&self, weights: &Tensor<3>, biases: &Tensor<3>) -> [Tensor<3>; 2] {
        let members = weights.dims()[0];
        let pick = |values: &Tensor<3>, table: Vec<i64>, rows: usize| {
            let [_, first, second] = values.dims();
            let count = table.len();
            let indices = Tensor::<1, Int>::from_data(TensorData::new(table, [count]), &values.device());
            let flat = values.clone().reshape([members, first * second]);
            flat.select(1, indices).reshape([members, rows, self.output_planes()])
        };
        let repeated = (0..self.output_planes()).map(|plane| (plane / self.group.order()) as i64).collect();
        [pick(weights, self.table(), self.fan_in()), pick(biases, repeated, 1)]
    }
}

/// The mean over all turns, each plane turned back: what is left is invariant under turns of the image, and knows positions.
///
/// $\text{out}_w(x) = \frac{1}{|H|} \sum_h f_w(h x, h)$ about the centre of the square.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupMean {
    /// The turns.
    pub group: PointGroup,
}

impl GroupMean {
    /// `[batch, positions, width]` from `[batch, positions, width · order]` on a square of this side.
    pub(crate) fn of(&self, values: Tensor<3>, side: usize) -> Tensor<3> {
        let [batch, positions, planes] = values.dims();
        let (order, mut table) = (self.group.order(), Vec::with_capacity(positions * planes));
        for position in 0..positions {
            for plane in 0..planes {
                let from = self.group.moved(plane % order, position, side);
                table.push((from * planes + plane) as i64);
            }
        }
        let count = table.len();
        let indices = Tensor::<1, Int>::from_data(TensorData::new(table, [count]), &values.device());
        let turned_back = values.reshape([batch, positions * planes]).select(1, indices);
        turned_back.reshape([batch, positions * planes / order, order]).mean_dim(2).reshape([
            batch,
            positions,
            planes / order,
        ])
    }
}
