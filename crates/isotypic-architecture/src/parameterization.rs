//! How weights are scaled, and so what the neural tangent kernel of a layer is.

use serde::Serialize;

/// The scaling of weights and biases in a `dense` or `conv` layer.
///
/// Both describe the same distribution of functions at initialisation; they differ in the gradients, and so in
/// the neural tangent kernel (Sohl-Dickstein et al. 2020, arXiv 2001.07301).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Parameterization {
    /// Weights are $\sigma_w \omega / \sqrt{n}$ and biases $\sigma_b \beta$, with trained $\omega, \beta \sim
    /// \mathcal N(0, 1)$ and $n$ the fan-in (Jacot et al. 2018, arXiv 1806.07572).
    #[default]
    Ntk,
    /// The weights themselves are trained, $w \sim \mathcal N(0, \sigma_w^2 s / n)$, as in common frameworks.
    Standard,
}

impl Parameterization {
    /// The parameterization with this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "ntk" => Some(Self::Ntk),
            "standard" => Some(Self::Standard),
            _ => None,
        }
    }
}
