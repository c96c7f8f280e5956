//! Cosine gaps of a tile of input pairs, from one matrix product.
//!
//! Tiles always have the full size ([`TILE`] × [`TILE`], short ones padded with zero rows) and are multiplied
//! sequentially, so that an entry is a function of its two rows alone, bit for bit.
//!
//! Where two rows are nearly parallel or opposite the product keeps too few digits of the angle; there the gap is
//! computed again from the difference (or the sum) of the two unit vectors (Kahan's angle formula).

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use crate::real::Real;
use crate::terms::Terms;

/// Rows and columns of a tile.
pub(crate) const TILE: usize = 128;

/// Below this distance of |cos θ| from 1 the gap is recomputed from the rows: a third of the digits is lost there.
pub(crate) const NEAR_PARALLEL: f64 = 1.0 / 1024.0;

/// `rows` rounded up to whole tiles.
pub(crate) fn padded_rows(rows: usize) -> usize {
    rows.div_ceil(TILE) * TILE
}

/// One end of a tile: [`TILE`] rows of `dimension` numbers and the terms of all rows.
pub(crate) struct TileRows<'a, T: Real> {
    /// Row-major, zero-padded to whole tiles.
    pub(crate) points: &'a [T],
    /// Terms of all rows, padding included: mean squares of the coordinates.
    pub(crate) terms: &'a Terms<T>,
    /// First row of the tile.
    pub(crate) start: usize,
}

/// The products of the rows of a tile.
#[derive(Debug, Default)]
pub(crate) struct DotProductTile<T> {
    /// Row-major, `TILE × TILE`.
    products: Vec<T>,
}

impl<T: Real> DotProductTile<T> {
    pub(crate) fn new() -> Self {
        Self { products: vec![T::from_f64(0.0); TILE * TILE] }
    }

    /// Multiplies all rows of two ends, of `dimension` numbers each.
    pub(crate) fn multiply(&mut self, x: &TileRows<'_, T>, y: &TileRows<'_, T>, dimension: usize) {
        let rows = |end: &TileRows<'_, T>| end.start * dimension..(end.start + TILE) * dimension;
        T::multiply_rows(&x.points[rows(x)], &y.points[rows(y)], dimension, &mut self.products);
    }

    /// The cosine gaps between row `i` of `x` and the first rows of `y`, as many as there are `gaps`.
    ///
    /// # Shapes
    /// - `gaps`: a multiple of [`Real::LANES`], at most [`TILE`]
    pub(crate) fn gaps_of_row(
        &self,
        level: Level,
        (x, y): (&TileRows<'_, T>, &TileRows<'_, T>),
        i: usize,
        gaps: &mut [T],
    ) {
        let dimension = x.points.len() / x.terms.root.len();
        let row = RowOfProducts {
            products: &self.products[i * TILE..i * TILE + gaps.len()],
            point_x: &x.points[(x.start + i) * dimension..][..dimension],
            inverse_x: x.terms.inverse_root[x.start + i],
            points_y: &y.points[y.start * dimension..],
            inverses_y: &y.terms.inverse_root[y.start..],
        };
        dispatch!(level, simd => row.gaps(simd, gaps));
    }
}

/// A row of products, with everything that its gaps depend on.
struct RowOfProducts<'a, T> {
    products: &'a [T],
    point_x: &'a [T],
    inverse_x: T,
    points_y: &'a [T],
    inverses_y: &'a [T],
}

impl<T: Real> RowOfProducts<'_, T> {
    #[simd]
    fn gaps<S: Simd>(&self, simd: S, gaps: &mut [T]) {
        let splat = |value: f64| T::Native::<S>::splat(simd, T::from_f64(value));
        let [zero, one, two] = [0.0, 1.0, 2.0].map(splat);
        let per_coordinate = splat(1.0 / self.point_x.len() as f64);
        let mut closest = two;
        let length = T::Native::<S>::LEN;
        let ends = self.products.chunks_exact(length).zip(self.inverses_y.chunks_exact(length));
        for (gaps, (products, inverses_y)) in gaps.chunks_exact_mut(length).zip(ends) {
            let inverses = T::Native::<S>::from_slice(simd, inverses_y) * self.inverse_x;
            let gap = one - T::Native::<S>::from_slice(simd, products) * per_coordinate * inverses;
            // What is not a number, after an overflow, becomes 0 and is computed again.
            let gap = gap.simd_gt(zero).select(gap, zero);
            let gap = gap.simd_lt(two).select(gap, two);
            closest = closest.min(gap.min(two - gap));
            gap.store_slice(gaps);
        }
        let near = T::from_f64(NEAR_PARALLEL);
        if closest.as_slice().iter().all(|&gap| gap >= near) {
            return;
        }
        let dimension = self.point_x.len();
        let ends = self.points_y.chunks_exact(dimension).zip(self.inverses_y);
        for (gap, (point_y, inverse_y)) in gaps.iter_mut().zip(ends) {
            if *gap < near || *gap > T::from_f64(2.0) - near {
                let inverses = (self.inverse_x.to_f64(), inverse_y.to_f64());
                let opposite = *gap > T::from_f64(1.0);
                *gap = T::from_f64(precise_gap((self.point_x, point_y), inverses, opposite));
            }
        }
    }
}

/// $1 - \cos\theta = \tfrac12 |\hat x - \hat y|^2 = 2 - \tfrac12 |\hat x + \hat y|^2$ for unit vectors (mean squares 1), in `f64`.
#[inline(always)]
pub(crate) fn precise_gap<T: Real>(
    (x, y): (&[T], &[T]),
    (inverse_x, inverse_y): (f64, f64),
    opposite: bool,
) -> f64 {
    const ACCUMULATORS: usize = 16;
    let inverse_y = if opposite { -inverse_y } else { inverse_y };
    let mut sums = [0.0; ACCUMULATORS];
    let (chunks_x, chunks_y) = (x.chunks_exact(ACCUMULATORS), y.chunks_exact(ACCUMULATORS));
    let square = |x: T, y: T| {
        let gap = x.to_f64() * inverse_x - y.to_f64() * inverse_y;
        gap * gap
    };
    let tail: f64 = chunks_x.remainder().iter().zip(chunks_y.remainder()).map(|(&x, &y)| square(x, y)).sum();
    for (x, y) in chunks_x.zip(chunks_y) {
        for k in 0..ACCUMULATORS {
            sums[k] += square(x[k], y[k]);
        }
    }
    let half = 0.5 * (sums.iter().sum::<f64>() + tail) / x.len() as f64;
    if opposite { 2.0 - half } else { half }
}
