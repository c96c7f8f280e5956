//! Kernels of networks with batch normalisation.

use isotypic_architecture::{LayerGraph, Operation};
use isotypic_work::{Monitor, Plan};
use ndarray::{Array2, ArrayView2, s};

use super::normalized_batch::{DRAWS_HELD, NormalizedBatch};
use super::segment::Segment;
use super::segments::Segments;
use crate::KernelError;
use crate::cost::PRODUCT;
use crate::given::Given;
use crate::monte_carlo::{MonteCarlo, Sampling};
use crate::outputs::{KernelMatrices, Outputs};
use crate::real::Real;

/// The window that names the stream of a whole layer: no window of a layer that is sampled pair by pair has this number.
const WHOLE_LAYER: usize = usize::MAX;

/// Matrices of all pairs of variables that one normalisation holds at the peak, for one kernel and for each: the factor; sums, and what they
/// are handed on as.
const MATRICES_HELD: [u64; 2] = [1, 3];

/// The same of numbers per variable and draw: draws, with both signs, and what they are made from.
const NUMBERS_PER_DRAW: u64 = 4;

/// Nanoseconds per multiplication and addition of a factor, which reads one row after the other from memory.
const FACTOR: f64 = 0.8;

/// A network whose values depend on the whole batch, all replicates of it.
#[derive(Debug)]
pub(crate) struct BatchKernel {
    replicates: Vec<Sampling>,
    /// For all replicates, or one for each if other layers are sampled too.
    segments: Vec<Segments>,
}

impl BatchKernel {
    /// Compiles all parts of the network; `None` without batch normalisation.
    pub(crate) fn compile(graph: &LayerGraph, settings: MonteCarlo) -> Result<Option<Self>, KernelError> {
        if !graph.nodes().iter().any(|node| matches!(node.operation, Operation::BatchNorm(_))) {
            return Ok(None);
        }
        let replicates: Vec<Sampling> =
            (0..settings.replicates).map(|index| settings.replicate(index)).collect();
        let segments = match Segments::compile(graph, None) {
            Err(KernelError::NeedsSampling { .. }) => {
                let all = replicates.iter().map(|&sampling| Segments::compile(graph, Some(sampling)));
                all.collect::<Result<_, _>>()?
            }
            segments => vec![segments?],
        };
        Ok(Some(Self { replicates, segments }))
    }

    /// Refuses points of the wrong length, and those that are not numbers.
    pub(crate) fn check_points<T: Real>(&self, points: ArrayView2<'_, T>) -> Result<(), KernelError> {
        self.segments[0].output.check_points(points)
    }

    /// All replicates of the kernel of some points with each other; the first `batch` of them are the batch.
    ///
    /// # Shapes
    /// - `points`: `[n, point_length]`
    /// - result: `[n, n]` each
    fn evaluate(
        &self,
        points: ArrayView2<'_, f64>,
        batch: usize,
        outputs: Outputs,
        monitor: &Monitor,
        mut keep: impl FnMut(KernelMatrices) -> KernelMatrices,
    ) -> Result<Vec<KernelMatrices>, KernelError> {
        let between = if outputs.with_ntk() { Outputs::NngpAndNtk } else { Outputs::Nngp };
        let mut shared: Vec<Option<NormalizedBatch>> = Vec::new();
        shared.resize_with(self.segments[0].stages.len(), || None);
        let mut all = Vec::with_capacity(self.replicates.len());
        for (index, &sampling) in self.replicates.iter().enumerate() {
            let segments = self.segments.get(index).unwrap_or(&self.segments[0]);
            let mut values: Vec<Given> = Vec::new();
            for (stage, shared) in segments.stages.iter().zip(&mut shared) {
                let own;
                let normalized = match shared {
                    Some(shared) => &*shared,
                    None => {
                        let matrices = stage.before.evaluate(points, &values, between, monitor)?;
                        let batch = batch * stage.before.positions;
                        let normalized = NormalizedBatch::new(&matrices, batch, &stage.layer.path)?;
                        if self.is_shared(&stage.before) {
                            shared.insert(normalized)
                        } else {
                            own = normalized;
                            &own
                        }
                    }
                };
                monitor.check()?;
                let stream = sampling.stream(stage.node, WHOLE_LAYER);
                let sampled = normalized
                    .sample(&stage.layer, sampling.samples, &stream)
                    .map_err(|error| of_points(error, stage.before.positions))?;
                values.extend(sampled.into_iter().map(Given::new));
                monitor.advance(pairs(points.nrows()));
            }
            all.push(keep(segments.output.evaluate(points, &values, outputs, monitor)?));
        }
        Ok(all)
    }

    /// The kernel of a batch with itself, all replicates.
    pub(crate) fn symmetric(
        &self,
        x: ArrayView2<'_, f64>,
        outputs: Outputs,
        monitor: &Monitor,
    ) -> Result<Vec<KernelMatrices>, KernelError> {
        self.evaluate(x, x.nrows(), outputs, monitor, |matrices| matrices)
    }

