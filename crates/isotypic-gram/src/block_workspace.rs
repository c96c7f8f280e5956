//! Room in which large blocks are factored and inverted one after the other, without a copy.
//!
//! A [`GroupInvariantGram`](crate::GroupInvariantGram) holds all its blocks and their factors at once. Where that is too much a thread
//! holds one block: it is written into the workspace, replaced by its Cholesky factor $L$, and $L^{-1}$ comes to stand beside it. The
//! inverse itself is never formed: $[(B + \lambda I)^{-1}]_{st}$ is the product of two columns of $L^{-1}$.
//!
//! Every method runs on the thread that calls it.

use std::ops::Range;

use ndarray::{Array2, ArrayRef2};
use num_complex::Complex64;

use crate::GramError;
use crate::linear_algebra::{BadPivot, FactorSpace};
use crate::not_positive_definite::sufficient_ridge;

/// One Hermitian block at a time: entries, then its Cholesky factor, then the inverse of that.
///
/// # Examples
/// ```
/// use isotypic_gram::BlockWorkspace;
/// use num_complex::Complex64;
///
/// let mut workspace = BlockWorkspace::new(2, false)?;
/// workspace.set(0, 0, Complex64::new(3.0, 0.0));
/// workspace.set(1, 0, Complex64::new(0.0, 1.0));
/// workspace.set(1, 1, Complex64::new(2.0, 0.0));
/// workspace.factor(0.0, 0.0).unwrap();
/// // Determinant 3 · 2 − |i|² = 5.
/// let inverse = workspace.invert_within(&[0..1, 1..2], 1);
/// assert!((inverse.values[0] - 2.0 / 5.0).abs() < 1e-15 && (inverse.values[1] - 3.0 / 5.0).abs() < 1e-15);
/// assert!((inverse.trace - 1.0).abs() < 1e-15);
/// # Ok::<(), isotypic_gram::GramError>(())
/// ```
#[derive(Debug)]
pub struct BlockWorkspace {
    space: Space,
}

/// Blocks of irreps by real matrices take half the memory and a quarter of the time.
#[derive(Debug)]
enum Space {
    Real(FactorSpace<f64>),
    Complex(FactorSpace<Complex64>),
}

/// A block that has no Cholesky factor beyond rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnfitPivot {
    /// The first row of the block whose pivot is not positive beyond rounding.
    pub row: usize,
    /// The pivot: the variance of this row given the rows before it.
    pub value: f64,
    /// A power of ten that is large enough a ridge if the exact block has no negative eigenvalue.
    pub sufficient_ridge: f64,
}

/// What is wanted of the inverse of a block.
#[derive(Clone, Debug, PartialEq)]
pub struct InverseWithin {
    /// Range after range, each row by row: the traces over the irrep of the real parts of $[(B + \lambda I)^{-1}]_{st}$, for the
    /// seeds s, t of that range.
    pub values: Vec<f64>,
    /// The trace of the whole inverse.
    pub trace: f64,
}

impl BlockWorkspace {
    /// Room for blocks of `dim` rows.
    ///
    /// # Errors
    /// [`GramError::OutOfMemory`].
    pub fn new(dim: usize, is_real: bool) -> Result<Self, GramError> {
        let space = match is_real {
            true => Space::Real(FactorSpace::new(dim)?),
            false => Space::Complex(FactorSpace::new(dim)?),
        };
        Ok(Self { space })
    }

    /// The same for blocks of other rows, in memory that is there already where it suffices; the content is lost.
    ///
    /// # Errors
    /// [`GramError::OutOfMemory`].
    pub fn reuse(self, dim: usize, is_real: bool) -> Result<Self, GramError> {
        let space = match (self.space, is_real) {
            (Space::Real(mut space), true) => {
                space.resize(dim)?;
                Space::Real(space)
            }
            (Space::Complex(mut space), false) => {
                space.resize(dim)?;
                Space::Complex(space)
            }
            (space, _) => {
                drop(space);
                return Self::new(dim, is_real);
            }
        };
        Ok(Self { space })
    }

    /// Bytes that [`new`](Self::new) takes.
    #[must_use]
    pub fn bytes(dim: usize, is_real: bool) -> u64 {
        let number = if is_real { size_of::<f64>() } else { size_of::<Complex64>() };
        2 * (dim as u64).pow(2) * number as u64
    }

