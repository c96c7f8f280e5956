//! Which positions each filter or window reads, as a table of indices for gathering.

use isotypic_architecture::Padding;

/// Filters or windows laid over the positions of an image; every list has one entry per spatial axis.
pub(crate) struct Windows<'layer> {
    pub(crate) extents: &'layer [usize],
    pub(crate) strides: &'layer [usize],
    pub(crate) padding: Padding,
    pub(crate) pad_before: &'layer [usize],
}

/// The table, flattened: `table[output · taps + tap]` is the input position read, counted with the last axis fastest.
pub(crate) struct WindowTable {
    pub(crate) table: Vec<i64>,
    pub(crate) taps: usize,
    /// Whether some entry is the number of input positions, which stands for a zero beyond the border.
    pub(crate) reads_border: bool,
}

impl Windows<'_> {
    /// Builds the table for images of extents `input` and outputs of extents `output`.
    pub(crate) fn table(&self, input: &[usize], output: &[usize]) -> WindowTable {
        let border = input.iter().product::<usize>() as i64;
        let taps = self.extents.iter().product();
        let mut table = Vec::new();
        for place in 0..output.iter().product() {
            for tap in 0..taps {
                table.push(self.source(place, tap, input, output).unwrap_or(border));
            }
        }
        let reads_border = table.contains(&border);
        WindowTable { table, taps, reads_border }
    }

    fn source(&self, mut place: usize, mut tap: usize, input: &[usize], output: &[usize]) -> Option<i64> {
        let (mut flat, mut step) = (0, 1);
        for axis in (0..input.len()).rev() {
            let at = (place % output[axis] * self.strides[axis] + tap % self.extents[axis]) as i64
                - self.pad_before[axis] as i64;
            place /= output[axis];
            tap /= self.extents[axis];
            let length = input[axis] as i64;
            let coordinate = match self.padding {
                Padding::Circular => at.rem_euclid(length),
                _ if (0..length).contains(&at) => at,
                _ => return None,
            };
            flat += coordinate * step;
            step *= length;
        }
        Some(flat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_read_the_zero_or_the_other_side() {
        let windows = |padding| Windows { extents: &[3], strides: &[1], padding, pad_before: &[1] };
        let same = windows(Padding::Same).table(&[3], &[3]);
        assert_eq!(same.table, [3, 0, 1, 0, 1, 2, 1, 2, 3]);
        assert!(same.reads_border);
        let circular = windows(Padding::Circular).table(&[3], &[3]);
        assert_eq!(circular.table, [2, 0, 1, 0, 1, 2, 1, 2, 0]);
        assert!(!circular.reads_border);
    }

    #[test]
    fn the_last_axis_is_fastest() {
        let windows =
            Windows { extents: &[2, 1], strides: &[2, 3], padding: Padding::Valid, pad_before: &[0, 0] };
        assert_eq!(windows.table(&[4, 4], &[2, 2]).table, [0, 4, 3, 7, 8, 12, 11, 15]);
    }
}
