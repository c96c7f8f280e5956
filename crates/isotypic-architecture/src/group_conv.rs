//! Convolutions over a group in their checked form, and what they read.
//!
//! With the elements $g = (p, t)$, turn $t$ first and then the shift by $p$ (Cohen & Welling 2016, arXiv 1602.07576; at infinite width
//! Misof, Kessel & Gerken 2025, arXiv 2406.06504):
//!
//! - lifting: $f'(p, t) = \sum_q w(q)\, x(p + t q)$,
//! - group to group: $f'(p, t) = \sum_{q, u} w(q, u)\, f(p + t q, t u)$,
//!
//! where $q$ runs over a square filter about 0. Both give the moved output for a moved input. On vectors there are no shifts:
//! $f'(g) = \sum_i w(i)\, x(g i)$ over all points and $f'(g) = \sum_h w(h)\, f(g h)$ over all elements.

use ndarray::Array2;
use serde::Serialize;

use crate::{LayerParameterization, SymmetryGroup};

/// A checked `group_lift` or `group_conv` layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupConv {
    /// The group of the output, and of the input of `group_conv`.
    pub group: SymmetryGroup,
    /// Side of the square filter in positions, odd; `None` on vectors, where filters cover the whole group.
    pub side: Option<usize>,
    /// Number of places under one filter: of positions or points for `group_lift`, times the number of turns for `group_conv`
    /// on images, the order of the group for `group_conv` on vectors.
    pub taps: usize,
    /// Number of input channels at each place.
    pub channels: usize,
    /// $\sigma_w^2$, positive and finite.
    pub weight_variance: f64,
    /// $\sigma_b^2$, finite and not negative; `None` for a layer without biases.
    pub bias_variance: Option<f64>,
    /// The scaling of the trained parameters.
    pub parameterization: LayerParameterization,
    /// Number of output channels.
    pub width: usize,
}

impl GroupConv {
    /// For every output place (rows) and tap (columns) the input place that is read.
    ///
    /// Places are counted in C order of a shape without its channels, for `group_lift` on vectors those of `[points]`. Taps run over the
    /// positions of the filter in C order, or over points, and within each over the turns where the input has them.
    ///
    /// # Shapes
    /// - `input_shape`: that of the node; it tells `group_lift` from `group_conv`
    /// - result: `[output places, taps]`
    #[must_use]
    pub fn sources(&self, input_shape: &[usize]) -> Array2<usize> {
        let group = self.group;
        let turns = group.turns();
        let Some(side) = self.side else {
            return match input_shape.len() {
                1 => Array2::from_shape_fn((turns, self.taps), |(g, point)| group.turned_point(g, point)),
                _ => Array2::from_shape_fn((turns, self.taps), |(g, h)| group.multiply(g, h)),
            };
        };
        let (height, width) = (input_shape[0], input_shape[1]);
        // Turns of the input: of an image only one.
        let inner = if input_shape.len() == 3 { 1 } else { turns };
        let wrapped = |at: usize, offset: isize, length: usize| {
            (at as isize + offset).rem_euclid(length as isize) as usize
        };
        let before = (side / 2) as isize;
        Array2::from_shape_fn((height * width * turns, self.taps), |(place, tap)| {
            let (position, turn) = (place / turns, place % turns);
            let (offset, inner_turn) = (tap / inner, tap % inner);
            let offset = [(offset / side) as isize - before, (offset % side) as isize - before];
            let [dy, dx] = group.turned_offset(turn, offset);
            let (y, x) = (wrapped(position / width, dy, height), wrapped(position % width, dx, width));
            let read_turn = if inner == 1 { 0 } else { group.multiply(turn, inner_turn) };
            (y * width + x) * inner + read_turn
        })
    }
}
