//! Arrays inside `.npz` archives, which are zip files of `.npy` files.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::DataError;

/// A `.npz` archive in memory.
pub(crate) struct NpzArchive<'a> {
    file: &'a str,
    archive: ZipArchive<Cursor<&'a [u8]>>,
}

impl<'a> NpzArchive<'a> {
    pub(crate) fn parse(file: &'a str, bytes: &'a [u8]) -> Result<Self, DataError> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| corrupt(file, &error))?;
        Ok(Self { file, archive })
    }

    /// The `.npy` bytes of an array, or `None` if there is no array of this name.
    ///
    /// Memory grows with the bytes that arrive, whatever the archive says.
    pub(crate) fn array(&mut self, name: &str) -> Result<Option<Vec<u8>>, DataError> {
        let mut entry = match self.archive.by_name(&format!("{name}.npy")) {
            Ok(entry) => entry,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(corrupt(self.file, &error)),
        };
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|error| corrupt(self.file, &error))?;
        Ok(Some(bytes))
    }

    /// As [`NpzArchive::array`]; a missing array is an error that lists those there are.
    pub(crate) fn required(&mut self, name: &'static str) -> Result<Vec<u8>, DataError> {
        let bytes = self.array(name)?;
        bytes.ok_or_else(|| DataError::MissingArray {
            file: self.file.into(),
            array: name,
            found: self.names(),
        })
    }

    /// Whether there is an array of this name.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.archive.file_names().any(|file| file.strip_suffix(".npy") == Some(name))
    }

    fn names(&self) -> Vec<String> {
        self.archive.file_names().map(|name| name.strip_suffix(".npy").unwrap_or(name).into()).collect()
    }
}

fn corrupt(file: &str, error: &dyn std::fmt::Display) -> DataError {
    DataError::CorruptArray { file: file.into(), format: ".npz", message: error.to_string() }
}
