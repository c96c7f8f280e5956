//! Kernels of networks with layers that are sampled, with standard errors.
//!
//! Every replicate is a kernel of the whole network with random points of its own, so that what later layers, readouts and solvers make
//! of the sampling error shows in the spread of the replicates. No network is built or trained.
//!
//! # Batch normalisation
//! With `batch_norm` a value depends on all points of a call: those of [`symmetric`](MonteCarloKernel::symmetric) are one batch, and
//! [`cross`](MonteCarloKernel::cross) takes its first list as the batch, by whose statistics the second one is normalised too, as a
//! network in training normalises what it is trained on. All pairs of points are held at a time, and everything is computed in double
//! precision, whatever the type of the points. Covariances between the points before every such layer are exact where nothing before
//! them is sampled; they are the same for all replicates then.
//!
//! Tangent kernels are means of $1/(v + \varepsilon)$ with the variance $v$ of the drawn batch. With $\varepsilon = 0$ and a covariance of rank $r$ among
//! its values this mean is finite from $r = 3$ on (four values), its variance from $r = 5$ on: in smaller batches, and nearly so with a small
//! $\varepsilon$, rare draws decide, and standard errors come out too small. Two values are an exception: they become $\pm1$, and the tangent
//! kernel of the layer vanishes.

use isotypic_architecture::LayerGraph;
use isotypic_work::{Monitor, Plan};
use ndarray::{Array2, ArrayView2, Zip};

use crate::batch::BatchKernel;
use crate::compiled_kernel::CompiledKernel;
use crate::outputs::{KernelMatrices, Outputs};
use crate::prepared_inputs::PreparedInputs;
use crate::real::Real;
use crate::{KernelError, MonteCarlo};

/// The kernel of one architecture, some of whose layers have no closed form: several independent estimates of it.
///
/// Within a replicate all entries are estimated from the same points. Without `batch_norm` an entry is a function of its two inputs alone,
/// bit for bit, as in [`CompiledKernel`]; with it, of the whole batch. Equal inputs have equal entries either way.
///
/// # Examples
///
/// ```
/// use isotypic_architecture::Architecture;
/// use isotypic_kernel::{KernelError, CompiledKernel, MonteCarlo, MonteCarloKernel, Outputs};
/// use isotypic_work::Monitor;
///
/// let text = r#"{"layers": [{"conv": {"filter": [1]}}, {"max_pool": {"window": [2]}}, "flatten", "dense"]}"#;
/// let graph = Architecture::from_json(text)?.check(&[2, 2])?;
/// assert!(matches!(CompiledKernel::compile(&graph), Err(KernelError::NeedsSampling { .. })));
///
/// let kernel = MonteCarloKernel::compile(&graph, MonteCarlo::default())?;
/// // Two positions whose values are orthogonal: u and v are independent, of variance 1/2, and E[max(u, v)²] = 1/2.
/// let points = ndarray::array![[1.0_f64, 0.0, 0.0, 1.0]];
/// let inputs = kernel.prepare(points.view())?;
/// let estimates = kernel.symmetric(&inputs, Outputs::Nngp, &Monitor::silent())?;
/// let (mean, error) = (estimates.mean().nngp[[0, 0]], estimates.standard_error().nngp[[0, 0]]);
/// assert!((mean - 0.5).abs() <= 4.0 * error + 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MonteCarloKernel {
    settings: MonteCarlo,
    replicates: Replicates,
}

/// How replicates are evaluated.
#[derive(Debug)]
enum Replicates {
    /// Pair by pair.
    Pairwise(Vec<CompiledKernel>),
    /// All points at once.
    Whole(Box<BatchKernel>),
}

/// Inputs prepared for every replicate.
#[derive(Debug)]
pub struct MonteCarloInputs<T: Real = f64>(Inputs<T>);

#[derive(Debug)]
enum Inputs<T: Real> {
    /// For each replicate.
    Pairwise(Vec<PreparedInputs<T>>),
    /// Checked points.
    Whole(Array2<f64>),
}

/// The matrices of all replicates.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelEstimates<T = f64> {
    /// At least two independent estimates.
    pub replicates: Vec<KernelMatrices<T>>,
}

