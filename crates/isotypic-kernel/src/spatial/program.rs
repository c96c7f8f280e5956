//! The spatial layers in topological order, and how positions are joined at their end.
//!
//! State 0 is the input, state `k` the output of stage `k − 1`. A stage may read any earlier state, and a state may have several
//! readers.

use super::convolution::Convolution;
use super::grid::Grid;
use crate::nonlinearity::Nonlinearity;

/// A convolution and the nonlinearity after it.
#[derive(Debug)]
pub(crate) struct Stage {
    /// The state it reads.
    pub(crate) input: usize,
    pub(crate) convolution: Convolution,
    pub(crate) nonlinearity: Option<Box<dyn Nonlinearity>>,
}

/// How positions are joined: which slices are needed, and whether their mean or their sum is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readout {
    /// Only pairs of equal positions: displacement 0.
    Flatten,
    /// The mean over all pairs of positions.
    GlobalAveragePool,
    /// The sum over all pairs of positions.
    GlobalSumPool,
}

/// The spatial part of a network.
#[derive(Debug)]
pub(crate) struct SpatialProgram {
    pub(crate) input: Grid,
    pub(crate) channels: usize,
    pub(crate) stages: Vec<Stage>,
    /// The state whose positions are joined.
    pub(crate) end: usize,
    pub(crate) readout: Readout,
}

impl SpatialProgram {
    /// Number of states.
    pub(crate) fn states(&self) -> usize {
        self.stages.len() + 1
    }

    /// The positions of a state.
    pub(crate) fn grid(&self, state: usize) -> Grid {
        state.checked_sub(1).map_or(self.input, |stage| self.stages[stage].convolution.output)
    }

    /// Pairs of positions at which a layer is evaluated for one pair of inputs, summed over the states, weighted with the
    /// cost of the layer relative to a nonlinearity.
    pub(crate) fn evaluations_per_pair(&self) -> f64 {
        // How many slices of each state are asked for by its busiest reader.
        let mut slices = vec![0.0_f64; self.states()];
        slices[self.end] = match self.readout {
            Readout::Flatten => 1.0,
            Readout::GlobalAveragePool | Readout::GlobalSumPool => self.grid(self.end).len() as f64,
        };
        let mut total = 0.0;
        for (index, stage) in self.stages.iter().enumerate().rev() {
            let convolution = &stage.convolution;
            let nonlinearity = stage.nonlinearity.as_ref().map_or(1.0, |nonlinearity| nonlinearity.cost());
            let asked = slices[index + 1];
            total += asked
                * convolution.output.len() as f64
                * (nonlinearity + 0.1 * convolution.additions_per_position() as f64);
            // A single slice is read from a single slice.
            let read = if asked > 1.0 { asked * convolution.rereads() } else { asked };
            slices[stage.input] = slices[stage.input].max(read);
        }
        total + 0.2 * slices[0] * self.input.len() as f64
    }
}
