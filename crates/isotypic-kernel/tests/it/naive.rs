//! The kernel recursion written down as it stands in the literature: full four-index covariances, no slices, no tiles,
//! no SIMD. Shares no code with the engine.

use std::f64::consts::PI;

use isotypic_architecture::{Activation, LayerGraph, LayerParameterization, Operation, Padding};
use ndarray::{Array2, ArrayView1};

/// Covariances and tangent kernels between all positions of two inputs.
#[derive(Clone)]
struct Pair {
    shape: Vec<usize>,
    covariance: Array2<f64>,
    ntk: Array2<f64>,
}

/// `(nngp, ntk)` of two inputs.
pub(crate) fn kernel(graph: &LayerGraph, x: ArrayView1<'_, f64>, y: ArrayView1<'_, f64>) -> (f64, f64) {
    // The two variances follow the same recursion as the pair.
    let mut states = [(x, y), (x, x), (y, y)].map(|(a, b)| input(graph.input_shape(), a, b));
    for node in &graph.nodes()[1..] {
        let variances = [&states[1], &states[2]].map(|state| state.covariance.diag().to_vec());
        states = match &node.operation {
            Operation::Activation(activation) => {
                let [u, v] = &variances;
                let relu = match activation {
                    Activation::Relu => true,
                    Activation::Erf => false,
                    other => panic!("the naive recursion has no {}", other.name()),
                };
                let map = |state: &Pair, a: &[f64], b: &[f64]| nonlinearity(state, a, b, relu);
                [map(&states[0], u, v), map(&states[1], u, u), map(&states[2], v, v)]
            }
            Operation::LayerNorm(norm) => {
                assert!(norm.spatial_axes.is_empty());
                let [u, v] = &variances;
                let divide = |state: &Pair, a: &[f64], b: &[f64]| {
                    let mut next = state.clone();
                    for ((p, q), c) in state.covariance.indexed_iter() {
                        let length = ((a[p] + norm.epsilon) * (b[q] + norm.epsilon)).sqrt();
                        next.covariance[[p, q]] = c / length;
                        next.ntk[[p, q]] = state.ntk[[p, q]] / length;
                    }
                    next
                };
                [divide(&states[0], u, v), divide(&states[1], u, u), divide(&states[2], v, v)]
            }
            operation => states.map(|state| linear(&state, operation, &node.output_shape)),
        };
    }
    assert_eq!(states[0].covariance.dim(), (1, 1));
    (states[0].covariance[[0, 0]], states[0].ntk[[0, 0]])
}

fn input(shape: &[usize], x: ArrayView1<'_, f64>, y: ArrayView1<'_, f64>) -> Pair {
    let channels = shape[shape.len() - 1];
    let positions = x.len() / channels;
    let covariance = Array2::from_shape_fn((positions, positions), |(p, q)| {
        (0..channels).map(|c| x[p * channels + c] * y[q * channels + c]).sum::<f64>() / channels as f64
    });
    Pair { shape: shape[..shape.len() - 1].to_vec(), ntk: Array2::zeros(covariance.dim()), covariance }
}

fn nonlinearity(state: &Pair, variance_x: &[f64], variance_y: &[f64], relu: bool) -> Pair {
    let mut next = state.clone();
    for ((p, q), c) in state.covariance.indexed_iter() {
        let (a, b) = (variance_x[p], variance_y[q]);
        let (covariance, derivative) = if relu {
            let norm = (a * b).sqrt();
            let theta = if norm > 0.0 { (c / norm).clamp(-1.0, 1.0).acos() } else { PI / 2.0 };
            (norm / (2.0 * PI) * (theta.sin() + (PI - theta) * theta.cos()), (PI - theta) / (2.0 * PI))
        } else {
            let scale = (1.0 + 2.0 * a) * (1.0 + 2.0 * b);
            (2.0 / PI * (2.0 * c / scale.sqrt()).asin(), 4.0 / PI / (scale - 4.0 * c * c).sqrt())
        };
        next.covariance[[p, q]] = covariance;
        next.ntk[[p, q]] = state.ntk[[p, q]] * derivative;
    }
    next
}

