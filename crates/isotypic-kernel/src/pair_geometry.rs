//! Changes between the forms in which a pair of points is carried, in SIMD.
//!
//! For variances $q_x = a^2$, $q_y = b^2$ and the covariance $c = ab\cos\theta$:
//!
//! - the *cosine gap* $t = 1 - \cos\theta$: what nonlinearities act on,
//! - the *difference* $\delta = E[(u - v)^2] = (a-b)^2 + 2abt$: linear in affine layers, and blind to biases.
//!
//! Tangent kernels have no angle, and are carried as their *difference* $\Delta = \Theta_{xx} + \Theta_{yy} - 2\Theta_{xy}$, the squared distance of
//! two points among the features of the tangent kernel.
//!
//! The conversions do not cancel near the diagonal: identical points have $t = \delta = \Delta = 0$ exactly and $c = q$ exactly.
//! Every function works on runs: group `i` pairs `x[i]` with `y[lanes·i..lanes·(i+1)]`.

use std::ops::{Add, Mul, Sub};

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use crate::real::Real;
use crate::terms::{Ends, TermsView, first_at};

/// Parallel points of different length have $\delta = (a-b)^2$ in exact arithmetic, opposite ones $\delta = (a+b)^2$. In floating point the two
/// sides differ by a few units in the last place of $a$ and $b$ times $|a \mp b|$. What lies below that is taken as the 0 it cannot be
/// told from, so that flat patches (backgrounds above all) do not turn rounding into angles of 1e-8. In units of [`Real::EPSILON`].
const RESOLUTION: f64 = 16.0;

/// One vector's worth of pairs: what is known of their ends.
pub(crate) struct Pairs<S: Simd, T: Real> {
    simd: S,
    root_x: T::Native<S>,
    root_y: T::Native<S>,
    variance_x: T::Native<S>,
    variance_y: T::Native<S>,
    ntk_x: T::Native<S>,
    ntk_y: T::Native<S>,
    /// $1/2ab$.
    half_inverse_product: T::Native<S>,
}

/// The ends of one group of pairs; the first have one number, or one per lane.
#[derive(Clone, Copy)]
pub(crate) struct Group<'a, T: Real> {
    variances_x: &'a [T],
    roots_x: &'a [T],
    inverses_x: &'a [T],
    ntks_x: &'a [T],
    variances_y: &'a [T],
    roots_y: &'a [T],
    inverses_y: &'a [T],
    ntks_y: &'a [T],
}

impl<'a, T: Real> Ends<'a, T> {
    /// The ends group by group.
    #[inline(always)]
    pub(crate) fn groups(self) -> impl Iterator<Item = Group<'a, T>> {
        let width = self.width_of_x();
        let TermsView { variance, root, inverse_root, ntk } = self.x;
        let chunks = move |values: &'a [T]| values.chunks_exact(width);
        let of_x = chunks(variance).zip(chunks(root)).zip(chunks(inverse_root).zip(chunks(ntk)));
        let TermsView { variance, root, inverse_root, ntk } = self.y;
        let chunks = |values: &'a [T]| values.chunks_exact(T::LANES);
        let of_y = chunks(variance).zip(chunks(root)).zip(chunks(inverse_root).zip(chunks(ntk)));
        of_x.zip(of_y).map(|(of_x, of_y)| {
            let ((variances_x, roots_x), (inverses_x, ntks_x)) = of_x;
            let ((variances_y, roots_y), (inverses_y, ntks_y)) = of_y;
            Group { variances_x, roots_x, inverses_x, ntks_x, variances_y, roots_y, inverses_y, ntks_y }
        })
    }
}

impl<S: Simd, T: Real> Pairs<S, T> {
    /// The pairs of lanes `start..start + T::Native::<S>::LEN` of a group.
    #[inline(always)]
    pub(crate) fn load(simd: S, group: Group<'_, T>, start: usize) -> Self {
        let load = |lanes: &[T]| T::Native::<S>::from_slice(simd, &lanes[start..start + T::Native::<S>::LEN]);
        let first = |numbers: &[T]| first_at(simd, numbers, numbers.len(), 0, start);
        Self {
            simd,
            root_x: first(group.roots_x),
            root_y: load(group.roots_y),
            variance_x: first(group.variances_x),
            variance_y: load(group.variances_y),
            ntk_x: first(group.ntks_x),
            ntk_y: load(group.ntks_y),
            half_inverse_product: load(group.inverses_y) * (first(group.inverses_x) * T::from_f64(0.5)),
        }
    }

