//! Layers that take, interpolate or aggregate positions: $\Sigma \leftarrow G\,\Sigma\,G^\top$ with a full matrix $G$ between output and
//! input positions, and $\Theta$ alike.

use isotypic_architecture::{Aggregate, ImageResize, Index, ResizeMethod};
use ndarray::Array2;

use super::Pair;
use super::windows::positions;

fn mix(state: &Pair, weights: &Array2<f64>, extents: &[usize]) -> Pair {
    state.map(extents, |matrix| weights.dot(matrix).dot(&weights.t()))
}

/// $G$ is a product of one factor for each axis of the input.
fn product_of_axes(
    input: &[usize],
    output: &[usize],
    factor: impl Fn(usize, &[usize], usize) -> f64,
) -> Array2<f64> {
    let (from, to) = (positions(input), positions(output));
    Array2::from_shape_fn((to.len(), from.len()), |(o, i)| {
        (0..input.len()).map(|axis| factor(axis, &to[o], from[i][axis])).product()
    })
}

/// The positions that slices take.
pub(super) fn index(state: &Pair, index: &Index, extents: &[usize]) -> Pair {
    let weights = product_of_axes(&state.extents, extents, |axis, output, input| {
        let taken = index.axes[axis];
        let along = index.axes[..axis].iter().filter(|axis| axis.count.is_some()).count();
        let place = if taken.count.is_some() { output[along] as isize } else { 0 };
        f64::from(taken.start as isize + taken.step * place == input as isize)
    });
    mix(state, &weights, extents)
}

/// Interpolation: a hat around the centre of every output, cut off at the border and divided by its sum.
pub(super) fn resize(state: &Pair, resize: &ImageResize, extents: &[usize]) -> Pair {
    let weights = product_of_axes(&state.extents, extents, |axis, output, input| {
        let (n, m) = (resize.input[axis] as f64, resize.output[axis] as f64);
        let centre = (output[axis] as f64 + 0.5) * n / m;
        if n == m {
            return f64::from(output[axis] == input);
        }
        match resize.method {
            ResizeMethod::Nearest => f64::from(centre.floor() == input as f64),
            _ => {
                let width = if resize.antialias { (n / m).max(1.0) } else { 1.0 };
                let hat = |input: usize| (1.0 - (centre - 0.5 - input as f64).abs() / width).max(0.0);
                hat(input) / (0..resize.input[axis]).map(hat).sum::<f64>()
            }
        }
    });
    mix(state, &weights, extents)
}

/// Row $i$ of a pattern holds the edges from $i$, so $G$ is its transpose.
pub(super) fn aggregate(state: &Pair, aggregate: &Aggregate) -> Pair {
    let vertices = aggregate.pattern.len();
    let weights = Array2::from_shape_fn((vertices, vertices), |(to, from)| aggregate.pattern[from][to]);
    mix(state, &weights, &state.extents)
}
