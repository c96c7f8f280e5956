//! The error type of this crate.

use isotypic_work::Interrupted;

/// Why a kernel could not be compiled or evaluated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KernelError {
    /// The architecture has an operation for which no infinite-width kernel is implemented.
    #[error("{path}: no infinite-width kernel is available for this operation")]
    UnsupportedOperation {
        /// Path of the layer.
        path: String,
    },
    /// A layer whose kernel has no closed form, where sampling was not asked for.
    #[error("{path}: no closed-form infinite-width kernel is known")]
    NeedsSampling {
        /// Path of the layer.
        path: String,
        /// What has a closed form in its place.
        instead: &'static str,
    },
    /// A nonlinearity beside a maximum, or after batch normalisation, for which no sampling is known.
    #[error("{path}: expected {expected}")]
    BesideMaximum {
        /// Path of the layer.
        path: String,
        /// What could be sampled.
        expected: &'static str,
    },
    /// A batch of fewer than two values.
    #[error("{path}: expected a batch of at least 2 values per channel, got {got}")]
    BatchTooSmall {
        /// Path of the layer.
        path: String,
        /// Values of each channel: points times positions.
        got: usize,
    },
    /// A batch whose points are all equal, where nothing is added to their variance.
    #[error("{path}: expected points that differ within the batch, got equal ones with `epsilon` 0")]
    NoSpread {
        /// Path of the layer.
        path: String,
    },
    /// An estimate of a covariance that is not positive semi-definite.
    #[error("{path}: expected a positive semi-definite covariance before it, got a sampled one that is not")]
    NotACovariance {
        /// Path of the layer.
        path: String,
    },
    /// A setting of Monte-Carlo estimates out of range.
    #[error("monte carlo: expected `{name}` from {smallest} to {largest}, got {got}")]
    MonteCarloSetting {
        /// The setting.
        name: &'static str,
        /// The smallest number that can be run.
        smallest: usize,
        /// The largest.
        largest: usize,
        /// What came.
        got: usize,
    },
    /// A layer over a group, or beside one, whose kernel is not known.
    #[error("{path}: expected {expected}")]
    OverGroup {
        /// Path of the layer.
        path: String,
        /// What would have one.
        expected: &'static str,
    },
    /// A filter over a group or a pooling window with more positions than the engine handles.
    #[error("{path}: expected a window of at most {limit} positions, got {window}")]
    WindowTooLarge {
        /// Path of the layer.
        path: String,
        /// Positions under the window.
        window: usize,
        /// The largest number that is handled.
        limit: usize,
    },
    /// A layer that makes more positions than the engine handles.
    #[error("{path}: expected at most {limit} positions, got {positions}")]
    TooManyPositions {
        /// Path of the layer.
        path: String,
        /// Positions of its output.
        positions: usize,
        /// The largest number that is handled.
        limit: usize,
    },
    /// More spatial dimensions than the engine handles.
    #[error("input: expected at most 3 spatial dimensions, got {rank}")]
    TooManySpatialDimensions {
        /// Number of spatial dimensions of the input.
        rank: usize,
    },
    /// Points whose length does not fit the compiled input shape.
    #[error("points: expected rows of {expected} numbers (input shape {shape:?}), got {got}")]
    PointLength {
        /// Numbers per point that the kernel takes.
        expected: usize,
        /// Numbers per point that came.
        got: usize,
        /// The input shape that the kernel was compiled for.
        shape: Vec<usize>,
    },
    /// A coordinate is NaN or infinite.
    #[error("point {row}: coordinate {column} is {value}, expected a finite number")]
    NotFinite {
        /// Index of the point.
        row: usize,
        /// Index of the coordinate within the point.
        column: usize,
        /// The value found.
        value: f64,
    },
    /// Coordinates so large or small that variances leave the range of `f64`.
    #[error(
        "point {row}: its variance is {variance:e} at layer output {state}, outside the range in which kernels are exact"
    )]
    VarianceOutOfRange {
        /// Index of the point.
        row: usize,
        /// Index of the layer output, 0 being the input.
        state: usize,
        /// The variance found.
        variance: f64,
    },
    /// A tangent kernel that leaves the range of the floating-point type.
    #[error(
        "point {row}: its tangent kernel with itself is {ntk:e} at layer output {state}, outside the range in which kernels are exact"
    )]
    TangentKernelOutOfRange {
        /// Index of the point.
        row: usize,
        /// Index of the layer output, 0 being the input.
        state: usize,
        /// The tangent kernel found.
        ntk: f64,
    },
    /// A kernel value is not a number, though the variances of both points are in range.
    #[error(
        "points {row} and {column}: their kernel is {value}, outside the range in which kernels are exact"
    )]
    KernelOutOfRange {
        /// Index of the point among the rows.
        row: usize,
        /// Index of the point among the columns.
        column: usize,
        /// The value found.
        value: f64,
    },
    /// The specification of a feature kernel could not be read.
    #[error("kernel `{spec}`: {reason}")]
    FeatureKernelSpec {
        /// What was given.
        spec: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Memory for the result could not be reserved.
    #[error("kernel matrix of {rows} × {columns}: {bytes} bytes could not be reserved")]
    OutOfMemory {
        /// Rows of the matrix.
        rows: usize,
        /// Columns of the matrix.
        columns: usize,
        /// Bytes asked for.
        bytes: u64,
    },
    /// The computation was interrupted.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl KernelError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::TooManySpatialDimensions { .. } => {
                Some("reshape the input to 1, 2 or 3 spatial dimensions plus channels".to_owned())
            }
            Self::TooManyPositions { .. } => {
                Some("resize to a smaller `shape`, or use smaller strides".to_owned())
            }
            Self::KernelOutOfRange { .. } | Self::VarianceOutOfRange { .. } | Self::TangentKernelOutOfRange { .. } => {
                Some("rescale the inputs, for example to unit norm".to_owned())
            }
            Self::FeatureKernelSpec { .. } => {
                Some("known are `linear`, `rbf[:GAMMA]` and `arc-cosine[:ORDER]` (order 0 or 1)".to_owned())
            }
            Self::OutOfMemory { .. } => Some("evaluate fewer points at a time".to_owned()),
            Self::PointLength { .. } => {
                Some("give one row per point, all coordinates of it in C order".to_owned())
            }
            Self::NotFinite { .. } => Some("replace NaN and infinite values first".to_owned()),
            Self::WindowTooLarge { .. } => {
                Some("use a smaller filter, or pool all positions at once by `global_avg_pool` or `global_sum_pool`".to_owned())
            }
            Self::NeedsSampling { instead, .. } => {
                Some(format!("it can be sampled, with a standard error; or use {instead}"))
            }
            Self::BesideMaximum { .. } => {
                Some("put a `conv` or `dense` layer between, or use `relu`".to_owned())
            }
            Self::BatchTooSmall { .. } => Some("evaluate more points at a time: those of one call are a batch".to_owned()),
            Self::NoSpread { .. } => Some("give `batch_norm` a positive `epsilon`, or leave that option out".to_owned()),
            Self::NotACovariance { .. } => Some("take more samples, or avoid other sampled layers before it".to_owned()),
            Self::MonteCarloSetting { .. } => Some("leave it out for the default".to_owned()),
            Self::OverGroup { .. } => Some("lift with one group in all branches, and put `dropout` after `group_lift`".to_owned()),
            Self::UnsupportedOperation { .. } => {
                Some("there are kernels of attention with `scaling = \"linear\"`, or with `scaling = \"sqrt\"` and the mechanisms `identity` and `softmax`".to_owned())
            }
            Self::Interrupted(_) => None,
        }
    }
}
