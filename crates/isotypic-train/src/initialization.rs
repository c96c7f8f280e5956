//! How trained parameters are drawn.

use serde::Serialize;

/// The distribution of parameters before training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Initialization {
    /// What the parameterization of each layer says: standard normal for `ntk`, for `standard` weights of variance
    /// $\sigma_w^2 / \text{fan-in}$ and biases of variance $\sigma_b^2$. Kernels describe networks drawn like this.
    #[default]
    Gaussian,
    /// Weights and biases of dense layers and convolutions as PyTorch draws them: what multiplies inputs is uniform in
    /// $\pm 1/\sqrt{\text{fan-in}}$, whatever the standard deviations and the parameterization (He et al. 2015, arXiv 1502.01852, with the
    /// slope $\sqrt 5$). Attention stays as above.
    KaimingUniform,
    /// The same, normal with variance $2/\text{fan-in}$, biases 0 (He et al. 2015).
    HeNormal,
}
