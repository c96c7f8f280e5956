//! The type of all finite groups here: multiplication is a method, elements are indices.
//!
//! What a group does to images or other data is an action and not part of the group.

use std::fmt;
use std::ops::Range;

use crate::abelian::{self, Abelian};
use crate::error::GroupError;
use crate::irrep::Irrep;

/// The largest order of a group. Sums and products of two indices stay within 64 bits.
pub const MAX_ORDER: usize = 1 << 31;

/// A finite group on the elements `0..order`, with identity `0`.
///
/// Two values are equal when they are the same construction with the same order of elements; isomorphic groups
/// made in different ways are not equal.
///
/// # Panics
///
/// Methods that take an element panic when it is not below the order.
///
/// # Examples
///
/// ```
/// use isotypic_group::FiniteGroup;
///
/// let torus = FiniteGroup::abelian(&[4, 6])?;
/// assert_eq!(torus.to_string(), "C4×C6");
/// let (g, h) = (3 * 6 + 5, 6 + 2); // (3, 5) and (1, 2)
/// assert_eq!(torus.multiply(g, h), 1); // (0, 1)
/// assert_eq!(torus.multiply(g, torus.inverse(g)), torus.identity());
/// # Ok::<(), isotypic_group::GroupError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FiniteGroup {
    family: Family,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Family {
    Abelian(Abelian),
}

impl FiniteGroup {
    /// The cyclic group $C_n$: $r^0, r^1, …, r^{n-1}$.
    ///
    /// # Errors
    /// [`GroupError::OrderZero`] and [`GroupError::TooLarge`] (beyond [`MAX_ORDER`]).
    pub fn cyclic(n: usize) -> Result<Self, GroupError> {
        Self::abelian(&[n])
    }

    /// The direct product of cyclic groups of the given orders, last factor fastest.
    ///
    /// Factors of order one are kept: they show in labels and names.
    ///
    /// # Errors
    /// [`GroupError::NoFactors`], [`GroupError::OrderZero`] and [`GroupError::TooLarge`].
    pub fn abelian(factors: &[usize]) -> Result<Self, GroupError> {
        Ok(Self { family: Family::Abelian(Abelian::new(factors)?) })
    }

    /// The direct product; elements of `other` are fastest.
    ///
    /// # Errors
    /// [`GroupError::TooLarge`].
    pub fn direct_product(&self, other: &Self) -> Result<Self, GroupError> {
        Self::abelian(&[self.cyclic_factors(), other.cyclic_factors()].concat())
    }

    /// The number of elements.
    pub fn order(&self) -> usize {
        match &self.family {
            Family::Abelian(group) => group.order(),
        }
    }

    /// All elements in order.
    pub fn elements(&self) -> Range<usize> {
        0..self.order()
    }

    /// The neutral element.
    pub fn identity(&self) -> usize {
        0
    }

    /// The product $gh$.
    pub fn multiply(&self, g: usize, h: usize) -> usize {
        self.assert_contains(g);
        self.assert_contains(h);
        match &self.family {
            Family::Abelian(group) => group.multiply(g, h),
        }
    }

    /// The inverse $g^{-1}$.
    pub fn inverse(&self, g: usize) -> usize {
        self.assert_contains(g);
        match &self.family {
            Family::Abelian(group) => group.inverse(g),
        }
    }

    /// The power $g^e$; negative exponents are powers of the inverse.
    pub fn power(&self, g: usize, exponent: i64) -> usize {
        self.assert_contains(g);
        match &self.family {
            Family::Abelian(group) => group.power(g, exponent),
        }
    }

    /// The smallest positive $e$ with $g^e = 1$.
    pub fn element_order(&self, g: usize) -> usize {
        self.assert_contains(g);
        match &self.family {
            Family::Abelian(group) => group.element_order(g),
        }
    }

    /// Whether all elements commute.
    pub fn is_abelian(&self) -> bool {
        match &self.family {
            Family::Abelian(_) => true,
        }
    }

    /// The usual name, such as `C16` or `C28×C28`; the same as `to_string()`.
    pub fn name(&self) -> String {
        match &self.family {
            Family::Abelian(group) => group.name(),
        }
    }

