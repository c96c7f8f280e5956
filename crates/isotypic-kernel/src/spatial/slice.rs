//! What is kept of one layer's output while a pair of inputs is evaluated: the cyclic slice that was asked for last.
//!
//! A layer is asked for as many pieces of a slice as its readers need. Readers may need different ones: a convolution on a torus
//! reads whole cyclic slices, one that pads with zeros single pieces. What is already there is not computed again, so that
//! several readers can share a layer.

use super::displacement::{Displacement, Pieces};
use super::grid::Grid;
use crate::nonlinearity::LANES;

/// Differences and tangent kernels of a cyclic slice: [`LANES`] numbers for each first position.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slice {
    /// $E[(u-v)^2]$.
    pub(crate) difference: Vec<f64>,
    /// Empty where it vanishes (at the input) or is not wanted.
    pub(crate) ntk: Vec<f64>,
}

impl Slice {
    pub(crate) fn new(grid: Grid, with_ntk: bool) -> Self {
        Self {
            difference: vec![0.0; grid.len() * LANES],
            ntk: vec![0.0; if with_ntk { grid.len() * LANES } else { 0 }],
        }
    }
}

/// The slice that is kept, and which of its pieces are filled.
#[derive(Debug)]
pub(crate) struct KeptSlice {
    slice: Slice,
    displacement: Displacement,
    filled: Pieces,
}

impl KeptSlice {
    pub(crate) fn new(grid: Grid, with_ntk: bool) -> Self {
        Self { slice: Slice::new(grid, with_ntk), displacement: [0; 3], filled: Pieces::NONE }
    }

    /// Forgets everything: another pair of inputs comes.
    pub(crate) fn clear(&mut self) {
        self.filled = Pieces::NONE;
    }

    /// The numbers, of which the filled pieces are meaningful.
    pub(crate) fn slice(&self) -> &Slice {
        &self.slice
    }

    /// The pieces that are filled of the slice with this displacement (modulo the extents).
    pub(crate) fn filled(&self, displacement: Displacement) -> Pieces {
        if self.displacement == displacement { self.filled } else { Pieces::NONE }
    }

    /// Takes the numbers out, to fill more pieces of the slice with this displacement. Those of another slice are forgotten.
    pub(crate) fn take(&mut self, displacement: Displacement) -> Slice {
        self.filled = self.filled(displacement);
        self.displacement = displacement;
        std::mem::take(&mut self.slice)
    }

    /// Gives the numbers back, with more pieces filled.
    pub(crate) fn put(&mut self, slice: Slice, pieces: Pieces) {
        self.slice = slice;
        self.filled = self.filled.union(pieces);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_add_up_until_another_slice_is_asked_for() {
        let mut kept = KeptSlice::new(Grid([1, 1, 3]), true);
        let (forward, backward) = (Pieces::of([0, 0, 1]), Pieces::of([0, 0, -2]));
        for pieces in [forward, backward] {
            let slice = kept.take([0, 0, 1]);
            assert_eq!((slice.difference.len(), slice.ntk.len()), (3 * LANES, 3 * LANES));
            kept.put(slice, pieces);
        }
        assert_eq!(kept.filled([0, 0, 1]), forward.union(backward));
        assert_eq!(kept.filled([0, 0, 2]), Pieces::NONE);
        let slice = kept.take([0, 0, 2]);
        kept.put(slice, forward);
        assert_eq!(kept.filled([0, 0, 1]), Pieces::NONE);
        assert_eq!(kept.filled([0, 0, 2]), forward);
        kept.clear();
        assert_eq!(kept.filled([0, 0, 2]), Pieces::NONE);
    }
}
