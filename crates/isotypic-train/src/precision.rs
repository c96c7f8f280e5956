//! The number format of a network's values.

use burn_tensor::{DType, Device, Tensor, TensorData};
use ndarray::ArrayView2;

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
            Self::Single => self.drawn(values.into_iter(), shape, device),
            Self::Double => Tensor::from_data(TensorData::new(values, shape), (device, self.dtype())),
        }
    }

    /// A tensor of data that has this format already.
    pub(crate) fn of_data<const D: usize>(self, data: TensorData, device: &Device) -> Tensor<D> {
        Tensor::from_data(data, (device, self.dtype()))
    }

    /// The same of values as they come, without a copy in another format.
    pub(crate) fn drawn<const D: usize>(
        self,
        values: impl Iterator<Item = f64>,
        shape: [usize; D],
        device: &Device,
    ) -> Tensor<D> {
        match self {
            Self::Single => {
                let rounded: Vec<f32> = values.map(|value| value as f32).collect();
                Tensor::from_data(TensorData::new(rounded, shape), (device, self.dtype()))
            }
            Self::Double => self.tensor(values.collect(), shape, device),
        }
    }

    /// Some rows of a matrix, `[rows, columns]`.
    pub(crate) fn rows(self, values: ArrayView2<'_, f64>, rows: &[usize], device: &Device) -> Tensor<2> {
        let shape = [rows.len(), values.ncols()];
        // Row by row: an iterator over all of them has no length that is known, and is several times slower.
        match self {
            Self::Single => {
                let mut picked: Vec<f32> = Vec::with_capacity(shape[0] * shape[1]);
                for &row in rows {
                    match values.row(row).to_slice() {
                        Some(row) => picked.extend(row.iter().map(|&value| value as f32)),
                        None => picked.extend(values.row(row).iter().map(|&value| value as f32)),
                    }
                }
                Tensor::from_data(TensorData::new(picked, shape), (device, self.dtype()))
            }
            Self::Double => {
                let picked = rows.iter().flat_map(|&row| values.row(row).to_vec()).collect();
                self.tensor(picked, shape, device)
            }
        }
    }
}

/// The values of a tensor in C order.
pub(crate) fn values_of<const D: usize>(tensor: &Tensor<D>) -> Vec<f64> {
    tensor.to_data().iter::<f64>().collect()
}
