//! Second moments of normalised batches, and what normalisation makes of tangent kernels: sampled.
//!
//! At infinite width one channel $g$ before the layer is Gaussian over all inputs, with the covariance $\Sigma$ of the layer before (Yang et
//! al. 2019, arXiv 1902.08129). With the mean $\mu$ and the variance $v$ over the $M$ variables of the batch and $s = \sqrt{v + \varepsilon}$,
//! $\hat g = (g - \mu)/s$, and behind a nonlinearity $\varphi$
//!
//! - $\Sigma' = E[\varphi(\hat g)\varphi(\hat g)^\top]$,
//! - $\Theta' = E[J\Theta J^\top]$ with $J = \operatorname{diag}(\varphi'(\hat g))\,\tfrac1s\,(1 - \mathbf 1p^\top - \hat g(p\circ\hat g)^\top)$, where $p$ is $1/M$ for variables of the
//!   batch and 0 for others: $\partial\mu/\partial g = p$ and $\partial s/\partial g = p\circ\hat g$.
//!
//! $J$ has no use for constants, so that $\Sigma$ and $\Theta$ may be centred first: with the differences $d$ of either it is
//! $-\tfrac12(d_{ij} - \bar d_i - \bar d_j + \bar d)$, means over the batch. Then $\Theta p = 0$, and of every draw there remain
//! $q = \Theta(p\circ\hat g) - \tfrac12\gamma\hat g$ with $\gamma = (p\circ\hat g)^\top\Theta(p\circ\hat g)$ and
//! $(J\Theta J^\top)_{ij} = \varphi'_i\varphi'_j\,(\Theta_{ij} - \hat g_iq_j - q_i\hat g_j)/s^2$.
//!
//! Every draw is used with both signs.

use isotypic_architecture::{Activation, Gaussian, RandomStream};
use ndarray::{Array2, Zip};
use rayon::prelude::*;

use super::equal_variables::EqualVariables;
use super::gaussian_factor::GaussianFactor;
use super::row_products::{SymmetricSum, products};
use crate::KernelError;
use crate::outputs::KernelMatrices;

/// Draws that are held at a time, of both signs twice as many.
pub(super) const DRAWS_HELD: usize = 128;

/// Errors of entries relative to the largest variance, in units of the last place.
const ROUNDING: f64 = 8.0;

/// The variables before a layer, ready to be drawn.
#[derive(Debug)]
pub(super) struct NormalizedBatch {
    equal: EqualVariables,
    /// $p$, class by class.
    weights: Vec<f64>,
    /// Of the centred covariance, one variable of each class.
    factor: GaussianFactor,
    /// The centred tangent kernel, `[classes, classes]`.
    ntk: Option<Array2<f64>>,
}

/// The layer, for sampling and for messages.
#[derive(Debug, Clone)]
pub(super) struct BatchNormalization {
    pub(super) path: String,
    /// $\varepsilon$.
    pub(super) epsilon: f64,
    /// What follows, `None` for the normalised values themselves.
    pub(super) outputs: Vec<Option<Activation>>,
}

impl NormalizedBatch {
    /// Of the covariance and the tangent kernel before a layer, of which the first `batch` variables are the batch.
    ///
    /// # Errors
    /// [`KernelError::BatchTooSmall`]; [`KernelError::NotACovariance`] of matrices that come from a coarse sample.
    pub(super) fn new(matrices: &KernelMatrices, batch: usize, path: &str) -> Result<Self, KernelError> {
        if batch < 2 {
            return Err(KernelError::BatchTooSmall { path: path.to_owned(), got: batch });
        }
        let equal = EqualVariables::of(matrices);
        let mut weights = equal.members_among_first(batch);
        weights.iter_mut().for_each(|weight| *weight /= batch as f64);
        let largest = matrices.nngp.diag().iter().copied().fold(0.0, f64::max);
        let covariance = centred(&matrices.nngp, &equal, &weights);
        let factor = GaussianFactor::new(covariance.view(), ROUNDING * f64::EPSILON * largest)
            .ok_or_else(|| KernelError::NotACovariance { path: path.to_owned() })?;
        let ntk = matrices.ntk.as_ref().map(|ntk| centred(ntk, &equal, &weights));
        Ok(Self { equal, weights, factor, ntk })
    }

