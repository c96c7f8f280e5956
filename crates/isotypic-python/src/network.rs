//! An architecture: its kernels at infinite width, and finite networks of it.

use isotypic::Error;
use isotypic::architecture::{Architecture, FiniteNetwork, LayerGraph, ScalarFunction};
use isotypic::kernel::{CompiledKernel, Outputs, Real};
use isotypic::work::MemoryLimit;
use ndarray::{ArrayView2, ArrayViewD};
use numpy::{Element, PyArray2, PyArrayDyn, PyReadonlyArray2, PyReadonlyArrayDyn};
use pyo3::prelude::*;

use crate::arrays::{Points, rows, to_numpy};
use crate::errors::{exception, exception_about, settings_exception};
use crate::interruptible::interruptible;

/// An architecture as parsed from a document, or by name.
#[pyclass(frozen, module = "isotypic._isotypic")]
pub(crate) struct Network {
    architecture: Architecture,
}

/// The NNGP and the tangent matrix, each if it was asked for.
type Matrices = (Option<Py<PyAny>>, Option<Py<PyAny>>);

/// Node, path, name and values of an array of parameters.
type Described<'py> = (usize, String, &'static str, Bound<'py, PyArrayDyn<f64>>);

#[pymethods]
impl Network {
    /// From one line of JSON.
    #[new]
    fn new(py: Python<'_>, json: &str) -> PyResult<Self> {
        let architecture = Architecture::from_json(json).map_err(|error| exception(py, error))?;
        Ok(Self { architecture })
    }

    /// From a name such as `mlp:3`, or a file.
    #[staticmethod]
    fn resolve(py: Python<'_>, text: &str) -> PyResult<Self> {
        let architecture = Architecture::resolve(text).map_err(|error| exception(py, error))?;
        Ok(Self { architecture })
    }

    /// One line of JSON with every default spelled out.
    fn canonical_json(&self) -> String {
        self.architecture.to_canonical_json()
    }

    /// Number of outputs for inputs of this shape, without the batch.
    fn output_width(&self, py: Python<'_>, input_shape: Vec<usize>) -> PyResult<usize> {
        Ok(self.graph(py, &input_shape)?.output_width())
    }

    /// Kernel matrices between the rows of `x1` and of `x2`, or of `x1` with itself; both of one type and in C order.
    #[pyo3(signature = (x1, x2, nngp, ntk))]
    fn kernel(
        &self,
        py: Python<'_>,
        x1: Points<'_>,
        x2: Option<Points<'_>>,
        nngp: bool,
        ntk: bool,
    ) -> PyResult<Matrices> {
        let shape = x1.shape().get(1..).unwrap_or_default().to_vec();
        let graph = self.graph(py, &shape)?;
        let kernel = CompiledKernel::compile(&graph).map_err(|error| exception(py, error))?;
        let outputs = match (nngp, ntk) {
            (true, true) => Outputs::NngpAndNtk,
            (true, false) => Outputs::Nngp,
            (false, _) => Outputs::Ntk,
        };
        match (&x1, &x2) {
            (Points::F64(x1), None) => evaluate(py, &kernel, x1.as_array(), None, outputs),
            (Points::F32(x1), None) => evaluate(py, &kernel, x1.as_array(), None, outputs),
            (Points::F64(x1), Some(Points::F64(x2))) => {
                evaluate(py, &kernel, x1.as_array(), Some(x2.as_array()), outputs)
            }
            (Points::F32(x1), Some(Points::F32(x2))) => {
                evaluate(py, &kernel, x1.as_array(), Some(x2.as_array()), outputs)
            }
            _ => Err(settings_exception(
                py,
                "`x1` and `x2`: expected one floating-point type",
                "convert both to float64 or float32",
            )),
        }
    }

