//! The groups that group convolutions know: what moves the positions of an image, or the points of a vector, besides shifts.

use std::fmt;

use serde::{Serialize, Serializer};

/// The largest number of points of a vector's group.
const MOST_POINTS: usize = 1 << 12;

/// A group that acts on inputs, and whose elements are positions of the functions between `group_lift` and `group_pool`.
///
/// The plane groups act on square images on the torus. An element is a shift after a *turn* about a lattice point, and a function
/// on the group has one value for each position and turn. The others act on vectors, which are read as points on a circle; there
/// every element is a turn.
///
/// Turns stand in the order $r^0, …, r^{n-1}$ and, with mirror images, $r^0 s, …, r^{n-1} s$ (s first).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SymmetryGroup {
    /// Shifts and quarter turns of the plane.
    P4,
    /// Shifts, quarter turns and mirror images of the plane.
    P4m,
    /// Rotations of a number of points on a circle.
    Cyclic(usize),
    /// Rotations and mirror images of a number of points on a circle.
    Dihedral(usize),
}

impl SymmetryGroup {
    /// The group of this name: `p4`, `p4m`, `cyclic:N` or `dihedral:N` with N from 1 to 4,096.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let points = |digits: &str| {
            let points = digits.parse().ok().filter(|points| (1..=MOST_POINTS).contains(points))?;
            // `+5` and `05` would be second names for `5`.
            (points.to_string() == digits).then_some(points)
        };
        match name.split_once(':') {
            None if name == "p4" => Some(Self::P4),
            None if name == "p4m" => Some(Self::P4m),
            Some(("cyclic", digits)) => points(digits).map(Self::Cyclic),
            Some(("dihedral", digits)) => points(digits).map(Self::Dihedral),
            _ => None,
        }
    }

    /// The number of points of a group that acts on vectors; `None` for plane groups.
    #[must_use]
    pub fn points(self) -> Option<usize> {
        match self {
            Self::P4 | Self::P4m => None,
            Self::Cyclic(points) | Self::Dihedral(points) => Some(points),
        }
    }

    /// Number of turns, mirror images included; on vectors the order of the group.
    #[must_use]
    pub fn turns(self) -> usize {
        match self {
            Self::P4 => 4,
            Self::P4m => 8,
            Self::Cyclic(points) => points,
            Self::Dihedral(points) => 2 * points,
        }
    }

    /// Number of turns that are no mirror images.
    fn rotations(self) -> usize {
        self.points().unwrap_or(4)
    }

    /// The turn `first · second`: `second` acts first.
    ///
    /// With $t = r^a s^b$: $r^a s^b\, r^c s^d = r^{a \pm c} s^{b + d}$, minus after a mirror image.
    #[must_use]
    pub fn multiply(self, first: usize, second: usize) -> usize {
        let n = self.rotations();
        let (a, b, c, d) = (first % n, first / n, second % n, second / n);
        let rotation = if b == 0 { a + c } else { a + n - c };
        rotation % n + n * ((b + d) % 2)
    }

    /// Where a turn of a plane group moves the offset $(y, x)$ from its centre: $r(y, x) = (-x, y)$, $s(y, x) = (y, -x)$.
    #[must_use]
    pub fn turned_offset(self, turn: usize, [y, x]: [isize; 2]) -> [isize; 2] {
        let [y, x] = if turn >= self.rotations() { [y, -x] } else { [y, x] };
        match turn % 4 {
            0 => [y, x],
            1 => [-x, y],
            2 => [-y, -x],
            _ => [x, -y],
        }
    }

    /// Where an element of a group on vectors moves a point: $r(i) = i + 1$, $s(i) = -i$, modulo the number of points.
    #[must_use]
    pub fn turned_point(self, turn: usize, point: usize) -> usize {
        let n = self.rotations();
        let mirrored = if turn >= n { n - point % n } else { point };
        (mirrored + turn % n) % n
    }
}

impl fmt::Display for SymmetryGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::P4 => write!(f, "p4"),
            Self::P4m => write!(f, "p4m"),
            Self::Cyclic(points) => write!(f, "cyclic:{points}"),
            Self::Dihedral(points) => write!(f, "dihedral:{points}"),
        }
    }
}

impl Serialize for SymmetryGroup {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: [SymmetryGroup; 8] = [
        SymmetryGroup::P4,
        SymmetryGroup::P4m,
        SymmetryGroup::Cyclic(1),
        SymmetryGroup::Cyclic(5),
        SymmetryGroup::Dihedral(1),
        SymmetryGroup::Dihedral(2),
        SymmetryGroup::Dihedral(3),
        SymmetryGroup::Dihedral(6),
    ];

    #[test]
    fn turns_move_places_as_their_products_do() {
        for group in GROUPS {
            for a in 0..group.turns() {
                let mut products: Vec<usize> = (0..group.turns()).map(|b| group.multiply(a, b)).collect();
                products.sort_unstable();
                assert!(products.iter().copied().eq(0..group.turns()), "{group}: rows are permutations");
                for b in 0..group.turns() {
                    let product = group.multiply(a, b);
                    match group.points() {
                        None => {
                            let offset = [2, 5];
                            let one_by_one = group.turned_offset(a, group.turned_offset(b, offset));
                            assert_eq!(group.turned_offset(product, offset), one_by_one, "{group}: {a}, {b}");
                        }
                        Some(points) => {
                            for point in 0..points {
                                let one_by_one = group.turned_point(a, group.turned_point(b, point));
                                assert_eq!(
                                    group.turned_point(product, point),
                                    one_by_one,
                                    "{group}: {a}, {b}"
                                );
                            }
                        }
                    }
                    for c in 0..group.turns() {
                        let other = group.multiply(a, group.multiply(b, c));
                        assert_eq!(group.multiply(product, c), other, "{group}: associative");
                    }
                }
            }
        }
    }

    #[test]
    fn names_are_read_back_and_have_one_spelling() {
        for group in GROUPS {
            assert_eq!(SymmetryGroup::from_name(&group.to_string()), Some(group));
        }
        for name in [
            "",
            "p5",
            "P4",
            "p4:2",
            "cyclic",
            "cyclic:",
            "cyclic:0",
            "cyclic:05",
            "cyclic:+5",
            "dihedral:4097",
        ] {
            assert_eq!(SymmetryGroup::from_name(name), None, "{name}");
        }
    }
}
