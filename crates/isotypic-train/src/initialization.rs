//! How trained parameters are drawn.

/// The distribution of parameters before training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Initialization {
    /// What the parameterization of each layer says: standard normal for `ntk`, for `standard` weights of variance
    /// $\sigma_w^2 / \text{fan-in}$ and biases of variance $\sigma_b^2$. Kernels describe networks drawn like this.
    #[default]
    Gaussian,
    /// Weights and biases of dense layers and convolutions uniform in $\pm 1/\sqrt{\text{fan-in}}$ whatever their standard
    /// deviations, as PyTorch draws them (He et al. 2015, arXiv 1502.01852, with the slope $\sqrt 5$). Attention stays as above.
    KaimingUniform,
}
