//! Products of square matrices over positions, one for every lane: `[positions, positions, lanes]`.
//!
//! Every entry is one chain of multiplications and additions in the order of the inner position, wherever it stands in a tile, so that
//! a product and the transposed product of transposed matrices agree bit for bit.

use fearless_simd::prelude::*;
use fearless_simd_macros::simd;

use super::slice::lanes_at;
use crate::real::Real;
use crate::terms::width_of_first;

/// Rows and columns that are multiplied side by side, so that every load serves several of them.
const TILE: (usize, usize) = (4, 2);

/// $\sum_k w_{pk} m_{kq}$ with weights that all lanes share, or of their own for every lane; added to what is there if `add`.
#[simd]
pub(super) fn product_from_left<S: Simd, T: Real>(
    simd: S,
    positions: usize,
    weights: &[T],
    matrix: &[T],
    add: bool,
    product: &mut [T],
) {
    if width_of_first(weights, matrix) == 1 {
        sum_rows::<true, S, T>(simd, positions, weights, matrix, add, product);
    } else {
        sum_rows::<false, S, T>(simd, positions, weights, matrix, add, product);
    }
}

/// The same: a matrix product whose columns are positions and lanes, with weights that all lanes share or not.
#[inline(always)]
fn sum_rows<const SHARED: bool, S: Simd, T: Real>(
    simd: S,
    positions: usize,
    weights: &[T],
    matrix: &[T],
    add: bool,
    product: &mut [T],
) {
    let length = T::Native::<S>::LEN;
    let zero = T::Native::<S>::splat(simd, T::from_f64(0.0));
    let row_length = positions * T::LANES;
    let weights_in_row = if SHARED { positions } else { row_length };
    for row in (0..positions).step_by(TILE.0) {
        // The last tile may have fewer rows or columns: the others repeat the last one and are not stored.
        let rows: [usize; TILE.0] = std::array::from_fn(|i| (row + i).min(positions - 1));
        let weights = rows.map(|row| &weights[row * weights_in_row..(row + 1) * weights_in_row]);
        for column in (0..row_length).step_by(TILE.1 * length) {
            let columns: [usize; TILE.1] =
                std::array::from_fn(|j| (column + j * length).min(row_length - length));
            let mut sums = [[zero; TILE.1]; TILE.0];
            if add {
                for (sums, row) in sums.iter_mut().zip(rows) {
                    for (sum, column) in sums.iter_mut().zip(columns) {
                        let at = row * row_length + column;
                        *sum = T::Native::<S>::from_slice(simd, &product[at..at + length]);
                    }
                }
            }
            for (k, entries) in matrix.chunks_exact(row_length).enumerate() {
                for j in 0..TILE.1 {
                    let at = columns[j];
                    let entry = T::Native::<S>::from_slice(simd, &entries[at..at + length]);
                    for i in 0..TILE.0 {
                        sums[i][j] = if SHARED {
                            entry.mul_add(weights[i][k], sums[i][j])
                        } else {
                            entry.mul_add(lanes_at::<S, T>(simd, weights[i], k, at % T::LANES), sums[i][j])
                        };
                    }
                }
            }
            for (i, &row) in rows.iter().enumerate().take(positions - row) {
                for (j, &column) in columns.iter().enumerate() {
                    let at = row * row_length + column;
                    sums[i][j].store_slice(&mut product[at..at + length]);
                }
            }
        }
    }
}

/// $\sum_k m_{pk} w_{qk}$ with weights of their own for every lane.
#[simd]
pub(super) fn product_from_right<S: Simd, T: Real>(
    simd: S,
    positions: usize,
    matrix: &[T],
    weights: &[T],
    product: &mut [T],
) {
    let length = T::Native::<S>::LEN;
    let zero = T::Native::<S>::splat(simd, T::from_f64(0.0));
    let row_length = positions * T::LANES;
    for row in (0..positions).step_by(TILE.0) {
        let rows: [usize; TILE.0] = std::array::from_fn(|i| (row + i).min(positions - 1));
        let entries = rows.map(|row| &matrix[row * row_length..(row + 1) * row_length]);
        for column in (0..positions).step_by(TILE.1) {
            let columns: [usize; TILE.1] = std::array::from_fn(|j| (column + j).min(positions - 1));
            let weights = columns.map(|column| &weights[column * row_length..(column + 1) * row_length]);
            for start in (0..T::LANES).step_by(length) {
                let mut sums = [[zero; TILE.1]; TILE.0];
                for at in (start..row_length).step_by(T::LANES) {
                    let mut weight = [zero; TILE.1];
                    for j in 0..TILE.1 {
                        weight[j] = T::Native::<S>::from_slice(simd, &weights[j][at..at + length]);
                    }
                    for i in 0..TILE.0 {
                        let entry = T::Native::<S>::from_slice(simd, &entries[i][at..at + length]);
                        for j in 0..TILE.1 {
                            sums[i][j] = entry.mul_add(weight[j], sums[i][j]);
                        }
                    }
                }
                for (i, &row) in rows.iter().enumerate().take(positions - row) {
                    for (j, &column) in columns.iter().enumerate() {
                        let at = row * row_length + column * T::LANES + start;
                        sums[i][j].store_slice(&mut product[at..at + length]);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;

    /// Products of small whole numbers, which no order of additions rounds.
    #[test]
    fn products_equal_plain_sums() {
        for positions in [1, 3, 6, 9] {
            let lanes = f64::LANES;
            let entry = |seed: usize, index: usize| ((index * 7 + seed * 13) % 11) as f64 - 5.0;
            let matrix: Vec<f64> = (0..positions * positions * lanes).map(|i| entry(1, i)).collect();
            let one: Vec<f64> = (0..positions * positions).map(|i| entry(2, i)).collect();
            let many: Vec<f64> = (0..positions * positions * lanes).map(|i| entry(3, i)).collect();
            let mut products = [(); 3].map(|()| matrix.clone());
            let [shared, left, right] = &mut products;
            let level = Level::new();
            dispatch!(level, simd => product_from_left(simd, positions, &one, &matrix, false, shared));
            dispatch!(level, simd => product_from_left(simd, positions, &many, &matrix, true, left));
            dispatch!(level, simd => product_from_right(simd, positions, &matrix, &many, right));
            for p in 0..positions {
                for q in 0..positions {
                    for lane in 0..lanes {
                        let at = |row: usize, column: usize| (row * positions + column) * lanes + lane;
                        let sum = |term: &dyn Fn(usize) -> f64| (0..positions).map(term).sum::<f64>();
                        let expected = sum(&|k| one[p * positions + k] * matrix[at(k, q)]);
                        assert_eq!(shared[at(p, q)], expected, "{positions} positions: {p} {q} {lane}");
                        let expected = matrix[at(p, q)] + sum(&|k| many[at(p, k)] * matrix[at(k, q)]);
                        assert_eq!(left[at(p, q)], expected, "{positions} positions: {p} {q} {lane}");
                        let expected = sum(&|k| matrix[at(p, k)] * many[at(q, k)]);
                        assert_eq!(right[at(p, q)], expected, "{positions} positions: {p} {q} {lane}");
                    }
                }
            }
        }
    }
}
