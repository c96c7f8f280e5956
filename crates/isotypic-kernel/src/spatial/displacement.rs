//! Displacement slices: which pairs of positions they hold.
//!
//! A *signed* slice with displacement $\delta$ holds the pairs $(p, p+\delta)$ with both positions on the grid; a *cyclic* one
//! holds $(p, p + \delta \bmod n)$ for every $p$. Either family covers each pair of positions exactly once.

use super::grid::Grid;

/// How a layer's pairs of positions are divided into slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SliceKind {
    /// Displacements on the torus, $0 \le \delta < n$.
    Cyclic,
    /// Displacements $-n < \delta < n$.
    Signed,
}

/// A displacement along each axis.
pub(crate) type Displacement = [isize; 3];

/// A box of first positions, with the signed distance to the second ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) start: [usize; 3],
    pub(crate) end: [usize; 3],
    pub(crate) shift: Displacement,
}

/// A stretch of neighbouring pairs along the last axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// Index of the first of the first positions.
    pub(crate) first: usize,
    /// Index of the first of the second positions.
    pub(crate) second: usize,
    /// Number of pairs.
    pub(crate) length: usize,
}

impl SliceKind {
    /// All displacements of this kind on a grid.
    pub(crate) fn displacements(self, grid: Grid) -> Vec<Displacement> {
        let axis = |n: usize| match self {
            Self::Cyclic => 0..n as isize,
            Self::Signed => 1 - n as isize..n as isize,
        };
        let mut all = Vec::new();
        for d0 in axis(grid.0[0]) {
            for d1 in axis(grid.0[1]) {
                all.extend(axis(grid.0[2]).map(|d2| [d0, d1, d2]));
            }
        }
        all
    }

    /// The boxes of pairs that make up one slice.
    pub(crate) fn pieces(self, grid: Grid, displacement: Displacement) -> Vec<Piece> {
        let mut pieces = vec![Piece { start: [0; 3], end: [0; 3], shift: [0; 3] }];
        for (axis, (&extent, &distance)) in grid.0.iter().zip(&displacement).enumerate() {
            let stretches = self.stretches(extent, distance);
            pieces = pieces
                .iter()
                .flat_map(|piece| {
                    stretches.iter().map(move |&(start, end, shift)| {
                        let mut piece = *piece;
                        (piece.start[axis], piece.end[axis], piece.shift[axis]) = (start, end, shift);
                        piece
                    })
                })
                .collect();
        }
        pieces
    }

    /// `(start, end, shift)` along one axis of extent `n`.
    fn stretches(self, n: usize, displacement: isize) -> Vec<(usize, usize, isize)> {
        let signed = n as isize;
        match self {
            Self::Cyclic => {
                let wrap = (signed - displacement) as usize;
                let whole = [(0, wrap, displacement), (wrap, n, displacement - signed)];
                whole.into_iter().filter(|(start, end, _)| start < end).collect()
            }
            Self::Signed => {
                let start = (-displacement).max(0) as usize;
                let end = (signed - displacement.max(0)).max(0) as usize;
                if start < end { vec![(start, end, displacement)] } else { Vec::new() }
            }
        }
    }
}

impl Piece {
    /// The piece's pairs as runs along the last axis.
    pub(crate) fn runs(self, grid: Grid) -> impl Iterator<Item = Run> {
        let rows = (self.start[0]..self.end[0])
            .flat_map(move |i0| (self.start[1]..self.end[1]).map(move |i1| [i0, i1, self.start[2]]));
        rows.map(move |position| {
            let first = grid.index(position);
            let offset =
                (self.shift[0] * grid.0[1] as isize + self.shift[1]) * grid.0[2] as isize + self.shift[2];
            Run { first, second: first.wrapping_add_signed(offset), length: self.end[2] - self.start[2] }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_family_covers_every_pair_of_positions_once() {
        let grid = Grid([2, 3, 4]);
        for kind in [SliceKind::Cyclic, SliceKind::Signed] {
            let mut pairs = BTreeSet::new();
            let mut count = 0;
            for displacement in kind.displacements(grid) {
                for piece in kind.pieces(grid, displacement) {
                    for run in piece.runs(grid) {
                        for k in 0..run.length {
                            assert!(run.first + k < grid.len() && run.second + k < grid.len());
                            pairs.insert((run.first + k, run.second + k));
                            count += 1;
                        }
                    }
                }
            }
            assert_eq!((pairs.len(), count), (24 * 24, 24 * 24), "{kind:?}");
        }
    }

    #[test]
    fn second_positions_are_shifted_first_positions() {
        let grid = Grid([1, 5, 7]);
        let slice = SliceKind::Cyclic.pieces(grid, [0, 4, 3]);
        assert_eq!(slice.len(), 4);
        for piece in slice {
            for run in piece.runs(grid) {
                let (row, column) = (run.first / 7, run.first % 7);
                assert_eq!(run.second, (row + 4) % 5 * 7 + (column + 3) % 7);
            }
        }
    }
}