fn linear(state: &Pair, operation: &Operation, output_shape: &[usize]) -> Pair {
    let positions = state.covariance.nrows();
    let mean = |matrix: &Array2<f64>, same_only: bool| {
        if same_only {
            matrix.diag().sum() / positions as f64
        } else {
            matrix.sum() / (positions * positions) as f64
        }
    };
    let join = |same_only: bool| Pair {
        shape: Vec::new(),
        covariance: Array2::from_elem((1, 1), mean(&state.covariance, same_only)),
        ntk: Array2::from_elem((1, 1), mean(&state.ntk, same_only)),
    };
    match operation {
        Operation::Identity => state.clone(),
        Operation::Dropout(dropout) => {
            assert!(dropout.is_identity());
            state.clone()
        }
        Operation::GlobalSumPool => Pair {
            shape: Vec::new(),
            covariance: Array2::from_elem((1, 1), state.covariance.sum()),
            ntk: Array2::from_elem((1, 1), state.ntk.sum()),
        },
        Operation::Flatten => join(true),
        Operation::GlobalAvgPool => join(false),
        Operation::Dense(dense) => affine(
            state.clone(),
            &state.covariance,
            &state.ntk,
            (dense.weight_variance, dense.bias_variance, dense.parameterization, 1),
        ),
        Operation::Conv(conv) => {
            let out = output_shape[..output_shape.len() - 1].to_vec();
            let count: usize = out.iter().product();
            let filter_size: usize = conv.filter.iter().product();
            let tap = |position: usize, tap: usize| -> Option<usize> {
                let (p, e) = (unravel(position, &out), unravel(tap, &conv.filter));
                let mut index = 0;
                for axis in 0..out.len() {
                    let n = state.shape[axis] as isize;
                    let mut at =
                        (p[axis] * conv.strides[axis] + e[axis]) as isize - conv.pad_before[axis] as isize;
                    if conv.padding == Padding::Circular {
                        at = at.rem_euclid(n);
                    }
                    if at < 0 || at >= n {
                        return None;
                    }
                    index = index * state.shape[axis] + at as usize;
                }
                Some(index)
            };
            let filtered = |matrix: &Array2<f64>| {
                Array2::from_shape_fn((count, count), |(p, q)| {
                    (0..filter_size).filter_map(|e| Some(matrix[[tap(p, e)?, tap(q, e)?]])).sum::<f64>()
                        / filter_size as f64
                })
            };
            let (covariance, ntk) = (filtered(&state.covariance), filtered(&state.ntk));
            let shaped = Pair { shape: out, covariance: covariance.clone(), ntk: ntk.clone() };
            affine(
                shaped,
                &covariance,
                &ntk,
                (conv.weight_variance, conv.bias_variance, conv.parameterization, filter_size),
            )
        }
        other => panic!("the naive recursion has no {}", other.name()),
    }
}

fn affine(
    mut state: Pair,
    covariance: &Array2<f64>,
    ntk: &Array2<f64>,
    (weight, bias, parameterization, filter_size): (f64, Option<f64>, LayerParameterization, usize),
) -> Pair {
    state.covariance = covariance.mapv(|c| weight * c + bias.unwrap_or(0.0));
    state.ntk = match parameterization {
        LayerParameterization::Ntk => &state.covariance + &(ntk * weight),
        LayerParameterization::Standard { input_width } => {
            covariance * (input_width * filter_size as f64) + f64::from(bias.is_some()) + ntk * weight
        }
        other => panic!("unknown parameterization {other:?}"),
    };
    state
}

fn unravel(mut index: usize, extents: &[usize]) -> Vec<usize> {
    let mut position = vec![0; extents.len()];
    for axis in (0..extents.len()).rev() {
        position[axis] = index % extents[axis];
        index /= extents[axis];
    }
    position
}
