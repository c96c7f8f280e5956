//! The `index` layer: some positions of the input, axis by axis.

use serde::{Serialize, Serializer};

use crate::ArchitectureError;
use crate::check::channels_at_positions;
use crate::document::Document;
use crate::options::{Options, as_whole};

/// The options of an `index` layer.
pub(crate) const INDEX_OPTIONS: &[&str] = &["slices"];

/// What is taken along one spatial axis, in the terms of Python: negative numbers count from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisSlice {
    /// One position; the axis disappears.
    At(i64),
    /// Every `step`-th position from `start` up to, not including, `stop`.
    Range {
        /// The first position; the first (or last, for a negative step) of the axis where missing.
        start: Option<i64>,
        /// The end, which is not taken any more; beyond the axis where missing.
        stop: Option<i64>,
        /// The step, of either sign but not 0.
        step: i64,
    },
}

impl AxisSlice {
    /// The whole axis.
    pub const ALL: Self = Self::Range { start: None, stop: None, step: 1 };
}

impl Serialize for AxisSlice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::At(position) => serializer.serialize_i64(position),
            Self::Range { start, stop, step } => (start, stop, step).serialize(serializer),
        }
    }
}

/// Options of an `index` layer; `slices` has no default.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IndexSpec {
    /// What is taken along the first spatial axes; the others stay as they are.
    pub slices: Vec<AxisSlice>,
}

/// A checked `index` layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Index {
    /// What is taken along each spatial axis of the input.
    pub axes: Vec<TakenAxis>,
}

/// What an `index` layer takes along one axis: positions `start`, `start + step`, …
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TakenAxis {
    /// The first position.
    pub start: usize,
    /// The step, of either sign.
    pub step: isize,
    /// How many positions are taken; `None` for a single one, whose axis disappears.
    pub count: Option<usize>,
}

impl IndexSpec {
    pub(crate) fn read(mut options: Options) -> Result<Self, ArchitectureError> {
        let slices = options.list("slices", EXPECTED, as_slice)?;
        Ok(Self { slices: options.required("slices", slices)? })
    }

    /// Lays the slices over the positions of the input. Returns the operation and the output's shape.
    pub(crate) fn check(
        &self,
        path: &str,
        input_shape: &[usize],
    ) -> Result<(Index, Vec<usize>), ArchitectureError> {
        let (channels, extents) = channels_at_positions(path, input_shape)?;
        let wrong =
            |expected: String, got: String| ArchitectureError::invalid_option(path, "slices", expected, &got);
        if self.slices.is_empty() || self.slices.len() > extents.len() {
            let expected = format!("from 1 to {} entries, one for each spatial axis", extents.len());
            return Err(wrong(expected, format!("{} entries", self.slices.len())));
        }
        let slices = self.slices.iter().copied().chain(std::iter::repeat(AxisSlice::ALL));
        let mut axes = Vec::with_capacity(extents.len());
        for (axis, (slice, &extent)) in slices.zip(extents).enumerate() {
            let taken = slice.of(extent).ok_or_else(|| {
                let spelled = serde_json::to_string(&slice).unwrap_or_default();
                wrong(
                    format!("a slice that takes some of the {extent} positions of axis {}", axis + 1),
                    spelled,
                )
            })?;
            axes.push(taken);
        }
        let mut output_shape: Vec<usize> = axes.iter().filter_map(|axis| axis.count).collect();
        if output_shape.is_empty() {
            let expected = "at least one spatial axis that stays; for a single position take a slice of length 1 and `flatten`";
            return Err(wrong(expected.to_owned(), "a single position of every axis".to_owned()));
        }
        output_shape.push(channels);
        Ok((Index { axes }, output_shape))
    }
}

/// What an entry of `slices` may be.
const EXPECTED: &str = "a list of `[start, stop, step]` (`null` for the ends of the axis), `[start, stop]`, positions, or `null` for a whole axis";

