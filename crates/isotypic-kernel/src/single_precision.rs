//! Kernels for regression, evaluated in single precision.
//!
//! Kernel values of normalised data are all close to a constant, and what a regression needs sits in the digits after it
//! (THEORY: Precision). So pairs are evaluated in `f32` as squared distances among features,
//! $\Delta_{xy} = k(x,x) + k(y,y) - 2k(x,y)$, which keep their relative digits however close two points are, and points by themselves in
//! `f64`; the values $k(x,y) = \tfrac12(k(x,x) + k(y,y) - \Delta_{xy})$ are put together in `f64`. Their error is a rounding of the
//! distance, not of the value.

use isotypic_work::{Monitor, Plan};
use ndarray::{Array2, ArrayView2};

use crate::KernelError;
use crate::compiled_kernel::{CompiledKernel, Head, Tail};
use crate::outputs::{KernelMatrices, Outputs};
use crate::prepared_inputs::PreparedInputs;
use crate::scalar::{Form, ScalarOperation, ScalarStep};

/// How many roundings of a distance its error comes to.
const ROUNDINGS: f64 = 4.0;

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
    accuracy: Accuracy,
}

/// What the rounding errors of entries are proportional to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Accuracy {
    /// The distance of the two points.
    Distances,
    /// The value, over the number of positions of which all pairs are averaged: as many independent roundings as pairs.
    Pooled(usize),
    /// The value.
    Values,
}

/// Points made ready for evaluation.
#[derive(Debug, Clone)]
pub struct SinglePrecisionInputs {
    pairs: PreparedInputs<f32>,
    /// Per point the two kernels of the point with itself.
    diagonal: Vec<(f64, f64)>,
}

impl SinglePrecisionKernel {
    /// A network, or `None` for a kernel on features, which is a formula in `f64`.
    #[must_use]
    pub fn new(mut kernel: CompiledKernel) -> Option<Self> {
        let Tail::Layers(program) = &mut kernel.tail else { return None };
        program.carries_gaps = true;
        let mut accuracy = Accuracy::Distances;
        let keeps = |step: &ScalarStep| match &step.operation {
            ScalarOperation::Nonlinearity(nonlinearity) => nonlinearity.keeps_ntk_differences(),
            _ => true,
        };
        if !program.steps.iter().all(keeps) {
            accuracy = Accuracy::Values;
        }
        if let Head::Spatial(program) = &mut kernel.head {
            program.hands_on_differences = true;
            program.needs_readout_moments = true;
            if !program.keeps_distances() {
                accuracy = Accuracy::Values;
            } else if let (Some(positions), Accuracy::Distances) = (program.pooled_positions(), accuracy) {
                accuracy = Accuracy::Pooled(positions);
            }
        }
        kernel.gives = Form::Difference;
        Some(Self { kernel, accuracy })
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
        let diagonal = self.kernel.prepare(rounded.mapv(f64::from).view())?.diagonal;
        Ok(SinglePrecisionInputs { pairs, diagonal })
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

    /// The error to expect in an entry of a kernel matrix: a few roundings of the mean distance; where all pairs of positions are pooled,
    /// of the mean value over their number; and of the mean value where positions are mixed otherwise, or where a nonlinearity without
    /// a formula for distances stands in the network.
    ///
    /// `values` are entries `[x, y]`; `diagonal` the kernel of all points with themselves.
    #[must_use]
    pub fn resolution(&self, values: ArrayView2<'_, f64>, diagonal: &[f64]) -> f64 {
        let mean = |sum: f64, count: usize| if count == 0 { 0.0 } else { sum / count as f64 };
        let of_points = mean(diagonal.iter().sum(), diagonal.len());
        let distances = (of_points - mean(values.sum(), values.len())).abs();
        let scale = match self.accuracy {
            Accuracy::Distances => distances,
            Accuracy::Pooled(positions) => distances + of_points.abs() / positions as f64,
            Accuracy::Values => of_points.abs(),
        };
        ROUNDINGS * 0.5 * f64::from(f32::EPSILON) * scale
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
