//! A kernel ready to be evaluated: an architecture's layers, divided into a spatial and a scalar part.

use fearless_simd::Level;
use isotypic_architecture::LayerGraph;
use isotypic_work::{Monitor, Plan};
use ndarray::ArrayView2;
use rayon::prelude::*;

use crate::assemble::{assemble, pairs_evaluated};
use crate::feature_kernel::FeatureKernel;
use crate::given::{AllGiven, Given};
use crate::lower::{Part, lower};
use crate::monte_carlo::Sampling;
use crate::nonlinearity::Nonlinearity;
use crate::outputs::{KernelMatrices, Outputs};
use crate::prepared_inputs::PreparedInputs;
use crate::real::Real;
use crate::scalar::{Form, ScalarMoments, ScalarOperation, ScalarProgram, padded_rows};
use crate::spatial::{SpatialProgram, SpatialTerms};
use crate::terms::Terms;
use crate::{KernelError, cost};

/// How a pair of inputs gets its first covariance.
#[derive(Debug)]
pub(crate) enum Head {
    /// The mean product of coordinates, by matrix products.
    DotProduct,
    /// All is given.
    Nothing,
    /// Layers on positions, then a readout.
    Spatial(Box<SpatialProgram>),
}

/// What follows once a pair has a single covariance.
#[derive(Debug)]
pub(crate) enum Tail {
    /// Layers without positions.
    Layers(ScalarProgram),
    /// A closed formula in norms and angle.
    Feature(FeatureKernel),
}

/// The NNGP and NTK of one architecture at infinite width, for inputs of one shape.
///
/// Every value is a function of its two points alone, bit for bit: any subset, order, tiling and number of threads
/// gives the same number, and `kernel(x, y)` is the transpose of `kernel(y, x)`.
///
/// # Examples
///
/// ```
/// use isotypic_architecture::Architecture;
/// use isotypic_kernel::{CompiledKernel, Outputs};
/// use isotypic_work::Monitor;
///
/// let graph = Architecture::named("mlp")?.check(&[3])?;
/// let kernel = CompiledKernel::compile(&graph)?;
/// let points = ndarray::array![[1.0_f64, 0.0, 0.0], [0.0, 1.0, 0.0]];
/// let inputs = kernel.prepare(points.view())?;
/// let matrices = kernel.symmetric(&inputs, Outputs::NngpAndNtk, &Monitor::silent())?;
/// // w_std = b_std = 1: variances 1 + 1/3 before the rectifier, half of that after it, plus the bias.
/// assert!((matrices.nngp[[0, 0]] - (1.0 + 2.0 / 3.0)).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct CompiledKernel {
    pub(crate) shape: Vec<usize>,
    pub(crate) level: Level,
    pub(crate) head: Head,
    pub(crate) tail: Tail,
    /// The form in which values are given: covariances, or differences.
    pub(crate) gives: Form,
}

impl CompiledKernel {
    /// Compiles a checked architecture.
    ///
    /// # Errors
    /// [`KernelError::UnsupportedOperation`] names the layer without a kernel here, [`KernelError::NeedsSampling`] one that
    /// [`MonteCarloKernel`](crate::MonteCarloKernel) can sample, [`KernelError::TooManySpatialDimensions`] the rank of the input.
    pub fn compile(graph: &LayerGraph) -> Result<Self, KernelError> {
        Self::compile_with(graph, None)
    }

    /// The same, with layers that are sampled if that is known.
    pub(crate) fn compile_with(graph: &LayerGraph, sampling: Option<Sampling>) -> Result<Self, KernelError> {
        Self::compile_part(graph, sampling, &Part::whole(graph))
    }

    /// The same of a part of a network.
    pub(crate) fn compile_part(
        graph: &LayerGraph,
        sampling: Option<Sampling>,
        part: &Part,
    ) -> Result<Self, KernelError> {
        let (head, program) = lower(graph, sampling, part)?;
        let shape = graph.input_shape().to_vec();
        Ok(Self { shape, level: Level::new(), head, tail: Tail::Layers(program), gives: Form::Covariance })
    }

    /// A kernel on feature vectors of the given dimension.
    #[must_use]
    pub fn on_features(kernel: FeatureKernel, dimension: usize) -> Self {
        Self {
            shape: vec![dimension],
            level: Level::new(),
            head: Head::DotProduct,
            tail: Tail::Feature(kernel),
            gives: Form::Covariance,
        }
    }

    /// Shape of one input: spatial extents, then channels.
    #[must_use]
    pub fn input_shape(&self) -> &[usize] {
        &self.shape
    }

