//! Any scalar function by a Gauss–Hermite sum: the rule of neural-tangents' `ElementwiseNumerical`, errors included.
//!
//! With nodes $z_i$, weights $w_i$, $\rho = 1 - t$ and $s = \sqrt{t(2-t)}$:
//! $E[\varphi\varphi] \approx \sum_i w_i \varphi(\sqrt{q_x} z_i) \sum_j w_j \varphi(\sqrt{q_y}(\rho z_i + s z_j))$,
//! the same for $\varphi'$, and $\sum_i w_i\varphi(\sqrt q z_i)^2$ for variances. The sum is not symmetric where the function is beyond
//! polynomials of the rule's degree; the end of larger variance takes the part of $x$ here, so that the kernel is. The
//! mapped gap is summed as $\sum_i w_i f_i \sum_j w_j (f_i - g_{ij})$ with normalised values, which does not cancel near $t = 0$.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;
use isotypic_architecture::ScalarFunction;

use super::exponential::{exponential, exponential_minus_one};
use super::gauss_hermite::GaussHermite;
use super::pairs::map_pairs;
use super::{Nonlinearity, PairRun};

/// A scalar function with a quadrature rule.
#[derive(Debug, Clone)]
pub struct Quadrature {
    function: ScalarFunction,
    rule: GaussHermite,
    /// With twice the nodes, for the estimate of the error.
    finer: GaussHermite,
}

impl Quadrature {
    /// `function` on `degree` nodes along each axis.
    #[must_use]
    pub fn new(function: ScalarFunction, degree: usize) -> Self {
        Self { function, rule: GaussHermite::new(degree), finer: GaussHermite::new(2 * degree) }
    }
}

/// $\sum_i w_i f(\sqrt q z_i)^2$.
fn mean_square(rule: &GaussHermite, q: f64, f: impl Fn(f64) -> f64) -> f64 {
    let root = q.sqrt();
    rule.nodes.iter().zip(&rule.weights).map(|(z, w)| w * f(root * z).powi(2)).sum()
}

impl Nonlinearity for Quadrature {
    fn variance(&self, q: f64) -> f64 {
        mean_square(&self.rule, q, |u| self.function.apply(u))
    }

    fn derivative_variance(&self, q: f64) -> f64 {
        mean_square(&self.rule, q, |u| self.function.derivative(u))
    }

    fn approximation_error(&self, q: f64) -> f64 {
        let error = |f: &dyn Fn(f64) -> f64| {
            let finer = mean_square(&self.finer, q, f);
            (mean_square(&self.rule, q, f) - finer).abs() / finer.max(f64::MIN_POSITIVE)
        };
        error(&|u| self.function.apply(u)).max(error(&|u| self.function.derivative(u)))
    }

    fn cost(&self) -> f64 {
        2.0 * (self.rule.nodes.len() as f64).powi(2)
    }

    fn map(&self, level: Level, run: PairRun<'_, f64>) {
        dispatch!(level, simd => map(simd, self, run));
    }
}

#[simd]
fn map<S: Simd>(simd: S, quadrature: &Quadrature, run: PairRun<'_, f64>) {
    let Quadrature { function, rule: GaussHermite { nodes, weights }, .. } = quadrature;
    map_pairs(
        simd,
        run,
        #[inline(always)]
        |pair| {
            let zero = S::f64s::splat(simd, 0.0);
            let first_is_x = pair.variance_x.simd_ge(pair.variance_y);
            let order = |x: S::f64s, y: S::f64s| (first_is_x.select(x, y), first_is_x.select(y, x));
            let (first, second) = order(pair.root_x, pair.root_y);
            let inverse = |root: S::f64s| S::f64s::splat(simd, 1.0) / root.max(f64::MIN_POSITIVE);
            let (inverse_first, inverse_second) = order(inverse(pair.mapped_x), inverse(pair.mapped_y));
            let along = second * (-pair.gap + 1.0);
            let across = second * (pair.gap * (-pair.gap + 2.0)).sqrt();
            let (mut gap, mut derivative) = (zero, zero);
            for (z, w) in nodes.iter().zip(weights) {
                let (value, slope) = evaluate(simd, *function, first * *z);
                let value = value * inverse_first;
                let (mut inner, mut inner_slope) = (zero, zero);
                for (other, weight) in nodes.iter().zip(weights) {
                    let (there, slope) = evaluate(simd, *function, across * *other + along * *z);
                    inner = (value - there * inverse_second).mul_add(*weight, inner);
                    inner_slope = slope.mul_add(*weight, inner_slope);
                }
                gap = (inner * value).mul_add(*w, gap);
                derivative = (inner_slope * slope).mul_add(*w, derivative);
            }
            (gap, derivative)
        },
    );
}

/// $\varphi(u)$ and $\varphi'(u)$.
#[inline(always)]
fn evaluate<S: Simd>(simd: S, function: ScalarFunction, u: S::f64s) -> (S::f64s, S::f64s) {
    let one = S::f64s::splat(simd, 1.0);
    let negative = u.simd_lt(0.0);
    // σ(u) and σ(−u), both without cancellation.
    let logistic = || {
        let e = exponential(simd, -u.abs());
        let large = one / (e + 1.0);
        let small = e * large;
        (negative.select(small, large), negative.select(large, small))
    };
    match function {
        ScalarFunction::Tanh => {
            let e = exponential_minus_one(simd, u.abs() * -2.0);
            let inverse = one / (e + 2.0);
            let magnitude = -e * inverse;
            (negative.select(-magnitude, magnitude), (e + 1.0) * 4.0 * (inverse * inverse))
        }
        ScalarFunction::Sigmoid => {
            let (above, below) = logistic();
            (above, above * below)
        }
        ScalarFunction::Silu => {
            let (above, below) = logistic();
            (u * above, above * (u * below + 1.0))
        }
        // The others have no vector code here: lane by lane.
        _ => (
            S::f64s::from_fn(simd, |lane| function.apply(u[lane])),
            S::f64s::from_fn(simd, |lane| function.derivative(u[lane])),
        ),
    }
}
