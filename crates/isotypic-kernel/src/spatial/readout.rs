//! Joining positions: from slices to one covariance and one tangent kernel for each pair of inputs.
//!
//! Covariances are summed as differences, $\sum c = \tfrac12 \sum (q_x + q_y) - \tfrac12\sum d$, so that inputs that are close to
//! each other keep the digits of their distance. The sums do not depend on the order of the pairs of positions.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;
use isotypic_architecture::Operation;

use super::displacement::{Pieces, Run};
use super::slice::Slice;
use crate::real::Real;
use crate::reproducible_sum::ReproducibleSum;

/// How positions are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readout {
    /// Only pairs of equal positions: displacement 0.
    Flatten,
    /// The mean over all pairs of positions.
    GlobalAveragePool,
    /// The sum over all pairs of positions.
    GlobalSumPool,
}

/// What one input, or one input per lane, contributes to a readout.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadoutTerms {
    /// $\sum_p q_p$.
    pub(super) variances: Vec<f64>,
    /// $\max_p \sqrt{q_p}$.
    pub(super) root: Vec<f64>,
    /// $\max_p \sqrt{\Theta_{pp}}$.
    pub(super) ntk_root: Vec<f64>,
    /// Half the mean (or sum) of the differences of the input with itself, where readouts are handed on as differences.
    pub(super) half_spread: Vec<f64>,
}

/// Covariances (or differences) and tangent kernels after a readout, one per lane.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadoutValues<T> {
    pub(crate) values: Vec<T>,
    /// Empty if not asked for.
    pub(crate) ntk: Vec<T>,
}

/// Running sums of a readout.
pub(super) struct Totals<T: Real> {
    difference: ReproducibleSum<T>,
    ntk: Option<ReproducibleSum<T>>,
}

impl Readout {
    /// The readout of an operation, or `None` if it does not join positions.
    pub(crate) fn of(operation: &Operation) -> Option<Self> {
        match operation {
            Operation::Flatten => Some(Self::Flatten),
            Operation::GlobalAvgPool => Some(Self::GlobalAveragePool),
            Operation::GlobalSumPool => Some(Self::GlobalSumPool),
            _ => None,
        }
    }

    /// Whether pairs of different positions count.
    pub(super) fn is_pool(self) -> bool {
        self != Self::Flatten
    }

    /// The pieces of a slice that are read.
    pub(super) fn pieces(self) -> Pieces {
        if self.is_pool() { Pieces::ALL } else { Pieces::of([0; 3]) }
    }

    /// How often the variance of a position enters the sum, and by what the sum is divided.
    fn counts(self, positions: usize) -> (f64, f64) {
        let positions = positions as f64;
        match self {
            Self::Flatten => (1.0, positions),
            Self::GlobalAveragePool => (positions, positions * positions),
            Self::GlobalSumPool => (positions, 1.0),
        }
    }

    /// Half the mean (or sum) of the differences in the totals of an input with itself.
    pub(super) fn half_spread<T: Real>(self, positions: usize, totals: &Totals<T>) -> f64 {
        0.5 * (totals.difference.totals()[0] / self.counts(positions).1)
    }

    /// Covariances and tangent kernels of the totals, or differences and tangent kernels.
    ///
    /// With $D$ the mean (or sum) of the differences, the difference of two readouts is $D_{xy} - \tfrac12 (D_{xx} + D_{yy})$, exactly 0 for
    /// equal inputs.
    pub(super) fn finish<T: Real>(
        self,
        positions: usize,
        as_differences: bool,
        (x, y): (&ReadoutTerms, &ReadoutTerms),
        totals: &Totals<T>,
        values: &mut ReadoutValues<T>,
    ) {
        let (times, divisor) = self.counts(positions);
        let lane = |(lane, sum): (usize, f64)| {
            T::from_f64(if as_differences {
                sum / divisor - (x.half_spread[0] + y.half_spread[lane])
            } else {
                0.5 * (times * (x.variances[0] + y.variances[lane]) - sum) / divisor
            })
        };
        values.values.clear();
        values.values.extend(totals.difference.totals().into_iter().enumerate().map(lane));
        values.ntk.clear();
        if let Some(ntk) = &totals.ntk {
            values.ntk.extend(ntk.totals().iter().map(|sum| T::from_f64(sum / divisor)));
        }
    }
}

impl ReadoutTerms {
    /// The terms of one input.
    pub(super) fn new<T: Real>(variances: &[T], roots: &[T], ntks: &[f64]) -> Self {
        let largest = |values: &mut dyn Iterator<Item = f64>| vec![values.fold(0.0, f64::max)];
        Self {
            variances: vec![variances.iter().map(|q| q.to_f64()).sum()],
            root: largest(&mut roots.iter().map(|root| root.to_f64())),
            ntk_root: largest(&mut ntks.iter().map(|ntk| ntk.sqrt())),
            half_spread: vec![0.0],
        }
    }

    /// The terms of several inputs, one per lane.
    pub(super) fn of_lanes(lanes: &[&Self]) -> Self {
        let by = |field: fn(&Self) -> &Vec<f64>| lanes.iter().map(|terms| field(terms)[0]).collect();
        Self {
            variances: by(|terms| &terms.variances),
            root: by(|terms| &terms.root),
            ntk_root: by(|terms| &terms.ntk_root),
            half_spread: by(|terms| &terms.half_spread),
        }
    }
}

impl<T: Real> Totals<T> {
    /// Sums over as many pairs of positions as `pairs`.
    pub(super) fn new((x, y): (&ReadoutTerms, &ReadoutTerms), pairs: usize, with_ntk: bool) -> Self {
        let bounds = |bound: &dyn Fn(usize) -> f64| (0..T::LANES).map(|lane| 1.01 * bound(lane)).collect();
        // By the inequality of Cauchy and Schwarz.
        let differences: Vec<f64> = bounds(&|lane| (x.root[0] + y.root[lane]).powi(2));
        let ntks: Vec<f64> = bounds(&|lane| x.ntk_root[0] * y.ntk_root[lane]);
        Self {
            difference: ReproducibleSum::new(&differences, pairs),
            ntk: with_ntk.then(|| ReproducibleSum::new(&ntks, pairs)),
        }
    }

    /// Adds one run of a slice.
    pub(super) fn add(&mut self, level: Level, run: Run, slice: &Slice<T>) {
        let at = run.range::<T>();
        dispatch!(level, simd => add_all(simd, &mut self.difference, &slice.difference[at.clone()]));
        if let (Some(ntk), true) = (&mut self.ntk, slice.has_ntk()) {
            dispatch!(level, simd => add_all(simd, ntk, &slice.ntk[at]));
        }
    }
}

#[simd]
fn add_all<S: Simd, T: Real>(simd: S, sum: &mut ReproducibleSum<T>, values: &[T]) {
    for lanes in values.chunks_exact(T::LANES) {
        for start in (0..T::LANES).step_by(T::Native::<S>::LEN) {
            let terms = T::Native::<S>::from_slice(simd, &lanes[start..start + T::Native::<S>::LEN]);
            sum.add(simd, start, terms);
        }
    }
}
