//! What every Gram matrix can do, however it is stored.

use isotypic_orbit::OrbitLayout;
use ndarray::{Array1, Array2, ArrayRef2};

use crate::{GramError, Ridge};

/// A symmetric positive semi-definite matrix over the points of some orbits.
///
/// Rows are points: row of (seed, element) as [`OrbitLayout`] says. A structured operator and its dense twin,
/// made by [`SymmetricOperator::to_dense`], give the same answers.
pub trait SymmetricOperator: Sync {
    /// What [`SymmetricOperator::factor`] makes.
    type Factor: Factorization;

    /// Seeds and group elements: the map between points and rows.
    fn layout(&self) -> OrbitLayout;

    /// The product $K v$, column by column.
    ///
    /// # Shapes
    /// `vectors` and result: `[rows, columns]`
    ///
    /// # Errors
    /// [`GramError::ShapeMismatch`] if `vectors` has another number of rows.
    fn apply(&self, vectors: &ArrayRef2<f64>) -> Result<Array2<f64>, GramError>;

    /// The diagonal, one number per row.
    fn diagonal(&self) -> Array1<f64>;

    /// Some rows and columns of the matrix, in the order given.
    ///
    /// # Errors
    /// [`GramError::RowOutOfRange`] for an index outside the matrix.
    fn block(&self, rows: &[usize], columns: &[usize]) -> Result<Array2<f64>, GramError>;

    /// Factors $K + \lambda I$.
    ///
    /// # Errors
    /// [`GramError::NotPositiveDefinite`] if the ridge does not make the matrix positive definite in working
    /// precision, [`GramError::InvalidRidge`] for a ridge that is no number.
    fn factor(&self, ridge: Ridge) -> Result<Self::Factor, GramError>;

    /// The number of rows: seeds × group order.
    fn dim(&self) -> usize {
        self.layout().len()
    }

    /// The mean of the diagonal, to which relative ridges refer.
    fn mean_diagonal(&self) -> f64 {
        self.diagonal().sum() / self.dim() as f64
    }

    /// All entries.
    ///
    /// # Shapes
    /// result: `[rows, rows]`
    fn to_dense(&self) -> Array2<f64> {
        let all: Vec<usize> = (0..self.dim()).collect();
        self.block(&all, &all).expect("every index below the dimension is a row")
    }
}

/// The factored matrix $K + \lambda I$ and what its inverse $P$ answers.
pub trait Factorization {
    /// The number of rows.
    fn dim(&self) -> usize;

    /// The $\lambda \ge 0$ that was added to the diagonal.
    fn ridge(&self) -> f64;

    /// $P v$, column by column.
    ///
    /// # Shapes
    /// `rhs` and result: `[rows, columns]`
    ///
    /// # Errors
    /// [`GramError::ShapeMismatch`] if `rhs` has another number of rows.
    fn solve(&self, rhs: &ArrayRef2<f64>) -> Result<Array2<f64>, GramError>;

    /// $\log \det (K + \lambda I)$.
    fn log_det(&self) -> f64;

    /// The diagonal of $P$.
    fn inverse_diagonal(&self) -> Array1<f64>;

    /// The entries of $P$ in some rows and the same columns, in the order given.
    ///
    /// # Shapes
    /// result: `[rows.len(), rows.len()]`
    ///
    /// # Errors
    /// [`GramError::RowOutOfRange`] for an index outside the matrix.
    fn inverse_block(&self, rows: &[usize]) -> Result<Array2<f64>, GramError>;

    /// The smallest and the largest eigenvalue of $K + \lambda I$.
    ///
    /// # Errors
    /// [`GramError::EigenvaluesNotConverged`] if the iteration stalls.
    fn extreme_eigenvalues(&self) -> Result<(f64, f64), GramError>;

    /// The largest eigenvalue of $K + \lambda I$ divided by the smallest.
    ///
    /// # Errors
    /// As [`extreme_eigenvalues`](Self::extreme_eigenvalues).
    fn condition_number(&self) -> Result<f64, GramError> {
        let (low, high) = self.extreme_eigenvalues()?;
        Ok(high / low)
    }

    /// $P y$ for labels that are constant on every orbit.
    ///
    /// Unlike the other answers this one has a shortcut where the group structure is known: only the trivial
    /// irrep carries such labels.
    ///
    /// # Shapes
    /// - `labels`: `[seeds, outputs]`
    /// - result: `[rows, outputs]`
    ///
    /// # Errors
    /// [`GramError::ShapeMismatch`] unless there is one row of labels per seed.
    fn solve_constant_on_orbits(
        &self,
        layout: OrbitLayout,
        labels: &ArrayRef2<f64>,
    ) -> Result<Array2<f64>, GramError> {
        self.solve(&spread(layout, labels)?)
    }
}

/// Repeats one row per seed along its orbit.
pub(crate) fn spread(layout: OrbitLayout, labels: &ArrayRef2<f64>) -> Result<Array2<f64>, GramError> {
    expect_rows("labels", layout.seeds(), labels.nrows())?;
    Ok(Array2::from_shape_fn((layout.len(), labels.ncols()), |(row, output)| {
        labels[[layout.split(row).0, output]]
    }))
}

pub(crate) fn expect_rows(what: &'static str, expected: usize, got: usize) -> Result<(), GramError> {
    if expected == got { Ok(()) } else { Err(GramError::ShapeMismatch { what, expected, got }) }
}

pub(crate) fn expect_in_range(rows: &[usize], dim: usize) -> Result<(), GramError> {
    match rows.iter().find(|&&row| row >= dim) {
        Some(&row) => Err(GramError::RowOutOfRange { row, dim }),
        None => Ok(()),
    }
}

pub(crate) fn expect_finite(matrix: &ArrayRef2<f64>) -> Result<(), GramError> {
    match matrix.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((row, column), &value)) => Err(GramError::NotFinite { row, column, value }),
        None => Ok(()),
    }
}
