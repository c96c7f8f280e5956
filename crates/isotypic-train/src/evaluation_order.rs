//! How the nodes of a network are evaluated: how long values are kept, and what is done in another order with the same result.

use isotypic_architecture::{Activation, Operation};

use crate::{NetworkNode, NetworkOperation};

/// What a pass through the nodes knows beforehand.
pub(crate) struct EvaluationOrder {
    /// For each node the last that reads it; itself where nobody does.
    pub(crate) last_reader: Vec<usize>,
    /// For each node what becomes of rectifiers.
    pub(crate) rectifies: Vec<Rectifies>,
}

/// When a rectifier is evaluated. Rectifying and taking maxima commute, values and gradients, and there are fewer maxima than values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rectifies {
    /// The node is evaluated as it is.
    AsItSays,
    /// A rectifier that nobody reads but a layer of maxima: values pass as they are.
    Later,
    /// Such a layer: its results are rectified.
    Now,
}

impl EvaluationOrder {
    pub(crate) fn of(nodes: &[NetworkNode]) -> Self {
        let mut last_reader: Vec<usize> = (0..nodes.len()).collect();
        let mut readers = vec![0_usize; nodes.len()];
        for (index, node) in nodes.iter().enumerate() {
            for &input in &node.inputs {
                last_reader[input] = index;
                readers[input] += 1;
            }
        }
        let mut rectifies = vec![Rectifies::AsItSays; nodes.len()];
        for (index, node) in nodes.iter().enumerate() {
            let is_maxima = matches!(node.operation, NetworkOperation::Layer(Operation::MaxPool(_)));
            let relu = NetworkOperation::Layer(Operation::Activation(Activation::Relu));
            if let [input] = node.inputs[..]
                && is_maxima
                && readers[input] == 1
                && nodes[input].operation == relu
            {
                (rectifies[input], rectifies[index]) = (Rectifies::Later, Rectifies::Now);
            }
        }
        Self { last_reader, rectifies }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Network;

    #[test]
    fn maxima_come_before_their_rectifiers_and_values_live_until_they_are_read() {
        let network = Network::named("paper-cnn", &[28, 28, 1], 10).unwrap();
        let order = EvaluationOrder::of(network.nodes());
        // Input, convolution, rectifier, maxima.
        assert_eq!(order.rectifies[1..4], [Rectifies::AsItSays, Rectifies::Later, Rectifies::Now]);
        assert_eq!(order.rectifies.iter().filter(|one| **one == Rectifies::Later).count(), 2);
        let last = network.nodes().len() - 1;
        assert_eq!((order.last_reader[0], order.last_reader[last]), (1, last));
        let residual = Network::named("small-resnet", &[28, 28, 1], 10).unwrap();
        let order = EvaluationOrder::of(residual.nodes());
        assert!(order.last_reader.iter().enumerate().any(|(node, &reader)| reader > node + 1));
    }
}
