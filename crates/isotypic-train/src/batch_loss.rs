//! The loss of a batch and its gradients.
//!
//! Where examples do not depend on each other the batch is taken in parts, whose losses and gradients add up: tensors of a few
//! megabytes stay in caches and are used again, where those of a whole batch are new memory in every step.

use burn_tensor::Tensor;
use isotypic_architecture::Operation;
use ndarray::ArrayView2;

use crate::precision::values_of;
use crate::probes::{BatchStatistics, Probes};
use crate::{Loss, Network, NetworkOperation, NetworkParameters};

/// What is lowered, with the masks of `dropout` layers.
pub(crate) struct BatchLoss {
    pub(crate) loss: Loss,
    pub(crate) masks: u64,
}

/// Values of the largest tensor of a part: 4 MiB in single precision.
const PART_VALUES: usize = 1 << 20;

impl Network {
    /// How many of the examples of a batch are trained on together: a function of the network alone, so that sums are the same on
    /// every machine.
    pub(crate) fn examples_together(&self) -> usize {
        let couples = |operation: &NetworkOperation| match operation {
            NetworkOperation::BatchNorm(_) => true,
            // Masks are one stream for a batch.
            NetworkOperation::Layer(Operation::Dropout(dropout)) => !dropout.is_identity(),
            _ => false,
        };
        match self.nodes().iter().any(|node| couples(&node.operation)) {
            true => usize::MAX,
            false => self.examples_in_cache(),
        }
    }

    /// How many examples have tensors that stay in caches.
    pub(crate) fn examples_in_cache(&self) -> usize {
        (PART_VALUES / self.largest_tensor()).max(16).next_power_of_two()
    }
}

impl BatchLoss {
    /// The loss of some rows of the examples, a mean over them, its gradients for all arrays of parameters, and statistics of
    /// batch normalisation.
    pub(crate) fn of(
        &self,
        network: &Network,
        parameters: &NetworkParameters,
        (inputs, targets): (ArrayView2<'_, f64>, ArrayView2<'_, f64>),
        rows: &[usize],
    ) -> (f64, Vec<Tensor<3>>, Vec<BatchStatistics>) {
        let (mut sum, mut gradients, mut statistics) = (0.0, Vec::<Tensor<3>>::new(), Vec::new());
        for part in rows.chunks(network.examples_together()) {
            let tracked = parameters.tracked();
            let tensor = |values: ArrayView2<'_, f64>| tracked.precision.rows(values, part, &tracked.device);
            let mut probes = Probes::none();
            let outputs = network.outputs_probed(&tracked, tensor(inputs), Some(self.masks), &mut probes);
            let share = part.len() as f64 / rows.len() as f64;
            let mut loss = self.loss.of(outputs, tensor(targets));
            if part.len() < rows.len() {
                loss = loss * share;
            }
            sum += values_of(&loss)[0];
            let of_part = loss.backward();
            let of_part = tracked
                .tensors
                .iter()
                .map(|tensor| tensor.grad(&of_part).unwrap_or_else(|| tensor.clone().inner().zeros_like()));
            let of_part: Vec<Tensor<3>> = of_part.collect();
            gradients = match gradients.is_empty() {
                true => of_part,
                false => gradients.into_iter().zip(of_part).map(|(sum, own)| sum + own).collect(),
            };
            statistics.extend(probes.into_statistics());
        }
        (sum, gradients, statistics)
    }
}
