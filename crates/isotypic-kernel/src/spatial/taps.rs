//! Windows laid over a grid: which input positions each output position reads.
//!
//! The output position $p$ reads $sp + de - b$ for every tap $e$ of the window, with strides $s$, dilation $d$ and $b$ positions padded
//! before; of a transposed convolution it reads $(p + e - b)/s$ where that is whole. Convolutions and pooling layers share this.

use isotypic_architecture::{Conv, Padding, Pool};

use super::displacement::{Displacement, Pieces, modulo};
use super::grid::{Grid, leading};

/// Marks a tap that lies beyond the border.
pub(super) const OUTSIDE: u32 = u32::MAX;

/// Windows between two grids.
#[derive(Debug, Clone)]
pub(crate) struct Taps {
    pub(super) input: Grid,
    pub(super) output: Grid,
    /// Extents of the window.
    pub(super) window: [usize; 3],
    pub(super) strides: [usize; 3],
    pub(super) dilation: [usize; 3],
    pub(super) before: [usize; 3],
    pub(super) circular: bool,
    /// Whether the strides spread the input out.
    transposed: bool,
    /// `window size × output.len()` input positions, [`OUTSIDE`] beyond the border.
    table: Vec<u32>,
}

/// How windows are laid over a grid, with one entry per axis of it.
struct Lattice {
    window: [usize; 3],
    strides: [usize; 3],
    dilation: [usize; 3],
    before: [usize; 3],
    circular: bool,
    transposed: bool,
}

fn is_circular(padding: Padding) -> Option<bool> {
    match padding {
        Padding::Circular => Some(true),
        Padding::Same | Padding::Valid => Some(false),
        _ => None,
    }
}

impl Taps {
    /// The filters of a convolution, or `None` for a padding that this engine does not know.
    pub(super) fn of_conv(grids: (Grid, Grid), conv: &Conv, transposed: bool) -> Option<Self> {
        let lattice = Lattice {
            window: leading(&conv.filter, 1)?,
            strides: leading(&conv.strides, 1)?,
            dilation: leading(&conv.dilation, 1)?,
            before: leading(&conv.pad_before, 0)?,
            circular: is_circular(conv.padding)?,
            transposed,
        };
        Some(Self::laid_out(grids, lattice))
    }

    /// The windows of a pooling layer, or `None` for a padding that this engine does not know.
    pub(super) fn of_pool(grids: (Grid, Grid), pool: &Pool) -> Option<Self> {
        let lattice = Lattice {
            window: leading(&pool.window, 1)?,
            strides: leading(&pool.strides, 1)?,
            dilation: [1; 3],
            before: leading(&pool.pad_before, 0)?,
            circular: is_circular(pool.padding)?,
            transposed: false,
        };
        Some(Self::laid_out(grids, lattice))
    }

    /// A square filter of an odd side around every position of an image on a torus.
    pub(super) fn around(grid: Grid, side: usize) -> Self {
        let lattice = Lattice {
            window: [1, side, side],
            strides: [1; 3],
            dilation: [1; 3],
            before: [0, side / 2, side / 2],
            circular: true,
            transposed: false,
        };
        Self::laid_out((grid, grid), lattice)
    }

    /// Every position reads itself.
    pub(super) fn pointwise(grid: Grid) -> Self {
        let lattice = Lattice {
            window: [1; 3],
            strides: [1; 3],
            dilation: [1; 3],
            before: [0; 3],
            circular: true,
            transposed: false,
        };
        Self::laid_out((grid, grid), lattice)
    }