    /// The orders of the cyclic groups this group was made from as a direct product.
    pub fn cyclic_factors(&self) -> &[usize] {
        match &self.family {
            Family::Abelian(group) => group.factors(),
        }
    }

    /// The order $N$ when the group was made as one cyclic group $C_N$.
    pub fn as_cyclic(&self) -> Option<usize> {
        match *self.cyclic_factors() {
            [n] => Some(n),
            _ => None,
        }
    }

    /// All irreps up to equivalence, both of a conjugate pair included; the first is trivial.
    ///
    /// Irrep `i` has as frequencies the coordinates of element `i`.
    pub fn irreps(&self) -> Vec<Irrep> {
        match &self.family {
            Family::Abelian(group) => Irrep::characters_of(group),
        }
    }

    /// The elements of `larger` that form this group when each cyclic factor is embedded in its counterpart as
    /// $r^u ↦ r^{mu}$ with $m$ the ratio of the orders.
    ///
    /// `None` unless both have the same number of factors and each order divides its counterpart.
    ///
    /// # Examples
    ///
    /// ```
    /// use isotypic_group::FiniteGroup;
    ///
    /// let fine = FiniteGroup::cyclic(12)?;
    /// assert_eq!(FiniteGroup::cyclic(4)?.embedding_into(&fine), Some(vec![0, 3, 6, 9]));
    /// assert_eq!(FiniteGroup::cyclic(5)?.embedding_into(&fine), None);
    /// # Ok::<(), isotypic_group::GroupError>(())
    /// ```
    pub fn embedding_into(&self, larger: &Self) -> Option<Vec<usize>> {
        let (coarse, fine) = (self.cyclic_factors(), larger.cyclic_factors());
        let divides = |(m, n): (&usize, &usize)| n % m == 0;
        if coarse.len() != fine.len() || !coarse.iter().zip(fine).all(divides) {
            return None;
        }
        let embed = |g| {
            let mut position = abelian::coordinates(coarse, g);
            for (p, (m, n)) in position.iter_mut().zip(coarse.iter().zip(fine)) {
                *p *= n / m;
            }
            abelian::index(fine, &position)
        };
        Some(self.elements().map(embed).collect())
    }

    #[track_caller]
    fn assert_contains(&self, g: usize) {
        assert!(g < self.order(), "element {g} is outside group {self} of order {}", self.order());
    }
}

impl fmt::Display for FiniteGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_factors() {
        let c16 = FiniteGroup::cyclic(16).unwrap();
        let torus = FiniteGroup::abelian(&[28, 28]).unwrap();
        assert_eq!(c16.name(), "C16");
        assert_eq!(torus.name(), "C28×C28");
        assert_eq!(c16.direct_product(&torus).unwrap().to_string(), "C16×C28×C28");
        assert_eq!(c16.as_cyclic(), Some(16));
        assert_eq!(torus.as_cyclic(), None);
    }

    #[test]
    fn empty_and_zero_orders_are_refused() {
        assert_eq!(FiniteGroup::cyclic(0), Err(GroupError::OrderZero));
        assert_eq!(FiniteGroup::abelian(&[3, 0]), Err(GroupError::OrderZero));
        assert_eq!(FiniteGroup::abelian(&[]), Err(GroupError::NoFactors));
    }

    #[test]
    fn an_embedding_is_a_homomorphism_on_every_factor() {
        let coarse = FiniteGroup::abelian(&[2, 3]).unwrap();
        let fine = FiniteGroup::abelian(&[4, 9]).unwrap();
        let image = coarse.embedding_into(&fine).unwrap();
        assert_eq!(image, [0, 3, 6, 18, 21, 24]);
        for g in coarse.elements() {
            for h in coarse.elements() {
                assert_eq!(image[coarse.multiply(g, h)], fine.multiply(image[g], image[h]));
            }
        }
        assert_eq!(coarse.embedding_into(&FiniteGroup::cyclic(6).unwrap()), None);
        assert_eq!(fine.embedding_into(&coarse), None);
    }

    #[test]
    #[should_panic(expected = "element 4 is outside group C4 of order 4")]
    fn an_element_outside_the_group_panics() {
        FiniteGroup::cyclic(4).unwrap().inverse(4);
    }
}
