//! NumPy arrays of either floating-point type, as views.

use ndarray::{ArrayView2, ArrayViewD};
use numpy::{Element, PyArray2, PyReadonlyArrayDyn};
use pyo3::prelude::*;

/// Points in C order, in the type that they came in. The Python side has made them so.
#[derive(FromPyObject)]
pub(crate) enum Points<'py> {
    F64(PyReadonlyArrayDyn<'py, f64>),
    F32(PyReadonlyArrayDyn<'py, f32>),
}

/// A matrix as an owned NumPy array, without a copy.
pub(crate) fn to_numpy<T: Element>(py: Python<'_>, matrix: ndarray::Array2<T>) -> Py<PyAny> {
    PyArray2::from_owned_array(py, matrix).into_any().unbind()
}

/// `[n, …]` as `[n, product of the rest]`.
pub(crate) fn rows<'a, T>(points: ArrayViewD<'a, T>) -> Option<ArrayView2<'a, T>> {
    let count = *points.shape().first()?;
    let length: usize = points.shape()[1..].iter().product();
    points.into_shape_with_order((count, length)).ok()
}

impl Points<'_> {
    /// `[n, …]`.
    pub(crate) fn shape(&self) -> &[usize] {
        match self {
            Self::F64(array) => numpy::PyUntypedArrayMethods::shape(&**array),
            Self::F32(array) => numpy::PyUntypedArrayMethods::shape(&**array),
        }
    }
}
