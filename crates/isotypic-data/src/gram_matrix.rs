//! A Gram matrix from anywhere, such as the empirical tangent kernel of a trained network.

use std::path::Path;

use ndarray::{Array2, ArrayView2, Ix2};

use crate::DataError;
use crate::file_bytes::read_file;
use crate::npy::{NpyArray, check_finite};

/// A square, finite, symmetric matrix.
///
/// Files differ from their transpose by rounding; after the check the two triangles are averaged, so that the values
/// are symmetric to the bit. [`GramMatrix::asymmetry`] says how large the difference was.
#[derive(Clone, Debug, PartialEq)]
pub struct GramMatrix {
    place: String,
    values: Array2<f64>,
    asymmetry: f64,
}

impl GramMatrix {
    /// Largest difference of the triangles in `float64`, relative to the largest diagonal entry.
    pub const TOLERANCE_F64: f64 = 1e-9;
    /// The same in `float32`, whose own rounding is 6e-8.
    pub const TOLERANCE_F32: f64 = 1e-5;

    /// Checks a matrix in double precision. `place` stands in errors.
    ///
    /// # Errors
    /// [`DataError::Empty`], [`DataError::WrongShape`] unless it is square, [`DataError::NotFiniteEntry`], and
    /// [`DataError::NotSymmetric`] with the worst entry.
    pub fn new(place: &str, values: Array2<f64>) -> Result<Self, DataError> {
        Self::check(place, values, Self::TOLERANCE_F64)
    }

    /// A Gram matrix from an `.npy` file (`float64` or `float32`).
    ///
    /// # Errors
    /// As [`GramMatrix::new`], and [`DataError::WrongElementType`], [`DataError::Read`] or [`DataError::CorruptArray`].
    pub fn load(path: &Path) -> Result<Self, DataError> {
        let file = path.display().to_string();
        let bytes = read_file(path)?;
        let array = NpyArray::parse(&file, &bytes)?;
        let tolerance = if array.is_single_precision() { Self::TOLERANCE_F32 } else { Self::TOLERANCE_F64 };
        Self::check(&file, array.to_reals::<Ix2>(SQUARE)?, tolerance)
    }

    fn check(place: &str, mut values: Array2<f64>, tolerance: f64) -> Result<Self, DataError> {
        let (rows, columns) = values.dim();
        if rows != columns {
            let shape = vec![rows, columns];
            return Err(DataError::WrongShape { file: place.into(), expected: SQUARE, shape });
        }
        if rows == 0 {
            return Err(DataError::Empty { place: place.into(), shape: vec![rows, columns] });
        }
        check_finite(place, &values.view().into_dyn())?;
        let scale = values.diag().iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
        let pairs = || (0..rows).flat_map(|row| (row + 1..rows).map(move |column| (row, column)));
        let difference =
            |(row, column): (usize, usize)| (values[[row, column]] - values[[column, row]]).abs();
        let worst = pairs().max_by(|&a, &b| difference(a).total_cmp(&difference(b)));
        let largest = worst.map_or(0.0, difference);
        if let Some((row, column)) = worst.filter(|_| largest > tolerance * scale) {
            let (upper, lower) = (values[[row, column]], values[[column, row]]);
            return Err(DataError::NotSymmetric { place: place.into(), row, column, upper, lower });
        }
        for (row, column) in pairs() {
            let mean = 0.5 * values[[row, column]] + 0.5 * values[[column, row]];
            values[[row, column]] = mean;
            values[[column, row]] = mean;
        }
        let asymmetry = if largest > 0.0 { largest / scale } else { 0.0 };
        Ok(Self { place: place.into(), values, asymmetry })
    }

    /// The matrix, symmetric to the bit.
    #[must_use]
    pub fn values(&self) -> ArrayView2<'_, f64> {
        self.values.view()
    }

    /// The matrix itself.
    #[must_use]
    pub fn into_values(self) -> Array2<f64> {
        self.values
    }

    /// Number of rows and columns, at least 1.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.values.nrows()
    }

    /// Largest difference between the triangles as they were in the file, relative to the largest diagonal entry.
    #[must_use]
    pub fn asymmetry(&self) -> f64 {
        self.asymmetry
    }

    /// Checks that the matrix has one row per seed and group element.
    ///
    /// # Errors
    /// [`DataError::WrongGramSize`]; its hint says how many seeds the matrix would fit.
    pub fn check_size(&self, seeds: usize, order: usize) -> Result<(), DataError> {
        let rows = self.dimension();
        if seeds.checked_mul(order) == Some(rows) {
            return Ok(());
        }
        Err(DataError::WrongGramSize { place: self.place.clone(), seeds, order, rows })
    }
}

const SQUARE: &str = "a square matrix";

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn check(values: Array2<f64>) -> Result<GramMatrix, DataError> {
        GramMatrix::new("k.npy", values)
    }

    #[test]
    fn rounding_differences_are_averaged_and_reported() {
        let gram = check(array![[2.0, 1.0 + 1e-9], [1.0, 2.0]]).unwrap();
        assert_eq!(gram.values()[[0, 1]].to_bits(), gram.values()[[1, 0]].to_bits());
        assert!((gram.values()[[0, 1]] - (1.0 + 5e-10)).abs() < 1e-15);
        assert!((gram.asymmetry() - 5e-10).abs() < 1e-15);
    }

    #[test]
    fn the_worst_entry_of_an_asymmetric_matrix_is_named() {
        let error = check(array![[1.0, 0.5, 0.1], [0.4, 1.0, 0.2], [0.3, 0.2, 1.0]]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`k.npy`: not symmetric: entry [0, 2] is `1e-1`, entry [2, 0] is `3e-1`"
        );
        assert!(check(array![[0.0, 1e-300], [0.0, 0.0]]).is_err());
    }

    #[test]
    fn rectangles_infinities_and_nothing_are_no_gram_matrices() {
        assert!(matches!(check(Array2::zeros((0, 0))), Err(DataError::Empty { .. })));
        let error = check(array![[1.0, f64::INFINITY], [f64::INFINITY, 1.0]]).unwrap_err();
        assert_eq!(error.to_string(), "`k.npy`: entry [0, 1] is `inf`");
        let error = check(Array2::zeros((2, 3))).unwrap_err();
        assert_eq!(error.to_string(), "`k.npy`: expected a square matrix, got an array of shape [2, 3]");
    }

    #[test]
    fn a_wrong_size_says_how_many_seeds_would_fit() {
        let gram = check(Array2::eye(12)).unwrap();
        assert!(gram.check_size(3, 4).is_ok());
        let error = gram.check_size(2, 4).unwrap_err();
        assert_eq!(error.to_string(), "`k.npy`: expected 8 rows (2 seeds × 4 group elements), got 12");
        assert_eq!(error.hint().unwrap(), "with 4 group elements these are 3 seeds");
        assert!(!gram.check_size(2, 5).unwrap_err().hint().unwrap().contains("these are"));
        assert!(gram.check_size(usize::MAX, 2).is_err());
    }
}
