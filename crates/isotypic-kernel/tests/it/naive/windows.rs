//! Which input positions a filter or window reads.

use isotypic_architecture::Padding;

/// A filter or window laid over an image; one entry per spatial axis.
pub(super) struct Windows<'a> {
    pub(super) extents: &'a [usize],
    pub(super) strides: &'a [usize],
    /// Distance between neighbouring taps.
    pub(super) dilation: &'a [usize],
    pub(super) pad_before: &'a [usize],
    pub(super) padding: Padding,
}

impl Windows<'_> {
    /// For every output position the input position of every tap, in order; `None` beyond the border.
    pub(super) fn sources(&self, input: &[usize], output: &[usize]) -> Vec<Vec<Option<usize>>> {
        let taps = positions(self.extents);
        let of_output = |start: &Vec<usize>| taps.iter().map(|tap| self.source(start, tap, input)).collect();
        positions(output).iter().map(of_output).collect()
    }

    fn source(&self, start: &[usize], tap: &[usize], input: &[usize]) -> Option<usize> {
        let mut index = 0;
        for axis in 0..input.len() {
            let length = input[axis] as isize;
            let at = (start[axis] * self.strides[axis] + tap[axis] * self.dilation[axis]) as isize
                - self.pad_before[axis] as isize;
            let at = if self.padding == Padding::Circular { at.rem_euclid(length) } else { at };
            if at < 0 || at >= length {
                return None;
            }
            index = index * input[axis] + at as usize;
        }
        Some(index)
    }
}

/// The coordinates of all positions in C order.
pub(super) fn positions(extents: &[usize]) -> Vec<Vec<usize>> {
    let count = extents.iter().product();
    (0..count)
        .map(|mut index: usize| {
            let mut coordinates = vec![0; extents.len()];
            for axis in (0..extents.len()).rev() {
                coordinates[axis] = index % extents[axis];
                index /= extents[axis];
            }
            coordinates
        })
        .collect()
}
