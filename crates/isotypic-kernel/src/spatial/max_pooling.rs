//! Local maxima on one displacement slice, by sampling.
//!
//! The maxima over two windows have no closed covariance beyond two variables (Clark 1961, *Operations Research* 9). In the limit of infinite
//! width the channels under the windows $P$ of $x$ and $Q$ of $y$ are independent draws of one Gaussian vector, whose covariance is
//! what the engine carries: between $x$ and itself, $y$ and itself, and both. `maxima.rs` samples that vector, so that an entry
//! is an unbiased estimate given the covariance that comes in.
//!
//! A nonlinearity before the maximum that does not decrease commutes with it: $\max_a \varphi(u_a) = \varphi(\max_a u_a)$, derivatives included. With
//! any piecewise linear one after it, $f = \psi\circ\varphi$ is piecewise linear: all that is sampled is homogeneous, which
//! [`Directions`] need.
//!
//! # Scale
//! Differences are taken between windows scaled to the same size, by the factors $\rho$ and $1/\rho$ that the traces of their
//! covariances say: with $E = E[(\sqrt\rho f(m) - f(n)/\sqrt\rho)^2]$ and the roots $a$, $b$ of the variances that each window has by
//! itself, $\delta' = (a-b)^2 + E - (\sqrt\rho a - b/\sqrt\rho)^2$. That is the mean of $f(m) f(n)$ with control variates $f(m)^2$ and $f(n)^2$, whose
//! weights do not depend on the sample: unbiased, exact for equal and for parallel windows, and homogeneous. Tangent kernels alike.
//!
//! # Common points
//! All pairs of inputs use the same points, so that the errors of neighbouring entries are nearly the same, and differences of nearly
//! equal inputs are estimated to a relative error.
//!
//! In networks that pool all positions in the end all windows use the same points too: estimates are then one function of the covariance, and
//! kernels of shifted inputs agree where covariances do. In all others each window has points of its own, so that the means over positions
//! that follow average over the sampling errors; what one window meets is sampled from the points of the window that is drawn
//! first. Rotated or mirrored windows list the same variables in another order, for which the sample is another one: there, and for
//! shifts without global pooling, invariance holds up to the standard error only.
//!
//! A matrix of such estimates need not be positive definite: eigenvalues below the sampling error are not resolved.

use fearless_simd::Level;
use isotypic_architecture::Pool;

use super::conditional::{factor, packed};
use super::directions::Directions;
use super::displacement::{Displacement, Piece, Pieces};
use super::grid::Grid;
use super::maxima::{Between, Estimator, Side, Slopes};
use super::pooling::Pooling;
use super::slice::Slice;
use super::taps::OUTSIDE;
use crate::monte_carlo::Sampling;
use crate::real::Real;
use crate::terms::{Terms, interleave};

/// The largest number of windows with points of their own; further ones share them in turns.
const MOST_STREAMS: usize = 64;

/// A max-pooling layer between two grids, with nonlinearities before and after it.
#[derive(Debug, Clone)]
pub(crate) struct MaxPooling {
    /// Which slices are read.
    pub(super) pooling: Pooling,
    slopes: Slopes,
    sampling: Sampling,
    /// Numbers the streams of random points.
    layer: usize,
    /// One for all windows, or one for each.
    directions: Vec<Directions>,
    /// Taps and input positions of all windows, one window after the other; nothing beyond the border.
    members: Vec<Member>,
    /// Where the members of every window begin, and the end of the last.
    starts: Vec<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Member {
    tap: usize,
    position: usize,
}

/// What the layer needs to know of one input, or of one input per lane.
#[derive(Debug, Clone, Default)]
pub(crate) struct MaxPoolingTerms {
    /// Covariances under every window, packed, `[windows, pairs, lanes]`.
    covariance: Vec<f64>,
    /// Their factors.
    factor: Vec<f64>,
}

/// One side of pairs of windows.
#[derive(Debug, Clone, Copy)]
pub(super) struct MaxPoolingSide<'a, T: Real> {
    pub(super) before: &'a Terms<T>,
    pub(super) layer: &'a MaxPoolingTerms,
    pub(super) after: &'a Terms<T>,
}

