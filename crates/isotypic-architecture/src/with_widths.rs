//! Widths for finite networks: kernels do not need them, so most architectures leave them out.

use crate::{Architecture, Layer};

impl Architecture {
    /// The same architecture for finite networks: every layer of width 1, the default, has `hidden` channels, and the readout, a
    /// `dense` layer at the end, has `outputs`. Attention of one head gets keys and values of that width too.
    ///
    /// `None` where the last layer is not `dense`, or has a width of its own that is neither 1 nor `outputs`.
    ///
    /// # Examples
    /// ```
    /// use isotypic_architecture::Architecture;
    ///
    /// let graph = Architecture::named("mlp:2")?.with_widths(64, 10).unwrap().check(&[28, 28, 1])?;
    /// let widths: Vec<usize> = graph.nodes().iter().map(|node| node.output_shape[node.output_shape.len() - 1]).collect();
    /// assert_eq!(widths, [1, 784, 64, 64, 64, 64, 10]);
    /// # Ok::<(), isotypic_architecture::ArchitectureError>(())
    /// ```
    #[must_use]
    pub fn with_widths(mut self, hidden: usize, outputs: usize) -> Option<Self> {
        let Some(Layer::Dense(readout)) = self.layers.last_mut() else { return None };
        if ![1, outputs].contains(&readout.width) {
            return None;
        }
        readout.width = outputs;
        let last = self.layers.len() - 1;
        let mut pending: Vec<&mut [Layer]> = vec![&mut self.layers[..last]];
        while let Some(list) = pending.pop() {
            for layer in list {
                match layer {
                    Layer::Dense(dense) => widen(&mut dense.width, hidden),
                    Layer::Conv(conv) | Layer::ConvLocal(conv) | Layer::ConvTranspose(conv) => {
                        widen(&mut conv.width, hidden);
                    }
                    Layer::GroupLift(lift) => widen(&mut lift.conv.width, hidden),
                    Layer::GroupConv(conv) => widen(&mut conv.width, hidden),
                    Layer::SelfAttention(attention) => {
                        widen(&mut attention.width, hidden);
                        widen(&mut attention.key_width, hidden);
                        widen(&mut attention.value_width, hidden);
                    }
                    other => pending.extend(other.inner_mut().iter_mut().map(Vec::as_mut_slice)),
                }
            }
        }
        Some(self)
    }
}

fn widen(width: &mut usize, hidden: usize) {
    if *width == 1 {
        *width = hidden;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_network_can_be_widened() {
        for name in ["mlp:3", "cnn", "cnn-gap:2", "gcnn:d4:2", "vit", "resnet", "myrtle5"] {
            let wide = Architecture::named(name).unwrap().with_widths(6, 3).unwrap();
            let graph = wide.check(&[16, 16, 1]).unwrap();
            assert_eq!(graph.output_width(), 3, "{name}");
            let convolutions = graph
                .nodes()
                .iter()
                .filter(|node| ["conv", "group_lift", "group_conv"].contains(&node.operation.name()));
            assert!(convolutions.into_iter().all(|node| node.output_shape.last() == Some(&6)), "{name}");
        }
    }

    #[test]
    fn widths_of_their_own_stay_and_a_missing_readout_is_told() {
        let text = r#"{"layers": [{"dense": {"width": 5}}, "relu", {"residual": [{"dense": {"width": 5}}]}, {"dense": {}}]}"#;
        let graph = Architecture::from_json(text).unwrap().with_widths(9, 2).unwrap().check(&[4]).unwrap();
        let widths: Vec<usize> = graph.nodes().iter().map(|node| node.output_shape[0]).collect();
        assert_eq!(widths, [4, 5, 5, 5, 5, 2]);
        for text in [
            r#"{"layers": [{"dense": {}}, "relu"]}"#,
            r#"{"layers": [{"dense": {"width": 7}}]}"#,
            r#"{"layers": []}"#,
        ] {
            let architecture = Architecture::from_json(text);
            assert!(
                architecture.ok().and_then(|architecture| architecture.with_widths(9, 2)).is_none(),
                "{text}"
            );
        }
    }
}
