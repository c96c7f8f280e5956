//! $u \Phi(u)$ with the normal distribution function $\Phi$ (Hendrycks & Gimpel 2016, arXiv 1606.08415) on the processor; its derivative is
//! $\Phi(u) + u \phi(u)$.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use burn_tensor::Tensor;

use crate::cpu_operation::{CpuNumber, CpuOperation, Seen, compute, mapped, mapped_pairs};

/// The function of every value, with gradients; `None` where the processor does not have the values.
pub(crate) fn gelu(values: &Tensor<3>) -> Option<Tensor<3>> {
    compute(Gelu { shape: values.dims() }, [values.clone()])
}

#[derive(Debug)]
struct Gelu {
    shape: [usize; 3],
}

fn distribution<N: CpuNumber>(value: N) -> N {
    ((value * N::of(FRAC_1_SQRT_2)).error_function() + N::of(1.0)) * N::of(0.5)
}

impl CpuOperation<1> for Gelu {
    type Kept = ();

    fn output_shape(&self) -> [usize; 3] {
        self.shape
    }

    fn forward<N: CpuNumber>(&self, [values]: [&[N]; 1]) -> (Vec<N>, ()) {
        (mapped(values, |value| value * distribution(value)), ())
    }

    fn backward<N: CpuNumber>(
        &self,
        Seen { inputs: [values], .. }: Seen<'_, N, 1>,
        (): &(),
        gradient: &[N],
        _: [bool; 1],
    ) -> [Option<Vec<N>>; 1] {
        let density_at_0 = N::of(0.5 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2);
        let each = |value: N, g: N| {
            let density = density_at_0 * (value * value * N::of(-0.5)).exponential();
            g * (distribution(value) + value * density)
        };
        [Some(mapped_pairs(values, gradient, each))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Precision;
    use crate::activations::composed_gelu;
    use crate::operation_twins::{assert_close, leaf, outcome};

    #[test]
    fn function_and_derivative_are_those_of_tensor_operations() {
        for (precision, tolerance) in [(Precision::Double, 1e-14), (Precision::Single, 1e-6)] {
            let leaves = [leaf(precision, [3, 700, 5], 0.1)];
            let spread = |leaves: &[Tensor<3>]| leaves[0].clone() * 4.0;
            let own = outcome(precision, &leaves, |leaves| gelu(&spread(leaves)).unwrap());
            let composed = outcome(precision, &leaves, |leaves| composed_gelu(spread(leaves)));
            assert_close(&own, &composed, tolerance, "gelu");
        }
    }
}
