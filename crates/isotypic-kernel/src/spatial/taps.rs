//! Windows laid over a grid: which input positions each output position reads.
//!
//! The output position $p$ reads $sp + e - b$ for every tap $e$ of the window, with strides $s$ and $b$ positions padded before.
//! Convolutions and pooling layers share this.

use isotypic_architecture::Padding;

use super::displacement::{Displacement, Pieces, modulo};
use super::grid::{Grid, leading};

/// Marks a tap that lies beyond the border.
pub(super) const OUTSIDE: u32 = u32::MAX;

/// Windows between two grids.
#[derive(Debug)]
pub(crate) struct Taps {
    pub(super) input: Grid,
    pub(super) output: Grid,
    /// Extents of the window.
    pub(super) window: [usize; 3],
    pub(super) strides: [usize; 3],
    pub(super) before: [usize; 3],
    pub(super) circular: bool,
    /// `window size × output.len()` input positions, [`OUTSIDE`] beyond the border.
    table: Vec<u32>,
}

impl Taps {
    /// The windows of a layer with one option per spatial axis, or `None` for a padding that this engine does not know.
    pub(super) fn new(
        (input, output): (Grid, Grid),
        window: &[usize],
        strides: &[usize],
        padding: Padding,
        pad_before: &[usize],
    ) -> Option<Self> {
        let circular = match padding {
            Padding::Circular => true,
            Padding::Same | Padding::Valid => false,
            _ => return None,
        };
        let (window, strides) = (leading(window, 1)?, leading(strides, 1)?);
        Some(Self::laid_out((input, output), window, strides, leading(pad_before, 0)?, circular))
    }

    /// Every position reads itself.
    pub(super) fn pointwise(grid: Grid) -> Self {
        Self::laid_out((grid, grid), [1; 3], [1; 3], [0; 3], true)
    }

    fn laid_out(
        (input, output): (Grid, Grid),
        window: [usize; 3],
        strides: [usize; 3],
        before: [usize; 3],
        circular: bool,
    ) -> Self {
        let axis = |axis: usize, out: usize, tap: usize| -> Option<usize> {
            let at = (out * strides[axis] + tap) as isize - before[axis] as isize;
            let extent = input.0[axis] as isize;
            if circular {
                Some(at.rem_euclid(extent) as usize)
            } else {
                (0..extent).contains(&at).then_some(at as usize)
            }
        };
        let mut table = Vec::with_capacity(Grid(window).len() * output.len());
        for e in Grid(window).positions() {
            for p in output.positions() {
                let at = [axis(0, p[0], e[0]), axis(1, p[1], e[1]), axis(2, p[2], e[2])];
                table.push(match at {
                    [Some(a), Some(b), Some(c)] => input.index([a, b, c]) as u32,
                    _ => OUTSIDE,
                });
            }
        }
        Self { input, output, window, strides, before, circular, table }
    }

    /// Number of taps of a window.
    pub(super) fn window_size(&self) -> usize {
        Grid(self.window).len()
    }

    /// For every tap in order the input positions of all output positions.
    pub(super) fn by_tap(&self) -> impl Iterator<Item = &[u32]> {
        self.table.chunks_exact(self.output.len())
    }

    /// The input position that one output position reads at one tap, or [`OUTSIDE`].
    pub(super) fn at(&self, tap: usize, position: usize) -> u32 {
        self.table[tap * self.output.len() + position]
    }

    /// Whether every position reads itself alone.
    pub(super) fn is_pointwise(&self) -> bool {
        self.window == [1; 3] && self.strides == [1; 3]
    }

    /// Whether windows move by single steps on a torus.
    pub(super) fn is_circular_without_strides(&self) -> bool {
        self.circular && self.strides == [1; 3] && self.input == self.output
    }

    /// Whether the input slices that different output slices read are different ones.
    pub(super) fn reads_disjoint_slices(&self) -> bool {
        let whole = (0..3).all(|axis| self.output.0[axis] * self.strides[axis] == self.input.0[axis]);
        !self.circular || whole
    }

    /// The slice that pairs at this output displacement read from taps that lie `offset` apart, and which pieces of it.
    pub(super) fn reads(&self, shift: Displacement, offset: Displacement) -> (Displacement, Pieces) {
        let moved = std::array::from_fn(|axis| shift[axis] * self.strides[axis] as isize + offset[axis]);
        // Windows that wrap around the border read pairs of every piece.
        let pieces = if self.circular && !self.is_pointwise() { Pieces::ALL } else { Pieces::of(moved) };
        (modulo(self.input, moved), pieces)
    }

    /// Sum of per-position numbers under the window, for every output position; nothing beyond the border.
    pub(super) fn sums(&self, values: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.output.len()];
        for taps in self.by_tap() {
            for (sum, &tap) in sums.iter_mut().zip(taps) {
                if tap != OUTSIDE {
                    *sum += values[tap as usize];
                }
            }
        }
        sums
    }

    /// Number of taps inside the border, for every output position.
    pub(super) fn counts(&self) -> Vec<usize> {
        (0..self.output.len())
            .map(|position| (0..self.window_size()).filter(|&tap| self.at(tap, position) != OUTSIDE).count())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_and_strides_are_read_off_the_table() {
        let grids = (Grid([1, 1, 5]), Grid([1, 1, 3]));
        let same = Taps::new(grids, &[3], &[2], Padding::Same, &[1]).unwrap();
        let read = |taps: &Taps, position: usize| [0, 1, 2].map(|tap| taps.at(tap, position));
        assert_eq!(read(&same, 0), [OUTSIDE, 0, 1]);
        assert_eq!(read(&same, 2), [3, 4, OUTSIDE]);
        assert_eq!(same.counts(), [2, 3, 2]);
        assert_eq!(same.sums(&[1.0, 2.0, 4.0, 8.0, 16.0]), [3.0, 14.0, 24.0]);
        let circular = Taps::new(grids, &[3], &[2], Padding::Circular, &[1]).unwrap();
        assert_eq!(read(&circular, 0), [4, 0, 1]);
        assert_eq!(circular.counts(), [3, 3, 3]);
        assert!(!circular.reads_disjoint_slices() && same.reads_disjoint_slices());
        // Displacement −1 of the output, taps one apart: −2 + 1 of the input.
        assert_eq!(same.reads([0, 0, -1], [0, 0, 1]), ([0, 0, 4], Pieces::of([0, 0, -1])));
        assert_eq!(circular.reads([0, 0, -1], [0, 0, 1]), ([0, 0, 4], Pieces::ALL));
    }
}
