//! Batch normalisation: its options, its checked form and what it does to a batch.

use ndarray::Array2;
use serde::Serialize;

use crate::ArchitectureError;
use crate::options::Options;

/// The options of a `batch_norm` layer.
pub(crate) const BATCH_NORM_OPTIONS: &[&str] = &["epsilon"];

/// Options of a `batch_norm` layer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BatchNormSpec {
    /// What is added to the variance, at least 0.
    pub epsilon: f64,
}

/// A checked `batch_norm` layer in training mode (Ioffe & Szegedy 2015, arXiv 1502.03167), without trained factors and summands:
/// $(x - \mu)/\sqrt{v + \varepsilon}$ with the mean $\mu$ and the variance $v$ of each channel over all inputs of the batch and all positions.
///
/// It couples the inputs of a batch: what becomes of one of them depends on all. Variances are divided by the number of values, not by
/// one less.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BatchNorm {
    /// What is added to the variance, finite and at least 0.
    pub epsilon: f64,
}

impl Default for BatchNormSpec {
    /// $\varepsilon = 10^{-5}$.
    fn default() -> Self {
        Self { epsilon: 1e-5 }
    }
}

impl BatchNormSpec {
    pub(crate) fn read(mut options: Options) -> Result<Self, ArchitectureError> {
        Ok(Self { epsilon: options.number("epsilon")?.unwrap_or(Self::default().epsilon) })
    }

    pub(crate) fn check(self, path: &str) -> Result<BatchNorm, ArchitectureError> {
        if !(self.epsilon >= 0.0 && self.epsilon.is_finite()) {
            let expected = "a finite number of at least 0";
            return Err(ArchitectureError::invalid_option(path, "epsilon", expected, &self.epsilon));
        }
        Ok(BatchNorm { epsilon: self.epsilon })
    }
}

impl BatchNorm {
    /// Normalises all rows by the statistics of the first `batch` ones.
    ///
    /// # Shapes
    /// - `values`, result: `[rows, positions · channels]`, channels fastest
    ///
    /// # Errors
    /// A batch with a single value per channel, and one without spread where $\varepsilon$ is 0, named by `path`.
    pub(crate) fn apply(
        self,
        mut values: Array2<f64>,
        channels: usize,
        batch: usize,
        path: &str,
    ) -> Result<Array2<f64>, ArchitectureError> {
        let count = batch * (values.ncols() / channels);
        if count < 2 {
            return Err(ArchitectureError::BatchTooSmall { path: path.to_owned(), got: count });
        }
        for channel in 0..channels {
            let of_batch = || {
                let rows = values.rows().into_iter().take(batch);
                rows.flat_map(|row| row.into_iter().skip(channel).step_by(channels).copied())
            };
            let mean = of_batch().sum::<f64>() / count as f64;
            let variance = of_batch().map(|value| (value - mean).powi(2)).sum::<f64>() / count as f64;
            let root = (variance + self.epsilon).sqrt();
            if root == 0.0 {
                return Err(ArchitectureError::NoSpread { path: path.to_owned(), channel });
            }
            for mut row in values.rows_mut() {
                row.iter_mut()
                    .skip(channel)
                    .step_by(channels)
                    .for_each(|value| *value = (*value - mean) / root);
            }
        }
        Ok(values)
    }
}
