//! Labelled images from NumPy files.

use std::path::Path;

use crate::file_bytes::read_file;
use crate::npy::NpyArray;
use crate::npz::NpzArchive;
use crate::{DataError, LabelledImages, Labels};

/// Names under which an archive may hold its images.
const NAMES: [&str; 3] = ["images", "vectors", "points"];

/// Images and labels from an archive with the arrays `images` (or `vectors`, or `points`) and `labels`; labels given separately
/// replace the latter.
pub(crate) fn load_npz(path: &Path, labels: Option<&Labels>) -> Result<LabelledImages, DataError> {
    let file = path.display().to_string();
    let bytes = read_file(path)?;
    let mut archive = NpzArchive::parse(&file, &bytes)?;
    let name = NAMES.into_iter().find(|name| archive.contains(name)).unwrap_or(NAMES[0]);
    let images = archive.required(name)?;
    let pixels = NpyArray::parse(&format!("{file}:{name}"), &images)?.to_pixels()?;
    let labels = match labels {
        Some(labels) => labels.clone(),
        None => {
            let labels = archive.required("labels")?;
            NpyArray::parse(&format!("{file}:labels"), &labels)?.to_labels()?
        }
    };
    LabelledImages::new(&file, pixels, labels)
}

/// Images from an array file, with labels given separately.
pub(crate) fn load_npy(path: &Path, labels: Option<&Labels>) -> Result<LabelledImages, DataError> {
    let file = path.display().to_string();
    let bytes = read_file(path)?;
    let pixels = NpyArray::parse(&file, &bytes)?.to_pixels()?;
    let Some(labels) = labels else {
        return Err(DataError::NoLabels { file });
    };
    LabelledImages::new(&file, pixels, labels.clone())
}