/// What pairs of windows overwrite.
#[derive(Debug, Default)]
pub(super) struct MaxPoolingScratch {
    of_x: [Vec<f64>; 3],
    of_y: [Vec<f64>; 3],
    between: [Vec<f64>; 3],
    estimates: [Vec<f64>; 2],
    /// Per lane: of covariances and of tangent kernels, the root of the scale of either side.
    roots: Vec<[[f64; 2]; 2]>,
}

impl MaxPoolingTerms {
    pub(super) fn interleave(lanes: &[&Self]) -> Self {
        let by = |field: fn(&Self) -> &Vec<f64>| {
            interleave(&lanes.iter().map(|terms| field(terms).as_slice()).collect::<Vec<_>>())
        };
        Self { covariance: by(|terms| &terms.covariance), factor: by(|terms| &terms.factor) }
    }
}

impl MaxPooling {
    /// A layer between grids, or `None` for a padding that this engine does not know; `layer` numbers the stream of random points.
    pub(super) fn new(
        pool: &Pool,
        (input, output): (Grid, Grid),
        slopes: Slopes,
        sampling: Sampling,
        layer: usize,
    ) -> Option<Self> {
        let divisors: Option<fn([usize; 3]) -> usize> = None;
        let pooling = Pooling::new(pool, input, output, divisors)?;
        let size = pooling.taps.window_size();
        let directions = vec![Directions::new(2 * size, sampling.samples, &sampling.stream(layer, 0))];
        let (mut members, mut starts) = (Vec::new(), vec![0]);
        for window in 0..output.len() {
            let inside = |tap: usize| {
                let position = pooling.taps.at(tap, window);
                (position != OUTSIDE).then_some(Member { tap, position: position as usize })
            };
            members.extend((0..size).filter_map(inside));
            starts.push(members.len());
        }
        Some(Self { pooling, slopes, sampling, layer, directions, members, starts })
    }

    /// Gives every window points of its own.
    pub(super) fn separate_windows(&mut self) {
        let streams = self.pooling.taps.output.len().min(MOST_STREAMS);
        let dimension = self.directions[0].dimension();
        self.directions.extend((self.directions.len()..streams).map(|window| {
            Directions::new(dimension, self.sampling.samples, &self.sampling.stream(self.layer, window))
        }));
    }

    /// The points of a window.
    fn directions(&self, window: usize) -> &Directions {
        &self.directions[window % self.directions.len()]
    }

    /// The same with a nonlinearity after it.
    pub(super) fn followed_by(&self, after: Slopes) -> Self {
        Self { slopes: self.slopes.then(after), ..self.clone() }
    }

    fn members(&self, window: usize) -> &[Member] {
        &self.members[self.starts[window]..self.starts[window + 1]]
    }

    /// Numbers of one packed covariance.
    fn packed_size(&self) -> usize {
        packed(self.pooling.taps.window_size(), 0)
    }

    /// Numbers in double precision that are kept for one input.
    pub(super) fn numbers_kept(&self) -> usize {
        2 * self.packed_size() * self.pooling.taps.output.len()
    }

    /// Nanoseconds for one pair of windows.
    pub(super) fn nanoseconds_per_pair(&self) -> f64 {
        let size = self.pooling.taps.window_size() as f64;
        // Both orders of each half of the points: products, then comparisons.
        self.directions[0].samples() as f64 * (0.35 * size * size + 1.2 * size + 3.0)
    }

