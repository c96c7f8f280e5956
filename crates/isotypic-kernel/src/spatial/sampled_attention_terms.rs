//! What attention with random weights behind a softmax keeps of its inputs.

use super::softmax_sample::LANES;
use crate::terms::interleave;

/// What the layer keeps of one input, or of one input per lane.
#[derive(Debug, Clone, Default)]
pub(crate) struct SampledAttentionTerms {
    /// Between all positions of the input, of covariances and of tangent kernels; empty where these vanish.
    pub(super) difference: Vec<f64>,
    pub(super) ntk_difference: Vec<f64>,
    /// What keys see, at every position.
    pub(super) variance: Vec<f64>,
    pub(super) ntk: Vec<f64>,
    /// $\tilde c$ and its factor, packed.
    pub(super) covariance: Vec<f64>,
    pub(super) factor: Vec<f64>,
    /// Means over the sample, at every position.
    pub(super) half_spread: Vec<f64>,
    pub(super) ntk_half_spread: Vec<f64>,
    pub(super) response: Vec<f64>,
    pub(super) ntk_response: Vec<f64>,
}

impl SampledAttentionTerms {
    /// The terms of several inputs, lane by lane.
    pub(super) fn interleave(lanes: &[&Self]) -> Self {
        let by = |field: fn(&Self) -> &Vec<f64>| {
            interleave(&lanes.iter().map(|terms| field(terms).as_slice()).collect::<Vec<_>>())
        };
        Self {
            difference: by(|terms| &terms.difference),
            ntk_difference: by(|terms| &terms.ntk_difference),
            variance: by(|terms| &terms.variance),
            ntk: by(|terms| &terms.ntk),
            covariance: by(|terms| &terms.covariance),
            factor: by(|terms| &terms.factor),
            half_spread: by(|terms| &terms.half_spread),
            ntk_half_spread: by(|terms| &terms.ntk_half_spread),
            response: by(|terms| &terms.response),
            ntk_response: by(|terms| &terms.ntk_response),
        }
    }

    /// [`LANES`] of the lanes; one that all share is repeated.
    pub(super) fn part(&self, width: usize, part: usize) -> Self {
        let of = |values: &Vec<f64>| -> Vec<f64> {
            if width == 1 {
                return values.iter().flat_map(|&value| [value; LANES]).collect();
            }
            values.chunks_exact(width).flat_map(|lanes| &lanes[part * LANES..][..LANES]).copied().collect()
        };
        Self {
            difference: of(&self.difference),
            ntk_difference: of(&self.ntk_difference),
            variance: of(&self.variance),
            ntk: of(&self.ntk),
            covariance: of(&self.covariance),
            factor: of(&self.factor),
            half_spread: of(&self.half_spread),
            ntk_half_spread: of(&self.ntk_half_spread),
            response: of(&self.response),
            ntk_response: of(&self.ntk_response),
        }
    }
}
