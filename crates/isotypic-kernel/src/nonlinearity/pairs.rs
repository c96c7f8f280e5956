//! The loop over a run of pairs, shared by all nonlinearities that need the variances.

use fearless_simd::prelude::*;

use super::PairRun;
use crate::real::Real;
use crate::terms::{Ends, first_at};

/// One vector of pairs.
#[derive(Clone, Copy)]
pub(super) struct Pair<S: Simd> {
    pub(super) simd: S,
    pub(super) variance_x: S::f64s,
    pub(super) variance_y: S::f64s,
    pub(super) root_x: S::f64s,
    pub(super) root_y: S::f64s,
    /// Roots of the mapped variances.
    pub(super) mapped_x: S::f64s,
    pub(super) mapped_y: S::f64s,
    /// $t = 1 - \cos\theta$.
    pub(super) gap: S::f64s,
}

impl<S: Simd> Pair<S> {
    /// $\sqrt{q_x q_y}$.
    #[inline(always)]
    pub(super) fn norm(&self) -> S::f64s {
        self.root_x * self.root_y
    }

    /// $E[(u - v)^2]$.
    #[inline(always)]
    pub(super) fn difference(&self) -> S::f64s {
        let roots = self.root_x - self.root_y;
        (self.norm() * 2.0).mul_add(self.gap, roots * roots)
    }

    /// $E[(u + v)^2]$.
    #[inline(always)]
    pub(super) fn opposite_difference(&self) -> S::f64s {
        let roots = self.root_x - self.root_y;
        (self.norm() * 2.0).mul_add(-self.gap + 2.0, roots * roots)
    }

    /// The gap of a mapped covariance.
    #[inline(always)]
    pub(super) fn gap_of_covariance(&self, covariance: S::f64s) -> S::f64s {
        -(covariance / self.mapped_norm()) + 1.0
    }

    /// The gap of a mapped difference $E[(\varphi(u) - \varphi(v))^2]$.
    #[inline(always)]
    pub(super) fn gap_of_difference(&self, difference: S::f64s) -> S::f64s {
        let roots = self.mapped_x - self.mapped_y;
        (difference - roots * roots) / (self.mapped_norm() * 2.0)
    }

    /// The product of the mapped roots, kept from 0: where an end vanishes the angle has no meaning and any gap will do.
    #[inline(always)]
    fn mapped_norm(&self) -> S::f64s {
        (self.mapped_x * self.mapped_y).max(f64::MIN_POSITIVE)
    }
}

/// What the tangent kernels of one vector of pairs are on the diagonal: $\Theta_{xx} + \Theta_{yy}$ before and after the nonlinearity.
struct NtkDifference<S: Simd> {
    before: S::f64s,
    after: S::f64s,
}

impl<S: Simd> NtkDifference<S> {
    /// Of the pairs `at` of one group.
    #[inline(always)]
    fn of(simd: S, (before, after): (Ends<'_>, Ends<'_>), group: usize, at: std::ops::Range<usize>) -> Self {
        let start = at.start - group * f64::LANES;
        let sum = |ends: Ends<'_>| {
            let of_x = first_at::<S, f64>(simd, ends.x.ntk, ends.width_of_x(), group, start);
            S::f64s::from_slice(simd, &ends.y.ntk[at.clone()]) + of_x
        };
        Self { before: sum(before), after: sum(after) }
    }

    /// The difference after the nonlinearity: $\Theta$ is multiplied by $E[\varphi'\varphi']$.
    #[inline(always)]
    fn times(&self, derivative: S::f64s, difference: S::f64s) -> S::f64s {
        self.after - (self.before - difference) * derivative
    }
}

/// Replaces every cosine gap by the first result of `map` (within $[0, 2]$, and exactly 0 where the two ends agree) and
/// multiplies the tangent kernels by the second.
#[inline(always)]
pub(super) fn map_pairs<S: Simd>(
    simd: S,
    mut run: PairRun<'_, f64>,
    map: impl Fn(Pair<S>) -> (S::f64s, S::f64s),
) {
    debug_assert_eq!(run.cosine_gap.len(), run.before.y.variance.len());
    let width = run.before.width_of_x();
    let zero = S::f64s::splat(simd, 0.0);
    let one = S::f64s::splat(simd, 1.0);
    let two = S::f64s::splat(simd, 2.0);
    for group in 0..run.cosine_gap.len() / f64::LANES {
        for start in (group * f64::LANES..(group + 1) * f64::LANES).step_by(S::f64s::LEN) {
            let at = start..start + S::f64s::LEN;
            let of_x =
                |numbers: &[f64]| first_at::<S, f64>(simd, numbers, width, group, start - group * f64::LANES);
            let pair = Pair {
                simd,
                variance_x: of_x(run.before.x.variance),
                variance_y: S::f64s::from_slice(simd, &run.before.y.variance[at.clone()]),
                root_x: of_x(run.before.x.root),
                root_y: S::f64s::from_slice(simd, &run.before.y.root[at.clone()]),
                mapped_x: of_x(run.after.x.root),
                mapped_y: S::f64s::from_slice(simd, &run.after.y.root[at.clone()]),
                gap: S::f64s::from_slice(simd, &run.cosine_gap[at.clone()]),
            };
            let (mapped, derivative) = map(pair);
            let mapped = mapped.simd_gt(0.0).select(mapped, zero);
            let mapped = mapped.simd_lt(2.0).select(mapped, two);
            let apart = pair.gap.simd_eq(0.0).select(pair.variance_y - pair.variance_x, one);
            let apart = apart.simd_eq(0.0);
            apart.select(zero, mapped).store_slice(&mut run.cosine_gap[at.clone()]);
            if let Some(values) = run.ntk_difference.as_deref_mut() {
                let ntks = NtkDifference::of(simd, (run.before, run.after), group, at.clone());
                let difference = S::f64s::from_slice(simd, &values[at.clone()]);
                apart.select(zero, ntks.times(derivative, difference)).store_slice(&mut values[at]);
            }
        }
    }
}
