//! A part of a network between batch normalisations, compiled by itself.

use fearless_simd::Level;
use isotypic_architecture::LayerGraph;
use isotypic_work::Monitor;
use ndarray::ArrayView2;

use crate::KernelError;
use crate::compiled_kernel::CompiledKernel;
use crate::cost::SPATIAL_LAYER;
use crate::given::{AllGiven, Given};
use crate::lower::{Part, lower_to_positions};
use crate::monte_carlo::Sampling;
use crate::outputs::{KernelMatrices, Outputs};
use crate::real::Real;
use crate::spatial::SpatialProgram;

/// A part of the network up to one node, from the input and from what comes out of earlier normalisations.
#[derive(Debug)]
pub(super) struct Segment {
    program: Program,
    /// The outputs of normalisations that it reads, among those of all: vectors, and what has positions.
    given: [Vec<usize>; 2],
    /// Positions of what comes out; 1 for vectors.
    pub(super) positions: usize,
}

#[derive(Debug)]
enum Program {
    /// Up to a vector.
    Vectors(CompiledKernel),
    /// Up to what has positions.
    Positions { program: Box<SpatialProgram>, level: Level },
}

impl Segment {
    pub(super) fn compile(
        graph: &LayerGraph,
        sampling: Option<Sampling>,
        target: usize,
        given: &[usize],
    ) -> Result<Self, KernelError> {
        let is_reached = Part { target, given: given.to_vec() }.reached(graph.nodes());
        let mut read: Vec<usize> = (0..given.len()).filter(|&at| is_reached[given[at]]).collect();
        // In the order of the graph, in which they are lowered.
        read.sort_by_key(|&at| given[at]);
        let part = Part { target, given: read.iter().map(|&at| given[at]).collect() };
        let has_positions = |node: usize| graph.nodes()[node].output_shape.len() > 1;
        let program = match has_positions(target) {
            false => Program::Vectors(CompiledKernel::compile_part(graph, sampling, &part)?),
            true => {
                let program = Box::new(lower_to_positions(graph, sampling, &part)?);
                Program::Positions { program, level: Level::new() }
            }
        };
        let (positions, vectors) = read.into_iter().partition(|&at| has_positions(given[at]));
        let extents = &graph.nodes()[target].output_shape;
        let positions_of_target = extents[..extents.len() - 1].iter().product();
        Ok(Self { program, given: [vectors, positions], positions: positions_of_target })
    }

    /// The kernel of points with each other at the end of this part, given what comes out of earlier normalisations: `[n, n]`, or between
    /// all positions of all points.
    pub(super) fn evaluate(
        &self,
        points: ArrayView2<'_, f64>,
        values: &[Given],
        outputs: Outputs,
        monitor: &Monitor,
    ) -> Result<KernelMatrices, KernelError> {
        let [vectors, positions] =
            self.given.each_ref().map(|given| given.iter().map(|&at| values[at].clone()).collect::<Vec<_>>());
        match &self.program {
            Program::Vectors(kernel) => {
                let prepared = kernel.prepare_given(points, AllGiven { vectors, positions })?;
                kernel.symmetric(&prepared, outputs, monitor)
            }
            Program::Positions { program, level } => {
                let with_ntk = outputs.with_ntk();
                let matrices = program.between_positions(*level, points, &positions, with_ntk, monitor)?;
                monitor.advance(self.pairs_evaluated(points.nrows()));
                Ok(matrices)
            }
        }
    }

    /// Whether it reads nothing but the input.
    pub(super) fn reads_input_alone(&self) -> bool {
        self.given.iter().all(Vec::is_empty)
    }

    /// Pairs of points that are reported to the monitor.
    pub(super) fn pairs_evaluated(&self, points: usize) -> f64 {
        match &self.program {
            Program::Vectors(kernel) => kernel.pairs_evaluated::<f64>(points, points, true),
            Program::Positions { .. } => points as f64 * (points as f64 + 1.0) / 2.0,
        }
    }

    /// Nominal seconds of one core for one pair of points.
    pub(super) fn seconds_per_pair(&self) -> f64 {
        match &self.program {
            Program::Vectors(kernel) => kernel.seconds_per_pair(),
            Program::Positions { program, .. } => program.evaluations_per_pair() * SPATIAL_LAYER * 1e-9,
        }
    }

    /// Bytes at the peak of an evaluation, the result included.
    pub(super) fn bytes(&self, points: usize, outputs: Outputs) -> u64 {
        match &self.program {
            Program::Vectors(kernel) => kernel.plan::<f64>(points, points, true, outputs).bytes,
            Program::Positions { program, .. } => {
                let pairs = (self.positions as u64).saturating_mul(self.positions as u64);
                let kernels = 1 + u64::from(outputs.with_ntk());
                let size = (points as u64).saturating_mul(points as u64).saturating_mul(8 * pairs);
                // Differences between the positions of one input per lane, of all inputs with themselves and of every thread.
                let lanes = 16 * pairs * (points as u64).next_multiple_of(f64::LANES as u64);
                let of_thread = program.scratch_bytes::<f64>(true) + 16 * pairs * f64::LANES as u64;
                let threads = rayon::current_num_threads() as u64;
                kernels * size
                    + lanes
                    + 2 * points as u64 * program.prepared_bytes::<f64>()
                    + 2 * threads * of_thread
            }
        }
    }

    /// Refuses points of the wrong length, and those that are not numbers.
    pub(super) fn check_points<T: Real>(&self, points: ArrayView2<'_, T>) -> Result<(), KernelError> {
        match &self.program {
            Program::Vectors(kernel) => kernel.check_points(points),
            Program::Positions { .. } => unreachable!("a network ends in a vector"),
        }
    }
}
