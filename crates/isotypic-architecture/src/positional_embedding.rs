//! Random embeddings of positions that attention layers mix into their inputs.

use ndarray::{Array2, Dimension, IxDyn, indices, s};
use serde::Serialize;

use crate::ArchitectureError;
use crate::options::Options;

/// The options of `positional_embedding`.
pub(crate) const POSITIONAL_EMBEDDING_OPTIONS: &[&str] =
    &["type", "w_std", "on_values", "p_norm", "decay", "width"];

/// How embeddings meet the inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EmbeddingType {
    /// Embeddings are added to the channels: $\Sigma + \sigma_p^2 R$.
    Sum,
    /// Embeddings are further channels: with $n$ channels of input and $m$ of embedding
    /// $(n \Sigma + m \sigma_p^2 R) / (n + m)$.
    Concat,
}

/// How the correlation $R$ of two embeddings falls with the distance $d = \sum_i |p_i - q_i|^{P}$ of their positions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EmbeddingDecay {
    /// $e^{-r d}$, with the rate $r$.
    Exponential(f64),
    /// $1 / (1 + r d)$, with the rate $r$.
    Rational(f64),
}

/// The `positional_embedding` of a `self_attention` layer; only `type` has no default.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PositionalEmbeddingSpec {
    /// How embeddings meet the inputs.
    #[serde(rename = "type")]
    pub embedding_type: EmbeddingType,
    /// Standard deviation of the embeddings; positive.
    pub w_std: f64,
    /// Whether values see the embeddings, or keys and queries only.
    pub on_values: bool,
    /// The power $P$ in the distance, in (0, 2]; beyond 2 correlations would not be positive semi-definite.
    pub p_norm: f64,
    /// How correlations fall with the distance; `None` for independent embeddings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decay: Option<EmbeddingDecay>,
    /// Number of channels with [`EmbeddingType::Concat`]; `None` for as many as the input has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<usize>,
}

/// Checked positional embeddings: Gaussian, independent between channels, with a covariance between positions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PositionalEmbedding {
    /// How embeddings meet the inputs.
    pub embedding_type: EmbeddingType,
    /// Number of channels: those of the input with [`EmbeddingType::Sum`].
    pub width: usize,
    /// $\sigma_p^2$, positive and finite.
    pub variance: f64,
    /// Whether values see the embeddings, or keys and queries only.
    pub on_values: bool,
    /// The power $P$ in the distance, in (0, 2].
    pub p_norm: f64,
    /// How correlations fall with the distance; `None` for independent embeddings.
    pub decay: Option<EmbeddingDecay>,
}

impl PositionalEmbedding {
    /// The covariance $\sigma_p^2 R_{pq}$ of the embeddings of two positions, given by one coordinate per spatial axis.
    pub fn covariance(&self, p: &[usize], q: &[usize]) -> f64 {
        if p == q {
            return self.variance;
        }
        let distance = |p_norm: f64| -> f64 {
            p.iter().zip(q).map(|(&p, &q)| libm::pow(p.abs_diff(q) as f64, p_norm)).sum()
        };
        self.variance
            * match self.decay {
                None => 0.0,
                Some(EmbeddingDecay::Exponential(rate)) => libm::exp(-rate * distance(self.p_norm)),
                Some(EmbeddingDecay::Rational(rate)) => 1.0 / (1.0 + rate * distance(self.p_norm)),
            }
    }

    /// A lower triangular factor $L$ with $L L^\top$ the covariance of the embeddings of all positions: embeddings are $L \zeta$ with
    /// trained, standard normal $\zeta$, so that they enter tangent kernels by their covariance.
    ///
    /// Nearly equal embeddings of neighbours make the covariance singular to rounding; what is then left of a pivot is noise
    /// and its column stays zero.
    ///
    /// # Shapes
    /// - `extents`: those of the spatial axes
    /// - result: `[positions, positions]`, positions counted with the last axis fastest
    pub fn factor(&self, extents: &[usize]) -> Array2<f64> {
        let positions: Vec<IxDyn> = indices(IxDyn(extents)).into_iter().collect();
        let count = positions.len();
        let mut factor = Array2::zeros((count, count));
        for column in 0..count {
            for row in column..count {
                let covariance = self.covariance(positions[row].slice(), positions[column].slice());
                let explained = factor.slice(s![row, ..column]).dot(&factor.slice(s![column, ..column]));
                let rest: f64 = covariance - explained;
                factor[[row, column]] = if row == column {
                    if rest > 1e-13 * self.variance { rest.sqrt() } else { 0.0 }
                } else if factor[[column, column]] > 0.0 {
                    rest / factor[[column, column]]
                } else {
                    0.0
                };
            }
        }
        factor
    }

