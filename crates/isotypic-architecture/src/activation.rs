//! Pointwise nonlinearities: what they are called and what they do to a number.

use serde::Serialize;

use crate::scalar_function::rectify;
use crate::{Coefficients, ScalarFunction};

/// A nonlinearity that acts on every value by itself, as an architecture file spells it and as a checked graph holds it.
///
/// Names, options and defaults follow neural-tangents' `stax` in snake case; `tanh`, `sigmoid`, `softplus` and `silu` are
/// spelled `Elementwise` there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Activation {
    /// $\max(u, 0)$.
    Relu,
    /// $u$ where positive, $\alpha u$ elsewhere.
    LeakyRelu {
        /// The slope below zero.
        alpha: f64,
    },
    /// $a \min(u, 0) + b \max(u, 0)$.
    AbRelu {
        /// The slope below zero.
        a: f64,
        /// The slope above zero; `a` and `b` do not both vanish.
        b: f64,
    },
    /// $|u|$.
    Abs,
    /// $-1$, $0$ or $1$.
    Sign,
    /// $a \operatorname{erf}(b u) + c$.
    Erf {
        /// Amplitude.
        a: f64,
        /// Rate.
        b: f64,
        /// Offset.
        c: f64,
    },
    /// $\tfrac12 \operatorname{erf}(u/2.4020563531719796) + \tfrac12$, close to the logistic function.
    SigmoidLike,
    /// $u\,\Phi(u)$ with the normal distribution function $\Phi$ (Hendrycks & Gimpel 2016).
    Gelu {
        /// Whether finite networks replace $\Phi$ by its approximation with a hyperbolic tangent. The kernel is that of
        /// the exact function either way, as in neural-tangents.
        approximate: bool,
    },
    /// $\tanh u$.
    Tanh,
    /// The logistic function $1/(1 + e^{-u})$.
    Sigmoid,
    /// $\ln(1 + e^u)$.
    Softplus,
    /// $u/(1 + e^{-u})$.
    Silu,
    /// $a \sin(b u + c)$.
    Sin {
        /// Amplitude.
        a: f64,
        /// Frequency, radians per unit.
        b: f64,
        /// Phase, radians.
        c: f64,
    },
    /// $a \cos(b u + c)$.
    Cos {
        /// Amplitude.
        a: f64,
        /// Frequency, radians per unit.
        b: f64,
        /// Phase, radians.
        c: f64,
    },
    /// $\sqrt2 \sin(\sqrt{2\gamma}\,u + \pi/4)$, whose kernel is $\exp(-\gamma E[(u-v)^2])$.
    Rbf {
        /// The positive rate $\gamma$.
        gamma: f64,
    },
    /// $a\,e^{b u}$.
    Exp {
        /// Factor.
        a: f64,
        /// Rate.
        b: f64,
    },
    /// $a\,e^{b u^2}$.
    Gaussian {
        /// Factor.
        a: f64,
        /// Rate, at most 0.
        b: f64,
    },
    /// $e^{-u^2} \sin u$.
    Gabor,
    /// $u^n$.
    Monomial {
        /// The power $n$, at most 16.
        degree: usize,
    },
    /// $u^n$ where $u \ge 0$, else 0.
    RectifiedMonomial {
        /// The power $n$, at most 16.
        degree: usize,
    },
    /// A polynomial.
    Polynomial {
        /// Its coefficients, not all of them 0.
        coef: Coefficients,
    },
    /// The Hermite polynomial $\mathrm{He}_n(u)/\sqrt{n!}$, of norm 1 under the standard normal distribution.
    Hermite {
        /// The degree $n$, from 1 to 16.
        degree: usize,
    },
    /// The kernel $\sqrt{q_xq_y}\,e^{\gamma(\cos\theta + \text{shift})}$, which belongs to no function of one number.
    ExpNormalized {
        /// The rate $\gamma$, at least 0.
        gamma: f64,
        /// Added to the cosine.
        shift: f64,
        /// Read and without effect: cosines never leave $[-1, 1]$ here.
        do_clip: bool,
    },
    /// A scalar function whose kernel is the Gauss–Hermite sum of neural-tangents' `ElementwiseNumerical`, errors included.
    Elementwise {
        /// The function.
        function: ScalarFunction,
        /// Number of nodes of the quadrature along each of the two axes, from 1 to 128.
        quadrature_degree: usize,
    },
}

