//! What a convolution reads beyond the border of its input.

use serde::Serialize;

use crate::ExplicitPadding;

/// The padding of a convolution or a pooling layer.
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
    /// Zeros beyond the border, as many as given for each axis. Checked layers have [`Padding::Same`] in its place, with the number
    /// of positions before and of outputs written out.
    #[serde(untagged)]
    Explicit(ExplicitPadding),
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

    /// What lies beyond the border, when it is known how many positions are read there.
    pub(crate) fn beyond_the_border(self) -> Self {
        match self {
            Self::Explicit(_) => Self::Same,
            named => named,
        }
    }

    /// Lays a filter of `filter` taps out along an axis of `length` positions, as XLA does: of the
    /// $\max((\text{outputs} - 1)\,\text{stride} + \text{filter} - n, 0)$ padded positions the smaller half comes first.
    ///
    /// Returns `None` when the filter does not fit, which only [`Padding::Valid`] and [`Padding::Explicit`] can report. `axis` counts
    /// spatial axes from 0; explicit padding has none where it names no numbers. All other arguments are positive.
    pub(crate) fn lay_out(
        self,
        axis: usize,
        length: usize,
        filter: usize,
        stride: usize,
    ) -> Option<PaddedAxis> {
        match self {
            Self::Explicit(padding) => {
                let [before, after] = padding.pairs().get(axis).copied().unwrap_or_default();
                let slack = length.saturating_add(before).saturating_add(after).checked_sub(filter)?;
                Some(PaddedAxis { outputs: slack / stride + 1, before })
            }
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
                    assert_eq!(padding.lay_out(0, length, filter, 1).unwrap().outputs, length);
                }
            }
        }
    }

    #[test]
    fn odd_padding_puts_the_smaller_half_first() {
        // One position is padded in total: none before, one after.
        assert_eq!(Padding::Same.lay_out(0, 8, 2, 1), Some(PaddedAxis { outputs: 8, before: 0 }));
        assert_eq!(Padding::Same.lay_out(0, 8, 3, 2), Some(PaddedAxis { outputs: 4, before: 0 }));
        assert_eq!(Padding::Same.lay_out(0, 9, 3, 2), Some(PaddedAxis { outputs: 5, before: 1 }));
        assert_eq!(Padding::Circular.lay_out(0, 8, 4, 1), Some(PaddedAxis { outputs: 8, before: 1 }));
    }

    #[test]
    fn valid_counts_the_filters_that_fit() {
        for length in 1..12 {
            for filter in 1..8 {
                for stride in 1..4 {
                    let counted =
                        (0..length).step_by(stride).filter(|start| start + filter <= length).count();
                    let outputs =
                        Padding::Valid.lay_out(0, length, filter, stride).map_or(0, |axis| axis.outputs);
                    assert_eq!(outputs, counted, "length {length}, filter {filter}, stride {stride}");
                }
            }
        }
    }

    #[test]
    fn explicit_padding_counts_the_filters_that_fit_between_its_zeros() {
        for (before, after) in [(0, 0), (1, 1), (0, 2), (2, 1)] {
            let padding = Padding::Explicit(ExplicitPadding::new(&[[9, 9], [before, after]]).unwrap());
            for length in 1..9 {
                for filter in 3..6 {
                    for stride in 1..4 {
                        let last = length + before + after;
                        let counted =
                            (0..last).step_by(stride).filter(|start| start + filter <= last).count();
                        let axis = padding.lay_out(1, length, filter, stride);
                        assert_eq!(axis.map_or(0, |axis| axis.outputs), counted);
                        assert!(axis.is_none_or(|axis| axis.before == before));
                    }
                }
            }
        }
        assert_eq!(
            Padding::Valid.lay_out(0, 7, 3, 2),
            Padding::Explicit(ExplicitPadding::new(&[[0, 0]]).unwrap()).lay_out(0, 7, 3, 2)
        );
    }

    #[test]
    fn a_stride_longer_than_the_axis_leaves_one_output() {
        assert_eq!(Padding::Circular.lay_out(0, 3, 3, 7), Some(PaddedAxis { outputs: 1, before: 0 }));
    }
}
