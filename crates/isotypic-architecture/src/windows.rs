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
    (extents, dilation): (&[usize], &[usize]),
    strides: &[usize],
    padding: Padding,
    input_shape: &[usize],
) -> Result<(Vec<usize>, Vec<usize>), ArchitectureError> {
    let lengths = checked_lengths(path, what, extents, strides, input_shape)?;
    as_many(path, "dilation", what, dilation, extents.len())?;
    let reaches = extents.iter().zip(dilation).map(|(&taps, &distance)| {
        // Both factors are at most 2²⁰.
        (taps - 1) * distance + 1
    });
    let reaches: Vec<usize> = reaches.collect();
    explicit_in_range(path, what, padding, &reaches)?;
    let mut outputs = Vec::with_capacity(extents.len());
    let mut pad_before = Vec::with_capacity(extents.len());
    for (axis, ((&length, &taps), &stride)) in lengths.iter().zip(&reaches).zip(strides).enumerate() {
        let axis = padding.lay_out(axis, length, taps, stride).ok_or_else(|| {
            ArchitectureError::FilterDoesNotFit {
                path: path.to_owned(),
                option: what,
                filter: reaches.clone(),
                input: lengths.to_vec(),
            }
        })?;
        outputs.push(axis.outputs);
        pad_before.push(axis.before);
    }
    Ok((outputs, pad_before))
}

/// The same for the filter of a transposed convolution, whose inputs write where those of a convolution read.
///
/// With filter $k$ and stride $s$ there are $ns$ outputs, or $ns + \max(k - s, 0)$ without padding. An output $o$ reads the input
/// $(o - b + t)/s$ at tap $t$ where that is whole: $b = k - 1$ without padding, else $\lceil (k + s)/2 \rceil - 1$, or $k - 1$ where
/// the stride is at least the filter (as XLA lays gradients of convolutions out). Explicit padding counts positions around the
/// inputs after these were spread out: $b$ is its first number, and there are $(n - 1)s + 1 + b + a - (k - 1)$ outputs, with $a$ the
/// second.
pub(crate) fn lay_out_transposed(
    path: &str,
    filter: &[usize],
    strides: &[usize],
    padding: Padding,
    input_shape: &[usize],
) -> Result<(Vec<usize>, Vec<usize>), ArchitectureError> {
    let lengths = checked_lengths(path, "filter", filter, strides, input_shape)?;
    let mut outputs = Vec::with_capacity(filter.len());
    let mut pad_before = Vec::with_capacity(filter.len());
    explicit_in_range(path, "filter", padding, filter)?;
    for (axis, ((&length, &taps), &stride)) in lengths.iter().zip(filter).zip(strides).enumerate() {
        let written = length.saturating_mul(stride);
        let overhang = taps.saturating_sub(stride);
        match padding {
            Padding::Valid => {
                outputs.push(written.saturating_add(overhang));
                pad_before.push(taps - 1);
            }
            Padding::Same | Padding::Circular => {
                outputs.push(written);
                pad_before.push(taps - 1 - overhang / 2);
            }
            Padding::Explicit(_) => {
                // A convolution of stride 1 over the inputs spread out.
                let spread = written.saturating_sub(stride - 1);
                let laid_out = padding.lay_out(axis, spread, taps, 1);
                let axis = laid_out.ok_or_else(|| ArchitectureError::FilterDoesNotFit {
                    path: path.to_owned(),
                    option: "filter",
                    filter: filter.to_vec(),
                    input: lengths.to_vec(),
                })?;
                outputs.push(axis.outputs);
                pad_before.push(axis.before);
            }
        }
    }
    Ok((outputs, pad_before))
}

/// Refuses explicit padding with other than one pair for each axis, and windows that may lie beyond the border altogether.
fn explicit_in_range(
    path: &str,
    what: &str,
    padding: Padding,
    reaches: &[usize],
) -> Result<(), ArchitectureError> {
    let Padding::Explicit(padding) = padding else { return Ok(()) };
    let fits = padding.pairs().len() == reaches.len()
        && padding
            .pairs()
            .iter()
            .flatten()
            .zip(reaches.iter().flat_map(|reach| [reach; 2]))
            .all(|(pad, reach)| pad < reach);
    if fits {
        return Ok(());
    }
    Err(ArchitectureError::invalid_option(
        path,
        "padding",
        format!("{} pairs of numbers below the extent of the {what}", reaches.len()),
        &format!("{:?}", padding.pairs()),
    ))
}

/// Refuses a list with other than `rank` entries, and entries out of range.
fn as_many(
    path: &str,
    option: &str,
    what: &str,
    entries: &[usize],
    rank: usize,
) -> Result<(), ArchitectureError> {
    if entries.len() != rank {
        return Err(ArchitectureError::invalid_option(
            path,
            option,
            format!("as many entries as `{what}`, {rank}"),
            &format!("{entries:?}"),
        ));
    }
    extents_in_range(path, option, entries)
}

/// The spatial extents of the input, if filter (or window) and strides are in range and of its rank.
fn checked_lengths<'s>(
    path: &str,
    what: &'static str,
    extents: &[usize],
    strides: &[usize],
    input_shape: &'s [usize],
) -> Result<&'s [usize], ArchitectureError> {
    let rank = extents.len();
    if rank == 0 || rank > LARGEST_RANK {
        let got = format!("{extents:?}");
        return Err(ArchitectureError::invalid_option(path, what, "one to three positive integers", &got));
    }
    extents_in_range(path, what, extents)?;
    as_many(path, "strides", what, strides, rank)?;
    let lengths = &input_shape[..input_shape.len().saturating_sub(1)];
    if lengths.len() != rank {
        return Err(ArchitectureError::FilterRank {
            path: path.to_owned(),
            option: what,
            filter: extents.to_vec(),
            input: input_shape.to_vec(),
        });
    }
    Ok(lengths)
}