    /// Writes an entry of the lower triangle, `row >= column`. Of a real block, and on the diagonal, the real part counts.
    pub fn set(&mut self, row: usize, column: usize, value: Complex64) {
        match &mut self.space {
            Space::Real(space) => space.set(row, column, value.re),
            Space::Complex(space) if row == column => space.set(row, row, Complex64::from(value.re)),
            Space::Complex(space) => space.set(row, column, value),
        }
    }

    /// Replaces the block by the Cholesky factor of block plus ridge, and returns the Frobenius norm of the block.
    ///
    /// Pivots must exceed `floor` and the rounding error of the factorisation, $\varepsilon\, n\, \lVert B \rVert_F$.
    ///
    /// # Errors
    /// [`UnfitPivot`]; then the content is lost, and [`pivot`](Self::pivot) finds the value once it has been written again.
    pub fn factor(&mut self, ridge: f64, floor: f64) -> Result<f64, UnfitPivot> {
        let (norm, floor, outcome) = match &mut self.space {
            Space::Real(space) => space.factor(ridge, floor),
            Space::Complex(space) => space.factor(ridge, floor),
        };
        match outcome {
            Ok(()) => Ok(norm),
            Err(BadPivot { index, value }) => {
                Err(UnfitPivot { row: index, value, sufficient_ridge: sufficient_ridge(-floor, floor) })
            }
        }
    }

    /// The pivot `row` of block plus ridge, whose pivots before it are positive; the content is lost.
    pub fn pivot(&mut self, ridge: f64, row: usize) -> f64 {
        match &mut self.space {
            Space::Real(space) => space.pivot(ridge, row),
            Space::Complex(space) => space.pivot(ridge, row),
        }
    }

    /// $(B + \lambda I)^{-1}$ times some columns, once the block is factored; of complex blocks the real part.
    ///
    /// # Shapes
    /// `[dim, columns]`
    #[must_use]
    pub fn solve(&self, columns: &ArrayRef2<f64>) -> Array2<f64> {
        match &self.space {
            Space::Real(space) => space.solve(columns),
            Space::Complex(space) => space.solve(&columns.mapv(Complex64::from)).mapv(|value| value.re),
        }
    }

