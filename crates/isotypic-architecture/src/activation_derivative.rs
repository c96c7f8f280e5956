//! Derivatives of the pointwise nonlinearities.

use std::f64::consts::{FRAC_2_SQRT_PI, FRAC_PI_4, SQRT_2};

use crate::activation::{hermite, power};
use crate::{Activation, SIGMOID_LIKE_RATE, ScalarFunction};

impl Activation {
    /// $\varphi'(u)$ where it exists, which is almost everywhere: jumps do not count, and at a kink it is the slope above or below.
    /// NaN stays NaN, and is the value of what [is no function](Self::is_a_function).
    pub fn derivative(self, u: f64) -> f64 {
        if u.is_nan() {
            return u;
        }
        let slopes = |below: f64, above: f64| if u > 0.0 { above } else { below };
        match self {
            Self::Relu => slopes(0.0, 1.0),
            Self::LeakyRelu { alpha } => slopes(alpha, 1.0),
            Self::AbRelu { a, b } => slopes(a, b),
            Self::Abs => slopes(-1.0, 1.0),
            Self::Sign => 0.0,
            Self::Erf { a, b, .. } => a * b * FRAC_2_SQRT_PI * (-(b * u).powi(2)).exp(),
            Self::SigmoidLike => {
                0.5 * SIGMOID_LIKE_RATE * FRAC_2_SQRT_PI * (-(SIGMOID_LIKE_RATE * u).powi(2)).exp()
            }
            Self::Gelu { approximate: false } => ScalarFunction::Gelu.derivative(u),
            Self::Gelu { approximate: true } => {
                let rate = (2.0 / std::f64::consts::PI).sqrt();
                let inner = rate * (u + 0.044715 * u.powi(3));
                let slope = rate * (1.0 + 3.0 * 0.044715 * u * u);
                // The hyperbolic tangent is flat before u times its slope could overflow.
                let bend = ScalarFunction::Tanh.derivative(inner);
                0.5 * (1.0 + inner.tanh()) + if bend == 0.0 { 0.0 } else { 0.5 * u * bend * slope }
            }
            Self::Tanh => ScalarFunction::Tanh.derivative(u),
            Self::Sigmoid => ScalarFunction::Sigmoid.derivative(u),
            Self::Softplus => ScalarFunction::Softplus.derivative(u),
            Self::Silu => ScalarFunction::Silu.derivative(u),
            Self::Sin { a, b, c } => a * b * (b * u + c).cos(),
            Self::Cos { a, b, c } => -a * b * (b * u + c).sin(),
            Self::Rbf { gamma } => {
                let rate = (2.0 * gamma).sqrt();
                SQRT_2 * rate * (rate * u + FRAC_PI_4).cos()
            }
            Self::Exp { a, b } => a * b * (b * u).exp(),
            Self::Gaussian { a, b } => 2.0 * a * b * u * (b * u * u).exp(),
            Self::Gabor => (-u * u).exp() * (u.cos() - 2.0 * u * u.sin()),
            Self::Monomial { degree } => slope_of_power(degree, u),
            Self::RectifiedMonomial { degree } => {
                if u < 0.0 {
                    0.0
                } else {
                    slope_of_power(degree, u)
                }
            }
            Self::Polynomial { coef } => {
                let terms = coef.as_slice().iter().enumerate().skip(1).rev();
                terms.fold(0.0, |sum, (degree, coefficient)| sum * u + degree as f64 * coefficient)
            }
            // He_n' = n He_{n-1}.
            Self::Hermite { degree: 0 } => 0.0,
            Self::Hermite { degree } => (degree as f64).sqrt() * hermite(degree - 1, u),
            Self::ExpNormalized { .. } => f64::NAN,
            Self::Elementwise { function, .. } => function.derivative(u),
        }
    }
}

/// $n u^{n-1}$.
fn slope_of_power(degree: usize, u: f64) -> f64 {
    if degree == 0 { 0.0 } else { degree as f64 * power(degree - 1, u) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Architecture;
    use crate::Layer;

    #[test]
    fn derivatives_are_those_of_the_functions() {
        let text = r#"{"layers": ["relu", {"leaky_relu": {"alpha": 0.3}}, {"ab_relu": {"a": -0.5, "b": 1.5}}, "abs", "sign",
            {"erf": {"a": 1.5, "b": 0.7, "c": 0.2}}, "sigmoid_like", "gelu", {"gelu": {"approximate": true}}, "tanh", "sigmoid",
            "softplus", "silu", {"sin": {"a": 1.2, "b": 0.8, "c": 0.3}}, {"cos": {"a": 1.2, "b": 0.8, "c": 0.3}},
            {"rbf": {"gamma": 0.6}}, {"exp": {"a": 0.5, "b": 0.4}}, {"gaussian": {"a": 1.1, "b": -0.4}}, "gabor",
            {"monomial": {"degree": 0}}, {"monomial": {"degree": 3}}, {"rectified_monomial": {"degree": 0}},
            {"rectified_monomial": {"degree": 1}}, {"rectified_monomial": {"degree": 2}},
            {"polynomial": {"coef": [0.3, -1, 0.5, 0.25]}}, {"hermite": {"degree": 1}}, {"hermite": {"degree": 4}},
            {"elementwise": {"function": "erf", "quadrature_degree": 3}}]}"#;
        let architecture = Architecture::from_json(text).unwrap();
        let mut seen = 0;
        for layer in &architecture.layers {
            let Layer::Activation(activation) = layer else { panic!("{layer:?}") };
            seen += 1;
            for step in -20..=20 {
                // Never a kink.
                let u = 0.137 * f64::from(step) + 0.05;
                let h = 1e-5;
                let slope = (activation.apply(u + h) - activation.apply(u - h)) / (2.0 * h);
                let got = activation.derivative(u);
                assert!(
                    (got - slope).abs() < 1e-8 * (1.0 + slope.abs()),
                    "{activation:?}'({u}): {got} for {slope}"
                );
            }
            assert!(activation.derivative(f64::NAN).is_nan());
        }
        assert_eq!(seen, 28);
    }

    #[test]
    fn approximate_gelu_is_flat_and_straight_far_out() {
        let gelu = Activation::Gelu { approximate: true };
        assert_eq!([-1e200, -50.0, 50.0, 1e200].map(|u| gelu.derivative(u)), [0.0, 0.0, 1.0, 1.0]);
    }
}
