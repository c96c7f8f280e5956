//! Layer normalisation of the channels of every position on the processor (Ba et al. 2016, arXiv 1607.06450).
//!
//! $y = (x - \mu) / \sigma$ with $\sigma^2 = \operatorname{var}(x) + \epsilon$, and backwards
//! $\partial x = (g - \operatorname{mean}(g) - y \operatorname{mean}(g\, y)) / \sigma$.

use burn_tensor::Tensor;
use rayon::prelude::*;

use crate::cpu_operation::{CpuNumber, CpuOperation, Seen, compute};

/// Positions of mean 0 and variance 1 over their channels, with gradients; `None` where the processor does not have the values.
pub(crate) fn row_normalization(values: &Tensor<3>, epsilon: f64) -> Option<Tensor<3>> {
    compute(RowNormalization { shape: values.dims(), epsilon }, [values.clone()])
}

#[derive(Debug)]
struct RowNormalization {
    shape: [usize; 3],
    epsilon: f64,
}

/// Positions that one thread takes at a time.
const ROWS: usize = 64;

impl RowNormalization {
    /// $\mu$ and $1/\sigma$ of a position.
    fn moments<N: CpuNumber>(&self, row: &[N]) -> (N, N) {
        let count = N::of(row.len() as f64);
        let mean = sum_of(row, row, |value, _| value) / count;
        let variance = sum_of(row, row, |value, _| (value - mean) * (value - mean)) / count;
        (mean, N::of(1.0) / (variance + N::of(self.epsilon)).root())
    }
}

/// The sum of what a function makes of the values at the same places, in sixteen parts that are added to together.
pub(crate) fn sum_of<N: CpuNumber>(one: &[N], other: &[N], of: impl Fn(N, N) -> N) -> N {
    const PARTS: usize = 16;
    let mut parts = [N::default(); PARTS];
    let (ones, others) = (one.chunks_exact(PARTS), other.chunks_exact(PARTS));
    let rest = ones.remainder().iter().zip(others.remainder());
    let rest = rest.fold(N::default(), |sum, (&one, &other)| sum + of(one, other));
    for (one, other) in ones.zip(others) {
        for (part, (&one, &other)) in parts.iter_mut().zip(one.iter().zip(other)) {
            *part += of(one, other);
        }
    }
    parts.into_iter().fold(rest, |sum, part| sum + part)
}

impl CpuOperation<1> for RowNormalization {
    type Kept = ();

    fn output_shape(&self) -> [usize; 3] {
        self.shape
    }

    fn forward<N: CpuNumber>(&self, [values]: [&[N]; 1]) -> (Vec<N>, ()) {
        let (mut result, run) = (vec![N::default(); values.len()], ROWS * self.shape[2]);
        result.par_chunks_mut(run).zip(values.par_chunks(run)).for_each(|(result, values)| {
            let rows = values.chunks_exact(self.shape[2]);
            for (result, row) in result.chunks_exact_mut(self.shape[2]).zip(rows) {
                let (mean, factor) = self.moments(row);
                for (to, &value) in result.iter_mut().zip(row) {
                    *to = (value - mean) * factor;
                }
            }
        });
        (result, ())
    }

    fn backward<N: CpuNumber>(
        &self,
        Seen { inputs: [values], .. }: Seen<'_, N, 1>,
        (): &(),
        gradient: &[N],
        _: [bool; 1],
    ) -> [Option<Vec<N>>; 1] {
        let (mut result, run) = (vec![N::default(); values.len()], ROWS * self.shape[2]);
        let inputs = values.par_chunks(run).zip(gradient.par_chunks(run));
        result.par_chunks_mut(run).zip(inputs).for_each(|(result, (values, gradient))| {
            let rows = values.chunks_exact(self.shape[2]).zip(gradient.chunks_exact(self.shape[2]));
            for (result, (row, gradient)) in result.chunks_exact_mut(self.shape[2]).zip(rows) {
                let (mean, factor) = self.moments(row);
                let count = N::of(row.len() as f64);
                let mean_gradient = sum_of(gradient, gradient, |g, _| g) / count;
                let along = sum_of(row, gradient, |value, g| g * (value - mean)) * factor / count;
                for ((to, &value), &g) in result.iter_mut().zip(row).zip(gradient) {
                    *to = (g - mean_gradient - (value - mean) * factor * along) * factor;
                }
            }
        });
        [Some(result)]
    }
}

#[cfg(test)]
mod tests {
    use isotypic_architecture::LayerNorm;

    use super::*;
    use crate::Precision;
    use crate::layer_norm::normalize;
    use crate::operation_twins::{assert_close, leaf, outcome};

    #[test]
    fn normalized_positions_and_gradients_are_those_of_tensor_operations() {
        for (precision, tolerance) in [(Precision::Double, 1e-13), (Precision::Single, 2e-6)] {
            for channels in [1_usize, 3, 8, 21] {
                let norm = LayerNorm { spatial_axes: vec![], epsilon: 0.01 };
                let leaves = [leaf(precision, [30, 5, channels], 0.1)];
                let own = outcome(precision, &leaves, |leaves| row_normalization(&leaves[0], 0.01).unwrap());
                let composed =
                    outcome(precision, &leaves, |leaves| normalize(&norm, &[5, channels], leaves[0].clone()));
                if channels == 1 {
                    assert!(own.iter().flatten().all(|value| *value == 0.0));
                    continue;
                }
                assert_close(&own, &composed, tolerance, &format!("{channels} channels"));
            }
        }
    }
}
