//! A Gram matrix that a group leaves invariant.

use isotypic::Error;
use isotypic::gram::{
    BlockMatrix, DenseGram, Factorization, GroupInvariantFactor, GroupInvariantGram, Ridge, SymmetricOperator,
};
use isotypic::orbit::{HeldOutSet, RowOrder};
use isotypic::predict::leave_set_out;
use numpy::{PyArray1, PyArray2, PyArray3, PyReadonlyArray2, PyReadonlyArray3};
use pyo3::prelude::*;

use crate::arrays::to_numpy;
use crate::errors::{exception, settings_exception};
use crate::group::Group;
use crate::interruptible::interruptible;

/// Blocks of a Gram matrix, one per irrep.
#[pyclass(frozen, module = "isotypic._isotypic")]
pub(crate) struct InvariantGram {
    gram: GroupInvariantGram,
    defect: f64,
}

/// A matrix as NumPy has it.
type Matrix<'py> = Bound<'py, PyArray2<f64>>;

/// Label, dimension, multiplicity and eigenvalues of a block.
type Eigenvalues<'py> = (String, usize, usize, Bound<'py, PyArray1<f64>>);

#[pymethods]
impl InvariantGram {
    /// The nearest invariant matrix to one with every entry.
    #[staticmethod]
    fn project(
        py: Python<'_>,
        matrix: PyReadonlyArray2<'_, f64>,
        group: &Group,
        seeds: usize,
        layout: &str,
    ) -> PyResult<Self> {
        let order = layout.parse::<RowOrder>().map_err(|error| {
            settings_exception(py, &format!("`layout`: {error}"), "the pose is fastest in `seed-major`")
        })?;
        let (matrix, group) = (matrix.as_array(), group.group().clone());
        let projection =
            interruptible(py, |_| Ok(DenseGram::from_row_order(&matrix, order, seeds, group)?.project()?))?;
        Ok(Self { gram: projection.gram, defect: projection.invariance_defect })
    }

    /// From the kernel between each seed and all poses, `[seeds, seeds, order]`.
    #[staticmethod]
    fn from_orbit_kernel(py: Python<'_>, kernel: PyReadonlyArray3<'_, f64>, group: &Group) -> PyResult<Self> {
        let kernel = kernel.as_array().to_owned();
        let gram = interruptible(py, |_| Ok(GroupInvariantGram::from_orbit_kernel(group.group(), kernel)?))?;
        Ok(Self { gram, defect: 0.0 })
    }

    #[getter]
    fn invariance_defect(&self) -> f64 {
        self.defect
    }

    #[getter]
    fn seeds(&self) -> usize {
        self.gram.layout().seeds()
    }

    #[getter]
    fn order(&self) -> usize {
        self.gram.layout().order()
    }

    fn orbit_kernel<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray3<f64>> {
        PyArray3::from_array(py, self.gram.orbit_kernel())
    }

    /// Label, dimension, multiplicity and matrix of every block.
    fn blocks(&self, py: Python<'_>) -> Vec<(String, usize, usize, Py<PyAny>)> {
        let described = self.gram.blocks().iter().map(|block| {
            let matrix = match block.matrix() {
                BlockMatrix::Real(matrix) => to_numpy(py, matrix.clone()),
                BlockMatrix::Complex(matrix) => to_numpy(py, matrix.clone()),
            };
            (block.label().to_string(), block.dimension(), block.multiplicity(), matrix)
        });
        described.collect()
    }

    /// Label, dimension, multiplicity and eigenvalues of every block.
    fn spectrum<'py>(&self, py: Python<'py>) -> PyResult<Vec<Eigenvalues<'py>>> {
        let spectrum = interruptible(py, |_| Ok(self.gram.spectrum()?))?;
        let described = spectrum.into_iter().map(|block| {
            let values = PyArray1::from_vec(py, block.eigenvalues);
            (block.irrep.to_string(), block.dimension, block.multiplicity, values)
        });
        Ok(described.collect())
    }

    fn to_dense(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(to_numpy(py, interruptible(py, |_| Ok(self.gram.to_dense()))?))
    }

    /// K v.
    fn apply<'py>(&self, py: Python<'py>, vectors: PyReadonlyArray2<'py, f64>) -> PyResult<Matrix<'py>> {
        let vectors = vectors.as_array();
        let product = interruptible(py, |_| Ok(self.gram.apply(&vectors)?))?;
        Ok(PyArray2::from_owned_array(py, product))
    }

    fn factor(&self, py: Python<'_>, ridge: &str) -> PyResult<InvariantFactor> {
        let ridge: Ridge = ridge.parse().map_err(|error: isotypic::gram::GramError| exception(py, error))?;
        Ok(InvariantFactor { factor: interruptible(py, |_| Ok(self.gram.factor(ridge)?))? })
    }

    /// Errors, predictions and covariance of held-out points.
    fn leave_set_out<'py>(
        &self,
        py: Python<'py>,
        factor: &InvariantFactor,
        labels: PyReadonlyArray2<'py, f64>,
        held_out: Vec<(usize, usize)>,
    ) -> PyResult<(Matrix<'py>, Matrix<'py>, Matrix<'py>)> {
        let labels = labels.as_array();
        let result = interruptible(py, |_| -> Result<_, Error> {
            let set = HeldOutSet::new(self.gram.layout(), &held_out)?;
            Ok(leave_set_out(&self.gram, &factor.factor, &labels, &set)?)
        })?;
        Ok((
            PyArray2::from_owned_array(py, result.errors),
            PyArray2::from_owned_array(py, result.predictions),
            PyArray2::from_owned_array(py, result.covariance),
        ))
    }
}

/// The factored blocks.
#[pyclass(frozen, module = "isotypic._isotypic")]
pub(crate) struct InvariantFactor {
    factor: GroupInvariantFactor,
}

#[pymethods]
impl InvariantFactor {
    #[getter]
    fn ridge(&self) -> f64 {
        self.factor.ridge()
    }

    fn solve<'py>(&self, py: Python<'py>, rhs: PyReadonlyArray2<'py, f64>) -> PyResult<Matrix<'py>> {
        let rhs = rhs.as_array();
        let solution = interruptible(py, |_| Ok(self.factor.solve(&rhs)?))?;
        Ok(PyArray2::from_owned_array(py, solution))
    }

    fn log_det(&self) -> f64 {
        self.factor.log_det()
    }

    fn condition_number(&self, py: Python<'_>) -> PyResult<f64> {
        interruptible(py, |_| Ok(self.factor.condition_number()?))
    }
}
