//! An array of the file: its shape, and its values where they are few.

use prost::bytes::Bytes;

use crate::OnnxError;
use crate::error::quotable;
use crate::proto::TensorProto;

/// The largest number of axes.
const MOST_AXES: usize = 16;

/// The largest number of values that are handed out: arguments of operators are short, weights are not arguments.
const MOST_VALUES: usize = 1024;

/// An array whose shape is in range and whose data, where the file holds it, are as long as the shape says.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    name: String,
    shape: Vec<usize>,
    kind: i32,
    values: Values,
}

#[derive(Clone, Debug, PartialEq)]
enum Values {
    Raw(Bytes),
    Floats(Vec<f32>),
    Doubles(Vec<f64>),
    Words(Vec<i32>),
    Integers(Vec<i64>),
    /// Beside the file, left out, or of a type that no argument has.
    Elsewhere,
}

// Element types of `onnx.proto`.
const FLOAT: i32 = 1;
const INT32: i32 = 6;
const INT64: i32 = 7;
const BOOL: i32 = 9;
const DOUBLE: i32 = 11;
/// The value of `data_location` for arrays in files of their own.
const EXTERNAL: i32 = 1;

impl Tensor {
    pub(crate) fn new(proto: TensorProto) -> Result<Self, OnnxError> {
        let name = quotable(&proto.name);
        let wrong = |expected: String, got: String| OnnxError::Tensor { name: name.clone(), expected, got };
        if proto.dims.len() > MOST_AXES {
            return Err(wrong(format!("at most {MOST_AXES} axes"), proto.dims.len().to_string()));
        }
        let shape: Option<Vec<usize>> =
            proto.dims.iter().map(|&extent| usize::try_from(extent).ok()).collect();
        let size = shape.as_ref().and_then(|shape| {
            let size = shape.iter().try_fold(1_usize, |size, &extent| size.checked_mul(extent))?;
            size.checked_mul(8).is_some_and(|bytes| bytes <= isize::MAX as usize).then_some(size)
        });
        let (Some(shape), Some(size)) = (shape, size) else {
            return Err(wrong(
                "extents that memory can address".to_owned(),
                format!("shape {:?}", proto.dims),
            ));
        };
        let values = if proto.data_location == EXTERNAL {
            Values::Elsewhere
        } else if !proto.raw_data.is_empty() {
            let width = match proto.data_type {
                FLOAT | INT32 => Some(4),
                INT64 | DOUBLE => Some(8),
                BOOL => Some(1),
                _ => None,
            };
            if let Some(width) = width
                && proto.raw_data.len() != size * width
            {
                let expected = format!("{} bytes for the shape {shape:?}", size * width);
                return Err(wrong(expected, format!("{} bytes", proto.raw_data.len())));
            }
            width.map_or(Values::Elsewhere, |_| Values::Raw(proto.raw_data))
        } else {
            let (count, values) = match proto.data_type {
                FLOAT => (proto.float_data.len(), Values::Floats(proto.float_data)),
                DOUBLE => (proto.double_data.len(), Values::Doubles(proto.double_data)),
                INT32 | BOOL => (proto.int32_data.len(), Values::Words(proto.int32_data)),
                INT64 => (proto.int64_data.len(), Values::Integers(proto.int64_data)),
                _ => (0, Values::Elsewhere),
            };
            if count != 0 && count != size {
                return Err(wrong(
                    format!("{size} values for the shape {shape:?}"),
                    format!("{count} values"),
                ));
            }
            if count == 0 && size != 0 { Values::Elsewhere } else { values }
        };
        Ok(Self { name, shape, kind: proto.data_type, values })
    }

    /// A list of integers, as attributes of nodes hold it.
    pub fn of_integers(values: Vec<i64>) -> Self {
        Self { name: String::new(), shape: vec![values.len()], kind: INT64, values: Values::Integers(values) }
    }

    /// One number without axes.
    pub fn of_number(value: f64) -> Self {
        Self { name: String::new(), shape: vec![], kind: DOUBLE, values: Values::Doubles(vec![value]) }
    }

    /// The name, ready for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The extents of its axes; none for a single number.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The number of values.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// The integers it holds; `None` if it holds others, has more than an argument of an operator, or its values are not in the file.
    pub fn integers(&self) -> Option<Vec<i64>> {
        if self.size() > MOST_VALUES {
            return None;
        }
        match (&self.values, self.kind) {
            (Values::Integers(values), _) => Some(values.clone()),
            (Values::Words(values), _) => Some(values.iter().copied().map(i64::from).collect()),
            (Values::Raw(bytes), INT64) => Some(eights(bytes).map(i64::from_le_bytes).collect()),
            (Values::Raw(bytes), INT32) => {
                Some(fours(bytes).map(|four| i64::from(i32::from_le_bytes(four))).collect())
            }
            (Values::Raw(bytes), BOOL) => Some(bytes.iter().map(|&byte| i64::from(byte)).collect()),
            _ => None,
        }
    }

