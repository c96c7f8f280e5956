//! Regression and gradient descent on a training kernel.

use isotypic::Error;
use isotypic::gram::{DenseFactor, Factorization};
use isotypic::predict::{GradientFlow, PredictError};
use numpy::ndarray::{Array2, ArrayRef2};
use numpy::{PyArray2, PyReadonlyArray2};
use pyo3::prelude::*;

use crate::interruptible::interruptible;

/// The Cholesky factor of a training kernel with a ridge.
#[pyclass(frozen, module = "isotypic._isotypic")]
pub(crate) struct Regression {
    factor: DenseFactor,
}

/// The eigendecomposition of a training kernel with a ridge.
#[pyclass(frozen, module = "isotypic._isotypic")]
pub(crate) struct Flow {
    flow: GradientFlow,
}

#[pymethods]
impl Regression {
    #[new]
    fn new(py: Python<'_>, kernel: PyReadonlyArray2<'_, f64>, ridge: f64) -> PyResult<Self> {
        let kernel = kernel.as_array();
        Ok(Self { factor: interruptible(py, |_| Ok(DenseFactor::new(&kernel, ridge)?))? })
    }

    /// (K + λI)⁻¹ b.
    fn solve<'py>(
        &self,
        py: Python<'py>,
        rhs: PyReadonlyArray2<'py, f64>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let rhs = rhs.as_array();
        let solution = interruptible(py, |_| Ok(self.factor.solve(&rhs)?))?;
        Ok(PyArray2::from_owned_array(py, solution))
    }

    /// log det(K + λI).
    fn log_det(&self) -> f64 {
        self.factor.log_det()
    }
}

#[pymethods]
impl Flow {
    #[new]
    fn new(py: Python<'_>, kernel: PyReadonlyArray2<'_, f64>, ridge: f64) -> PyResult<Self> {
        let kernel = kernel.as_array();
        Ok(Self { flow: interruptible(py, |_| Ok(GradientFlow::new(&kernel, ridge)?))? })
    }

    /// K⁻¹(1 − e^{−Kt}) b.
    fn weights<'py>(
        &self,
        py: Python<'py>,
        time: f64,
        rhs: PyReadonlyArray2<'py, f64>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        self.apply(py, GradientFlow::weights, time, &rhs)
    }

    /// (1 − e^{−Kt}) b.
    fn learned<'py>(
        &self,
        py: Python<'py>,
        time: f64,
        rhs: PyReadonlyArray2<'py, f64>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        self.apply(py, GradientFlow::learned, time, &rhs)
    }

    /// e^{−Kt} b.
    fn remaining<'py>(
        &self,
        py: Python<'py>,
        time: f64,
        rhs: PyReadonlyArray2<'py, f64>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        self.apply(py, GradientFlow::remaining, time, &rhs)
    }
}

/// A function of the kernel and the time, applied to columns.
type Evolution = fn(&GradientFlow, f64, &ArrayRef2<f64>) -> Result<Array2<f64>, PredictError>;

impl Flow {
    fn apply<'py>(
        &self,
        py: Python<'py>,
        evolution: Evolution,
        time: f64,
        rhs: &PyReadonlyArray2<'py, f64>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let rhs = rhs.as_array();
        let columns = interruptible(py, |_| -> Result<_, Error> { Ok(evolution(&self.flow, time, &rhs)?) })?;
        Ok(PyArray2::from_owned_array(py, columns))
    }
}
