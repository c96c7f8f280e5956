//! What training lowers.

use burn_tensor::{Tensor, activation};
use serde::Serialize;

/// The loss of a batch, a mean over its examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// $\frac{1}{2} \sum_c (f_c - y_c)^2$, the loss for which kernels predict.
    Squared,
    /// $-\sum_c y_c \ln \operatorname{softmax}(f)_c$.
    CrossEntropy,
}

impl Loss {
    /// The loss of outputs against targets, both `[batch, outputs]`.
    pub(crate) fn of(self, outputs: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        let examples = outputs.dims()[0] as f64;
        match self {
            Self::Squared => (outputs - targets).square().sum() * (0.5 / examples),
            Self::CrossEntropy => (activation::log_softmax(outputs, 1) * targets).sum() * (-1.0 / examples),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Precision;
    use crate::precision::values_of;
    use burn_tensor::Device;

    #[test]
    fn losses_are_means_over_examples() {
        let tensor = |values: [f64; 4]| Precision::Double.tensor(values.to_vec(), [2, 2], &Device::flex());
        let (outputs, targets) = (tensor([1.0, 2.0, 0.5, -1.0]), tensor([1.0, 0.0, 0.0, 1.0]));
        let squared = values_of(&Loss::Squared.of(outputs.clone(), targets.clone()))[0];
        assert!((squared - 0.25 * (4.0 + 0.25 + 4.0)).abs() < 1e-15, "{squared}");
        let cross = values_of(&Loss::CrossEntropy.of(outputs, targets))[0];
        let expected = 0.5 * (1.0_f64.exp().ln_1p() + 1.5_f64.exp().ln_1p());
        assert!((cross - expected).abs() < 1e-14, "{cross}, expected {expected}");
    }
}
