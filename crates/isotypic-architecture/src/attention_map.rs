//! The random map of one `self_attention` layer of a finite network.

use ndarray::{Array1, Array2, ArrayRef2, Axis, concatenate, s};

use crate::gaussian::Gaussian;
use crate::{
    ArchitectureError, AttentionMechanism, AttentionScaling, EmbeddingType, Node, PositionalEmbedding,
    SelfAttention,
};

/// Parameters, all standard normal.
#[derive(Clone, Debug)]
pub(crate) struct AttentionMap {
    /// `[seen channels, key_width]`, one for each head.
    keys: Vec<Array2<f64>>,
    /// The same; empty where keys serve as queries.
    queries: Vec<Array2<f64>>,
    /// `[channels seen by values, value_width]`, one for each head.
    values: Vec<Array2<f64>>,
    /// `[heads · value_width, width]`.
    pub(crate) output: Array2<f64>,
    /// `[width]`.
    pub(crate) biases: Option<Array1<f64>>,
    /// `[positions, channels of the embedding]`, before the factor of their covariance.
    pub(crate) embeddings: Option<Array2<f64>>,
    /// That factor, [`PositionalEmbedding::factor`].
    embedding_factor: Option<Array2<f64>>,
}

impl AttentionMap {
    /// Draws the parameters of a node.
    pub(crate) fn sample(
        node: &Node,
        attention: &SelfAttention,
        gaussian: &mut Gaussian,
    ) -> Result<Self, ArchitectureError> {
        let channels = node.input_shape[node.input_shape.len() - 1];
        let extents = &node.input_shape[..node.input_shape.len() - 1];
        let seen = |embedding: Option<&PositionalEmbedding>| match embedding {
            Some(embedding) if embedding.embedding_type == EmbeddingType::Concat => {
                channels + embedding.width
            }
            _ => channels,
        };
        let embedding = attention.positional_embedding.as_ref();
        let seen_by_keys = seen(embedding);
        let seen_by_values = seen(embedding.filter(|embedding| embedding.on_values));
        let mut matrix = |rows: usize, columns: usize| {
            let mut entries = Vec::new();
            entries.try_reserve_exact(rows * columns).map_err(|_| ArchitectureError::ShapeTooLarge {
                path: node.path.clone(),
                shape: vec![rows, columns],
            })?;
            entries.extend((0..rows * columns).map(|_| gaussian.sample()));
            Ok(Array2::from_shape_vec((rows, columns), entries).expect("as many entries as the shape says"))
        };
        let mut per_head = |rows, columns| {
            (0..attention.heads).map(|_| matrix(rows, columns)).collect::<Result<Vec<_>, ArchitectureError>>()
        };
        let keys = per_head(seen_by_keys, attention.key_width)?;
        let queries = match attention.scaling {
            AttentionScaling::Linear => vec![],
            AttentionScaling::Sqrt => per_head(seen_by_keys, attention.key_width)?,
        };
        let values = per_head(seen_by_values, attention.value_width)?;
        let output = matrix(attention.heads * attention.value_width, attention.width)?;
        let embedding_factor = embedding.map(|embedding| embedding.factor(extents));
        let embeddings = match embedding.zip(embedding_factor.as_ref()) {
            None => None,
            Some((embedding, factor)) => Some(matrix(factor.ncols(), embedding.width)?),
        };
        let biases = attention
            .bias_variance
            .map(|_| Array1::from_shape_simple_fn(attention.width, || gaussian.sample()));
        Ok(Self { keys, queries, values, output, biases, embeddings, embedding_factor })
    }

