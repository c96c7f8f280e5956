//! Attention with random weights: logits that are divided by the square root of the width, without a softmax (Hron et al. 2020,
//! arXiv 2006.10540, the scaling $d^{-1/2}$ with the identity).
//!
//! With what keys and queries see ($\tilde c$) and what values see ($\hat c$), $S = \sum_{pq} \tilde c_{pq}\hat c_{pq}$ and
//! $N = \sum_{pq} (\tilde c_{pq}\hat\Theta_{pq} + \hat c_{pq}\tilde\Theta_{pq})$:
//!
//! - $c \leftarrow \sigma^2 S\, \tilde c + \sigma_b^2$,
//! - $\Theta \leftarrow \sigma^2 (N \tilde c + S(\tilde\Theta + 4\tilde c)) + \sigma_b^2$.
//!
//! In gaps a product of covariances is $t = t_1 + t_2 - t_1 t_2$; the tangent kernel is a sum of two products of kernels, taken in
//! differences. The sums do not depend on the order of the pairs.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;
use isotypic_architecture::{AttentionMechanism, SelfAttention};

use super::displacement::{Pieces, Run};
use super::grid::Grid;
use super::positional::{Embedded, Seen};
use super::slice::{Slice, lanes_at};
use crate::pair_geometry::{difference_of_product, differences_to_gaps, gap_of_product, gaps_to_differences};
use crate::real::Real;
use crate::reproducible_sum::ReproducibleSum;
use crate::terms::{Terms, first_at, width_of_first};

/// An attention layer.
#[derive(Debug)]
pub(crate) struct SqrtAttention {
    pub(super) grid: Grid,
    /// $\sigma^2$.
    scale: f64,
    bias_variance: f64,
    seen: Seen,
}

/// What the layer needs to know of one input, or of one input per lane.
#[derive(Debug, Clone, Default)]
pub(crate) struct SqrtAttentionTerms<T: Real> {
    /// Terms of $\tilde c$.
    keys: Terms<T>,
    /// Terms of $\hat c$.
    values: Terms<T>,
    /// Terms of the output without its bias.
    product: Terms<T>,
    /// $\sqrt{\tilde q\hat q}$ and $\sqrt{\tilde q\hat\theta} + \sqrt{\hat q\tilde\theta}$ at most, per input.
    bounds: Vec<[f64; 2]>,
    /// $S$ and $N$ of the input with itself, per input.
    sums: Vec<[f64; 2]>,
}

/// $S$ and $N$, per lane.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub(super) covariance: Vec<f64>,
    pub(super) ntk: Vec<f64>,
}

/// Both sides of a group of pairs.
pub(super) type SqrtSides<'a, T> = (&'a SqrtAttentionTerms<T>, &'a SqrtAttentionTerms<T>);

impl<T: Real> SqrtAttentionTerms<T> {
    /// The terms of several inputs, lane by lane.
    pub(super) fn interleave(lanes: &[&Self]) -> Self {
        let by = |field: fn(&Self) -> &Terms<T>| {
            Terms::interleave(&lanes.iter().map(|terms| field(terms)).collect::<Vec<_>>())
        };
        Self {
            keys: by(|terms| &terms.keys),
            values: by(|terms| &terms.values),
            product: by(|terms| &terms.product),
            bounds: lanes.iter().flat_map(|terms| terms.bounds.iter().copied()).collect(),
            sums: lanes.iter().flat_map(|terms| terms.sums.iter().copied()).collect(),
        }
    }
}

impl SqrtAttention {
    /// The layer on a grid; `extents` and `channels` are those of its input.
    ///
    /// `None` for mechanisms whose mean under Gaussian logits is not implemented.
    pub(super) fn new(
        attention: &SelfAttention,
        grid: Grid,
        extents: &[usize],
        channels: usize,
    ) -> Option<Self> {
        (attention.mechanism == AttentionMechanism::Identity).then(|| Self {
            grid,
            scale: attention.logit_gain * attention.logit_gain * attention.value_variance,
            bias_variance: attention.bias_variance.unwrap_or(0.0),
            seen: Seen::new(attention, grid, extents, channels),
        })
    }

    /// The terms of what is seen of an input with these variances and diagonal tangent kernels; $S$ is still missing.
    pub(super) fn terms<T: Real>(&self, variances: &[f64], ntks: &[f64]) -> SqrtAttentionTerms<T> {
        let seen = |by: &Embedded, values: &[f64]| -> Vec<f64> {
            values.iter().enumerate().map(|(p, &value)| by.variance(p, value)).collect()
        };
        let [keys, values] = [&self.seen.by_keys, &self.seen.by_values].map(|by| seen(by, variances));
        let [ntk_keys, ntk_values] = [&self.seen.by_keys, &self.seen.by_values].map(|by| seen(by, ntks));
        let bounds = (0..keys.len()).fold([0.0_f64; 2], |[covariance, ntk], p| {
            let crossed = (keys[p] * ntk_values[p]).sqrt() + (values[p] * ntk_keys[p]).sqrt();
            [covariance.max((keys[p] * values[p]).sqrt()), ntk.max(crossed)]
        });
        SqrtAttentionTerms {
            keys: Terms::new(keys.into_iter().zip(ntk_keys)),
            values: Terms::new(values.into_iter().zip(ntk_values)),
            bounds: vec![bounds],
            ..Default::default()
        }
    }

