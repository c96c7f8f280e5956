//! The tangent kernel of a finite network, layer by layer.
//!
//! $\Theta(x, y) = \frac{1}{C} \sum_c \langle \nabla_\theta f_c(x), \nabla_\theta f_c(y) \rangle$ is a sum over the places where parameters
//! enter. With rows $r$ and cotangents $c$ of a layer on one position it is $\langle r_x, r_y \rangle \langle c_x, c_y \rangle$ for the weights
//! and $\langle c_x, c_y \rangle$ for the biases (Novak et al. 2022, arXiv 2206.08720, call it structured derivatives); where weights are
//! shared among positions the gradients of that layer alone are formed, and where every position has its own they are sums over positions. The Jacobian of a whole network never is.

use burn_tensor::Tensor;
use ndarray::Array2;

use crate::precision::values_of;
use crate::probes::{Probe, Probes};
use crate::{Network, NetworkOperation, NetworkParameters, TrainError};

impl Network {
    /// Refuses networks whose tangent kernel [`empirical_kernel`](Self::empirical_kernel) does not compute.
    ///
    /// # Errors
    /// [`TrainError::NoTangentKernel`] for layers of `paper-vit` and `small-resnet`, whose trained values enter otherwise than as rows
    /// times weights at one place, and for batch normalisation, which makes examples depend on each other in training.
    pub fn check_tangent_kernel(&self) -> Result<(), TrainError> {
        use NetworkOperation as N;
        let has_none =
            |operation: &N| matches!(operation, N::ChannelScale(_) | N::HeadedAttention(_) | N::BatchNorm(_));
        match self.nodes().iter().find(|node| has_none(&node.operation)) {
            Some(node) => Err(TrainError::NoTangentKernel { path: node.path.clone() }),
            None => Ok(()),
        }
    }

    /// The tangent kernel of the network with these parameters between all inputs, the mean over its outputs; nothing is dropped.
    ///
    /// # Shapes
    /// - `inputs`: `examples` times [`input_size`](Self::input_size) values
    /// - result: `[examples, examples]`
    ///
    /// # Errors
    /// [`TrainError::Mismatch`] when the values are not a whole number of inputs, or none; and that of
    /// [`check_tangent_kernel`](Self::check_tangent_kernel).
    ///
    /// # Examples
    /// ```
    /// use isotypic_architecture::Architecture;
    /// use isotypic_train::{Initialization, Network, NetworkParameters, Precision};
    ///
    /// // A linear network: the kernel is the mean product of the inputs, whatever the weights are.
    /// let graph = Architecture::from_json(r#"{"layers": [{"dense": {}}]}"#)?.check(&[2])?;
    /// let network = Network::from_graph(&graph)?;
    /// let parameters = NetworkParameters::draw(&network, Initialization::Gaussian, Precision::Double, 0)?;
    /// let kernel = network.empirical_kernel(&parameters, &[1.0, 2.0, 3.0, 0.0])?;
    /// assert!((kernel[[0, 0]] - 2.5).abs() < 1e-12 && (kernel[[0, 1]] - 1.5).abs() < 1e-12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn empirical_kernel(
        &self,
        parameters: &NetworkParameters,
        inputs: &[f64],
    ) -> Result<Array2<f64>, TrainError> {
        let size = self.input_size();
        if inputs.is_empty() || !inputs.len().is_multiple_of(size) {
            return Err(TrainError::Mismatch {
                what: "inputs",
                expected: format!("a positive multiple of {size} values"),
                got: inputs.len().to_string(),
            });
        }
        self.check_tangent_kernel()?;
        let (examples, outputs) = (inputs.len() / size, self.output_width());
        let tracked = parameters.tracked();
        let mut kernel = Array2::<f64>::zeros((examples, examples));
        for output in 0..outputs {
            let batch = tracked.precision.tensor(inputs.to_vec(), [examples, size], &tracked.device);
            let mut probes = Probes::all();
            let said = self.outputs_probed(&tracked, batch, None, &mut probes);
            // Examples do not mix, so that the gradient of the sum is every example's own.
            let gradients = said.slice([0..examples, output..output + 1]).sum().backward();
            for probe in probes.into_list() {
                let Some(cotangents) = probe.written.grad(&gradients) else { continue };
                let part = values_of(&contract(&probe, cotangents));
                for (entry, value) in kernel.iter_mut().zip(part) {
                    *entry += value / outputs as f64;
                }
            }
        }
        Ok(kernel)
    }
}

/// What one place adds: `[examples, examples]`.
fn contract(probe: &Probe, cotangents: Tensor<3>) -> Tensor<2> {
    let [examples, positions, width] = cotangents.dims();
    let Some((rows, scale)) = &probe.rows else {
        return gram(cotangents.reshape([examples, positions * width]));
    };
    let fan_in = rows.dims()[2];
    let is_one_map = positions == 1 || !probe.are_shared;
    let weights = if is_one_map {
        // Of every position by itself, `[positions, examples, examples]`.
        let grams = |rows: Tensor<3>| {
            let rows = rows.swap_dims(0, 1);
            rows.clone().matmul(rows.swap_dims(1, 2))
        };
        let products = grams(rows.clone()) * grams(cotangents.clone());
        products.sum_dim(0).squeeze_dim::<2>(0)
    } else {
        let gradients = rows.clone().swap_dims(1, 2).matmul(cotangents.clone());
        gram(gradients.reshape([examples, fan_in * width]))
    };
    let weights = weights * (scale * scale);
    let Some(scale) = probe.bias_scale else { return weights };
    let biases = match is_one_map {
        true => cotangents.reshape([examples, positions * width]),
        false => cotangents.sum_dim(1).reshape([examples, width]),
    };
    weights + gram(biases) * (scale * scale)
}

/// Products of all rows.
fn gram(rows: Tensor<2>) -> Tensor<2> {
    rows.clone().matmul(rows.swap_dims(0, 1))
}
