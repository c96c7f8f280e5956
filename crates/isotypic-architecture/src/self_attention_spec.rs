//! Options of a `self_attention` layer.

use serde::Serialize;

use crate::affine::{addressable, extents_in_range};
use crate::check::channels_at_positions;
use crate::options::Options;
use crate::{
    ArchitectureError, AttentionMechanism, AttentionScaling, EmbeddingType, PositionalEmbeddingSpec,
    SelfAttention,
};

/// The options of a `self_attention` layer.
pub(crate) const SELF_ATTENTION_OPTIONS: &[&str] = &[
    "mechanism",
    "scaling",
    "w_key_std",
    "w_query_std",
    "w_value_std",
    "w_out_std",
    "b_std",
    "positional_embedding",
    "heads",
    "key_width",
    "value_width",
    "width",
];

/// Options of a `self_attention` layer: every position attends to every position of the same input.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SelfAttentionSpec {
    /// What turns logits into attention weights.
    pub mechanism: AttentionMechanism,
    /// How logits are scaled with the width of keys and queries.
    pub scaling: AttentionScaling,
    /// Standard deviation of the weights of keys before scaling by the fan-in; positive, as the next three.
    pub w_key_std: f64,
    /// Standard deviation of the weights of queries. With [`AttentionScaling::Linear`] the weights are those of the keys and
    /// only this factor is their own.
    pub w_query_std: f64,
    /// Standard deviation of the weights of values.
    pub w_value_std: f64,
    /// Standard deviation of the weights that join the heads.
    pub w_out_std: f64,
    /// Standard deviation of the output's biases, at least 0; `None` for a layer without biases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b_std: Option<f64>,
    /// Embeddings of positions, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positional_embedding: Option<PositionalEmbeddingSpec>,
    /// Number of heads. Finite networks alone use this and the next two; kernels are limits of many heads.
    pub heads: usize,
    /// Number of channels of keys and queries in each head.
    pub key_width: usize,
    /// Number of channels of values in each head.
    pub value_width: usize,
    /// Number of output channels, from 1 to 2²⁰.
    pub width: usize,
}

impl Default for SelfAttentionSpec {
    fn default() -> Self {
        Self {
            mechanism: AttentionMechanism::default(),
            scaling: AttentionScaling::default(),
            w_key_std: 1.0,
            w_query_std: 1.0,
            w_value_std: 1.0,
            w_out_std: 1.0,
            b_std: None,
            positional_embedding: None,
            heads: 1,
            key_width: 1,
            value_width: 1,
            width: 1,
        }
    }
}

impl SelfAttentionSpec {
    pub(crate) fn read(mut options: Options) -> Result<Self, ArchitectureError> {
        let default = Self::default();
        let mechanisms = [
            ("softmax", AttentionMechanism::Softmax),
            ("identity", AttentionMechanism::Identity),
            ("abs", AttentionMechanism::Abs),
            ("relu", AttentionMechanism::Relu),
        ];
        let scalings = [("linear", AttentionScaling::Linear), ("sqrt", AttentionScaling::Sqrt)];
        let nested = options
            .nested("positional_embedding", crate::positional_embedding::POSITIONAL_EMBEDDING_OPTIONS)?;
        Ok(Self {
            mechanism: options
                .choice("mechanism", "`softmax`, `identity`, `abs` or `relu`", &mechanisms)?
                .unwrap_or(default.mechanism),
            scaling: options.choice("scaling", "`linear` or `sqrt`", &scalings)?.unwrap_or(default.scaling),
            w_key_std: options.number("w_key_std")?.unwrap_or(default.w_key_std),
            w_query_std: options.number("w_query_std")?.unwrap_or(default.w_query_std),
            w_value_std: options.number("w_value_std")?.unwrap_or(default.w_value_std),
            w_out_std: options.number("w_out_std")?.unwrap_or(default.w_out_std),
            b_std: options.number_or_null("b_std")?,
            positional_embedding: nested.map(PositionalEmbeddingSpec::read).transpose()?.flatten(),
            heads: options.extent("heads")?.unwrap_or(default.heads),
            key_width: options.extent("key_width")?.unwrap_or(default.key_width),
            value_width: options.extent("value_width")?.unwrap_or(default.value_width),
            width: options.extent("width")?.unwrap_or(default.width),
        })
    }

    /// Turns the options into numbers that are in range, for an input of this shape (spatial axes, then channels).
    pub(crate) fn check(
        &self,
        path: &str,
        input_shape: &[usize],
    ) -> Result<SelfAttention, ArchitectureError> {
        let (channels, positions) = channels_at_positions(path, input_shape)?;
        for (option, extent) in [
            ("heads", self.heads),
            ("key_width", self.key_width),
            ("value_width", self.value_width),
            ("width", self.width),
        ] {
            extents_in_range(path, option, &[extent])?;
        }
        for (option, std) in [
            ("w_key_std", self.w_key_std),
            ("w_query_std", self.w_query_std),
            ("w_value_std", self.w_value_std),
            ("w_out_std", self.w_out_std),
        ] {
            // The fourth root of the range of numbers, so that squares of products are normal.
            if !(1e-75..=1e75).contains(&std) {
                return Err(ArchitectureError::invalid_option(
                    path,
                    option,
                    "a positive number from 1e-75 to 1e75",
                    &std,
                ));
            }
        }
        if let Some(b_std) = self.b_std
            && !(b_std >= 0.0 && (b_std * b_std).is_finite())
        {
            let expected = "a number of at least 0 whose square is finite";
            return Err(ArchitectureError::invalid_option(path, "b_std", expected, &b_std));
        }
        let has_kernel = matches!(self.mechanism, AttentionMechanism::Identity | AttentionMechanism::Softmax);
        if self.scaling == AttentionScaling::Sqrt && !has_kernel {
            return Err(ArchitectureError::invalid_option(
                path,
                "scaling",
                "`linear`, since with `sqrt` there are kernels for the mechanisms `identity` and `softmax` only",
                &"sqrt",
            ));
        }
        let embedding =
            self.positional_embedding.as_ref().map(|spec| spec.check(path, channels)).transpose()?;
        let seen = match &embedding {
            Some(embedding) if embedding.embedding_type == EmbeddingType::Concat => {
                channels + embedding.width
            }
            _ => channels,
        };
        let positions = positions.iter().product();
        addressable(path, &[self.heads, seen, self.key_width.max(self.value_width)])?;
        addressable(path, &[self.heads, self.value_width, self.width])?;
        addressable(path, &[positions, positions])?;
        let value_std = self.w_value_std * self.w_out_std;
        Ok(SelfAttention {
            mechanism: self.mechanism,
            scaling: self.scaling,
            logit_gain: self.w_key_std * self.w_query_std,
            value_variance: value_std * value_std,
            bias_variance: self.b_std.map(|b_std| b_std * b_std),
            positional_embedding: embedding,
            heads: self.heads,
            key_width: self.key_width,
            value_width: self.value_width,
            width: self.width,
        })
    }
}
