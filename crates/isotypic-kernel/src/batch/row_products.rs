//! Products of the rows of matrices, block by block: each block on one thread, in an order of its own.

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use crate::real::Real;

/// Rows of a block.
const BLOCK: usize = 128;

/// One block of a symmetric sum, with rows at or before its columns.
#[derive(Debug)]
struct Block {
    rows: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
    /// Row-major.
    values: Vec<f64>,
}

/// A running sum of symmetric matrices, of which only blocks on and above the diagonal are kept.
#[derive(Debug)]
pub(super) struct SymmetricSum {
    size: usize,
    blocks: Vec<Block>,
}

/// The blocks of a number of rows.
fn blocks(size: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..size).step_by(BLOCK).map(move |start| start..(start + BLOCK).min(size))
}

/// Some rows of a matrix in C order.
fn rows<'m>(matrix: ArrayView2<'m, f64>, rows: &std::ops::Range<usize>) -> &'m [f64] {
    let columns = matrix.ncols();
    &matrix.to_slice().expect("matrices here are in C order")[rows.start * columns..rows.end * columns]
}

/// $XY^\top$.
///
/// # Shapes
/// - `x`: `[n, columns]`, `y`: `[m, columns]`, both in C order; result: `[n, m]`
pub(super) fn products(x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) -> Array2<f64> {
    let (height, width) = (x.nrows(), y.nrows());
    let mut all = Array2::zeros((height, width));
    if x.ncols() == 0 || width == 0 {
        return all;
    }
    let of_all = all.as_slice_mut().expect("made in C order");
    of_all.par_chunks_mut(BLOCK * width).zip(blocks(height).collect::<Vec<_>>()).for_each(
        |(target, block)| {
            f64::multiply_rows(rows(x, &block), rows(y, &(0..width)), x.ncols(), target);
        },
    );
    all
}

impl SymmetricSum {
    /// A sum of nothing, `[size, size]`.
    pub(super) fn new(size: usize) -> Self {
        let pairs = blocks(size).flat_map(|rows| {
            let start = rows.start;
            let columns = blocks(size).filter(move |columns| columns.start >= start);
            columns.map(move |columns| (rows.clone(), columns))
        });
        let block = |(rows, columns): (std::ops::Range<usize>, std::ops::Range<usize>)| {
            let values = vec![0.0; rows.len() * columns.len()];
            Block { rows, columns, values }
        };
        Self { size, blocks: pairs.map(block).collect() }
    }

    /// Adds $XX^\top$.
    ///
    /// # Shapes
    /// - `x`: `[size, columns]`, in C order
    pub(super) fn add_square(&mut self, x: ArrayView2<'_, f64>) {
        self.blocks.par_iter_mut().for_each(|block| {
            let mut products = vec![0.0; block.values.len()];
            f64::multiply_rows(rows(x, &block.rows), rows(x, &block.columns), x.ncols(), &mut products);
            block.values.iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
        });
    }

    /// Adds $XY^\top + YX^\top$.
    ///
    /// # Shapes
    /// - `x`, `y`: `[size, columns]`, in C order
    pub(super) fn add_both_products(&mut self, x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) {
        self.blocks.par_iter_mut().for_each(|block| {
            let mut products = vec![0.0; block.values.len()];
            for (first, second) in [(x, y), (y, x)] {
                f64::multiply_rows(
                    rows(first, &block.rows),
                    rows(second, &block.columns),
                    x.ncols(),
                    &mut products,
                );
                block.values.iter_mut().zip(&products).for_each(|(sum, product)| *sum += product);
            }
        });
    }

    /// The sum as a matrix, bitwise symmetric.
    pub(super) fn into_matrix(self) -> Array2<f64> {
        let mut matrix = Array2::zeros((self.size, self.size));
        for Block { rows, columns, values } in &self.blocks {
            let width = columns.len();
            for (at, row) in rows.clone().enumerate() {
                for (value, column) in values[at * width..(at + 1) * width].iter().zip(columns.clone()) {
                    if column >= row {
                        matrix[[row, column]] = *value;
                        matrix[[column, row]] = *value;
                    }
                }
            }
        }
        matrix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: usize, columns: usize, phase: f64) -> Array2<f64> {
        Array2::from_shape_fn((rows, columns), |(i, j)| (phase + (i * columns + j) as f64 * 1.3).sin())
    }

    fn assert_close(got: &Array2<f64>, expected: &Array2<f64>) {
        assert_eq!(got.dim(), expected.dim());
        assert!(got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12));
    }

    #[test]
    fn products_and_sums_are_those_of_whole_matrices() {
        for size in [1, 128, 300] {
            let (x, y) = (matrix(size, 11, 0.1), matrix(size, 11, 0.7));
            assert_close(
                &products(x.view(), y.slice(ndarray::s![..size.min(5), ..])),
                &x.dot(&y.slice(ndarray::s![..size.min(5), ..]).t()),
            );
            let mut sum = SymmetricSum::new(size);
            sum.add_square(x.view());
            sum.add_both_products(x.view(), y.view());
            let sum = sum.into_matrix();
            assert_eq!(sum, sum.t());
            assert_close(&sum, &(x.dot(&x.t()) + x.dot(&y.t()) + y.dot(&x.t())));
        }
        assert_eq!(
            products(matrix(3, 0, 0.0).view(), matrix(2, 0, 0.0).view()),
            Array2::<f64>::zeros((3, 2))
        );
    }
}
