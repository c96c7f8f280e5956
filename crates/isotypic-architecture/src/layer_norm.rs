//! Layer normalisation: its options and its checked form.

use serde::Serialize;

use crate::ArchitectureError;
use crate::axis::{axis_range, resolve_axis};
use crate::options::Options;

/// The options of a `layer_norm` layer.
pub(crate) const LAYER_NORM_OPTIONS: &[&str] = &["axes", "epsilon"];

/// Options of a `layer_norm` layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerNormSpec {
    /// The axes over which mean and variance are taken, counted with the batch as axis 0 or from the end with −1 for the
    /// channels, which must be among them.
    pub axes: Vec<i64>,
    /// What is added to the variance, at least 0.
    pub epsilon: f64,
}

/// A checked `layer_norm` layer: $(x - \bar x) / \sqrt{\operatorname{var}(x) + \varepsilon}$.
///
/// At infinite width the mean over channels vanishes and the variance at position $p$ becomes $v(p)$, the mean of
/// $\Sigma_{pp}$ along the spatial axes that are normalised too:
/// $\Sigma_{pq} \leftarrow \Sigma_{pq} / \sqrt{(v_x(p) + \varepsilon)(v_y(q) + \varepsilon)}$, and the same for $\Theta$.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerNorm {
    /// The spatial axes, counted from 0 without batch, over which variances are averaged; ascending. The channels always are.
    pub spatial_axes: Vec<usize>,
    /// What is added to the variance, finite and at least 0.
    pub epsilon: f64,
}

impl Default for LayerNormSpec {
    /// Channels only, $\varepsilon = 10^{-12}$.
    fn default() -> Self {
        Self { axes: vec![-1], epsilon: 1e-12 }
    }
}

impl LayerNormSpec {
    pub(crate) fn read(mut options: Options) -> Result<Self, ArchitectureError> {
        let default = Self::default();
        Ok(Self {
            axes: options.axes("axes")?.unwrap_or(default.axes),
            epsilon: options.number("epsilon")?.unwrap_or(default.epsilon),
        })
    }

    /// Resolves the axes against `input_shape` (spatial axes, then channels).
    pub(crate) fn check(&self, path: &str, input_shape: &[usize]) -> Result<LayerNorm, ArchitectureError> {
        if !(self.epsilon >= 0.0 && self.epsilon.is_finite()) {
            return Err(ArchitectureError::invalid_option(
                path,
                "epsilon",
                "a finite number of at least 0",
                &self.epsilon,
            ));
        }
        let rank = input_shape.len();
        let got = format!("{:?}", self.axes);
        let wrong = |expected: String| ArchitectureError::invalid_option(path, "axes", expected, &got);
        if self.axes.is_empty() {
            return Err(wrong("at least the channel axis, `[-1]`".to_owned()));
        }
        let resolved = self.axes.iter().map(|&axis| resolve_axis(axis, rank)).collect::<Option<Vec<usize>>>();
        let mut axes = resolved.ok_or_else(|| wrong(axis_range(rank)))?;
        axes.sort_unstable();
        if axes.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(wrong("each axis once".to_owned()));
        }
        if axes.pop() != Some(rank - 1) {
            return Err(wrong("axes with the channel axis -1 among them".to_owned()));
        }
        Ok(LayerNorm { spatial_axes: axes, epsilon: self.epsilon })
    }
}
