//! Second moments of points, in the forms that pairs need.

use fearless_simd::prelude::*;

use crate::real::Real;

/// Variances of a list of points, with their square roots and the reciprocals of those, and their diagonal tangent kernels.
///
/// The variance kept is the square of the rounded root, so that $(a - 0)^2 = q$ and differences against vanishing
/// points are exact. A variance below the smallest normal number counts as 0: no product of two reciprocals overflows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Terms<T: Real = f64> {
    /// $q = a^2$.
    pub(crate) variance: Vec<T>,
    /// $a = \sqrt q$.
    pub(crate) root: Vec<T>,
    /// $1/a$, or 0 where $a = 0$.
    pub(crate) inverse_root: Vec<T>,
    /// $\Theta(x, x)$.
    pub(crate) ntk: Vec<T>,
}

/// A borrowed stretch of [`Terms`].
#[derive(Debug, Clone, Copy)]
pub struct TermsView<'a, T: Real = f64> {
    /// $q = a^2$.
    pub variance: &'a [T],
    /// $a = \sqrt q$.
    pub root: &'a [T],
    /// $1/a$, or 0 where $a = 0$.
    pub inverse_root: &'a [T],
    /// $\Theta(x, x)$.
    pub ntk: &'a [T],
}

/// The two ends of a run of pairs: group `i` pairs the one point `x[i]` with the `lanes` points `y[lanes·i..lanes·(i+1)]`, where
/// `lanes` is [`Real::LANES`]; or, where `x` is as long as `y`, `x[j]` with `y[j]`.
#[derive(Debug, Clone, Copy)]
pub struct Ends<'a, T: Real = f64> {
    /// One point per group, or `lanes` points.
    pub x: TermsView<'a, T>,
    /// `lanes` points per group.
    pub y: TermsView<'a, T>,
}

impl<T: Real> Ends<'_, T> {
    /// How many points `x` has for each group: 1 or [`Real::LANES`].
    #[inline(always)]
    pub(crate) fn width_of_x(&self) -> usize {
        width_of_first(self.x.variance, self.y.variance)
    }
}

impl<T: Real> Terms<T> {
    /// Numbers per point.
    pub(crate) const PER_POINT: usize = 4;

    /// The terms of points without weights before them, whose tangent kernels vanish.
    pub fn from_variances(variances: impl IntoIterator<Item = f64>) -> Self {
        Self::new(variances.into_iter().map(|variance| (variance, 0.0)))
    }

    /// The terms of the given variances and diagonal tangent kernels.
    pub fn new(moments: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let zero = T::from_f64(0.0);
        let root_of = |variance: f64| {
            let root = T::from_f64(variance.sqrt());
            if root * root < T::MIN_POSITIVE { zero } else { root }
        };
        let (root, ntk): (Vec<T>, Vec<T>) =
            moments.into_iter().map(|(variance, ntk)| (root_of(variance), T::from_f64(ntk))).unzip();
        let inverse = |&a: &T| if a > zero { T::from_f64(1.0) / a } else { zero };
        Self {
            variance: root.iter().map(|&a| a * a).collect(),
            inverse_root: root.iter().map(inverse).collect(),
            root,
            ntk,
        }
    }

    /// Points `start..end`.
    #[must_use]
    pub fn view(&self, start: usize, end: usize) -> TermsView<'_, T> {
        TermsView {
            variance: &self.variance[start..end],
            root: &self.root[start..end],
            inverse_root: &self.inverse_root[start..end],
            ntk: &self.ntk[start..end],
        }
    }

    /// Becomes `copies` copies of point `index` of `source`: the one end of a run whose pairs all share that point.
    pub(crate) fn fill_repeated(&mut self, source: &Self, index: usize, copies: usize) {
        let fill = |target: &mut Vec<T>, value: T| {
            target.resize(copies, value);
            target.fill(value);
        };
        fill(&mut self.variance, source.variance[index]);
        fill(&mut self.root, source.root[index]);
        fill(&mut self.inverse_root, source.inverse_root[index]);
        fill(&mut self.ntk, source.ntk[index]);
    }

    /// Interleaves equally long lists: entry `point · lists + list`.
    pub(crate) fn interleave(lists: &[&Self]) -> Self {
        let by = |field: fn(&Self) -> &Vec<T>| {
            let columns: Vec<&[T]> = lists.iter().map(|terms| field(terms).as_slice()).collect();
            interleave(&columns)
        };
        Self {
            variance: by(|terms| &terms.variance),
            root: by(|terms| &terms.root),
            inverse_root: by(|terms| &terms.inverse_root),
            ntk: by(|terms| &terms.ntk),
        }
    }
}

/// How many numbers the first side of a run has for each group, one that all pairs of the group share or one per lane, from lists of both
/// sides.
#[inline(always)]
pub(crate) fn width_of_first<T: Real>(x: &[T], y: &[T]) -> usize {
    if x.len() == y.len() { T::LANES } else { 1 }
}

/// One vector of the numbers of the first side for a group: lanes from `start` on.
#[inline(always)]
pub(crate) fn first_at<S: Simd, T: Real>(
    simd: S,
    values: &[T],
    width: usize,
    group: usize,
    start: usize,
) -> T::Native<S> {
    if width == 1 {
        T::Native::<S>::splat(simd, values[group])
    } else {
        let at = group * T::LANES + start;
        T::Native::<S>::from_slice(simd, &values[at..at + T::Native::<S>::LEN])
    }
}

/// $(\sqrt q)^2$, the variance that pairs see: what follows from it in `f64` agrees with what pairs compute.
pub(crate) fn rounded_variance(q: f64) -> f64 {
    q.sqrt() * q.sqrt()
}

/// Interleaves equally long lists: entry `point · lists + list`.
pub(crate) fn interleave<T: Real>(lists: &[&[T]]) -> Vec<T> {
    let length = lists.first().map_or(0, |list| list.len());
    let mut all = Vec::with_capacity(length * lists.len());
    for point in 0..length {
        all.extend(lists.iter().map(|list| list[point]));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extremes<T: Real>() {
        let smallest = T::MIN_POSITIVE.to_f64();
        let terms = Terms::<T>::from_variances([0.0, 0.5 * smallest, 2.0 * smallest, 2.0]);
        let zero = T::from_f64(0.0);
        assert_eq!(terms.root[..2], [zero, zero]);
        assert_eq!(terms.inverse_root[..2], [zero, zero]);
        assert!(terms.variance[2] >= T::MIN_POSITIVE);
        assert!((terms.inverse_root[2] * terms.inverse_root[2]).to_f64().is_finite());
        assert_eq!(terms.variance[3], terms.root[3] * terms.root[3]);
    }

    #[test]
    fn reciprocals_of_tiny_roots_have_finite_products() {
        extremes::<f64>();
        extremes::<f32>();
    }
}
