//! How values of a shape are laid out.

/// Positions and channels of a shape.
pub(crate) fn positions_and_channels(shape: &[usize]) -> [usize; 2] {
    let channels = shape[shape.len() - 1];
    [shape.iter().product::<usize>() / channels, channels]
}

/// Coordinates of a place counted with the last axis fastest.
pub(crate) fn coordinates(mut place: usize, extents: &[usize]) -> Vec<usize> {
    let mut at = vec![0; extents.len()];
    for (axis, extent) in extents.iter().enumerate().rev() {
        at[axis] = place % extent;
        place /= extent;
    }
    at
}

/// The layout `[batch, three spatial axes, channels]` of a shape; missing axes have extent 1 and stand last.
pub(crate) fn spread_out(batch: usize, shape: &[usize]) -> [usize; 5] {
    let mut spread = [1; 5];
    spread[0] = batch;
    spread[4] = shape[shape.len() - 1];
    spread[1..shape.len()].copy_from_slice(&shape[..shape.len() - 1]);
    spread
}
