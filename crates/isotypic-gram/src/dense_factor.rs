//! The Cholesky factor of a dense matrix: the plain way, which serves as the control of every structured one.

use isotypic_orbit::OrbitLayout;
use ndarray::{Array1, Array2, ArrayRef2};

use crate::linear_algebra::{BadPivot, Cholesky, eigenvalues, rounding_floor};
use crate::not_positive_definite::{is_duplicate, one_per_pair_of_seeds, sufficient_ridge};
use crate::operator::{Factorization, expect_finite, expect_in_range, expect_rows};
use crate::{GramError, NotPositiveDefinite};

/// The factored matrix $K + \lambda I$ of a Gram matrix without structure.
#[derive(Clone, Debug)]
pub struct DenseFactor {
    cholesky: Cholesky<f64>,
    ridge: f64,
}

impl DenseFactor {
    /// Factors `matrix + ridge · I`, reading the lower triangle only. The matrix may be any symmetric one,
    /// such as the rows of a Gram matrix that were observed.
    ///
    /// # Shapes
    /// - `matrix`: `[n, n]`, n at least 1
    ///
    /// # Errors
    /// [`GramError::NotSquare`], [`GramError::NotFinite`]; [`GramError::InvalidRidge`] unless the ridge is
    /// finite and not negative; [`GramError::NotPositiveDefinite`], whose duplicates are rows of this matrix.
    pub fn new(matrix: &ArrayRef2<f64>, ridge: f64) -> Result<Self, GramError> {
        expect_finite(matrix)?;
        // Rows are seeds of one pose each; an empty matrix is refused before it is factored.
        Self::with_layout(matrix, ridge, OrbitLayout::new(matrix.nrows().max(1), 1))
    }

    /// The same for rows that are the points of orbits, so that an error can name seeds and poses.
    pub(crate) fn with_layout(
        matrix: &ArrayRef2<f64>,
        ridge: f64,
        layout: OrbitLayout,
    ) -> Result<Self, GramError> {
        let (dim, columns) = matrix.dim();
        if dim != columns || dim == 0 {
            return Err(GramError::NotSquare { rows: dim, columns });
        }
        if !ridge.is_finite() || ridge < 0.0 {
            return Err(GramError::InvalidRidge { given: ridge.to_string() });
        }
        let floor = rounding_floor(matrix);
        match Cholesky::new(matrix, ridge, floor) {
            Ok(cholesky) => Ok(Self { cholesky, ridge }),
            Err(pivot) => Err(explain(matrix, pivot, ridge, floor, layout).into()),
        }
    }
}

fn explain(
    matrix: &ArrayRef2<f64>,
    pivot: BadPivot,
    ridge: f64,
    floor: f64,
    layout: OrbitLayout,
) -> NotPositiveDefinite {
    let smallest = eigenvalues(matrix).ok().and_then(|values| values.first().copied());
    let duplicates =
        (0..matrix.nrows()).flat_map(|first| (first + 1..matrix.nrows()).map(move |second| (first, second)));
    let duplicates = duplicates.filter(|&(first, second)| {
        is_duplicate(matrix[[first, first]], matrix[[second, second]], matrix[[second, first]])
    });
    NotPositiveDefinite {
        sufficient_ridge: smallest.map(|smallest| sufficient_ridge(smallest, floor)),
        duplicates: one_per_pair_of_seeds(duplicates, layout),
        ..NotPositiveDefinite::new(None, pivot, ridge, layout)
    }
}

impl Factorization for DenseFactor {
    fn dim(&self) -> usize {
        self.cholesky.dim()
    }

    fn ridge(&self) -> f64 {
        self.ridge
    }

    fn solve(&self, rhs: &ArrayRef2<f64>) -> Result<Array2<f64>, GramError> {
        expect_rows("right-hand side", self.dim(), rhs.nrows())?;
        Ok(self.cholesky.solve(rhs))
    }

    fn log_det(&self) -> f64 {
        self.cholesky.log_det()
    }

    fn inverse_diagonal(&self) -> Array1<f64> {
        self.cholesky.inverse_diagonal()
    }

    fn inverse_block(&self, rows: &[usize]) -> Result<Array2<f64>, GramError> {
        expect_in_range(rows, self.dim())?;
        let mut units = Array2::zeros((self.dim(), rows.len()));
        for (column, &row) in rows.iter().enumerate() {
            units[[row, column]] = 1.0;
        }
        let columns = self.cholesky.solve(&units);
        // The lower triangle is mirrored, so that the block is symmetric bit for bit.
        Ok(Array2::from_shape_fn((rows.len(), rows.len()), |(row, column)| {
            columns[[rows[row.max(column)], row.min(column)]]
        }))
    }

    fn extreme_eigenvalues(&self) -> Result<(f64, f64), GramError> {
        self.cholesky.extreme_eigenvalues()
    }
}