    /// Draws the parameters of a finite network: node, path, name and values of each array.
    fn sample<'py>(
        &self,
        py: Python<'py>,
        input_shape: Vec<usize>,
        seed: u64,
    ) -> PyResult<Vec<Described<'py>>> {
        let graph = self.graph(py, &input_shape)?;
        let parameters = interruptible(py, |_| Ok(FiniteNetwork::sample(&graph, seed)?.parameters()))?;
        let described = parameters.into_iter().map(|one| {
            let path = graph.node(one.node).path.clone();
            (one.node.index(), path, one.name, PyArrayDyn::from_owned_array(py, one.values))
        });
        Ok(described.collect())
    }

    /// The outputs of the finite network with these parameters, in the order of `sample`, for the rows of `inputs`.
    fn forward<'py>(
        &self,
        py: Python<'py>,
        input_shape: Vec<usize>,
        seed: u64,
        parameters: Vec<PyReadonlyArrayDyn<'py, f64>>,
        inputs: PyReadonlyArray2<'py, f64>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let graph = self.graph(py, &input_shape)?;
        let values: Vec<_> = parameters.iter().map(|one| one.as_array().to_owned()).collect();
        let inputs = inputs.as_array();
        let outputs = interruptible(py, |_| -> Result<_, Error> {
            let mut network = FiniteNetwork::sample(&graph, seed)?;
            network.set_parameters(values)?;
            Ok(network.forward(&inputs)?)
        })?;
        Ok(PyArray2::from_owned_array(py, outputs))
    }
}

impl Network {
    /// The architecture itself.
    pub(crate) fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    fn graph(&self, py: Python<'_>, input_shape: &[usize]) -> PyResult<LayerGraph> {
        self.architecture.check(input_shape).map_err(|error| exception(py, error))
    }
}

/// The function of an `elementwise` layer that has these values at `probes`; called without values, the probes.
#[pyfunction]
#[pyo3(signature = (values = None))]
pub(crate) fn identify_function(values: Option<Vec<f64>>) -> (Vec<f64>, Option<&'static str>) {
    let name = values.and_then(|values| ScalarFunction::identify(&values)).map(ScalarFunction::name);
    (ScalarFunction::PROBES.to_vec(), name)
}

fn evaluate<T: Real + Element>(
    py: Python<'_>,
    kernel: &CompiledKernel,
    x1: ArrayViewD<'_, T>,
    x2: Option<ArrayViewD<'_, T>>,
    outputs: Outputs,
) -> PyResult<Matrices> {
    let x1 = matrix(py, "x1", x1)?;
    let x2 = x2.map(|x2| matrix(py, "x2", x2)).transpose()?;
    let columns = x2.as_ref().map_or(x1.nrows(), |x2| x2.len_of(ndarray::Axis(0)));
    let plan = kernel.plan::<T>(x1.nrows(), columns, x2.is_none(), outputs);
    plan.check(&MemoryLimit::detect()).map_err(|error| exception(py, error))?;
    // An error of a point names the argument that it is in, so preparing is told apart from evaluating.
    let prepare = |argument: &str, points: ArrayView2<'_, T>| {
        interruptible(py, |_| Ok(kernel.prepare(points)))?
            .map_err(|error| exception_about(py, argument, error))
    };
    let rows = prepare("x1", x1)?;
    let columns = x2.map(|x2| prepare("x2", x2)).transpose()?;
    let matrices = interruptible(py, |monitor| {
        Ok(match &columns {
            None => kernel.symmetric(&rows, outputs, monitor)?,
            Some(columns) => kernel.cross(&rows, columns, outputs, monitor)?,
        })
    })?;
    let nngp = outputs.with_nngp().then(|| to_numpy(py, matrices.nngp));
    Ok((nngp, matrices.ntk.map(|ntk| to_numpy(py, ntk))))
}

fn matrix<'a, T>(py: Python<'_>, argument: &str, points: ArrayViewD<'a, T>) -> PyResult<ArrayView2<'a, T>> {
    let shape = points.shape().to_vec();
    rows(points).ok_or_else(|| {
        settings_exception(
            py,
            &format!("`{argument}`: expected an array in C order with a batch axis, got shape {shape:?}"),
            "pass `numpy.ascontiguousarray(x)`",
        )
    })
}
