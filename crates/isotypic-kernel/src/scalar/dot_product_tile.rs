//! Cosine gaps of a tile of input pairs, from one matrix product.
//!
//! Tiles always have the full size ([`TILE`] × [`TILE`], short ones padded with zero rows) and are multiplied
//! sequentially, so that an entry is a function of its two rows alone, bit for bit.
//!
//! Where two rows are nearly parallel or opposite the product keeps too few digits of the angle; there the gap is
//! computed again from the difference (or the sum) of the two unit vectors (Kahan's angle formula).

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

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
pub(crate) struct TileRows<'a> {
    /// Row-major, zero-padded to whole tiles.
    pub(crate) points: &'a [f64],
    /// Terms of all rows, padding included: mean squares of the coordinates.
    pub(crate) terms: &'a Terms,
    /// First row of the tile.
    pub(crate) start: usize,
}

/// A tile of cosine gaps.
pub(crate) struct DotProductTile {
    /// Row-major, `TILE × TILE`.
    pub(crate) gaps: Vec<f64>,
}

impl DotProductTile {
    pub(crate) fn new() -> Self {
        Self { gaps: vec![0.0; TILE * TILE] }
    }

    /// Fills the tile with the cosine gaps between `x` and `y`, rows of `dimension` numbers.
    pub(crate) fn fill(&mut self, x: &TileRows<'_>, y: &TileRows<'_>, dimension: usize) {
        let rows_of = |end: &TileRows<'_>| end.start * dimension..(end.start + TILE) * dimension;
        let (points_x, points_y) = (&x.points[rows_of(x)], &y.points[rows_of(y)]);
        matmul(
            MatMut::from_row_major_slice_mut(&mut self.gaps, TILE, TILE),
            Accum::Replace,
            MatRef::from_row_major_slice(points_x, TILE, dimension),
            MatRef::from_row_major_slice(points_y, TILE, dimension).transpose(),
            1.0,
            Par::Seq,
        );
        let per_coordinate = 1.0 / dimension as f64;
        for (i, row) in self.gaps.chunks_exact_mut(TILE).enumerate() {
            let inverse_x = x.terms.inverse_root[x.start + i];
            let inverse_y = &y.terms.inverse_root[y.start..y.start + TILE];
            for (value, inverse_y) in row.iter_mut().zip(inverse_y) {
                *value = (1.0 - *value * per_coordinate * (inverse_x * inverse_y)).clamp(0.0, 2.0);
            }
            let point_x = &points_x[i * dimension..(i + 1) * dimension];
            for (j, value) in row.iter_mut().enumerate() {
                if *value < NEAR_PARALLEL || *value > 2.0 - NEAR_PARALLEL {
                    let point_y = &points_y[j * dimension..(j + 1) * dimension];
                    *value = precise_gap(point_x, inverse_x, point_y, inverse_y[j], *value > 1.0);
                }
            }
        }
    }
}

/// $1 - \cos\theta = \tfrac12 |\hat x - \hat y|^2 = 2 - \tfrac12 |\hat x + \hat y|^2$ for unit vectors (mean squares 1).
fn precise_gap(x: &[f64], inverse_x: f64, y: &[f64], inverse_y: f64, opposite: bool) -> f64 {
    const ACCUMULATORS: usize = 16;
    let inverse_y = if opposite { -inverse_y } else { inverse_y };
    let mut sums = [0.0; ACCUMULATORS];
    let (chunks_x, chunks_y) = (x.chunks_exact(ACCUMULATORS), y.chunks_exact(ACCUMULATORS));
    let tail: f64 = chunks_x
        .remainder()
        .iter()
        .zip(chunks_y.remainder())
        .map(|(x, y)| (x * inverse_x - y * inverse_y).powi(2))
        .sum();
    for (x, y) in chunks_x.zip(chunks_y) {
        for k in 0..ACCUMULATORS {
            let gap = x[k] * inverse_x - y[k] * inverse_y;
            sums[k] += gap * gap;
        }
    }
    let half = 0.5 * (sums.iter().sum::<f64>() + tail) / x.len() as f64;
    if opposite { 2.0 - half } else { half }
}
