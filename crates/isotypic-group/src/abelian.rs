//! Direct products of cyclic groups: arithmetic on mixed-radix indices, last factor fastest.
//!
//! Not a normal form: `C2×C3` and `C6` are isomorphic but list their elements differently, so they are different
//! values here.

use crate::error::GroupError;
use crate::finite_group::MAX_ORDER;

/// A direct product of one or more cyclic groups.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Abelian {
    factors: Vec<usize>,
    order: usize,
}

impl Abelian {
    pub(crate) fn new(factors: &[usize]) -> Result<Self, GroupError> {
        if factors.is_empty() {
            return Err(GroupError::NoFactors);
        }
        if factors.contains(&0) {
            return Err(GroupError::OrderZero);
        }
        let order = factors
            .iter()
            .try_fold(1usize, |product, &n| product.checked_mul(n))
            .filter(|&order| order <= MAX_ORDER)
            .ok_or_else(|| GroupError::TooLarge { name: name(factors) })?;
        Ok(Self { factors: factors.to_vec(), order })
    }

    pub(crate) fn factors(&self) -> &[usize] {
        &self.factors
    }

    pub(crate) fn order(&self) -> usize {
        self.order
    }

    pub(crate) fn name(&self) -> String {
        name(&self.factors)
    }

    /// Combines two elements factor by factor; `combine(n, g, h)` returns a value below `n`.
    fn zip(&self, g: usize, h: usize, combine: impl Fn(usize, usize, usize) -> usize) -> usize {
        if let [n] = self.factors[..] {
            return combine(n, g, h);
        }
        let (mut g, mut h, mut stride, mut result) = (g, h, 1, 0);
        for &n in self.factors.iter().rev() {
            result += stride * combine(n, g % n, h % n);
            g /= n;
            h /= n;
            stride *= n;
        }
        result
    }

    pub(crate) fn multiply(&self, g: usize, h: usize) -> usize {
        self.zip(g, h, |n, a, b| if a >= n - b { a - (n - b) } else { a + b })
    }

    pub(crate) fn inverse(&self, g: usize) -> usize {
        self.zip(g, 0, |n, a, _| if a == 0 { 0 } else { n - a })
    }

    pub(crate) fn power(&self, g: usize, exponent: i64) -> usize {
        self.zip(g, 0, |n, a, _| {
            let reduced = exponent.rem_euclid(n as i64) as u64;
            (a as u64 * reduced % n as u64) as usize
        })
    }

    pub(crate) fn element_order(&self, g: usize) -> usize {
        self.factors
            .iter()
            .zip(coordinates(&self.factors, g))
            .fold(1, |order, (&n, a)| least_common_multiple(order, n / greatest_common_divisor(n, a)))
    }
}

/// The position of `index` along each factor, last factor fastest.
pub(crate) fn coordinates(factors: &[usize], index: usize) -> Vec<usize> {
    let mut rest = index;
    let mut position = vec![0; factors.len()];
    for (p, &n) in position.iter_mut().zip(factors).rev() {
        *p = rest % n;
        rest /= n;
    }
    position
}

/// The index of a position, the inverse of [`coordinates`].
pub(crate) fn index(factors: &[usize], position: &[usize]) -> usize {
    factors.iter().zip(position).fold(0, |index, (&n, &p)| index * n + p)
}

pub(crate) fn greatest_common_divisor(a: usize, b: usize) -> usize {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

pub(crate) fn least_common_multiple(a: usize, b: usize) -> usize {
    a / greatest_common_divisor(a, b) * b
}

fn name(factors: &[usize]) -> String {
    factors.iter().map(|n| format!("C{n}")).collect::<Vec<_>>().join("×")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_and_index_are_inverse_and_last_factor_is_fastest() {
        let factors = [2, 3, 5];
        assert_eq!(coordinates(&factors, 1), [0, 0, 1]);
        assert_eq!(coordinates(&factors, 5), [0, 1, 0]);
        for i in 0..30 {
            assert_eq!(index(&factors, &coordinates(&factors, i)), i);
        }
    }

    #[test]
    fn an_order_beyond_the_limit_is_refused_even_when_the_product_overflows() {
        for factors in [&[MAX_ORDER + 1][..], &[1 << 20, 1 << 20], &[usize::MAX, usize::MAX]] {
            assert!(matches!(Abelian::new(factors), Err(GroupError::TooLarge { .. })));
        }
        assert!(Abelian::new(&[MAX_ORDER]).is_ok());
    }

    #[test]
    fn arithmetic_does_not_overflow_at_the_largest_order() {
        let group = Abelian::new(&[MAX_ORDER]).unwrap();
        let last = MAX_ORDER - 1;
        assert_eq!(group.multiply(last, last), MAX_ORDER - 2);
        assert_eq!(group.power(last, i64::MIN), 0);
        assert_eq!(group.power(last, i64::MAX), 1);
    }
}
