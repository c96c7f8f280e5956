//! The IDX format of the MNIST family: a magic number, big-endian sizes, raw big-endian data.
//!
//! Read here are images (unsigned bytes, three axes), labels (unsigned bytes, one axis) and lists of indices (32-bit
//! integers, one axis), each plain or gzip. Memory grows with the data that is there, not with what the header
//! announces.

use ndarray::Array4;

use crate::DataError;
use crate::file_bytes::Unpacked;

const IMAGES: u32 = 0x0000_0803;
const LABELS: u32 = 0x0000_0801;
const INDICES: u32 = 0x0000_0c01;

/// Images `[n, H, W, 1]` from the bytes of an IDX file.
pub(crate) fn images(file: &str, bytes: &[u8]) -> Result<Array4<u8>, DataError> {
    let (shape, data) = read::<3>(file, bytes, IMAGES, "images", 1)?;
    let shape = [shape[0], shape[1], shape[2], 1];
    Ok(Array4::from_shape_vec(shape, data).expect("`read` gives as many bytes as the shape has"))
}

/// Labels from the bytes of an IDX file.
pub(crate) fn labels(file: &str, bytes: &[u8]) -> Result<Vec<u8>, DataError> {
    read::<1>(file, bytes, LABELS, "labels", 1).map(|(_, data)| data)
}

/// A list of indices from the bytes of an IDX file.
pub(crate) fn indices(file: &str, bytes: &[u8]) -> Result<Vec<usize>, DataError> {
    let (_, data) = read::<1>(file, bytes, INDICES, "indices", 4)?;
    Ok(data.chunks_exact(4).map(|word| big_endian(word) as usize).collect())
}

/// Sizes of the axes and the raw data.
fn read<const AXES: usize>(
    file: &str,
    bytes: &[u8],
    magic: u32,
    content: &'static str,
    element_bytes: u64,
) -> Result<([usize; AXES], Vec<u8>), DataError> {
    let mut stream = Unpacked::new(file, bytes);
    let header_bytes = 4 + 4 * AXES as u64;
    let got = big_endian(&stream.take(4, header_bytes)?);
    if got != magic {
        return Err(DataError::WrongMagic { file: file.into(), content, expected: magic, got });
    }
    let sizes = stream.take(4 * AXES, header_bytes)?;
    let sizes: Vec<u64> = sizes.chunks_exact(4).map(|word| u64::from(big_endian(word))).collect();
    if sizes.contains(&0) {
        let shape = sizes.iter().map(|&size| size as usize).collect();
        return Err(DataError::Empty { place: file.into(), shape });
    }
    let total = sizes.iter().try_fold(element_bytes, |product, &size| product.checked_mul(size));
    let announced =
        total.and_then(|total| Some((total.checked_add(header_bytes)?, usize::try_from(total).ok()?)));
    let Some((expected, data_bytes)) = announced else {
        let file_bytes = bytes.len() as u64;
        return Err(DataError::ImpossibleShape { file: file.into(), shape: sizes, file_bytes });
    };
    let data = stream.take(data_bytes, expected)?;
    stream.finish()?;
    let mut shape = [0; AXES];
    for (axis, &size) in shape.iter_mut().zip(&sizes) {
        *axis = size as usize;
    }
    Ok((shape, data))
}

fn big_endian(word: &[u8]) -> u32 {
    word.iter().fold(0, |value, &byte| value << 8 | u32::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(magic: u32, sizes: &[u32], data: &[u8]) -> Vec<u8> {
        let mut bytes = magic.to_be_bytes().to_vec();
        bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
        bytes.extend(data);
        bytes
    }

    #[test]
    fn bytes_land_in_row_major_order() {
        let images = images("a", &file(IMAGES, &[2, 1, 3], &[0, 1, 2, 3, 4, 255])).unwrap();
        assert_eq!(images.shape(), [2, 1, 3, 1]);
        assert_eq!(images[[1, 0, 2, 0]], 255);
        assert_eq!(images[[0, 0, 1, 0]], 1);
    }

    #[test]
    fn indices_are_big_endian() {
        assert_eq!(indices("a", &file(INDICES, &[2], &[0, 0, 1, 2, 0, 0, 0, 7])).unwrap(), [258, 7]);
    }

    #[test]
    fn a_header_that_overflows_is_impossible() {
        let bytes = file(IMAGES, &[u32::MAX, u32::MAX, u32::MAX], &[]);
        assert!(matches!(images("a", &bytes), Err(DataError::ImpossibleShape { .. })));
    }

    #[test]
    fn a_zero_axis_is_empty() {
        assert!(matches!(images("a", &file(IMAGES, &[0, 28, 28], &[])), Err(DataError::Empty { .. })));
    }
}
