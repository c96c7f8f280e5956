//! Expectations of maxima over two windows of jointly Gaussian variables, sampled; as many pairs of windows as there are lanes at a time.
//!
//! With $u_a$ under one window, $v_b$ under the other and a piecewise linear $f$ after the maxima $m = \max_a u_a$, $n = \max_b v_b$, attained
//! at $a^*$ and $b^*$:
//!
//! - $\delta' = E[(f(m) - f(n))^2]$,
//! - $\Theta'_{mn} = E[f'(m) f'(n)\,\Theta_{a^*b^*}]$, in differences $\Delta_{ab} = \Theta_{aa} + \Theta_{bb} - 2\Theta_{ab}$:
//!   $\Delta' = E[f'f'\Delta_{a^*b^*} + (f'(m) - f'(n))(f'(m)\Theta_{a^*a^*} - f'(n)\Theta_{b^*b^*})]$.
//!
//! One window is sampled from its own factor, $u = L z_1$, and the other given it, $v = Bz_1 + L'z_2$ with $B = C_{vu}L^{-\top}$ and
//! $L'L'^\top = C_{vv} - BB^\top$. So $u$ has the same values as in its own variance, whatever the other is: equal windows differ by exactly 0. The mean of both orders is symmetric, bit for bit.
//!
//! Covariances may be singular (equal or empty patches): a pivot that rounding explains is 0, and so is what follows from it.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

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

/// Where entry $(i, j)$, $j \le i$, of a packed triangle stands.
#[inline(always)]
pub(super) fn packed(i: usize, j: usize) -> usize {
    i * (i + 1) / 2 + j
}

/// Pivots of a covariance below this part of the variance are rounding: in units of the resolution of covariances.
const PIVOT_RESOLUTION: f64 = 64.0;

/// The lower factor of a packed covariance, with zero columns where it is singular.
pub(super) fn factor(covariance: &[f64], taps: usize, resolution: f64) -> Vec<f64> {
    let mut factor = vec![0.0; covariance.len()];
    for j in 0..taps {
        let column = |i: usize, factor: &[f64]| {
            (0..j)
                .fold(covariance[packed(i, j)], |rest, k| rest - factor[packed(i, k)] * factor[packed(j, k)])
        };
        let pivot = column(j, &factor);
        if pivot <= PIVOT_RESOLUTION * resolution * covariance[packed(j, j)] {
            continue;
        }
        let root = pivot.sqrt();
        factor[packed(j, j)] = root;
        for i in j + 1..taps {
            factor[packed(i, j)] = column(i, &factor) / root;
        }
    }
    factor
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
        let (own, cross, rest) = self.conditional(lanes, (first, second), between, strides);
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

    /// $L$, $B$ by rows and $L'$.
    #[inline(always)]
    #[expect(clippy::type_complexity, reason = "three lists of vectors")]
    fn conditional<S: Simd>(
        &self,
        lanes: Lanes<S>,
        (first, second): (Side<'_>, Side<'_>),
        between: Between<'_>,
        strides: (usize, usize),
    ) -> (Vec<S::f64s>, Vec<S::f64s>, Vec<S::f64s>) {
        let simd = lanes.simd;
        let (zero, one) = (S::f64s::splat(simd, 0.0), S::f64s::splat(simd, 1.0));
        let (n, m) = (first.taps, second.taps);
        let mut own = vec![zero; packed(n, 0)];
        for (at, value) in own.iter_mut().enumerate() {
            *value = lanes.load(first.factor, at);
        }
        let equal = lanes.load(between.mismatch, 0).simd_eq(zero);
        let mut cross = vec![zero; n * m];
        for b in 0..m {
            for a in 0..n {
                let mut rest = lanes.load(between.covariance, a * strides.0 + b * strides.1);
                for c in 0..a {
                    rest -= cross[b * n + c] * own[packed(a, c)];
                }
                let pivot = own[packed(a, a)];
                cross[b * n + a] =
                    pivot.simd_gt(zero).select(rest / pivot.simd_gt(zero).select(pivot, one), zero);
            }
        }
        let mut factor = vec![zero; packed(m, 0)];
        for j in 0..m {
            let tolerance =
                lanes.load(second.covariance, packed(j, j)) * (PIVOT_RESOLUTION * self.resolution);
            let mut inverse = zero;
            for i in j..m {
                let mut rest = lanes.load(second.covariance, packed(i, j));
                for c in 0..n {
                    rest -= cross[i * n + c] * cross[j * n + c];
                }
                for k in 0..j {
                    rest -= factor[packed(i, k)] * factor[packed(j, k)];
                }
                if i == j {
                    let resolved = rest.simd_gt(tolerance);
                    let root = resolved.select(rest, one).sqrt();
                    inverse = resolved.select(one / root, zero);
                    factor[packed(j, j)] = resolved.select(root, zero);
                } else {
                    factor[packed(i, j)] = rest * inverse;
                }
            }
        }
        for b in 0..m {
            for a in 0..n {
                let itself = if a <= b && b < n { own[packed(b, a)] } else { zero };
                cross[b * n + a] = equal.select(itself, cross[b * n + a]);
            }
        }
        for value in &mut factor {
            *value = equal.select(zero, *value);
        }
        (own, cross, factor)
    }

    #[inline(always)]
    fn slope<S: Simd>(&self, simd: S, value: S::f64s) -> S::f64s {
        let [zero, below, above] =
            [0.0, self.slopes.below, self.slopes.above].map(|number| S::f64s::splat(simd, number));
        value.simd_gt(zero).select(above, below)
    }
}

/// Some of the lanes.
#[derive(Clone, Copy)]
struct Lanes<S: Simd> {
    simd: S,
    start: usize,
    /// How many lanes there are.
    stride: usize,
}

impl<S: Simd> Lanes<S> {
    #[inline(always)]
    fn load(self, values: &[f64], index: usize) -> S::f64s {
        let at = index * self.stride + self.start;
        S::f64s::from_slice(self.simd, &values[at..at + S::f64s::LEN])
    }

    /// Every lane from a place of its own.
    #[inline(always)]
    fn gather(self, values: &[f64], places: S::f64s) -> S::f64s {
        let mut found = [0.0; 8];
        let found = &mut found[..S::f64s::LEN];
        places.store_slice(found);
        for (lane, value) in found.iter_mut().enumerate() {
            // Places are small whole numbers.
            *value = values[*value as usize * self.stride + self.start + lane];
        }
        S::f64s::from_slice(self.simd, found)
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
