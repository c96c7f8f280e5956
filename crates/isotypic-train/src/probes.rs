//! Where the weights of a network read and write: all that a tangent kernel needs of its gradients.
//!
//! The gradient of an output with respect to weights $W$ of $\text{out} = s\, \text{rows}\, W$ is $s\, \text{rows}^T c$ with the cotangent $c$, the
//! gradient with respect to out. Zeros added to out, one for every example, receive $c$ example by example.

use burn_tensor::Tensor;

/// One place where trained parameters enter.
pub(crate) struct Probe {
    /// What weights read, `[examples, positions, fan-in]`, and the factor before the product; `None` where parameters are added as
    /// they are, position by position.
    pub(crate) rows: Option<(Tensor<3>, f64)>,
    /// The factor before biases, if there are some.
    pub(crate) bias_scale: Option<f64>,
    /// Zeros, `[examples, positions, width]`, whose gradients are the cotangents.
    pub(crate) written: Tensor<3>,
}

/// Collects probes, or nothing.
pub(crate) struct Probes {
    list: Option<Vec<Probe>>,
}

impl Probes {
    /// Nothing is collected, and nothing is added.
    pub(crate) fn none() -> Self {
        Self { list: None }
    }

    /// Every place is collected.
    pub(crate) fn all() -> Self {
        Self { list: Some(Vec::new()) }
    }

    /// The places, in the order of the forward pass.
    pub(crate) fn into_list(self) -> Vec<Probe> {
        self.list.unwrap_or_default()
    }

    /// A product of rows with weights, biases included, as it goes on.
    pub(crate) fn mark(
        &mut self,
        out: Tensor<3>,
        rows: Option<(&Tensor<3>, f64)>,
        bias_scale: Option<f64>,
    ) -> Tensor<3> {
        let Some(list) = &mut self.list else { return out };
        // Off the tape of `out`, so that nothing but the cotangent is asked of them.
        let written = out.clone().inner().zeros_like().autodiff().require_grad();
        let rows = rows.map(|(rows, scale)| (rows.clone().inner(), scale));
        list.push(Probe { rows, bias_scale, written: written.clone() });
        out + written
    }

    /// Parameters that are added position by position.
    pub(crate) fn mark_added(&mut self, parameters: Tensor<3>) -> Tensor<3> {
        self.mark(parameters, None, None)
    }
}
