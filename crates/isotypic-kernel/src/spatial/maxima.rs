//! Expectations of maxima over two windows of jointly Gaussian variables, sampled; as many pairs of windows as there are lanes at a time.
//!
//! With $u_a$ under one window, $v_b$ under the other and a piecewise linear $f$ after the maxima $m = \max_a u_a$, $n = \max_b v_b$, attained
//! at $a^*$ and $b^*$:
//!
//! - $\delta' = E[(f(m) - f(n))^2]$,
//! - $\Theta'_{mn} = E[f'(m) f'(n)\,\Theta_{a^*b^*}]$, in differences $\Delta_{ab} = \Theta_{aa} + \Theta_{bb} - 2\Theta_{ab}$:
//!   $\Delta' = E[f'f'\Delta_{a^*b^*} + (f'(m) - f'(n))(f'(m)\Theta_{a^*a^*} - f'(n)\Theta_{b^*b^*})]$.
//!
//! One window is sampled from its own factor and the other given it (`conditional.rs`): equal windows differ by exactly 0. The mean of both
//! orders is symmetric, bit for bit.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::conditional::{Block, Conditional, Joint, Lanes, conditional, packed};
use super::directions::Directions;

/// What comes after a maximum: the slopes below and above 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Slopes {
    pub(crate) below: f64,
    pub(crate) above: f64,
}

impl Slopes {
    /// Nothing.
    pub(crate) const NONE: Self = Self { below: 1.0, above: 1.0 };

    /// First these, which do not decrease, then others.
    pub(crate) fn then(self, after: Self) -> Self {
        Self { below: self.below * after.below, above: self.above * after.above }
    }

    /// The slope at a value.
    pub(super) fn at(self, value: f64) -> f64 {
        if value > 0.0 { self.above } else { self.below }
    }

    fn is_linear(self) -> bool {
        self.below == self.above
    }
}

/// One window on one side, lane by lane.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) taps: usize,
    /// `[packed, lanes]`
    pub(super) covariance: &'a [f64],
    /// `[packed, lanes]`
    pub(super) factor: &'a [f64],
    /// Diagonal tangent kernels, `[taps, lanes]`.
    pub(super) ntk: &'a [f64],
}

impl<'a> Side<'a> {
    fn block(self) -> Block<'a> {
        Block { size: self.taps, covariance: self.covariance, factor: self.factor }
    }
}

/// What two windows have in common, lane by lane, `[taps of x, taps of y, lanes]`.
#[derive(Clone, Copy)]
pub(super) struct Between<'a> {
    pub(super) covariance: &'a [f64],
    /// $\Delta_{ab}$; empty if tangent kernels are not wanted.
    pub(super) ntk_difference: &'a [f64],
    /// Sum of the differences of variables at equal places, `[lanes]`: where it is 0 the windows are equal.
    pub(super) mismatch: &'a [f64],
}

/// $\delta'$ and $\Delta'$ of every lane; `lanes` is the length of both results.
#[derive(Clone, Copy)]
pub(super) struct Estimator<'a> {
    /// The points from which either side is drawn first.
    pub(super) directions: [&'a Directions; 2],
    pub(super) slopes: Slopes,
    /// The relative resolution of covariances.
    pub(super) resolution: f64,
}

