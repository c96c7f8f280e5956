//! Joining positions: from slices to one covariance and one tangent kernel for each pair of inputs.
//!
//! Covariances are summed as differences, $\sum c = \tfrac12 \sum (q_x + q_y) - \tfrac12\sum d$, and tangent kernels alike, so that inputs
//! that are close to each other keep the digits of their distance. The sums do not depend on the order of the pairs of positions.

use std::ops::Range;

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;
use isotypic_architecture::Operation;

use super::displacement::Pieces;
use super::slice::Slice;
use crate::real::Real;
use crate::reproducible_sum::ReproducibleSum;
use crate::terms::Terms;

/// How positions are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readout {
    /// Only pairs of equal positions: displacement 0.
    Flatten,
    /// The mean over all pairs of positions.
    GlobalAveragePool,
    /// The sum over all pairs of positions.
    GlobalSumPool,
    /// The mean over all pairs of elements of a group.
    GroupPool {
        /// Number of turns, the identity included.
        turns: usize,
    },
}

/// What one input, or one input per lane, contributes to a readout.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadoutTerms {
    pub(super) covariance: KernelReadout,
    pub(super) ntk: KernelReadout,
}

/// The same for one of the two kernels.
#[derive(Debug, Clone, Default)]
pub(crate) struct KernelReadout {
    /// $\sum_p q_p$.
    diagonal: Vec<f64>,
    /// $\max_p \sqrt{q_p}$.
    root: Vec<f64>,
    /// Half the mean (or sum) of the differences of the input with itself, where readouts are handed on as differences.
    pub(super) half_spread: Vec<f64>,
}

/// Covariances and tangent kernels, or differences of both, after a readout, one per lane.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadoutValues<T> {
    pub(crate) values: Vec<T>,
    /// Empty if not asked for.
    pub(crate) ntk: Vec<T>,
}

/// Running sums of a readout.
pub(super) struct Totals<T: Real> {
    difference: ReproducibleSum<T>,
    ntk_difference: Option<ReproducibleSum<T>>,
}

impl Readout {
    /// The readout of an operation, or `None` if it does not join positions.
    pub(crate) fn of(operation: &Operation) -> Option<Self> {
        match operation {
            Operation::Flatten => Some(Self::Flatten),
            Operation::GlobalAvgPool => Some(Self::GlobalAveragePool),
            Operation::GlobalSumPool => Some(Self::GlobalSumPool),
            Operation::GroupPool(group) => Some(Self::GroupPool { turns: group.turns() }),
            _ => None,
        }
    }

    /// Whether pairs of different positions count.
    pub(super) fn is_pool(self) -> bool {
        self != Self::Flatten
    }

    /// Whether slices of the input turned by this turn count; turn 0 is the identity.
    pub(super) fn reads_turn(self, turn: usize) -> bool {
        match self {
            Self::GroupPool { turns } => turn < turns,
            _ => turn == 0,
        }
    }

    /// Number of pairs of positions that are summed.
    pub(super) fn pairs(self, positions: usize) -> usize {
        match self {
            Self::Flatten => positions,
            Self::GlobalAveragePool | Self::GlobalSumPool => positions * positions,
            Self::GroupPool { turns } => turns * positions * positions,
        }
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
            Self::GroupPool { turns } => {
                let turns = turns as f64;
                (turns * positions, turns * positions * positions)
            }
        }
    }

    /// Half the mean (or sum) of the differences in the totals of inputs with themselves, of covariances and of tangent kernels, per lane.
    pub(super) fn half_spreads<T: Real>(self, positions: usize, totals: &Totals<T>) -> Vec<[f64; 2]> {
        let half = |sum: f64| 0.5 * (sum / self.counts(positions).1);
        let covariance = totals.difference.totals();
        let ntk = totals.ntk_difference.as_ref().map_or_else(|| vec![0.0; T::LANES], ReproducibleSum::totals);
        covariance.into_iter().zip(ntk).map(|(covariance, ntk)| [half(covariance), half(ntk)]).collect()
    }

    /// Covariances and tangent kernels of the totals, or differences of both.
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
        let finish = |x: &KernelReadout, y: &KernelReadout, sums: &ReproducibleSum<T>, to: &mut Vec<T>| {
            let lane = |(lane, sum): (usize, f64)| {
                T::from_f64(if as_differences {
                    sum / divisor - (of_lane(&x.half_spread, lane) + y.half_spread[lane])
                } else {
                    0.5 * (times * (of_lane(&x.diagonal, lane) + y.diagonal[lane]) - sum) / divisor
                })
            };
            to.clear();
            to.extend(sums.totals().into_iter().enumerate().map(lane));
        };
        finish(&x.covariance, &y.covariance, &totals.difference, &mut values.values);
        match &totals.ntk_difference {
            Some(sums) => finish(&x.ntk, &y.ntk, sums, &mut values.ntk),
            None => values.ntk.clear(),
        }
    }
}