    /// Numbers per input.
    #[must_use]
    pub fn point_length(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether masks are drawn, so that a point with itself differs from a pair of equal points.
    #[must_use]
    pub fn draws_masks(&self) -> bool {
        let scalar = matches!(&self.tail, Tail::Layers(program) if program.draws_masks());
        scalar || matches!(&self.head, Head::Spatial(program) if program.draws_masks())
    }

    /// What an evaluation will take, on the current number of threads.
    ///
    /// Seconds are an estimate from nominal costs per operation; bytes count results, prepared inputs and scratch space.
    #[must_use]
    pub fn plan<T: Real>(&self, rows: usize, columns: usize, symmetric: bool, outputs: Outputs) -> Plan {
        cost::plan::<T>(self, rows, columns, symmetric, outputs)
    }

    /// Nominal seconds of one core for one pair of points.
    #[must_use]
    pub fn seconds_per_pair(&self) -> f64 {
        cost::seconds_per_pair(self)
    }

    /// Number of pairs that an evaluation computes and reports to its monitor: of a symmetric one the upper triangle, in
    /// whole tiles.
    #[must_use]
    pub fn pairs_evaluated<T: Real>(&self, rows: usize, columns: usize, symmetric: bool) -> f64 {
        pairs_evaluated::<T>(self, rows, columns, symmetric)
    }

    /// Checks points and computes what depends on one point alone.
    ///
    /// # Shapes
    /// - `points`: `[n, point_length]`, each row an input in C order with channels last
    ///
    /// # Errors
    /// [`KernelError::PointLength`], [`KernelError::NotFinite`] and [`KernelError::VarianceOutOfRange`] name the point.
    pub fn prepare<T: Real>(&self, points: ArrayView2<'_, T>) -> Result<PreparedInputs<T>, KernelError> {
        self.prepare_given(points, AllGiven::default())
    }

    /// The same of a part of a network that starts from what is given for these points too.
    pub(crate) fn prepare_given<T: Real>(
        &self,
        points: ArrayView2<'_, T>,
        given: AllGiven,
    ) -> Result<PreparedInputs<T>, KernelError> {
        self.prepare_with(points, given, |groups, terms| (0..groups).into_par_iter().map(terms).collect())
    }

    /// Refuses points of the wrong length, and those that are not numbers.
    pub(crate) fn check_points<T: Real>(&self, points: ArrayView2<'_, T>) -> Result<(), KernelError> {
        let length = points.ncols();
        if length != self.point_length() {
            let (expected, shape) = (self.point_length(), self.shape.clone());
            return Err(KernelError::PointLength { expected, got: length, shape });
        }
        for ((row, column), value) in points.indexed_iter() {
            let value = value.to_f64();
            if !value.is_finite() {
                return Err(KernelError::NotFinite { row, column, value });
            }
        }
        Ok(())
    }

    /// Checks points and computes what depends on one point alone; `all` runs through groups of images.
    pub(crate) fn prepare_with<T: Real>(
        &self,
        points: ArrayView2<'_, T>,
        given: AllGiven,
        all: impl Fn(
            usize,
            &(dyn Fn(usize) -> Result<Vec<SpatialTerms<T>>, KernelError> + Sync),
        ) -> Result<Vec<Vec<SpatialTerms<T>>>, KernelError>,
    ) -> Result<PreparedInputs<T>, KernelError> {
        let (rows, length) = points.dim();
        self.check_points(points)?;
        let mut prepared = PreparedInputs {
            rows,
            points: Vec::new(),
            spatial: Vec::new(),
            states: Vec::new(),
            diagonal: Vec::new(),
            given: given.vectors.clone(),
            ntk_out_of_range: None,
        };
        let mut inputs = match &self.head {
            Head::Nothing => Vec::new(),
            Head::DotProduct => {
                prepared.points.reserve_exact(padded_rows(rows) * length);
                prepared.points.extend(points.iter());
                prepared.points.resize(padded_rows(rows) * length, T::from_f64(0.0));
                let mean_square = |point: ndarray::ArrayView1<'_, T>| {
                    point.iter().map(|value| value.to_f64() * value.to_f64()).sum::<f64>() / length as f64
                };
                let variance: Vec<f64> = points.outer_iter().map(mean_square).collect();
                vec![ScalarMoments { ntk: vec![0.0; rows], variance }]
            }
            Head::Spatial(program) => {
                let terms = |group: usize| {
                    let group = group * T::LANES..((group + 1) * T::LANES).min(rows);
                    let images = group.clone().map(|row| points.row(row).to_vec()).collect();
                    SpatialTerms::of_images(program, self.level, group.start, images, &given.positions)
                };
                prepared.spatial = all(rows.div_ceil(T::LANES), &terms)?.into_iter().flatten().collect();
                readout_moments(program, &prepared.spatial)
            }
        };
        let has_moments = !inputs.is_empty() || matches!(self.head, Head::Nothing);
        inputs.extend(given.vectors.iter().filter(|_| has_moments).map(Given::moments));
        if inputs.is_empty() {
            return Ok(prepared); // no layer needs them
        }
        let padding = padded_rows(rows) - rows;
        let PreparedInputs { states, ntk_out_of_range, .. } = &mut prepared;
        let mut keep = |state: usize, moments: &ScalarMoments| {
            check_variances::<T>(state, moments)?;
            let beyond = moments.ntk.iter().position(|&theta| !in_range::<T>(theta));
            if let (Some(row), None) = (beyond, &ntk_out_of_range) {
                let ntk = moments.ntk[row];
                *ntk_out_of_range = Some(KernelError::TangentKernelOutOfRange { row, state, ntk });
            }
            let padding = std::iter::repeat_n((0.0, 0.0), padding);
            let moments = moments.variance.iter().copied().zip(moments.ntk.iter().copied());
            states.push(Terms::new(moments.chain(padding)));
            Ok::<(), KernelError>(())
        };
        match &self.tail {
            Tail::Layers(program) => {
                let output = program.moments(inputs, keep)?;
                prepared.diagonal = output.variance.into_iter().zip(output.ntk).collect();
            }
            Tail::Feature(_) => inputs.iter().try_for_each(|input| keep(0, input))?,
        }
        Ok(prepared)
    }

