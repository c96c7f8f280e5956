//! Labels as a person writes them: a file, or a list on the command line.

use std::path::Path;

use crate::file_bytes::read_file;
use crate::{DataError, Labels, npy};

impl Labels {
    /// Labels from `--labels`: an array of whole numbers (`.npy`), a text file, or an inline list `+1,-1,cat`.
    ///
    /// A spec is a file if one of that name exists, or if it looks like one: a folder in it, or the ending `.npy`, `.csv`
    /// or `.txt`. A text file has labels separated by commas or line ends.
    ///
    /// # Errors
    /// [`DataError::Read`], [`DataError::NotText`], [`DataError::EmptyLabel`], and all that can be wrong with an `.npy`
    /// file.
    pub fn parse(spec: &str) -> Result<Self, DataError> {
        let path = Path::new(spec);
        if names_a_file(path) { Self::load(path) } else { Self::from_names_at("labels", spec.split(',')) }
    }

    /// Labels from an `.npy` file (whole numbers of any type, one axis) or a text file.
    ///
    /// # Errors
    /// As [`Labels::parse`].
    pub fn load(path: &Path) -> Result<Self, DataError> {
        let file = path.display().to_string();
        let bytes = read_file(path)?;
        if has_extension(path, "npy") || bytes.starts_with(npy::MAGIC) {
            return npy::NpyArray::parse(&file, &bytes)?.to_labels();
        }
        let Ok(text) = std::str::from_utf8(&bytes) else {
            return Err(DataError::NotText { file });
        };
        let names = text.trim_end().trim_end_matches(',').lines().flat_map(|line| line.split(','));
        Self::from_names_at(&format!("`{file}`"), names)
    }
}

fn names_a_file(path: &Path) -> bool {
    let in_folder = path.parent().is_some_and(|parent| !parent.as_os_str().is_empty());
    in_folder || ["npy", "csv", "txt"].iter().any(|ending| has_extension(path, ending)) || path.is_file()
}

pub(crate) fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inline_list_keeps_its_order() {
        let labels = Labels::parse("+1, -1,cat").unwrap();
        assert_eq!(labels.classes(), ["-1", "1", "cat"]);
        assert_eq!(labels.indices(), [1, 0, 2]);
    }

    #[test]
    fn a_hole_in_the_list_is_named() {
        let error = Labels::parse("a,,b").unwrap_err();
        assert_eq!(error.to_string(), "labels: label 1 is empty");
        assert!(Labels::parse("").is_err());
    }

    #[test]
    fn a_missing_file_is_not_taken_for_a_label() {
        assert!(matches!(Labels::parse("labels.npy"), Err(DataError::Read { .. })));
        assert!(matches!(Labels::parse("no/such/labels"), Err(DataError::Read { .. })));
    }
}