    /// Completes the terms of an input by its own sums; returns variances and diagonal tangent kernels after the layer.
    pub(super) fn complete<T: Real>(
        &self,
        terms: &mut SqrtAttentionTerms<T>,
        variances: &[f64],
        ntks: &[f64],
        (covariance, ntk): (f64, f64),
    ) -> (Vec<f64>, Vec<f64>) {
        let keys = &self.seen.by_keys;
        let seen: Vec<f64> = variances.iter().enumerate().map(|(p, &q)| keys.variance(p, q)).collect();
        let products: Vec<f64> = seen.iter().map(|q| self.scale * covariance * q).collect();
        terms.sums = vec![[covariance, ntk]];
        let variances = products.iter().map(|product| product + self.bias_variance).collect();
        let ntks = seen.iter().enumerate().map(|(p, &q)| {
            let theta = keys.variance(p, ntks[p]) + 4.0 * q;
            self.scale * ntk.mul_add(q, covariance * theta) + self.bias_variance
        });
        let ntks = ntks.collect();
        terms.product = Terms::from_variances(products);
        (variances, ntks)
    }

    /// $S$ and, if tangent kernels are wanted, $N$ of a group of pairs.
    pub(super) fn sums<'s, T: Real>(
        &self,
        level: Level,
        sides: SqrtSides<'_, T>,
        with_ntk: bool,
        input: impl Fn([usize; 3]) -> &'s Slice<T>,
    ) -> Sums {
        let terms = self.grid.len() * self.grid.len();
        let bounds = |index: usize| {
            let pairs = sides.0.bounds.iter().cycle().zip(&sides.1.bounds);
            pairs.map(|(of_x, of_y)| of_x[index] * of_y[index] * (1.0 + 1e-5)).collect::<Vec<f64>>()
        };
        let mut covariance = ReproducibleSum::<T>::new(&bounds(0), terms);
        // Each of the two products of N is below half of what Cauchy and Schwarz give for both.
        let mut ntk = with_ntk.then(|| ReproducibleSum::<T>::new(&bounds(1), terms));
        for position in self.grid.positions() {
            let slice = input(position);
            let shift = position.map(|distance| distance as isize);
            for run in Pieces::ALL.in_slice(self.grid, shift).flat_map(|piece| piece.runs(self.grid)) {
                dispatch!(level, simd => self.add_run(simd, sides, run, slice, &mut covariance, ntk.as_mut()));
            }
        }
        Sums { covariance: covariance.totals(), ntk: ntk.map_or_else(Vec::new, |ntk| ntk.totals()) }
    }

    #[simd]
    fn add_run<S: Simd, T: Real>(
        &self,
        simd: S,
        (x, y): SqrtSides<'_, T>,
        run: Run,
        slice: &Slice<T>,
        covariance: &mut ReproducibleSum<T>,
        mut ntk: Option<&mut ReproducibleSum<T>>,
    ) {
        for (p, q) in (run.first..run.first + run.length).zip(run.second..) {
            for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
                let pair = Pair { simd, p, q, start };
                let keys = pair.covariance(&self.seen.by_keys, &x.keys, &y.keys, slice);
                let values = pair.covariance(&self.seen.by_values, &x.values, &y.values, slice);
                covariance.add(simd, start, keys * values);
                if let Some(ntk) = ntk.as_deref_mut() {
                    let of_values = pair.ntk(&self.seen.by_values, &x.values, &y.values, slice);
                    let of_keys = pair.ntk(&self.seen.by_keys, &x.keys, &y.keys, slice);
                    ntk.add(simd, start, keys.mul_add(of_values, values * of_keys));
                }
            }
        }
    }

    /// Differences and tangent kernels of one run of an output slice.
    pub(super) fn finish_run<T: Real>(
        &self,
        level: Level,
        (x, y): SqrtSides<'_, T>,
        sums: &Sums,
        run: Run,
        input: &Slice<T>,
        output: &mut Slice<T>,
    ) {
        // The gap of S, exactly 0 for an input with itself.
        let gaps: Vec<T> = (0..T::LANES)
            .map(|lane| {
                let of_x = x.sums[lane % x.sums.len()][0];
                let (of_y, of_both) = (y.sums[lane][0], sums.covariance[lane]);
                let roots = of_x.sqrt() * of_y.sqrt();
                let excess = of_x + of_y - 2.0 * of_both - (of_x.sqrt() - of_y.sqrt()).powi(2);
                T::from_f64(if roots > 0.0 { (0.5 * excess / roots).clamp(0.0, 2.0) } else { 0.0 })
            })
            .collect();
        dispatch!(level, simd => self.seen_run(simd, run, input, output));
        if output.has_ntk() {
            self.finish_ntk_run((x, y), sums, run, input, output);
        }
        let values = &mut output.difference[run.range::<T>()];
        differences_to_gaps(level, run.ends(&x.keys, &y.keys), values);
        for lanes in values.chunks_exact_mut(T::LANES) {
            for (value, &gap) in lanes.iter_mut().zip(&gaps) {
                *value = gap_of_product(*value, gap);
            }
        }
        gaps_to_differences(level, run.ends(&x.product, &y.product), values);
    }

    /// The differences that keys see.
    #[simd]
    fn seen_run<S: Simd, T: Real>(&self, simd: S, run: Run, input: &Slice<T>, output: &mut Slice<T>) {
        for (p, q) in (run.first..run.first + run.length).zip(run.second..) {
            for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
                let pair = Pair { simd, p, q, start };
                let at = p * T::LANES + start..p * T::LANES + start + T::Native::<S>::LEN;
                pair.difference(&self.seen.by_keys, input).store_slice(&mut output.difference[at]);
            }
        }
    }

    /// Differences of tangent kernels, from the differences that keys see: those of $N\tilde c + S(\tilde\Theta + 4\tilde c)$.
    fn finish_ntk_run<T: Real>(
        &self,
        (x, y): SqrtSides<'_, T>,
        sums: &Sums,
        run: Run,
        input: &Slice<T>,
        output: &mut Slice<T>,
    ) {
        let keys = &self.seen.by_keys;
        let [zero, four] = [0.0, 4.0].map(T::from_f64);
        let (scale, share) = (T::from_f64(self.scale), T::from_f64(keys.share));
        // S and N as kernels of the two inputs.
        let of_inputs = |lane: usize, which: usize, of_both: f64| {
            let (of_x, of_y) = (x.sums[lane % x.sums.len()][which], y.sums[lane][which]);
            [of_x + of_y - 2.0 * of_both, of_x, of_y].map(T::from_f64)
        };
        let of_lane =
            |lane: usize| (of_inputs(lane, 0, sums.covariance[lane]), of_inputs(lane, 1, sums.ntk[lane]));
        let of_inputs: Vec<_> = (0..T::LANES).map(of_lane).collect();
        let width = width_of_first(&x.keys.variance, &y.keys.variance);
        for (p, q) in (run.first..run.first + run.length).zip(run.second..) {
            let added = T::from_f64(keys.difference(p, q));
            for (lane, &([d_s, s_x, s_y], [d_n, n_x, n_y])) in of_inputs.iter().enumerate() {
                let (at, of_x, of_y) = (p * T::LANES + lane, p * width + lane % width, q * T::LANES + lane);
                let (d, q_x, q_y) = (output.difference[at], x.keys.variance[of_x], y.keys.variance[of_y]);
                let theta = input.ntk_difference.get(at).map_or(zero, |&theta| share * theta) + added;
                let (theta_x, theta_y) = (x.keys.ntk[of_x] + four * q_x, y.keys.ntk[of_y] + four * q_y);
                let of_n = difference_of_product((d_n, n_x, n_y), (d, q_x, q_y));
                let of_s = difference_of_product((d_s, s_x, s_y), (theta + four * d, theta_x, theta_y));
                output.ntk_difference[at] = scale * (of_n + of_s);
            }
        }
    }
}

