//! Where networks compute: the processor, or a card that this program was built for.

use std::fmt;

use burn_tensor::Device;
use serde::Serialize;

use crate::TrainError;

/// A device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrainingDevice {
    /// The processor.
    #[default]
    Cpu,
    /// The first Nvidia card; with the cargo feature `cuda`.
    Cuda,
    /// Any card, through Vulkan, Metal or DirectX, in single precision; with the cargo feature `wgpu`.
    Wgpu,
}

impl TrainingDevice {
    /// Refuses devices that this program was built without.
    ///
    /// # Errors
    /// [`TrainError::DeviceMissing`].
    pub fn check(self) -> Result<(), TrainError> {
        self.open().map(|_| ())
    }

    pub(crate) fn open(self) -> Result<Device, TrainError> {
        match self {
            Self::Cpu => Ok(Device::flex()),
            #[cfg(feature = "cuda")]
            Self::Cuda => Ok(Device::cuda(0_usize)),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => Ok(Device::wgpu(burn_tensor::DeviceKind::DefaultDevice)),
            #[cfg(not(all(feature = "cuda", feature = "wgpu")))]
            device => Err(TrainError::DeviceMissing { device }),
        }
    }
}

impl fmt::Display for TrainingDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::Wgpu => "wgpu",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_always_there_and_what_is_not_says_how_to_build_it() {
        TrainingDevice::Cpu.check().unwrap();
        #[cfg(not(feature = "cuda"))]
        {
            let error = TrainingDevice::Cuda.check().unwrap_err();
            assert_eq!(error.to_string(), "device `cuda`: this program was built without it");
            assert!(error.hint().unwrap().contains("--features cuda"));
        }
    }
}
