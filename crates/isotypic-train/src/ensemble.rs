//! Many networks of one shape, trained at the same time as one computation.
//!
//! Parameters of all members stand one after the other along the first axis of every array, and a matrix product of the whole is
//! a product for each member: small networks fill the machine together that would not alone.

use std::time::Instant;

use burn_tensor::Tensor;
use isotypic_architecture::RandomStream;
use isotypic_work::Monitor;
use ndarray::{Array3, ArrayView3};
use serde::Serialize;

use crate::kept_descent::{DescentFile, DescentProgress};
use crate::precision::values_of;
use crate::probes::Probes;
use crate::{
    Initialization, KeptDescent, Network, NetworkParameters, Optimizer, OptimizerState, Precision,
    TrainError, TrainingDevice,
};

/// Gradient descent on $\frac{1}{2} \sum (f - y)^2$ over all examples of a member at once: after $n$ steps of size $\eta$ without momentum
/// the training time of the kernel's flow is $\eta n$.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Descent {
    /// $\eta$, the same for all members.
    pub learning_rate: f64,
    /// $\mu$ of $v \leftarrow \mu v + g$, $\theta \leftarrow \theta - \eta v$; in [0, 1).
    pub momentum: f64,
    /// Number of steps.
    pub steps: usize,
    /// Decides the masks of dropout.
    pub seed: u64,
}

/// Networks of one shape, each with parameters and examples of its own.
#[derive(Clone, Debug)]
pub struct Ensemble {
    network: Network,
    parameters: NetworkParameters,
    members: usize,
}

