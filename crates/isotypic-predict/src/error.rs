//! What can go wrong between a Gram matrix and a prediction.

use isotypic_gram::GramError;
use thiserror::Error;

/// An error of this crate.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum PredictError {
    /// The Gram matrix could not be used, for example because it is not positive definite.
    #[error(transparent)]
    Gram(#[from] GramError),

    /// There must be one row of labels per seed, and at least one output.
    #[error(
        "labels: expected `{seeds}` rows, one per seed, and at least one column, got `{rows}` rows and `{columns}` columns"
    )]
    LabelShape {
        /// Seeds of the Gram matrix.
        seeds: usize,
        /// Rows given.
        rows: usize,
        /// Columns given.
        columns: usize,
    },

    /// A label is NaN or infinite.
    #[error("labels: seed `{seed}`, output `{output}` is `{value}`, expected a finite number")]
    LabelNotFinite {
        /// The seed.
        seed: usize,
        /// The output.
        output: usize,
        /// The value found.
        value: f64,
    },

    /// The held-out set was made for other orbits.
    #[error(
        "held-out set: expected points of `{seeds}` seeds × `{order}` poses, got a set for `{held_out_seeds}` seeds × `{held_out_order}` poses"
    )]
    LayoutMismatch {
        /// Seeds of the Gram matrix.
        seeds: usize,
        /// Poses of the Gram matrix.
        order: usize,
        /// Seeds of the held-out set.
        held_out_seeds: usize,
        /// Poses of the held-out set.
        held_out_order: usize,
    },

    /// The spectral error is defined for two seeds only.
    #[error("spectral error: expected two seeds, got `{seeds}`")]
    NotTwoSeeds {
        /// Seeds of the Gram matrix.
        seeds: usize,
    },

    /// The spectral error is defined for cyclic groups only.
    #[error("spectral error: expected a cyclic group, got `{group}`")]
    NotCyclic {
        /// The group of the Gram matrix.
        group: String,
    },

    /// A circulant matrix has a first row of positive even length.
    #[error(
        "circulant matrix of two orbits: expected a first row of even length, at least 2, got `{length}`"
    )]
    OddLength {
        /// The length given.
        length: usize,
    },

    /// An input is NaN or infinite.
    #[error("{what}: entry `{index}` is `{value}`, expected a finite number")]
    NotFinite {
        /// Which input.
        what: &'static str,
        /// Its flat index.
        index: usize,
        /// The value found.
        value: f64,
    },

    /// The circularised Gram matrix has an eigenvalue that is not positive beyond rounding.
    #[error(
        "spectral error: eigenvalue `{frequency}` of the circularised gram matrix is {value:.1e}, not positive, with ridge {ridge:e}"
    )]
    SpectrumNotPositive {
        /// The index of the eigenvalue, from 0 to 2N − 1.
        frequency: usize,
        /// The eigenvalue plus the ridge.
        value: f64,
        /// The ridge, absolute.
        ridge: f64,
    },

    /// Conjugate gradients did not become as exact as they must be.
    #[error(
        "conjugate gradients: irrep `{irrep}` has a residual of {residual:.1e} after {products} products, expected at most {tolerance:.0e}"
    )]
    NotConverged {
        /// The irrep whose block is hardest.
        irrep: String,
        /// Products with the blocks.
        products: usize,
        /// The residual, relative to the right-hand side.
        residual: f64,
        /// What was expected.
        tolerance: f64,
    },

    /// Conjugate gradients found a direction in which a block is not positive beyond rounding.
    #[error(
        "conjugate gradients: gram matrix is not positive definite: irrep `{irrep}` has curvature {value:.1e} with ridge {ridge:e}"
    )]
    NoCurvature {
        /// The irrep.
        irrep: String,
        /// The curvature of a unit vector.
        value: f64,
        /// The ridge, absolute.
        ridge: f64,
    },

    /// Two orbits to compare differ in the length of their points, or one is empty.
    #[error(
        "orbits: expected points of the same dimension and at least one of each, got shapes `{first:?}` and `{second:?}`"
    )]
    OrbitShapes {
        /// Shape of the first.
        first: [usize; 2],
        /// Shape of the second.
        second: [usize; 2],
    },

    /// A training time that is negative or NaN.
    #[error("training time: expected a number of at least 0, got `{time}`")]
    NegativeTime {
        /// The time given.
        time: f64,
    },

    /// A seed or a pose does not exist.
    #[error("{what} `{index}`: expected a number below `{count}`")]
    OutOfRange {
        /// `seed` or `pose`.
        what: &'static str,
        /// The number given.
        index: usize,
        /// How many there are.
        count: usize,
    },
}

impl PredictError {
    /// What the reader can do about it, where something can be done.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Gram(error) => error.hint(),
            Self::SpectrumNotPositive { .. } => Some("pass a larger `--ridge`, such as `rel:1e-10`".into()),
            Self::NotConverged { .. } => Some(
                "pass a larger `--ridge`, or a larger `--memory-limit` for a better preconditioner".into(),
            ),
            Self::NoCurvature { .. } => Some("pass a larger `--ridge`, such as `rel:1e-8`".into()),
            Self::NotTwoSeeds { .. } | Self::NotCyclic { .. } => {
                Some("the exact error needs neither two seeds nor a cyclic group".into())
            }
            _ => None,
        }
    }
}