/// The number of one lane on the first side, where all lanes may share one.
fn of_lane(numbers: &[f64], lane: usize) -> f64 {
    numbers[lane % numbers.len()]
}

impl KernelReadout {
    /// The value if all pairs of positions had the mean one of equal positions.
    fn unpooled(&self, readout: Readout, positions: usize) -> f64 {
        let (times, divisor) = readout.counts(positions);
        times * self.diagonal[0] / divisor
    }

    fn new(diagonal: &[f64]) -> Self {
        Self {
            diagonal: vec![diagonal.iter().sum()],
            root: vec![diagonal.iter().map(|q| q.sqrt()).fold(0.0, f64::max)],
            half_spread: vec![0.0],
        }
    }

    fn of_lanes<'k>(lanes: impl Iterator<Item = &'k Self> + Clone) -> Self {
        let by = |field: fn(&Self) -> &Vec<f64>| lanes.clone().map(|terms| field(terms)[0]).collect();
        Self {
            diagonal: by(|terms| &terms.diagonal),
            root: by(|terms| &terms.root),
            half_spread: by(|terms| &terms.half_spread),
        }
    }

    /// A bound on the differences of pairs of positions, per lane, by the inequality of Cauchy and Schwarz.
    fn bounds(&self, y: &Self) -> Vec<f64> {
        self.root.iter().cycle().zip(&y.root).map(|(x, y)| 1.01 * (x + y).powi(2)).collect()
    }
}

impl ReadoutTerms {
    /// The values of one input, of covariances and of tangent kernels, if all pairs of positions had the mean one of equal positions:
    /// what the rounding errors of a readout are proportional to, however much cancels in it.
    pub(super) fn unpooled(&self, readout: Readout, positions: usize) -> [f64; 2] {
        [&self.covariance, &self.ntk].map(|kernel| kernel.unpooled(readout, positions))
    }

    /// The terms of one input.
    pub(super) fn new<T: Real>(terms: &Terms<T>) -> Self {
        let wide = |values: &[T]| values.iter().map(|value| value.to_f64()).collect::<Vec<f64>>();
        Self {
            covariance: KernelReadout::new(&wide(&terms.variance)),
            ntk: KernelReadout::new(&wide(&terms.ntk)),
        }
    }

    /// The terms of several inputs, one per lane.
    pub(super) fn of_lanes(lanes: &[&Self]) -> Self {
        Self {
            covariance: KernelReadout::of_lanes(lanes.iter().map(|terms| &terms.covariance)),
            ntk: KernelReadout::of_lanes(lanes.iter().map(|terms| &terms.ntk)),
        }
    }
}

impl<T: Real> Totals<T> {
    /// Sums over as many pairs of positions as `pairs`.
    pub(super) fn new((x, y): (&ReadoutTerms, &ReadoutTerms), pairs: usize, with_ntk: bool) -> Self {
        let sum = |x: &KernelReadout, y| ReproducibleSum::new(&x.bounds(y), pairs);
        Self {
            difference: sum(&x.covariance, &y.covariance),
            ntk_difference: with_ntk.then(|| sum(&x.ntk, &y.ntk)),
        }
    }

    /// Adds the pairs of a slice with these first positions.
    pub(super) fn add(&mut self, level: Level, positions: Range<usize>, slice: &Slice<T>) {
        let at = positions.start * T::LANES..positions.end * T::LANES;
        dispatch!(level, simd => add_all(simd, &mut self.difference, &slice.difference[at.clone()]));
        if let (Some(sum), true) = (&mut self.ntk_difference, slice.has_ntk()) {
            dispatch!(level, simd => add_all(simd, sum, &slice.ntk_difference[at]));
        }
    }
}

#[simd]
fn add_all<S: Simd, T: Real>(simd: S, sum: &mut ReproducibleSum<T>, values: &[T]) {
    sum.add_all(simd, values);
}