fn as_slice(document: &Document) -> Option<AxisSlice> {
    let end = |document: &Document| match document {
        Document::Null => Some(None),
        other => as_whole(other).map(Some),
    };
    match document {
        Document::Null => Some(AxisSlice::ALL),
        Document::List(items) => {
            let step = match items.as_slice() {
                [_, _] => 1,
                [_, _, Document::Null] => 1,
                [_, _, step] => as_whole(step)?,
                _ => return None,
            };
            Some(AxisSlice::Range { start: end(&items[0])?, stop: end(&items[1])?, step })
        }
        position => as_whole(position).map(AxisSlice::At),
    }
}

impl AxisSlice {
    /// The positions taken of an axis, `None` if there are none.
    fn of(self, extent: usize) -> Option<TakenAxis> {
        let length = i64::try_from(extent).ok()?;
        let from_start =
            |position: i64| if position < 0 { position.saturating_add(length) } else { position };
        match self {
            Self::At(position) => {
                let start = usize::try_from(from_start(position)).ok().filter(|&start| start < extent)?;
                Some(TakenAxis { start, step: 1, count: None })
            }
            Self::Range { step: 0, .. } => None,
            Self::Range { start, stop, step } => {
                // Forward the ends are cut to 0..=length, backward to −1..length.
                let (least, most) = if step > 0 { (0, length) } else { (-1, length - 1) };
                let cut = |end: Option<i64>, missing: i64| {
                    end.map_or(missing, |end| from_start(end).clamp(least, most))
                };
                let (start, stop) = if step > 0 {
                    (cut(start, 0), cut(stop, length))
                } else {
                    (cut(start, length - 1), cut(stop, -1))
                };
                let distance = if step > 0 { stop - start } else { start - stop };
                let count =
                    usize::try_from(distance).ok()?.div_ceil(usize::try_from(step.unsigned_abs()).ok()?);
                if count == 0 {
                    return None;
                }
                let start = usize::try_from(start).ok()?;
                // A step beyond the axis takes one position, whatever its size.
                let step = if count == 1 { 1 } else { isize::try_from(step).ok()? };
                Some(TakenAxis { start, step, count: Some(count) })
            }
        }
    }
}

impl TakenAxis {
    /// The input positions of all output positions along this axis.
    pub fn positions(self) -> impl Iterator<Item = usize> {
        (0..self.count.unwrap_or(1))
            .map(move |index| self.start.wrapping_add_signed(self.step * index as isize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `list(range(7))[slice]` gives in Python 3.11.
    #[test]
    fn slices_take_what_python_takes() {
        let range = |start, stop, step| AxisSlice::Range { start, stop, step };
        for (slice, expected) in [
            (range(Some(1), Some(7), 2), vec![1, 3, 5]),
            (range(Some(2), None, 1), vec![2, 3, 4, 5, 6]),
            (range(None, Some(-2), 1), vec![0, 1, 2, 3, 4]),
            (range(Some(-3), Some(100), 1), vec![4, 5, 6]),
            (range(None, None, -1), vec![6, 5, 4, 3, 2, 1, 0]),
            (range(Some(5), Some(0), -2), vec![5, 3, 1]),
            (range(Some(-100), Some(3), 2), vec![0, 2]),
            (range(Some(100), Some(-100), -3), vec![6, 3, 0]),
            (range(Some(2), Some(5), i64::MAX), vec![2]),
            (AxisSlice::At(-1), vec![6]),
        ] {
            assert_eq!(slice.of(7).unwrap().positions().collect::<Vec<_>>(), expected, "{slice:?}");
        }
    }

    #[test]
    fn slices_that_take_nothing_are_refused() {
        let range = |start, stop, step| AxisSlice::Range { start, stop, step };
        for slice in [
            range(Some(3), Some(3), 1),
            range(Some(7), None, 1),
            range(None, None, 0),
            range(Some(0), Some(5), -1),
            range(None, Some(i64::MIN), 1),
            AxisSlice::At(7),
            AxisSlice::At(-8),
        ] {
            assert_eq!(slice.of(7), None, "{slice:?}");
        }
    }
}
