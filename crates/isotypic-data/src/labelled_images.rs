//! Images and their class labels.

use ndarray::{Array3, Array4, Axis};
use sha2::{Digest, Sha256};

use crate::{DataError, Labels, Pixels};

/// At least one image, all pixels finite, one label each.
///
/// # Shapes
/// - one image: `[H, W, C]`
/// - several: `[n, H, W, C]`
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledImages {
    name: String,
    pixels: Pixels,
    labels: Labels,
    origins: Option<Vec<usize>>,
}

impl LabelledImages {
    /// Checks pixels and labels and puts them together. `name` stands in errors and reports.
    ///
    /// # Errors
    /// [`DataError::Empty`], [`DataError::CountMismatch`], [`DataError::NotFinitePixel`].
    pub fn new(name: &str, pixels: Pixels, labels: Labels) -> Result<Self, DataError> {
        let shape = pixels.shape();
        if shape.contains(&0) {
            return Err(DataError::Empty { place: name.into(), shape: shape.to_vec() });
        }
        if shape[0] != labels.len() {
            return Err(DataError::CountMismatch {
                place: name.into(),
                items: "images",
                count: shape[0],
                labels: labels.len(),
            });
        }
        if let Some(([image, row, column, channel], value)) = pixels.first_not_finite() {
            let place = name.into();
            return Err(DataError::NotFinitePixel { place, image, row, column, channel, value });
        }
        Ok(Self { name: name.into(), pixels, labels, origins: None })
    }

    /// The same images, with the position each had in a larger dataset.
    ///
    /// # Errors
    /// [`DataError::CountMismatch`] unless there is one position per image.
    pub(crate) fn with_origins(self, origins: Vec<usize>) -> Result<Self, DataError> {
        if origins.len() != self.len() {
            return Err(DataError::CountMismatch {
                place: self.name,
                items: "origins",
                count: origins.len(),
                labels: self.labels.len(),
            });
        }
        Ok(Self { origins: Some(origins), ..self })
    }

    /// The same images under other labels.
    ///
    /// # Errors
    /// [`DataError::CountMismatch`] unless there is one label per image.
    pub fn with_labels(self, labels: Labels) -> Result<Self, DataError> {
        if labels.len() != self.len() {
            let (count, labels) = (self.len(), labels.len());
            return Err(DataError::CountMismatch { place: self.name, items: "images", count, labels });
        }
        Ok(Self { labels, ..self })
    }

    /// Name of the dataset, or of the file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of images, at least 1.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Shape of each image: `[H, W, C]`.
    #[must_use]
    pub fn image_shape(&self) -> [usize; 3] {
        let [_, height, width, channels] = self.pixels.shape();
        [height, width, channels]
    }

    /// One label per image.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The pixels as their file has them.
    #[must_use]
    pub fn pixels(&self) -> &Pixels {
        &self.pixels
    }

    /// Position of each image in the larger dataset it was taken from, if there is one.
    #[must_use]
    pub fn origins(&self) -> Option<&[usize]> {
        self.origins.as_deref()
    }

    /// One image `[H, W, C]`.
    ///
    /// # Errors
    /// [`DataError::OutOfRange`].
    pub fn image(&self, index: usize) -> Result<Array3<f64>, DataError> {
        self.check(index)?;
        Ok(self.pixels.image(index))
    }

    /// Some images `[n, H, W, C]`, in the order asked for; repetitions are allowed.
    ///
    /// # Errors
    /// [`DataError::OutOfRange`].
    pub fn images(&self, indices: &[usize]) -> Result<Array4<f64>, DataError> {
        let [height, width, channels] = self.image_shape();
        let mut images = Array4::zeros((indices.len(), height, width, channels));
        for (&index, mut image) in indices.iter().zip(images.axis_iter_mut(Axis(0))) {
            self.check(index)?;
            image.assign(&self.pixels.image(index));
        }
        Ok(images)
    }

    /// SHA-256, in hexadecimal, of shape, element type, pixels and labels. Equal data have equal hashes, whatever
    /// their file or name.
    #[must_use]
    pub fn content_hash(&self) -> String {
        let mut hasher = Sha256::new();
        self.pixels.hash_into(&mut hasher);
        for class in self.labels.classes() {
            hasher.update((class.len() as u64).to_le_bytes());
            hasher.update(class.as_bytes());
        }
        for &index in self.labels.indices() {
            hasher.update((index as u64).to_le_bytes());
        }
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn check(&self, index: usize) -> Result<(), DataError> {
        if index < self.len() {
            return Ok(());
        }
        Err(DataError::OutOfRange { place: self.name.clone(), index, count: self.len(), items: "images" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_images() -> LabelledImages {
        let pixels = Array4::from_shape_vec((2, 1, 2, 1), vec![1u8, 2, 3, 4]).unwrap();
        LabelledImages::new("two", Pixels::U8(pixels), Labels::from_integers(&[4, 9]).unwrap()).unwrap()
    }

    #[test]
    fn images_come_in_the_order_asked_for() {
        let images = two_images().images(&[1, 0, 1]).unwrap();
        assert_eq!(images.into_raw_vec_and_offset().0, [3.0, 4.0, 1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn an_index_beyond_the_end_is_named() {
        let error = two_images().images(&[0, 2]).unwrap_err();
        assert_eq!(error.to_string(), "`two`: index 2 is out of range: 2 images");
        assert!(two_images().image(7).is_err());
    }

    #[test]
    fn counts_must_agree() {
        let pixels = Pixels::U8(Array4::zeros((2, 1, 1, 1)));
        let error = LabelledImages::new("two", pixels, Labels::from_integers(&[1]).unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "`two`: 2 images, but 1 labels");
    }

    #[test]
    fn nan_is_refused_with_its_place() {
        let mut pixels = Array4::zeros((1, 3, 2, 1));
        pixels[[0, 2, 1, 0]] = f64::NAN;
        let labels = Labels::from_integers(&[1]).unwrap();
        let error = LabelledImages::new("one", Pixels::F64(pixels), labels).unwrap_err();
        assert_eq!(error.to_string(), "`one`: image 0, pixel (row 2, column 1, channel 0) is `NaN`");
    }

    #[test]
    fn the_hash_changes_with_every_part_of_the_content() {
        let labels = |values: &[i64]| Labels::from_integers(values).unwrap();
        let hash = |pixels, labels| LabelledImages::new("any", pixels, labels).unwrap().content_hash();
        let bytes =
            |values: [u8; 2], shape| Pixels::U8(Array4::from_shape_vec(shape, values.to_vec()).unwrap());
        let base = hash(bytes([1, 2], (2, 1, 1, 1)), labels(&[0, 1]));
        assert_eq!(base.len(), 64);
        assert_eq!(base, hash(bytes([1, 2], (2, 1, 1, 1)), labels(&[0, 1])));
        assert_ne!(base, hash(bytes([1, 3], (2, 1, 1, 1)), labels(&[0, 1])));
        assert_ne!(base, hash(bytes([1, 2], (2, 1, 1, 1)), labels(&[1, 0])));
        assert_ne!(
            base,
            hash(Pixels::F64(Array4::from_shape_vec((2, 1, 1, 1), vec![1.0, 2.0]).unwrap()), labels(&[0, 1]))
        );
        let wide = hash(bytes([1, 2], (1, 1, 2, 1)), labels(&[0]));
        assert_ne!(wide, hash(bytes([1, 2], (1, 2, 1, 1)), labels(&[0])));
    }
}
