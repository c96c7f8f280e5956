//! `.npy` arrays: header checked against the bytes that are there, then decoded by `ndarray-npy`.
//!
//! The check comes first because a header is a promise by a stranger: its length, nesting and shape decide how much is
//! allocated and how deep the parser goes.

use ndarray::{Array, Array4, ArrayD, ArrayViewD, Dimension};
use ndarray_npy::npy::header::Header;
use ndarray_npy::{ReadNpyExt, ReadableElement};

use crate::{DataError, Labels, Pixels};

pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";

/// NumPy itself refuses longer headers from strangers (10,000 characters).
const HEADER_LIMIT: usize = 1 << 16;
/// Brackets within brackets: a shape inside a dictionary needs two.
const NESTING_LIMIT: usize = 8;

/// Element types that are decoded here, with NumPy's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    F32,
    F64,
}

impl Element {
    fn from_descriptor(descriptor: &str) -> Option<Self> {
        Some(match descriptor.trim_start_matches(['<', '>', '|', '=']) {
            "u1" => Self::U8,
            "u2" => Self::U16,
            "u4" => Self::U32,
            "u8" => Self::U64,
            "i1" => Self::I8,
            "i2" => Self::I16,
            "i4" => Self::I32,
            "i8" => Self::I64,
            "f4" => Self::F32,
            "f8" => Self::F64,
            _ => return None,
        })
    }

    fn bytes(self) -> u64 {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }
}

/// An `.npy` file whose header agrees with its bytes.
pub(crate) struct NpyArray<'a> {
    file: &'a str,
    bytes: &'a [u8],
    shape: Vec<usize>,
    element: Option<Element>,
    descriptor: String,
}

impl<'a> NpyArray<'a> {
    /// Reads the header; `file` stands in errors.
    pub(crate) fn parse(file: &'a str, bytes: &'a [u8]) -> Result<Self, DataError> {
        check_header(bytes).map_err(|message| corrupt(file, message))?;
        let mut rest = bytes;
        let header = Header::from_reader(&mut rest).map_err(|error| corrupt(file, error))?;
        let descriptor = header.type_descriptor.to_string();
        let element = header.type_descriptor.as_string().and_then(|text| Element::from_descriptor(text));
        if header.shape.contains(&0) {
            return Err(DataError::Empty { place: file.into(), shape: header.shape });
        }
        if let Some(element) = element {
            let offset = (bytes.len() - rest.len()) as u64;
            let total = header
                .shape
                .iter()
                .try_fold(element.bytes(), |product, &size| product.checked_mul(size as u64));
            let Some(expected) = total.and_then(|total| total.checked_add(offset)) else {
                let shape = header.shape.iter().map(|&size| size as u64).collect();
                return Err(DataError::ImpossibleShape {
                    file: file.into(),
                    shape,
                    file_bytes: bytes.len() as u64,
                });
            };
            let got = bytes.len() as u64;
            if got < expected {
                return Err(DataError::Truncated { file: file.into(), expected, got });
            }
            if got > expected {
                return Err(DataError::TrailingBytes { file: file.into(), expected, extra: got - expected });
            }
        }
        Ok(Self { file, bytes, shape: header.shape, element, descriptor })
    }

    /// Whether the elements are in single precision.
    pub(crate) fn is_single_precision(&self) -> bool {
        self.element == Some(Element::F32)
    }

    /// Real numbers (`float64` or `float32`) of the rank `D`.
    pub(crate) fn to_reals<D: Dimension>(&self, expected: &'static str) -> Result<Array<f64, D>, DataError> {
        if D::NDIM.is_some_and(|rank| rank != self.shape.len()) {
            return Err(self.wrong_shape(expected));
        }
        let array = match self.element {
            Some(Element::F64) => self.decode::<f64>()?,
            Some(Element::F32) => self.decode::<f32>()?.mapv(f64::from),
            _ => return Err(self.wrong_element("`float64` or `float32`")),
        };
        array.into_dimensionality().map_err(|_| self.wrong_shape(expected))
    }

    /// Images: `[n, H, W]`, which gets one channel, or `[n, H, W, C]`. Vectors `[n, d]` are images of one pixel with d
    /// channels, points `[n, P, d]` images of P rows.
    pub(crate) fn to_pixels(&self) -> Result<Pixels, DataError> {
        Ok(match self.element {
            Some(Element::U8) => Pixels::U8(self.with_channels(self.decode()?)?),
            Some(Element::F32) => Pixels::F32(self.with_channels(self.decode()?)?),
            Some(Element::F64) => Pixels::F64(self.with_channels(self.decode()?)?),
            _ => return Err(self.wrong_element("`float64`, `float32` or `uint8`")),
        })
    }

