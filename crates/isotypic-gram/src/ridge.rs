//! The ridge added to a Gram matrix before it is inverted: one convention, $K + \lambda I$, everywhere.

use std::fmt;
use std::str::FromStr;

use crate::GramError;

/// How much is added to the diagonal of a Gram matrix before it is inverted.
///
/// The matrix that is factored is always $K + \lambda I$; a ridge only says what $\lambda$ is. Nothing is
/// ever added beyond it.
///
/// # Examples
/// ```
/// use isotypic_gram::Ridge;
///
/// let ridge: Ridge = "rel:1e-10".parse()?;
/// assert_eq!(ridge, Ridge::RelativeToMeanDiagonal(1e-10));
/// assert_eq!(ridge.value(2.0)?, 2e-10);
/// assert_eq!("1e-8".parse::<Ridge>()?.to_string(), "1e-8");
/// # Ok::<(), isotypic_gram::GramError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ridge {
    /// $\lambda$ itself, in the units of the kernel.
    Absolute(f64),
    /// $\lambda$ divided by the mean of the diagonal of the Gram matrix; dimensionless.
    RelativeToMeanDiagonal(f64),
}

impl Default for Ridge {
    /// `rel:1e-10`.
    fn default() -> Self {
        Self::RelativeToMeanDiagonal(1e-10)
    }
}

impl Ridge {
    const RELATIVE_PREFIX: &'static str = "rel:";

    /// The number $\lambda \ge 0$ that is added to the diagonal of a Gram matrix with this mean diagonal.
    ///
    /// # Errors
    /// [`GramError::InvalidRidge`] unless the amount is finite and not negative.
    pub fn value(self, mean_diagonal: f64) -> Result<f64, GramError> {
        let value = match self {
            Self::Absolute(amount) => amount,
            Self::RelativeToMeanDiagonal(ratio) => ratio * mean_diagonal,
        };
        if value.is_finite() && value >= 0.0 {
            Ok(value)
        } else {
            Err(GramError::InvalidRidge { given: self.to_string() })
        }
    }

    fn amount(self) -> f64 {
        match self {
            Self::Absolute(amount) | Self::RelativeToMeanDiagonal(amount) => amount,
        }
    }
}

impl fmt::Display for Ridge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::RelativeToMeanDiagonal(_) = self {
            formatter.write_str(Self::RELATIVE_PREFIX)?;
        }
        write!(formatter, "{}", Exponent(self.amount()))
    }
}

impl FromStr for Ridge {
    type Err = GramError;

    fn from_str(text: &str) -> Result<Self, GramError> {
        let invalid = || GramError::InvalidRidge { given: text.to_owned() };
        let trimmed = text.trim();
        let (number, relative) = match trimmed.strip_prefix(Self::RELATIVE_PREFIX) {
            Some(ratio) => (ratio, true),
            None => (trimmed, false),
        };
        let amount: f64 = number.parse().map_err(|_| invalid())?;
        if !amount.is_finite() || amount < 0.0 {
            return Err(invalid());
        }
        Ok(if relative { Self::RelativeToMeanDiagonal(amount) } else { Self::Absolute(amount) })
    }
}

/// A number written as people write ridges: `1e-8`, and `0` for zero.
pub(crate) struct Exponent(pub(crate) f64);

impl fmt::Display for Exponent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0;
        if value == 0.0 { write!(formatter, "0") } else { write!(formatter, "{value:e}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_ridge_are_inverse_to_each_other() {
        for (text, ridge) in [
            ("1e-8", Ridge::Absolute(1e-8)),
            ("rel:1e-10", Ridge::RelativeToMeanDiagonal(1e-10)),
            ("0", Ridge::Absolute(0.0)),
            ("rel:2.5e-1", Ridge::RelativeToMeanDiagonal(0.25)),
        ] {
            assert_eq!(text.parse::<Ridge>().unwrap(), ridge);
            assert_eq!(ridge.to_string(), text);
        }
    }

    #[test]
    fn a_relative_ridge_scales_with_the_mean_diagonal() {
        assert_eq!(Ridge::RelativeToMeanDiagonal(0.5).value(4.0).unwrap(), 2.0);
        assert_eq!(Ridge::Absolute(0.5).value(4.0).unwrap(), 0.5);
    }

    #[test]
    fn what_is_no_ridge_is_refused() {
        for text in ["", "rel:", "abs:1", "-1e-8", "rel:-1", "NaN", "inf", "rel:inf", "1e-8x"] {
            let error = text.parse::<Ridge>().unwrap_err();
            assert!(matches!(error, GramError::InvalidRidge { .. }), "`{text}` gave {error}");
        }
        for ridge in
            [Ridge::Absolute(f64::NAN), Ridge::Absolute(-1.0), Ridge::RelativeToMeanDiagonal(f64::INFINITY)]
        {
            assert!(ridge.value(1.0).is_err());
        }
    }
}
