//! Changes between the forms in which a pair of points is carried, in SIMD.
//!
//! For variances $q_x = a^2$, $q_y = b^2$ and the covariance $c = ab\cos\theta$:
//!
//! - the *cosine gap* $t = 1 - \cos\theta$: what nonlinearities act on,
//! - the *difference* $\delta = E[(u - v)^2] = (a-b)^2 + 2abt$: linear in affine layers, and blind to biases.
//!
//! The conversions do not cancel near the diagonal: identical points have $t = \delta = 0$ exactly and $c = q$ exactly.
//! Every function works on runs: group `i` pairs `x[i]` with `y[lanes·i..lanes·(i+1)]`.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use crate::affine::Affine;
use crate::real::Real;
use crate::terms::Ends;

/// Parallel points of different length have $\delta = (a-b)^2$ in exact arithmetic, opposite ones $\delta = (a+b)^2$. In floating point the two
/// sides differ by a few units in the last place of $a$ and $b$ times $|a \mp b|$. What lies below that is taken as the 0 it cannot be
/// told from, so that flat patches (backgrounds above all) do not turn rounding into angles of 1e-8. In units of [`Real::EPSILON`].
const RESOLUTION: f64 = 16.0;

/// One vector's worth of pairs, with everything that is known of their ends.
struct Pairs<S: Simd, T: Real> {
    simd: S,
    sum_of_variances: T::Native<S>,
    product_of_roots: T::Native<S>,
    /// $(a-b)^2$.
    squared_gap_of_roots: T::Native<S>,
    /// Below this $\delta - (a-b)^2$ is rounding.
    parallel: T::Native<S>,
    /// Below this $(a+b)^2 - \delta$ is rounding.
    opposite: T::Native<S>,
    inverse_product: T::Native<S>,
    values: T::Native<S>,
}

/// The ends of one group of pairs.
#[derive(Clone, Copy)]
struct Group<'a, T: Real> {
    variance_x: T,
    root_x: T,
    inverse_x: T,
    variances_y: &'a [T],
    roots_y: &'a [T],
    inverses_y: &'a [T],
}

impl<'a, T: Real> Ends<'a, T> {
    /// The ends group by group.
    #[inline(always)]
    fn groups(self) -> impl Iterator<Item = Group<'a, T>> {
        let of_x = self.x.root.iter().zip(self.x.variance).zip(self.x.inverse_root);
        let roots_y = self.y.root.chunks_exact(T::LANES);
        let variances_y = self.y.variance.chunks_exact(T::LANES);
        let inverses_y = self.y.inverse_root.chunks_exact(T::LANES);
        let of_y = roots_y.zip(variances_y).zip(inverses_y);
        of_x.zip(of_y).map(|(((&root_x, &variance_x), &inverse_x), ((roots_y, variances_y), inverses_y))| {
            Group { variance_x, root_x, inverse_x, variances_y, roots_y, inverses_y }
        })
    }
}

impl<S: Simd, T: Real> Pairs<S, T> {
    /// The pairs of lanes `start..start + T::Native::<S>::LEN` of a group.
    #[inline(always)]
    fn load(simd: S, group: Group<'_, T>, start: usize, values: T::Native<S>) -> Self {
        let load = |lanes: &[T]| T::Native::<S>::from_slice(simd, &lanes[start..start + T::Native::<S>::LEN]);
        let root_y = load(group.roots_y);
        let (gap, sum) = (root_y - group.root_x, root_y + group.root_x);
        let resolution = T::from_f64(RESOLUTION) * T::EPSILON;
        Self {
            simd,
            sum_of_variances: load(group.variances_y) + group.variance_x,
            product_of_roots: root_y * group.root_x,
            squared_gap_of_roots: gap * gap,
            parallel: gap.abs() * sum * resolution,
            opposite: sum * sum * resolution,
            inverse_product: load(group.inverses_y) * group.inverse_x,
            values,
        }
    }
}

/// Replaces each value of a run by `convert` of the pair it belongs to.
#[inline(always)]
fn for_each_pair<S: Simd, T: Real>(
    simd: S,
    ends: Ends<'_, T>,
    values: &mut [T],
    convert: impl Fn(Pairs<S, T>) -> T::Native<S>,
) {
    for (values, group) in values.chunks_exact_mut(T::LANES).zip(ends.groups()) {
        for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
            let lanes = &mut values[start..start + T::Native::<S>::LEN];
            convert(Pairs::load(simd, group, start, T::Native::<S>::from_slice(simd, lanes)))
                .store_slice(lanes);
        }
    }
}

