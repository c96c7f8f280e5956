//! The random map of one `self_attention` layer of a finite network.

use ndarray::{Array1, Array2, ArrayRef2, Axis, Dimension, IxDyn, concatenate, indices, s};

use crate::gaussian::Gaussian;
use crate::{
    ArchitectureError, AttentionMechanism, AttentionScaling, EmbeddingType, Node, PositionalEmbedding,
    SelfAttention,
};

/// Parameters, all standard normal but the embeddings, which have the covariance of their positions.
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
    /// `[positions, channels of the embedding]`.
    pub(crate) embeddings: Option<Array2<f64>>,
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
        let embeddings = match embedding {
            None => None,
            Some(embedding) => {
                let factor = covariance_factor(embedding, extents);
                Some(factor.dot(&matrix(factor.ncols(), embedding.width)?))
            }
        };
        let biases = attention
            .bias_variance
            .map(|_| Array1::from_shape_simple_fn(attention.width, || gaussian.sample()));
        Ok(Self { keys, queries, values, output, biases, embeddings })
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

    /// Maps one input, `[positions, channels]`, to `[positions, width]`.
    pub(crate) fn apply(&self, attention: &SelfAttention, input: &ArrayRef2<f64>) -> Array2<f64> {
        let embedded = match (&attention.positional_embedding, &self.embeddings) {
            (Some(embedding), Some(embeddings)) => match embedding.embedding_type {
                EmbeddingType::Sum => input.to_owned() + embeddings,
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

/// A lower triangular factor $L$ with $L L^\top$ the covariance of the embeddings of all positions, in C order.
///
/// Nearly equal embeddings of neighbours make the covariance singular to rounding; what is then left of a pivot is noise
/// and its column stays zero.
fn covariance_factor(embedding: &PositionalEmbedding, extents: &[usize]) -> Array2<f64> {
    let positions: Vec<IxDyn> = indices(IxDyn(extents)).into_iter().collect();
    let count = positions.len();
    let mut factor = Array2::zeros((count, count));
    for column in 0..count {
        for row in column..count {
            let covariance = embedding.covariance(positions[row].slice(), positions[column].slice());
            let explained = factor.slice(s![row, ..column]).dot(&factor.slice(s![column, ..column]));
            let rest: f64 = covariance - explained;
            factor[[row, column]] = if row == column {
                if rest > 1e-13 * embedding.variance { rest.sqrt() } else { 0.0 }
            } else if factor[[column, column]] > 0.0 {
                rest / factor[[column, column]]
            } else {
                0.0
            };
        }
    }
    factor
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Architecture, EmbeddingDecay, Layer, Operation, Parameterization, PositionalEmbeddingSpec,
        SelfAttentionSpec,
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
        let embeddings = map.embeddings.as_ref().unwrap();
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
            let factor = covariance_factor(&embedding, &[3, 4]);
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
