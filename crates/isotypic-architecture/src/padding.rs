//! What a convolution reads beyond the border of its input.

use serde::Serialize;

/// The padding of a `conv` layer, the same along every spatial axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Padding {
    /// The image continues on the opposite side (a torus); the output has $\lceil n / \text{stride} \rceil$ positions.
    Circular,
    /// Zeros beyond the border; the output has $\lceil n / \text{stride} \rceil$ positions.
    Same,
    /// Only positions where the whole filter lies inside: $\lfloor (n - \text{filter}) / \text{stride} \rfloor + 1$.
    #[default]
    Valid,
}

/// One spatial axis of a convolution: the number of outputs and where the first filter starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PaddedAxis {
    /// Number of output positions.
    pub(crate) outputs: usize,
    /// Positions before input 0 at which the first filter starts.
    pub(crate) before: usize,
}

impl Padding {
    /// The padding with this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "circular" => Some(Self::Circular),
            "same" => Some(Self::Same),
            "valid" => Some(Self::Valid),
            _ => None,
        }
    }

    /// Lays a filter of `filter` taps out along an axis of `length` positions, as XLA does: of the
    /// $\max((\text{outputs} - 1)\,\text{stride} + \text{filter} - n, 0)$ padded positions the smaller half comes first.
    ///
    /// Returns `None` when the filter does not fit, which only [`Padding::Valid`] can report. All arguments are positive.
    pub(crate) fn lay_out(self, length: usize, filter: usize, stride: usize) -> Option<PaddedAxis> {
        match self {
            Self::Valid => {
                let slack = length.checked_sub(filter)?;
                Some(PaddedAxis { outputs: slack / stride + 1, before: 0 })
            }
            Self::Circular | Self::Same => {
                let outputs = length.div_ceil(stride);
                let padded = ((outputs - 1) * stride + filter).saturating_sub(length);
                Some(PaddedAxis { outputs, before: padded / 2 })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_and_circular_keep_the_length_at_stride_one() {
        for padding in [Padding::Same, Padding::Circular] {
            for length in 1..12 {
                for filter in 1..8 {
                    assert_eq!(padding.lay_out(length, filter, 1).unwrap().outputs, length);
                }
            }
        }
    }

    #[test]
    fn odd_padding_puts_the_smaller_half_first() {
        // One position is padded in total: none before, one after.
        assert_eq!(Padding::Same.lay_out(8, 2, 1), Some(PaddedAxis { outputs: 8, before: 0 }));
        assert_eq!(Padding::Same.lay_out(8, 3, 2), Some(PaddedAxis { outputs: 4, before: 0 }));
        assert_eq!(Padding::Same.lay_out(9, 3, 2), Some(PaddedAxis { outputs: 5, before: 1 }));
        assert_eq!(Padding::Circular.lay_out(8, 4, 1), Some(PaddedAxis { outputs: 8, before: 1 }));
    }

    #[test]
    fn valid_counts_the_filters_that_fit() {
        for length in 1..12 {
            for filter in 1..8 {
                for stride in 1..4 {
                    let counted =
                        (0..length).step_by(stride).filter(|start| start + filter <= length).count();
                    let outputs =
                        Padding::Valid.lay_out(length, filter, stride).map_or(0, |axis| axis.outputs);
                    assert_eq!(outputs, counted, "length {length}, filter {filter}, stride {stride}");
                }
            }
        }
    }

    #[test]
    fn a_stride_longer_than_the_axis_leaves_one_output() {
        assert_eq!(Padding::Circular.lay_out(3, 3, 7), Some(PaddedAxis { outputs: 1, before: 0 }));
    }
}
