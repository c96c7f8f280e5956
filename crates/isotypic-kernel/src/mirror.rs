//! The lower triangle of a symmetric matrix from its upper one.
//!
//! A matrix is cut into quarters until they are small, so that the parts that are read and those that are written are disjoint and can
//! go to several threads. Small blocks are turned square by square in a place of their own: the rows of a large matrix often lie a
//! power of two apart, and columns of it push each other out of the cache.

use ndarray::{ArrayView2, ArrayViewMut2, Axis};

use crate::real::Real;

/// Largest side of a block that one thread copies by itself.
const BLOCK: usize = 128;
/// Side of a square that is turned at a time: a few lines of the cache wide, and small enough for the first cache.
const SQUARE: usize = 32;

/// Copies the upper triangle of a square matrix onto its lower one.
pub(crate) fn mirror<T: Real>(matrix: ArrayViewMut2<'_, T>) {
    let n = matrix.nrows();
    if n <= BLOCK {
        mirror_block(matrix);
        return;
    }
    // Whole blocks, so that no border is cut twice.
    let half = (n / 2).next_multiple_of(BLOCK);
    let (top, bottom) = matrix.split_at(Axis(0), half);
    let (first, upper) = top.split_at(Axis(1), half);
    let (lower, second) = bottom.split_at(Axis(1), half);
    rayon::join(|| transpose(upper.view(), lower), || rayon::join(|| mirror(first), || mirror(second)));
}

fn mirror_block<T: Real>(mut matrix: ArrayViewMut2<'_, T>) {
    for i in 1..matrix.nrows() {
        for j in 0..i {
            matrix[[i, j]] = matrix[[j, i]];
        }
    }
}

/// `to` becomes the transpose of `from`.
///
/// # Shapes
/// - `from`: `[columns, rows]`, `to`: `[rows, columns]`; rows of both are contiguous
fn transpose<T: Real>(from: ArrayView2<'_, T>, to: ArrayViewMut2<'_, T>) {
    let (rows, columns) = to.dim();
    if rows <= BLOCK && columns <= BLOCK {
        transpose_block(&from, to);
    } else if rows >= columns {
        let half = (rows / 2).next_multiple_of(BLOCK);
        let (from_first, from_second) = from.split_at(Axis(1), half);
        let (to_first, to_second) = to.split_at(Axis(0), half);
        rayon::join(|| transpose(from_first, to_first), || transpose(from_second, to_second));
    } else {
        let half = (columns / 2).next_multiple_of(BLOCK);
        let (from_first, from_second) = from.split_at(Axis(0), half);
        let (to_first, to_second) = to.split_at(Axis(1), half);
        rayon::join(|| transpose(from_first, to_first), || transpose(from_second, to_second));
    }
}

fn transpose_block<T: Real>(from: &ArrayView2<'_, T>, mut to: ArrayViewMut2<'_, T>) {
    const CONTIGUOUS: &str = "a row of a matrix in C order is contiguous";
    let from: Vec<&[T]> = from.outer_iter().map(|row| row.to_slice().expect(CONTIGUOUS)).collect();
    let mut to: Vec<&mut [T]> = to.outer_iter_mut().map(|row| row.into_slice().expect(CONTIGUOUS)).collect();
    let mut square = [[T::from_f64(0.0); SQUARE]; SQUARE];
    for (to, i) in to.chunks_mut(SQUARE).zip((0..).step_by(SQUARE)) {
        for (from, j) in from.chunks(SQUARE).zip((0..).step_by(SQUARE)) {
            for (line, from) in square.iter_mut().zip(from) {
                line[..to.len()].copy_from_slice(&from[i..i + to.len()]);
            }
            for (k, to) in to.iter_mut().enumerate() {
                for (entry, line) in to[j..j + from.len()].iter_mut().zip(&square) {
                    *entry = line[k];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn every_entry_below_the_diagonal_is_that_above_it() {
        for n in [0, 1, 7, 128, 129, 200, 256, 391, 1030] {
            // Below the diagonal stands what must not survive.
            let value = |i: usize, j: usize| (i * n + j) as f32;
            let mut matrix = Array2::from_shape_fn((n, n), |(i, j)| if i <= j { value(i, j) } else { -1.0 });
            mirror(matrix.view_mut());
            let expected = Array2::from_shape_fn((n, n), |(i, j)| value(i.min(j), i.max(j)));
            assert_eq!(matrix, expected, "{n}");
        }
    }
}
