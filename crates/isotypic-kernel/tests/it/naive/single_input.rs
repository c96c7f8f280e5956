//! Layer normalisation and dropout.

use isotypic_architecture::{Dropout, DropoutMode, LayerNorm};

use super::Pair;
use super::windows::positions;

/// $\Sigma_{pq} / \sqrt{(v_x(p) + \varepsilon)(v_y(q) + \varepsilon)}$ and $\Theta$ alike, with $v(p)$ the mean of the variances
/// of all positions that differ from $p$ along the normalised spatial axes only.
pub(super) fn layer_norm(state: &Pair, of_x: &Pair, of_y: &Pair, norm: &LayerNorm) -> Pair {
    let coordinates = positions(&state.extents);
    let lengths = |itself: &Pair| -> Vec<f64> {
        let together = |p: &[usize], q: &[usize]| {
            (0..p.len()).all(|axis| norm.spatial_axes.contains(&axis) || p[axis] == q[axis])
        };
        let length = |p: &Vec<usize>| {
            let joined: Vec<usize> =
                (0..coordinates.len()).filter(|&q| together(p, &coordinates[q])).collect();
            let sum: f64 = joined.iter().map(|&q| itself.covariance[[q, q]]).sum();
            (sum / joined.len() as f64 + norm.epsilon).sqrt()
        };
        coordinates.iter().map(length).collect()
    };
    let (x, y) = (lengths(of_x), lengths(of_y));
    state.map(&state.extents, |matrix| {
        let mut matrix = matrix.clone();
        // One rounding of the whole divisor, so that a point with itself is divided by the square of its length.
        matrix.indexed_iter_mut().for_each(|((p, q), value)| *value /= x[p] * y[q]);
        matrix
    })
}

/// In training a value that meets itself under one mask has its second moment divided by the keep rate. Different forward
/// passes and different positions have independent masks of mean 1.
pub(super) fn dropout(state: &Pair, dropout: &Dropout, with_itself: bool) -> Pair {
    let keep_rate = if dropout.mode == DropoutMode::Train && with_itself { dropout.keep_rate } else { 1.0 };
    state.map(&state.extents, |matrix| {
        let mut matrix = matrix.clone();
        matrix.diag_mut().mapv_inplace(|value| value / keep_rate);
        matrix
    })
}