impl Estimator<'_> {
    /// Fills `difference` and, unless $\Delta$ is empty, `ntk_difference`, both `[lanes]`.
    pub(super) fn estimate(
        &self,
        level: Level,
        (x, y): (Side<'_>, Side<'_>),
        between: Between<'_>,
        difference: &mut [f64],
        ntk_difference: &mut [f64],
    ) {
        dispatch!(level, simd => self.both_orders(simd, (x, y), between, difference, ntk_difference));
    }

    #[simd]
    fn both_orders<S: Simd>(
        &self,
        simd: S,
        (x, y): (Side<'_>, Side<'_>),
        between: Between<'_>,
        difference: &mut [f64],
        ntk_difference: &mut [f64],
    ) {
        let half = 0.5 / self.directions[0].samples() as f64;
        for start in (0..difference.len()).step_by(S::f64s::LEN) {
            let lanes = Lanes { simd, start, stride: difference.len() };
            let forth = self.one_order(lanes, self.directions[0], (x, y), between, (y.taps, 1));
            let back = self.one_order(lanes, self.directions[1], (y, x), between, (1, y.taps));
            let part = start..start + S::f64s::LEN;
            ((forth.0 + back.0) * half).store_slice(&mut difference[part.clone()]);
            if let Some(ntk) = ntk_difference.get_mut(part) {
                ((forth.1 + back.1) * half).store_slice(ntk);
            }
        }
    }

    /// Sums of squared differences and of $\Delta$ over all points, with `first` sampled from its own factor; `strides` say where a pair
    /// of taps, one of `first` and one of `second`, stands in what is between both.
    #[inline(always)]
    fn one_order<S: Simd>(
        &self,
        lanes: Lanes<S>,
        directions: &Directions,
        (first, second): (Side<'_>, Side<'_>),
        between: Between<'_>,
        strides: (usize, usize),
    ) -> (S::f64s, S::f64s) {
        let zero = S::f64s::splat(lanes.simd, 0.0);
        let joint = Joint { covariance: between.covariance, strides, mismatch: between.mismatch };
        let blocks = (first.block(), second.block());
        let Conditional { own, cross, rest } = conditional(lanes, blocks, joint, self.resolution);
        let (mut u, mut v) = (vec![zero; first.taps], vec![zero; second.taps]);
        let (mut squares, mut ntk) = (zero, zero);
        let middle = directions.dimension() / 2;
        for point in directions.halves() {
            let (z_first, z_second) = point.split_at(middle);
            for (a, value) in u.iter_mut().enumerate() {
                *value = zero;
                for (c, &z) in z_first[..=a].iter().enumerate() {
                    *value = own[packed(a, c)].mul_add(z, *value);
                }
            }
            for (b, value) in v.iter_mut().enumerate() {
                *value = zero;
                for (c, &z) in z_first[..first.taps].iter().enumerate() {
                    *value = cross[b * first.taps + c].mul_add(z, *value);
                }
                for (c, &z) in z_second[..=b].iter().enumerate() {
                    *value = rest[packed(b, c)].mul_add(z, *value);
                }
            }
            // The opposite point has its maximum at this one's minimum.
            let (of_first, of_second) = (extremes(lanes.simd, &u), extremes(lanes.simd, &v));
            for side in 0..2 {
                let (m, n) = (of_first[side], of_second[side]);
                let (f_m, f_n) = (self.slope(lanes.simd, m.value), self.slope(lanes.simd, n.value));
                let gap = f_m * m.value - f_n * n.value;
                squares = gap.mul_add(gap, squares);
                if !between.ntk_difference.is_empty() {
                    let place = m.place * strides.0 as f64 + n.place * strides.1 as f64;
                    let delta = lanes.gather(between.ntk_difference, place);
                    ntk = (f_m * f_n).mul_add(delta, ntk);
                    if !self.slopes.is_linear() {
                        let thetas =
                            f_m * lanes.gather(first.ntk, m.place) - f_n * lanes.gather(second.ntk, n.place);
                        ntk = (f_m - f_n).mul_add(thetas, ntk);
                    }
                }
            }
        }
        (squares, ntk)
    }

    #[inline(always)]
    fn slope<S: Simd>(&self, simd: S, value: S::f64s) -> S::f64s {
        let [zero, below, above] =
            [0.0, self.slopes.below, self.slopes.above].map(|number| S::f64s::splat(simd, number));
        value.simd_gt(zero).select(above, below)
    }
}

/// A maximum and where it is.
#[derive(Clone, Copy)]
struct Maximum<V> {
    value: V,
    place: V,
}

/// The maximum of some values, and that of their negatives. The first of equal ones counts.
#[inline(always)]
fn extremes<S: Simd>(simd: S, values: &[S::f64s]) -> [Maximum<S::f64s>; 2] {
    let zero = S::f64s::splat(simd, 0.0);
    let mut largest = Maximum { value: values[0], place: zero };
    let mut smallest = largest;
    for (at, &value) in values.iter().enumerate().skip(1) {
        let place = S::f64s::splat(simd, at as f64);
        let above = value.simd_gt(largest.value);
        largest =
            Maximum { value: above.select(value, largest.value), place: above.select(place, largest.place) };
        let below = value.simd_lt(smallest.value);
        smallest = Maximum {
            value: below.select(value, smallest.value),
            place: below.select(place, smallest.place),
        };
    }
    [largest, Maximum { value: zero - smallest.value, place: smallest.place }]
}
