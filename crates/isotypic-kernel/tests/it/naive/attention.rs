//! Attention with infinitely many heads (Hron et al. 2020, arXiv 2006.10540).
//!
//! What keys and queries see is $\tilde\Sigma = s \Sigma + (1 \text{ or } 1 - s)\, \sigma_p^2 R$, with the share $s$ of the input
//! among the channels: embeddings are random like a layer's weights, and trained, so that $\Theta$ gets the same term. What values
//! see, $\hat\Sigma$ and $\hat\Theta$, is that or the input alone.

use isotypic_architecture::{
    AttentionMechanism, AttentionScaling, EmbeddingDecay, EmbeddingType, PositionalEmbedding, SelfAttention,
};
use ndarray::Array2;

use super::Pair;
use super::windows::positions;

pub(super) fn attend(
    state: &Pair,
    of_x: &Pair,
    of_y: &Pair,
    attention: &SelfAttention,
    channels: usize,
) -> Pair {
    let embedding = attention.positional_embedding.as_ref();
    let seen = |pair: &Pair| embedding.map_or(pair.clone(), |embedding| embed(pair, embedding, channels));
    let on_values = embedding.is_some_and(|embedding| embedding.on_values);
    let keys = seen(state);
    let values = if on_values { keys.clone() } else { state.clone() };
    let bias = attention.bias_variance.unwrap_or(0.0);
    let (covariance, ntk) = match attention.scaling {
        AttentionScaling::Linear => {
            let weights = |pair: &Pair| weights(&seen(pair).covariance, attention);
            let (a, b) = (weights(of_x), weights(of_y));
            // σ_v² A_x M A_yᵀ; logits are constants in the limit, so that values and outputs alone are trained.
            let weigh = |matrix: &Array2<f64>| a.dot(matrix).dot(&b.t()) * attention.value_variance;
            let covariance = weigh(&values.covariance);
            let ntk = weigh(&values.ntk) + &covariance * 2.0;
            (covariance, ntk)
        }
        AttentionScaling::Sqrt => {
            assert_eq!(attention.mechanism, AttentionMechanism::Identity);
            // A product of three independent factors, queries, keys and values, summed over the key positions.
            let inner = |first: &Array2<f64>, second: &Array2<f64>| (first * second).sum();
            let scale = attention.logit_gain * attention.logit_gain * attention.value_variance;
            let joint = inner(&keys.covariance, &values.covariance);
            let moved = inner(&keys.covariance, &values.ntk) + inner(&keys.ntk, &values.covariance);
            let covariance = &keys.covariance * (scale * joint);
            // Four weight matrices: those of queries, keys, values and outputs.
            let ntk = (&keys.covariance * moved + (&keys.ntk + &keys.covariance * 4.0) * joint) * scale;
            (covariance, ntk)
        }
    };
    Pair { extents: state.extents.clone(), covariance: covariance + bias, ntk: ntk + bias }
}

/// $\zeta(g \tilde\Sigma_{xx})$, over the second position.
fn weights(covariance: &Array2<f64>, attention: &SelfAttention) -> Array2<f64> {
    let mut logits = covariance * attention.logit_gain;
    match attention.mechanism {
        AttentionMechanism::Identity => {}
        AttentionMechanism::Abs => logits.mapv_inplace(f64::abs),
        AttentionMechanism::Relu => logits.mapv_inplace(|logit| logit.max(0.0)),
        AttentionMechanism::Softmax => {
            for mut row in logits.rows_mut() {
                let largest = row.fold(f64::NEG_INFINITY, |largest, &logit| largest.max(logit));
                row.mapv_inplace(|logit| (logit - largest).exp());
                let sum = row.sum();
                row.mapv_inplace(|weight| weight / sum);
            }
        }
    }
    logits
}

/// Mixes embeddings into covariances and tangent kernels.
fn embed(pair: &Pair, embedding: &PositionalEmbedding, channels: usize) -> Pair {
    let (input_share, embedding_share) = match embedding.embedding_type {
        EmbeddingType::Sum => (1.0, 1.0),
        EmbeddingType::Concat => {
            let total = (channels + embedding.width) as f64;
            (channels as f64 / total, embedding.width as f64 / total)
        }
    };
    let coordinates = positions(&pair.extents);
    let correlation = Array2::from_shape_fn(pair.covariance.dim(), |(p, q)| {
        let pairs = coordinates[p].iter().zip(&coordinates[q]);
        let distance: f64 = pairs.map(|(&p, &q)| (p.abs_diff(q) as f64).powf(embedding.p_norm)).sum();
        match embedding.decay {
            None => f64::from(u8::from(p == q)),
            Some(EmbeddingDecay::Exponential(rate)) => (-rate * distance).exp(),
            Some(EmbeddingDecay::Rational(rate)) => 1.0 / (1.0 + rate * distance),
        }
    });
    pair.map(&pair.extents, |matrix| {
        matrix * input_share + &correlation * (embedding_share * embedding.variance)
    })
}
