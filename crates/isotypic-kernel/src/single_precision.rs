//! Kernels for regression, evaluated in single precision.
//!
//! Kernel values of normalised data are all close to a constant, and what a regression needs sits in the digits after it
//! (THEORY: Precision). So pairs are evaluated in `f32` as squared distances among features,
//! $\Delta_{xy} = k(x,x) + k(y,y) - 2k(x,y)$, which keep their relative digits however close two points are, and points by themselves in
//! `f64`; the values $k(x,y) = \tfrac12(k(x,x) + k(y,y) - \Delta_{xy})$ are put together in `f64`.
//!
//! For vectors the error of a value is then a few roundings of the distance. For images it is a few roundings of the value of equal
//! positions, before anything cancels in pooling: patches that are parallel but for a trace and of different norm (all but flat
//! backgrounds above all) do not keep their angle in `f32`.

use isotypic_work::{Monitor, Plan};
use ndarray::{Array2, ArrayView2};

use crate::KernelError;
use crate::compiled_kernel::{CompiledKernel, Head, Tail};
use crate::outputs::{KernelMatrices, Outputs};
use crate::prepared_inputs::PreparedInputs;
use crate::scalar::{Form, ScalarOperation};

/// How many roundings of a distance the error of a value comes to.
const ROUNDINGS_OF_DISTANCES: f64 = 6.0;

/// How many roundings of a value its error comes to where positions are mixed.
const ROUNDINGS_OF_VALUES: f64 = 12.0;

/// A kernel whose pairs are evaluated in single precision, and whose values are given in double precision.
///
/// # Examples
///
/// ```
/// use isotypic_architecture::Architecture;
/// use isotypic_kernel::{CompiledKernel, Outputs, SinglePrecisionKernel};
/// use isotypic_work::Monitor;
///
/// let graph = Architecture::named("mlp")?.check(&[2])?;
/// let points = ndarray::array![[1.0, 0.0], [1.0, 0.001]];
/// let monitor = Monitor::silent();
/// let exact = CompiledKernel::compile(&graph)?;
/// let double = exact.symmetric(&exact.prepare(points.view())?, Outputs::Ntk, &monitor)?.ntk;
/// let fast = SinglePrecisionKernel::new(CompiledKernel::compile(&graph)?).expect("a network");
/// let single = fast.symmetric(&fast.prepare(points.view())?, Outputs::Ntk, &monitor)?.ntk;
/// // Far closer than the 6e-8 to which `f32` knows the values themselves.
/// let (single, double) = (single.expect("asked for"), double.expect("asked for"));
/// assert!((single[[0, 1]] - double[[0, 1]]).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SinglePrecisionKernel {
    /// Gives differences.
    kernel: CompiledKernel,
    /// Whether the error of a value is one of the distance.
    keeps_distances: bool,
}

/// Points made ready for evaluation.
#[derive(Debug, Clone)]
pub struct SinglePrecisionInputs {
    pairs: PreparedInputs<f32>,
    /// Per point the two kernels of the point with itself.
    diagonal: Vec<(f64, f64)>,
    /// How many times larger values were before pooling, of either kernel: the largest of all points.
    pooling_losses: [f64; 2],
}

impl SinglePrecisionKernel {
    /// A network, or `None` for a kernel on features, which is a formula in `f64`.
    #[must_use]
    pub fn new(mut kernel: CompiledKernel) -> Option<Self> {
        let Tail::Layers(program) = &mut kernel.tail else { return None };
        program.carries_gaps = true;
        let mut keeps_distances = program.steps.iter().all(|step| match &step.operation {
            ScalarOperation::Nonlinearity(nonlinearity) => nonlinearity.keeps_ntk_differences(),
            _ => true,
        });
        if let Head::Spatial(program) = &mut kernel.head {
            program.hands_on_differences = true;
            program.needs_readout_moments = true;
            keeps_distances = false;
        }
        kernel.gives = Form::Difference;
        Some(Self { kernel, keeps_distances })
    }

    /// Checks points, rounds them to `f32`, and computes what depends on one point alone.
    ///
    /// # Shapes
    /// - `points`: `[n, point_length]`
    ///
    /// # Errors
    /// As [`CompiledKernel::prepare`]; numbers beyond the range of `f32` are not finite.
    pub fn prepare(&self, points: ArrayView2<'_, f64>) -> Result<SinglePrecisionInputs, KernelError> {
        let rounded = points.mapv(|value| value as f32);
        let pairs = self.kernel.prepare(rounded.view())?;
        let exact = self.kernel.prepare(rounded.mapv(f64::from).view())?;
        let mut pooling_losses = [1.0_f64; 2];
        if let Head::Spatial(program) = &self.kernel.head {
            for image in &exact.spatial {
                let losses = image.pooling_losses(program);
                pooling_losses = std::array::from_fn(|kernel| pooling_losses[kernel].max(losses[kernel]));
            }
        }
        Ok(SinglePrecisionInputs { pairs, diagonal: exact.diagonal, pooling_losses })
    }

