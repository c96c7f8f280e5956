//! A kernel ready to be evaluated: an architecture's layers, divided into a spatial and a scalar part.

use fearless_simd::Level;
use isotypic_architecture::{LayerGraph, Node, Operation};
use isotypic_work::{Monitor, Plan};
use ndarray::ArrayView2;
use rayon::prelude::*;

use crate::affine::Affine;
use crate::assemble::{assemble, pairs_evaluated};
use crate::feature_kernel::FeatureKernel;
use crate::nonlinearity::{LANES, Nonlinearity, from_operation};
use crate::outputs::{KernelMatrices, Outputs};
use crate::prepared_inputs::PreparedInputs;
use crate::scalar::{ScalarProgram, ScalarStep, padded_rows};
use crate::spatial::{Convolution, Evaluator, Grid, Readout, SpatialProgram, SpatialTerms, Stage};
use crate::terms::Terms;
use crate::{KernelError, cost};

/// How a pair of inputs gets its first covariance.
#[derive(Debug)]
pub(crate) enum Head {
    /// The mean product of coordinates, by matrix products.
    DotProduct,
    /// Layers on positions, then a readout.
    Spatial(SpatialProgram),
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
/// let points = ndarray::array![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
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
}

impl CompiledKernel {
    /// Compiles a checked architecture.
    ///
    /// # Errors
    /// [`KernelError::UnsupportedOperation`] or [`KernelError::NotAChain`] name the layer without a kernel here.
    pub fn compile(graph: &LayerGraph) -> Result<Self, KernelError> {
        let shape = graph.input_shape().to_vec();
        let layers = chain(graph)?;
        let (extents, channels) = match shape.split_last() {
            Some((&channels, extents)) => (extents, channels),
            None => (&[][..], 1),
        };
        let input =
            Grid::new(extents).ok_or(KernelError::TooManySpatialDimensions { rank: extents.len() })?;
        let readout_at = layers.iter().position(|node| is_readout(&node.operation));
        let (head, rest) = match readout_at {
            Some(at) if !extents.is_empty() => {
                (spatial_head(input, channels, &layers[..=at])?, &layers[at + 1..])
            }
            _ => (Head::DotProduct, &layers[..]),
        };
        let tail = Tail::Layers(scalar_program(rest)?);
        Ok(Self { shape, level: Level::new(), head, tail })
    }

