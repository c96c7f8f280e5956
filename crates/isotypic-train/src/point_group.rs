//! The turns and mirror images of the square lattice about a point: what p4 and p4m have beside shifts.

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

/// An integer matrix that acts on (row, column).
type Matrix = [[i64; 2]; 2];

impl PointGroup {
    /// Number of elements.
    pub fn order(self) -> usize {
        match self {
            Self::C4 => 4,
            Self::D4 => 8,
        }
    }

    /// The elements: turns, then turns after the mirror image (columns reversed).
    fn matrices(self) -> Vec<Matrix> {
        let turn = |[[a, b], [c, d]]: Matrix| [[-c, -d], [a, b]];
        let mut matrices: Vec<Matrix> = Vec::new();
        for start in [[[1, 0], [0, 1]], [[1, 0], [0, -1]]] {
            matrices.extend(std::iter::successors(Some(start), |&matrix| Some(turn(matrix))).take(4));
        }
        matrices.truncate(self.order());
        matrices
    }

    /// The place of $g^{-1} h$.
    pub(crate) fn quotient(self, g: usize, h: usize) -> usize {
        let matrices = self.matrices();
        let ([[a, b], [c, d]], m) = (matrices[g], matrices[h]);
        // Orthogonal: the transpose is the inverse.
        let product = [
            [a * m[0][0] + c * m[1][0], a * m[0][1] + c * m[1][1]],
            [b * m[0][0] + d * m[1][0], b * m[0][1] + d * m[1][1]],
        ];
        matrices.iter().position(|&matrix| matrix == product).expect("a group is closed")
    }

    /// Where element `g` takes a position of a square of this side, about its centre; positions are counted in C order.
    pub(crate) fn moved(self, g: usize, position: usize, side: usize) -> usize {
        let [[a, b], [c, d]] = self.matrices()[g];
        // Twice the distance from the centre: whole numbers for odd and even sides.
        let last = side as i64 - 1;
        let (y, x) = (2 * (position / side) as i64 - last, 2 * (position % side) as i64 - last);
        let (row, column) = ((a * y + b * x + last) / 2, (c * y + d * x + last) / 2);
        row as usize * side + column as usize
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
