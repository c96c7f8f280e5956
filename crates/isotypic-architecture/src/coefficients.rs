//! The coefficients of a polynomial.

use serde::{Serialize, Serializer};

/// Coefficients of a polynomial: that of $u^k$ at place $k$, as in `numpy.polynomial`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficients {
    /// Zeros from `count` on.
    values: [f64; Self::MOST],
    count: usize,
}

impl Coefficients {
    /// The largest number of coefficients: variances of higher powers overflow for everyday inputs.
    pub const MOST: usize = 17;

    /// The given coefficients, `None` if there are none or more than [`MOST`](Self::MOST).
    ///
    /// # Examples
    /// ```
    /// use isotypic_architecture::Coefficients;
    ///
    /// let square_minus_one = Coefficients::new(&[-1.0, 0.0, 1.0]).unwrap();
    /// assert_eq!(square_minus_one.evaluate(3.0), 8.0);
    /// assert_eq!(Coefficients::new(&[]), None);
    /// ```
    pub fn new(coefficients: &[f64]) -> Option<Self> {
        let mut values = [0.0; Self::MOST];
        let count = coefficients.len();
        if count == 0 {
            return None;
        }
        values.get_mut(..count)?.copy_from_slice(coefficients);
        Some(Self { values, count })
    }

    /// The coefficients, at least one.
    pub fn as_slice(&self) -> &[f64] {
        &self.values[..self.count]
    }

    /// The polynomial at `u`, by Horner's rule. NaN stays NaN.
    pub fn evaluate(&self, u: f64) -> f64 {
        self.as_slice().iter().rev().fold(0.0, |sum, coefficient| sum * u + coefficient)
    }
}

impl Serialize for Coefficients {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_slice().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_between_one_and_the_largest_number_of_coefficients() {
        assert_eq!(
            Coefficients::new(&[0.5; Coefficients::MOST]).unwrap().as_slice().len(),
            Coefficients::MOST
        );
        assert_eq!(Coefficients::new(&[0.5; Coefficients::MOST + 1]), None);
    }

    #[test]
    fn values_are_sums_of_powers() {
        let coefficients = Coefficients::new(&[0.25, -1.5, 0.0, 2.0]).unwrap();
        for u in [-2.0_f64, 0.0, 0.5, 4.0] {
            assert_eq!(coefficients.evaluate(u), 0.25 - 1.5 * u + 2.0 * u.powi(3));
        }
        assert!(coefficients.evaluate(f64::NAN).is_nan());
        assert!(Coefficients::new(&[1.0]).unwrap().evaluate(f64::NAN).is_nan());
    }
}
