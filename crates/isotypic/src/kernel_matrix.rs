//! Kernel matrices between arrays of inputs.

use std::path::{Path, PathBuf};

use isotypic_data::load_array;
use isotypic_kernel::{CompiledKernel, PreparedInputs};
use isotypic_work::{Monitor, Plan};
use ndarray::{Array2, ArrayD};

use crate::model::Model;
use crate::{Error, KernelKind};

/// What to evaluate.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelSettings {
    /// A named architecture, an architecture file or a feature kernel.
    pub architecture: String,
    /// A `.npy` file: `[n, H, W, C]`, one axis more or less for volumes and sequences, `[n, d]` for vectors.
    pub x: PathBuf,
    /// The columns' inputs; `None` for the inputs of the rows.
    pub y: Option<PathBuf>,
    /// Which kernel.
    pub kernel: KernelKind,
}

/// Inputs that are loaded and checked against the architecture.
#[derive(Debug)]
pub struct KernelJob {
    kernel: CompiledKernel,
    kind: KernelKind,
    x: PreparedInputs,
    y: Option<PreparedInputs>,
}

impl KernelJob {
    /// Loads the inputs and compiles the architecture for their shape.
    ///
    /// # Errors
    /// An [`Error`] that names the file or the layer.
    pub fn prepare(settings: &KernelSettings) -> Result<Self, Error> {
        let model = Model::parse(&settings.architecture)?;
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
        let kernel = model.compile(&settings.architecture, &shape)?;
        let prepare = |inputs: ArrayD<f64>| -> Result<PreparedInputs, Error> {
            Ok(kernel.prepare(rows(inputs).view())?)
        };
        let (x, y) = (prepare(x)?, y.map(prepare).transpose()?);
        Ok(Self { kernel, kind: settings.kernel, x, y })
    }

    /// What the evaluation will take.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let columns = self.y.as_ref().unwrap_or(&self.x).len();
        self.kernel.plan::<f64>(self.x.len(), columns, self.y.is_none(), self.kind.outputs())
    }

    /// Estimate of the relative error that quadratures make, over all layers and inputs; 0 where every nonlinearity has a closed
    /// formula.
    #[must_use]
    pub fn quadrature_error(&self) -> f64 {
        let inputs = [Some(&self.x), self.y.as_ref()];
        inputs.into_iter().flatten().map(|points| self.kernel.quadrature_error(points)).fold(0.0, f64::max)
    }

    /// Evaluates the kernel: `[x, y]`.
    ///
    /// # Errors
    /// [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted) when the monitor was cancelled.
    pub fn run(&self, monitor: &Monitor) -> Result<Array2<f64>, Error> {
        let columns = self.y.as_ref().unwrap_or(&self.x).len();
        monitor.stage("kernel", self.kernel.pairs_evaluated::<f64>(self.x.len(), columns, self.y.is_none()));
        let matrices = match &self.y {
            None => self.kernel.symmetric(&self.x, self.kind.outputs(), monitor)?,
            Some(y) => self.kernel.cross(&self.x, y, self.kind.outputs(), monitor)?,
        };
        monitor.finish();
        Ok(self.kind.select(matrices))
    }
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

fn rows(inputs: ArrayD<f64>) -> Array2<f64> {
    let n = inputs.shape()[0];
    let length: usize = inputs.shape()[1..].iter().product();
    inputs.into_shape_with_order((n, length)).expect("arrays are read in C order")
}
