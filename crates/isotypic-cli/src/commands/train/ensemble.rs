//! Options of ensembles: how the networks of an audit are trained.

use clap::Args;

use super::options::DeviceChoice;

/// How ensembles are trained.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training")]
pub(crate) struct EnsembleArgs {
    /// Channels of hidden layers for which the architecture gives none
    #[arg(long, value_name = "N", default_value_t = 512)]
    pub(super) width: usize,
    /// Networks for every held-out set; what they say is averaged
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) networks: usize,
    /// Steps of gradient descent on all points at once
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub(super) steps: usize,
    /// Size of the steps, as a fraction of 1/λ of the kernel
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    pub(super) step_size: f64,
    /// Momentum, at least 0 and below 1
    #[arg(long, value_name = "X", default_value_t = 0.98)]
    pub(super) momentum: f64,
    /// Factor of the networks' outputs: the larger, the less weights move; the same at infinite width
    #[arg(long, value_name = "X", default_value_t = 100.0)]
    pub(super) output_scale: f64,
    /// Seed of the networks' parameters
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    pub(super) training_seed: u64,
    /// Compute in double precision
    #[arg(long)]
    pub(super) double: bool,
    /// Where to compute
    #[arg(long, default_value = "cpu")]
    pub(super) device: DeviceChoice,
}

#[cfg(feature = "train")]
mod checked {
    use isotypic::train::{EnsembleTraining, Precision};

    use super::EnsembleArgs;
    use crate::exit::Failure;

    impl EnsembleArgs {
        /// The options in the words of the library; ranges are its business.
        pub(crate) fn training(&self) -> Result<EnsembleTraining, Failure> {
            let device = self.device.checked()?;
            Ok(EnsembleTraining {
                width: self.width,
                networks: self.networks,
                steps: self.steps,
                step_size: self.step_size,
                momentum: self.momentum,
                output_scale: self.output_scale,
                precision: if self.double { Precision::Double } else { Precision::Single },
                device,
                seed: self.training_seed,
                ..EnsembleTraining::default()
            })
        }
    }
}
