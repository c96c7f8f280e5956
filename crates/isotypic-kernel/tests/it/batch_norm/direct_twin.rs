//! Batch normalisation by its definition: draws of all inputs at once, and derivatives by small steps.

use ndarray::Array2;

use crate::dense_state::{State, factor, repeated};
use crate::sampling::Normal;

/// Batch normalisation and a nonlinearity, behind a dense layer.
#[derive(Clone, Copy)]
pub(crate) struct Block {
    pub(crate) weight_variance: f64,
    pub(crate) bias_variance: f64,
    pub(crate) epsilon: f64,
    pub(crate) activation: fn(f64) -> f64,
}

impl Block {
    /// $\varphi$ of one channel, normalised by the first `batch` values.
    fn apply(&self, g: &[f64], batch: usize) -> Vec<f64> {
        let mean = g[..batch].iter().sum::<f64>() / batch as f64;
        let variance = g[..batch].iter().map(|g| (g - mean).powi(2)).sum::<f64>() / batch as f64;
        g.iter().map(|g| (self.activation)((g - mean) / (variance + self.epsilon).sqrt())).collect()
    }

    /// Covariances and tangent kernels behind normalisation, from so many draws.
    pub(crate) fn normalize(
        &self,
        [covariance, ntk]: [&Array2<f64>; 2],
        batch: usize,
        draws: usize,
        normal: &mut Normal,
    ) -> [Array2<f64>; 2] {
        const STEP: f64 = 1e-6;
        let n = covariance.nrows();
        let factor = factor(covariance);
        let (mut products, mut tangents) = (Array2::<f64>::zeros((n, n)), Array2::<f64>::zeros((n, n)));
        for _ in 0..draws {
            let independent: Vec<f64> = (0..n).map(|_| normal.draw()).collect();
            let g: Vec<f64> = (0..n).map(|i| (0..n).map(|j| factor[[i, j]] * independent[j]).sum()).collect();
            let value = self.apply(&g, batch);
            let mut jacobian = Array2::<f64>::zeros((n, n));
            for moved in 0..n {
                let along = |step: f64| {
                    let mut g = g.clone();
                    g[moved] += step;
                    self.apply(&g, batch)
                };
                for (i, (ahead, behind)) in along(STEP).iter().zip(along(-STEP)).enumerate() {
                    jacobian[[i, moved]] = (ahead - behind) / (2.0 * STEP);
                }
            }
            tangents += &(jacobian.dot(ntk).dot(&jacobian.t()) / draws as f64);
            for i in 0..n {
                for j in 0..n {
                    products[[i, j]] += value[i] * value[j] / draws as f64;
                }
            }
        }
        [products, tangents]
    }
}

/// NNGP and NTK of blocks and a readout without biases, one after the other from so many draws.
pub(crate) fn kernel(
    x: &Array2<f64>,
    blocks: &[Block],
    batch: usize,
    draws: usize,
    normal: &mut Normal,
) -> [Array2<f64>; 2] {
    let n = x.nrows();
    let mut covariance = x.dot(&x.t()) / x.ncols() as f64;
    let mut ntk = Array2::<f64>::zeros((n, n));
    for block in blocks {
        covariance = covariance * block.weight_variance + block.bias_variance;
        ntk = &covariance + &(ntk * block.weight_variance);
        [covariance, ntk] = block.normalize([&covariance, &ntk], batch, draws, normal);
    }
    [covariance.clone(), covariance + ntk]
}

/// The same of two sequences of two channels: a circular convolution before normalisation and one after it, and a readout.
pub(crate) fn kernel_of_sequences(
    points: &Array2<f64>,
    block: &Block,
    pools: bool,
) -> ([[f64; 3]; 2], [[f64; 3]; 2]) {
    repeated(24, pools, |normal| {
        let state = State::of_points(points).convolve();
        let count = state.covariance.nrows();
        let [covariance, ntk] = block.normalize([&state.covariance, &state.ntk], count, 600, normal);
        State { covariance, ntk }.convolve()
    })
}
