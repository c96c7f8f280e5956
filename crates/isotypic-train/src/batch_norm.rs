//! Batch normalisation (Ioffe & Szegedy 2015, arXiv 1502.03167).
//!
//! While a network is trained, $(x - \mu) / \sqrt{v + \epsilon}$ with mean and variance of each channel over the examples and positions of the
//! batch; afterwards with their running averages $r \leftarrow (1 - m)\, r + m\, \hat r$, which take the variance without bias. Trained factors
//! and summands are a layer of their own. Kernels take the points that they are asked for as the batch.
//!
//! What stands in place of averages depends on how a network is trained. A [`Trainer`](crate::Trainer) sees a batch at a time and averages,
//! as PyTorch does, from mean 0 and variance 1 on. An [`Ensemble`](crate::Ensemble) sees all examples in every step, so that there is
//! nothing to average: afterwards its networks normalise by the statistics of all examples that they were trained on.

use burn_tensor::Tensor;
use serde::Serialize;

use crate::precision::values_of;
use crate::probes::{BatchStatistics, Probes};

/// A layer of batch normalisation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BatchNorm {
    /// $\epsilon$, at least 0.
    pub epsilon: f64,
    /// $m$, in (0, 1].
    pub momentum: f64,
}

impl BatchNorm {
    /// The layer `batch_norm` of an architecture, with $m = 0.1$, the default of PyTorch.
    pub(crate) fn of_layer(norm: &isotypic_architecture::BatchNorm) -> Self {
        Self { epsilon: norm.epsilon, momentum: 0.1 }
    }

    /// `own`: running means and variances `[members, 1, channels]`; `values` `[batch, positions, channels]`, each member's examples one
    /// after the other.
    pub(crate) fn of(
        &self,
        own: &[Tensor<3>],
        values: Tensor<3>,
        is_training: bool,
        probes: &mut Probes,
    ) -> Tensor<3> {
        let [batch, positions, channels] = values.dims();
        let members = own[0].dims()[0];
        let count = batch / members * positions;
        let rows = values.reshape([members, count, channels]);
        let (centred, variance) = if is_training {
            let mean = rows.clone().mean_dim(1);
            let centred = rows - mean.clone();
            let variance = centred.clone().square().mean_dim(1);
            probes.add_statistics(BatchStatistics {
                first_array: probes.first_array,
                means: values_of(&mean),
                variances: values_of(&variance),
                correction: count as f64 / (count - 1).max(1) as f64,
                momentum: self.momentum,
            });
            (centred, variance)
        } else {
            (rows - own[0].clone(), own[1].clone())
        };
        (centred / (variance + self.epsilon).sqrt()).reshape([batch, positions, channels])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Precision;
    use burn_tensor::Device;

    #[test]
    fn batches_are_normalised_member_by_member_and_averages_serve_afterwards() {
        let device = Device::flex();
        let tensor = |values: &[f64], shape| Precision::Double.tensor(values.to_vec(), shape, &device);
        let norm = BatchNorm { epsilon: 0.5, momentum: 0.1 };
        // Two members with two examples of one position and two channels each.
        let values = tensor(&[1.0, 2.0, 3.0, 8.0, 0.0, 0.0, 0.0, 4.0], [4, 1, 2]);
        let own = [tensor(&[1.0, 0.0, 0.0, 0.0], [2, 1, 2]), tensor(&[3.5, 1.0, 1.0, 1.0], [2, 1, 2])];
        let mut probes = Probes::none();
        probes.first_array = 5;
        let trained = values_of(&norm.of(&own, values.clone(), true, &mut probes));
        let root = |variance: f64| (variance + 0.5_f64).sqrt();
        let expected = [-1.0 / root(1.0), -3.0 / root(9.0), 1.0 / root(1.0), 3.0 / root(9.0)];
        let of_second = [0.0, -2.0 / root(4.0), 0.0, 2.0 / root(4.0)];
        for (got, expected) in trained.iter().zip(expected.iter().chain(&of_second)) {
            assert!((got - expected).abs() < 1e-14, "{got}, expected {expected}");
        }
        let statistics = probes.into_statistics().remove(0);
        assert_eq!((statistics.first_array, statistics.means), (5, vec![2.0, 5.0, 0.0, 2.0]));
        assert_eq!((statistics.variances, statistics.correction), (vec![1.0, 9.0, 0.0, 4.0], 2.0));
        let afterwards = values_of(&norm.of(&own, values, false, &mut Probes::none()));
        assert!((afterwards[0] - 0.0).abs() < 1e-15 && (afterwards[2] - 1.0).abs() < 1e-15, "{afterwards:?}");
    }
}