    /// Inverts the factor, and reads the inverse of the block within some ranges of seeds.
    ///
    /// `dimension` is that of the irrep: seed s has the rows `s * dimension..(s + 1) * dimension`.
    pub fn invert_within(&mut self, ranges: &[Range<usize>], dimension: usize) -> InverseWithin {
        match &mut self.space {
            Space::Real(space) => space.invert_within(ranges, dimension),
            Space::Complex(space) => space.invert_within(ranges, dimension),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear_algebra::Cholesky;

    /// A Hermitian matrix with a dominant diagonal and nothing else special.
    fn example(dim: usize) -> Array2<Complex64> {
        Array2::from_shape_fn((dim, dim), |(row, column)| {
            let (a, b) = (row.max(column) as f64, row.min(column) as f64);
            let sign = f64::from(i32::from(row > column) - i32::from(row < column));
            let diagonal = if row == column { dim as f64 } else { 0.0 };
            Complex64::new(diagonal + (a + 2.0 * b).sin(), sign * (3.0 * a - b).cos())
        })
    }

    fn filled(matrix: &Array2<Complex64>, is_real: bool) -> BlockWorkspace {
        let mut workspace = BlockWorkspace::new(matrix.nrows(), is_real).unwrap();
        for column in 0..matrix.nrows() {
            for row in column..matrix.nrows() {
                workspace.set(row, column, matrix[[row, column]]);
            }
        }
        workspace
    }

    #[test]
    fn the_inverse_within_ranges_is_that_of_the_whole_inverse() {
        let (matrix, ridge) = (example(12), 0.25);
        let ranges = [0..1, 1..4, 4..6];
        let inverse = Cholesky::new(&matrix, ridge, 0.0).unwrap().inverse();
        let real_inverse = Cholesky::new(&matrix.mapv(|value| value.re), ridge, 0.0).unwrap().inverse();
        for (is_real, inverse) in [(false, inverse), (true, real_inverse.mapv(Complex64::from))] {
            let mut workspace = filled(&matrix, is_real);
            let norm = workspace.factor(ridge, 0.0).unwrap();
            let squares = |value: &Complex64| if is_real { value.re * value.re } else { value.norm_sqr() };
            let expected_norm = matrix.iter().map(squares).sum::<f64>().sqrt();
            assert!((norm - expected_norm).abs() < 1e-14 * norm);
            let found = workspace.invert_within(&ranges, 2);
            let mut values = found.values.iter();
            for range in &ranges {
                for (s, t) in range.clone().flat_map(|s| range.clone().map(move |t| (s, t))) {
                    let expected: f64 = (0..2).map(|i| inverse[[2 * s + i, 2 * t + i]].re).sum();
                    let value = *values.next().unwrap();
                    assert!((value - expected).abs() < 1e-15, "[{s}, {t}]: {value} and {expected}");
                }
            }
            assert!(values.next().is_none());
            let trace: f64 = (0..12).map(|row| inverse[[row, row]].re).sum();
            assert!((found.trace - trace).abs() < 1e-14);
        }
    }

    #[test]
    fn a_workspace_is_used_again_and_solves() {
        let mut workspace = filled(&example(5), false);
        workspace.factor(0.0, 0.0).unwrap();
        workspace.invert_within(&[0..2, 2..5], 1);
        let other = example(5).mapv(|value| 2.0 * value);
        for column in 0..5 {
            (column..5).for_each(|row| workspace.set(row, column, other[[row, column]]));
        }
        workspace.factor(0.5, 0.0).unwrap();
        let columns = Array2::from_shape_fn((5, 2), |(row, column)| 1.0 + (row * column) as f64);
        let expected =
            Cholesky::new(&other, 0.5, 0.0).unwrap().solve(&columns.mapv(Complex64::from)).mapv(|v| v.re);
        for (value, expected) in workspace.solve(&columns).iter().zip(&expected) {
            assert!((value - expected).abs() < 1e-15);
        }
    }

    #[test]
    fn a_workspace_that_is_made_over_is_as_good_as_a_new_one() {
        let ranges = |dim: usize| [0..2, 2..dim];
        let inverse = |mut workspace: BlockWorkspace, dim: usize| {
            let matrix = example(dim);
            for column in 0..dim {
                (column..dim).for_each(|row| workspace.set(row, column, matrix[[row, column]]));
            }
            workspace.factor(0.5, 0.0).unwrap();
            (workspace.invert_within(&ranges(dim), 1), workspace)
        };
        let mut workspace = BlockWorkspace::new(6, true).unwrap();
        for (dim, is_real) in
            [(9, true), (4, true), (7, false), (7, true), (12, true), (3, false), (12, false)]
        {
            let new = inverse(BlockWorkspace::new(dim, is_real).unwrap(), dim).0;
            let (old, used) = inverse(workspace.reuse(dim, is_real).unwrap(), dim);
            assert_eq!(old, new, "{dim}, {is_real}");
            workspace = used;
        }
    }

    #[test]
    fn the_pivot_that_is_not_positive_is_named_with_its_value() {
        let matrix = ndarray::array![[4.0, 2.0, 0.0], [2.0, 0.5, 0.0], [0.0, 0.0, 7.0]].mapv(Complex64::from);
        for is_real in [true, false] {
            let unfit = filled(&matrix, is_real).factor(0.0, 0.0).unwrap_err();
            assert_eq!(unfit.row, 1);
            assert!((filled(&matrix, is_real).pivot(0.0, 1) + 0.5).abs() < 1e-15);
            assert!((filled(&matrix, is_real).pivot(0.25, 0) - 4.25).abs() < 1e-15);
            let zero = filled(&Array2::from_diag_elem(2, Complex64::from(1e-20)), is_real);
            let unfit = { zero }.factor(0.0, 1e-18).unwrap_err();
            assert_eq!((unfit.row, unfit.sufficient_ridge), (0, 1e-17));
        }
    }

    #[test]
    fn memory_that_there_is_not_is_an_error() {
        let error = BlockWorkspace::new(1 << 28, false).unwrap_err();
        assert!(matches!(error, GramError::OutOfMemory { .. }), "{error}");
    }
}
