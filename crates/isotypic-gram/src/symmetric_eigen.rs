//! Functions of a symmetric matrix through its eigendecomposition.

use ndarray::{Array2, ArrayRef2};

use crate::GramError;
use crate::linear_algebra::eigenvectors;
use crate::operator::{expect_finite, expect_rows};

/// The eigendecomposition $K + \lambda I = V \Lambda V^T$.
#[derive(Clone, Debug)]
pub struct SymmetricEigen {
    values: Vec<f64>,
    vectors: Array2<f64>,
}

impl SymmetricEigen {
    /// Decomposes `matrix + ridge · I`, reading the lower triangle only.
    ///
    /// # Shapes
    /// - `matrix`: `[n, n]`
    ///
    /// # Errors
    /// [`GramError::NotSquare`], [`GramError::NotFinite`], [`GramError::EigenvaluesNotConverged`];
    /// [`GramError::InvalidRidge`] unless the ridge is finite and not negative.
    pub fn new(matrix: &ArrayRef2<f64>, ridge: f64) -> Result<Self, GramError> {
        let (rows, columns) = matrix.dim();
        if rows != columns || rows == 0 {
            return Err(GramError::NotSquare { rows, columns });
        }
        if !ridge.is_finite() || ridge < 0.0 {
            return Err(GramError::InvalidRidge { given: ridge.to_string() });
        }
        expect_finite(matrix)?;
        let (mut values, vectors) = eigenvectors(matrix)?;
        values.iter_mut().for_each(|value| *value += ridge);
        Ok(Self { values, vectors })
    }

    /// The eigenvalues, ascending, the ridge included.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// $V$: one eigenvector per column, in the order of [`values`](Self::values).
    pub fn vectors(&self) -> &Array2<f64> {
        &self.vectors
    }

    /// $V f(\Lambda) V^T b$.
    ///
    /// # Shapes
    /// `rhs` and result: `[n, columns]`
    ///
    /// # Errors
    /// [`GramError::ShapeMismatch`] if `rhs` has another number of rows.
    ///
    /// # Examples
    /// ```
    /// use isotypic_gram::SymmetricEigen;
    /// use ndarray::array;
    ///
    /// let eigen = SymmetricEigen::new(&array![[2.0, 1.0], [1.0, 2.0]], 0.0)?;
    /// let square = eigen.apply(|value| value * value, &array![[1.0], [0.0]])?;
    /// assert!((square[[0, 0]] - 5.0).abs() < 1e-14 && (square[[1, 0]] - 4.0).abs() < 1e-14);
    /// # Ok::<(), isotypic_gram::GramError>(())
    /// ```
    pub fn apply(
        &self,
        function: impl Fn(f64) -> f64,
        rhs: &ArrayRef2<f64>,
    ) -> Result<Array2<f64>, GramError> {
        expect_rows("right-hand side", self.values.len(), rhs.nrows())?;
        let mut coefficients = self.vectors.t().dot(rhs);
        for (mut row, &value) in coefficients.rows_mut().into_iter().zip(&self.values) {
            row *= function(value);
        }
        Ok(self.vectors.dot(&coefficients))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::{DenseFactor, Factorization};

    #[test]
    fn the_reciprocal_is_the_inverse_with_the_ridge() {
        let matrix = array![[3.0, 1.0, 0.5], [1.0, 2.0, -0.3], [0.5, -0.3, 4.0]];
        let rhs = array![[1.0, 0.2], [-2.0, 0.0], [0.7, 5.0]];
        let eigen = SymmetricEigen::new(&matrix, 0.25).unwrap();
        let difference = eigen.apply(f64::recip, &rhs).unwrap()
            - DenseFactor::new(&matrix, 0.25).unwrap().solve(&rhs).unwrap();
        assert!(difference.iter().all(|value| value.abs() < 1e-14), "{difference}");
    }

    #[test]
    fn bad_input_is_refused() {
        let refused = |matrix: Array2<f64>, ridge| SymmetricEigen::new(&matrix, ridge).unwrap_err();
        assert!(matches!(refused(Array2::zeros((2, 3)), 0.0), GramError::NotSquare { .. }));
        assert!(matches!(refused(Array2::zeros((0, 0)), 0.0), GramError::NotSquare { .. }));
        assert!(matches!(refused(array![[f64::NAN]], 0.0), GramError::NotFinite { .. }));
        assert!(matches!(refused(array![[1.0]], -1.0), GramError::InvalidRidge { .. }));
        let eigen = SymmetricEigen::new(&array![[1.0]], 0.0).unwrap();
        let error = eigen.apply(f64::exp, &Array2::zeros((2, 1))).unwrap_err();
        assert!(matches!(error, GramError::ShapeMismatch { .. }));
    }
}
