//! Arrays of inputs of any shape, as people save them for a network.

use std::path::Path;

use ndarray::{ArrayD, IxDyn};

use crate::DataError;
use crate::file_bytes::read_file;
use crate::npy::{NpyArray, check_finite};

/// Reads an `.npy` file (`float64` or `float32`) of any rank.
///
/// # Shapes
/// The first axis counts inputs; the others are the shape of one input, channels last.
///
/// # Errors
/// [`DataError::Read`], [`DataError::CorruptArray`], [`DataError::WrongElementType`]; [`DataError::NotFiniteEntry`] names the entry.
pub fn load_array(path: &Path) -> Result<ArrayD<f64>, DataError> {
    let file = path.display().to_string();
    parse_array(&file, &read_file(path)?)
}

/// Decodes the bytes of an `.npy` file (`float64` or `float32`) of any rank; `file` stands in errors.
///
/// # Errors
/// As [`load_array`], but for reading.
pub fn parse_array(file: &str, bytes: &[u8]) -> Result<ArrayD<f64>, DataError> {
    let values = NpyArray::parse(file, bytes)?.to_reals::<IxDyn>("an array of inputs")?;
    check_finite(file, &values.view())?;
    Ok(values)
}