    /// $(a-b)^2$.
    #[inline(always)]
    fn squared_gap_of_roots(&self) -> T::Native<S> {
        let gap = self.root_y - self.root_x;
        gap * gap
    }

    /// $\delta \to t$. Where an end vanishes the angle is undefined and the result is 0.
    #[inline(always)]
    pub(crate) fn gap_of_difference(&self, difference: T::Native<S>) -> T::Native<S> {
        let zero = T::Native::<S>::splat(self.simd, T::from_f64(0.0));
        let gap = self.root_y - self.root_x;
        let sum = self.root_y + self.root_x;
        let resolved_sum = sum * (T::from_f64(RESOLUTION) * T::EPSILON);
        let excess = difference - gap * gap;
        // Above 2ab·2 less what (a + b)² is rounded by, points are opposite.
        let opposite = (self.root_y * (self.root_x * T::from_f64(4.0))) - sum * resolved_sum;
        let resolved = excess.simd_gt(gap.abs() * resolved_sum).select(excess, zero);
        // So large that any product but that with 0 exceeds 2.
        let huge = T::Native::<S>::splat(self.simd, T::MAX);
        let resolved = excess.simd_gt(opposite).select(huge, resolved);
        (resolved * self.half_inverse_product).min(T::from_f64(2.0))
    }

    /// $t \to \delta$.
    #[inline(always)]
    pub(crate) fn difference_of_gap(&self, gap: T::Native<S>) -> T::Native<S> {
        (self.root_y * (self.root_x * T::from_f64(2.0))).mul_add(gap, self.squared_gap_of_roots())
    }

    /// $\Theta_{xx} + \Theta_{yy}$.
    #[inline(always)]
    pub(crate) fn ntks(&self) -> T::Native<S> {
        self.ntk_y + self.ntk_x
    }

    /// $\Delta'$ after a homogeneous nonlinearity with $E[\varphi'\varphi'] = g(1 - w)$: with $\Theta'_{xx} = g\Theta_{xx}$ of these mapped points,
    /// $g\Delta + w(\Theta'_{xx} + \Theta'_{yy} - g\Delta)$.
    #[inline(always)]
    pub(crate) fn homogeneous_ntk_difference(
        &self,
        ntk_difference: T::Native<S>,
        gain: T,
        deficit: T::Native<S>,
    ) -> T::Native<S> {
        let scaled = ntk_difference * gain;
        deficit.mul_add(self.ntks() - scaled, scaled)
    }

    /// $t \to c$.
    #[inline(always)]
    fn covariance_of_gap(&self, gap: T::Native<S>) -> T::Native<S> {
        let half = T::from_f64(0.5);
        let half_difference = (self.root_y * self.root_x).mul_add(gap, self.squared_gap_of_roots() * half);
        (self.variance_y + self.variance_x).mul_sub(half, half_difference)
    }
}

/// Replaces each value of a run by `convert` of the pair it belongs to.
#[inline(always)]
fn for_each_pair<S: Simd, T: Real>(
    simd: S,
    ends: Ends<'_, T>,
    values: &mut [T],
    convert: impl Fn(Pairs<S, T>, T::Native<S>) -> T::Native<S>,
) {
    for (values, group) in values.chunks_exact_mut(T::LANES).zip(ends.groups()) {
        for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
            let lanes = &mut values[start..start + T::Native::<S>::LEN];
            let value = T::Native::<S>::from_slice(simd, lanes);
            convert(Pairs::load(simd, group, start), value).store_slice(lanes);
        }
    }
}

/// Turns differences into cosine gaps.
pub(crate) fn differences_to_gaps<T: Real>(level: Level, ends: Ends<'_, T>, values: &mut [T]) {
    #[simd]
    fn run<S: Simd, T: Real>(simd: S, ends: Ends<'_, T>, values: &mut [T]) {
        for_each_pair(simd, ends, values, |pairs, difference| pairs.gap_of_difference(difference));
    }
    dispatch!(level, simd => run(simd, ends, values));
}