    /// The numbers it holds, single precision as [`decimal`] means it; `None` as for [`integers`](Self::integers).
    pub fn numbers(&self) -> Option<Vec<f64>> {
        if let Some(integers) = self.integers() {
            return Some(integers.into_iter().map(|value| value as f64).collect());
        }
        if self.size() > MOST_VALUES {
            return None;
        }
        match (&self.values, self.kind) {
            (Values::Floats(values), _) => Some(values.iter().copied().map(decimal).collect()),
            (Values::Doubles(values), _) => Some(values.clone()),
            (Values::Raw(bytes), FLOAT) => Some(fours(bytes).map(f32::from_le_bytes).map(decimal).collect()),
            (Values::Raw(bytes), DOUBLE) => Some(eights(bytes).map(f64::from_le_bytes).collect()),
            _ => None,
        }
    }
}

/// The double that a person would write for a number in single precision: 0.2, not 0.20000000298.
pub(crate) fn decimal(value: f32) -> f64 {
    // The shortest text that means a number is always read.
    value.to_string().parse().unwrap_or(f64::from(value))
}

fn fours(bytes: &[u8]) -> impl Iterator<Item = [u8; 4]> {
    bytes.as_chunks().0.iter().copied()
}

fn eights(bytes: &[u8]) -> impl Iterator<Item = [u8; 8]> {
    bytes.as_chunks().0.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(dims: &[i64], data_type: i32, bytes: &[u8]) -> Result<Tensor, OnnxError> {
        let (dims, raw_data) = (dims.to_vec(), Bytes::copy_from_slice(bytes));
        Tensor::new(TensorProto { dims, data_type, raw_data, name: "w".into(), ..TensorProto::default() })
    }

    #[test]
    fn values_are_read_from_bytes_and_from_lists() {
        let bytes: Vec<u8> = [3_i64, -1].iter().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!(raw(&[2], INT64, &bytes).unwrap().integers(), Some(vec![3, -1]));
        let bytes: Vec<u8> = [0.2_f32, -1.5].iter().flat_map(|value| value.to_le_bytes()).collect();
        let tensor = raw(&[1, 2], FLOAT, &bytes).unwrap();
        assert_eq!((tensor.numbers(), tensor.integers()), (Some(vec![0.2, -1.5]), None));
        assert_eq!(raw(&[], BOOL, &[1]).unwrap().integers(), Some(vec![1]));
        let listed = TensorProto {
            dims: vec![2],
            data_type: FLOAT,
            float_data: vec![0.5, 2.0],
            ..TensorProto::default()
        };
        assert_eq!(Tensor::new(listed).unwrap().numbers(), Some(vec![0.5, 2.0]));
        assert_eq!(decimal(f32::INFINITY), f64::INFINITY);
        assert!(decimal(f32::NAN).is_nan());
    }

    #[test]
    fn shapes_and_bytes_that_do_not_fit_are_named() {
        for (dims, bytes, expected) in [
            (vec![-3_i64], 0, "tensor `w`: expected extents that memory can address, got shape [-3]"),
            (
                vec![1 << 40, 1 << 40],
                0,
                "tensor `w`: expected extents that memory can address, got shape [1099511627776, 1099511627776]",
            ),
            (vec![3], 8, "tensor `w`: expected 12 bytes for the shape [3], got 8 bytes"),
            (vec![1; 17], 4, "tensor `w`: expected at most 16 axes, got 17"),
        ] {
            assert_eq!(raw(&dims, FLOAT, &vec![0; bytes]).unwrap_err().to_string(), expected);
        }
        let listed = TensorProto {
            dims: vec![3],
            data_type: INT64,
            int64_data: vec![1],
            name: "a\n".into(),
            ..TensorProto::default()
        };
        let message = Tensor::new(listed).unwrap_err().to_string();
        assert_eq!(message, "tensor `a\\n`: expected 3 values for the shape [3], got 1 values");
    }

    #[test]
    fn weights_give_their_shape_and_no_values() {
        let large = raw(&[50, 50], FLOAT, &[0; 10_000]).unwrap();
        assert_eq!((large.shape(), large.numbers(), large.integers()), (&[50, 50][..], None, None));
        // Left out altogether, or kept in another file.
        assert_eq!(raw(&[1 << 30], FLOAT, &[]).unwrap().numbers(), None);
        let outside = TensorProto {
            dims: vec![2],
            data_type: FLOAT,
            data_location: EXTERNAL,
            ..TensorProto::default()
        };
        assert_eq!(Tensor::new(outside).unwrap().numbers(), None);
    }
}