    fn laid_out((input, output): (Grid, Grid), lattice: Lattice) -> Self {
        let Lattice { window, strides, dilation, before, circular, transposed } = lattice;
        let axis = |axis: usize, out: usize, tap: usize| -> Option<usize> {
            let (moved, spread) = if transposed { (1, strides[axis]) } else { (strides[axis], 1) };
            let at = (out * moved + tap * dilation[axis]) as isize - before[axis] as isize;
            let extent = (input.0[axis] * spread) as isize;
            let at = if circular { at.rem_euclid(extent) } else { at };
            let inside = (0..extent).contains(&at) && (at as usize).is_multiple_of(spread);
            inside.then(|| at as usize / spread)
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
        Self { input, output, window, strides, dilation, before, circular, transposed, table }
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
        !self.circular || self.transposed || whole
    }

    /// Whether the second position that a pair reads lies beyond no border and follows from the first and the slice.
    pub(super) fn second_follows(&self) -> bool {
        self.circular && !self.transposed
    }

    /// The slice that pairs at this output displacement read from the same tap, and which pieces of it; `None` where no tap reads two
    /// positions, as between the inputs of a transposed convolution.
    pub(super) fn reads_at_one_tap(&self, shift: Displacement) -> Option<(Displacement, Pieces)> {
        if !self.transposed {
            return Some(self.reads(shift, [0; 3]));
        }
        let strides = self.strides.map(|stride| stride as isize);
        if (0..3).any(|axis| shift[axis] % strides[axis] != 0) {
            return None;
        }
        let moved = std::array::from_fn(|axis| shift[axis] / strides[axis]);
        let pieces = if self.circular { Pieces::ALL } else { Pieces::of(moved) };
        Some((modulo(self.input, moved), pieces))
    }

    /// The slice that pairs at this output displacement read from taps that lie `offset` apart, and which pieces of it.
    ///
    /// Not for transposed convolutions.
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
        let pool = |padding| Pool {
            window: vec![3],
            strides: vec![2],
            padding,
            pad_before: vec![1],
            normalize_edges: false,
        };
        let same = Taps::of_pool(grids, &pool(Padding::Same)).unwrap();
        let read = |taps: &Taps, position: usize| [0, 1, 2].map(|tap| taps.at(tap, position));
        assert_eq!(read(&same, 0), [OUTSIDE, 0, 1]);
        assert_eq!(read(&same, 2), [3, 4, OUTSIDE]);
        assert_eq!(same.counts(), [2, 3, 2]);
        assert_eq!(same.sums(&[1.0, 2.0, 4.0, 8.0, 16.0]), [3.0, 14.0, 24.0]);
        let circular = Taps::of_pool(grids, &pool(Padding::Circular)).unwrap();
        assert_eq!(read(&circular, 0), [4, 0, 1]);
        assert_eq!(circular.counts(), [3, 3, 3]);
        assert!(!circular.reads_disjoint_slices() && same.reads_disjoint_slices());
        // Displacement −1 of the output, taps one apart: −2 + 1 of the input.
        assert_eq!(same.reads([0, 0, -1], [0, 0, 1]), ([0, 0, 4], Pieces::of([0, 0, -1])));
        assert_eq!(circular.reads([0, 0, -1], [0, 0, 1]), ([0, 0, 4], Pieces::ALL));
    }

    fn conv(stride: usize, dilation: usize, padding: Padding, before: usize) -> Conv {
        use isotypic_architecture::LayerParameterization;
        Conv {
            filter: vec![3],
            strides: vec![stride],
            dilation: vec![dilation],
            padding,
            pad_before: vec![before],
            weight_variance: 1.0,
            bias_variance: None,
            parameterization: LayerParameterization::Ntk,
            width: 1,
        }
    }

    #[test]
    fn dilated_taps_lie_apart() {
        let grid = Grid([1, 1, 5]);
        let taps = Taps::of_conv((grid, grid), &conv(1, 2, Padding::Circular, 2), false).unwrap();
        assert_eq!([0, 1, 2].map(|tap| taps.at(tap, 0)), [3, 0, 2]);
        assert_eq!([0, 1, 2].map(|tap| taps.at(tap, 4)), [2, 4, 1]);
    }

    #[test]
    fn between_the_inputs_of_a_transposed_convolution_lies_nothing() {
        let grids = (Grid([1, 1, 3]), Grid([1, 1, 6]));
        let taps = Taps::of_conv(grids, &conv(2, 1, Padding::Same, 2), true).unwrap();
        let read = |position: usize| [0, 1, 2].map(|tap| taps.at(tap, position));
        // Position 1 reads places −1, 0 and 1 of x0 · x1 · x2 ·.
        assert_eq!(
            [read(0), read(1), read(2)],
            [[OUTSIDE, OUTSIDE, 0], [OUTSIDE, 0, OUTSIDE], [0, OUTSIDE, 1]]
        );
        assert_eq!(taps.reads_at_one_tap([0, 0, 1]), None);
        assert_eq!(taps.reads_at_one_tap([0, 0, -4]), Some(([0, 0, 1], Pieces::of([0, 0, -2]))));
    }
}