    /// Labels: whole numbers of any type, one axis.
    pub(crate) fn to_labels(&self) -> Result<Labels, DataError> {
        if self.shape.len() != 1 {
            return Err(self.wrong_shape("one label each, `[n]`"));
        }
        let values: Vec<i64> = match self.element {
            Some(Element::U8) => self.widened::<u8>()?,
            Some(Element::U16) => self.widened::<u16>()?,
            Some(Element::U32) => self.widened::<u32>()?,
            Some(Element::I8) => self.widened::<i8>()?,
            Some(Element::I16) => self.widened::<i16>()?,
            Some(Element::I32) => self.widened::<i32>()?,
            Some(Element::I64) => self.widened::<i64>()?,
            Some(Element::F32) => self.whole(self.decode::<f32>()?.mapv(f64::from))?,
            Some(Element::F64) => self.whole(self.decode()?)?,
            Some(Element::U64) | None => return Err(self.wrong_element("`int64` or another integer type")),
        };
        Labels::from_names_at(&format!("`{}`", self.file), values.iter().map(i64::to_string))
    }

    /// The elements in C order.
    fn decode<T: ReadableElement + Clone>(&self) -> Result<ArrayD<T>, DataError> {
        let array = ArrayD::<T>::read_npy(self.bytes).map_err(|error| corrupt(self.file, error))?;
        Ok(if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() })
    }

    fn widened<T: ReadableElement + Copy + Into<i64>>(&self) -> Result<Vec<i64>, DataError> {
        Ok(self.decode::<T>()?.iter().map(|&value| value.into()).collect())
    }

    /// Reals that are whole numbers, as people save `±1.0`.
    fn whole(&self, values: ArrayD<f64>) -> Result<Vec<i64>, DataError> {
        // Up to 2⁵³ every whole number is a double.
        let whole = |value: f64| value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0;
        if let Some(position) = values.iter().position(|&value| !whole(value)) {
            let value = values[[position]];
            return Err(DataError::NotWholeNumber { file: self.file.into(), position, value });
        }
        Ok(values.into_iter().map(|value| value as i64).collect())
    }

    fn with_channels<T>(&self, array: ArrayD<T>) -> Result<Array4<T>, DataError> {
        let shape = match *self.shape.as_slice() {
            [n, dimension] => [n, 1, 1, dimension],
            [n, height, width] => [n, height, width, 1],
            [n, height, width, channels] => [n, height, width, channels],
            _ => return Err(self.wrong_shape("images `[n, H, W]` or `[n, H, W, C]`, or vectors `[n, d]`")),
        };
        Ok(array.into_shape_with_order(shape).expect("the same number of elements, in C order"))
    }

    fn wrong_shape(&self, expected: &'static str) -> DataError {
        DataError::WrongShape { file: self.file.into(), expected, shape: self.shape.clone() }
    }

    fn wrong_element(&self, expected: &'static str) -> DataError {
        let got = self.descriptor.trim_matches('\'').into();
        DataError::WrongElementType { file: self.file.into(), expected, got }
    }
}

/// What has to hold before a header is handed to a parser.
fn check_header(bytes: &[u8]) -> Result<(), String> {
    if !bytes.starts_with(MAGIC) {
        return Err("it does not start with `\\x93NUMPY`".into());
    }
    let (start, length) = match bytes.get(6..12) {
        Some(&[1, _, a, b, ..]) => (10, usize::from(u16::from_le_bytes([a, b]))),
        Some(&[2 | 3, _, a, b, c, d]) => (12, u32::from_le_bytes([a, b, c, d]) as usize),
        Some(&[major, minor, ..]) => return Err(format!("unknown version {major}.{minor}")),
        _ => return Err("the header is incomplete".into()),
    };
    if length > HEADER_LIMIT {
        return Err(format!("a header of {length} bytes, at most {HEADER_LIMIT} are read"));
    }
    let Some(header) = bytes.get(start..start + length) else {
        return Err("the header is incomplete".into());
    };
    let mut depth = 0_usize;
    for byte in header {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > NESTING_LIMIT {
            return Err(format!("a header nested more than {NESTING_LIMIT} levels deep"));
        }
    }
    Ok(())
}

/// The first entry that is NaN or infinite, as an error.
pub(crate) fn check_finite(place: &str, array: &ArrayViewD<'_, f64>) -> Result<(), DataError> {
    match array.indexed_iter().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some((index, &value)) => {
            Err(DataError::NotFiniteEntry { place: place.into(), index: index.slice().to_vec(), value })
        }
    }
}

fn corrupt(file: &str, message: impl std::fmt::Display) -> DataError {
    DataError::CorruptArray { file: file.into(), format: ".npy", message: message.to_string() }
}

#[cfg(test)]
mod tests {
    use ndarray::{Ix1, Ix2, Ix3, ShapeBuilder, array};
    use ndarray_npy::{WritableElement, WriteNpyExt};

    use super::*;

    fn npy<T: WritableElement, D: Dimension>(array: &Array<T, D>) -> Vec<u8> {
        let mut bytes = Vec::new();
        array.write_npy(&mut bytes).unwrap();
        bytes
    }

    fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([1, 0]);
        bytes.extend((header.len() as u16 + 1).to_le_bytes());
        bytes.extend(header.bytes());
        bytes.push(b'\n');
        bytes.extend(data);
        bytes
    }

    #[test]
    fn fortran_order_is_undone() {
        let mut fortran = Array::zeros((2, 3).f());
        fortran.assign(&array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        let bytes = npy(&fortran);
        let back = NpyArray::parse("a", &bytes).unwrap().to_reals::<Ix2>("").unwrap();
        assert!(back.is_standard_layout());
        assert_eq!(back, fortran);
    }

    #[test]
    fn big_endian_singles_are_read() {
        let data: Vec<u8> = [1.5_f32, -2.0].iter().flat_map(|value| value.to_be_bytes()).collect();
        let bytes = with_header("{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", &data);
        let array = NpyArray::parse("a", &bytes).unwrap();
        assert!(array.is_single_precision());
        assert_eq!(array.to_reals::<Ix1>("").unwrap(), array![1.5, -2.0]);
    }

    #[test]
    fn every_integer_type_gives_the_same_labels() {
        let expected = Labels::from_integers(&[3, 0, 3]).unwrap();
        let all = [
            npy(&array![3_u8, 0, 3]),
            npy(&array![3_u16, 0, 3]),
            npy(&array![3_u32, 0, 3]),
            npy(&array![3_i8, 0, 3]),
            npy(&array![3_i16, 0, 3]),
            npy(&array![3_i32, 0, 3]),
            npy(&array![3_i64, 0, 3]),
            npy(&array![3.0_f32, 0.0, 3.0]),
            npy(&array![3.0_f64, 0.0, 3.0]),
        ];
        for bytes in &all {
            assert_eq!(NpyArray::parse("a", bytes).unwrap().to_labels().unwrap(), expected);
        }
    }

    #[test]
    fn labels_that_are_not_whole_numbers_are_refused() {
        for bad in [0.5, f64::NAN, f64::INFINITY, 1e300] {
            let bytes = npy(&array![1.0, bad]);
            let error = NpyArray::parse("a", &bytes).unwrap().to_labels().unwrap_err();
            assert!(matches!(error, DataError::NotWholeNumber { position: 1, .. }), "{error}");
        }
        let bytes = npy(&array![[1_i64], [2]]);
        assert!(matches!(
            NpyArray::parse("a", &bytes).unwrap().to_labels(),
            Err(DataError::WrongShape { .. })
        ));
    }

    #[test]
    fn missing_and_extra_bytes_are_counted() {
        let mut bytes = npy(&array![1.0, 2.0]);
        let whole = bytes.len() as u64;
        bytes.pop();
        let error = NpyArray::parse("a", &bytes).err().unwrap();
        assert_eq!(error.to_string(), format!("`a`: truncated: expected {whole} bytes, got {}", whole - 1));
        bytes.extend([0, 0, 0]);
        let error = NpyArray::parse("a", &bytes).err().unwrap();
        assert_eq!(error.to_string(), format!("`a`: expected {whole} bytes, but 2 more follow"));
    }

    #[test]
    fn a_header_that_promises_too_much_allocates_nothing() {
        let huge =
            with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999, 9999999), }", &[0; 8]);
        assert!(matches!(NpyArray::parse("a", &huge), Err(DataError::Truncated { .. })));
        let overflow =
            with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999, 9999999999), }", &[]);
        assert!(matches!(NpyArray::parse("a", &overflow), Err(DataError::ImpossibleShape { .. })));
        let deep = with_header(&"(".repeat(60_000), &[]);
        assert!(matches!(NpyArray::parse("a", &deep), Err(DataError::CorruptArray { .. })));
        let mut long = MAGIC.to_vec();
        long.extend([2, 0, 0xff, 0xff, 0xff, 0xff]);
        assert!(matches!(NpyArray::parse("a", &long), Err(DataError::CorruptArray { .. })));
    }

    #[test]
    fn foreign_bytes_and_every_prefix_of_a_file_are_errors() {
        assert!(matches!(NpyArray::parse("a", b"PK\x03\x04"), Err(DataError::CorruptArray { .. })));
        let bytes = npy(&array![1.0, 2.0]);
        for end in 0..bytes.len() {
            assert!(NpyArray::parse("a", &bytes[..end]).is_err(), "{end} bytes");
        }
    }

    #[test]
    fn wrong_types_and_ranks_are_named() {
        let bytes = npy(&array![true]);
        let error = NpyArray::parse("a", &bytes).unwrap().to_labels().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`a`: expected element type `int64` or another integer type, got `|b1`"
        );
        let bytes = npy(&array![[1.0, 2.0]]);
        let error = NpyArray::parse("a", &bytes)
            .unwrap()
            .to_reals::<Ix3>("features `[seeds, poses, d]`")
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "`a`: expected features `[seeds, poses, d]`, got an array of shape [1, 2]"
        );
    }
}