    /// A kernel on feature vectors of the given dimension.
    #[must_use]
    pub fn on_features(kernel: FeatureKernel, dimension: usize) -> Self {
        Self {
            shape: vec![dimension],
            level: Level::new(),
            head: Head::DotProduct,
            tail: Tail::Feature(kernel),
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

    /// What an evaluation will take, on the current number of threads.
    ///
    /// Seconds are an estimate from nominal costs per operation; bytes count results, prepared inputs and scratch space.
    #[must_use]
    pub fn plan(&self, rows: usize, columns: usize, symmetric: bool, outputs: Outputs) -> Plan {
        cost::plan(self, rows, columns, symmetric, outputs)
    }

    /// Nominal seconds of one core for one pair of points.
    #[must_use]
    pub fn seconds_per_pair(&self) -> f64 {
        cost::seconds_per_pair(self)
    }

    /// Number of pairs that an evaluation computes and reports to its monitor: of a symmetric one the upper triangle, in
    /// whole tiles.
    #[must_use]
    pub fn pairs_evaluated(&self, rows: usize, columns: usize, symmetric: bool) -> f64 {
        pairs_evaluated(self, rows, columns, symmetric)
    }

    /// Checks points and computes what depends on one point alone.
    ///
    /// # Shapes
    /// - `points`: `[n, point_length]`, each row an input in C order with channels last
    ///
    /// # Errors
    /// [`KernelError::PointLength`], [`KernelError::NotFinite`] and [`KernelError::VarianceOutOfRange`] name the point.
    pub fn prepare(&self, points: ArrayView2<'_, f64>) -> Result<PreparedInputs, KernelError> {
        let (rows, length) = points.dim();
        if length != self.point_length() {
            let (expected, shape) = (self.point_length(), self.shape.clone());
            return Err(KernelError::PointLength { expected, got: length, shape });
        }
        for ((row, column), &value) in points.indexed_iter() {
            if !value.is_finite() {
                return Err(KernelError::NotFinite { row, column, value });
            }
        }
        let mut prepared =
            PreparedInputs { rows, points: Vec::new(), spatial: Vec::new(), states: Vec::new() };
        let padding = padded_rows(rows) - rows;
        let input_variances = match &self.head {
            Head::DotProduct => {
                prepared.points.reserve_exact(padded_rows(rows) * length);
                prepared.points.extend(points.iter());
                prepared.points.resize(padded_rows(rows) * length, 0.0);
                Some(
                    points
                        .outer_iter()
                        .map(|p| p.iter().map(|v| v * v).sum::<f64>() / length as f64)
                        .collect(),
                )
            }
            Head::Spatial(program) => {
                prepared.spatial = (0..rows)
                    .into_par_iter()
                    .map(|row| SpatialTerms::of_image(program, &points.row(row).to_vec()))
                    .collect();
                self.readout_variances(program, &prepared.spatial)
            }
        };
        check_variances(&prepared.spatial)?;
        if let Some(mut variances) = input_variances {
            variances.resize(rows + padding, 0.0);
            let input = Terms::from_variances(variances);
            prepared.states = match &self.tail {
                Tail::Layers(program) => program.states(input),
                Tail::Feature(_) => vec![input],
            };
        }
        for (state, terms) in prepared.states.iter().enumerate() {
            if let Some(row) = terms.variance.iter().position(|q| !q.is_finite()) {
                return Err(KernelError::VarianceOutOfRange { row, state, variance: terms.variance[row] });
            }
        }
        Ok(prepared)
    }

    /// Variances right after the readout, where a later nonlinearity needs them.
    fn readout_variances(&self, program: &SpatialProgram, images: &[SpatialTerms]) -> Option<Vec<f64>> {
        let Tail::Layers(tail) = &self.tail else { return None };
        if !tail.needs_variances() {
            return None;
        }
        let variances = images.par_iter().map(|image| match program.readout {
            Readout::Flatten => {
                let variances = image.variance_of(program.end);
                variances.iter().sum::<f64>() / variances.len() as f64
            }
            Readout::GlobalAveragePool | Readout::GlobalSumPool => {
                let lanes = SpatialTerms::of_lanes([image; LANES]);
                Evaluator::new(program, self.level, false).evaluate(image, &lanes).covariance[0]
            }
        });
        Some(variances.collect())
    }

    /// Largest estimate of the relative error that quadratures make in the variances of these points and of their
    /// derivatives, over all layers; 0 where every nonlinearity has a closed formula.
    ///
    /// Of `elementwise` layers: the difference to the sum with twice the nodes. Of `tanh`, `sigmoid`, `softplus` and `silu`:
    /// the largest error of the mixture that stands for the logistic function.
    #[must_use]
    pub fn quadrature_error(&self, points: &PreparedInputs) -> f64 {
        let largest = |nonlinearity: &dyn Nonlinearity, variances: &[f64]| {
            variances.iter().map(|&q| nonlinearity.approximation_error(q)).fold(0.0, f64::max)
        };
        let mut error: f64 = 0.0;
        if let Head::Spatial(program) = &self.head {
            for image in &points.spatial {
                for (stage, terms) in program.stages.iter().zip(&image.stages) {
                    if let Some(nonlinearity) = &stage.nonlinearity {
                        error = error.max(largest(nonlinearity.as_ref(), &terms.affine.variance));
                    }
                }
            }
        }
        if let Tail::Layers(program) = &self.tail {
            for (step, terms) in program.steps.iter().zip(&points.states) {
                if let ScalarStep::Nonlinearity(nonlinearity) = step {
                    error = error.max(largest(nonlinearity.as_ref(), &terms.variance[..points.len()]));
                }
            }
        }
        error
    }

    /// Kernel of a list of points with itself: `[n, n]`, bitwise symmetric.
    ///
    /// # Errors
    /// [`KernelError::Interrupted`] when the monitor was cancelled, [`KernelError::OutOfMemory`] when the result does not fit.
    pub fn symmetric(
        &self,
        x: &PreparedInputs,
        outputs: Outputs,
        monitor: &Monitor,
    ) -> Result<KernelMatrices, KernelError> {
        assemble(self, x, x, true, outputs, monitor)
    }

    /// Kernel between two lists of points: `[x.len(), y.len()]`.
    ///
    /// # Errors
    /// As [`symmetric`](Self::symmetric).
    pub fn cross(
        &self,
        x: &PreparedInputs,
        y: &PreparedInputs,
        outputs: Outputs,
        monitor: &Monitor,
    ) -> Result<KernelMatrices, KernelError> {
        assemble(self, x, y, false, outputs, monitor)
    }
}

/// Whether an operation joins positions.
fn is_readout(operation: &Operation) -> bool {
    matches!(operation, Operation::Flatten | Operation::GlobalAvgPool | Operation::GlobalSumPool)
}

/// The layers after the input that do something, each reading the one before.
fn chain(graph: &LayerGraph) -> Result<Vec<&Node>, KernelError> {
    let mut layers = Vec::new();
    for (index, node) in graph.nodes().iter().enumerate().skip(1) {
        if node.inputs.len() != 1 || node.inputs[0].index() + 1 != index {
            return Err(KernelError::NotAChain { path: node.path.clone() });
        }
        let does_nothing = match &node.operation {
            Operation::Identity => true,
            Operation::Dropout(dropout) => dropout.is_identity(),
            _ => false,
        };
        if !does_nothing {
            layers.push(node);
        }
    }
    Ok(layers)
}

/// The layers up to and including the readout.
fn spatial_head(input: Grid, channels: usize, layers: &[&Node]) -> Result<Head, KernelError> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut grid = input;
    let mut readout = Readout::Flatten;
    for node in layers {
        let unsupported = || KernelError::UnsupportedOperation { path: node.path.clone() };
        let convolution = match &node.operation {
            Operation::Dense(dense) => {
                Some(Convolution::pointwise(grid, Affine::from_dense(dense).ok_or_else(unsupported)?))
            }
            Operation::Conv(conv) => {
                let extents = &node.output_shape[..node.output_shape.len() - 1];
                let output = Grid::new(extents).ok_or_else(unsupported)?;
                Some(Convolution::from_conv(conv, grid, output).ok_or_else(unsupported)?)
            }
            Operation::Flatten => None,
            Operation::GlobalAvgPool => {
                readout = Readout::GlobalAveragePool;
                None
            }
            Operation::GlobalSumPool => {
                readout = Readout::GlobalSumPool;
                None
            }
            operation => {
                let nonlinearity = from_operation(operation).ok_or_else(unsupported)?;
                match stages.last_mut() {
                    Some(stage @ Stage { nonlinearity: None, .. }) => stage.nonlinearity = Some(nonlinearity),
                    _ => return Err(unsupported()),
                }
                None
            }
        };
        if let Some(convolution) = convolution {
            grid = convolution.output;
            stages.push(Stage { input: stages.len(), convolution, nonlinearity: None });
        }
    }
    if stages.is_empty() && readout == Readout::Flatten {
        return Ok(Head::DotProduct);
    }
    let end = stages.len();
    Ok(Head::Spatial(SpatialProgram { input, channels, stages, end, readout }))
}

/// The layers after the readout.
fn scalar_program(layers: &[&Node]) -> Result<ScalarProgram, KernelError> {
    let mut steps = Vec::new();
    for node in layers {
        let unsupported = || KernelError::UnsupportedOperation { path: node.path.clone() };
        match &node.operation {
            Operation::Dense(dense) => {
                steps.push(ScalarStep::Affine(Affine::from_dense(dense).ok_or_else(unsupported)?));
            }
            Operation::Flatten => {} // a vector stays a vector
            Operation::LayerNorm(norm) => steps.push(ScalarStep::LayerNorm { epsilon: norm.epsilon }),
            operation => {
                let nonlinearity = from_operation(operation).ok_or_else(unsupported)?;
                steps.push(ScalarStep::Nonlinearity(nonlinearity));
            }
        }
    }
    Ok(ScalarProgram { steps })
}

fn check_variances(images: &[SpatialTerms]) -> Result<(), KernelError> {
    for (row, image) in images.iter().enumerate() {
        for state in 0..=image.stages.len() {
            if let Some(&variance) = image.variance_of(state).iter().find(|q| !q.is_finite()) {
                return Err(KernelError::VarianceOutOfRange { row, state, variance });
            }
        }
    }
    Ok(())
}
