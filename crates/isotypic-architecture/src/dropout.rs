//! Dropout: its options and its checked form.

use serde::Serialize;

use crate::ArchitectureError;
use crate::options::Options;

/// The options of a `dropout` layer.
pub(crate) const DROPOUT_OPTIONS: &[&str] = &["keep_rate", "mode"];

/// Whether values are dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DropoutMode {
    /// Each value is kept with probability `keep_rate` and divided by it, else zero; independently for every input,
    /// position and channel.
    #[default]
    Train,
    /// Nothing is dropped and nothing scaled.
    Test,
}

/// Options of a `dropout` layer; `keep_rate` has no default.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DropoutSpec {
    /// The probability with which a value is KEPT, in (0, 1].
    pub keep_rate: f64,
    /// Whether values are dropped.
    pub mode: DropoutMode,
}

/// A checked `dropout` layer.
///
/// In [`DropoutMode::Train`] the covariance of a position of an input with itself is divided by the rate, and every
/// other covariance, the masks being independent, stays what it is; the tangent kernel alike. In
/// [`DropoutMode::Test`] it is the identity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dropout {
    /// The probability with which a value is kept, in (0, 1].
    pub keep_rate: f64,
    /// Whether values are dropped.
    pub mode: DropoutMode,
}

impl Dropout {
    /// Whether the layer does nothing: in test mode, and when everything is kept.
    pub fn is_identity(&self) -> bool {
        self.mode == DropoutMode::Test || self.keep_rate >= 1.0
    }
}

impl DropoutSpec {
    pub(crate) fn read(mut options: Options) -> Result<Self, ArchitectureError> {
        let keep_rate = options.number("keep_rate")?;
        Ok(Self {
            keep_rate: options.required("keep_rate", keep_rate)?,
            mode: options
                .choice(
                    "mode",
                    "`train` or `test`",
                    &[("train", DropoutMode::Train), ("test", DropoutMode::Test)],
                )?
                .unwrap_or_default(),
        })
    }

    pub(crate) fn check(&self, path: &str) -> Result<Dropout, ArchitectureError> {
        // Rates below the square root of the smallest normal number would overflow when divided by.
        if !(self.keep_rate >= 1e-150 && self.keep_rate <= 1.0) {
            return Err(ArchitectureError::invalid_option(
                path,
                "keep_rate",
                "a probability of keeping, greater than 0 and at most 1",
                &self.keep_rate,
            ));
        }
        Ok(Dropout { keep_rate: self.keep_rate, mode: self.mode })
    }
}
