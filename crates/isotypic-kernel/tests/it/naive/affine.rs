//! Dense layers and convolutions.

use isotypic_architecture::{Conv, Dense, LayerParameterization};
use ndarray::Array2;

use super::Pair;
use super::windows::Windows;

/// $\Sigma \leftarrow \sigma_w^2 \Sigma + \sigma_b^2$ at every pair of positions.
pub(super) fn dense(state: &Pair, dense: &Dense) -> Pair {
    weigh(state, dense.weight_variance, dense.bias_variance, dense.parameterization, 1)
}

/// The same of the mean of $\Sigma_{p+t,\,q+t}$ over the taps $t$ of a filter.
pub(super) fn conv(state: &Pair, conv: &Conv, extents: &[usize]) -> Pair {
    let windows = Windows {
        extents: &conv.filter,
        strides: &conv.strides,
        pad_before: &conv.pad_before,
        padding: conv.padding,
    };
    let sources = windows.sources(&state.extents, extents);
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
fn weigh(
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
