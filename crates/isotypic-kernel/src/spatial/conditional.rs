//! Two blocks of jointly Gaussian variables, one drawn from its own factor and the other given it; lane by lane.
//!
//! $u = L z_1$ and $v = Bz_1 + L'z_2$ with $B = C_{vu}L^{-\top}$ and $L'L'^\top = C_{vv} - BB^\top$. So $u$ has the same values as in its own
//! variance, whatever the other is: equal blocks differ by exactly 0. Means of both orders are symmetric, bit for bit.
//!
//! Covariances may be singular (equal or empty positions): a pivot that rounding explains is 0, and so is what follows from it.

use fearless_simd::prelude::*;

/// Pivots of a covariance below this part of the variance are rounding: in units of the resolution of covariances.
const PIVOT_RESOLUTION: f64 = 64.0;

/// Where entry $(i, j)$, $j \le i$, of a packed triangle stands.
#[inline(always)]
pub(super) fn packed(i: usize, j: usize) -> usize {
    i * (i + 1) / 2 + j
}

/// The lower factor of a packed covariance of `size` variables, with zero columns where it is singular.
pub(super) fn factor(covariance: &[f64], size: usize, resolution: f64) -> Vec<f64> {
    let mut factor = vec![0.0; covariance.len()];
    for j in 0..size {
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
        for i in j + 1..size {
            factor[packed(i, j)] = column(i, &factor) / root;
        }
    }
    factor
}

/// One block, lane by lane.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) size: usize,
    /// `[packed, lanes]`
    pub(super) covariance: &'a [f64],
    /// `[packed, lanes]`
    pub(super) factor: &'a [f64],
}

/// What two blocks have in common, lane by lane.
#[derive(Clone, Copy)]
pub(super) struct Joint<'a> {
    pub(super) covariance: &'a [f64],
    /// Where a pair of variables, one of the first and one of the second block, stands in the covariance.
    pub(super) strides: (usize, usize),
    /// Sum of the differences of variables at equal places, `[lanes]`: where it is 0 the blocks are equal.
    pub(super) mismatch: &'a [f64],
}

/// $L$, $B$ by rows and $L'$ of some of the lanes, the triangles packed.
pub(super) struct Conditional<V> {
    pub(super) own: Vec<V>,
    pub(super) cross: Vec<V>,
    pub(super) rest: Vec<V>,
}

/// Some of the lanes.
#[derive(Clone, Copy)]
pub(super) struct Lanes<S: Simd> {
    pub(super) simd: S,
    pub(super) start: usize,
    /// How many lanes there are.
    pub(super) stride: usize,
}

impl<S: Simd> Lanes<S> {
    #[inline(always)]
    pub(super) fn load(self, values: &[f64], index: usize) -> S::f64s {
        let at = index * self.stride + self.start;
        S::f64s::from_slice(self.simd, &values[at..at + S::f64s::LEN])
    }

    #[inline(always)]
    pub(super) fn store(self, value: S::f64s, values: &mut [f64], index: usize) {
        let at = index * self.stride + self.start;
        value.store_slice(&mut values[at..at + S::f64s::LEN]);
    }

    /// Every lane from a place of its own.
    #[inline(always)]
    pub(super) fn gather(self, values: &[f64], places: S::f64s) -> S::f64s {
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

/// The second block given the first one; `resolution` is that of covariances, relative to variances.
#[inline(always)]
pub(super) fn conditional<S: Simd>(
    lanes: Lanes<S>,
    (first, second): (Block<'_>, Block<'_>),
    joint: Joint<'_>,
    resolution: f64,
) -> Conditional<S::f64s> {
    let simd = lanes.simd;
    let (zero, one) = (S::f64s::splat(simd, 0.0), S::f64s::splat(simd, 1.0));
    let (n, m) = (first.size, second.size);
    let mut own = vec![zero; packed(n, 0)];
    for (at, value) in own.iter_mut().enumerate() {
        *value = lanes.load(first.factor, at);
    }
    let equal = lanes.load(joint.mismatch, 0).simd_eq(zero);
    let mut cross = vec![zero; n * m];
    for b in 0..m {
        for a in 0..n {
            let mut rest = lanes.load(joint.covariance, a * joint.strides.0 + b * joint.strides.1);
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
        let tolerance = lanes.load(second.covariance, packed(j, j)) * (PIVOT_RESOLUTION * resolution);
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
    Conditional { own, cross, rest: factor }
}
