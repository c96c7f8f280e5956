//! What the evaluation of a program takes: work for a pair of inputs, bytes for a thread and for an input.

use super::SpatialProgram;
use crate::real::Real;
use crate::spatial::readout::ReadoutTerms;
use crate::spatial::softmax_sample::MATRICES_HELD;
use crate::spatial::spatial_terms::{SpatialTerms, StateTerms};
use crate::spatial::stage::{SpatialLayer, Stage};
use crate::terms::Terms;

impl SpatialProgram {
    /// Pairs of positions at which a layer is evaluated for one pair of inputs, summed over the states, weighted with the
    /// cost of the layer relative to a nonlinearity.
    pub(crate) fn evaluations_per_pair(&self) -> f64 {
        self.evaluations_per_pair
    }

    /// Whether a pair of inputs takes more time than setting the terms of two inputs side by side in lanes.
    pub(crate) fn outweighs_terms<T: Real>(&self) -> bool {
        let numbers = self.prepared_bytes::<T>() as f64 / size_of::<T>() as f64;
        self.evaluations_per_pair > 2.0 * numbers
    }

    /// Bytes that one thread needs for the slices of a group of pairs.
    pub(crate) fn scratch_bytes<T: Real>(&self, with_ntk: bool) -> u64 {
        let numbers: usize = (0..self.states())
            .zip(&self.slots)
            .map(|(state, slots)| {
                let kept = 1 + usize::from(with_ntk && self.has_ntk(state));
                // Attention holds matrices of all pairs besides.
                let matrices = match state.checked_sub(1).map(|stage| &self.stages[stage]) {
                    Some(Stage { layer: SpatialLayer::SampledAttention(_), .. }) => MATRICES_HELD,
                    Some(stage) if stage.reads_everything() => 3,
                    _ => 0,
                };
                (slots * kept + matrices * self.grid(state).len()) * self.grid(state).len()
            })
            .sum();
        (numbers * T::LANES * size_of::<T>()) as u64
    }

    /// Inputs whose terms one thread copies: side by side in lanes, and turned. Where the rows of a symmetric matrix meet themselves, both sides
    /// have lanes.
    pub(crate) fn inputs_copied<T: Real>(&self, symmetric: bool) -> u64 {
        let turned = u64::from(!self.turns.is_empty());
        let lanes = T::LANES as u64;
        if symmetric && self.outweighs_terms::<T>() { (2 + turned) * lanes } else { lanes + turned }
    }

    /// Bytes that are kept for one input.
    pub(crate) fn prepared_bytes<T: Real>(&self) -> u64 {
        let input = self.input.len() * self.channels[0] * size_of::<T>();
        let states: usize = (0..self.states())
            .map(|state| {
                let positions = self.grid(state).len();
                let weights = match state.checked_sub(1).map(|stage| &self.stages[stage].layer) {
                    Some(SpatialLayer::Attention(_)) => positions * (positions + 5),
                    Some(SpatialLayer::MaxPooling(pooling)) => {
                        pooling.numbers_kept() * size_of::<f64>() / size_of::<T>()
                    }
                    Some(SpatialLayer::SampledAttention(attention)) => {
                        attention.numbers_kept() * size_of::<f64>() / size_of::<T>()
                    }
                    Some(SpatialLayer::SqrtAttention(_)) => 3 * Terms::<T>::PER_POINT * positions,
                    Some(
                        SpatialLayer::Pooling(_) | SpatialLayer::Resampling(_) | SpatialLayer::Aggregation(_),
                    ) => 5 * positions,
                    Some(SpatialLayer::LayerNorm { .. } | SpatialLayer::Dropout { .. }) => positions,
                    _ => 0,
                };
                // Variances and tangent kernels in `f64`; terms before and after a nonlinearity.
                let terms = 2 * Terms::<T>::PER_POINT * positions;
                16 * positions + (terms + weights) * size_of::<T>() + size_of::<StateTerms<T>>()
            })
            .sum();
        let readouts = self.readouts.len() * size_of::<(ReadoutTerms, [f64; 8])>();
        (size_of::<SpatialTerms<T>>() + input + states + readouts) as u64
    }
}
