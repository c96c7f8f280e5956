//! Direct products of arbitrary groups: factor by factor, last factor fastest.
//!
//! Factors that are products themselves are flattened and neighbouring abelian factors merged, so that the same product
//! made in different steps is the same group.

use crate::error::GroupError;
use crate::finite_group::{Family, FiniteGroup, MAX_ORDER};

/// The largest number of factors that are not merged. Factors of two elements reach the largest order with fewer.
pub(crate) const MAX_FACTORS: usize = 64;

/// A direct product of two or more groups that are no direct products, not all abelian.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DirectProduct {
    factors: Vec<FiniteGroup>,
    order: usize,
}

impl FiniteGroup {
    /// The direct product; elements of `other` are fastest.
    ///
    /// Element $(g_1, g_2)$ has index $g_1·|G_2| + g_2$. Products are flattened: the same factors in the same order
    /// give equal groups however they are bracketed.
    ///
    /// # Errors
    /// [`GroupError::TooLarge`] and [`GroupError::TooManyFactors`].
    ///
    /// # Examples
    ///
    /// ```
    /// use isotypic_group::FiniteGroup;
    ///
    /// let (square, clock) = (FiniteGroup::dihedral(4)?, FiniteGroup::cyclic(12)?);
    /// let group = square.direct_product(&clock)?;
    /// assert_eq!(group.to_string(), "D4×C12");
    /// assert_eq!(group.multiply(5 * 12 + 7, 1 * 12 + 8), square.multiply(5, 1) * 12 + 3);
    /// # Ok::<(), isotypic_group::GroupError>(())
    /// ```
    pub fn direct_product(&self, other: &Self) -> Result<Self, GroupError> {
        let mut factors = self.factors().to_vec();
        for factor in other.factors() {
            match (factors.last().and_then(Self::cyclic_factors), factor.cyclic_factors()) {
                (Some(left), Some(right)) => {
                    let merged = Self::abelian(&[left, right].concat())?;
                    factors.pop();
                    factors.push(merged);
                }
                _ => factors.push(factor.clone()),
            }
        }
        Self::product_of(factors)
    }

    /// The factors of a direct product; the group alone if it is none.
    pub(crate) fn factors(&self) -> &[Self] {
        match self.family() {
            Family::Product(product) => &product.factors,
            _ => std::slice::from_ref(self),
        }
    }

    /// The product of factors that are flat and merged.
    fn product_of(mut factors: Vec<Self>) -> Result<Self, GroupError> {
        if factors.len() == 1
            && let Some(only) = factors.pop()
        {
            return Ok(only);
        }
        if factors.len() > MAX_FACTORS {
            return Err(GroupError::TooManyFactors { factors: factors.len() });
        }
        let order = factors
            .iter()
            .try_fold(1usize, |product, factor| product.checked_mul(factor.order()))
            .filter(|&order| order <= MAX_ORDER)
            .ok_or_else(|| GroupError::TooLarge { name: name(&factors) })?;
        Ok(Self::of(Family::Product(DirectProduct { factors, order })))
    }
}

impl DirectProduct {
    pub(crate) fn order(&self) -> usize {
        self.order
    }

    /// The first factor and the product of the others.
    pub(crate) fn split(&self) -> Result<(FiniteGroup, FiniteGroup), GroupError> {
        let (first, rest) = self.factors.split_first().ok_or(GroupError::NoFactors)?;
        Ok((first.clone(), FiniteGroup::product_of(rest.to_vec())?))
    }

    pub(crate) fn name(&self) -> String {
        name(&self.factors)
    }

    pub(crate) fn is_abelian(&self) -> bool {
        self.factors.iter().all(FiniteGroup::is_abelian)
    }

    /// Combines two elements factor by factor.
    fn zip(&self, g: usize, h: usize, combine: impl Fn(&FiniteGroup, usize, usize) -> usize) -> usize {
        let (mut g, mut h, mut stride, mut result) = (g, h, 1, 0);
        for factor in self.factors.iter().rev() {
            let order = factor.order();
            result += stride * combine(factor, g % order, h % order);
            g /= order;
            h /= order;
            stride *= order;
        }
        result
    }

    pub(crate) fn multiply(&self, g: usize, h: usize) -> usize {
        self.zip(g, h, FiniteGroup::multiply)
    }

    pub(crate) fn inverse(&self, g: usize) -> usize {
        self.zip(g, 0, |factor, g, _| factor.inverse(g))
    }
}

fn name(factors: &[FiniteGroup]) -> String {
    let part = |factor: &FiniteGroup| {
        let name = factor.name();
        if name.contains('⋊') { format!("({name})") } else { name }
    };
    factors.iter().map(part).collect::<Vec<_>>().join("×")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_make_no_difference() {
        let d3 = FiniteGroup::dihedral(3).unwrap();
        let (c2, c3) = (FiniteGroup::cyclic(2).unwrap(), FiniteGroup::cyclic(3).unwrap());
        let left = d3.direct_product(&c2).unwrap().direct_product(&c3).unwrap();
        let right = d3.direct_product(&c2.direct_product(&c3).unwrap()).unwrap();
        assert_eq!(left, right);
        assert_eq!(left.to_string(), "D3×C2×C3");
        let both = left.direct_product(&right).unwrap();
        assert_eq!((both.to_string().as_str(), both.order()), ("D3×C2×C3×D3×C2×C3", 36 * 36));
        assert!(!both.is_abelian());
    }

    #[test]
    fn products_of_abelian_groups_stay_abelian() {
        let (c2, c3) = (FiniteGroup::cyclic(2).unwrap(), FiniteGroup::cyclic(3).unwrap());
        assert_eq!(c2.direct_product(&c3), FiniteGroup::abelian(&[2, 3]));
        assert_eq!(FiniteGroup::p4(2).unwrap().direct_product(&c2).unwrap().to_string(), "p4(2)×C2");
    }

    #[test]
    fn semidirect_factors_stand_in_parentheses() {
        let (c3, c2) = (FiniteGroup::cyclic(3).unwrap(), FiniteGroup::cyclic(2).unwrap());
        let s3 = FiniteGroup::semidirect_product(&c3, &c2, &[vec![1], vec![2]]).unwrap();
        assert_eq!(c2.direct_product(&s3).unwrap().to_string(), "C2×(C3⋊C2)");
    }

    #[test]
    fn orders_and_numbers_of_factors_are_bounded() {
        let large = FiniteGroup::dihedral(1 << 16).unwrap();
        let error = large.direct_product(&large).unwrap_err();
        assert_eq!(error, GroupError::TooLarge { name: "D65536×D65536".into() });
        let one = FiniteGroup::abelian(&[1]).unwrap();
        let trivial = FiniteGroup::semidirect_product(&one, &one, &[vec![0]]).unwrap();
        let mut product = trivial.clone();
        for _ in 1..MAX_FACTORS {
            product = product.direct_product(&trivial).unwrap();
        }
        let error = product.direct_product(&trivial).unwrap_err();
        assert_eq!(error, GroupError::TooManyFactors { factors: 65 });
        assert_eq!(error.to_string(), "a direct product of 65 groups has more than 64 factors");
    }
}
