//! What dense twins of sampled kernels share: full covariances between all positions of two inputs.

use ndarray::{Array2, s};

use crate::sampling::{Normal, mean_and_error};

/// Covariances and tangent kernels between all positions of both inputs, those of the first before those of the second.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) covariance: Array2<f64>,
    pub(crate) ntk: Array2<f64>,
}

impl State {
    /// Two points of two channels.
    pub(crate) fn of_points(points: &Array2<f64>) -> Self {
        let positions = points.ncols() / 2;
        let at = |p: usize, c: usize| points[[p / positions, p % positions * 2 + c]];
        let covariance = Array2::from_shape_fn((2 * positions, 2 * positions), |(p, q)| {
            (at(p, 0) * at(q, 0) + at(p, 1) * at(q, 1)) / 2.0
        });
        Self { ntk: Array2::zeros(covariance.dim()), covariance }
    }

    /// A circular convolution of three taps with biases.
    pub(crate) fn convolve(&self) -> Self {
        let n = self.covariance.nrows() / 2;
        let mean = |matrix: &Array2<f64>, p: usize, q: usize| {
            let tap = |p: usize, tap: usize| p / n * n + (p % n + n + tap - 1) % n;
            (0..3).map(|t| matrix[[tap(p, t), tap(q, t)]]).sum::<f64>() / 3.0
        };
        let dim = self.covariance.dim();
        let covariance = Array2::from_shape_fn(dim, |(p, q)| 1.69 * mean(&self.covariance, p, q) + 0.04);
        let ntk = Array2::from_shape_fn(dim, |(p, q)| covariance[[p, q]] + 1.69 * mean(&self.ntk, p, q));
        Self { covariance, ntk }
    }
}

/// A factor of a covariance that may be singular.
pub(crate) fn factor(covariance: &Array2<f64>) -> Array2<f64> {
    let size = covariance.nrows();
    let mut factor = Array2::<f64>::zeros((size, size));
    for i in 0..size {
        for j in 0..=i {
            let rest = covariance[[i, j]] - factor.slice(s![i, ..j]).dot(&factor.slice(s![j, ..j]));
            factor[[i, j]] = match i == j {
                true => rest.max(0.0).sqrt(),
                false if factor[[j, j]] > 1e-7 => rest / factor[[j, j]],
                false => 0.0,
            };
        }
    }
    factor
}

/// Means over repetitions of what is drawn, behind a readout, and their standard errors: of covariances and tangent kernels, each of
/// $(x, x)$, $(x, y)$ and $(y, y)$.
pub(crate) fn repeated(
    repetitions: usize,
    pools: bool,
    draw: impl Fn(&mut Normal) -> State,
) -> ([[f64; 3]; 2], [[f64; 3]; 2]) {
    let one = |repetition: usize| {
        let state = draw(&mut Normal(0x9e37_79b9_7f4a_7c15 ^ (repetition as u64) << 32));
        let n = state.covariance.nrows() / 2;
        let block = |matrix: &Array2<f64>, i: usize, j: usize| {
            let block = matrix.slice(s![i * n..(i + 1) * n, j * n..(j + 1) * n]);
            if pools { block.mean().unwrap() } else { block.diag().mean().unwrap() }
        };
        let of = |matrix: &Array2<f64>| [[0, 0], [0, 1], [1, 1]].map(|[i, j]| block(matrix, i, j));
        let (nngp, ntk) = (of(&state.covariance), of(&state.ntk));
        // The readout adds the covariance.
        [nngp, [0, 1, 2].map(|entry| nngp[entry] + ntk[entry])]
    };
    mean_and_error(&(0..repetitions).map(one).collect::<Vec<_>>())
}
