//! What the windows over one image read, as runs of neighbouring values: the matrix of patches is written by copying runs, and
//! gradients of it are added back run by run.

use crate::window_table::WindowTable;

/// Values next to each other, of the image and of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    /// First value of the image; `None` for zeros beyond the border.
    from: Option<usize>,
    length: usize,
}

/// The matrix of patches of an image `[positions, channels]`, either way up.
#[derive(Clone, Debug)]
pub(crate) struct PatchRuns {
    runs: Vec<Run>,
    /// Windows over an image.
    pub(crate) outputs: usize,
    /// Values in a window.
    pub(crate) fan_in: usize,
    /// Whether the matrix is `[fan-in, outputs]`, in C order, and not `[outputs, fan-in]`.
    pub(crate) is_transposed: bool,
    /// Whether the matrix is the image as it is.
    pub(crate) is_image: bool,
}

impl PatchRuns {
    /// The windows of a table over images of so many positions. With one channel runs along the outputs can be longer than those
    /// along a window; the way up with fewer runs is taken.
    pub(crate) fn new(windows: &WindowTable, positions: usize, channels: usize) -> Self {
        let (table, taps) = (&windows.table, windows.taps);
        let outputs = table.len() / taps;
        let from = |entry: i64| Some(entry as usize).filter(|&entry| entry < positions);
        let mut runs = joined(table.iter().map(|&entry| from(entry)), channels);
        let mut is_transposed = false;
        if channels == 1 && runs.len() > 1 {
            let columns = (0..taps).flat_map(|tap| (0..outputs).map(move |output| output * taps + tap));
            let other = joined(columns.map(|at| from(table[at])), 1);
            if other.len() < runs.len() {
                (runs, is_transposed) = (other, true);
            }
        }
        let image = Run { from: Some(0), length: positions * channels };
        let is_image = runs == [image] && !is_transposed && taps * outputs == positions;
        Self { runs, outputs, fan_in: taps * channels, is_transposed, is_image }
    }

    /// Every position by itself.
    pub(crate) fn of_positions(positions: usize, channels: usize) -> Self {
        let runs = vec![Run { from: Some(0), length: positions * channels }];
        Self { runs, outputs: positions, fan_in: channels, is_transposed: false, is_image: true }
    }

    /// Writes the patches of an image.
    pub(crate) fn copy<N: Copy + Default>(&self, image: &[N], patches: &mut [N]) {
        let mut rest = patches;
        for run in &self.runs {
            let (own, later) = rest.split_at_mut(run.length);
            match run.from {
                Some(from) => own.copy_from_slice(&image[from..from + run.length]),
                None => own.fill(N::default()),
            }
            rest = later;
        }
    }

    /// Adds every value of the patches to the value of the image that it is a copy of.
    pub(crate) fn add_back<N: Copy + std::ops::AddAssign>(&self, patches: &[N], image: &mut [N]) {
        let mut rest = patches;
        for run in &self.runs {
            let (own, later) = rest.split_at(run.length);
            if let Some(from) = run.from {
                for (to, &value) in image[from..from + run.length].iter_mut().zip(own) {
                    *to += value;
                }
            }
            rest = later;
        }
    }
}

/// Runs of positions, each of so many channels.
fn joined(positions: impl Iterator<Item = Option<usize>>, channels: usize) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for position in positions {
        let from = position.map(|position| position * channels);
        match runs.last_mut() {
            Some(last) if last.from.map(|start| start + last.length) == from => last.length += channels,
            _ => runs.push(Run { from, length: channels }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use isotypic_architecture::Padding;

    use super::*;
    use crate::window_table::Windows;

    #[test]
    fn patches_are_what_the_table_says_and_go_back_where_they_came_from() {
        for (padding, channels, strides) in [
            (Padding::Same, 1, [1, 1]),
            (Padding::Circular, 1, [1, 1]),
            (Padding::Same, 3, [1, 2]),
            (Padding::Circular, 2, [2, 1]),
        ] {
            let windows = Windows::new(&[3, 2], &strides, padding, &[1, 0]);
            let output = [4_usize.div_ceil(strides[0]), 5_usize.div_ceil(strides[1])];
            let table = windows.table(&[4, 5], &output);
            let runs = PatchRuns::new(&table, 20, channels);
            let image: Vec<f64> = (0..20 * channels).map(|at| 1.0 + at as f64).collect();
            let mut patches = vec![f64::NAN; runs.outputs * runs.fan_in];
            runs.copy(&image, &mut patches);
            let mut back = vec![0.0; image.len()];
            runs.add_back(&patches, &mut back);
            let mut expected = vec![0.0; image.len()];
            for (place, &entry) in table.table.iter().enumerate() {
                for channel in 0..channels {
                    let (output, at) = (place / table.taps, place % table.taps * channels + channel);
                    let got = match runs.is_transposed {
                        true => patches[at * runs.outputs + output],
                        false => patches[output * runs.fan_in + at],
                    };
                    let from = entry as usize * channels + channel;
                    let value = image.get(from).copied().unwrap_or(0.0);
                    assert_eq!(got, value, "{padding:?} {place} {channel}");
                    if let Some(sum) = expected.get_mut(from) {
                        *sum += value;
                    }
                }
            }
            assert_eq!(back, expected, "{padding:?}");
        }
    }
}