impl Ensemble {
    /// Draws one member for each seed.
    ///
    /// # Errors
    /// As [`NetworkParameters::draw`] and [`NetworkParameters::stack`].
    pub fn draw(
        network: &Network,
        initialization: Initialization,
        precision: Precision,
        seeds: &[u64],
    ) -> Result<Self, TrainError> {
        let draw = |&seed: &u64| NetworkParameters::draw(network, initialization, precision, seed);
        let members = seeds.iter().map(draw).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            network: network.clone(),
            parameters: NetworkParameters::stack(&members)?,
            members: seeds.len(),
        })
    }

    /// The same networks on a device.
    ///
    /// # Errors
    /// As [`NetworkParameters::on`].
    pub fn on(self, device: TrainingDevice) -> Result<Self, TrainError> {
        Ok(Self { parameters: self.parameters.on(device)?, ..self })
    }

    /// Number of networks.
    pub fn members(&self) -> usize {
        self.members
    }

    /// The parameters of all.
    pub fn parameters(&self) -> &NetworkParameters {
        &self.parameters
    }

    /// The parameters of one member; `None` beyond the last.
    pub fn member(&self, member: usize) -> Option<NetworkParameters> {
        self.parameters.member(member, self.members)
    }

    /// The network that all members have.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// What each member says about inputs of its own; nothing is dropped.
    ///
    /// # Shapes
    /// - `inputs`: `[members, examples, values]`
    /// - result: `[members, examples, outputs]`
    ///
    /// # Errors
    /// [`TrainError::Mismatch`] for another shape.
    pub fn outputs(&self, inputs: ArrayView3<'_, f64>) -> Result<Array3<f64>, TrainError> {
        let (_, examples, _) = self.check(inputs)?;
        let outputs = self.network.outputs(&self.parameters, self.tensor(inputs, &self.parameters), None);
        let shape = (self.members, examples, self.network.output_width());
        Ok(Array3::from_shape_vec(shape, values_of(&outputs)).expect("outputs of this shape"))
    }

    /// Batch normalisation takes the statistics of these inputs, member by member, as it would in training on them; without such layers
    /// nothing changes. After [`descend`](Self::descend) it has those of the examples.
    ///
    /// # Shapes
    /// - `inputs`: `[members, examples, values]`
    ///
    /// # Errors
    /// [`TrainError::Mismatch`] for another shape, [`TrainError::BatchTooSmall`].
    pub fn calibrate(&mut self, inputs: ArrayView3<'_, f64>) -> Result<(), TrainError> {
        let (_, examples, _) = self.check(inputs)?;
        self.network.check_batch(examples)?;
        let inputs = self.tensor(inputs, &self.parameters);
        calibrate(&self.network, &mut self.parameters, inputs, 0);
        Ok(())
    }

    /// Trains all members; returns the loss of each before the last step, the sum over its examples.
    ///
    /// `monitor` advances by 1 for every step and says when to stop; then members stay as they are.
    ///
    /// # Shapes
    /// - `inputs`: `[members, examples, values]`
    /// - `targets`: `[members, examples, outputs]`
    ///
    /// # Errors
    /// [`TrainError::Mismatch`] for other shapes, [`TrainError::InvalidSetting`], [`TrainError::BatchTooSmall`],
    /// [`TrainError::MemberDiverged`] and [`TrainError::InterruptedAtStep`].
    pub fn descend(
        &mut self,
        inputs: ArrayView3<'_, f64>,
        targets: ArrayView3<'_, f64>,
        descent: &Descent,
        monitor: &Monitor,
    ) -> Result<Vec<f64>, TrainError> {
        self.descend_kept(inputs, targets, descent, None, monitor)
    }

    /// The same, kept in a file while it goes: one that was stopped goes on from there and ends with the same bits.
    ///
    /// # Errors
    /// As [`descend`](Self::descend); [`TrainError::BrokenCheckpoint`] and [`TrainError::ForeignCheckpoint`] for a file that is
    /// cut short or belongs to another descent, [`TrainError::Work`] when it cannot be written. What was there before is kept.
    pub fn descend_kept(
        &mut self,
        inputs: ArrayView3<'_, f64>,
        targets: ArrayView3<'_, f64>,
        descent: &Descent,
        kept: Option<&KeptDescent>,
        monitor: &Monitor,
    ) -> Result<Vec<f64>, TrainError> {
        let (_, examples, _) = self.check(inputs)?;
        let expected = (self.members, examples, self.network.output_width());
        if targets.dim() != expected {
            let (expected, got) = (format!("{expected:?}"), format!("{:?}", targets.dim()));
            return Err(TrainError::Mismatch { what: "targets of an ensemble", expected, got });
        }
        let optimizer = Optimizer::Sgd { learning_rate: descent.learning_rate, momentum: descent.momentum };
        optimizer.check()?;
        self.network.check_batch(examples)?;
        let plain = self.tensor(inputs, &self.parameters);
        let file = kept
            .map(|kept| DescentFile::new(kept, (&self.network, &self.parameters), descent, inputs, targets));
        let begun = match &file {
            Some(file) => file.read(&self.parameters)?,
            None => None,
        };
        let (mut parameters, mut state, DescentProgress { mut losses }) = begun.unwrap_or_else(|| {
            let losses = vec![f64::NAN; self.members];
            (self.parameters.clone(), OptimizerState::default(), DescentProgress { losses })
        });
        // On the device of tracked tensors once, not in every step.
        let tracked = parameters.tracked();
        let inputs = self.tensor(inputs, &tracked);
        let targets = self.tensor(targets, &tracked);
        let first = state.steps as usize;
        monitor.advance(first as f64);
        let mut written = Instant::now();
        for step in first..descent.steps {
            if monitor.check().is_err() {
                if let Some(file) = file.as_ref().filter(|_| step > first) {
                    file.write(&parameters, &state, &losses)?;
                }
                return Err(TrainError::InterruptedAtStep { step: step + 1 });
            }
            let tracked = parameters.tracked();
            let masks = RandomStream::for_parts(&[!descent.seed, step as u64]).bits();
            let outputs = self.network.outputs(&tracked, inputs.clone(), Some(masks));
            let squares = (outputs - targets.clone()).square();
            let of_member = squares.clone().reshape([self.members, examples * expected.2]).sum_dim(1) * 0.5;
            losses = values_of(&of_member);
            if let Some(member) = losses.iter().position(|loss| !loss.is_finite()) {
                return Err(TrainError::MemberDiverged {
                    step: step + 1,
                    network: member + 1,
                    loss: losses[member],
                });
            }
            let gradients = (squares.sum() * 0.5).backward();
            let gradients = tracked
                .tensors
                .iter()
                .map(|tensor| tensor.grad(&gradients).unwrap_or_else(|| tensor.clone().inner().zeros_like()));
            let gradients = gradients.collect();
            drop(tracked);
            optimizer.step(&mut parameters, &mut state, gradients);
            let is_last = step + 1 == descent.steps;
            if is_last {
                calibrate(&self.network, &mut parameters, plain.clone(), masks);
            }
            if let Some(file) = &file {
                if is_last {
                    // Nothing goes on from the end.
                    state.moments.clear();
                }
                if is_last || written.elapsed() >= file.kept.every {
                    file.write(&parameters, &state, &losses)?;
                    written = Instant::now();
                }
            }
            monitor.advance(1.0);
        }
        self.parameters = parameters;
        Ok(losses)
    }

    fn tensor(&self, values: ArrayView3<'_, f64>, parameters: &NetworkParameters) -> Tensor<2> {
        let (members, examples, width) = values.dim();
        let flat = values.iter().copied().collect();
        parameters.precision.tensor(flat, [members * examples, width], &parameters.device)
    }

    fn check(&self, inputs: ArrayView3<'_, f64>) -> Result<(usize, usize, usize), TrainError> {
        let (members, examples, values) = inputs.dim();
        if members != self.members || examples == 0 || values != self.network.input_size() {
            return Err(TrainError::Mismatch {
                what: "inputs of an ensemble",
                expected: format!("[{}, at least 1, {}]", self.members, self.network.input_size()),
                got: format!("{:?}", inputs.shape()),
            });
        }
        Ok(inputs.dim())
    }
}

/// Statistics of batch normalisation become those of these inputs, `[members · examples, values]`.
fn calibrate(network: &Network, parameters: &mut NetworkParameters, inputs: Tensor<2>, masks: u64) {
    if !parameters.statistics.is_empty() {
        let mut probes = Probes::none();
        network.outputs_probed(parameters, inputs, Some(masks), &mut probes);
        parameters.take_over(probes.into_statistics());
    }
}
