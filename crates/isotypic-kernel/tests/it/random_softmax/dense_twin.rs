//! Two circular convolutions of three taps on three positions, attention with a random softmax, a readout: all logits of two inputs drawn at
//! once by a plain factor of their covariance, derivatives of the softmax summed one by one.

use ndarray::{Array1, Array2};

use crate::dense_state::{State, factor, repeated};
use crate::sampling::Normal;

/// Draws of all logits, in each of as many repetitions.
const DRAWS: usize = 1500;
const REPETITIONS: usize = 12;

const POSITIONS: usize = 3;

/// Options of the layer.
pub(super) struct Attention {
    /// Product of the standard deviations of keys and queries.
    pub(super) logit_gain: f64,
    /// Product of the variances of values and outputs.
    pub(super) value_variance: f64,
    pub(super) bias_variance: f64,
    /// Independent embeddings of positions, added to the channels.
    pub(super) embedding_variance: f64,
    pub(super) on_values: bool,
}

/// Weights, and their derivatives $\partial A_a / \partial G_b$.
fn softmax(logits: &[f64]) -> (Vec<f64>, Array2<f64>) {
    let powers: Vec<f64> = logits.iter().map(|logit| logit.exp()).collect();
    let weights: Vec<f64> = powers.iter().map(|power| power / powers.iter().sum::<f64>()).collect();
    let derivative = |(a, b): (usize, usize)| weights[a] * (f64::from(u8::from(a == b)) - weights[b]);
    (weights.clone(), Array2::from_shape_fn((logits.len(), logits.len()), derivative))
}

fn attend(state: &State, attention: &Attention, normal: &mut Normal) -> State {
    let n = state.covariance.nrows();
    let embedded = |matrix: &Array2<f64>| {
        let same = |(p, q): (usize, usize)| f64::from(u8::from(p % POSITIONS == q % POSITIONS));
        matrix + &(Array2::from_shape_fn(matrix.dim(), same) * attention.embedding_variance)
    };
    let keys = State { covariance: embedded(&state.covariance), ntk: embedded(&state.ntk) };
    let values = if attention.on_values { keys.clone() } else { state.clone() };
    // The logit of a row p and a position a of the same input; all of both inputs.
    let pairs: Vec<(usize, usize)> =
        (0..n).flat_map(|p| (0..POSITIONS).map(move |a| (p, p / POSITIONS * POSITIONS + a))).collect();
    let gain = attention.logit_gain * attention.logit_gain;
    let c = |p: usize, q: usize| keys.covariance[[p, q]];
    let covariance = Array2::from_shape_fn((pairs.len(), pairs.len()), |(i, j)| {
        let ((p, a), (q, b)) = (pairs[i], pairs[j]);
        gain * c(p, q) * c(a, b)
    });
    let factor = factor(&covariance);
    let zeros = || Array2::<f64>::zeros((n, n));
    let mut sums = State { covariance: zeros(), ntk: zeros() };
    for _ in 0..DRAWS {
        let logits = factor.dot(&Array1::from_shape_simple_fn(pairs.len(), || normal.draw()));
        let rows: Vec<_> =
            (0..n).map(|p| softmax(&logits.to_vec()[p * POSITIONS..(p + 1) * POSITIONS])).collect();
        for p in 0..n {
            for q in 0..n {
                let start = |p: usize| p / POSITIONS * POSITIONS;
                let (mut mixed, mut ntk) = (0.0, 0.0);
                for a in 0..POSITIONS {
                    for b in 0..POSITIONS {
                        let (at_a, at_b) = (start(p) + a, start(q) + b);
                        let weight = rows[p].0[a] * rows[q].0[b];
                        mixed += weight * values.covariance[[at_a, at_b]];
                        ntk += weight * values.ntk[[at_a, at_b]];
                        for a_moved in 0..POSITIONS {
                            for b_moved in 0..POSITIONS {
                                let (of_a, of_b) = (start(p) + a_moved, start(q) + b_moved);
                                // Weights of queries, weights of keys, and what came before either.
                                let of_logits = 2.0 * c(p, q) * c(of_a, of_b)
                                    + keys.ntk[[p, q]] * c(of_a, of_b)
                                    + c(p, q) * keys.ntk[[of_a, of_b]];
                                ntk += rows[p].1[[a, a_moved]]
                                    * rows[q].1[[b, b_moved]]
                                    * values.covariance[[at_a, at_b]]
                                    * gain
                                    * of_logits;
                            }
                        }
                    }
                }
                let scale = attention.value_variance / DRAWS as f64;
                sums.covariance[[p, q]] += scale * mixed;
                // Weights of values and outputs.
                sums.ntk[[p, q]] += scale * (ntk + 2.0 * mixed);
            }
        }
    }
    sums.covariance += attention.bias_variance;
    sums.ntk += attention.bias_variance;
    sums
}

/// Means over repetitions and their standard errors, of covariances and tangent kernels, each of $(x, x)$, $(x, y)$ and $(y, y)$.
pub(super) fn kernel(
    points: &Array2<f64>,
    attention: &Attention,
    pools: bool,
) -> ([[f64; 3]; 2], [[f64; 3]; 2]) {
    let before = State::of_points(points).convolve().convolve();
    repeated(REPETITIONS, pools, |normal| attend(&before, attention, normal))
}
