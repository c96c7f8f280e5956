//! Options of every experiment: how networks are trained, and on what.

use clap::{Args, ValueEnum};

/// How networks are trained.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training")]
pub(crate) struct TrainingArgs {
    /// Passes through all examples, at most
    #[arg(long, value_name = "N", default_value_t = 12)]
    pub(super) epochs: usize,
    /// How gradients become steps
    #[arg(long, default_value = "adam")]
    pub(super) optimizer: OptimizerChoice,
    /// Size of the steps [default: 0.001, for sgd 0.1]
    #[arg(long, value_name = "X")]
    pub(super) learning_rate: Option<f64>,
    /// Momentum of sgd, at least 0 and below 1
    #[arg(long, value_name = "X", default_value_t = 0.0)]
    pub(super) momentum: f64,
    /// Examples in a step
    #[arg(long, value_name = "N", default_value_t = 512)]
    pub(super) batch_size: usize,
    /// Channels of hidden layers for which the architecture gives none
    #[arg(long, value_name = "N", default_value_t = 512)]
    pub(super) width: usize,
    /// How weights and biases are drawn [default: kaiming-uniform for paper-mlp, paper-cnn, paper-vit and small-resnet, gaussian for others]
    #[arg(long)]
    pub(super) initialization: Option<InitializationChoice>,
    /// Stop early once the loss of an epoch is at most this
    #[arg(long, value_name = "X")]
    pub(super) enough_loss: Option<f64>,
    /// Stop early after so many epochs in a row without a lower loss
    #[arg(long, value_name = "N")]
    pub(super) patience: Option<usize>,
    /// Where to compute
    #[arg(long, default_value = "cpu")]
    pub(super) device: DeviceChoice,
}

/// How gradients become steps.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum OptimizerChoice {
    /// Adam
    Adam,
    /// Stochastic gradient descent, with momentum if that is given
    Sgd,
}

/// How parameters are drawn.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum InitializationChoice {
    /// Normal, with the standard deviations of the layers: what kernels suppose
    Gaussian,
    /// As PyTorch: uniform in ±1/√fan-in
    KaimingUniform,
    /// Normal with variance 2/fan-in, biases 0 (He et al. 2015)
    HeNormal,
}

/// Where networks are trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DeviceChoice {
    /// The processor
    Cpu,
    /// An Nvidia card, in programs built with the feature `cuda`
    Cuda,
    /// Any card, through Vulkan, Metal or DirectX, in programs built with the feature `wgpu`
    Wgpu,
}

#[cfg(feature = "train")]
mod checked {
    use isotypic::train::{Initialization, Optimizer, TrainingDevice, TrainingOptions};

    use super::{DeviceChoice, InitializationChoice, OptimizerChoice, TrainingArgs};
    use crate::exit::Failure;

    impl DeviceChoice {
        /// Refuses devices that this program was built without.
        pub(crate) fn checked(self) -> Result<TrainingDevice, Failure> {
            let device = match self {
                Self::Cpu => TrainingDevice::Cpu,
                Self::Cuda => TrainingDevice::Cuda,
                Self::Wgpu => TrainingDevice::Wgpu,
            };
            device.check()?;
            Ok(device)
        }
    }

    impl From<InitializationChoice> for Initialization {
        fn from(choice: InitializationChoice) -> Self {
            match choice {
                InitializationChoice::Gaussian => Self::Gaussian,
                InitializationChoice::KaimingUniform => Self::KaimingUniform,
                InitializationChoice::HeNormal => Self::HeNormal,
            }
        }
    }

    impl TrainingArgs {
        /// The options in the words of the library; ranges are its business.
        pub(crate) fn options(&self) -> Result<TrainingOptions, Failure> {
            let device = self.device.checked()?;
            let optimizer = match self.optimizer {
                OptimizerChoice::Adam => {
                    if self.momentum > 0.0 {
                        return Err(Failure::error(
                            "momentum: Adam has its own",
                            "leave out `--momentum`, or add `--optimizer sgd`",
                        ));
                    }
                    Optimizer::Adam { learning_rate: self.learning_rate.unwrap_or(1e-3) }
                }
                OptimizerChoice::Sgd => Optimizer::Sgd {
                    learning_rate: self.learning_rate.unwrap_or(0.1),
                    momentum: self.momentum,
                },
            };
            Ok(TrainingOptions {
                optimizer,
                epochs: self.epochs,
                batch: self.batch_size,
                width: self.width,
                device,
                initialization: self.initialization.map(Into::into),
                enough_loss: self.enough_loss,
                patience: self.patience,
            })
        }
    }
}
