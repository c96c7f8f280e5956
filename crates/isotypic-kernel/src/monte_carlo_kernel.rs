//! Kernels of networks with layers that are sampled, with standard errors.
//!
//! Every replicate is a [`CompiledKernel`] of the whole network with random points of its own, so that what later layers, readouts
//! and solvers make of the sampling error shows in the spread of the replicates. No network is built or trained.

use isotypic_architecture::LayerGraph;
use isotypic_work::{Monitor, Plan};
use ndarray::{Array2, ArrayView2, Zip};

use crate::compiled_kernel::CompiledKernel;
use crate::outputs::{KernelMatrices, Outputs};
use crate::prepared_inputs::PreparedInputs;
use crate::real::Real;
use crate::{KernelError, MonteCarlo};

/// The kernel of one architecture, some of whose layers have no closed form: several independent estimates of it.
///
/// Within a replicate all entries are estimated from the same points, and an entry is a function of its two inputs alone, bit for
/// bit, as in [`CompiledKernel`].
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
    replicates: Vec<CompiledKernel>,
}

/// Inputs prepared for every replicate.
#[derive(Debug)]
pub struct MonteCarloInputs<T: Real = f64>(Vec<PreparedInputs<T>>);

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
        self.0[0].len()
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
        let replicate = |index| CompiledKernel::compile_with(graph, Some(settings.replicate(index)));
        let replicates = (0..settings.replicates).map(replicate).collect::<Result<_, _>>()?;
        Ok(Self { settings, replicates })
    }

    /// How it is sampled.
    #[must_use]
    pub fn settings(&self) -> MonteCarlo {
        self.settings
    }

    /// The kernels of which this is the mean.
    #[must_use]
    pub fn replicates(&self) -> &[CompiledKernel] {
        &self.replicates
    }

    /// Nominal seconds of one core for one pair of points, in all replicates.
    #[must_use]
    pub fn seconds_per_pair(&self) -> f64 {
        self.replicates.iter().map(CompiledKernel::seconds_per_pair).sum()
    }

    /// What an evaluation will take, on the current number of threads: replicates run one after the other, and all results are kept.
    #[must_use]
    pub fn plan<T: Real>(&self, rows: usize, columns: usize, symmetric: bool, outputs: Outputs) -> Plan {
        let one = self.replicates[0].plan::<T>(rows, columns, symmetric, outputs);
        let replicates = self.replicates.len() as u64;
        Plan { bytes: one.bytes * replicates, seconds: one.seconds * replicates as f64, ..one }
    }

    /// Number of pairs that an evaluation computes and reports to its monitor, over all replicates.
    #[must_use]
    pub fn pairs_evaluated<T: Real>(&self, rows: usize, columns: usize, symmetric: bool) -> f64 {
        let one = self.replicates[0].pairs_evaluated::<T>(rows, columns, symmetric);
        one * self.replicates.len() as f64
    }

    /// Checks points and computes what depends on one point alone, for every replicate.
    ///
    /// # Shapes
    /// - `points`: `[n, point_length]`
    ///
    /// # Errors
    /// As [`CompiledKernel::prepare`].
    pub fn prepare<T: Real>(&self, points: ArrayView2<'_, T>) -> Result<MonteCarloInputs<T>, KernelError> {
        let all = self.replicates.iter().map(|kernel| kernel.prepare(points));
        all.collect::<Result<_, _>>().map(MonteCarloInputs)
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
        let all = self.replicates.iter().zip(&x.0).map(|(kernel, x)| kernel.symmetric(x, outputs, monitor));
        Ok(KernelEstimates { replicates: all.collect::<Result<_, _>>()? })
    }

    /// Estimates of the kernel between two lists of points: `[x.len(), y.len()]`.
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
        let both = x.0.iter().zip(&y.0);
        let all =
            self.replicates.iter().zip(both).map(|(kernel, (x, y))| kernel.cross(x, y, outputs, monitor));
        Ok(KernelEstimates { replicates: all.collect::<Result<_, _>>()? })
    }
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
