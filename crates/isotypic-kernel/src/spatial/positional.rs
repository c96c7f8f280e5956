//! What keys, queries and values of an attention layer see: the input with the embeddings of its positions.
//!
//! With the share $\lambda$ of the input's channels and the covariance $\rho$ of embeddings, the covariance becomes
//! $\lambda c + \rho$, the tangent kernel $\lambda\Theta + \rho$ (embeddings are trained), and the difference
//! $\lambda d + \rho_{pp} + \rho_{qq} - 2\rho_{pq}$.

use isotypic_architecture::{EmbeddingType, PositionalEmbedding, SelfAttention};

use super::grid::Grid;

/// What the two halves of an attention layer see.
#[derive(Debug)]
pub(super) struct Seen {
    /// $\tilde c$: always with the embeddings, if there are any.
    pub(super) by_keys: Embedded,
    /// $\hat c$.
    pub(super) by_values: Embedded,
}

impl Seen {
    /// On a grid; `extents` and `channels` are those of the layer's input.
    pub(super) fn new(attention: &SelfAttention, grid: Grid, extents: &[usize], channels: usize) -> Self {
        let embedding = attention.positional_embedding.as_ref();
        let seen = |embedding: Option<&PositionalEmbedding>| match embedding {
            Some(embedding) => Embedded::new(embedding, grid, extents, channels),
            None => Embedded { share: 1.0, covariance: Vec::new(), positions: grid.len() },
        };
        Self { by_keys: seen(embedding), by_values: seen(embedding.filter(|embedding| embedding.on_values)) }
    }
}

/// Embeddings of all positions of a grid, or none.
#[derive(Debug)]
pub(super) struct Embedded {
    /// $\lambda$.
    pub(super) share: f64,
    /// $\rho$, `positions × positions`; empty without embeddings.
    covariance: Vec<f64>,
    positions: usize,
}

impl Embedded {
    /// The input with embeddings; `extents` are those of the spatial axes, `channels` those of the input.
    fn new(embedding: &PositionalEmbedding, grid: Grid, extents: &[usize], channels: usize) -> Self {
        let share = embedding.input_share(channels);
        let weight = match embedding.embedding_type {
            EmbeddingType::Sum => 1.0,
            EmbeddingType::Concat => 1.0 - share,
        };
        let leading = 3 - extents.len();
        let positions: Vec<[usize; 3]> = grid.positions().collect();
        let covariance = positions
            .iter()
            .flat_map(|p| {
                positions.iter().map(|q| weight * embedding.covariance(&p[leading..], &q[leading..]))
            })
            .collect();
        Self { share, covariance, positions: positions.len() }
    }

    /// $\rho_{pq}$.
    pub(super) fn covariance(&self, p: usize, q: usize) -> f64 {
        self.covariance.get(p * self.positions + q).copied().unwrap_or(0.0)
    }

    /// $\rho_{pp} + \rho_{qq} - 2\rho_{pq}$, exactly 0 for $p = q$.
    pub(super) fn difference(&self, p: usize, q: usize) -> f64 {
        self.covariance(p, p) + self.covariance(q, q) - 2.0 * self.covariance(p, q)
    }

    /// Variance of what is seen at a position with the given variance.
    pub(super) fn variance(&self, position: usize, variance: f64) -> f64 {
        self.share.mul_add(variance, self.covariance(position, position))
    }
}