    /// What an evaluation will take, on the current number of threads: as [`CompiledKernel::plan`], with the matrices in `f64` beside
    /// those in `f32`.
    #[must_use]
    pub fn plan(&self, rows: usize, columns: usize, symmetric: bool, outputs: Outputs) -> Plan {
        let plan = self.kernel.plan::<f32>(rows, columns, symmetric, outputs);
        Plan { bytes: plan.bytes + 8 * plan.entries * outputs.count(), ..plan }
    }

    /// As [`CompiledKernel::pairs_evaluated`].
    #[must_use]
    pub fn pairs_evaluated(&self, rows: usize, columns: usize, symmetric: bool) -> f64 {
        self.kernel.pairs_evaluated::<f32>(rows, columns, symmetric)
    }

    /// As [`CompiledKernel::quadrature_error`].
    #[must_use]
    pub fn quadrature_error(&self, x: &SinglePrecisionInputs) -> f64 {
        self.kernel.quadrature_error(&x.pairs)
    }

    /// Kernel of a list of points with itself: `[n, n]`, bitwise symmetric.
    ///
    /// # Errors
    /// As [`CompiledKernel::symmetric`].
    pub fn symmetric(
        &self,
        x: &SinglePrecisionInputs,
        outputs: Outputs,
        monitor: &Monitor,
    ) -> Result<KernelMatrices<f64>, KernelError> {
        Ok(values(self.kernel.symmetric(&x.pairs, outputs, monitor)?, x, x))
    }

    /// Kernel between two lists of points: `[x.len(), y.len()]`.
    ///
    /// # Errors
    /// As [`CompiledKernel::symmetric`].
    pub fn cross(
        &self,
        x: &SinglePrecisionInputs,
        y: &SinglePrecisionInputs,
        outputs: Outputs,
        monitor: &Monitor,
    ) -> Result<KernelMatrices<f64>, KernelError> {
        Ok(values(self.kernel.cross(&x.pairs, &y.pairs, outputs, monitor)?, x, y))
    }

    /// The error to expect in an entry of a kernel matrix, of the NNGP or of the tangent kernel.
    ///
    /// `values` are entries `[x, y]`, and `x` all points.
    #[must_use]
    pub fn resolution(&self, values: ArrayView2<'_, f64>, x: &SinglePrecisionInputs, of_ntk: bool) -> f64 {
        let of_point = |&(nngp, ntk): &(f64, f64)| if of_ntk { ntk } else { nngp };
        let mean = |sum: f64, count: usize| if count == 0 { 0.0 } else { sum / count as f64 };
        let of_points = mean(x.diagonal.iter().map(of_point).sum(), x.len());
        let scale = if self.keeps_distances {
            ROUNDINGS_OF_DISTANCES * (of_points - mean(values.sum(), values.len()))
        } else {
            ROUNDINGS_OF_VALUES * of_points * x.pooling_losses[usize::from(of_ntk)]
        };
        0.5 * f64::from(f32::EPSILON) * scale.abs()
    }
}

impl SinglePrecisionInputs {
    /// Number of points.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there are no points.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// $k(x, x)$ of every point: of the NNGP, and of the tangent kernel.
    #[must_use]
    pub fn diagonal(&self) -> &[(f64, f64)] {
        &self.diagonal
    }
}

/// From distances to values.
fn values(
    distances: KernelMatrices<f32>,
    x: &SinglePrecisionInputs,
    y: &SinglePrecisionInputs,
) -> KernelMatrices<f64> {
    let convert = |distances: &Array2<f32>, of: fn(&(f64, f64)) -> f64| {
        Array2::from_shape_fn(distances.dim(), |(i, j)| {
            0.5 * (of(&x.diagonal[i]) + of(&y.diagonal[j]) - f64::from(distances[[i, j]]))
        })
    };
    let nngp = if distances.nngp.is_empty() {
        Array2::default((0, 0))
    } else {
        convert(&distances.nngp, |diagonal| diagonal.0)
    };
    KernelMatrices { nngp, ntk: distances.ntk.map(|ntk| convert(&ntk, |diagonal| diagonal.1)) }
}
