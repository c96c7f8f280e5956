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
    let bytes = read_file(path)?;
    let values = NpyArray::parse(&file, &bytes)?.to_reals::<IxDyn>("an array of inputs")?;
    check_finite(&file, &values.view())?;
    Ok(values)
}
