//! Pointwise nonlinearities: what an infinitely wide layer does to a pair of Gaussian pre-activations.
//!
//! For a centred Gaussian pair $(u, v)$ with variances $q_x, q_y$ and correlation $\cos\theta$, a nonlinearity
//! $\varphi$ maps the covariance to $E[\varphi(u)\varphi(v)]$ and multiplies the tangent kernel by
//! $E[\varphi'(u)\varphi'(v)]$ (Jacot et al. 2018; Lee et al. 2018).
//!
//! # Representation
//!
//! A pair is carried as its *cosine gap* $t = 1 - \cos\theta \in [0, 2]$ rather than as its covariance: kernels of
//! normalised data are all close to a constant, and near $\theta = 0$ a covariance in floating point keeps half of
//! the digits of the angle only. Identical pairs have $t = 0$ exactly and stay so at any depth.
//!
//! # Adding one
//!
//! One file with the type, its formulas and golden values, one line in [`from_operation`].

mod ab_relu;
mod arc;
mod erf;
mod exp;
mod exp_normalized;
pub(crate) mod exponential;
mod gabor;
mod gated;
mod gauss_hermite;
mod gaussian;
mod hermite;
mod hermite_series;
mod homogeneous;
mod monomial;
mod normal_mixture;
mod pairs;
mod polynomial;
mod quadrature;
mod rectified_monomial;
mod relu;
mod sign;
mod sinusoid;
mod smooth_step;
mod softplus;
mod widened;

use std::fmt::Debug;

use fearless_simd::Level;
use isotypic_architecture::{Activation, Operation, SIGMOID_LIKE_RATE};

use crate::layer_run::{DifferenceRun, GapRun, map_differences_in_steps, map_gaps_in_steps};
use crate::real::Real;
use crate::terms::Ends;

use widened::map_widened;

pub use ab_relu::AbRelu;
pub use erf::Erf;
pub use exp::Exp;
pub use exp_normalized::ExpNormalized;
pub use gabor::Gabor;
pub use gated::Gated;
pub use gaussian::Gaussian;
pub use monomial::Monomial;
pub use polynomial::Polynomial;
pub use quadrature::Quadrature;
pub use rectified_monomial::RectifiedMonomial;
pub use relu::Relu;
pub use sign::Sign;
pub use sinusoid::Sinusoid;
pub use smooth_step::SmoothStep;
pub use softplus::Softplus;

/// A run of pairs: group `i` pairs the one point `x[i]` with the `lanes` points `y[lanes·i..lanes·(i+1)]`, where `lanes` is
/// [`Real::LANES`].
#[derive(Debug)]
pub struct PairRun<'a, T: Real = f64> {
    /// The points before the nonlinearity: its pre-activations.
    pub before: Ends<'a, T>,
    /// The points after it, with the variances [`Nonlinearity::variance`] of those of `before`, and the diagonal tangent kernels
    /// of those times [`Nonlinearity::derivative_variance`].
    pub after: Ends<'a, T>,
    /// Cosine gaps $1 - \cos\theta$, in $[0, 2]$; replaced by those of the mapped pairs.
    pub cosine_gap: &'a mut [T],
    /// Differences $\Theta_{xx} + \Theta_{yy} - 2\Theta_{xy}$ of tangent kernels; replaced by those after the nonlinearity, which multiplies
    /// $\Theta$ by $E[\varphi'(u)\varphi'(v)]$.
    pub ntk_difference: Option<&'a mut [T]>,
}

/// A pointwise nonlinearity with closed-form Gaussian moments.
pub trait Nonlinearity: Debug + Send + Sync {
    /// $E[\varphi(u)^2]$ for $u \sim N(0, q)$.
    fn variance(&self, q: f64) -> f64;

    /// $E[\varphi'(u)^2]$ for $u \sim N(0, q)$.
    fn derivative_variance(&self, q: f64) -> f64;

    /// Estimate of the relative error that a quadrature makes in these moments at variance `q`; 0 for closed formulas.
    fn approximation_error(&self, q: f64) -> f64 {
        let _ = q;
        0.0
    }