impl Activation {
    /// The layer's name in files and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::LeakyRelu { .. } => "leaky_relu",
            Self::AbRelu { .. } => "ab_relu",
            Self::Abs => "abs",
            Self::Sign => "sign",
            Self::Erf { .. } => "erf",
            Self::SigmoidLike => "sigmoid_like",
            Self::Gelu { .. } => "gelu",
            Self::Tanh => "tanh",
            Self::Sigmoid => "sigmoid",
            Self::Softplus => "softplus",
            Self::Silu => "silu",
            Self::Sin { .. } => "sin",
            Self::Cos { .. } => "cos",
            Self::Rbf { .. } => "rbf",
            Self::Exp { .. } => "exp",
            Self::Gaussian { .. } => "gaussian",
            Self::Gabor => "gabor",
            Self::Monomial { .. } => "monomial",
            Self::RectifiedMonomial { .. } => "rectified_monomial",
            Self::Polynomial { .. } => "polynomial",
            Self::Hermite { .. } => "hermite",
            Self::ExpNormalized { .. } => "exp_normalized",
            Self::Elementwise { .. } => "elementwise",
        }
    }

    /// Whether the layer is a function of one number, which finite networks can apply; all but `exp_normalized` are.
    pub fn is_a_function(self) -> bool {
        !matches!(self, Self::ExpNormalized { .. })
    }

    /// $\varphi(u)$. NaN stays NaN, and is the value of what [is no function](Self::is_a_function).
    pub fn apply(self, u: f64) -> f64 {
        match self {
            Self::Relu => rectify(u),
            Self::LeakyRelu { alpha } => slopes(alpha, 1.0, u),
            Self::AbRelu { a, b } => slopes(a, b, u),
            Self::Abs => u.abs(),
            // `f64::signum` is 1 at 0.
            Self::Sign => {
                if u == 0.0 {
                    0.0
                } else {
                    u.signum()
                }
            }
            Self::Erf { a, b, c } => a * libm::erf(b * u) + c,
            Self::SigmoidLike => 0.5 * libm::erf(u * SIGMOID_LIKE_RATE) + 0.5,
            Self::Gelu { approximate: false } => ScalarFunction::Gelu.apply(u),
            Self::Gelu { approximate: true } => {
                let inner = (2.0 / std::f64::consts::PI).sqrt() * (u + 0.044715 * u.powi(3));
                0.5 * u * (1.0 + inner.tanh())
            }
            Self::Tanh => ScalarFunction::Tanh.apply(u),
            Self::Sigmoid => ScalarFunction::Sigmoid.apply(u),
            Self::Softplus => ScalarFunction::Softplus.apply(u),
            Self::Silu => ScalarFunction::Silu.apply(u),
            Self::Sin { a, b, c } => a * (b * u + c).sin(),
            Self::Cos { a, b, c } => a * (b * u + c).cos(),
            Self::Rbf { gamma } => {
                std::f64::consts::SQRT_2 * ((2.0 * gamma).sqrt() * u + std::f64::consts::FRAC_PI_4).sin()
            }
            Self::Exp { a, b } => a * (b * u).exp(),
            Self::Gaussian { a, b } => a * (b * u * u).exp(),
            Self::Gabor => (-u * u).exp() * u.sin(),
            Self::Monomial { degree } => power(degree, u),
            Self::RectifiedMonomial { degree } => {
                if u < 0.0 {
                    0.0
                } else {
                    power(degree, u)
                }
            }
            Self::Polynomial { coef } => coef.evaluate(u),
            Self::Hermite { degree } => hermite(degree, u),
            Self::ExpNormalized { .. } => f64::NAN,
            Self::Elementwise { function, .. } => function.apply(u),
        }
    }
}

/// The rate of [`Activation::SigmoidLike`]: with it the function is closest to the logistic one, in squares over $[-5, 5]$.
pub const SIGMOID_LIKE_RATE: f64 = 1.0 / 2.402_056_353_171_979_6;

/// $u^n$.
pub(crate) fn power(degree: usize, u: f64) -> f64 {
    if u.is_nan() { u } else { (0..degree).fold(1.0, |power, _| power * u) }
}

/// $h_{k+1} = (u h_k - \sqrt k\,h_{k-1})/\sqrt{k+1}$.
pub(crate) fn hermite(degree: usize, u: f64) -> f64 {
    let (mut before, mut value) = (0.0, 1.0);
    for k in 0..degree {
        let k = k as f64;
        (before, value) = (value, (u * value - k.sqrt() * before) / (k + 1.0).sqrt());
    }
    value
}

/// $a \min(u, 0) + b \max(u, 0)$.
fn slopes(a: f64, b: f64, u: f64) -> f64 {
    if u < 0.0 { a * u } else { b * u }
}
