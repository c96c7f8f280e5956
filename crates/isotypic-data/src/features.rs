//! Frozen features of any network at every pose of every seed.
//!
//! A linear probe on frozen features is kernel regression with the kernel of the features, so the theory of held-out
//! poses holds for them as it stands, without a limit of infinite width.

use std::path::Path;

use ndarray::{Array3, ArrayView3, Ix3};

use crate::file_bytes::read_file;
use crate::npy::{NpyArray, check_finite};
use crate::{DataError, Labels};

/// Finite features of at least one seed, one label per seed.
///
/// # Shapes
/// - values: `[seeds, poses, d]`; the pose index is the group element
/// - labels: one per seed
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    values: Array3<f64>,
    labels: Labels,
}

impl Features {
    /// Checks features and labels and puts them together; labels may be one per seed or one per pose of each seed.
    /// `place` stands in errors.
    ///
    /// # Errors
    /// [`DataError::Empty`], [`DataError::LabelVaries`], [`DataError::CountMismatch`], [`DataError::NotFiniteEntry`].
    pub fn new(place: &str, values: Array3<f64>, labels: Labels) -> Result<Self, DataError> {
        if values.is_empty() {
            return Err(DataError::Empty { place: place.into(), shape: values.shape().to_vec() });
        }
        let (seeds, poses, _) = values.dim();
        let labels = labels.per_orbit(place, seeds, poses)?;
        check_finite(place, &values.view().into_dyn())?;
        Ok(Self { values, labels })
    }

    /// Features from an `.npy` file (`float64` or `float32`).
    ///
    /// # Errors
    /// As [`Features::new`], and [`DataError::WrongShape`], [`DataError::WrongElementType`], [`DataError::Read`] or
    /// [`DataError::CorruptArray`].
    pub fn load(path: &Path, labels: Labels) -> Result<Self, DataError> {
        let file = path.display().to_string();
        let bytes = read_file(path)?;
        let values = NpyArray::parse(&file, &bytes)?.to_reals::<Ix3>("features `[seeds, poses, d]`")?;
        Self::new(&file, values, labels)
    }

    /// The features `[seeds, poses, d]`.
    #[must_use]
    pub fn values(&self) -> ArrayView3<'_, f64> {
        self.values.view()
    }

    /// One label per seed.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Number of seeds, at least 1.
    #[must_use]
    pub fn seeds(&self) -> usize {
        self.values.dim().0
    }

    /// Number of poses of each seed, at least 1.
    #[must_use]
    pub fn poses(&self) -> usize {
        self.values.dim().1
    }

    /// Number of features at each pose, at least 1.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.values.dim().2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shape_is_seeds_poses_dimension() {
        let labels = Labels::from_integers(&[0, 1]).unwrap();
        let features = Features::new("f", Array3::zeros((2, 4, 5)), labels).unwrap();
        assert_eq!((features.seeds(), features.poses(), features.dimension()), (2, 4, 5));
    }

    #[test]
    fn missing_labels_nan_and_emptiness_are_refused() {
        let labels = Labels::from_integers(&[0, 1]).unwrap();
        let error = Features::new("f", Array3::zeros((3, 4, 5)), labels.clone()).unwrap_err();
        assert_eq!(error.to_string(), "`f`: 3 seeds, but 2 labels");
        let varying = Labels::from_integers(&[3, 3, 3, 3, 5, 5, 3, 5]).unwrap();
        let error = Features::new("f", Array3::zeros((2, 4, 5)), varying).unwrap_err();
        assert_eq!(error.to_string(), "`f`: seed 1 has the label `5` at pose 0 and `3` at pose 2");
        let constant = Labels::from_integers(&[3, 3, 3, 3, 5, 5, 5, 5]).unwrap();
        let features = Features::new("f", Array3::zeros((2, 4, 5)), constant).unwrap();
        assert_eq!(features.labels().indices(), [0, 1]);
        let mut values = Array3::zeros((2, 4, 5));
        values[[1, 3, 2]] = f64::NAN;
        let error = Features::new("f", values, labels.clone()).unwrap_err();
        assert_eq!(error.to_string(), "`f`: entry [1, 3, 2] is `NaN`");
        assert!(matches!(Features::new("f", Array3::zeros((2, 0, 5)), labels), Err(DataError::Empty { .. })));
    }
}
