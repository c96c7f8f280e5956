//! Kernel matrices between arrays of inputs.

use std::path::{Path, PathBuf};

use isotypic_data::load_array;
use isotypic_kernel::{CompiledKernel, MonteCarlo, MonteCarloKernel, PreparedInputs, Real};
use isotypic_work::{Monitor, Plan};
use ndarray::{Array2, ArrayD, Dimension};

use crate::model::{CompiledModel, Model};
use crate::sampled_matrix::SampledMatrix;
use crate::{Error, KernelKind, Precision};

/// What to evaluate.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelSettings {
    /// A named architecture, an architecture file or a feature kernel.
    pub architecture: String,
    /// The graph of `aggregate` layers that have none: a `.npy` file `[vertices, vertices]`, entry `[i, j]` the weight of the edge from i to j.
    pub pattern: Option<PathBuf>,
    /// A `.npy` file: `[n, H, W, C]`, one axis more or less for volumes and sequences, `[n, d]` for vectors.
    pub x: PathBuf,
    /// The columns' inputs; `None` for the inputs of the rows.
    pub y: Option<PathBuf>,
    /// Which kernel.
    pub kernel: KernelKind,
    /// In which floating-point type it is computed; files of inputs may have either.
    pub precision: Precision,
    /// How layers without a closed kernel are sampled. With `batch_norm` the inputs of the rows are the batch.
    pub monte_carlo: MonteCarlo,
}

/// A kernel matrix and what is known of its error.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluatedKernel {
    /// `[x, y]`.
    pub matrix: KernelMatrix,
    /// Standard errors of the entries, `[x, y]`; only of networks with sampled layers.
    pub standard_error: Option<Array2<f64>>,
}

/// Inputs that are loaded and checked against the architecture.
#[derive(Debug)]
pub struct KernelJob {
    kind: KernelKind,
    evaluation: Evaluation,
}

#[derive(Debug)]
enum Evaluation {
    Exact { kernel: CompiledKernel, points: Points },
    Sampled { kernel: MonteCarloKernel, points: SampledPoints },
}

/// The same of sampled kernels.
#[derive(Debug)]
enum SampledPoints {
    F64(SampledMatrix<f64>),
    F32(SampledMatrix<f32>),
}

/// A kernel matrix `[x, y]`, in the precision that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum KernelMatrix {
    /// Double precision.
    F64(Array2<f64>),
    /// Single precision.
    F32(Array2<f32>),
}

/// The inputs of rows and columns, in the precision that was asked for.
#[derive(Debug)]
enum Points {
    F64(Box<RowsAndColumns<f64>>),
    F32(Box<RowsAndColumns<f32>>),
}

/// The inputs of the rows, and those of the columns if they are others.
#[derive(Debug)]
struct RowsAndColumns<T: Real> {
    x: PreparedInputs<T>,
    y: Option<PreparedInputs<T>>,
}

impl KernelMatrix {
    /// Rows and columns.
    #[must_use]
    pub fn dim(&self) -> (usize, usize) {
        match self {
            Self::F64(matrix) => matrix.dim(),
            Self::F32(matrix) => matrix.dim(),
        }
    }
}

impl KernelJob {
    /// Loads the inputs and compiles the architecture for their shape.
    ///
    /// # Errors
    /// An [`Error`] that names the file or the layer.
    pub fn prepare(settings: &KernelSettings) -> Result<Self, Error> {
        let mut model = Model::parse(&settings.architecture)?;
        if let Some(path) = &settings.pattern {
            model = model.with_pattern(&settings.architecture, path)?;
        }
        let x = load(&settings.x)?;
        let shape = x.shape()[1..].to_vec();
        let y = settings.y.as_deref().map(load).transpose()?;
        if let (Some(y), Some(path)) = (&y, &settings.y)
            && y.shape()[1..] != shape
        {
            return Err(Error::settings(
                format!(
                    "`{}`: expected inputs of shape {shape:?} as in the rows, got {:?}",
                    path.display(),
                    &y.shape()[1..]
                ),
                "rows and columns need inputs of one shape",
            ));
        }
        let compiled = model.compile_or_sample(&settings.architecture, &shape, settings.monte_carlo)?;
        let columns = y.zip(settings.y.as_deref());
        let kernel = match compiled {
            CompiledModel::Exact(kernel) => kernel,
            CompiledModel::Sampled(kernel) => {
                let points = match settings.precision {
                    Precision::F64 => {
                        let y = columns.map(|(y, _)| rows(y));
                        let y = y.as_ref().map(|y| y.view());
                        SampledPoints::F64(SampledMatrix::prepare(&kernel, rows(x).view(), y)?)
                    }
                    Precision::F32 => {
                        let y = columns.map(|(y, path)| rounded(&y, path)).transpose()?.map(rows);
                        let (x, y) = (rows(rounded(&x, &settings.x)?), y.as_ref().map(|y| y.view()));
                        SampledPoints::F32(SampledMatrix::prepare(&kernel, x.view(), y)?)
                    }
                };
                let evaluation = Evaluation::Sampled { kernel, points };
                return Ok(Self { kind: settings.kernel, evaluation });
            }
        };
        let points = match settings.precision {
            Precision::F64 => {
                let prepare = |points: ArrayD<f64>| kernel.prepare(rows(points).view());
                Points::F64(Box::new(RowsAndColumns {
                    x: prepare(x)?,
                    y: columns.map(|(y, _)| prepare(y)).transpose()?,
                }))
            }
            Precision::F32 => {
                let prepare = |points: ArrayD<f64>, path: &Path| -> Result<_, Error> {
                    Ok(kernel.prepare(rows(rounded(&points, path)?).view())?)
                };
                Points::F32(Box::new(RowsAndColumns {
                    x: prepare(x, &settings.x)?,
                    y: columns.map(|(y, path)| prepare(y, path)).transpose()?,
                }))
            }
        };
        Ok(Self { kind: settings.kernel, evaluation: Evaluation::Exact { kernel, points } })
    }

