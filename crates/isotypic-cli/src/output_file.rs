//! One array as an `.npy` file that is whole or not there.

use std::io;
use std::path::{Path, PathBuf};

use isotypic::work::{ContentHash, WorkError, write_atomically};
use ndarray::{ArrayRef, Dimension};
use ndarray_npy::{WritableElement, WriteNpyExt};

use crate::exit::Failure;

/// The path of an array to be written, known to be writable before anything is computed.
#[derive(Debug)]
pub(crate) struct OutputFile {
    path: PathBuf,
}

impl OutputFile {
    /// Checks that the file can be written; an existing one is replaced at the end.
    pub(crate) fn prepare(path: &Path) -> Result<Self, Failure> {
        if path.extension().is_none_or(|ending| !ending.eq_ignore_ascii_case("npy")) {
            return Err(Failure::error(
                format!("`{}`: arrays are written as `.npy` files", path.display()),
                format!("pass `--out {}`", path.with_extension("npy").display()),
            ));
        }
        if path.exists() && !path.is_file() {
            return Err(WorkError::NotAFile { path: path.to_owned() }.into());
        }
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        if !folder.is_dir() {
            return Err(WorkError::MissingFolder { path: path.to_owned(), folder: folder.to_owned() }.into());
        }
        tempfile::tempfile_in(folder)
            .map_err(|cause| WorkError::CannotWrite { path: path.to_owned(), cause })?;
        Ok(Self { path: path.to_owned() })
    }

    /// The path as a person wrote it.
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Writes the array; returns the SHA-256 of the file.
    pub(crate) fn write<T: WritableElement, D: Dimension>(
        &self,
        array: &ArrayRef<T, D>,
    ) -> Result<String, Failure> {
        write_atomically(&self.path, |file| array.write_npy(file).map_err(io::Error::other))?;
        Ok(ContentHash::of_file(&self.path)?.to_string())
    }
}
