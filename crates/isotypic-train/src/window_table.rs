//! Which positions each filter or window reads, as a table of indices for gathering.

use isotypic_architecture::{Conv, Padding, Pool};

/// Filters or windows laid over the positions of an image; every list has one entry per spatial axis.
pub(crate) struct Windows<'layer> {
    extents: &'layer [usize],
    strides: &'layer [usize],
    /// Distance between neighbouring taps; 1 where missing.
    dilation: &'layer [usize],
    /// Whether filters lie over the output, and inputs are spread out by the strides with zeros between them.
    is_transposed: bool,
    padding: Padding,
    pad_before: &'layer [usize],
}

/// The table, flattened: `table[output · taps + tap]` is the input position read, counted with the last axis fastest.
pub(crate) struct WindowTable {
    pub(crate) table: Vec<i64>,
    pub(crate) taps: usize,
    /// Whether some entry is the number of input positions, which stands for a zero beyond the border.
    pub(crate) reads_border: bool,
}

impl<'layer> Windows<'layer> {
    /// Windows without gaps.
    pub(crate) fn new(
        extents: &'layer [usize],
        strides: &'layer [usize],
        padding: Padding,
        pad_before: &'layer [usize],
    ) -> Self {
        Self { extents, strides, dilation: &[], is_transposed: false, padding, pad_before }
    }

    /// The filters of a convolution.
    pub(crate) fn of_conv(conv: &'layer Conv) -> Self {
        let windows = Self::new(&conv.filter, &conv.strides, conv.padding, &conv.pad_before);
        Self { dilation: &conv.dilation, ..windows }
    }

    /// The filters of a transposed convolution.
    pub(crate) fn of_transposed(conv: &'layer Conv) -> Self {
        Self { is_transposed: true, ..Self::of_conv(conv) }
    }

    /// The windows of a pooling layer.
    pub(crate) fn of_pool(pool: &'layer Pool) -> Self {
        Self::new(&pool.window, &pool.strides, pool.padding, &pool.pad_before)
    }

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

    /// The same for maxima, which zeros beyond the border must not win: in their place stands the first position inside the border that
    /// the window reads. Every window of a checked layer has one.
    pub(crate) fn table_inside(&self, input: &[usize], output: &[usize]) -> WindowTable {
        let mut windows = self.table(input, output);
        let border = input.iter().product::<usize>() as i64;
        for window in windows.table.chunks_exact_mut(windows.taps) {
            let inside = window.iter().copied().find(|&entry| entry != border);
            let inside = inside.expect("a window that is laid out reads some position of its image");
            window.iter_mut().filter(|entry| **entry == border).for_each(|entry| *entry = inside);
        }
        windows.reads_border = false;
        windows
    }

    fn source(&self, mut place: usize, mut tap: usize, input: &[usize], output: &[usize]) -> Option<i64> {
        let (mut flat, mut step) = (0, 1);
        for axis in (0..input.len()).rev() {
            let (moved, spread) =
                if self.is_transposed { (1, self.strides[axis]) } else { (self.strides[axis], 1) };
            let offset = tap % self.extents[axis] * self.dilation.get(axis).unwrap_or(&1);
            let at = (place % output[axis] * moved + offset) as i64 - self.pad_before[axis] as i64;
            place /= output[axis];
            tap /= self.extents[axis];
            let (length, spread) = (input[axis] as i64, spread as i64);
            let coordinate = match self.padding {
                Padding::Circular => at.rem_euclid(length * spread),
                _ if (0..length * spread).contains(&at) => at,
                _ => return None,
            };
            if coordinate % spread != 0 {
                return None;
            }
            flat += coordinate / spread * step;
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
        let windows = |padding| Windows::new(&[3], &[1], padding, &[1]);
        let same = windows(Padding::Same).table(&[3], &[3]);
        assert_eq!(same.table, [3, 0, 1, 0, 1, 2, 1, 2, 3]);
        assert!(same.reads_border);
        let circular = windows(Padding::Circular).table(&[3], &[3]);
        assert_eq!(circular.table, [2, 0, 1, 0, 1, 2, 1, 2, 0]);
        assert!(!circular.reads_border);
    }

    #[test]
    fn maxima_read_positions_inside_only() {
        let table = Windows::new(&[3], &[1], Padding::Same, &[1]).table_inside(&[3], &[3]);
        assert_eq!((table.table, table.reads_border), (vec![0, 0, 1, 0, 1, 2, 1, 2, 1], false));
    }

    /// Taps two apart; and inputs two apart, between which lie zeros.
    #[test]
    fn taps_and_inputs_are_spread_out() {
        let dilated = Windows { dilation: &[2], ..Windows::new(&[2], &[1], Padding::Same, &[1]) };
        assert_eq!(dilated.table(&[4], &[4]).table, [4, 1, 0, 2, 1, 3, 2, 4]);
        let of = |padding| Windows { is_transposed: true, ..Windows::new(&[3], &[2], padding, &[1]) };
        // Output o reads (o − 1 + t)/2.
        assert_eq!(of(Padding::Same).table(&[2], &[4]).table, [2, 0, 2, 0, 2, 1, 2, 1, 2, 1, 2, 2]);
        assert_eq!(of(Padding::Circular).table(&[2], &[4]).table, [2, 0, 2, 0, 2, 1, 2, 1, 2, 1, 2, 0]);
    }

    #[test]
    fn the_last_axis_is_fastest() {
        let windows = Windows::new(&[2, 1], &[2, 3], Padding::Valid, &[0, 0]);
        assert_eq!(windows.table(&[4, 4], &[2, 2]).table, [0, 4, 3, 7, 8, 12, 11, 15]);
    }
}