/// $\delta \to t$. Where an end vanishes the angle is undefined and the result is 0.
#[inline(always)]
fn gap_of_difference<S: Simd, T: Real>(pairs: &Pairs<S, T>, difference: T::Native<S>) -> T::Native<S> {
    let zero = T::Native::<S>::splat(pairs.simd, T::from_f64(0.0));
    let excess = difference - pairs.squared_gap_of_roots;
    let resolved = excess.simd_gt(pairs.parallel).select(excess, zero);
    let gap = (resolved * T::from_f64(0.5) * pairs.inverse_product).min(T::from_f64(2.0));
    let short_of_opposite = pairs.product_of_roots * T::from_f64(4.0) - excess;
    let opposite =
        pairs.inverse_product.simd_gt(zero).select(T::Native::<S>::splat(pairs.simd, T::from_f64(2.0)), zero);
    short_of_opposite.simd_lt(pairs.opposite).select(opposite, gap)
}

/// $t \to \delta$.
#[inline(always)]
fn difference_of_gap<S: Simd, T: Real>(pairs: &Pairs<S, T>, gap: T::Native<S>) -> T::Native<S> {
    (pairs.product_of_roots * T::from_f64(2.0)).mul_add(gap, pairs.squared_gap_of_roots)
}

/// Turns differences into cosine gaps.
pub(crate) fn differences_to_gaps<T: Real>(level: Level, ends: Ends<'_, T>, values: &mut [T]) {
    #[simd]
    fn run<S: Simd, T: Real>(simd: S, ends: Ends<'_, T>, values: &mut [T]) {
        for_each_pair(simd, ends, values, |pairs| gap_of_difference(&pairs, pairs.values));
    }
    dispatch!(level, simd => run(simd, ends, values));
}

/// Turns cosine gaps into differences.
pub(crate) fn gaps_to_differences<T: Real>(level: Level, ends: Ends<'_, T>, values: &mut [T]) {
    #[simd]
    fn run<S: Simd, T: Real>(simd: S, ends: Ends<'_, T>, values: &mut [T]) {
        for_each_pair(simd, ends, values, |pairs| difference_of_gap(&pairs, pairs.values));
    }
    dispatch!(level, simd => run(simd, ends, values));
}

/// Turns covariances into cosine gaps.
pub(crate) fn covariances_to_gaps<T: Real>(level: Level, ends: Ends<'_, T>, values: &mut [T]) {
    #[simd]
    fn run<S: Simd, T: Real>(simd: S, ends: Ends<'_, T>, values: &mut [T]) {
        for_each_pair(simd, ends, values, |pairs| {
            let difference = pairs.values.mul_add(T::from_f64(-2.0), pairs.sum_of_variances);
            gap_of_difference(&pairs, difference)
        });
    }
    dispatch!(level, simd => run(simd, ends, values));
}

/// $c$ of pairs that are given by their cosine gaps.
#[inline(always)]
fn covariance_of_gap<S: Simd, T: Real>(pairs: &Pairs<S, T>, gap: T::Native<S>) -> T::Native<S> {
    let half_difference = pairs.product_of_roots.mul_add(gap, pairs.squared_gap_of_roots * T::from_f64(0.5));
    pairs.sum_of_variances.mul_sub(T::from_f64(0.5), half_difference)
}

/// Turns cosine gaps into covariances.
pub(crate) fn gaps_to_covariances<T: Real>(level: Level, ends: Ends<'_, T>, values: &mut [T]) {
    #[simd]
    fn run<S: Simd, T: Real>(simd: S, ends: Ends<'_, T>, values: &mut [T]) {
        for_each_pair(simd, ends, values, |pairs| covariance_of_gap(&pairs, pairs.values));
    }
    dispatch!(level, simd => run(simd, ends, values));
}

/// Carries cosine gaps through an affine layer: `before` and `after` are the ends on its two sides.
pub(crate) fn affine_on_gaps<T: Real>(
    level: Level,
    affine: &Affine,
    before: Ends<'_, T>,
    after: Ends<'_, T>,
    gaps: &mut [T],
) {
    #[simd]
    fn run<S: Simd, T: Real>(simd: S, scale: T, before: Ends<'_, T>, after: Ends<'_, T>, gaps: &mut [T]) {
        let ends = before.groups().zip(after.groups());
        for (gaps, (before, after)) in gaps.chunks_exact_mut(T::LANES).zip(ends) {
            for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
                let lanes = &mut gaps[start..start + T::Native::<S>::LEN];
                let pairs = Pairs::load(simd, before, start, T::Native::<S>::from_slice(simd, lanes));
                let difference = difference_of_gap(&pairs, pairs.values) * scale;
                let pairs = Pairs::load(simd, after, start, difference);
                gap_of_difference(&pairs, difference).store_slice(lanes);
            }
        }
    }
    if affine.shift == 0.0 {
        return; // angles do not change
    }
    dispatch!(level, simd => run(simd, T::from_f64(affine.scale), before, after, gaps));
}

