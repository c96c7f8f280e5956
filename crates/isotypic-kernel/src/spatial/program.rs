//! The spatial layers in order, and how positions are joined at their end.

use super::convolution::Convolution;
use super::displacement::SliceKind;
use super::grid::Grid;
use crate::nonlinearity::Nonlinearity;

/// A convolution and the nonlinearity after it.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) convolution: Convolution,
    pub(crate) nonlinearity: Option<Box<dyn Nonlinearity>>,
}

/// How positions are joined: which slices are needed and that their mean is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readout {
    /// Only pairs of equal positions: displacement 0.
    Flatten,
    /// All pairs of positions.
    GlobalAveragePool,
}

/// The spatial part of a network.
#[derive(Debug)]
pub(crate) struct SpatialProgram {
    pub(crate) input: Grid,
    pub(crate) channels: usize,
    pub(crate) stages: Vec<Stage>,
    pub(crate) readout: Readout,
}

impl SpatialProgram {
    /// The grid after the last stage.
    pub(crate) fn output(&self) -> Grid {
        self.stages.last().map_or(self.input, |stage| stage.convolution.output)
    }

    /// The kind of slice at the input of each stage, and at the end.
    ///
    /// Cyclic slices at the end where every layer keeps them whole; each layer then says what it has to read.
    pub(crate) fn slice_kinds(&self) -> Vec<SliceKind> {
        let cyclic = self.stages.iter().all(|stage| stage.convolution.keeps_cyclic_slices());
        let mut kinds = vec![if cyclic { SliceKind::Cyclic } else { SliceKind::Signed }];
        for stage in self.stages.iter().rev() {
            kinds.push(stage.convolution.input_kind(kinds[kinds.len() - 1]));
        }
        kinds.reverse();
        kinds
    }

    /// Pairs of positions at which a layer is evaluated for one pair of inputs, summed over the stages, weighted with the
    /// cost of the layer relative to a nonlinearity.
    pub(crate) fn evaluations_per_pair(&self) -> f64 {
        let kinds = self.slice_kinds();
        let end = self.output();
        let slices = match self.readout {
            Readout::Flatten => 1.0,
            Readout::GlobalAveragePool => kinds[kinds.len() - 1].displacements(end).len() as f64,
        };
        let taps = |stage: &Stage| {
            let nonlinearity = stage.nonlinearity.as_ref().map_or(1.0, |nonlinearity| nonlinearity.cost());
            nonlinearity + 0.1 * stage.convolution.filter_size as f64
        };
        let stages: f64 =
            self.stages.iter().map(|stage| stage.convolution.output.len() as f64 * taps(stage)).sum();
        slices * (stages + 0.2 * self.input.len() as f64)
    }
}