    /// Means over `samples` draws, rounded up to an even number, for everything that follows the layer: `[variables, variables]` each.
    ///
    /// # Errors
    /// [`KernelError::NoSpread`] where all variables of the batch are equal and $\varepsilon$ is 0, [`KernelError::KernelOutOfRange`].
    pub(super) fn sample(
        &self,
        layer: &BatchNormalization,
        samples: usize,
        stream: &[u64],
    ) -> Result<Vec<KernelMatrices>, KernelError> {
        let draws = samples.div_ceil(2);
        let mut gaussian = Gaussian::from_seed(RandomStream::for_parts(stream).bits());
        let mut sums: Vec<Sums> =
            layer.outputs.iter().map(|_| Sums::new(self.equal.len(), self.ntk.is_some())).collect();
        for start in (0..draws).step_by(DRAWS_HELD) {
            let draws = self.draw(layer, DRAWS_HELD.min(draws - start), &mut gaussian)?;
            layer.outputs.iter().zip(&mut sums).for_each(|(&activation, sums)| sums.add(&draws, activation));
        }
        sums.into_iter().map(|sums| self.finish(sums, 2 * draws)).collect()
    }

    /// Some draws.
    fn draw(
        &self,
        layer: &BatchNormalization,
        count: usize,
        gaussian: &mut Gaussian,
    ) -> Result<Draws, KernelError> {
        let rank = self.factor.rows().ncols();
        let independent = Array2::from_shape_simple_fn((count, rank), || gaussian.sample());
        let mut normalized = products(self.factor.rows().view(), independent.view());
        let mean = self.mean_over_batch(&normalized, |value, _| value, &normalized);
        normalized.rows_mut().into_iter().for_each(|mut row| {
            row.iter_mut().zip(&mean).for_each(|(value, mean)| *value -= mean);
        });
        let variance = self.mean_over_batch(&normalized, |value, other| value * other, &normalized);
        let inverse_roots: Vec<f64> =
            variance.into_iter().map(|variance| (variance + layer.epsilon).sqrt().recip()).collect();
        if inverse_roots.iter().any(|inverse| !inverse.is_finite()) {
            return Err(KernelError::NoSpread { path: layer.path.clone() });
        }
        normalized.rows_mut().into_iter().for_each(|mut row| {
            row.iter_mut().zip(&inverse_roots).for_each(|(value, inverse)| *value *= inverse);
        });
        let response = self.ntk.as_ref().map(|ntk| {
            let weighted = Array2::from_shape_fn((count, self.equal.len()), |(draw, class)| {
                self.weights[class] * normalized[[class, draw]]
            });
            let mut response = products(ntk.view(), weighted.view());
            let gamma = self.mean_over_batch(&normalized, |value, other| value * other, &response);
            for (mut row, values) in response.rows_mut().into_iter().zip(normalized.rows()) {
                for ((response, value), gamma) in row.iter_mut().zip(values).zip(&gamma) {
                    *response -= 0.5 * gamma * value;
                }
            }
            response
        });
        Ok(Draws { normalized, inverse_roots, response })
    }

    /// For every draw the mean over the batch of what `term` makes of the numbers of a variable in two matrices, in the order of variables.
    fn mean_over_batch(
        &self,
        of: &Array2<f64>,
        term: impl Fn(f64, f64) -> f64,
        and: &Array2<f64>,
    ) -> Vec<f64> {
        let mut means = vec![0.0; of.ncols()];
        for ((row, other), &weight) in of.rows().into_iter().zip(and.rows()).zip(&self.weights) {
            for ((mean, &value), &other) in means.iter_mut().zip(row).zip(other) {
                *mean += weight * term(value, other);
            }
        }
        means
    }

    /// The matrices of all variables.
    fn finish(&self, sums: Sums, samples: usize) -> Result<KernelMatrices, KernelError> {
        let samples = samples as f64;
        let nngp = sums.products.into_matrix() / samples;
        let ntk = sums.slopes.zip(self.ntk.as_ref()).map(|((slopes, both), ntk)| {
            let (mut slopes, both) = (slopes.into_matrix(), both.into_matrix());
            Zip::from(&mut slopes)
                .and(&both)
                .and(ntk)
                .for_each(|slope, both, ntk| *slope = (*slope * ntk - both) / samples);
            slopes
        });
        let matrices = KernelMatrices { nngp, ntk };
        matrices.check_range(|class| self.equal.first[class])?;
        let KernelMatrices { nngp, ntk } = matrices;
        let ntk = ntk.map(|mut ntk| {
            // Sums of squares, of which rounding may leave less than nothing where terms cancel.
            ntk.diag_mut().mapv_inplace(|value| value.max(0.0));
            self.equal.spread(&ntk)
        });
        Ok(KernelMatrices { nngp: self.equal.spread(&nngp), ntk })
    }
}

