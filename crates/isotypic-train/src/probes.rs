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
    /// Whether all positions have the same weights and biases, and not each its own.
    pub(crate) are_shared: bool,
    /// The factor before biases, if there are some.
    pub(crate) bias_scale: Option<f64>,
    /// Zeros, `[examples, positions, width]`, whose gradients are the cotangents.
    pub(crate) written: Tensor<3>,
}

/// Means and variances of a batch in one layer of batch normalisation.
pub(crate) struct BatchStatistics {
    /// The array of parameters that follows the means; that of the variances is the next.
    pub(crate) first_array: usize,
    /// `[members, 1, channels]`, flat.
    pub(crate) means: Vec<f64>,
    /// The same, mean squares of what is centred.
    pub(crate) variances: Vec<f64>,
    /// What variances are multiplied by to be without bias.
    pub(crate) correction: f64,
    /// What part of them the running averages take over.
    pub(crate) momentum: f64,
}

/// What a forward pass tells beside its outputs: probes, if they are asked for, and statistics of the batch.
pub(crate) struct Probes {
    list: Option<Vec<Probe>>,
    statistics: Vec<BatchStatistics>,
    /// The first array of parameters of the layer that is computed.
    pub(crate) first_array: usize,
}

impl Probes {
    /// Nothing is collected, and nothing is added.
    pub(crate) fn none() -> Self {
        Self { list: None, statistics: Vec::new(), first_array: 0 }
    }

    /// Every place is collected.
    pub(crate) fn all() -> Self {
        Self { list: Some(Vec::new()), statistics: Vec::new(), first_array: 0 }
    }

    /// Statistics of the batch in one layer.
    pub(crate) fn add_statistics(&mut self, statistics: BatchStatistics) {
        self.statistics.push(statistics);
    }

    /// The statistics of all layers.
    pub(crate) fn into_statistics(self) -> Vec<BatchStatistics> {
        self.statistics
    }

    /// Whether places are collected.
    pub(crate) fn are_collected(&self) -> bool {
        self.list.is_some()
    }

    /// The places, in the order of the forward pass.
    pub(crate) fn into_list(self) -> Vec<Probe> {
        self.list.unwrap_or_default()
    }

    /// A product of rows with weights, the same at all positions, biases included, as it goes on.
    pub(crate) fn mark(
        &mut self,
        out: Tensor<3>,
        (rows, scale): (&Tensor<3>, f64),
        bias_scale: Option<f64>,
    ) -> Tensor<3> {
        self.add(out, Some((rows, scale)), bias_scale, true)
    }

    /// The same of weights that every position has of its own.
    pub(crate) fn mark_local(
        &mut self,
        out: Tensor<3>,
        (rows, scale): (&Tensor<3>, f64),
        bias_scale: Option<f64>,
    ) -> Tensor<3> {
        self.add(out, Some((rows, scale)), bias_scale, false)
    }

    /// Parameters that are added position by position.
    pub(crate) fn mark_added(&mut self, parameters: Tensor<3>) -> Tensor<3> {
        self.add(parameters, None, None, false)
    }

    fn add(
        &mut self,
        out: Tensor<3>,
        rows: Option<(&Tensor<3>, f64)>,
        bias_scale: Option<f64>,
        are_shared: bool,
    ) -> Tensor<3> {
        let Some(list) = &mut self.list else { return out };
        // Off the tape of `out`, so that nothing but the cotangent is asked of them.
        let written = out.clone().inner().zeros_like().autodiff().require_grad();
        let rows = rows.map(|(rows, scale)| (rows.clone().inner(), scale));
        list.push(Probe { rows, are_shared, bias_scale, written: written.clone() });
        out + written
    }
}
