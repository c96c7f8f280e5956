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

mod arc;
mod erf;
mod relu;

use std::fmt::Debug;

use fearless_simd::Level;
use isotypic_architecture::Operation;

pub use erf::Erf;
pub use relu::Relu;

/// Number of pairs that are processed side by side: one column image, or one column point, per lane.
///
/// A multiple of every vector width in use, so that results do not depend on the width.
pub const LANES: usize = 8;

/// Second moments of the points at one end of a run of pairs.
#[derive(Debug, Clone, Copy)]
pub struct Endpoints<'a> {
    /// Variances $q$ of the pre-activations.
    pub variance: &'a [f64],
    /// Their square roots.
    pub root: &'a [f64],
    /// Square roots of the mapped variances, [`Nonlinearity::variance`] of `variance`.
    pub mapped_root: &'a [f64],
}

/// A run of pairs: group `i` pairs the one point `x[i]` with the [`LANES`] points `y[LANES·i..LANES·(i+1)]`.
#[derive(Debug)]
pub struct PairRun<'a> {
    /// One point per group.
    pub x: Endpoints<'a>,
    /// `LANES` points per group.
    pub y: Endpoints<'a>,
    /// Cosine gaps $1 - \cos\theta$, in $[0, 2]$; replaced by those of the mapped pairs.
    pub cosine_gap: &'a mut [f64],
    /// Tangent kernels; multiplied by $E[\varphi'(u)\varphi'(v)]$.
    pub ntk: Option<&'a mut [f64]>,
}

/// A pointwise nonlinearity with closed-form Gaussian moments.
pub trait Nonlinearity: Debug + Send + Sync {
    /// $E[\varphi(u)^2]$ for $u \sim N(0, q)$.
    fn variance(&self, q: f64) -> f64;

    /// $E[\varphi'(u)^2]$ for $u \sim N(0, q)$.
    fn derivative_variance(&self, q: f64) -> f64;

    /// Maps every pair of the run in place. The result for a pair depends on that pair alone.
    fn map(&self, level: Level, run: PairRun<'_>);
}

/// The nonlinearity of an operation of a layer graph, or `None` if the operation is not one.
pub(crate) fn from_operation(operation: &Operation) -> Option<Box<dyn Nonlinearity>> {
    match operation {
        Operation::Relu => Some(Box::new(Relu)),
        Operation::Erf => Some(Box::new(Erf)),
        _ => None,
    }
}
