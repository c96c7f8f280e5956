//! What can go wrong between a matrix of numbers and a factored Gram operator.

use isotypic_group::GroupError;
use thiserror::Error;

use crate::{NotPositiveDefinite, TooCoarse};

/// An error of this crate.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum GramError {
    /// The irreps of the group are not known.
    #[error(transparent)]
    Group(#[from] GroupError),

    /// A matrix has as many rows as columns or it is no Gram matrix.
    #[error(
        "gram matrix: expected a square matrix of at least one row, got `{rows}` rows and `{columns}` columns"
    )]
    NotSquare {
        /// Rows given.
        rows: usize,
        /// Columns given.
        columns: usize,
    },

    /// The number of rows is not seeds × group order.
    #[error("gram matrix: expected `{seeds}` seeds × `{order}` group elements = `{}` rows, got `{rows}`", seeds * order)]
    WrongSize {
        /// Seeds announced.
        seeds: usize,
        /// Elements of the group.
        order: usize,
        /// Rows given.
        rows: usize,
    },

    /// A value is NaN or infinite.
    #[error("gram matrix: entry `[{row}, {column}]` is `{value}`, expected a finite number")]
    NotFinite {
        /// Row of the first such entry.
        row: usize,
        /// Column of the first such entry.
        column: usize,
        /// The value found.
        value: f64,
    },

    /// The entries are not known well enough.
    #[error("{0}")]
    TooCoarse(TooCoarse),

    /// Two mirror entries differ by more than rounding.
    #[error(
        "gram matrix: entries `[{row}, {column}]` and `[{column}, {row}]` differ by `{difference:e}`, more than `{tolerance:e}`"
    )]
    NotSymmetric {
        /// Row of the first such entry.
        row: usize,
        /// Column of the first such entry.
        column: usize,
        /// Absolute difference of the two entries.
        difference: f64,
        /// The largest difference accepted.
        tolerance: f64,
    },

    /// A diagonal entry is negative, or all of them are zero.
    #[error("gram matrix: diagonal entry `{row}` is `{value:e}`, expected a positive number")]
    DiagonalNotPositive {
        /// The row.
        row: usize,
        /// The value found.
        value: f64,
    },

    /// An orbit kernel has the wrong shape.
    #[error("orbit kernel: expected shape `[{seeds}, {seeds}, {order}]`, got `{got:?}`")]
    KernelShape {
        /// Seeds, from the first axis.
        seeds: usize,
        /// Elements of the group.
        order: usize,
        /// The shape given.
        got: Vec<usize>,
    },

    /// An orbit kernel has a NaN or infinite value.
    #[error("orbit kernel: entry `{index:?}` is `{value}`, expected a finite number")]
    KernelNotFinite {
        /// Seed, seed, element.
        index: [usize; 3],
        /// The value found.
        value: f64,
    },

    /// An orbit kernel breaks $\kappa_{ts}(u^{-1}) = \kappa_{st}(u)$.
    #[error(
        "orbit kernel: entry `{index:?}` and its mirror `{mirror:?}` differ by `{difference:e}`, more than `{tolerance:e}`"
    )]
    KernelNotSymmetric {
        /// Seed, seed, element.
        index: [usize; 3],
        /// The seeds exchanged, the element inverted.
        mirror: [usize; 3],
        /// Absolute difference of the two entries.
        difference: f64,
        /// The largest difference accepted.
        tolerance: f64,
    },

    /// The smaller group is not one of the larger that keeps every m-th element.
    #[error(
        "restriction of `{group}`: `{subgroup}` does not lie in it as every m-th element of each cyclic factor"
    )]
    NotASubgroup {
        /// The smaller group asked for.
        subgroup: String,
        /// The group of the Gram matrix.
        group: String,
    },

    /// A ridge is negative, NaN, infinite or no number.
    #[error(
        "ridge: expected a finite number that is not negative, or `rel:` and such a number, got `{given}`"
    )]
    InvalidRidge {
        /// What was given.
        given: String,
    },

    /// The number of rows of an argument does not fit.
    #[error("{what}: expected `{expected}` rows, got `{got}`")]
    ShapeMismatch {
        /// Which argument.
        what: &'static str,
        /// Rows expected.
        expected: usize,
        /// Rows given.
        got: usize,
    },

    /// A row index lies outside the matrix.
    #[error("row `{row}` lies outside a gram matrix of `{dim}` rows")]
    RowOutOfRange {
        /// The row asked for.
        row: usize,
        /// Rows of the matrix.
        dim: usize,
    },

    /// The matrix plus the ridge has no Cholesky factor.
    #[error(transparent)]
    NotPositiveDefinite(Box<NotPositiveDefinite>),

    /// The iteration for eigenvalues or singular values stalled.
    #[error("eigenvalues of a block of `{dim}` rows: the iteration did not converge")]
    EigenvaluesNotConverged {
        /// Rows of the block.
        dim: usize,
    },

    /// Memory for a block could not be reserved.
    #[error("block of `{dim}` rows: `{bytes}` bytes could not be reserved")]
    OutOfMemory {
        /// Rows of the block.
        dim: usize,
        /// Bytes asked for.
        bytes: u64,
    },
}

impl From<NotPositiveDefinite> for GramError {
    fn from(error: NotPositiveDefinite) -> Self {
        Self::NotPositiveDefinite(Box::new(error))
    }
}

impl GramError {
    /// What the reader can do about it, where something can be done.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Group(error) => error.hint(),
            Self::WrongSize { order, rows, .. } if *order > 0 && rows % order == 0 => {
                Some(format!("`{rows}` rows are `{}` seeds of a group of `{order}` elements", rows / order))
            }
            Self::NotSymmetric { .. } => {
                Some("symmetrize the matrix, (K + Kᵀ) / 2, if the difference is noise".into())
            }
            Self::NotASubgroup { .. } => Some("the number of poses must divide the group order".into()),
            Self::InvalidRidge { .. } => {
                Some("write `1e-8`, or `rel:1e-10` relative to the mean diagonal".into())
            }
            Self::NotPositiveDefinite(error) => error.hint(),
            Self::TooCoarse(error) => Some(error.hint()),
            Self::OutOfMemory { .. } => Some("use fewer seeds, or fewer threads".into()),
            _ => None,
        }
    }
}