    /// Differences under every window of inputs with themselves, `[windows, taps, taps, lanes]`, from the slices that the layer reads.
    pub(super) fn differences_under_windows<'s, T: Real>(
        &self,
        input: impl Fn(Displacement) -> &'s Slice<T>,
    ) -> Vec<f64> {
        let size = self.pooling.taps.window_size();
        let mut differences = vec![0.0; self.pooling.taps.output.len() * size * size * T::LANES];
        let itself = Piece::at(self.pooling.taps.output, [0; 3]);
        let Some(piece) = itself else { return differences };
        let slices = self.pooling.slices(piece, input);
        for window in 0..self.pooling.taps.output.len() {
            for (i, &a) in self.members(window).iter().enumerate() {
                for (j, &b) in self.members(window).iter().enumerate() {
                    let Some(slice) = slices[self.pooling.distance(a.tap, b.tap)] else { continue };
                    let from = &slice.difference[a.position * T::LANES..(a.position + 1) * T::LANES];
                    let to = ((window * size + i) * size + j) * T::LANES;
                    let to = &mut differences[to..to + T::LANES];
                    to.iter_mut().zip(from).for_each(|(to, from)| *to = from.to_f64());
                }
            }
        }
        differences
    }

    /// The terms of an input with these variances and differences under windows, and its variances and diagonal tangent kernels after
    /// the layer.
    pub(super) fn terms<T: Real>(
        &self,
        input: &Terms<T>,
        ntks: &[f64],
        difference: impl Fn(usize, usize, usize) -> f64,
    ) -> (MaxPoolingTerms, Vec<f64>, Vec<f64>) {
        let size = self.packed_size();
        let windows = self.pooling.taps.output.len();
        let mut terms = MaxPoolingTerms::default();
        let (mut variances, mut thetas) = (Vec::with_capacity(windows), Vec::with_capacity(windows));
        for window in 0..windows {
            let members = self.members(window);
            let variance = |member: &Member| input.variance[member.position].to_f64();
            let mut covariance = vec![0.0; size];
            for (i, a) in members.iter().enumerate() {
                for (j, b) in members[..=i].iter().enumerate() {
                    let gap = if i == j { 0.0 } else { difference(window, i, j) };
                    covariance[packed(i, j)] = 0.5 * (variance(a) + variance(b) - gap);
                }
            }
            let factor = factor(&covariance, members.len(), T::EPSILON.to_f64());
            let (variance, theta) = self.moments(self.directions(window), &factor, members, ntks);
            terms.covariance.extend(covariance);
            terms.factor.extend(factor);
            variances.push(variance);
            thetas.push(theta);
        }
        (terms, variances, thetas)
    }

    /// $E[f(m)^2]$ and $E[f'(m)^2\,\Theta_{a^*a^*}]$ of one window.
    fn moments(
        &self,
        directions: &Directions,
        factor: &[f64],
        members: &[Member],
        ntks: &[f64],
    ) -> (f64, f64) {
        let (mut squares, mut ntk) = (0.0, 0.0);
        for point in directions.halves() {
            let (mut largest, mut smallest) = ((f64::NEG_INFINITY, 0), (f64::INFINITY, 0));
            for a in 0..members.len() {
                let row = &factor[packed(a, 0)..=packed(a, a)];
                let value: f64 = row.iter().zip(point).map(|(factor, z)| factor * z).sum();
                if value > largest.0 {
                    largest = (value, a);
                }
                if value < smallest.0 {
                    smallest = (value, a);
                }
            }
            for (maximum, at) in [largest, (-smallest.0, smallest.1)] {
                let slope = self.slopes.at(maximum);
                squares += (slope * maximum).powi(2);
                ntk += slope * slope * ntks[members[at].position];
            }
        }
        let samples = directions.samples() as f64;
        (squares / samples, ntk / samples)
    }

    /// Differences of covariances and of tangent kernels at the positions of one piece of an output slice.
    pub(super) fn fill_piece<'s, T: Real>(
        &self,
        level: Level,
        piece: Piece,
        input: impl Fn(Displacement) -> &'s Slice<T>,
        [x, y]: [MaxPoolingSide<'_, T>; 2],
        output: &mut Slice<T>,
        scratch: &mut MaxPoolingScratch,
    ) {
        let slices = self.pooling.slices(piece, input);
        let resolution = T::EPSILON.to_f64();
        for run in piece.runs(self.pooling.taps.output) {
            for (p, q) in (run.first..run.first + run.length).zip(run.second..) {
                let (of_p, of_q) = (self.members(p), self.members(q));
                self.gather_side(p, x, &mut scratch.of_x);
                self.gather_side(q, y, &mut scratch.of_y);
                let ends = (x.before, y.before);
                self.gather_between((of_p, of_q), ends, &slices, output.has_ntk(), &mut scratch.between);
                let MaxPoolingScratch { of_x, of_y, between, estimates, roots } = scratch;
                scale(of_x, of_y, (of_p, of_q), between, roots);
                let [differences, ntks] = estimates;
                differences.resize(T::LANES, 0.0);
                ntks.resize(if output.has_ntk() { T::LANES } else { 0 }, 0.0);
                let directions = [self.directions(p), self.directions(q)];
                let estimator = Estimator { directions, slopes: self.slopes, resolution };
                let sides = (side(of_p.len(), of_x), side(of_q.len(), of_y));
                let [covariance, ntk_difference, mismatch] = between;
                let between = Between { covariance, ntk_difference, mismatch };
                estimator.estimate(level, sides, between, differences, ntks);
                let width = crate::terms::width_of_first(&x.after.variance, &y.after.variance);
                for lane in 0..T::LANES {
                    let (at_x, at_y) = (p * width + lane % width, q * T::LANES + lane);
                    let of = |field: fn(&Terms<T>) -> &Vec<T>| {
                        [field(x.after)[at_x], field(y.after)[at_y]].map(T::to_f64)
                    };
                    let [covariance, ntk] = roots[lane];
                    let at = p * T::LANES + lane;
                    let difference = unscaled(differences[lane], of(|terms| &terms.variance), covariance);
                    output.difference[at] = T::from_f64(difference);
                    if output.has_ntk() {
                        let difference = unscaled(ntks[lane], of(|terms| &terms.ntk), ntk);
                        output.ntk_difference[at] = T::from_f64(difference);
                    }
                }
            }
        }
    }

    /// Covariance, factor and tangent kernels of one window, for every lane.
    fn gather_side<T: Real>(
        &self,
        window: usize,
        MaxPoolingSide { before, layer: terms, .. }: MaxPoolingSide<'_, T>,
        [covariance, factor, ntk]: &mut [Vec<f64>; 3],
    ) {
        let width = terms.covariance.len() / (self.pooling.taps.output.len() * self.packed_size());
        let of_window = window * self.packed_size() * width..(window + 1) * self.packed_size() * width;
        let spread = |to: &mut Vec<f64>, from: &mut dyn Iterator<Item = f64>| {
            to.clear();
            match width {
                1 => from.for_each(|value| to.extend(std::iter::repeat_n(value, T::LANES))),
                _ => to.extend(from),
            }
        };
        spread(covariance, &mut terms.covariance[of_window.clone()].iter().copied());
        spread(factor, &mut terms.factor[of_window].iter().copied());
        let of_members = self.members(window).iter().flat_map(|member| {
            let at = member.position * width;
            before.ntk[at..at + width].iter().map(|theta| theta.to_f64())
        });
        spread(ntk, &mut { of_members });
    }

    /// Covariances and differences of tangent kernels between two windows, for every lane, and by how much they differ in all.
    fn gather_between<T: Real>(
        &self,
        (of_p, of_q): (&[Member], &[Member]),
        (x, y): (&Terms<T>, &Terms<T>),
        slices: &[Option<&Slice<T>>],
        with_ntk: bool,
        [covariance, ntk, mismatch]: &mut [Vec<f64>; 3],
    ) {
        let width = crate::terms::width_of_first(&x.variance, &y.variance);
        covariance.clear();
        ntk.clear();
        mismatch.clear();
        // Windows with different numbers of positions are never the same.
        mismatch.resize(T::LANES, if of_p.len() == of_q.len() { 0.0 } else { 1.0 });
        for (i, &a) in of_p.iter().enumerate() {
            for (j, &b) in of_q.iter().enumerate() {
                let slice = slices[self.pooling.distance(a.tap, b.tap)];
                let slice = slice.expect("positions inside the border have a slice");
                for (lane, mismatch) in mismatch.iter_mut().enumerate() {
                    let difference = slice.difference[a.position * T::LANES + lane].to_f64();
                    let q_x = x.variance[a.position * width + lane % width].to_f64();
                    let q_y = y.variance[b.position * T::LANES + lane].to_f64();
                    covariance.push(0.5 * ((q_x + q_y) - difference));
                    if i == j {
                        *mismatch += difference;
                    }
                }
                if with_ntk {
                    let at = a.position * T::LANES..(a.position + 1) * T::LANES;
                    ntk.extend(slice.ntk_difference[at].iter().map(|theta| theta.to_f64()));
                }
            }
        }
    }

    /// The input slices that a piece of an output slice reads, and which pieces of them.
    pub(super) fn reads(&self, piece: Piece) -> impl Iterator<Item = (Displacement, Pieces)> {
        self.pooling.reads(piece)
    }
}