    /// Largest estimate of the relative error that quadratures make in the variances of these points and of their
    /// derivatives, over all layers; 0 where every nonlinearity has a closed formula.
    ///
    /// Of `elementwise` layers: the difference to the sum with twice the nodes. Of `tanh`, `sigmoid`, `softplus` and `silu`:
    /// the largest error of the mixture that stands for the logistic function.
    #[must_use]
    pub fn quadrature_error<T: Real>(&self, points: &PreparedInputs<T>) -> f64 {
        let largest = |nonlinearity: &dyn Nonlinearity, variances: &[T]| {
            let errors = variances.iter().map(|q| nonlinearity.approximation_error(q.to_f64()));
            errors.fold(0.0, f64::max)
        };
        let mut error: f64 = 0.0;
        if let Head::Spatial(program) = &self.head {
            for image in &points.spatial {
                for (stage, state) in program.stages.iter().zip(1..) {
                    if let Some(nonlinearity) = &stage.nonlinearity {
                        error = error.max(largest(nonlinearity.as_ref(), image.variances_before(state)));
                    }
                }
            }
        }
        if let Tail::Layers(program) = &self.tail {
            for step in &program.steps {
                if let ScalarOperation::Nonlinearity(nonlinearity) = &step.operation {
                    let variances = &points.states[step.inputs[0]].variance[..points.len()];
                    error = error.max(largest(nonlinearity.as_ref(), variances));
                }
            }
        }
        error
    }

    /// Kernel of a list of points with itself: `[n, n]`, bitwise symmetric.
    ///
    /// # Errors
    /// [`KernelError::Interrupted`] when the monitor was cancelled, [`KernelError::OutOfMemory`] when the result does not fit,
    /// [`KernelError::TangentKernelOutOfRange`] names a point whose tangent kernel was asked for and cannot be represented.
    pub fn symmetric<T: Real>(
        &self,
        x: &PreparedInputs<T>,
        outputs: Outputs,
        monitor: &Monitor,
    ) -> Result<KernelMatrices<T>, KernelError> {
        assemble(self, x, x, true, outputs, monitor)
    }

    /// Kernel between two lists of points: `[x.len(), y.len()]`.
    ///
    /// # Errors
    /// As [`symmetric`](Self::symmetric).
    pub fn cross<T: Real>(
        &self,
        x: &PreparedInputs<T>,
        y: &PreparedInputs<T>,
        outputs: Outputs,
        monitor: &Monitor,
    ) -> Result<KernelMatrices<T>, KernelError> {
        assemble(self, x, y, false, outputs, monitor)
    }
}

/// The moments of all readouts, point by point; empty if no layer needs them.
fn readout_moments<T: Real>(program: &SpatialProgram, images: &[SpatialTerms<T>]) -> Vec<ScalarMoments> {
    if !program.needs_readout_moments {
        return Vec::new();
    }
    let of_readout = |readout: usize| {
        let (variance, ntk) = images.iter().map(|image| image.readout_moments[readout]).unzip();
        ScalarMoments { variance, ntk }
    };
    (0..program.readouts.len()).map(of_readout).collect()
}

/// Refuses variances that leave the range of `T`.
fn check_variances<T: Real>(state: usize, moments: &ScalarMoments) -> Result<(), KernelError> {
    match moments.variance.iter().position(|&q| !in_range::<T>(q)) {
        Some(row) => Err(KernelError::VarianceOutOfRange { row, state, variance: moments.variance[row] }),
        None => Ok(()),
    }
}

/// Whether sums of a few numbers of this size are finite in `T`.
fn in_range<T: Real>(value: f64) -> bool {
    T::from_f64(8.0 * value).to_f64().is_finite()
}
