//! The quaternion group: 1, −1, i, −i, j, −j, k, −k with ij = k.

use num_complex::Complex64;

use crate::irrep::{Irrep, IrrepKind, Matrices};
use crate::label::IrrepLabel;

pub(crate) const ORDER: usize = 8;

/// The unit and sign of the product of the units 1, i, j, k: `(unit, negative)`.
const PRODUCTS: [[(usize, bool); 4]; 4] = [
    [(0, false), (1, false), (2, false), (3, false)],
    [(1, false), (0, true), (3, false), (2, true)],
    [(2, false), (3, true), (0, true), (1, false)],
    [(3, false), (2, false), (1, true), (0, true)],
];

/// $gh$, where element `2 * unit` is a unit and the next its negative.
pub(crate) fn multiply(g: usize, h: usize) -> usize {
    let (unit, negative) = PRODUCTS[g / 2][h / 2];
    2 * unit + (g + h + usize::from(negative)) % 2
}

pub(crate) fn inverse(g: usize) -> usize {
    if g < 2 { g } else { g ^ 1 }
}

/// A, then B1, B2, B3, which are 1 on i, j, k in turn and −1 on the two others, then the quaternionic E.
pub(crate) fn irreps() -> Vec<Irrep> {
    let names = ["A", "B1", "B2", "B3", "E"];
    let make = |(index, name): (usize, &str)| Irrep {
        label: IrrepLabel::Name(name.to_owned()),
        dimension: if index < 4 { 1 } else { 2 },
        kind: if index < 4 { IrrepKind::Real } else { IrrepKind::Quaternionic },
        conjugate: index,
        order: ORDER,
        matrices: Matrices::Quaternion { irrep: index },
    };
    names.into_iter().enumerate().map(make).collect()
}

/// Writes $ρ(g)$ row by row: E takes $a + bi + cj + dk$ to $\begin{pmatrix} a + bi & c + di \\ -c + di & a - bi \end{pmatrix}$.
pub(crate) fn write(irrep: usize, g: usize, out: &mut [Complex64]) {
    const O: Complex64 = Complex64::ZERO;
    const ONE: Complex64 = Complex64::ONE;
    const I: Complex64 = Complex64::I;
    let unit = g / 2;
    if irrep < 4 {
        let negative = irrep != 0 && unit != 0 && unit != irrep;
        out[0] = if negative { -ONE } else { ONE };
        return;
    }
    let entries = match unit {
        0 => [ONE, O, O, ONE],
        1 => [I, O, O, -I],
        2 => [O, ONE, -ONE, O],
        _ => [O, I, I, O],
    };
    let sign = if g.is_multiple_of(2) { 1.0 } else { -1.0 };
    out.copy_from_slice(&entries.map(|entry| entry * sign));
}

#[cfg(test)]
mod tests {
    use crate::FiniteGroup;

    #[test]
    fn units_multiply_as_hamilton_cut_them() {
        let group = FiniteGroup::quaternion();
        let (minus, i, j, k) = (1, 2, 4, 6);
        assert_eq!(group.to_string(), "Q8");
        assert_eq!(group.multiply(i, j), k);
        assert_eq!(group.multiply(j, i), k + 1);
        assert_eq!(group.multiply(j, k), i);
        assert_eq!(group.multiply(k, i), j);
        for unit in [i, j, k] {
            assert_eq!(group.multiply(unit, unit), minus);
        }
    }
}
