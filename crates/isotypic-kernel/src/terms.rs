//! Second moments of points, in the forms that pairs need.

use crate::nonlinearity::Endpoints;
use crate::real::Real;

/// Variances of a list of points, with their square roots and the reciprocals of those.
///
/// The variance kept is the square of the rounded root, so that $(a - 0)^2 = q$ and differences against vanishing
/// points are exact.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Terms<T: Real = f64> {
    /// $q = a^2$.
    pub(crate) variance: Vec<T>,
    /// $a = \sqrt q$.
    pub(crate) root: Vec<T>,
    /// $1/a$, or 0 where $a = 0$.
    pub(crate) inverse_root: Vec<T>,
}

/// A borrowed stretch of [`Terms`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct TermsView<'a, T: Real = f64> {
    pub(crate) variance: &'a [T],
    pub(crate) root: &'a [T],
    pub(crate) inverse_root: &'a [T],
}

impl<'a, T: Real> TermsView<'a, T> {
    /// The ends of a run that a nonlinearity maps from here to `after`.
    pub(crate) fn mapped_to(self, after: TermsView<'a, T>) -> Endpoints<'a, T> {
        Endpoints { variance: self.variance, root: self.root, mapped_root: after.root }
    }
}

impl<T: Real> Terms<T> {
    /// The terms of the given variances.
    pub(crate) fn from_variances(variances: impl IntoIterator<Item = f64>) -> Self {
        let root: Vec<T> = variances.into_iter().map(|q| T::from_f64(q.sqrt())).collect();
        let zero = T::from_f64(0.0);
        let inverse = |&a: &T| if a > zero { T::from_f64(1.0) / a } else { zero };
        Self {
            variance: root.iter().map(|&a| a * a).collect(),
            inverse_root: root.iter().map(inverse).collect(),
            root,
        }
    }

    /// Points `start..end`.
    pub(crate) fn view(&self, start: usize, end: usize) -> TermsView<'_, T> {
        TermsView {
            variance: &self.variance[start..end],
            root: &self.root[start..end],
            inverse_root: &self.inverse_root[start..end],
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
        }
    }
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
