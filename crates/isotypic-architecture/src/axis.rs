//! Axes as files give them: the batch is axis 0, negative numbers count from the end.

/// The index of `axis` into a shape of `rank` entries without the batch; `None` for the batch and beyond.
pub(crate) fn resolve_axis(axis: i64, rank: usize) -> Option<usize> {
    let rank = i64::try_from(rank).ok()?;
    let index = if axis < 0 { rank.checked_add(axis)? } else { axis - 1 };
    if (0..rank).contains(&index) { usize::try_from(index).ok() } else { None }
}

/// The axes that [`resolve_axis`] accepts, for messages.
pub(crate) fn axis_range(rank: usize) -> String {
    format!("axes from 1 to {rank} (0 is the batch) or from -{rank} to -1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_count_from_both_ends_and_never_hit_the_batch() {
        assert_eq!([1, 2, 3].map(|axis| resolve_axis(axis, 3)), [Some(0), Some(1), Some(2)]);
        assert_eq!([-1, -2, -3].map(|axis| resolve_axis(axis, 3)), [Some(2), Some(1), Some(0)]);
        assert_eq!([0, 4, -4, i64::MIN, i64::MAX].map(|axis| resolve_axis(axis, 3)), [None; 5]);
    }
}
