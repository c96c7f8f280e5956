//! Attention with random weights behind a softmax: logits that are divided by the square root of the width, as in the standard
//! transformer (Vaswani et al. 2017, arXiv 1706.03762), by sampling.
//!
//! In the limit of infinite width and infinitely many heads logits stay Gaussian (Hron et al. 2020, arXiv 2006.10540, the scaling
//! $d^{-1/2}$), and the mean over heads is an expectation that has no closed form. With what keys and queries see ($\tilde c$, $\tilde\Theta$), what
//! values see ($\hat c$, $\hat\Theta$), weights $A$ of $x$ and $B$ of $y$, and the derivatives $J_p = \operatorname{diag}(A_p) - A_pA_p^\top$ of the softmax at p,
//!
//! - $c \leftarrow \sigma_v^2\, E[A\hat cB^\top] + \sigma_b^2$,
//! - $\Theta_{pq} \leftarrow \sigma_v^2\bigl(E[A\hat\Theta B^\top]_{pq} + E\operatorname{tr}(J_p\hat cJ_q^\top \Gamma_{pq}^\top)\bigr) + 2(c_{pq} - \sigma_b^2) + \sigma_b^2$,
//! - $\Gamma_{pq} = g^2\bigl((2\tilde c_{pq} + \tilde\Theta_{pq})\,\tilde c + \tilde c_{pq}\,\tilde\Theta\bigr)$.
//!
//! The chain rule gives the second line: the tangent kernel of the values mixed as the values are, those of the weights of values and of
//! outputs, each $c_{pq} - \sigma_b^2$, and that of the logits, $\Gamma$, behind the softmax: a logit is a product of a query and a key, and
//! $2\tilde c_{pq}\tilde c$ belongs to the weights of both. Terms that connect two heads, or logits and values, vanish with the width. With
//! $J = 1$ in place of the softmax it is the tangent kernel of `sqrt_attention.rs`.
//!
//! In differences, with responses $R$ and everything of $y$ from the weights that it has beside those of $x$ (`softmax_sample.rs`):
//! $\delta' = \sigma_v^2(A\hat dB^\top - s_x - s_y)$ as in `mixing.rs`, and $\Delta'$ from the differences of the products of kernels $R_{\tilde d}$ with
//! $2\tilde c + \tilde\Theta$ and $R_{\tilde\Delta}$ with $\tilde c$. So nearly equal inputs have differences with a relative error. Either input is drawn first
//! once, and the mean of both is the result.
//!
//! All pairs of inputs and all positions use the same random numbers. Inputs with their positions in another order are drawn from another
//! factor: their kernels agree up to the standard error only, and a matrix of such estimates need not be positive definite. Behind a second
//! sampled layer the covariance of two inputs that comes in is such an estimate itself: what its small eigenvalues say is noise, and distances of
//! nearly equal inputs are resolved to some $10^{-5}$ of the variance there.

use fearless_simd::Level;
use isotypic_architecture::SelfAttention;

use super::conditional::{factor, packed};
use super::displacement::Pieces;
use super::grid::Grid;
use super::mixed::Mixed;
use super::positional::{Embedded, Seen};
use super::sampled_attention_terms::SampledAttentionTerms;
use super::slice::Slice;
use super::softmax_sample::{Between, Differences, Input, LANES, OwnMeans, PairMeans, SoftmaxSample};
use crate::monte_carlo::Sampling;
use crate::pair_geometry::difference_of_product;
use crate::real::Real;
use crate::terms::Terms;

/// Beyond this standard deviation of logits the softmax is not computed.
const LARGEST_LOGIT: f64 = 1e150;

/// An attention layer.
#[derive(Debug)]
pub(crate) struct SampledAttention {
    pub(super) grid: Grid,
    value_variance: f64,
    bias_variance: f64,
    seen: Seen,
    /// Whether embeddings are for keys and queries only.
    values_differ: bool,
    sample: SoftmaxSample,
}

/// Terms of one input, and its variances and diagonal tangent kernels after the layer.
pub(super) type TermsAndMoments = (SampledAttentionTerms, Vec<f64>, Vec<f64>);

impl SampledAttention {
    /// The layer on a grid; `extents` and `channels` are those of its input, `layer` numbers the stream of random points.
    pub(super) fn new(
        attention: &SelfAttention,
        grid: Grid,
        (extents, channels): (&[usize], usize),
        sampling: Sampling,
        layer: usize,
    ) -> Self {
        let embedding = attention.positional_embedding.as_ref();
        Self {
            grid,
            value_variance: attention.value_variance,
            bias_variance: attention.bias_variance.unwrap_or(0.0),
            seen: Seen::new(attention, grid, extents, channels),
            values_differ: embedding.is_some_and(|embedding| !embedding.on_values),
            sample: SoftmaxSample {
                positions: grid.len(),
                logit_gain: attention.logit_gain,
                sampling,
                layer,
            },
        }
    }