impl<T: Real> MonteCarloInputs<T> {
    /// Number of inputs.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Inputs::Pairwise(replicates) => replicates[0].len(),
            Inputs::Whole(points) => points.nrows(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl MonteCarloKernel {
    /// Compiles every replicate of a checked architecture.
    ///
    /// # Errors
    /// [`KernelError::MonteCarloSetting`] names a setting out of range; [`KernelError::BesideMaximum`],
    /// [`KernelError::WindowTooLarge`], [`KernelError::TooManyPositions`] and what [`CompiledKernel::compile`] refuses name the layer.
    pub fn compile(graph: &LayerGraph, settings: MonteCarlo) -> Result<Self, KernelError> {
        let settings = settings.check()?;
        if let Some(kernel) = BatchKernel::compile(graph, settings)? {
            return Ok(Self { settings, replicates: Replicates::Whole(Box::new(kernel)) });
        }
        let replicate = |index| CompiledKernel::compile_with(graph, Some(settings.replicate(index)));
        let replicates = (0..settings.replicates).map(replicate).collect::<Result<_, _>>()?;
        Ok(Self { settings, replicates: Replicates::Pairwise(replicates) })
    }

    /// How it is sampled.
    #[must_use]
    pub fn settings(&self) -> MonteCarlo {
        self.settings
    }

    /// The kernels of which this is the mean; `None` where entries [depend on the batch](Self::depends_on_batch).
    #[must_use]
    pub fn replicates(&self) -> Option<&[CompiledKernel]> {
        match &self.replicates {
            Replicates::Pairwise(kernels) => Some(kernels),
            Replicates::Whole(_) => None,
        }
    }

    /// Whether there is batch normalisation, so that an entry depends on all points of a call.
    #[must_use]
    pub fn depends_on_batch(&self) -> bool {
        matches!(self.replicates, Replicates::Whole(_))
    }

    /// Nominal seconds of one core for one of the pairs that [are evaluated](Self::pairs_evaluated).
    #[must_use]
    pub fn seconds_per_pair(&self) -> f64 {
        match &self.replicates {
            Replicates::Pairwise(kernels) => kernels[0].seconds_per_pair(),
            Replicates::Whole(kernel) => kernel.seconds_per_pair(),
        }
    }

    /// What an evaluation will take, on the current number of threads: replicates run one after the other, and all results are kept.
    #[must_use]
    pub fn plan<T: Real>(&self, rows: usize, columns: usize, symmetric: bool, outputs: Outputs) -> Plan {
        let one = match &self.replicates {
            Replicates::Pairwise(kernels) => kernels[0].plan::<T>(rows, columns, symmetric, outputs),
            Replicates::Whole(kernel) => {
                let (points, entries) =
                    (points_of_both(rows, columns, symmetric), rows as u64 * columns as u64);
                return kernel.plan(points, entries, outputs);
            }
        };
        let replicates = self.settings.replicates as u64;
        Plan { bytes: one.bytes * replicates, seconds: one.seconds * replicates as f64, ..one }
    }

    /// Number of pairs that an evaluation computes and reports to its monitor, over all replicates.
    #[must_use]
    pub fn pairs_evaluated<T: Real>(&self, rows: usize, columns: usize, symmetric: bool) -> f64 {
        match &self.replicates {
            Replicates::Pairwise(kernels) => {
                kernels[0].pairs_evaluated::<T>(rows, columns, symmetric) * kernels.len() as f64
            }
            Replicates::Whole(kernel) => kernel.pairs_evaluated(points_of_both(rows, columns, symmetric)),
        }
    }

    /// Checks points and computes what depends on one point alone, for every replicate.
    ///
    /// # Shapes
    /// - `points`: `[n, point_length]`
    ///
    /// # Errors
    /// As [`CompiledKernel::prepare`].
    pub fn prepare<T: Real>(&self, points: ArrayView2<'_, T>) -> Result<MonteCarloInputs<T>, KernelError> {
        let inputs = match &self.replicates {
            Replicates::Pairwise(kernels) => Inputs::Pairwise(
                kernels.iter().map(|kernel| kernel.prepare(points)).collect::<Result<_, _>>()?,
            ),
            Replicates::Whole(kernel) => {
                kernel.check_points(points)?;
                Inputs::Whole(points.mapv(Real::to_f64).as_standard_layout().into_owned())
            }
        };
        Ok(MonteCarloInputs(inputs))
    }

    /// Estimates of the kernel of a list of points with itself: `[n, n]`, bitwise symmetric.
    ///
    /// # Errors
    /// As [`CompiledKernel::symmetric`].
    pub fn symmetric<T: Real>(
        &self,
        x: &MonteCarloInputs<T>,
        outputs: Outputs,
        monitor: &Monitor,
    ) -> Result<KernelEstimates<T>, KernelError> {
        let replicates = match (&self.replicates, &x.0) {
            (Replicates::Pairwise(kernels), Inputs::Pairwise(x)) => {
                let all = kernels.iter().zip(x).map(|(kernel, x)| kernel.symmetric(x, outputs, monitor));
                all.collect::<Result<_, _>>()?
            }
            (Replicates::Whole(kernel), Inputs::Whole(x)) => {
                rounded(kernel.symmetric(x.view(), outputs, monitor)?)
            }
            _ => unreachable!("points are prepared by the kernel itself"),
        };
        Ok(KernelEstimates { replicates })
    }

    /// Estimates of the kernel between two lists of points, of which the first is the batch: `[x.len(), y.len()]`.
    ///
    /// # Errors
    /// As [`CompiledKernel::symmetric`].
    pub fn cross<T: Real>(
        &self,
        x: &MonteCarloInputs<T>,
        y: &MonteCarloInputs<T>,
        outputs: Outputs,
        monitor: &Monitor,
    ) -> Result<KernelEstimates<T>, KernelError> {
        let replicates = match (&self.replicates, &x.0, &y.0) {
            (Replicates::Pairwise(kernels), Inputs::Pairwise(x), Inputs::Pairwise(y)) => {
                let all = kernels.iter().zip(x.iter().zip(y));
                all.map(|(kernel, (x, y))| kernel.cross(x, y, outputs, monitor)).collect::<Result<_, _>>()?
            }
            (Replicates::Whole(kernel), Inputs::Whole(x), Inputs::Whole(y)) => {
                rounded(kernel.cross(x.view(), y.view(), outputs, monitor)?)
            }
            _ => unreachable!("points are prepared by the kernel itself"),
        };
        Ok(KernelEstimates { replicates })
    }
}

/// Points that are evaluated together.
fn points_of_both(rows: usize, columns: usize, symmetric: bool) -> usize {
    if symmetric { rows } else { rows + columns }
}

/// Matrices in double precision as they are handed over.
fn rounded<T: Real>(matrices: Vec<KernelMatrices>) -> Vec<KernelMatrices<T>> {
    let round = |matrix: Array2<f64>| matrix.mapv_into_any(T::from_f64);
    let each = |KernelMatrices { nngp, ntk }| KernelMatrices { nngp: round(nngp), ntk: ntk.map(round) };
    matrices.into_iter().map(each).collect()
}

impl<T: Real> KernelEstimates<T> {
    /// The mean over replicates, rounded once.
    #[must_use]
    pub fn mean(&self) -> KernelMatrices<T> {
        self.of_entries(|mean, _| T::from_f64(mean))
    }

    /// The standard error of the mean: the standard deviation of replicates divided by the root of their number.
    #[must_use]
    pub fn standard_error(&self) -> KernelMatrices {
        let count = self.replicates.len() as f64;
        self.of_entries(|_, squares| (squares / (count * (count - 1.0))).sqrt())
    }

    /// What `value` makes of the mean of every entry and of its sum of squared deviations.
    fn of_entries<R: Copy>(&self, value: impl Fn(f64, f64) -> R) -> KernelMatrices<R> {
        let of = |matrices: Vec<&Array2<T>>| {
            let count = matrices.len() as f64;
            let mut means: Array2<f64> = Array2::zeros(matrices[0].dim());
            for matrix in &matrices {
                Zip::from(&mut means).and(*matrix).for_each(|mean, entry| *mean += entry.to_f64() / count);
            }
            let mut squares: Array2<f64> = Array2::zeros(means.dim());
            for matrix in &matrices {
                Zip::from(&mut squares)
                    .and(&means)
                    .and(*matrix)
                    .for_each(|square, mean, entry| *square += (entry.to_f64() - mean).powi(2));
            }
            Zip::from(&means).and(&squares).map_collect(|&mean, &squares| value(mean, squares))
        };
        KernelMatrices {
            nngp: of(self.replicates.iter().map(|matrices| &matrices.nngp).collect()),
            ntk: self
                .replicates
                .iter()
                .map(|matrices| matrices.ntk.as_ref())
                .collect::<Option<Vec<_>>>()
                .map(of),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn errors_are_deviations_of_replicates_over_the_root_of_their_number() {
        let matrices = |value: f64| KernelMatrices { nngp: array![[value]], ntk: Some(array![[-value]]) };
        let estimates = KernelEstimates { replicates: [1.0, 2.0, 6.0].map(matrices).to_vec() };
        assert_eq!(estimates.mean(), matrices(3.0));
        // Deviations −2, −1 and 3: 14 / (3·2).
        let expected = f64::sqrt(14.0 / 6.0);
        let error = estimates.standard_error();
        assert!((error.nngp[[0, 0]] - expected).abs() < 1e-15);
        assert!((error.ntk.unwrap()[[0, 0]] - expected).abs() < 1e-15);
    }
}
