//! A checked attention layer.

use serde::Serialize;

use crate::PositionalEmbedding;

/// What turns logits into attention weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AttentionMechanism {
    /// $e^{a_{pq}} / \sum_{q'} e^{a_{pq'}}$.
    #[default]
    Softmax,
    /// $a_{pq}$.
    Identity,
    /// $|a_{pq}|$.
    Abs,
    /// $\max(a_{pq}, 0)$.
    Relu,
}

/// How logits are scaled with the width $n$ of keys and queries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AttentionScaling {
    /// Logits are divided by $n$, and keys and queries share their weights: logits become deterministic as $n$ grows.
    #[default]
    Linear,
    /// Logits are divided by $\sqrt n$, as in the standard transformer, and stay random: Gaussian in the limit. A closed form is
    /// implemented for [`AttentionMechanism::Identity`]; kernels of [`AttentionMechanism::Softmax`] are sampled, and there are none of the
    /// others.
    Sqrt,
}

/// A checked `self_attention` layer over all positions (Hron et al. 2020, arXiv 2006.10540), with infinitely many heads
/// in the limit.
///
/// Let $\tilde\Sigma$ be the covariance of what keys and queries see and $\hat\Sigma$ that of what values see, either with
/// [`positional_embedding`](Self::positional_embedding) or without. With [`AttentionScaling::Linear`] the attention
/// weights of an input are $A_x = \zeta(g\,\tilde\Sigma_{xx})$, with the mechanism $\zeta$ over the second position, and
/// $\Sigma_{xy} \leftarrow \sigma_v^2 A_x \hat\Sigma_{xy} A_y^\top + \sigma_b^2$. With [`AttentionScaling::Sqrt`] it is the mean of that
/// over weights $A = \zeta(G)$ of Gaussian logits, $E[G_x[p, a]\,G_y[q, b]] = g^2\,\tilde\Sigma_{xy}[p, q]\,\tilde\Sigma_{xy}[a, b]$; for the identity
/// $\Sigma_{xy}[p, q] \leftarrow g^2 \sigma_v^2\, \tilde\Sigma_{xy}[p, q] \sum_{rs} \tilde\Sigma_{xy}[r, s]
/// \hat\Sigma_{xy}[r, s] + \sigma_b^2$.
///
/// Parameters are standard normal and scaled by the layer, whatever the architecture's parameterization.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SelfAttention {
    /// What turns logits into attention weights.
    pub mechanism: AttentionMechanism,
    /// How logits are scaled.
    pub scaling: AttentionScaling,
    /// $g$, the product of the standard deviations of key and query weights; positive and finite, so is its square.
    pub logit_gain: f64,
    /// $\sigma_v^2$, the product of the variances of value and output weights; positive and finite.
    pub value_variance: f64,
    /// $\sigma_b^2$ of the output, finite and not negative; `None` for a layer without biases.
    pub bias_variance: Option<f64>,
    /// Embeddings of positions, if any.
    pub positional_embedding: Option<PositionalEmbedding>,
    /// Number of heads; finite networks alone use it.
    pub heads: usize,
    /// Number of channels of keys and queries in each head; finite networks alone use it.
    pub key_width: usize,
    /// Number of channels of values in each head; finite networks alone use it.
    pub value_width: usize,
    /// Number of output channels.
    pub width: usize,
}

impl SelfAttention {
    /// Whether attention weights are a softmax of random logits, so that the kernel is an expectation without a closed form.
    pub fn has_random_softmax(&self) -> bool {
        self.scaling == AttentionScaling::Sqrt && self.mechanism == AttentionMechanism::Softmax
    }
}
