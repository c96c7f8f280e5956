//! Rotation matrices with entries $(a + bφ)/2$, in integers.

use std::ops::Add;

/// $φ = (1 + \sqrt 5)/2$.
const GOLDEN_RATIO: f64 = 1.618_033_988_749_895;

/// The entry $(a + bφ)/2$ as `(a, b)`.
type Entry = (i64, i64);

/// A rotation of the cube or of the icosahedron.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ExactRotation([[Entry; 3]; 3]);

const ZERO: Entry = (0, 0);
const ONE: Entry = (2, 0);

impl ExactRotation {
    pub(crate) const IDENTITY: Self = Self([[ONE, ZERO, ZERO], [ZERO, ONE, ZERO], [ZERO, ZERO, ONE]]);
    /// x to y to z to x.
    pub(crate) const CYCLE: Self = Self([[ZERO, ZERO, ONE], [ONE, ZERO, ZERO], [ZERO, ONE, ZERO]]);
    /// Half a turn about z.
    pub(crate) const HALF_TURN: Self =
        Self([[(-2, 0), ZERO, ZERO], [ZERO, (-2, 0), ZERO], [ZERO, ZERO, ONE]]);
    /// A fifth of a turn about the vertex $(0, 1, φ)$: entries $\frac12$, $\frac φ2$ and $\frac1{2φ} = \frac{φ-1}2$.
    pub(crate) const FIFTH_TURN: Self =
        Self([[(-1, 1), (0, -1), (1, 0)], [(0, 1), (1, 0), (-1, 1)], [(-1, 0), (-1, 1), (0, 1)]]);

    /// The matrix with whole numbers $a$ and multiples of $φ$, from `(a, b)` for $a + bφ$.
    pub(crate) fn from_fn(entry: impl Fn(usize, usize) -> Entry) -> Self {
        let double = |(a, b): Entry| (2 * a, 2 * b);
        Self(std::array::from_fn(|row| std::array::from_fn(|column| double(entry(row, column)))))
    }

    pub(crate) fn times(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|row| {
            std::array::from_fn(|column| {
                let terms = (0..3).map(|k| product(self.0[row][k], other.0[k][column]));
                let (a, b) = terms.fold(ZERO, |sum, term| (sum.0.add(term.0), sum.1.add(term.1)));
                (a / 2, b / 2)
            })
        }))
    }

    pub(crate) fn transpose(&self) -> Self {
        Self(std::array::from_fn(|row| std::array::from_fn(|column| self.0[column][row])))
    }

    /// Whether each of the axes x, y, z goes to one of them.
    pub(crate) fn permutes_the_axes(&self) -> bool {
        self.0.as_flattened().iter().all(|&(a, b)| b == 0 && a % 2 == 0)
    }

    pub(crate) fn fixes(&self, vector: &[i64; 3]) -> bool {
        self.0.iter().zip(vector).all(|(row, &expected)| {
            let terms = row.iter().zip(vector).map(|(&(a, b), v)| (a * v, b * v));
            terms.fold(ZERO, |sum, term| (sum.0 + term.0, sum.1 + term.1)) == (2 * expected, 0)
        })
    }

    pub(crate) fn to_f64(self) -> [[f64; 3]; 3] {
        self.0.map(|row| row.map(|(a, b)| (a as f64 + b as f64 * GOLDEN_RATIO) / 2.0))
    }
}

/// Twice the product of two entries, with $φ^2 = φ + 1$.
fn product((a, b): Entry, (c, d): Entry) -> Entry {
    (a * c + b * d, a * d + b * c + b * d)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generators_have_orders_three_two_and_five() {
        let generators =
            [(ExactRotation::CYCLE, 3), (ExactRotation::HALF_TURN, 2), (ExactRotation::FIFTH_TURN, 5)];
        for (generator, order) in generators {
            let mut power = generator;
            for _ in 1..order {
                assert_ne!(power, ExactRotation::IDENTITY);
                power = power.times(&generator);
            }
            assert_eq!(power, ExactRotation::IDENTITY);
            assert_eq!(generator.times(&generator.transpose()), ExactRotation::IDENTITY);
        }
    }

    #[test]
    fn the_golden_ratio_is_the_nearest_double() {
        assert_eq!(GOLDEN_RATIO, (1.0 + 5.0_f64.sqrt()) / 2.0);
    }
}
