//! Heads of softmax attention on the processor, image by image, so that no matrix between positions outlives its head.
//!
//! $Y = S V$ with $S = \operatorname{softmax}(s\, Q K^T)$, row by row. With the gradient $G$ of $Y$: $\partial V = S^T G$, and with $D = G V^T$ and
//! $T = S \circ (D - \operatorname{rowsum}(D \circ S))$: $\partial Q = s\, T K$, $\partial K = s\, T^T Q$. $S$ is computed again, not kept.

use burn_tensor::Tensor;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

use crate::cpu_operation::{CpuNumber, CpuOperation, Seen, compute};
use crate::row_normalization::sum_of;

/// The outputs of all heads `[batch, positions, heads · width]`, with gradients; `None` where the processor does not have the values.
///
/// # Shapes
/// - `joined`: `[batch, positions, 3 · heads · width]`: queries of all heads, keys of all heads, values of all heads
pub(crate) fn attention_heads(joined: &Tensor<3>, heads: usize) -> Option<Tensor<3>> {
    let [batch, positions, width] = joined.dims();
    compute(AttentionHeads { batch, positions, heads, width: width / 3 / heads }, [joined.clone()])
}

#[derive(Debug)]
struct AttentionHeads {
    batch: usize,
    positions: usize,
    heads: usize,
    width: usize,
}

impl AttentionHeads {
    fn scale(&self) -> f64 {
        1.0 / (self.width as f64).sqrt()
    }

    /// Values of all heads at one position.
    fn joined(&self) -> usize {
        self.heads * self.width
    }

    /// Queries (0), keys (1) or values (2) of a head, `[positions, width]`.
    fn part<'own, N: CpuNumber>(&self, image: &'own [N], part: usize, head: usize) -> MatRef<'own, N> {
        MatRef::from_row_major_slice(image, self.positions, 3 * self.joined()).submatrix(
            0,
            part * self.joined() + head * self.width,
            self.positions,
            self.width,
        )
    }

    fn part_mut<'own, N: CpuNumber>(
        &self,
        image: &'own mut [N],
        part: usize,
        head: usize,
    ) -> MatMut<'own, N> {
        MatMut::from_row_major_slice_mut(image, self.positions, 3 * self.joined()).submatrix_mut(
            0,
            part * self.joined() + head * self.width,
            self.positions,
            self.width,
        )
    }

    fn square<'own, N: CpuNumber>(&self, values: &'own [N]) -> MatRef<'own, N> {
        MatRef::from_row_major_slice(values, self.positions, self.positions)
    }

    /// Writes $S$ of a head, `[positions, positions]`.
    fn weights<N: CpuNumber>(&self, image: &[N], head: usize, weights: &mut [N]) {
        let (queries, keys) = (self.part(image, 0, head), self.part(image, 1, head));
        let logits = MatMut::from_row_major_slice_mut(weights, self.positions, self.positions);
        matmul(logits, Accum::Replace, queries, keys.transpose(), N::of(self.scale()), Par::Seq);
        for row in weights.chunks_exact_mut(self.positions) {
            let first = row[0];
            let largest =
                row.iter().fold(first, |largest, &value| if value > largest { value } else { largest });
            for value in row.iter_mut() {
                *value = (*value - largest).exponential();
            }
            let factor = N::of(1.0) / sum_of(row, row, |value, _| value);
            row.iter_mut().for_each(|value| *value = factor * *value);
        }
    }
}

impl CpuOperation<1> for AttentionHeads {
    type Kept = ();

    fn output_shape(&self) -> [usize; 3] {
        [self.batch, self.positions, self.joined()]
    }

    fn forward<N: CpuNumber>(&self, [joined]: [&[N]; 1]) -> (Vec<N>, ()) {
        let of_image = self.positions * self.joined();
        let mut result = vec![N::default(); self.batch * of_image];
        let images = result.par_chunks_exact_mut(of_image).zip(joined.par_chunks_exact(3 * of_image));
        let space = || vec![N::default(); self.positions * self.positions];
        images.for_each_init(space, |weights, (result, image)| {
            for head in 0..self.heads {
                self.weights(image, head, weights);
                let result = MatMut::from_row_major_slice_mut(result, self.positions, self.joined());
                let own = result.submatrix_mut(0, head * self.width, self.positions, self.width);
                let values = self.part(image, 2, head);
                matmul(own, Accum::Replace, self.square(weights), values, N::of(1.0), Par::Seq);
            }
        });
        (result, ())
    }

    fn backward<N: CpuNumber>(
        &self,
        Seen { inputs: [joined], .. }: Seen<'_, N, 1>,
        (): &(),
        gradient: &[N],
        _: [bool; 1],
    ) -> [Option<Vec<N>>; 1] {
        let of_image = self.positions * self.joined();
        let mut result = vec![N::default(); joined.len()];
        let inputs = joined.par_chunks_exact(3 * of_image).zip(gradient.par_chunks_exact(of_image));
        let images = result.par_chunks_exact_mut(3 * of_image).zip(inputs);
        let space = || [(); 2].map(|()| vec![N::default(); self.positions * self.positions]);
        let (one, scale) = (N::of(1.0), N::of(self.scale()));
        images.for_each_init(space, |[weights, terms], (result, (image, gradient))| {
            for head in 0..self.heads {
                self.weights(image, head, weights);
                let gradient = MatRef::from_row_major_slice(gradient, self.positions, self.joined());
                let gradient = gradient.submatrix(0, head * self.width, self.positions, self.width);
                let of_values = self.part_mut(result, 2, head);
                let square = self.square(weights);
                matmul(of_values, Accum::Replace, square.transpose(), gradient, one, Par::Seq);
                let of_weights = MatMut::from_row_major_slice_mut(terms, self.positions, self.positions);
                let values = self.part(image, 2, head).transpose();
                matmul(of_weights, Accum::Replace, gradient, values, one, Par::Seq);
                let rows = terms.chunks_exact_mut(self.positions).zip(weights.chunks_exact(self.positions));
                for (terms, weights) in rows {
                    let mean = sum_of(terms, weights, |term, weight| term * weight);
                    for (term, &weight) in terms.iter_mut().zip(weights) {
                        *term = weight * (*term - mean);
                    }
                }
                let terms = self.square(terms);
                let of_queries = self.part_mut(result, 0, head);
                matmul(of_queries, Accum::Replace, terms, self.part(image, 1, head), scale, Par::Seq);
                let of_keys = self.part_mut(result, 1, head);
                let queries = self.part(image, 0, head);
                matmul(of_keys, Accum::Replace, terms.transpose(), queries, scale, Par::Seq);
            }
        });
        [Some(result)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation_twins::{assert_close, leaf, outcome};
    use crate::{HeadedAttention, Precision};

    #[test]
    fn heads_and_their_gradients_are_those_of_tensor_operations() {
        for (precision, tolerance) in [(Precision::Double, 1e-13), (Precision::Single, 1e-5)] {
            for (batch, positions, heads, head_width) in [(3, 5, 2, 4), (1, 1, 1, 3), (4, 9, 3, 1)] {
                let leaves = [leaf(precision, [batch, positions, 3 * heads * head_width], 0.1)];
                let attention = HeadedAttention { heads, head_width };
                let steep = |leaves: &[Tensor<3>]| leaves[0].clone() * 3.0;
                let own =
                    outcome(precision, &leaves, |leaves| attention_heads(&steep(leaves), heads).unwrap());
                let composed = outcome(precision, &leaves, |leaves| attention.composed_heads(steep(leaves)));
                assert_close(&own, &composed, tolerance, &format!("{positions} positions, {heads} heads"));
            }
        }
    }
}
