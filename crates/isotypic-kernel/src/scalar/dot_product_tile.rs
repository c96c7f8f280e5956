//! Cosine gaps of a tile of input pairs, from one matrix product.
//!
//! Tiles always have the full size ([`TILE`] × [`TILE`], short ones padded with zero rows) and are multiplied
//! sequentially, so that an entry is a function of its two rows alone, bit for bit.
//!
//! Where two rows are nearly parallel or opposite the product keeps too few digits of the angle; there the gap is
//! computed again from the difference (or the sum) of the two unit vectors (Kahan's angle formula).

use crate::real::Real;
use crate::terms::Terms;

/// Rows and columns of a tile.
pub(crate) const TILE: usize = 128;

/// Below this distance of |cos θ| from 1 the gap is recomputed from the rows: a third of the digits is lost there.
const NEAR_PARALLEL: f64 = 1.0 / 1024.0;

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

/// A tile of cosine gaps.
pub(crate) struct DotProductTile<T> {
    /// Row-major, `TILE × TILE`.
    pub(crate) gaps: Vec<T>,
}

impl<T: Real> DotProductTile<T> {
    pub(crate) fn new() -> Self {
        Self { gaps: vec![T::from_f64(0.0); TILE * TILE] }
    }

    /// Fills the tile with the cosine gaps between `x` and `y`, rows of `dimension` numbers.
    pub(crate) fn fill(&mut self, x: &TileRows<'_, T>, y: &TileRows<'_, T>, dimension: usize) {
        let rows_of = |end: &TileRows<'_, T>| end.start * dimension..(end.start + TILE) * dimension;
        let (points_x, points_y) = (&x.points[rows_of(x)], &y.points[rows_of(y)]);
        T::multiply_rows(points_x, points_y, dimension, &mut self.gaps);
        let [zero, one, two, near] = [0.0, 1.0, 2.0, NEAR_PARALLEL].map(T::from_f64);
        let far = two - near;
        let per_coordinate = T::from_f64(1.0 / dimension as f64);
        for (i, row) in self.gaps.chunks_exact_mut(TILE).enumerate() {
            let inverse_x = x.terms.inverse_root[x.start + i];
            let inverse_y = &y.terms.inverse_root[y.start..y.start + TILE];
            for (value, &inverse_y) in row.iter_mut().zip(inverse_y) {
                let gap = one - *value * per_coordinate * (inverse_x * inverse_y);
                let gap = if gap > zero { gap } else { zero };
                *value = if gap < two { gap } else { two };
            }
            let point_x = &points_x[i * dimension..(i + 1) * dimension];
            for (j, value) in row.iter_mut().enumerate() {
                if *value < near || *value > far {
                    let point_y = &points_y[j * dimension..(j + 1) * dimension];
                    let inverses = (inverse_x.to_f64(), inverse_y[j].to_f64());
                    *value = T::from_f64(precise_gap((point_x, point_y), inverses, *value > one));
                }
            }
        }
    }
}

/// $1 - \cos\theta = \tfrac12 |\hat x - \hat y|^2 = 2 - \tfrac12 |\hat x + \hat y|^2$ for unit vectors (mean squares 1), in `f64`.
fn precise_gap<T: Real>((x, y): (&[T], &[T]), (inverse_x, inverse_y): (f64, f64), opposite: bool) -> f64 {
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
