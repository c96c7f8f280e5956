//! Irreps whose matrices are kept, element after element.

use std::fmt;
use std::sync::Arc;

use num_complex::Complex64;

/// All matrices of one irrep, row-major, one after the other; copies share them.
#[derive(Clone)]
pub(crate) enum StoredMatrices {
    /// Of real kind.
    Real(Arc<[f64]>),
    /// The matrices themselves.
    Complex(Arc<[Complex64]>),
    /// The complex conjugates of the matrices.
    Conjugated(Arc<[Complex64]>),
}

impl StoredMatrices {
    /// Writes $ρ(g)$ row by row.
    pub(crate) fn write(&self, g: usize, out: &mut [Complex64]) {
        let place = g * out.len()..(g + 1) * out.len();
        match self {
            Self::Real(all) => {
                out.iter_mut().zip(&all[place]).for_each(|(out, &entry)| *out = Complex64::from(entry));
            }
            Self::Complex(all) => out.copy_from_slice(&all[place]),
            Self::Conjugated(all) => {
                out.iter_mut().zip(&all[place]).for_each(|(out, entry)| *out = entry.conj());
            }
        }
    }
}

impl fmt::Debug for StoredMatrices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Real(_) => "Real(..)",
            Self::Complex(_) => "Complex(..)",
            Self::Conjugated(_) => "Conjugated(..)",
        })
    }
}
