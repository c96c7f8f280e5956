//! Displacements between the two positions of a pair, and which pairs they hold.
//!
//! The pairs $(p, p + \delta)$ with both positions on the grid form the *piece* of the signed displacement $\delta$. The pieces of all
//! displacements that agree modulo the extents have disjoint first positions and together make up one *cyclic slice*
//! $\{(p, p + \delta \bmod n)\}$, so that they share one array of one entry per first position.

use std::ops::Range;

use super::grid::Grid;
use crate::real::Real;
use crate::terms::{Ends, Terms, width_of_first};

/// A signed displacement along each axis.
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

impl Run {
    /// The ends of the pairs, given the terms of all positions: on the second side for every lane, on the first one for all or for every lane.
    pub(super) fn ends<'t, T: Real>(self, x: &'t Terms<T>, y: &'t Terms<T>) -> Ends<'t, T> {
        let Self { first, second, length } = self;
        let part = |terms: &'t Terms<T>, start: usize, width: usize| {
            terms.view(start * width, (start + length) * width)
        };
        let width = width_of_first(&x.variance, &y.variance);
        Ends { x: part(x, first, width), y: part(y, second, T::LANES) }
    }

    /// The first positions.
    pub(super) fn first_positions(self) -> Range<usize> {
        self.first..self.first + self.length
    }

    /// Where the numbers of the pairs stand in a slice.
    pub(super) fn range<T: Real>(self) -> Range<usize> {
        self.first * T::LANES..(self.first + self.length) * T::LANES
    }
}

impl Piece {
    /// The pairs with this displacement, or `None` if there are none.
    pub(crate) fn at(grid: Grid, shift: Displacement) -> Option<Self> {
        let mut piece = Self { start: [0; 3], end: [0; 3], shift };
        for (axis, (&extent, &distance)) in grid.0.iter().zip(&shift).enumerate() {
            let n = extent as isize;
            let (start, end) = ((-distance).max(0), n - distance.max(0));
            if start >= end {
                return None;
            }
            (piece.start[axis], piece.end[axis]) = (start as usize, end as usize);
        }
        Some(piece)
    }

    /// The piece's pairs as runs along the last axis.
    pub(crate) fn runs(self, grid: Grid) -> impl Iterator<Item = Run> {
        let offset =
            (self.shift[0] * grid.0[1] as isize + self.shift[1]) * grid.0[2] as isize + self.shift[2];
        let rows = (self.start[0]..self.end[0])
            .flat_map(move |i0| (self.start[1]..self.end[1]).map(move |i1| [i0, i1, self.start[2]]));
        rows.map(move |position| {
            let first = grid.index(position);
            Run { first, second: first.wrapping_add_signed(offset), length: self.end[2] - self.start[2] }
        })
    }
}

/// The displacement modulo the extents: what all pieces of a cyclic slice have in common.
pub(crate) fn modulo(grid: Grid, shift: Displacement) -> Displacement {
    std::array::from_fn(|axis| shift[axis].rem_euclid(grid.0[axis] as isize))
}

/// Some of the pieces of one cyclic slice: one of eight bits for each, by the signs of its displacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pieces(u8);

impl Pieces {
    /// Every piece of the slice.
    pub(crate) const ALL: Self = Self(u8::MAX);
    /// None of them.
    pub(crate) const NONE: Self = Self(0);

    /// The piece of one displacement.
    pub(crate) fn of(shift: Displacement) -> Self {
        let signs = shift.iter().fold(0, |signs, &distance| 2 * signs + u8::from(distance < 0));
        Self(1 << signs)
    }

    /// These and those.
    pub(crate) fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These without those.
    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The pieces themselves, of the slice of `shift`.
    pub(crate) fn in_slice(self, grid: Grid, shift: Displacement) -> impl Iterator<Item = Piece> {
        let rest = modulo(grid, shift);
        (0..8_usize).filter_map(move |signs| {
            let wrapped: Displacement = std::array::from_fn(|axis| {
                let negative = signs >> (2 - axis) & 1 == 1;
                if negative { rest[axis] - grid.0[axis] as isize } else { rest[axis] }
            });
            // −n holds no pairs, so a distance of 0 has one sign only.
            (self.0 >> signs & 1 == 1).then(|| Piece::at(grid, wrapped)).flatten()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_pair_of_positions_is_covered_once_and_pieces_share_an_array() {
        let grid = Grid([2, 3, 4]);
        let (mut pairs, mut entries) = (BTreeSet::new(), BTreeSet::new());
        for slice in grid.positions() {
            let shift = slice.map(|n| n as isize);
            let mut seen = Pieces::NONE;
            for piece in Pieces::ALL.in_slice(grid, shift) {
                assert_eq!(modulo(grid, piece.shift), shift);
                let bit = Pieces::of(piece.shift);
                assert_eq!(bit.without(seen), bit, "bits tell the pieces of a slice apart");
                seen = seen.union(bit);
                assert!(bit.in_slice(grid, shift).eq([piece]));
                for run in piece.runs(grid) {
                    for k in 0..run.length {
                        assert!(pairs.insert((run.first + k, run.second + k)));
                        assert!(entries.insert((slice, run.first + k)));
                    }
                }
            }
        }
        assert_eq!((pairs.len(), entries.len()), (24 * 24, 24 * 24));
    }

    #[test]
    fn second_positions_are_shifted_first_positions() {
        let grid = Grid([1, 5, 7]);
        for piece in Pieces::ALL.in_slice(grid, [0, 4, 3]) {
            for run in piece.runs(grid) {
                let (row, column) = (run.first / 7, run.first % 7);
                assert_eq!(run.second, (row + 4) % 5 * 7 + (column + 3) % 7);
            }
        }
        assert_eq!(Pieces::ALL.in_slice(grid, [0, 4, 3]).count(), 4);
        assert_eq!(Pieces::ALL.in_slice(grid, [0, 0, 3]).count(), 2);
        assert_eq!(Piece::at(grid, [0, 5, 0]), None);
    }
}