/// Normalised draws of one variable of each class.
struct Draws {
    /// $\hat g$, `[classes, draws]`.
    normalized: Array2<f64>,
    /// $1/s$, `[draws]`.
    inverse_roots: Vec<f64>,
    /// $q$, `[classes, draws]`, if there is a tangent kernel.
    response: Option<Array2<f64>>,
}

impl Draws {
    /// What `each` makes of every value with its sign, its class and its draw: `[classes, 2 · draws]`, draw by draw and then their opposites.
    fn signed(&self, each: impl Fn(f64, f64, usize, usize) -> f64 + Sync) -> Array2<f64> {
        let (classes, count) = self.normalized.dim();
        let mut matrix = Array2::zeros((classes, 2 * count));
        let of_matrix = matrix.as_slice_mut().expect("made in C order");
        of_matrix.par_chunks_exact_mut(2 * count).enumerate().for_each(|(class, row)| {
            for (at, entry) in row.iter_mut().enumerate() {
                let (draw, sign) = if at < count { (at, 1.0) } else { (at - count, -1.0) };
                *entry = each(sign * self.normalized[[class, draw]], sign, class, draw);
            }
        });
        matrix
    }
}

/// Sums over draws for one nonlinearity.
struct Sums {
    /// Of $\varphi(\hat g)\varphi(\hat g)^\top$.
    products: SymmetricSum,
    /// Of $\varphi'\varphi'^\top/s^2$, and of the terms with $q$.
    slopes: Option<(SymmetricSum, SymmetricSum)>,
}

impl Sums {
    fn new(classes: usize, with_ntk: bool) -> Self {
        let sum = || SymmetricSum::new(classes);
        Self { products: sum(), slopes: with_ntk.then(|| (sum(), sum())) }
    }

    /// Adds draws and their opposites.
    fn add(&mut self, draws: &Draws, activation: Option<Activation>) {
        let value = |u: f64| activation.map_or(u, |activation| activation.apply(u));
        let slope = |u: f64| activation.map_or(1.0, |activation| activation.derivative(u));
        let count = draws.inverse_roots.len();
        self.products.add_square(draws.signed(|u, _, _, _| value(u)).view());
        if let (Some((slopes, both)), Some(response)) = (&mut self.slopes, &draws.response) {
            let of_slopes = draws.signed(|u, _, _, draw| slope(u) * draws.inverse_roots[draw]);
            slopes.add_square(of_slopes.view());
            let column = |sign: f64, draw: usize| if sign > 0.0 { draw } else { draw + count };
            let with_values = draws.signed(|u, sign, class, draw| u * of_slopes[[class, column(sign, draw)]]);
            let with_response = draws.signed(|_, sign, class, draw| {
                sign * response[[class, draw]] * of_slopes[[class, column(sign, draw)]]
            });
            both.add_both_products(with_values.view(), with_response.view());
        }
    }
}

/// What is left of a covariance, or of a tangent kernel, when the mean over the batch is subtracted: `[classes, classes]`.
fn centred(matrix: &Array2<f64>, equal: &EqualVariables, weights: &[f64]) -> Array2<f64> {
    let at = |i: usize, j: usize| matrix[[equal.first[i], equal.first[j]]];
    let difference = |i: usize, j: usize| at(i, i) + at(j, j) - 2.0 * at(i, j);
    let mean =
        |i: usize| weights.iter().enumerate().map(|(j, weight)| weight * difference(i, j)).sum::<f64>();
    let means: Vec<f64> = (0..equal.len()).map(mean).collect();
    let overall: f64 = means.iter().zip(weights).map(|(mean, weight)| mean * weight).sum();
    Array2::from_shape_fn((equal.len(), equal.len()), |(i, j)| {
        // The same for both orders, bit for bit.
        -0.5 * (difference(i, j) - (means[i] + means[j]) + overall)
    })
}