    /// The share of the input's channels, $n / (n + m)$, among those that attention reads; 1 with [`EmbeddingType::Sum`].
    pub fn input_share(&self, channels: usize) -> f64 {
        match self.embedding_type {
            EmbeddingType::Sum => 1.0,
            EmbeddingType::Concat => channels as f64 / (channels as f64 + self.width as f64),
        }
    }
}

impl PositionalEmbeddingSpec {
    /// Embeddings of this type with defaults elsewhere: `w_std` 1, keys and queries only, independent.
    pub fn new(embedding_type: EmbeddingType) -> Self {
        Self { embedding_type, w_std: 1.0, on_values: false, p_norm: 2.0, decay: None, width: None }
    }

    /// Reads the options; `None` for type `none`.
    pub(crate) fn read(mut options: Options) -> Result<Option<Self>, ArchitectureError> {
        let kinds =
            [("none", None), ("sum", Some(EmbeddingType::Sum)), ("concat", Some(EmbeddingType::Concat))];
        let kind = options.choice("type", "`none`, `sum` or `concat`", &kinds)?;
        let kind = options.required("type", kind)?;
        let default = Self::new(kind.unwrap_or(EmbeddingType::Sum));
        let spec = Self {
            w_std: options.number("w_std")?.unwrap_or(default.w_std),
            on_values: options.flag("on_values")?.unwrap_or(default.on_values),
            p_norm: options.number("p_norm")?.unwrap_or(default.p_norm),
            decay: options.decay("decay")?,
            width: options.extent("width")?,
            embedding_type: default.embedding_type,
        };
        Ok(kind.map(|_| spec))
    }

    pub(crate) fn check(
        &self,
        path: &str,
        channels: usize,
    ) -> Result<PositionalEmbedding, ArchitectureError> {
        let wrong = |option: &str, expected: &str, got: &dyn std::fmt::Debug| {
            let option = format!("positional_embedding.{option}");
            Err(ArchitectureError::invalid_option(path, &option, expected, &format!("{got:?}")))
        };
        let variance = self.w_std * self.w_std;
        if !(self.w_std > 0.0 && variance.is_normal()) {
            return wrong("w_std", "a positive number whose square is finite", &self.w_std);
        }
        if !(self.p_norm > 0.0 && self.p_norm <= 2.0) {
            return wrong("p_norm", "a number greater than 0 and at most 2", &self.p_norm);
        }
        if let Some(EmbeddingDecay::Exponential(rate) | EmbeddingDecay::Rational(rate)) = self.decay
            && !(rate > 0.0 && rate.is_finite())
        {
            return wrong("decay", "a positive finite rate", &rate);
        }
        let width = match (self.embedding_type, self.width) {
            (_, None) => channels,
            (EmbeddingType::Concat, Some(width)) => {
                crate::affine::extents_in_range(path, "positional_embedding.width", &[width])?;
                width
            }
            (EmbeddingType::Sum, Some(width)) => {
                return wrong("width", "no width, since sums have the width of the input", &width);
            }
        };
        Ok(PositionalEmbedding {
            embedding_type: self.embedding_type,
            width,
            variance,
            on_values: self.on_values,
            p_norm: self.p_norm,
            decay: self.decay,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embeddings_have_the_covariance_of_their_positions() {
        for decay in [None, Some(EmbeddingDecay::Exponential(0.5)), Some(EmbeddingDecay::Rational(1.5))] {
            let spec = PositionalEmbeddingSpec {
                w_std: 0.8,
                p_norm: 1.5,
                decay,
                ..PositionalEmbeddingSpec::new(EmbeddingType::Sum)
            };
            let embedding = spec.check("layer", 1).unwrap();
            let factor = embedding.factor(&[3, 4]);
            let product = factor.dot(&factor.t());
            for ((p, q), product) in product.indexed_iter() {
                let distance = (p / 4).abs_diff(q / 4) as f64;
                let distance = distance.powf(1.5) + ((p % 4).abs_diff(q % 4) as f64).powf(1.5);
                let expected = 0.64
                    * match decay {
                        None => f64::from(u8::from(p == q)),
                        Some(EmbeddingDecay::Exponential(rate)) => (-rate * distance).exp(),
                        Some(EmbeddingDecay::Rational(rate)) => 1.0 / (1.0 + rate * distance),
                    };
                assert!(
                    (product - expected).abs() < 1e-14,
                    "{decay:?} {p} {q}: {product}, expected {expected}"
                );
            }
        }
    }
}