/// By what both sides are multiplied so that their sizes, sums of variances, are the same: roots of the factors. Where one vanishes
/// nothing is left to sample, and both are 0.
fn roots_of_scales([x, y]: [f64; 2]) -> [f64; 2] {
    if x > 0.0 && y > 0.0 { [(y / x).sqrt().sqrt(), (x / y).sqrt().sqrt()] } else { [0.0; 2] }
}

/// Brings both sides to the same size, lane by lane.
fn scale(
    [covariance_x, factor_x, ntk_x]: &mut [Vec<f64>; 3],
    [covariance_y, factor_y, ntk_y]: &mut [Vec<f64>; 3],
    (of_x, of_y): (&[Member], &[Member]),
    [_, ntk_difference, mismatch]: &mut [Vec<f64>; 3],
    roots: &mut Vec<[[f64; 2]; 2]>,
) {
    let lanes = mismatch.len();
    let trace = |values: &[f64], taps: usize, lane: usize, at: fn(usize) -> usize| {
        (0..taps).map(|tap| values[at(tap) * lanes + lane]).sum::<f64>()
    };
    roots.clear();
    for lane in 0..lanes {
        let of = |x: &[f64], y: &[f64], at: fn(usize) -> usize| {
            roots_of_scales([trace(x, of_x.len(), lane, at), trace(y, of_y.len(), lane, at)])
        };
        let [x, y] = of(covariance_x, covariance_y, |tap| packed(tap, tap));
        let [ntk_root_x, ntk_root_y] = of(ntk_x, ntk_y, |tap| tap);
        roots.push([[x, y], [ntk_root_x, ntk_root_y]]);
        let multiply = |values: &mut [f64], factor: f64| {
            values.iter_mut().skip(lane).step_by(lanes).for_each(|value| *value *= factor);
        };
        let (scale_x, scale_y) = (ntk_root_x * ntk_root_x, ntk_root_y * ntk_root_y);
        for (pair, difference) in ntk_difference.iter_mut().skip(lane).step_by(lanes).enumerate() {
            let theta_x = ntk_x[pair / of_y.len() * lanes + lane];
            let theta_y = ntk_y[pair % of_y.len() * lanes + lane];
            *difference += theta_x * (scale_x - 1.0) + theta_y * (scale_y - 1.0);
        }
        multiply(covariance_x, x * x);
        multiply(covariance_y, y * y);
        multiply(factor_x, x);
        multiply(factor_y, y);
        multiply(ntk_x, scale_x);
        multiply(ntk_y, scale_y);
    }
}

/// The difference of both sides as they are, from that of scaled ones and the variances; nothing is sampled where one vanishes.
fn unscaled(scaled: f64, [a, b]: [f64; 2], [x, y]: [f64; 2]) -> f64 {
    if x == 0.0 || y == 0.0 {
        return a + b;
    }
    let (a, b) = (a.sqrt(), b.sqrt());
    (a - b).powi(2) + (scaled - (x * a - y * b).powi(2))
}

fn side(taps: usize, [covariance, factor, ntk]: &[Vec<f64>; 3]) -> Side<'_> {
    Side { taps, covariance, factor, ntk }
}
