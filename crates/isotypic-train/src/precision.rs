//! The number format of a network's values.

use burn_tensor::{DType, Device, Tensor, TensorData};

/// The number format in which a network computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits, for training.
    #[default]
    Single,
    /// 64 bits, for comparisons.
    Double,
}

impl Precision {
    fn dtype(self) -> DType {
        match self {
            Self::Single => DType::F32,
            Self::Double => DType::F64,
        }
    }

    /// A tensor of this format on a device. `values` are in C order, as many as `shape` has entries.
    pub(crate) fn tensor<const D: usize>(
        self,
        values: Vec<f64>,
        shape: [usize; D],
        device: &Device,
    ) -> Tensor<D> {
        match self {
            Self::Single => {
                let rounded: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
                Tensor::from_data(TensorData::new(rounded, shape), (device, self.dtype()))
            }
            Self::Double => Tensor::from_data(TensorData::new(values, shape), (device, self.dtype())),
        }
    }
}

/// The values of a tensor in C order.
pub(crate) fn values_of<const D: usize>(tensor: &Tensor<D>) -> Vec<f64> {
    tensor.to_data().iter::<f64>().collect()
}
