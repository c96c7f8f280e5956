//! Attention of architectures between the positions of an input (Hron et al. 2020, arXiv 2006.10540).

use burn_tensor::{Tensor, activation};
use isotypic_architecture::{
    AttentionMechanism, AttentionScaling, EmbeddingType, PositionalEmbedding, SelfAttention,
};

use crate::Precision;
use crate::probes::Probes;

/// The outputs `[batch, positions, width]` of a `self_attention` layer; `own` are its arrays as
/// [`NetworkParameters`](crate::NetworkParameters) lists them.
pub(crate) fn self_attention(
    (attention, extents): (&SelfAttention, &[usize]),
    own: &[Tensor<3>],
    values: Tensor<3>,
    precision: Precision,
    probes: &mut Probes,
) -> Tensor<3> {
    let mut own = own.iter().cloned();
    let mut next = || own.next().expect("`NetworkParameters` holds every array of the layer");
    let keys = next();
    let queries = match attention.scaling {
        AttentionScaling::Linear => None,
        AttentionScaling::Sqrt => Some(next()),
    };
    let (value_weights, output) = (next(), next());
    let biases = attention.bias_variance.map(|variance| next() * variance.sqrt());
    let bias_scale = attention.bias_variance.map(f64::sqrt);
    let [batch, positions, _] = values.dims();
    let members = output.dims()[0];
    let rows_of_member = batch / members * positions;
    let (embedded, on_values) = match &attention.positional_embedding {
        None => (values.clone(), false),
        Some(embedding) => {
            let repeated = embeddings((embedding, extents), next(), batch, precision, probes);
            let embedded = match embedding.embedding_type {
                EmbeddingType::Sum => values.clone() + repeated,
                EmbeddingType::Concat => Tensor::cat(vec![values.clone(), repeated], 2),
            };
            (embedded, embedding.on_values)
        }
    };
    let for_values = if on_values { embedded.clone() } else { values };
    // `[batch, heads, positions, width]` from `[batch, positions, channels]` and `[members · heads, channels, width]`: one product
    // for all heads of a member.
    let project = |rows: &Tensor<3>, weights: Tensor<3>, probes: &mut Probes| -> Tensor<4> {
        let [all_heads, seen, width] = weights.dims();
        let heads = all_heads / members;
        let joined = weights.reshape([members, heads, seen, width]).swap_dims(1, 2).reshape([
            members,
            seen,
            heads * width,
        ]);
        let scale = 1.0 / (seen as f64).sqrt();
        let projected = rows.clone().reshape([members, rows_of_member, seen]).matmul(joined) * scale;
        let projected = projected.reshape([batch, positions, heads * width]);
        let projected = probes.mark(projected, (rows, scale), None);
        projected.reshape([batch, positions, heads, width]).swap_dims(1, 2)
    };
    let key_width = attention.key_width as f64;
    let keys = project(&embedded, keys, probes);
    let logits = match queries {
        None => keys.clone().matmul(keys.swap_dims(2, 3)) * (attention.logit_gain / key_width),
        Some(queries) => {
            project(&embedded, queries, probes).matmul(keys.swap_dims(2, 3))
                * (attention.logit_gain / key_width.sqrt())
        }
    };
    let weights = match attention.mechanism {
        AttentionMechanism::Identity => logits,
        AttentionMechanism::Abs => logits.abs(),
        AttentionMechanism::Relu => activation::relu(logits),
        AttentionMechanism::Softmax => activation::softmax(logits, 3),
    };
    let joined = attention.heads * attention.value_width;
    let heads = weights.matmul(project(&for_values, value_weights, probes)).swap_dims(1, 2).reshape([
        members,
        rows_of_member,
        joined,
    ]);
    let scale = (attention.value_variance / joined as f64).sqrt();
    let mut outputs = heads.clone().matmul(output) * scale;
    if let Some(biases) = biases {
        outputs = outputs + biases;
    }
    let outputs = outputs.reshape([batch, positions, attention.width]);
    probes.mark(outputs, (&heads.reshape([batch, positions, joined]), scale), bias_scale)
}

/// The embeddings `[batch, positions, width]` that examples meet: those drawn, `[members, positions, width]`, times the factor of their
/// covariance between positions.
fn embeddings(
    (embedding, extents): (&PositionalEmbedding, &[usize]),
    drawn: Tensor<3>,
    batch: usize,
    precision: Precision,
    probes: &mut Probes,
) -> Tensor<3> {
    let [members, positions, width] = drawn.dims();
    let correlated = |drawn: Tensor<3>| match embedding.decay {
        None => drawn * embedding.variance.sqrt(),
        Some(_) => {
            let factor = embedding.factor(extents).into_iter().collect();
            let factor = precision.tensor(factor, [1, positions, positions], &drawn.device());
            let count = drawn.dims()[0];
            factor.expand([count, positions, positions]).matmul(drawn)
        }
    };
    let repeated = |of_members: Tensor<3>| {
        let one_by_one = of_members.reshape([members, 1, positions, width]);
        one_by_one.expand([members, batch / members, positions, width]).reshape([batch, positions, width])
    };
    // Tangent kernels ask for what is trained, example by example.
    match probes.are_collected() {
        true => correlated(probes.mark_added(repeated(drawn))),
        false => repeated(correlated(drawn)),
    }
}