    /// What the evaluation will take.
    #[must_use]
    pub fn plan(&self) -> Plan {
        match &self.evaluation {
            Evaluation::Exact { kernel, points: Points::F64(points) } => points.plan(kernel, self.kind),
            Evaluation::Exact { kernel, points: Points::F32(points) } => points.plan(kernel, self.kind),
            Evaluation::Sampled { kernel, points: SampledPoints::F64(points) } => {
                points.plan(kernel, self.kind)
            }
            Evaluation::Sampled { kernel, points: SampledPoints::F32(points) } => {
                points.plan(kernel, self.kind)
            }
        }
    }

    /// Estimate of the relative error that quadratures make, over all layers and inputs; 0 where every nonlinearity has a closed
    /// formula.
    #[must_use]
    pub fn quadrature_error(&self) -> f64 {
        match &self.evaluation {
            Evaluation::Exact { kernel, points: Points::F64(points) } => points.quadrature_error(kernel),
            Evaluation::Exact { kernel, points: Points::F32(points) } => points.quadrature_error(kernel),
            Evaluation::Sampled { .. } => 0.0,
        }
    }

    /// Evaluates the kernel: `[x, y]`.
    ///
    /// # Errors
    /// [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted) when the monitor was cancelled.
    pub fn run(&self, monitor: &Monitor) -> Result<EvaluatedKernel, Error> {
        let exact = |matrix| EvaluatedKernel { matrix, standard_error: None };
        Ok(match &self.evaluation {
            Evaluation::Exact { kernel, points: Points::F64(points) } => {
                exact(KernelMatrix::F64(points.run(kernel, self.kind, monitor)?))
            }
            Evaluation::Exact { kernel, points: Points::F32(points) } => {
                exact(KernelMatrix::F32(points.run(kernel, self.kind, monitor)?))
            }
            Evaluation::Sampled { kernel, points: SampledPoints::F64(points) } => {
                let (mean, error) = points.run(kernel, self.kind, monitor)?;
                EvaluatedKernel { matrix: KernelMatrix::F64(mean), standard_error: Some(error) }
            }
            Evaluation::Sampled { kernel, points: SampledPoints::F32(points) } => {
                let (mean, error) = points.run(kernel, self.kind, monitor)?;
                EvaluatedKernel { matrix: KernelMatrix::F32(mean), standard_error: Some(error) }
            }
        })
    }

    /// How it is sampled, if it is.
    #[must_use]
    pub fn sampling(&self) -> Option<MonteCarlo> {
        match &self.evaluation {
            Evaluation::Exact { .. } => None,
            Evaluation::Sampled { kernel, .. } => Some(kernel.settings()),
        }
    }
}

impl<T: Real> RowsAndColumns<T> {
    /// Numbers of rows and columns, and whether the inputs of both are the same.
    fn extents(&self) -> (usize, usize, bool) {
        (self.x.len(), self.y.as_ref().unwrap_or(&self.x).len(), self.y.is_none())
    }

    fn plan(&self, kernel: &CompiledKernel, kind: KernelKind) -> Plan {
        let (rows, columns, symmetric) = self.extents();
        kernel.plan::<T>(rows, columns, symmetric, kind.outputs())
    }

    fn quadrature_error(&self, kernel: &CompiledKernel) -> f64 {
        let points = [Some(&self.x), self.y.as_ref()].into_iter().flatten();
        points.map(|points| kernel.quadrature_error(points)).fold(0.0, f64::max)
    }

    fn run(&self, kernel: &CompiledKernel, kind: KernelKind, monitor: &Monitor) -> Result<Array2<T>, Error> {
        let (rows, columns, symmetric) = self.extents();
        monitor.stage("kernel", kernel.pairs_evaluated::<T>(rows, columns, symmetric));
        let matrices = match &self.y {
            None => kernel.symmetric(&self.x, kind.outputs(), monitor)?,
            Some(y) => kernel.cross(&self.x, y, kind.outputs(), monitor)?,
        };
        monitor.finish();
        Ok(kind.select(matrices))
    }
}

/// The nearest numbers in single precision.
fn rounded(points: &ArrayD<f64>, path: &Path) -> Result<ArrayD<f32>, Error> {
    if let Some((index, value)) = points.indexed_iter().find(|(_, value)| !(**value as f32).is_finite()) {
        return Err(Error::settings(
            format!(
                "`{}`: entry {:?} is {value:e}, beyond the range of single precision",
                path.display(),
                index.slice()
            ),
            "leave `--dtype` out, or rescale the inputs, for example to unit norm",
        ));
    }
    Ok(points.mapv(|value| value as f32))
}

fn load(path: &Path) -> Result<ArrayD<f64>, Error> {
    let array = load_array(path)?;
    if array.ndim() < 2 {
        return Err(Error::settings(
            format!(
                "`{}`: expected at least 2 axes (points, then their shape), got {:?}",
                path.display(),
                array.shape()
            ),
            "vectors are `[n, d]`, images `[n, H, W, C]`",
        ));
    }
    Ok(array)
}

fn rows<T: Real>(inputs: ArrayD<T>) -> Array2<T> {
    let n = inputs.shape()[0];
    let length: usize = inputs.shape()[1..].iter().product();
    inputs.into_shape_with_order((n, length)).expect("arrays are read in C order")
}