    /// Nominal cost of a pair, the rectifier being 1; for plans only.
    fn cost(&self) -> f64 {
        1.0
    }

    /// Whether differences of tangent kernels keep their relative digits in single precision, however small they are.
    fn keeps_ntk_differences(&self) -> bool {
        false
    }

    /// Maps every pair of the run in place. The result for a pair depends on that pair alone.
    fn map(&self, level: Level, run: PairRun<'_, f64>);

    /// The same in single precision; in double precision and rounded where a nonlinearity has nothing faster.
    fn map_single(&self, level: Level, run: PairRun<'_, f32>) {
        map_widened(self, level, run);
    }

    /// Carries differences through an affine layer and then this nonlinearity; in one pass where that is worth it.
    fn map_differences(&self, level: Level, run: DifferenceRun<'_, f64>) {
        map_differences_in_steps(level, run, |run| self.map(level, run));
    }

    /// The same in single precision.
    fn map_differences_single(&self, level: Level, run: DifferenceRun<'_, f32>) {
        map_differences_in_steps(level, run, |run| self.map_single(level, run));
    }

    /// Carries cosine gaps through an affine layer and then this nonlinearity; in one pass where that is worth it.
    fn map_gaps(&self, level: Level, run: GapRun<'_, f64>) {
        map_gaps_in_steps(level, run, |run| self.map(level, run));
    }

    /// The same in single precision.
    fn map_gaps_single(&self, level: Level, run: GapRun<'_, f32>) {
        map_gaps_in_steps(level, run, |run| self.map_single(level, run));
    }
}

/// The nonlinearity of an operation of a layer graph, or `None` if the operation is not one.
pub(crate) fn from_operation(operation: &Operation) -> Option<Box<dyn Nonlinearity>> {
    let Operation::Activation(activation) = operation else { return None };
    Some(match *activation {
        Activation::Relu => Box::new(Relu),
        Activation::LeakyRelu { alpha } => Box::new(AbRelu { below: alpha, above: 1.0 }),
        Activation::AbRelu { a, b } => Box::new(AbRelu { below: a, above: b }),
        Activation::Abs => Box::new(AbRelu { below: -1.0, above: 1.0 }),
        Activation::Sign => Box::new(Sign),
        Activation::Erf { a, b, c } => Box::new(Erf::new(a, b, c)),
        Activation::SigmoidLike => Box::new(Erf::new(0.5, SIGMOID_LIKE_RATE, 0.5)),
        Activation::Gelu { .. } => Box::new(Gated::Gelu),
        Activation::Silu => Box::new(Gated::Silu),
        Activation::Tanh => Box::new(SmoothStep::Tanh),
        Activation::Sigmoid => Box::new(SmoothStep::Sigmoid),
        Activation::Softplus => Box::new(Softplus),
        Activation::Sin { a, b, c } => Box::new(Sinusoid::sine(a, b, c)),
        Activation::Cos { a, b, c } => Box::new(Sinusoid::cosine(a, b, c)),
        Activation::Rbf { gamma } => Box::new(Sinusoid::rbf(gamma)),
        Activation::Exp { a, b } => Box::new(Exp { a, b }),
        Activation::Gaussian { a, b } => Box::new(Gaussian { a, b }),
        Activation::Gabor => Box::new(Gabor),
        // A constant is a polynomial.
        Activation::Monomial { degree: 0 } => Box::new(Polynomial::new(&[1.0])),
        Activation::Monomial { degree } => Box::new(Monomial::new(i32::try_from(degree).ok()?)),
        Activation::RectifiedMonomial { degree } => {
            Box::new(RectifiedMonomial { degree: i32::try_from(degree).ok()? })
        }
        Activation::Polynomial { coef } => Box::new(Polynomial::new(coef.as_slice())),
        Activation::Hermite { degree } => Box::new(Polynomial::hermite(degree)),
        Activation::ExpNormalized { gamma, shift, .. } => Box::new(ExpNormalized { gamma, shift }),
        Activation::Elementwise { function, quadrature_degree } => {
            Box::new(Quadrature::new(function, quadrature_degree))
        }
        _ => return None,
    })
}
