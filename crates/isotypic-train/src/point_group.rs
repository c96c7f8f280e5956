//! The turns and mirror images of the square lattice about a point: what p4 and p4m have beside shifts.

use isotypic_architecture::SymmetryGroup;
use serde::Serialize;

/// Which of them a network has built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PointGroup {
    /// Quarter turns: four elements.
    C4,
    /// Quarter turns and mirror images: eight elements.
    D4,
}

impl PointGroup {
    /// The same with shifts, whose turns are its elements.
    fn symmetry(self) -> SymmetryGroup {
        match self {
            Self::C4 => SymmetryGroup::P4,
            Self::D4 => SymmetryGroup::P4m,
        }
    }

    /// Number of elements.
    pub fn order(self) -> usize {
        self.symmetry().turns()
    }

    /// The place of $g^{-1} h$.
    pub(crate) fn quotient(self, g: usize, h: usize) -> usize {
        let is_quotient = |&other: &usize| self.symmetry().multiply(g, other) == h;
        (0..self.order()).find(is_quotient).expect("a group has inverses")
    }

    /// Where element `g` takes a position of a square of this side, about its centre; positions are counted in C order.
    pub(crate) fn moved(self, g: usize, position: usize, side: usize) -> usize {
        // Twice the distance from the centre: whole numbers for odd and even sides.
        let last = side as isize - 1;
        let offset = [position / side, position % side].map(|at| 2 * at as isize - last);
        let [row, column] = self.symmetry().turned_offset(g, offset).map(|at| ((at + last) / 2) as usize);
        row * side + column
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_are_those_of_a_group() {
        for group in [PointGroup::C4, PointGroup::D4] {
            for g in 0..group.order() {
                assert_eq!(group.quotient(g, g), 0);
                assert_eq!(group.quotient(0, g), g);
                let mut row: Vec<usize> = (0..group.order()).map(|h| group.quotient(g, h)).collect();
                row.sort_unstable();
                assert_eq!(row, (0..group.order()).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn moving_is_an_action() {
        for (group, side) in [(PointGroup::C4, 5), (PointGroup::D4, 4)] {
            for g in 0..group.order() {
                for h in 0..group.order() {
                    // g (g⁻¹ h) = h
                    let rest = group.quotient(g, h);
                    for at in 0..side * side {
                        assert_eq!(
                            group.moved(g, group.moved(rest, at, side), side),
                            group.moved(h, at, side)
                        );
                    }
                }
            }
        }
        // A quarter turn takes the corner (0, 0) to another corner, the mirror image to (0, 3).
        assert_eq!((PointGroup::D4.moved(1, 0, 4), PointGroup::D4.moved(4, 0, 4)), (12, 3));
        assert_eq!(PointGroup::C4.moved(1, 4, 3), 4);
    }
}
