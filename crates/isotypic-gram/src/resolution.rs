//! Whether a Gram matrix is known well enough for what is asked of it.
//!
//! Entries with independent errors of size $\epsilon$ make an error of about $\epsilon\sqrt n$ in the eigenvalues of a matrix of $n$ rows. A
//! solve amplifies it by the inverse of the smallest eigenvalue of $K + \lambda I$: a hundredth of that is what may be spoilt.

use std::fmt;

use crate::ridge::Exponent;
use crate::{Factorization, GramError};

/// The part of the smallest eigenvalue that errors of the entries may reach.
const TOLERATED: f64 = 0.01;

/// The error of a Gram matrix whose entries are not known well enough to be inverted at its ridge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TooCoarse {
    /// The error to expect in an entry.
    pub resolution: f64,
    /// The smallest eigenvalue of the matrix with its ridge.
    pub smallest_eigenvalue: f64,
    /// The smallest one that would do.
    pub needed: f64,
    /// A ridge that would do, relative to the mean of the diagonal.
    pub sufficient_ridge: f64,
}

impl TooCoarse {
    /// Two ways out: more digits, or more ridge.
    #[must_use]
    pub fn hint(&self) -> String {
        format!("use double precision, or pass `--ridge rel:{}`", Exponent(self.sufficient_ridge))
    }
}

impl fmt::Display for TooCoarse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resolution, smallest_eigenvalue, needed, .. } = self;
        write!(
            formatter,
            "gram matrix is too coarse to be inverted: its entries are known to {resolution:.1e}, and its smallest eigenvalue is \
             {smallest_eigenvalue:.1e} with the ridge, expected at least {needed:.1e}"
        )
    }
}

/// Refuses a factored matrix of `rows` rows whose entries have errors of about `resolution`.
///
/// `ridge` is what was added to the diagonal and `mean_diagonal` the mean of the diagonal without it.
///
/// # Errors
/// [`GramError::TooCoarse`] where $\epsilon \sqrt n$ exceeds a hundredth of the smallest eigenvalue;
/// [`GramError::EigenvaluesNotConverged`].
pub fn check_resolution(
    factor: &impl Factorization,
    rows: usize,
    resolution: f64,
    (ridge, mean_diagonal): (f64, f64),
) -> Result<(), GramError> {
    let needed = resolution * (rows as f64).sqrt() / TOLERATED;
    if needed == 0.0 {
        return Ok(());
    }
    let smallest_eigenvalue = factor.extreme_eigenvalues()?.0;
    if smallest_eigenvalue >= needed {
        return Ok(());
    }
    let absolute = ridge + needed - smallest_eigenvalue;
    let sufficient_ridge = f64::powi(10.0, (absolute / mean_diagonal).log10().ceil() as i32);
    Err(GramError::TooCoarse(TooCoarse { resolution, smallest_eigenvalue, needed, sufficient_ridge }))
}

#[cfg(test)]
mod tests {
    use isotypic_group::FiniteGroup;
    use ndarray::Array2;

    use super::*;
    use crate::{DenseGram, Ridge, SymmetricOperator};

    fn check(ridge: f64, resolution: f64) -> Result<(), GramError> {
        let matrix = Array2::from_diag(&ndarray::arr1(&[4.0, 1.0, 1e-6, 3.0]));
        let gram = DenseGram::new(matrix, 2, FiniteGroup::cyclic(2).unwrap()).unwrap();
        let factor = gram.factor(Ridge::Absolute(ridge)).unwrap();
        check_resolution(&factor, 4, resolution, (ridge, 2.0))
    }

    #[test]
    fn a_hundredth_of_the_smallest_eigenvalue_may_be_spoilt() {
        assert_eq!(check(0.0, 0.0), Ok(()));
        assert_eq!(check(0.0, 4.9e-9), Ok(()));
        let Err(GramError::TooCoarse(reason)) = check(0.0, 5.1e-9) else { panic!("accepted") };
        assert!((reason.smallest_eigenvalue - 1e-6).abs() < 1e-15);
        assert!((reason.needed - 1.02e-6).abs() < 1e-15);
    }

    #[test]
    fn the_ridge_in_the_hint_is_sufficient() {
        for resolution in [1e-8, 3e-6, 1e-4] {
            let Err(GramError::TooCoarse(reason)) = check(0.0, resolution) else { panic!("accepted") };
            assert_eq!(check(2.0 * reason.sufficient_ridge, resolution), Ok(()));
            assert!(reason.hint().ends_with(&format!("`--ridge rel:{}`", Exponent(reason.sufficient_ridge))));
        }
    }
}