/// One vector of pairs of positions.
struct Pair<S: Simd> {
    simd: S,
    p: usize,
    q: usize,
    start: usize,
}

impl<S: Simd> Pair<S> {
    #[inline(always)]
    fn load<T: Real>(&self, values: &[T], position: usize) -> T::Native<S> {
        lanes_at::<S, T>(self.simd, values, position, self.start)
    }

    /// Numbers of the first side at p, given those of both.
    #[inline(always)]
    fn load_first<T: Real>(&self, of_x: &[T], of_y: &[T]) -> T::Native<S> {
        first_at::<S, T>(self.simd, of_x, width_of_first(of_x, of_y), self.p, self.start)
    }

    #[inline(always)]
    fn difference<T: Real>(&self, by: &Embedded, slice: &Slice<T>) -> T::Native<S> {
        let difference = self.load(&slice.difference, self.p);
        difference * T::from_f64(by.share) + T::from_f64(by.difference(self.p, self.q))
    }

    #[inline(always)]
    fn covariance<T: Real>(
        &self,
        by: &Embedded,
        x: &Terms<T>,
        y: &Terms<T>,
        slice: &Slice<T>,
    ) -> T::Native<S> {
        let variances = self.load(&y.variance, self.q) + self.load_first(&x.variance, &y.variance);
        (variances - self.difference(by, slice)) * T::from_f64(0.5)
    }

    #[inline(always)]
    fn ntk<T: Real>(&self, by: &Embedded, x: &Terms<T>, y: &Terms<T>, slice: &Slice<T>) -> T::Native<S> {
        let added = T::from_f64(by.difference(self.p, self.q));
        let difference = if slice.has_ntk() {
            self.load(&slice.ntk_difference, self.p) * T::from_f64(by.share) + added
        } else {
            T::Native::<S>::splat(self.simd, added)
        };
        let ntks = self.load(&y.ntk, self.q) + self.load_first(&x.ntk, &y.ntk);
        (ntks - difference) * T::from_f64(0.5)
    }
}