    /// The kernel between a batch and other points, which are normalised by its statistics, all replicates.
    pub(crate) fn cross(
        &self,
        x: ArrayView2<'_, f64>,
        y: ArrayView2<'_, f64>,
        outputs: Outputs,
        monitor: &Monitor,
    ) -> Result<Vec<KernelMatrices>, KernelError> {
        let batch = x.nrows();
        let points = ndarray::concatenate![ndarray::Axis(0), x, y];
        let between = |matrix: Array2<f64>| match matrix.is_empty() {
            true => matrix,
            false => matrix.slice(s![..batch, batch..]).to_owned(),
        };
        self.evaluate(points.view(), batch, outputs, monitor, |KernelMatrices { nngp, ntk }| KernelMatrices {
            nngp: between(nngp),
            ntk: ntk.map(between),
        })
    }

    /// Whether a part of the network is the same in all replicates.
    fn is_shared(&self, segment: &Segment) -> bool {
        self.segments.len() == 1 && segment.reads_input_alone()
    }

    /// Evaluations of every part, in all replicates.
    fn evaluations(&self) -> impl Iterator<Item = (&Segment, f64)> {
        let replicates = self.replicates.len() as f64;
        self.segments[0].parts().map(move |part| (part, if self.is_shared(part) { 1.0 } else { replicates }))
    }

    /// Pairs that are reported to the monitor, with so many points in all.
    pub(crate) fn pairs_evaluated(&self, points: usize) -> f64 {
        let of_parts = self.evaluations().map(|(part, times)| times * part.pairs_evaluated(points));
        let sampled = self.segments[0].stages.len() as f64 * self.replicates.len() as f64;
        of_parts.sum::<f64>() + sampled * pairs(points)
    }

    /// Nominal seconds of one core for every pair that is reported: the mean over parts of the network and normalisations.
    pub(crate) fn seconds_per_pair(&self) -> f64 {
        let (mut seconds, mut weight) = (0.0, 0.0);
        for (part, times) in self.evaluations() {
            // Of a symmetric matrix one half is evaluated.
            seconds += 0.5 * times * part.seconds_per_pair();
            weight += 0.5 * times;
        }
        let (samples, times) = (self.replicates[0].samples as f64, self.replicates.len() as f64);
        for stage in &self.segments[0].stages {
            // Draws, products, and those of tangent kernels: of two halves.
            seconds += times * 4.0 * samples * PRODUCT * 1e-9 * pairs(stage.before.positions);
            weight += times;
        }
        seconds / weight
    }

    /// What an evaluation with so many points in all takes, of which there are results for `entries` pairs.
    pub(crate) fn plan(&self, points: usize, entries: u64, outputs: Outputs) -> Plan {
        let kernels = 1 + u64::from(outputs.with_ntk());
        let between = if outputs.with_ntk() { Outputs::NngpAndNtk } else { Outputs::Nngp };
        // What one part of the network or one normalisation holds, and what stays.
        let (mut largest, mut kept) = (self.segments[0].output.bytes(points, outputs), 0_u64);
        let mut factors = 0.0;
        for stage in &self.segments[0].stages {
            let variables = points.saturating_mul(stage.before.positions);
            let matrix = 8_u64.saturating_mul(variables as u64).saturating_mul(variables as u64);
            let draws = 8 * NUMBERS_PER_DRAW * kernels * DRAWS_HELD as u64 * variables as u64;
            let held = MATRICES_HELD[0] + MATRICES_HELD[1] * kernels;
            let normalizing = matrix.saturating_mul(held).saturating_add(draws);
            largest = largest.max(stage.before.bytes(points, between)).max(normalizing);
            let is_shared = u64::from(self.is_shared(&stage.before));
            let of_outputs = kernels * (stage.layer.outputs.len() as u64 + is_shared);
            kept = kept.saturating_add(matrix.saturating_mul(of_outputs));
            let times = if is_shared == 1 { 1.0 } else { self.replicates.len() as f64 };
            factors += times * (variables as f64).powi(3) / 3.0;
        }
        let results = entries.saturating_mul(8 * outputs.count() * self.replicates.len() as u64);
        let seconds = self.pairs_evaluated(points) * self.seconds_per_pair() + factors * FACTOR * 1e-9;
        Plan {
            entries,
            bytes: largest.saturating_add(kept).saturating_add(results),
            seconds: seconds / rayon::current_num_threads() as f64,
        }
    }
}

/// An error that names variables, in the words of who knows points.
fn of_points(error: KernelError, positions: usize) -> KernelError {
    match error {
        KernelError::KernelOutOfRange { row, column, value } => {
            KernelError::KernelOutOfRange { row: row / positions, column: column / positions, value }
        }
        error => error,
    }
}

fn pairs(points: usize) -> f64 {
    points as f64 * points as f64
}
