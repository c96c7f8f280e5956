//! Dense layers and convolutions.

use isotypic_architecture::{Conv, Dense, LayerParameterization, Padding};
use ndarray::Array2;

use super::Pair;
use super::windows::{Windows, positions};

/// $\Sigma \leftarrow \sigma_w^2 \Sigma + \sigma_b^2$ at every pair of positions.
pub(super) fn dense(state: &Pair, dense: &Dense) -> Pair {
    weigh(state, dense.weight_variance, dense.bias_variance, dense.parameterization, 1)
}

/// The same of the mean of $\Sigma_{p+t,\,q+t}$ over the taps $t$ of a filter.
pub(super) fn conv(state: &Pair, conv: &Conv, extents: &[usize]) -> Pair {
    let windows = Windows {
        extents: &conv.filter,
        strides: &conv.strides,
        dilation: &conv.dilation,
        pad_before: &conv.pad_before,
        padding: conv.padding,
    };
    filter(state, conv, &windows.sources(&state.extents, extents), extents)
}

/// Every output has weights and biases of its own: only pairs of equal positions are correlated.
pub(super) fn conv_local(state: &Pair, layer: &Conv, extents: &[usize]) -> Pair {
    conv(state, layer, extents).map(extents, |matrix| Array2::from_diag(&matrix.diag()))
}

/// Every input position $i$ writes to the outputs $is + b - t$ for the taps $t$: what it writes where is turned around.
pub(super) fn conv_transpose(state: &Pair, conv: &Conv, extents: &[usize]) -> Pair {
    let mut sources = vec![Vec::new(); extents.iter().product()];
    for (tap, offset) in positions(&conv.filter).iter().enumerate() {
        for outputs in &mut sources {
            outputs.push(None);
        }
        for (index, input) in positions(&state.extents).iter().enumerate() {
            let mut output = Some(0);
            for axis in 0..extents.len() {
                let length = extents[axis] as isize;
                let mut at = (input[axis] * conv.strides[axis]) as isize + conv.pad_before[axis] as isize
                    - offset[axis] as isize;
                if conv.padding == Padding::Circular {
                    at = at.rem_euclid(length);
                }
                output = output
                    .filter(|_| (0..length).contains(&at))
                    .map(|flat| flat * extents[axis] + at as usize);
            }
            if let Some(output) = output {
                sources[output][tap] = Some(index);
            }
        }
    }
    filter(state, conv, &sources, extents)
}

/// The mean over taps of what both positions read there, given for every output position the input position of every tap.
fn filter(state: &Pair, conv: &Conv, sources: &[Vec<Option<usize>>], extents: &[usize]) -> Pair {
    let size: usize = conv.filter.iter().product();
    let filtered = state.map(extents, |matrix| {
        Array2::from_shape_fn((sources.len(), sources.len()), |(p, q)| {
            let taps = sources[p].iter().zip(&sources[q]);
            let sum: f64 = taps.filter_map(|(&p, &q)| Some(matrix[[p?, q?]])).sum();
            sum / size as f64
        })
    });
    weigh(&filtered, conv.weight_variance, conv.bias_variance, conv.parameterization, size)
}

/// NTK parameterization: $\Theta \leftarrow \Sigma' + \sigma_w^2 \Theta$ with the new covariance $\Sigma'$. Standard
/// parameterization: gradients are those of unscaled parameters, $\Theta \leftarrow n \Sigma + [\text{bias}] + \sigma_w^2 \Theta$
/// with the fan-in $n$.
pub(super) fn weigh(
    state: &Pair,
    weight: f64,
    bias: Option<f64>,
    parameterization: LayerParameterization,
    filter_size: usize,
) -> Pair {
    let covariance = state.covariance.mapv(|c| weight * c + bias.unwrap_or(0.0));
    let ntk = match parameterization {
        LayerParameterization::Ntk => &covariance + &(&state.ntk * weight),
        LayerParameterization::Standard { input_width } => {
            let fan_in = input_width * filter_size as f64;
            &state.covariance * fan_in + f64::from(bias.is_some()) + &state.ntk * weight
        }
        other => panic!("unknown parameterization {other:?}"),
    };
    Pair { extents: state.extents.clone(), covariance, ntk }
}