/// Carries tangent kernels through an affine layer, given the cosine gaps and the ends after it.
pub(crate) fn affine_on_ntk<T: Real>(
    level: Level,
    affine: &Affine,
    after: Ends<'_, T>,
    gaps: &[T],
    ntk: &mut [T],
) {
    #[simd]
    fn run<S: Simd, T: Real>(simd: S, affine: &Affine, ends: Ends<'_, T>, gaps: &[T], ntk: &mut [T]) {
        let [scale, gain, offset] = [affine.scale, affine.ntk_gain, affine.ntk_offset].map(T::from_f64);
        let gaps = gaps.chunks_exact(T::LANES);
        for ((ntk, gaps), group) in ntk.chunks_exact_mut(T::LANES).zip(gaps).zip(ends.groups()) {
            for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
                let lanes = &mut ntk[start..start + T::Native::<S>::LEN];
                let pairs = Pairs::load(simd, group, start, T::Native::<S>::from_slice(simd, lanes));
                let gap = T::Native::<S>::from_slice(simd, &gaps[start..start + T::Native::<S>::LEN]);
                let fresh = covariance_of_gap(&pairs, gap).mul_add(gain, offset);
                pairs.values.mul_add(scale, fresh).store_slice(lanes);
            }
        }
    }
    dispatch!(level, simd => run(simd, affine, after, gaps, ntk));
}

/// Divides tangent kernels by $\sqrt{(q_x + \varepsilon)(q_y + \varepsilon)}$.
pub(crate) fn layer_norm_on_ntk<T: Real>(level: Level, epsilon: f64, ends: Ends<'_, T>, ntk: &mut [T]) {
    #[simd]
    fn run<S: Simd, T: Real>(simd: S, epsilon: T, ends: Ends<'_, T>, ntk: &mut [T]) {
        for (ntk, group) in ntk.chunks_exact_mut(T::LANES).zip(ends.groups()) {
            let length_x = T::from_f64((group.variance_x + epsilon).to_f64().sqrt());
            for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
                let at = start..start + T::Native::<S>::LEN;
                let length_y =
                    (T::Native::<S>::from_slice(simd, &group.variances_y[at.clone()]) + epsilon).sqrt();
                (T::Native::<S>::from_slice(simd, &ntk[at.clone()]) / (length_y * length_x))
                    .store_slice(&mut ntk[at]);
            }
        }
    }
    dispatch!(level, simd => run(simd, T::from_f64(epsilon), ends, ntk));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::Terms;

    #[test]
    fn parallel_and_opposite_points_have_exact_angles() {
        let x = Terms::<f64>::from_variances([0.3]);
        let y = Terms::from_variances([0.3, 0.31, 0.2, 0.7, 1e-3, 1e3, 0.3, 0.0]);
        let ends = Ends { x: x.view(0, 1), y: y.view(0, f64::LANES) };
        // (a − b)² with a relative error of two roundings of each root.
        let rounded = |b: f64| (x.root[0] - b * (1.0 + 3.0 * f64::EPSILON)).powi(2);
        let mut values: [f64; f64::LANES] = std::array::from_fn(|i| rounded(y.root[i]));
        values[0] = 0.0;
        values[6] = 0.0;
        differences_to_gaps(Level::new(), ends, &mut values);
        assert_eq!(values, [0.0; f64::LANES]);

        let rounded = |b: f64| (x.root[0] + b * (1.0 + 3.0 * f64::EPSILON)).powi(2);
        let mut values: [f64; f64::LANES] = std::array::from_fn(|i| rounded(y.root[i]));
        differences_to_gaps(Level::new(), ends, &mut values);
        assert_eq!(values, [2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 0.0]);
    }

    #[test]
    fn conversions_invert_each_other_without_loss_near_the_diagonal() {
        let x = Terms::<f64>::from_variances([2.0]);
        let y = Terms::from_variances([2.0, 2.0 + 1e-7, 1.9, 0.5, 8.0, 0.0, 2.0, 2.0]);
        let ends = Ends { x: x.view(0, 1), y: y.view(0, f64::LANES) };
        let gaps = [1e-20, 1e-13, 1e-9, 0.3, 1.5, 0.0, 0.0, 2.0];
        let mut values = gaps;
        gaps_to_differences(Level::new(), ends, &mut values);
        differences_to_gaps(Level::new(), ends, &mut values);
        for i in 0..f64::LANES {
            // Known error: rounding of (a − b)² relative to 2ab.
            let bound = 1e-15 * gaps[i] + 2.0 * RESOLUTION * f64::EPSILON * (y.root[i] - x.root[0]).abs();
            assert!((values[i] - gaps[i]).abs() <= bound, "pair {i}: {} against {}", values[i], gaps[i]);
        }
        let mut covariances = gaps;
        gaps_to_covariances(Level::new(), ends, &mut covariances);
        assert_eq!(covariances[6], x.variance[0]);
        assert_eq!(covariances[5], 0.0);
    }
}
