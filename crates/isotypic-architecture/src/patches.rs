//! What each filter of a convolution, or window of a pooling layer, reads, as an explicit table: the plainest form of both.

use ndarray::{Array2, ArrayRef1, Dimension, IxDyn, indices};

use crate::{Conv, Padding, Pool};

/// Filters or windows as they are laid over an image; one entry per spatial axis.
pub(crate) struct Windows<'layer> {
    extents: &'layer [usize],
    strides: &'layer [usize],
    /// Distance between neighbouring taps; 1 where missing.
    dilation: &'layer [usize],
    /// Whether filters lie over the output and inputs are spread out by the strides.
    transposed: bool,
    padding: Padding,
    pad_before: &'layer [usize],
}

impl<'layer> Windows<'layer> {
    pub(crate) fn of_conv(conv: &'layer Conv) -> Self {
        let Conv { filter, strides, dilation, padding, pad_before, .. } = conv;
        Self { extents: filter, strides, dilation, transposed: false, padding: *padding, pad_before }
    }

    pub(crate) fn of_transposed(conv: &'layer Conv) -> Self {
        Self { transposed: true, ..Self::of_conv(conv) }
    }

    pub(crate) fn of_pool(pool: &'layer Pool) -> Self {
        let Pool { window, strides, padding, pad_before, .. } = pool;
        Self { extents: window, strides, dilation: &[], transposed: false, padding: *padding, pad_before }
    }
}

/// For every output position (rows) and tap of the filter or window (columns) the input position that is read; `None` for the
/// zeros beyond the border. Positions and taps are counted with the last axis fastest.
pub(crate) fn sources(windows: &Windows<'_>, input: &[usize], output: &[usize]) -> Array2<Option<usize>> {
    let outputs: Vec<IxDyn> = indices(IxDyn(output)).into_iter().collect();
    let taps: Vec<IxDyn> = indices(IxDyn(windows.extents)).into_iter().collect();
    Array2::from_shape_fn((outputs.len(), taps.len()), |(position, tap)| {
        let (start, offset) = (outputs[position].slice(), taps[tap].slice());
        input.iter().enumerate().try_fold(0, |flat, (axis, &length)| {
            let stride = windows.strides[axis];
            let (moved, length) = if windows.transposed { (1, length * stride) } else { (stride, length) };
            let padded = start[axis] * moved + offset[axis] * windows.dilation.get(axis).unwrap_or(&1);
            let before = windows.pad_before[axis];
            let coordinate = match windows.padding {
                // `before` may exceed the length: a filter may go round more than once.
                Padding::Circular => (padded + before.div_ceil(length) * length - before) % length,
                Padding::Same | Padding::Valid | Padding::Explicit(_) => {
                    padded.checked_sub(before).filter(|&coordinate| coordinate < length)?
                }
            };
            if !windows.transposed {
                return Some(flat * length + coordinate);
            }
            // Between the inputs lie zeros.
            coordinate.is_multiple_of(stride).then(|| flat * (length / stride) + coordinate / stride)
        })
    })
}

/// Gathers one input into a matrix with a row per output position: the patch under the filter, channels fastest.
pub(crate) fn gather(
    sources: &Array2<Option<usize>>,
    input: &ArrayRef1<f64>,
    channels: usize,
) -> Array2<f64> {
    let (positions, taps) = sources.dim();
    Array2::from_shape_fn((positions, taps * channels), |(position, column)| {
        let source = sources[[position, column / channels]];
        source.map_or(0.0, |source| input[source * channels + column % channels])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LayerParameterization;

    fn conv(filter: usize, stride: usize, padding: Padding, before: usize) -> Conv {
        Conv {
            filter: vec![filter],
            strides: vec![stride],
            dilation: vec![1],
            padding,
            pad_before: vec![before],
            weight_variance: 1.0,
            bias_variance: None,
            parameterization: LayerParameterization::Ntk,
            width: 1,
        }
    }

    #[test]
    fn borders_read_zeros_or_the_other_side() {
        let same = sources(&Windows::of_conv(&conv(3, 1, Padding::Same, 1)), &[3], &[3]);
        assert_eq!(same.row(0).to_vec(), [None, Some(0), Some(1)]);
        assert_eq!(same.row(2).to_vec(), [Some(1), Some(2), None]);
        let circular = sources(&Windows::of_conv(&conv(3, 1, Padding::Circular, 1)), &[3], &[3]);
        assert_eq!(circular.row(0).to_vec(), [Some(2), Some(0), Some(1)]);
        assert_eq!(circular.row(2).to_vec(), [Some(1), Some(2), Some(0)]);
    }

    #[test]
    fn a_filter_may_go_round_the_circle_more_than_once() {
        // Seven taps on a circle of two positions; three positions are padded before.
        let circular = sources(&Windows::of_conv(&conv(7, 1, Padding::Circular, 3)), &[2], &[2]);
        assert_eq!(circular.row(0).to_vec(), [1, 0, 1, 0, 1, 0, 1].map(Some));
        assert_eq!(circular.row(1).to_vec(), [0, 1, 0, 1, 0, 1, 0].map(Some));
    }

    #[test]
    fn strides_skip_positions() {
        let valid = sources(&Windows::of_conv(&conv(2, 3, Padding::Valid, 0)), &[8], &[3]);
        assert_eq!(valid.column(0).to_vec(), [0, 3, 6].map(Some));
    }
}