    /// Numbers in double precision that are kept for one input.
    pub(super) fn numbers_kept(&self) -> usize {
        let positions = self.grid.len();
        2 * positions * positions + 2 * packed(positions, 0) + 6 * positions
    }

    /// Nanoseconds for one pair of positions.
    pub(super) fn nanoseconds_per_pair(&self) -> f64 {
        self.sample.nanoseconds_per_pair()
    }

    /// The terms of inputs given their variances and diagonal tangent kernels, and the differences between their positions, of
    /// covariances and of tangent kernels, `[positions, positions, T::LANES]`.
    pub(super) fn terms<T: Real>(
        &self,
        level: Level,
        inputs: &[(&Terms<T>, &[f64])],
        [differences, ntk_differences]: [&[T]; 2],
    ) -> Vec<TermsAndMoments> {
        let of_lane = |values: &[T], lane: usize| -> Vec<f64> {
            values.iter().skip(lane).step_by(T::LANES).map(|value| value.to_f64()).collect()
        };
        let mut all: Vec<TermsAndMoments> = Vec::with_capacity(inputs.len());
        for (part, inputs) in inputs.chunks(LANES).enumerate() {
            let mut terms: Vec<SampledAttentionTerms> = inputs
                .iter()
                .enumerate()
                .map(|(lane, &(before, ntks))| {
                    let lane = part * LANES + lane;
                    let variances = before.variance.iter().map(|variance| variance.to_f64());
                    let pairs = [differences, ntk_differences].map(|values| of_lane(values, lane));
                    self.gaussian_terms(variances.collect(), ntks, pairs, T::EPSILON.to_f64())
                })
                .collect();
            let last = terms.len() - 1;
            let lanes: Vec<_> = (0..LANES).map(|lane| &terms[lane.min(last)]).collect();
            let (means, weights) =
                self.sample.of_one(level, &self.input(&SampledAttentionTerms::interleave(&lanes), true));
            for (lane, (terms, (before, ntks))) in terms.iter_mut().zip(inputs).enumerate() {
                let of = |values: &[f64]| values.iter().skip(lane).step_by(LANES).copied().collect();
                terms.half_spread = of(&means.half_spread);
                terms.ntk_half_spread = of(&means.ntk_half_spread);
                terms.response = of(&means.response);
                terms.ntk_response = of(&means.ntk_response);
                let (variances, ntks) = self.moments(terms, (before, ntks), &of(&weights));
                all.push((std::mem::take(terms), variances, ntks));
            }
        }
        all
    }

    /// The terms of one input but for means over the sample.
    fn gaussian_terms(
        &self,
        variances: Vec<f64>,
        ntks: &[f64],
        [difference, ntk_difference]: [Vec<f64>; 2],
        resolution: f64,
    ) -> SampledAttentionTerms {
        let (keys, positions) = (&self.seen.by_keys, self.grid.len());
        let seen = |values: &[f64]| -> Vec<f64> {
            values.iter().enumerate().map(|(p, &value)| keys.variance(p, value)).collect()
        };
        let (variance, ntk) = (seen(&variances), seen(ntks));
        let mut covariance = vec![0.0; packed(positions, 0)];
        for p in 0..positions {
            for q in 0..=p {
                let gap = keys.share.mul_add(difference[p * positions + q], keys.difference(p, q));
                covariance[packed(p, q)] = 0.5 * (variance[p] + variance[q] - gap);
            }
        }
        let factor = factor(&covariance, positions, resolution);
        SampledAttentionTerms {
            difference,
            ntk_difference,
            variance,
            ntk,
            covariance,
            factor,
            ..Default::default()
        }
    }

