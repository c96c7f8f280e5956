//! Tiles of the spatial part: evaluations that do not depend on each other, each of one pair per lane.

use rayon::prelude::*;

use crate::compiled_kernel::{CompiledKernel, Head};
use crate::real::Real;
use crate::scalar::Row;
use crate::scratch_pool::ScratchPool;
use crate::spatial::{Evaluator, ReadoutValues, SpatialTerms};

/// The evaluators of the spatial part, one for each thread that is at work.
pub(crate) struct Evaluators<'a, T: Real> {
    pool: ScratchPool<'a, Evaluator<'a, T>>,
    /// Whether threads share the evaluations of one tile.
    share_tiles: bool,
}

/// The pairs of a tile.
pub(crate) enum SpatialTile<'a, T: Real> {
    /// All rows, which are in the lanes, against one column after another.
    RowsWithColumns {
        /// The rows, one per lane.
        lanes: &'a SpatialTerms<T>,
        /// The columns.
        inputs: &'a [SpatialTerms<T>],
    },
    /// Rows against themselves, every pair once, shift by shift.
    RowsWithThemselves {
        /// The rows, one per lane.
        lanes: &'a SpatialTerms<T>,
        /// The same one by one.
        inputs: &'a [SpatialTerms<T>],
    },
}

impl<'a, T: Real> Evaluators<'a, T> {
    /// No evaluators yet; they are made when they are first needed, and only for networks with a spatial part.
    pub(crate) fn new(kernel: &'a CompiledKernel, with_ntk: bool, share_tiles: bool) -> Self {
        let new = move || match &kernel.head {
            Head::Spatial(program) => Evaluator::new(program, kernel.level, with_ntk),
            Head::DotProduct | Head::Nothing => unreachable!("asked for by the spatial part alone"),
        };
        Self { pool: ScratchPool::new(new), share_tiles }
    }
}

impl<T: Real> SpatialTile<'_, T> {
    /// Number of evaluations.
    fn evaluations(&self) -> usize {
        match self {
            Self::RowsWithColumns { inputs, .. } => inputs.len(),
            Self::RowsWithThemselves { inputs, .. } => inputs.len() / 2 + 1,
        }
    }

    /// Covariances and tangent kernels of every readout, `[row][lane]` with the columns in the lanes.
    pub(crate) fn fill(&self, evaluators: &Evaluators<'_, T>, readouts: &mut [Row<T>]) {
        let evaluations = 0..self.evaluations();
        if evaluators.share_tiles {
            let evaluate = |index| evaluators.pool.with(|evaluator| self.evaluate(index, evaluator).to_vec());
            let all: Vec<_> = evaluations.into_par_iter().map(evaluate).collect();
            all.iter().enumerate().for_each(|(index, values)| self.place(index, values, readouts));
        } else {
            evaluators.pool.with(|evaluator| {
                evaluations.for_each(|index| self.place(index, self.evaluate(index, evaluator), readouts));
            });
        }
    }

    /// One evaluation: a pair per lane.
    fn evaluate<'e>(&self, index: usize, evaluator: &'e mut Evaluator<'_, T>) -> &'e [ReadoutValues<T>] {
        match self {
            Self::RowsWithColumns { lanes, inputs } => evaluator.evaluate(&inputs[index], lanes),
            Self::RowsWithThemselves { lanes, inputs } => {
                let partner = |lane: usize| &inputs[(lane.min(inputs.len() - 1) + index) % inputs.len()];
                let partners = SpatialTerms::of_lanes(&(0..T::LANES).map(partner).collect::<Vec<_>>());
                evaluator.evaluate(lanes, &partners)
            }
        }
    }

    /// Puts the values of one evaluation where they belong.
    fn place(&self, index: usize, values: &[ReadoutValues<T>], readouts: &mut [Row<T>]) {
        let rows = match self {
            Self::RowsWithColumns { .. } => T::LANES,
            Self::RowsWithThemselves { inputs, .. } => inputs.len(),
        };
        for (readout, values) in readouts.iter_mut().zip(values) {
            for lane in 0..rows {
                let places = match self {
                    Self::RowsWithColumns { .. } => [lane * T::LANES + index; 2],
                    Self::RowsWithThemselves { .. } => {
                        let partner = (lane + index) % rows;
                        [lane * T::LANES + partner, partner * T::LANES + lane]
                    }
                };
                for at in places {
                    readout.values[at] = values.values[lane];
                    if let (Some(to), Some(&ntk)) = (readout.ntk.get_mut(at), values.ntk.get(lane)) {
                        *to = ntk;
                    }
                }
            }
        }
    }
}