    /// The weights that each head has of its own, by name.
    pub(crate) fn per_head(&self) -> [(&'static str, &[Array2<f64>]); 3] {
        [("keys", &self.keys), ("queries", &self.queries), ("values", &self.values)]
    }

    /// The weights of this name of all heads, those of the values for any other name.
    pub(crate) fn heads_mut(&mut self, name: &str) -> &mut [Array2<f64>] {
        match name {
            "keys" => &mut self.keys,
            "queries" => &mut self.queries,
            _ => &mut self.values,
        }
    }

    /// The embeddings as they meet the inputs, if there are any.
    fn embeddings_of_positions(&self) -> Option<Array2<f64>> {
        self.embeddings.as_ref().zip(self.embedding_factor.as_ref()).map(|(drawn, factor)| factor.dot(drawn))
    }

    /// Maps one input, `[positions, channels]`, to `[positions, width]`.
    pub(crate) fn apply(&self, attention: &SelfAttention, input: &ArrayRef2<f64>) -> Array2<f64> {
        let embedded = match (&attention.positional_embedding, self.embeddings_of_positions()) {
            (Some(embedding), Some(embeddings)) => match embedding.embedding_type {
                EmbeddingType::Sum => input.to_owned() + &embeddings,
                EmbeddingType::Concat => concatenate![Axis(1), input.view(), embeddings.view()],
            },
            _ => input.to_owned(),
        };
        let on_values = attention.positional_embedding.as_ref().is_some_and(|embedding| embedding.on_values);
        let for_values = if on_values { embedded.view() } else { input.view() };
        let project =
            |rows: &ArrayRef2<f64>, weights: &Array2<f64>| rows.dot(weights) / (rows.ncols() as f64).sqrt();
        let key_width = attention.key_width as f64;
        let mut heads = Array2::zeros((input.nrows(), self.output.nrows()));
        for head in 0..attention.heads {
            let keys = project(&embedded, &self.keys[head]);
            let mut weights = match attention.scaling {
                AttentionScaling::Linear => keys.dot(&keys.t()) * (attention.logit_gain / key_width),
                AttentionScaling::Sqrt => {
                    let queries = project(&embedded, &self.queries[head]);
                    queries.dot(&keys.t()) * (attention.logit_gain / key_width.sqrt())
                }
            };
            attend(attention.mechanism, &mut weights);
            let first = head * attention.value_width;
            heads
                .slice_mut(s![.., first..first + attention.value_width])
                .assign(&weights.dot(&project(&for_values, &self.values[head])));
        }
        let mut output = project(&heads, &self.output) * attention.value_variance.sqrt();
        if let (Some(biases), Some(variance)) = (&self.biases, attention.bias_variance) {
            output.scaled_add(variance.sqrt(), biases);
        }
        output
    }
}

/// From logits to attention weights, row by row.
fn attend(mechanism: AttentionMechanism, logits: &mut Array2<f64>) {
    match mechanism {
        AttentionMechanism::Identity => {}
        AttentionMechanism::Abs => logits.mapv_inplace(f64::abs),
        AttentionMechanism::Relu => logits.mapv_inplace(|logit| if logit < 0.0 { 0.0 } else { logit }),
        AttentionMechanism::Softmax => {
            for mut row in logits.rows_mut() {
                let largest = row.iter().fold(f64::NEG_INFINITY, |largest, &logit| largest.max(logit));
                row.mapv_inplace(|logit| libm::exp(logit - largest));
                let sum = row.sum();
                row /= sum;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Architecture, Layer, Operation, Parameterization, PositionalEmbeddingSpec, SelfAttentionSpec,
    };

    fn spec(mechanism: AttentionMechanism, scaling: AttentionScaling, on_values: bool) -> SelfAttentionSpec {
        SelfAttentionSpec {
            mechanism,
            scaling,
            w_key_std: 1.2,
            w_query_std: 1.1,
            w_value_std: 1.3,
            w_out_std: 0.9,
            b_std: Some(0.2),
            positional_embedding: Some(PositionalEmbeddingSpec {
                on_values,
                width: Some(2),
                ..PositionalEmbeddingSpec::new(EmbeddingType::Concat)
            }),
            heads: 3,
            key_width: 4,
            value_width: 2,
            width: 5,
        }
    }

    /// The same map written entry by entry.
    fn naive(map: &AttentionMap, spec: &SelfAttentionSpec, input: &Array2<f64>) -> Vec<f64> {
        let (positions, channels) = input.dim();
        let embeddings = map.embeddings_of_positions().unwrap();
        let seen = |position: usize, channel: usize| {
            if channel < channels {
                input[[position, channel]]
            } else {
                embeddings[[position, channel - channels]]
            }
        };
        let on_values = spec.positional_embedding.as_ref().unwrap().on_values;
        let seen_by_values = if on_values { channels + 2 } else { channels };
        let linear = spec.scaling == AttentionScaling::Linear;
        let project = |weights: &Array2<f64>, count: usize, position: usize, unit: usize| -> f64 {
            (0..count).map(|channel| seen(position, channel) * weights[[channel, unit]]).sum::<f64>()
                / (count as f64).sqrt()
        };
        let mut outputs = vec![];
        for p in 0..positions {
            for output in 0..spec.width {
                let mut sum = 0.0;
                for head in 0..spec.heads {
                    let logit = |q: usize| -> f64 {
                        let queries = if linear { &map.keys[head] } else { &map.queries[head] };
                        let product: f64 = (0..spec.key_width)
                            .map(|unit| {
                                project(queries, channels + 2, p, unit)
                                    * project(&map.keys[head], channels + 2, q, unit)
                            })
                            .sum();
                        let width = spec.key_width as f64;
                        1.2 * 1.1 * product / if linear { width } else { width.sqrt() }
                    };
                    let total: f64 = (0..positions).map(|q| logit(q).exp()).sum();
                    for q in 0..positions {
                        let weight = match spec.mechanism {
                            AttentionMechanism::Softmax => logit(q).exp() / total,
                            AttentionMechanism::Identity => logit(q),
                            AttentionMechanism::Abs => logit(q).abs(),
                            AttentionMechanism::Relu => logit(q).max(0.0),
                        };
                        for unit in 0..spec.value_width {
                            let value = project(&map.values[head], seen_by_values, q, unit);
                            sum += weight * value * map.output[[head * spec.value_width + unit, output]];
                        }
                    }
                }
                let joined = (spec.heads * spec.value_width) as f64;
                outputs.push(1.3 * 0.9 * sum / joined.sqrt() + 0.2 * map.biases.as_ref().unwrap()[output]);
            }
        }
        outputs
    }

    #[test]
    fn attention_equals_loops_over_positions_heads_and_channels() {
        for (mechanism, scaling, on_values) in [
            (AttentionMechanism::Softmax, AttentionScaling::Linear, true),
            (AttentionMechanism::Softmax, AttentionScaling::Linear, false),
            (AttentionMechanism::Identity, AttentionScaling::Sqrt, true),
            (AttentionMechanism::Softmax, AttentionScaling::Sqrt, true),
            (AttentionMechanism::Abs, AttentionScaling::Linear, false),
            (AttentionMechanism::Relu, AttentionScaling::Linear, true),
        ] {
            let spec = spec(mechanism, scaling, on_values);
            let layers = vec![Layer::SelfAttention(Box::new(spec.clone())), Layer::Flatten];
            let graph = Architecture::new(Parameterization::Ntk, layers).check(&[2, 3, 2]).unwrap();
            let node = &graph.nodes()[1];
            let Operation::SelfAttention(attention) = &node.operation else { panic!("expected attention") };
            let map = AttentionMap::sample(node, attention, &mut Gaussian::from_seed(8)).unwrap();
            let input =
                Array2::from_shape_fn((6, 2), |(row, column)| (2.3 * row as f64 + column as f64).sin());
            let got = map.apply(attention, &input);
            for (got, expected) in got.iter().zip(naive(&map, &spec, &input)) {
                assert!(
                    (got - expected).abs() < 1e-13,
                    "{mechanism:?} {scaling:?}: {got}, expected {expected}"
                );
            }
        }
    }
}