    /// Variances and diagonal tangent kernels after the layer, from the mean weights `[positions, positions]`.
    fn moments<T: Real>(
        &self,
        terms: &SampledAttentionTerms,
        (before, ntks): (&Terms<T>, &[f64]),
        weights: &[f64],
    ) -> (Vec<f64>, Vec<f64>) {
        let (gain, positions) = (self.sample.logit_gain, self.grid.len());
        let deviation = terms.variance.iter().fold(0.0, |largest, q| f64::max(largest, *q)) * gain;
        let values = &self.seen.by_values;
        let mixture = |p: usize, value: &dyn Fn(usize) -> f64, half_spread: f64| {
            let weights = &weights[p * positions..(p + 1) * positions];
            let seen = |(q, weight): (usize, &f64)| weight * values.variance(q, value(q));
            let mixture = weights.iter().enumerate().map(seen).sum::<f64>() - half_spread;
            // NaN stays.
            if mixture < 0.0 { 0.0 } else { mixture }
        };
        let at = |p: usize| {
            if deviation.is_nan() || deviation > LARGEST_LOGIT {
                return (f64::NAN, f64::NAN);
            }
            let variance = mixture(p, &|q| before.variance[q].to_f64(), terms.half_spread[p]);
            let theta = mixture(p, &|q| ntks[q], terms.ntk_half_spread[p]);
            let of_keys = 2.0 * terms.variance[p] + terms.ntk[p];
            let of_logits = of_keys * terms.response[p] + terms.variance[p] * terms.ntk_response[p];
            let ntk = theta + 2.0 * variance + gain * gain * of_logits;
            (
                self.value_variance * variance + self.bias_variance,
                self.value_variance * ntk + self.bias_variance,
            )
        };
        (0..positions).map(at).unzip()
    }

    /// What keys, queries and values see of differences between all positions; of tangent kernels if these are wanted.
    fn see(&self, difference: &[f64], ntk_difference: &[f64], with_ntk: bool) -> Differences {
        let positions = self.grid.len();
        let seen = |by: &Embedded, values: &[f64]| -> Vec<f64> {
            let mut seen = Vec::with_capacity(positions * positions * LANES);
            for p in 0..positions {
                for q in 0..positions {
                    let (at, added) = (seen.len(), by.difference(p, q));
                    match values.is_empty() {
                        true => seen.extend([added; LANES]), // no weights before this layer
                        false => seen.extend(
                            values[at..at + LANES].iter().map(|value| by.share.mul_add(*value, added)),
                        ),
                    }
                }
            }
            seen
        };
        let of_ntk = |by: &Embedded| if with_ntk { seen(by, ntk_difference) } else { Vec::new() };
        let Seen { by_keys, by_values } = &self.seen;
        let of_values = self.values_differ.then(|| [seen(by_values, difference), of_ntk(by_values)]);
        Differences::new(seen(by_keys, difference), of_ntk(by_keys), of_values)
    }

    /// What is sampled of single inputs.
    fn input(&self, terms: &SampledAttentionTerms, with_ntk: bool) -> Input {
        Input {
            covariance: terms.covariance.clone(),
            factor: terms.factor.clone(),
            differences: self.see(&terms.difference, &terms.ntk_difference, with_ntk),
        }
    }