/// Turns cosine gaps into differences.
pub(crate) fn gaps_to_differences<T: Real>(level: Level, ends: Ends<'_, T>, values: &mut [T]) {
    #[simd]
    fn run<S: Simd, T: Real>(simd: S, ends: Ends<'_, T>, values: &mut [T]) {
        for_each_pair(simd, ends, values, |pairs, gap| pairs.difference_of_gap(gap));
    }
    dispatch!(level, simd => run(simd, ends, values));
}

/// Turns cosine gaps into covariances.
pub(crate) fn gaps_to_covariances<T: Real>(level: Level, ends: Ends<'_, T>, values: &mut [T]) {
    #[simd]
    fn run<S: Simd, T: Real>(simd: S, ends: Ends<'_, T>, values: &mut [T]) {
        for_each_pair(simd, ends, values, |pairs, gap| pairs.covariance_of_gap(gap));
    }
    dispatch!(level, simd => run(simd, ends, values));
}

/// Turns differences $\Delta$ of tangent kernels into tangent kernels $\tfrac12(\Theta_{xx} + \Theta_{yy} - \Delta)$.
pub(crate) fn ntk_differences_to_ntks<T: Real>(level: Level, ends: Ends<'_, T>, values: &mut [T]) {
    #[simd]
    fn run<S: Simd, T: Real>(simd: S, ends: Ends<'_, T>, values: &mut [T]) {
        let half = T::from_f64(0.5);
        for_each_pair(simd, ends, values, |pairs, difference| (pairs.ntks() - difference) * half);
    }
    dispatch!(level, simd => run(simd, ends, values));
}

/// What a change of lengths, $\Theta_{xy} \leftarrow f_x f_y\,\Theta_{xy}$, makes of the difference $\Delta$ of tangent kernels `of_x` and `of_y`
/// on the diagonal: $f_x f_y\,\Delta + (f_x - f_y)(f_x\Theta_{xx} - f_y\Theta_{yy})$.
#[inline(always)]
pub(crate) fn rescaled_ntk_difference<N>(difference: N, (f_x, of_x): (N, N), (f_y, of_y): (N, N)) -> N
where
    N: Copy + Add<Output = N> + Mul<Output = N> + Sub<Output = N>,
{
    f_x * f_y * difference + (f_x - f_y) * (f_x * of_x - f_y * of_y)
}

/// The difference of a product of two kernels, from the differences $d_1, d_2$ of the factors and their values on the diagonal, $x_1, y_1$
/// and $x_2, y_2$: $\tfrac12(x_1-y_1)(x_2-y_2) + \tfrac12(x_1+y_1)d_2 + \tfrac12(x_2+y_2)d_1 - \tfrac12 d_1d_2$.
#[inline(always)]
pub(crate) fn difference_of_product<T: Real>((d_1, x_1, y_1): (T, T, T), (d_2, x_2, y_2): (T, T, T)) -> T {
    T::from_f64(0.5) * ((x_1 - y_1) * (x_2 - y_2) + (x_1 + y_1) * d_2 + (x_2 + y_2 - d_2) * d_1)
}

/// The cosine gap of a product of independent pairs, $t_1 + t_2 - t_1 t_2$, from those of its factors.
#[inline(always)]
pub(crate) fn gap_of_product<T: Real>(first: T, second: T) -> T {
    let [zero, two] = [0.0, 2.0].map(T::from_f64);
    let gap = first + second - first * second;
    // Rounding must not lead out of the range of a gap.
    let gap = if gap > zero { gap } else { zero };
    if gap < two { gap } else { two }
}

/// Cosine gaps after dropout with independent masks, $(1 - r) + rt$: variances grow by $1/r$ and covariances stay.
pub(crate) fn drop_out_gaps<T: Real>(keep_rate: f64, gaps: &mut [T]) {
    let (dropped, kept) = (T::from_f64(1.0 - keep_rate), T::from_f64(keep_rate));
    for gap in gaps {
        *gap = dropped + kept * *gap;
    }
}

