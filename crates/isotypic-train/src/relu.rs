//! Rectifiers on the processor. The backward pass reads outputs, which readers keep anyway, and not the inputs.

use burn_tensor::Tensor;

use crate::cpu_operation::{CpuNumber, CpuOperation, Reads, Seen, compute, mapped, mapped_pairs};

/// $\max(u, 0)$ of every value, with gradients; `None` where the processor does not have the values.
pub(crate) fn relu(values: &Tensor<3>) -> Option<Tensor<3>> {
    compute(Relu { shape: values.dims() }, [values.clone()])
}

#[derive(Debug)]
struct Relu {
    shape: [usize; 3],
}

/// `passed` where the value is positive; what is not a number is passed on.
#[allow(clippy::eq_op)]
fn where_positive<N: CpuNumber>(value: N, passed: N) -> N {
    if value > N::default() || value != value { passed } else { N::default() }
}

impl CpuOperation<1> for Relu {
    type Kept = ();

    const READS: Reads = Reads::Outputs;

    fn output_shape(&self) -> [usize; 3] {
        self.shape
    }

    fn forward<N: CpuNumber>(&self, [values]: [&[N]; 1]) -> (Vec<N>, ()) {
        (mapped(values, |value| where_positive(value, value)), ())
    }

    fn backward<N: CpuNumber>(
        &self,
        Seen { outputs, .. }: Seen<'_, N, 1>,
        (): &(),
        gradient: &[N],
        _: [bool; 1],
    ) -> [Option<Vec<N>>; 1] {
        [Some(mapped_pairs(outputs, gradient, where_positive))]
    }
}

#[cfg(test)]
mod tests {
    use burn_tensor::{Device, activation};

    use super::*;
    use crate::Precision;
    use crate::operation_twins::{assert_close, leaf, outcome};
    use crate::precision::values_of;

    #[test]
    fn rectified_values_and_gradients_are_those_of_tensor_operations() {
        for precision in [Precision::Double, Precision::Single] {
            let leaves = [leaf(precision, [3, 7001, 5], 0.1)];
            let own = outcome(precision, &leaves, |leaves| relu(&leaves[0]).unwrap());
            let composed = outcome(precision, &leaves, |leaves| activation::relu(leaves[0].clone()));
            assert_close(&own, &composed, 0.0, "relu");
        }
        let tensor = Precision::Single.tensor(vec![-0.0, 0.0, f64::NAN, 2.0], [1, 4, 1], &Device::flex());
        let tensor = tensor.autodiff().require_grad();
        let rectified = relu(&tensor).unwrap();
        assert!(values_of(&rectified)[2].is_nan());
        let gradient = values_of(&tensor.grad(&rectified.sum().backward()).unwrap());
        assert_eq!(gradient, [0.0, 0.0, 1.0, 1.0]);
    }
}
