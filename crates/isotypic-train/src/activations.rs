//! Functions of single values.

use burn_tensor::{Tensor, activation};
use isotypic_architecture::{Activation, SIGMOID_LIKE_RATE, ScalarFunction};

use crate::gelu::gelu;
use crate::relu::relu;

/// Whether [`activate`] computes the function.
pub(crate) fn is_known_activation(activation: Activation) -> bool {
    use Activation as A;
    matches!(
        activation,
        A::Relu
            | A::LeakyRelu { .. }
            | A::AbRelu { .. }
            | A::Abs
            | A::Sign
            | A::Erf { .. }
            | A::SigmoidLike
            | A::Gelu { .. }
            | A::Tanh
            | A::Sigmoid
            | A::Softplus
            | A::Silu
            | A::Sin { .. }
            | A::Cos { .. }
            | A::Rbf { .. }
            | A::Exp { .. }
            | A::Gaussian { .. }
            | A::Gabor
            | A::Monomial { .. }
            | A::RectifiedMonomial { .. }
            | A::Polynomial { .. }
            | A::Hermite { .. }
    ) || matches!(activation, A::Elementwise { function, .. } if same_activation(function).is_some())
}

/// The function of every value.
pub(crate) fn activate(function: Activation, u: Tensor<3>) -> Tensor<3> {
    use std::f64::consts::{FRAC_PI_4, PI, SQRT_2};
    let slopes = |a: f64, b: f64, u: Tensor<3>| activation::relu(u.clone()) * b - activation::relu(-u) * a;
    match function {
        Activation::Relu => rectify(u),
        Activation::LeakyRelu { alpha } => slopes(alpha, 1.0, u),
        Activation::AbRelu { a, b } => slopes(a, b, u),
        Activation::Abs => u.abs(),
        Activation::Sign => u.sign(),
        Activation::Erf { a, b, c } => (u * b).erf() * a + c,
        Activation::SigmoidLike => (u * SIGMOID_LIKE_RATE).erf() * 0.5 + 0.5,
        Activation::Gelu { approximate: false } => gelu(&u).unwrap_or_else(|| composed_gelu(u)),
        Activation::Gelu { approximate: true } => {
            let inner = (u.clone() + u.clone() * u.clone().square() * 0.044715) * (2.0 / PI).sqrt();
            u * (inner.tanh() + 1.0) * 0.5
        }
        Activation::Tanh => u.tanh(),
        Activation::Sigmoid => activation::sigmoid(u),
        Activation::Softplus => activation::relu(u.clone()) + (-u.abs()).exp().log1p(),
        Activation::Silu => u.clone() * activation::sigmoid(u),
        Activation::Sin { a, b, c } => (u * b + c).sin() * a,
        Activation::Cos { a, b, c } => (u * b + c).cos() * a,
        Activation::Rbf { gamma } => (u * (2.0 * gamma).sqrt() + FRAC_PI_4).sin() * SQRT_2,
        Activation::Exp { a, b } => (u * b).exp() * a,
        Activation::Gaussian { a, b } => (u.square() * b).exp() * a,
        Activation::Gabor => (-u.clone().square()).exp() * u.sin(),
        Activation::Monomial { degree } => power(degree, u),
        Activation::RectifiedMonomial { degree: 0 } => u.ones_like().mask_fill(u.lower_elem(0.0), 0.0),
        Activation::RectifiedMonomial { degree } => power(degree, activation::relu(u)),
        Activation::Polynomial { coef } => {
            let zero = u.zeros_like();
            coef.as_slice().iter().rev().fold(zero, |sum, &coefficient| sum * u.clone() + coefficient)
        }
        Activation::Hermite { degree } => {
            // √(k+1) h_{k+1} = u h_k − √k h_{k−1}.
            let (mut before, mut value) = (u.zeros_like(), u.ones_like());
            for k in 0..degree {
                let next = u.clone() * value.clone() - before * (k as f64).sqrt();
                (before, value) = (value, next / (k as f64 + 1.0).sqrt());
            }
            value
        }
        Activation::Elementwise { function, .. } => match same_activation(function) {
            Some(same) => activate(same, u),
            None => unreachable!("`Network::from_nodes` refuses functions that are not known"),
        },
        _ => unreachable!("`Network::from_nodes` refuses functions that are not known"),
    }
}

/// $\max(u, 0)$ of every value.
pub(crate) fn rectify(u: Tensor<3>) -> Tensor<3> {
    relu(&u).unwrap_or_else(|| activation::relu(u))
}

/// The Gaussian error linear unit by tensor operations, on every device.
pub(crate) fn composed_gelu(u: Tensor<3>) -> Tensor<3> {
    u.clone() * ((u * std::f64::consts::FRAC_1_SQRT_2).erf() + 1.0) * 0.5
}

fn power(degree: usize, u: Tensor<3>) -> Tensor<3> {
    let one = u.ones_like();
    (0..degree).fold(one, |power, _| power * u.clone())
}

/// The activation that is a function by itself; `None` for functions that are not known here.
fn same_activation(function: ScalarFunction) -> Option<Activation> {
    Some(match function {
        ScalarFunction::Erf => Activation::Erf { a: 1.0, b: 1.0, c: 0.0 },
        ScalarFunction::Sigmoid => Activation::Sigmoid,
        ScalarFunction::Softplus => Activation::Softplus,
        ScalarFunction::Silu => Activation::Silu,
        ScalarFunction::Gelu => Activation::Gelu { approximate: false },
        ScalarFunction::Tanh => Activation::Tanh,
        _ => return None,
    })
}