/// Dropout with independent masks: diagonal tangent kernels grow by $1/r$, those of pairs stay.
pub(crate) fn drop_out_ntk_differences<T: Real>(keep_rate: f64, ends: Ends<'_, T>, values: &mut [T]) {
    let growth = T::from_f64(keep_rate.recip() - 1.0);
    let pairs_per_x = T::LANES / ends.width_of_x();
    for (pair, (value, &ntk)) in values.iter_mut().zip(ends.y.ntk).enumerate() {
        *value += growth * (ends.x.ntk[pair / pairs_per_x] + ntk);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::Terms;

    /// As many numbers as lanes, the given eight over and over.
    fn lanes<T: Real>(values: [f64; 8]) -> Vec<T> {
        values.into_iter().cycle().take(T::LANES).map(T::from_f64).collect()
    }

    fn terms<T: Real>(variances: [f64; 8]) -> Terms<T> {
        Terms::from_variances(variances.into_iter().cycle().take(T::LANES))
    }

    fn parallel_and_opposite<T: Real>() {
        let x = Terms::<T>::from_variances([0.3]);
        let y = terms::<T>([0.3, 0.31, 0.2, 0.7, 1e-3, 1e3, 0.3, 0.0]);
        let ends = Ends { x: x.view(0, 1), y: y.view(0, T::LANES) };
        // (a ∓ b)² with a relative error of two roundings of each root.
        let stretch = 1.0 + 3.0 * T::EPSILON.to_f64();
        let rounded = |sign: f64| -> Vec<T> {
            let b = y.root.iter().map(|b| sign * b.to_f64() * stretch);
            b.map(|b| T::from_f64((x.root[0].to_f64() + b).powi(2))).collect()
        };
        let mut values = rounded(-1.0);
        for lane in (0..T::LANES).filter(|lane| lane % 8 == 0 || lane % 8 == 6) {
            values[lane] = T::from_f64(0.0);
        }
        differences_to_gaps(Level::new(), ends, &mut values);
        assert_eq!(values, lanes([0.0; 8]));

        let mut values = rounded(1.0);
        differences_to_gaps(Level::new(), ends, &mut values);
        assert_eq!(values, lanes([2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 0.0]));
    }

    #[test]
    fn parallel_and_opposite_points_have_exact_angles() {
        parallel_and_opposite::<f64>();
        parallel_and_opposite::<f32>();
    }

    fn there_and_back<T: Real>(gaps: [f64; 8]) {
        let x = Terms::<T>::from_variances([2.0]);
        let y = terms::<T>([2.0, 2.0 + 1e-7, 1.9, 0.5, 8.0, 0.0, 2.0, 2.0]);
        let ends = Ends { x: x.view(0, 1), y: y.view(0, T::LANES) };
        let gaps = lanes::<T>(gaps);
        let mut values = gaps.clone();
        gaps_to_differences(Level::new(), ends, &mut values);
        differences_to_gaps(Level::new(), ends, &mut values);
        let epsilon = T::EPSILON.to_f64();
        for i in 0..T::LANES {
            // Known error: rounding of (a − b)² relative to 2ab.
            let apart = (y.root[i] - x.root[0]).to_f64().abs();
            let bound = 5.0 * epsilon * gaps[i].to_f64() + 2.0 * RESOLUTION * epsilon * apart;
            let error = (values[i] - gaps[i]).to_f64().abs();
            assert!(error <= bound, "pair {i}: {} against {}", values[i], gaps[i]);
        }
        let mut covariances = gaps;
        gaps_to_covariances(Level::new(), ends, &mut covariances);
        assert_eq!(covariances[6], x.variance[0]);
        assert_eq!(covariances[5], T::from_f64(0.0));
    }

    #[test]
    fn conversions_invert_each_other_without_loss_near_the_diagonal() {
        there_and_back::<f64>([1e-20, 1e-13, 1e-9, 0.3, 1.5, 0.0, 0.0, 2.0]);
        there_and_back::<f32>([1e-12, 1e-7, 1e-5, 0.3, 1.5, 0.0, 0.0, 2.0]);
    }

    #[test]
    fn opposite_points_of_any_size_are_opposite() {
        for scale in [1e-150, 1.0, 2e153] {
            let x = Terms::<f64>::from_variances([scale * scale]);
            let y = terms::<f64>([scale * scale; 8]);
            let mut values = vec![4.0 * x.variance[0]; f64::LANES];
            differences_to_gaps(
                Level::new(),
                Ends { x: x.view(0, 1), y: y.view(0, f64::LANES) },
                &mut values,
            );
            assert_eq!(values, vec![2.0; f64::LANES], "{scale:e}");
        }
    }
}
