//! Two circular convolutions of three taps with biases, maxima over pairs after each: full covariances of all positions of two inputs,
//! drawn at once by a plain factor, maxima taken one by one.

use ndarray::Array2;

use crate::dense_state::{State, factor, repeated};
use crate::sampling::Normal;

/// Draws of a Gaussian vector per maximum, in each of as many repetitions.
const DRAWS: usize = 6000;
const REPETITIONS: usize = 12;

fn maxima(state: &State, stride: usize, normal: &mut Normal) -> State {
    let size = state.covariance.nrows();
    let factor = factor(&state.covariance);
    let outputs = (size / 2 - 2) / stride + 1;
    let start = |window: usize| window / outputs * (size / 2) + window % outputs * stride;
    let zeros = || Array2::<f64>::zeros((2 * outputs, 2 * outputs));
    let mut sums = State { covariance: zeros(), ntk: zeros() };
    for _ in 0..DRAWS {
        let z = ndarray::Array1::from_shape_simple_fn(size, || normal.draw());
        let u = factor.dot(&z);
        let chosen: Vec<usize> = (0..2 * outputs)
            .map(
                |window| {
                    if u[start(window) + 1] > u[start(window)] { start(window) + 1 } else { start(window) }
                },
            )
            .collect();
        for (p, &a) in chosen.iter().enumerate() {
            for (q, &b) in chosen.iter().enumerate() {
                sums.covariance[[p, q]] += u[a] * u[b] / DRAWS as f64;
                sums.ntk[[p, q]] += state.ntk[[a, b]] / DRAWS as f64;
            }
        }
    }
    sums
}

/// Means over repetitions and their standard errors, of covariances and tangent kernels, each of $(x, x)$, $(x, y)$ and $(y, y)$.
pub(super) fn kernel(points: &Array2<f64>, pools: bool) -> ([[f64; 3]; 2], [[f64; 3]; 2]) {
    let before = State::of_points(points).convolve();
    repeated(REPETITIONS, pools, |normal| {
        let state = maxima(&before, 2, normal);
        maxima(&state.convolve(), 1, normal)
    })
}
