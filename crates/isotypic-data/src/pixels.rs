//! Pixels as their file has them; double precision on demand.

use ndarray::{Array3, Array4, Axis};
use sha2::{Digest, Sha256};

/// Images `[n, H, W, C]` in the element type of their file: 60,000 digits stay 47 MB instead of 376 MB.
#[derive(Clone, Debug, PartialEq)]
pub enum Pixels {
    /// Bytes, 0 to 255.
    U8(Array4<u8>),
    /// Single precision.
    F32(Array4<f32>),
    /// Double precision.
    F64(Array4<f64>),
}

impl Pixels {
    /// `[n, H, W, C]`.
    #[must_use]
    pub fn shape(&self) -> [usize; 4] {
        let (n, height, width, channels) = match self {
            Self::U8(images) => images.dim(),
            Self::F32(images) => images.dim(),
            Self::F64(images) => images.dim(),
        };
        [n, height, width, channels]
    }

    /// One image `[H, W, C]` in double precision.
    ///
    /// # Panics
    /// If there is no such image; [`LabelledImages::image`](crate::LabelledImages::image) checks.
    pub(crate) fn image(&self, index: usize) -> Array3<f64> {
        match self {
            Self::U8(images) => images.index_axis(Axis(0), index).mapv(f64::from),
            Self::F32(images) => images.index_axis(Axis(0), index).mapv(f64::from),
            Self::F64(images) => images.index_axis(Axis(0), index).to_owned(),
        }
    }

    /// Position `[image, row, column, channel]` and value of the first pixel that is NaN or infinite.
    pub(crate) fn first_not_finite(&self) -> Option<([usize; 4], f64)> {
        fn first<T: Copy + Into<f64>>(images: &Array4<T>) -> Option<([usize; 4], f64)> {
            images
                .indexed_iter()
                .map(|((n, y, x, c), &value)| ([n, y, x, c], value.into()))
                .find(|(_, value)| !value.is_finite())
        }
        match self {
            Self::U8(_) => None,
            Self::F32(images) => first(images),
            Self::F64(images) => first(images),
        }
    }

    /// Feeds shape, element type and little-endian pixels to a hash.
    pub(crate) fn hash_into(&self, hasher: &mut Sha256) {
        fn images_into<T: Copy, const N: usize>(
            hasher: &mut Sha256,
            images: &Array4<T>,
            bytes: fn(T) -> [u8; N],
        ) {
            for image in images.outer_iter() {
                hasher.update(image.iter().flat_map(|&value| bytes(value)).collect::<Vec<u8>>());
            }
        }
        for size in self.shape() {
            hasher.update((size as u64).to_le_bytes());
        }
        match self {
            Self::U8(images) => {
                hasher.update(b"u8");
                images_into(hasher, images, u8::to_le_bytes);
            }
            Self::F32(images) => {
                hasher.update(b"f32");
                images_into(hasher, images, f32::to_le_bytes);
            }
            Self::F64(images) => {
                hasher.update(b"f64");
                images_into(hasher, images, f64::to_le_bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bad_pixel_is_found_in_reading_order() {
        let mut images = Array4::zeros((2, 2, 2, 1));
        images[[1, 0, 1, 0]] = f32::INFINITY;
        images[[1, 1, 0, 0]] = f32::NAN;
        assert_eq!(Pixels::F32(images).first_not_finite(), Some(([1, 0, 1, 0], f64::INFINITY)));
    }

    #[test]
    fn bytes_become_doubles_of_the_same_value() {
        let images = Array4::from_shape_vec((1, 1, 2, 1), vec![0u8, 255]).unwrap();
        assert_eq!(Pixels::U8(images).image(0).into_raw_vec_and_offset().0, [0.0, 255.0]);
    }
}
