//! Two circular convolutions of three taps with biases, maxima over pairs after each: full covariances of all positions of two inputs,
//! drawn at once by a plain factor, maxima taken one by one.

use ndarray::{Array2, s};

use crate::sampling::{Normal, mean_and_error};

/// Draws of a Gaussian vector per maximum, in each of as many repetitions.
const DRAWS: usize = 6000;
const REPETITIONS: usize = 12;

/// Covariances and tangent kernels between all positions of both inputs, those of the first before those of the second.
struct State {
    covariance: Array2<f64>,
    ntk: Array2<f64>,
}

fn convolve(state: &State) -> State {
    let n = state.covariance.nrows() / 2;
    let mean = |matrix: &Array2<f64>, p: usize, q: usize| {
        let tap = |p: usize, tap: usize| p / n * n + (p % n + n + tap - 1) % n;
        (0..3).map(|t| matrix[[tap(p, t), tap(q, t)]]).sum::<f64>() / 3.0
    };
    let dim = state.covariance.dim();
    let covariance = Array2::from_shape_fn(dim, |(p, q)| 1.69 * mean(&state.covariance, p, q) + 0.04);
    let ntk = Array2::from_shape_fn(dim, |(p, q)| covariance[[p, q]] + 1.69 * mean(&state.ntk, p, q));
    State { covariance, ntk }
}

fn maxima(state: &State, stride: usize, normal: &mut Normal) -> State {
    let size = state.covariance.nrows();
    let mut factor = Array2::<f64>::zeros((size, size));
    for i in 0..size {
        for j in 0..=i {
            let rest = state.covariance[[i, j]] - factor.slice(s![i, ..j]).dot(&factor.slice(s![j, ..j]));
            factor[[i, j]] = match i == j {
                true => rest.max(0.0).sqrt(),
                false if factor[[j, j]] > 1e-7 => rest / factor[[j, j]],
                false => 0.0,
            };
        }
    }
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
    let positions = points.ncols() / 2;
    let at = |p: usize, c: usize| points[[p / positions, p % positions * 2 + c]];
    let covariance = Array2::from_shape_fn((2 * positions, 2 * positions), |(p, q)| {
        (at(p, 0) * at(q, 0) + at(p, 1) * at(q, 1)) / 2.0
    });
    let input = State { ntk: Array2::zeros(covariance.dim()), covariance };
    let all: Vec<[[f64; 3]; 2]> = (0..REPETITIONS)
        .map(|repetition| {
            let mut normal = Normal(0x9e37_79b9_7f4a_7c15 ^ (repetition as u64) << 32);
            let state = maxima(&convolve(&input), 2, &mut normal);
            let state = maxima(&convolve(&state), 1, &mut normal);
            let n = state.covariance.nrows() / 2;
            let block = |matrix: &Array2<f64>, i: usize, j: usize| {
                let block = matrix.slice(s![i * n..(i + 1) * n, j * n..(j + 1) * n]);
                if pools { block.mean().unwrap() } else { block.diag().mean().unwrap() }
            };
            let of = |matrix: &Array2<f64>| [[0, 0], [0, 1], [1, 1]].map(|[i, j]| block(matrix, i, j));
            let nngp = of(&state.covariance);
            let ntk = of(&state.ntk);
            // The readout adds the covariance.
            [nngp, [0, 1, 2].map(|entry| nngp[entry] + ntk[entry])]
        })
        .collect();
    mean_and_error(&all)
}
