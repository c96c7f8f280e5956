//! The networks of Perin & Deny (JMLR 2025, arXiv 2412.11521) by name.

use isotypic_architecture::{
    Activation, Conv, Dense, Dropout, DropoutMode, LayerParameterization, Operation, Padding, Pool,
};

use crate::{Network, NetworkNode, NetworkOperation, TrainError};

/// The networks that this crate has by name.
pub(crate) const PAPER_NETWORKS: &[&str] = &["paper-mlp", "paper-cnn", "paper-vit", "small-resnet"];

/// The same for a sentence.
pub(crate) fn list_of_names() -> String {
    let names: Vec<String> = PAPER_NETWORKS.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

impl Network {
    /// A network by name, for images `[height, width, channels]`:
    ///
    /// - `paper-mlp`: two hidden layers of 512 and 128 rectifiers with dropout of one half, a readout without biases
    /// - `paper-vit`: a plain vision transformer on patches of 4×4: 256 channels, two blocks of four heads of 64, hidden layers of 256,
    ///   fixed embeddings of positions, the mean over positions (Beyer et al. 2022, arXiv 2205.01580). Sides are multiples of 4
    /// - `small-resnet`: a residual network with batch normalisation, three groups of 16, 32 and 64 channels with one block each (He et al.
    ///   2016, arXiv 1512.03385)
    /// - `paper-cnn`: 24 filters of 5×5 and 32 of 3×3, each with rectifiers and maxima over 2×2 windows, 256 rectifiers, a readout
    ///
    /// Draw them with [`Initialization::KaimingUniform`](crate::Initialization::KaimingUniform), as the paper did.
    ///
    /// # Errors
    /// [`TrainError::UnknownName`], and [`TrainError::InputShape`] for images that are too small.
    pub fn named(name: &str, input_shape: &[usize], outputs: usize) -> Result<Self, TrainError> {
        let Some(&name) = PAPER_NETWORKS.iter().find(|known| **known == name) else {
            return Err(TrainError::UnknownName { name: name.to_owned() });
        };
        let [height, width, channels] = *input_shape else {
            return Err(TrainError::InputShape { name, got: input_shape.to_vec() });
        };
        // Below 14 positions the second convolution and pooling of `paper-cnn` have none left.
        if height.min(width) < 14 || channels == 0 || outputs == 0 {
            return Err(TrainError::InputShape { name, got: input_shape.to_vec() });
        }
        let mut chain = Chain::new(input_shape);
        if name == "paper-vit" {
            chain.vision_transformer(outputs)?;
        } else if name == "small-resnet" {
            chain.residual_network(outputs);
        } else if name == "paper-mlp" {
            chain.flatten();
            for width in [512, 128] {
                chain.dense(width, true);
                chain.relu();
                chain.layer(Operation::Dropout(Dropout { keep_rate: 0.5, mode: DropoutMode::Train }), None);
            }
            chain.dense(outputs, false);
        } else {
            for (extent, width) in [(5, 24), (3, 32)] {
                chain.conv(extent, width);
                chain.relu();
                chain.max_pool();
            }
            chain.flatten();
            chain.dense(256, true);
            chain.relu();
            chain.dense(outputs, true);
        }
        Self::from_nodes(chain.nodes)
    }
}

/// Nodes, each of which reads the one before it.
pub(crate) struct Chain {
    pub(crate) nodes: Vec<NetworkNode>,
    /// What the next node reads in place of the last.
    pub(crate) from: Option<usize>,
}

impl Chain {
    fn new(input_shape: &[usize]) -> Self {
        let input = NetworkNode {
            operation: NetworkOperation::Layer(Operation::Input),
            inputs: vec![],
            input_shape: input_shape.to_vec(),
            output_shape: input_shape.to_vec(),
            path: "input".to_owned(),
        };
        Self { nodes: vec![input], from: None }
    }

    /// Shape of what the next node reads.
    pub(crate) fn shape(&self) -> Vec<usize> {
        self.nodes[self.from.unwrap_or(self.nodes.len() - 1)].output_shape.clone()
    }

    pub(crate) fn push(&mut self, operation: NetworkOperation, name: &str, output_shape: Vec<usize>) {
        let place = self.nodes.len();
        self.nodes.push(NetworkNode {
            operation,
            inputs: vec![self.from.unwrap_or(place - 1)],
            input_shape: self.shape(),
            output_shape,
            path: format!("layer {place} (`{name}`)"),
        });
        self.from = None;
    }

    pub(crate) fn layer(&mut self, operation: Operation, output_shape: Option<Vec<usize>>) {
        let output_shape = output_shape.unwrap_or_else(|| self.shape());
        let name = operation.name();
        self.push(NetworkOperation::Layer(operation), name, output_shape);
    }

    fn flatten(&mut self) {
        let size = self.shape().iter().product();
        self.layer(Operation::Flatten, Some(vec![size]));
    }

    pub(crate) fn relu(&mut self) {
        self.layer(Operation::Activation(Activation::Relu), None);
    }

    /// An affine map of the channels, at every position alike.
    pub(crate) fn dense(&mut self, width: usize, has_biases: bool) {
        let mut output = self.shape();
        let input_width = output[output.len() - 1] as f64;
        let last = output.len() - 1;
        output[last] = width;
        let dense = Dense {
            weight_variance: 1.0,
            bias_variance: has_biases.then_some(1.0),
            parameterization: LayerParameterization::Standard { input_width },
            width,
        };
        self.layer(Operation::Dense(dense), Some(output));
    }

    fn conv(&mut self, extent: usize, width: usize) {
        let shape = self.shape();
        let conv = Conv {
            filter: vec![extent; 2],
            strides: vec![1; 2],
            dilation: vec![1; 2],
            padding: Padding::Valid,
            pad_before: vec![0; 2],
            weight_variance: 1.0,
            bias_variance: Some(1.0),
            parameterization: LayerParameterization::Standard { input_width: shape[2] as f64 },
            width,
        };
        let output = vec![shape[0] + 1 - extent, shape[1] + 1 - extent, width];
        self.layer(Operation::Conv(conv), Some(output));
    }

    fn max_pool(&mut self) {
        let shape = self.shape();
        let pool = Pool {
            window: vec![2; 2],
            strides: vec![2; 2],
            padding: Padding::Valid,
            pad_before: vec![0; 2],
            normalize_edges: false,
        };
        self.layer(Operation::MaxPool(pool), Some(vec![shape[0] / 2, shape[1] / 2, shape[2]]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Initialization, NetworkParameters, Precision};

    /// Counts of a PyTorch program with the same networks.
    #[test]
    fn networks_have_as_many_parameters_as_in_pytorch() {
        for (name, expected) in
            [("paper-mlp", 468_864), ("paper-cnn", 215_194), ("paper-vit", 797_482), ("small-resnet", 77_754)]
        {
            let network = Network::named(name, &[28, 28, 1], 10).unwrap();
            let drawn =
                NetworkParameters::draw(&network, Initialization::KaimingUniform, Precision::Single, 0);
            assert_eq!(drawn.unwrap().count(), expected, "{name}");
        }
    }

    #[test]
    fn small_images_and_unknown_names_are_refused() {
        let error = Network::named("paper-cnn", &[13, 28, 1], 10).unwrap_err().to_string();
        assert!(error.contains("at least 14×14, got shape `[13, 28, 1]`"), "{error}");
        assert!(Network::named("paper-cnn", &[14, 14, 1], 10).is_ok());
        let error = Network::named("paper-vgg", &[28, 28, 1], 10).unwrap_err();
        assert_eq!(error.to_string(), "network: unknown name `paper-vgg`");
        assert!(error.hint().unwrap().contains("`paper-cnn`"));
    }
}
