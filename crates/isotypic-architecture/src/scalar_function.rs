//! Smooth scalar functions that an `elementwise` layer applies.

use serde::Serialize;

/// A smooth function of one number, with its derivative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ScalarFunction {
    /// $\tanh u$.
    Tanh,
    /// The error function $\operatorname{erf}(u)$.
    Erf,
    /// The logistic function $1/(1 + e^{-u})$.
    Sigmoid,
    /// $\ln(1 + e^u)$.
    Softplus,
    /// $u/(1 + e^{-u})$.
    Silu,
    /// $u\,\Phi(u)$ with the normal distribution function $\Phi$.
    Gelu,
}

impl ScalarFunction {
    /// Every function, in the order they are listed to users.
    pub const ALL: [Self; 6] = [Self::Tanh, Self::Erf, Self::Sigmoid, Self::Softplus, Self::Silu, Self::Gelu];

    /// The function's name in files and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tanh => "tanh",
            Self::Erf => "erf",
            Self::Sigmoid => "sigmoid",
            Self::Softplus => "softplus",
            Self::Silu => "silu",
            Self::Gelu => "gelu",
        }
    }

    /// The function of the given name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.name() == name)
    }

    /// $\varphi(u)$, with a small relative error for every `u`.
    pub fn apply(self, u: f64) -> f64 {
        match self {
            Self::Tanh => u.tanh(),
            Self::Erf => libm::erf(u),
            Self::Sigmoid => sigmoid(u),
            // max(u, 0) first: the exponential of a large number would overflow.
            Self::Softplus => rectify(u) + (-u.abs()).exp().ln_1p(),
            Self::Silu => u * sigmoid(u),
            Self::Gelu => u * normal_distribution(u),
        }
    }

    /// $\varphi'(u)$.
    pub fn derivative(self, u: f64) -> f64 {
        match self {
            // 1 − tanh² cancels where the function is flat.
            Self::Tanh => {
                let e = (-2.0 * u.abs()).exp();
                4.0 * e / ((1.0 + e) * (1.0 + e))
            }
            Self::Erf => std::f64::consts::FRAC_2_SQRT_PI * (-u * u).exp(),
            Self::Sigmoid => sigmoid(u) * sigmoid(-u),
            Self::Softplus => sigmoid(u),
            Self::Silu => sigmoid(u) * (1.0 + u * sigmoid(-u)),
            Self::Gelu => {
                normal_distribution(u) + u * (-0.5 * u * u).exp() / (2.0 * std::f64::consts::PI).sqrt()
            }
        }
    }
}

/// $\max(u, 0)$, except that NaN stays NaN.
pub(crate) fn rectify(u: f64) -> f64 {
    if u < 0.0 { 0.0 } else { u }
}

fn sigmoid(u: f64) -> f64 {
    let e = (-u.abs()).exp();
    (if u < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

fn normal_distribution(u: f64) -> f64 {
    0.5 * libm::erfc(-u * std::f64::consts::FRAC_1_SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ```python
    /// from mpmath import *; mp.dps = 30
    /// s = lambda u: 1/(1+exp(-u))
    /// for f in (tanh, erf, s, lambda u: log1p(exp(u)), lambda u: u*s(u), lambda u: u*ncdf(u)):
    ///     print([nstr(f(mpf(u)), 17) for u in (-30, -1.25, 0.5, 3)])
    /// ```
    /// The rounding of an argument of an exponential counts as many times as the argument is large.
    #[test]
    fn functions_equal_high_precision_at_a_few_points() {
        for (function, expected) in GOLDEN {
            for (u, expected) in [-30.0, -1.25, 0.5, 3.0].into_iter().zip(expected) {
                let got = function.apply(u);
                assert!(
                    (got - expected).abs() <= 4e-16 * (1.0 + u * u) * f64::abs(expected),
                    "{function:?}({u}): {got:e} against {expected:e}"
                );
            }
        }
    }

    #[test]
    fn derivatives_are_those_of_the_functions() {
        for function in ScalarFunction::ALL {
            for step in -40..=40 {
                let u = 0.13 * f64::from(step);
                let h = 1e-5;
                let slope = (function.apply(u + h) - function.apply(u - h)) / (2.0 * h);
                assert!((function.derivative(u) - slope).abs() < 2e-10, "{function:?}'({u})");
            }
        }
    }

    #[test]
    fn large_arguments_are_exact_and_nan_stays() {
        for function in ScalarFunction::ALL {
            assert!(function.apply(f64::NAN).is_nan() && function.derivative(f64::NAN).is_nan());
            for u in [-1e150_f64, -800.0, 800.0, 1e150] {
                let grows =
                    !matches!(function, ScalarFunction::Tanh | ScalarFunction::Erf | ScalarFunction::Sigmoid);
                let expected = match (grows, function) {
                    (true, _) => u.max(0.0),
                    (false, ScalarFunction::Sigmoid) => f64::from(u > 0.0),
                    (false, _) => u.signum(),
                };
                assert!((function.apply(u) - expected).abs() <= f64::MIN_POSITIVE, "{function:?}({u})");
                let slope = if grows && u > 0.0 { 1.0 } else { 0.0 };
                assert!((function.derivative(u) - slope).abs() < 1e-300, "{function:?}'({u})");
            }
        }
    }

    const GOLDEN: [(ScalarFunction, [f64; 4]); 6] = [
        (ScalarFunction::Tanh, [-1.0, -0.8482836399575129, 0.46211715726000974, 0.9950547536867305]),
        (ScalarFunction::Erf, [-1.0, -0.9229001282564583, 0.5204998778130465, 0.9999779095030014]),
        (
            ScalarFunction::Sigmoid,
            [9.357622968839299e-14, 0.22270013882530884, 0.6224593312018546, 0.9525741268224333],
        ),
        (
            ScalarFunction::Softplus,
            [9.357622968839737e-14, 0.2519290813453729, 0.9740769841801067, 3.048587351573742],
        ),
        (
            ScalarFunction::Silu,
            [-2.8072868906517896e-12, -0.27837517353163604, 0.3112296656009273, 2.8577223804672998],
        ),
        (
            ScalarFunction::Gelu,
            [-1.472014178144456e-196, -0.13206221708356908, 0.34573123063700656, 2.99595030590511],
        ),
    ];
}
