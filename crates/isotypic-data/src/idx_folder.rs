//! A folder of IDX files under the names that the MNIST family is published with.

use std::path::{Path, PathBuf};

use crate::file_bytes::read_file;
use crate::{DataError, LabelledImages, Labels, Pixels, Split, idx};

/// The images of one split, with labels from the folder or, if given, from `labels`.
pub(crate) fn load(
    folder: &Path,
    split: Split,
    labels: Option<&Labels>,
) -> Result<LabelledImages, DataError> {
    let image_file = find(folder, split, "images", "idx3")?;
    let images = idx::images(&name(&image_file), &read_file(&image_file)?)?;
    let labels = match labels {
        Some(labels) => labels.clone(),
        None => {
            let label_file = find(folder, split, "labels", "idx1")?;
            let digits = idx::labels(&name(&label_file), &read_file(&label_file)?)?;
            Labels::from_integers(&digits.into_iter().map(i64::from).collect::<Vec<_>>())?
        }
    };
    LabelledImages::new(&name(&image_file), Pixels::U8(images), labels)
}

/// The first file there is among the customary names: `-` or `.` before `idx`, plain or gzip.
fn find(folder: &Path, split: Split, content: &'static str, kind: &str) -> Result<PathBuf, DataError> {
    let half = match split {
        Split::Train => "train",
        Split::Test => "t10k",
    };
    let looked_for: Vec<String> = ["-", "."]
        .iter()
        .flat_map(|mark| ["", ".gz"].map(|ending| format!("{half}-{content}{mark}{kind}-ubyte{ending}")))
        .collect();
    looked_for.iter().map(|file| folder.join(file)).find(|path| path.is_file()).ok_or_else(|| {
        DataError::MissingIdxFile { folder: name(folder), split, content, looked_for: looked_for.clone() }
    })
}

fn name(path: &Path) -> String {
    path.display().to_string()
}
