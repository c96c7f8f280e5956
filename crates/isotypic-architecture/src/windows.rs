//! Where the filters of a convolution and the windows of a pooling layer lie.

use crate::affine::extents_in_range;
use crate::{ArchitectureError, Padding};

/// The largest number of spatial axes a filter or window has.
const LARGEST_RANK: usize = 3;

/// Checks the extents and strides of option `what` (`filter` or `window`) and lays them out over `input_shape` (spatial axes,
/// then channels). Returns the number of outputs along each axis and the number of positions before the first input.
pub(crate) fn lay_out(
    path: &str,
    what: &'static str,
    extents: &[usize],
    strides: &[usize],
    padding: Padding,
    input_shape: &[usize],
) -> Result<(Vec<usize>, Vec<usize>), ArchitectureError> {
    let rank = extents.len();
    if rank == 0 || rank > LARGEST_RANK {
        let got = format!("{extents:?}");
        return Err(ArchitectureError::invalid_option(path, what, "one to three positive integers", &got));
    }
    extents_in_range(path, what, extents)?;
    if strides.len() != rank {
        return Err(ArchitectureError::invalid_option(
            path,
            "strides",
            format!("as many entries as `{what}`, {rank}"),
            &format!("{strides:?}"),
        ));
    }
    extents_in_range(path, "strides", strides)?;
    let lengths = &input_shape[..input_shape.len().saturating_sub(1)];
    if lengths.len() != rank {
        return Err(ArchitectureError::FilterRank {
            path: path.to_owned(),
            option: what,
            filter: extents.to_vec(),
            input: input_shape.to_vec(),
        });
    }
    let mut outputs = Vec::with_capacity(rank);
    let mut pad_before = Vec::with_capacity(rank);
    for ((&length, &taps), &stride) in lengths.iter().zip(extents).zip(strides) {
        let axis =
            padding.lay_out(length, taps, stride).ok_or_else(|| ArchitectureError::FilterDoesNotFit {
                path: path.to_owned(),
                option: what,
                filter: extents.to_vec(),
                input: lengths.to_vec(),
            })?;
        outputs.push(axis.outputs);
        pad_before.push(axis.before);
    }
    Ok((outputs, pad_before))
}
