//! Dihedral groups: the symmetries of a regular polygon, $r^u$ and $r^u s$ with $s r s = r^{-1}$.

use crate::error::GroupError;
use crate::finite_group::MAX_ORDER;
use crate::irrep::{Irrep, IrrepKind, Matrices};
use crate::label::IrrepLabel;

/// The dihedral group of order `2 * turns`: rotations `0..turns`, then $r^u s$ as `turns + u`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Dihedral {
    turns: usize,
}

impl Dihedral {
    pub(crate) fn new(turns: usize) -> Result<Self, GroupError> {
        match turns {
            0 => Err(GroupError::OrderZero),
            _ if turns > MAX_ORDER / 2 => Err(GroupError::TooLarge { name: format!("D{turns}") }),
            _ => Ok(Self { turns }),
        }
    }

    pub(crate) fn turns(&self) -> usize {
        self.turns
    }

    pub(crate) fn order(&self) -> usize {
        2 * self.turns
    }

    pub(crate) fn name(&self) -> String {
        format!("D{}", self.turns)
    }

    pub(crate) fn is_abelian(&self) -> bool {
        self.turns <= 2
    }

    /// The exponent of r, and whether s stands behind it.
    fn split(&self, g: usize) -> (usize, bool) {
        if g < self.turns { (g, false) } else { (g - self.turns, true) }
    }

    pub(crate) fn multiply(&self, g: usize, h: usize) -> usize {
        let ((a, mirrored), (b, mirrors)) = (self.split(g), self.split(h));
        // r^a s r^b = r^(a-b) s
        let u = if mirrored { a + self.turns - b } else { a + b } % self.turns;
        if mirrored == mirrors { u } else { self.turns + u }
    }

    pub(crate) fn inverse(&self, g: usize) -> usize {
        // Every r^u s is its own inverse.
        if g == 0 || g >= self.turns { g } else { self.turns - g }
    }

    /// A1, A2, for even polygons B1, B2, then E1, E2, …, all by real matrices.
    ///
    /// A keeps and B changes its sign under r, 1 keeps and 2 changes it under s. In Ek r turns the plane by k times
    /// the angle of the polygon and s mirrors its second axis.
    pub(crate) fn irreps(&self) -> Vec<Irrep> {
        let signs: &[(&str, bool, bool)] = match self.turns % 2 {
            0 => &[("A1", false, false), ("A2", false, true), ("B1", true, false), ("B2", true, true)],
            _ => &[("A1", false, false), ("A2", false, true)],
        };
        let planes = (self.turns - 1) / 2;
        let real = |index, label, dimension, matrices| Irrep {
            label: IrrepLabel::Name(label),
            dimension,
            kind: IrrepKind::Real,
            conjugate: index,
            order: self.order(),
            matrices,
        };
        let characters = signs.iter().enumerate().map(|(index, &(name, turn, mirror))| {
            real(index, name.to_owned(), 1, Matrices::DihedralSign { turns: self.turns, turn, mirror })
        });
        let rotations = (1..=planes).map(|frequency| {
            let name = if planes == 1 { "E".to_owned() } else { format!("E{frequency}") };
            let matrices = Matrices::DihedralPlane { turns: self.turns, frequency };
            real(signs.len() + frequency - 1, name, 2, matrices)
        });
        characters.chain(rotations).collect()
    }
}
