//! Sums and inner products as if computed with twice the digits and rounded once.
//!
//! Ogita, Rump & Oishi, *Accurate sum and dot product*, SIAM J. Sci. Comput. 26 (2005): the error of every addition and product is itself
//! a number, and these errors are added up beside the sum.

/// A sum with the errors of its additions.
///
/// # Examples
/// ```
/// use isotypic_predict::CompensatedSum;
///
/// let mut sum = CompensatedSum::default();
/// for term in [1e16, 1.0, -1e16] {
///     sum.add(term);
/// }
/// sum.add_product(0.5, 3.0);
/// assert_eq!(sum.value(), 2.5);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CompensatedSum {
    sum: f64,
    error: f64,
}

impl CompensatedSum {
    /// Adds a number.
    #[inline]
    pub fn add(&mut self, term: f64) {
        let sum = self.sum + term;
        let part = sum - self.sum;
        self.error += (self.sum - (sum - part)) + (term - part);
        self.sum = sum;
    }

    /// Adds the product of two numbers.
    #[inline]
    pub fn add_product(&mut self, a: f64, b: f64) {
        let product = a * b;
        self.error += a.mul_add(b, -product);
        self.add(product);
    }

    /// Adds another sum times a number, without rounding that sum first.
    #[inline]
    pub fn add_scaled(&mut self, other: Self, factor: f64) {
        self.add_product(other.sum, factor);
        self.error += other.error * factor;
    }

    /// The sum, rounded.
    #[must_use]
    pub fn value(self) -> f64 {
        self.sum + self.error
    }
}

/// The sum of numbers of similar size, rounded about once: what they have in common is counted, not added.
#[must_use]
pub(crate) fn sum_of_similar(values: &[f64]) -> f64 {
    let Some(&first) = values.first() else { return 0.0 };
    let differences: f64 = values.iter().map(|value| value - first).sum();
    first.mul_add(values.len() as f64, differences)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cancelling_products_keep_their_digits() {
        // (1 + 2⁻³⁰)² − (1 + 2⁻²⁹) = 2⁻⁶⁰, which no double beside 1 can hold.
        let near = 1.0 + (-30.0_f64).exp2();
        let mut sum = CompensatedSum::default();
        sum.add_product(near, near);
        sum.add(-(1.0 + (-29.0_f64).exp2()));
        assert_eq!(sum.value(), (-60.0_f64).exp2());
    }

    #[test]
    fn similar_numbers_add_up_to_half_a_unit() {
        // Multiples of 2⁻⁵⁰ between 2 and 2.004: their sum is known exactly.
        let step = (-50.0_f64).exp2();
        let parts: Vec<u64> = (0..784).map(|index| (index * index * 977) % (1 << 42)).collect();
        let values: Vec<f64> = parts.iter().map(|&part| 2.0 + part as f64 * step).collect();
        let exact = 2.0 * 784.0 + parts.iter().sum::<u64>() as f64 * step;
        assert_eq!(sum_of_similar(&values), exact);
        assert_eq!(sum_of_similar(&[]), 0.0);
    }
}