    /// Differences of covariances and, if wanted, of tangent kernels between all positions of pairs of inputs after the layer.
    pub(super) fn mix<'s, T: Real>(
        &self,
        level: Level,
        (x, y): (&SampledAttentionTerms, &SampledAttentionTerms),
        with_ntk: bool,
        input: impl Fn([usize; 3]) -> &'s Slice<T>,
        [mixed, ntk_mixed]: &mut [Mixed<T>; 2],
    ) {
        let positions = self.grid.len();
        let results = [&mut mixed.of_pairs(positions).result, &mut ntk_mixed.of_pairs(positions).result];
        let width = x.variance.len() / positions;
        for part in 0..T::LANES / LANES {
            let (x, y) = (x.part(width, part), y.part(T::LANES, part));
            let pairs = [false, true].map(|ntk| self.gather(part, ntk, &input));
            let between = self.between((&x, &y), &pairs, with_ntk);
            let inputs = [&x, &y].map(|terms| self.input(terms, with_ntk));
            let [forth, back] =
                self.sample.of_two(level, (&inputs[0], &inputs[1]), &between, T::EPSILON.to_f64());
            for p in 0..positions {
                for q in 0..positions {
                    for lane in 0..LANES {
                        let orders = [
                            (Order { first: &x, means: &forth, keys: &between.differences[0] }, (p, q), &y),
                            (Order { first: &y, means: &back, keys: &between.differences[1] }, (q, p), &x),
                        ];
                        let [forth, back] = orders.map(|(order, at, second)| {
                            self.difference(order, second, positions, at, lane, with_ntk)
                        });
                        let at = (p * positions + q) * T::LANES + part * LANES + lane;
                        let scale = 0.5 * self.value_variance;
                        results[0][at] = T::from_f64(scale * (forth.0 + back.0));
                        results[1][at] = T::from_f64(scale * (forth.1 + back.1));
                    }
                }
            }
        }
    }

    /// Some of the lanes of the differences that come in, `[positions, positions, LANES]`.
    fn gather<'s, T: Real>(
        &self,
        part: usize,
        ntk: bool,
        input: &impl Fn([usize; 3]) -> &'s Slice<T>,
    ) -> Vec<f64> {
        let positions = self.grid.len();
        let mut pairs = vec![0.0; positions * positions * LANES];
        for displacement in self.grid.positions() {
            let slice = input(displacement);
            let values = if ntk { &slice.ntk_difference } else { &slice.difference };
            if values.is_empty() {
                return Vec::new();
            }
            let shift = displacement.map(|distance| distance as isize);
            for run in Pieces::ALL.in_slice(self.grid, shift).flat_map(|piece| piece.runs(self.grid)) {
                for (p, q) in (run.first..run.first + run.length).zip(run.second..) {
                    let from = &values[p * T::LANES + part * LANES..][..LANES];
                    let to = &mut pairs[(p * positions + q) * LANES..][..LANES];
                    to.iter_mut().zip(from).for_each(|(to, from)| *to = from.to_f64());
                }
            }
        }
        pairs
    }

    /// What is sampled of pairs, from the differences of covariances and of tangent kernels that come in.
    fn between(
        &self,
        (x, y): (&SampledAttentionTerms, &SampledAttentionTerms),
        [difference, ntk_difference]: &[Vec<f64>; 2],
        with_ntk: bool,
    ) -> Between {
        let positions = self.grid.len();
        let transposed = |values: &[f64]| -> Vec<f64> {
            let mut all = Vec::with_capacity(values.len());
            if !values.is_empty() {
                let pairs = (0..positions).flat_map(|q| (0..positions).map(move |p| p * positions + q));
                pairs.for_each(|at| all.extend_from_slice(&values[at * LANES..][..LANES]));
            }
            all
        };
        let differences = [
            self.see(difference, ntk_difference, with_ntk),
            self.see(&transposed(difference), &transposed(ntk_difference), with_ntk),
        ];
        let (mut covariance, mut mismatch) = (Vec::with_capacity(difference.len()), vec![0.0; LANES]);
        for p in 0..positions {
            for q in 0..positions {
                for (lane, mismatch) in mismatch.iter_mut().enumerate() {
                    let at = covariance.len();
                    let variances = x.variance[p * LANES + lane] + y.variance[q * LANES + lane];
                    covariance.push(0.5 * (variances - differences[0].keys[at]));
                    if p == q {
                        *mismatch += difference[at];
                    }
                }
            }
        }
        Between { covariance, mismatch, differences }
    }

    /// $\delta'$ and $\Delta'$, without the variance of values, of the positions `at` of the first and of the second input in one order.
    fn difference(
        &self,
        Order { first, means, keys }: Order<'_>,
        second: &SampledAttentionTerms,
        positions: usize,
        at: (usize, usize),
        lane: usize,
        with_ntk: bool,
    ) -> (f64, f64) {
        let (p, q) = (at.0 * LANES + lane, at.1 * LANES + lane);
        let pair = (at.0 * positions + at.1) * LANES + lane;
        let OwnMeans { half_spread, ntk_half_spread, response, ntk_response } = &means.second;
        let difference = (means.mixed[pair] - first.half_spread[p]) - half_spread[q];
        if !with_ntk {
            return (difference, 0.0);
        }
        let mixed = (means.ntk_mixed[pair] - first.ntk_half_spread[p]) - ntk_half_spread[q];
        let of_response = |of_first: f64, of_second: f64, of_both: f64| {
            (of_first + of_second - 2.0 * of_both, of_first, of_second)
        };
        let of_keys = (keys.keys[pair], first.variance[p], second.variance[q]);
        let of_both = (
            2.0 * of_keys.0 + keys.ntk_keys[pair],
            2.0 * of_keys.1 + first.ntk[p],
            2.0 * of_keys.2 + second.ntk[q],
        );
        let through_keys = of_response(first.response[p], response[q], means.response[pair]);
        let through_ntk = of_response(first.ntk_response[p], ntk_response[q], means.ntk_response[pair]);
        let of_logits =
            difference_of_product(through_keys, of_both) + difference_of_product(through_ntk, of_keys);
        (difference, mixed + 2.0 * difference + self.sample.logit_gain * self.sample.logit_gain * of_logits)
    }
}

/// What is known of pairs with one of the inputs drawn first.
struct Order<'a> {
    first: &'a SampledAttentionTerms,
    means: &'a PairMeans,
    keys: &'a Differences,
}
