//! Whole files in memory, unpacked on the way if they are gzip.
//!
//! Deflate expands one byte to 1,032 at most, so memory stays bounded by the size of the file.

use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::DataError;

/// All bytes of a file.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, DataError> {
    fs::read(path).map_err(|source| DataError::Read { file: path.display().to_string(), source })
}

/// A stream over the bytes of a file, plain or gzip; which one is told by the first two bytes, not by the name.
pub(crate) struct Unpacked<'a> {
    file: &'a str,
    stream: Box<dyn Read + 'a>,
    read: u64,
}

impl<'a> Unpacked<'a> {
    pub(crate) fn new(file: &'a str, bytes: &'a [u8]) -> Self {
        let is_gzip = bytes.starts_with(&[0x1f, 0x8b]);
        let stream: Box<dyn Read + 'a> =
            if is_gzip { Box::new(MultiGzDecoder::new(bytes)) } else { Box::new(bytes) };
        Self { file, stream, read: 0 }
    }

    /// The next bytes: `count` of them, or an error that says how many of `expected` in all there were.
    ///
    /// Memory grows with the bytes that arrive, whatever a header says.
    pub(crate) fn take(&mut self, count: usize, expected: u64) -> Result<Vec<u8>, DataError> {
        let mut bytes = Vec::new();
        // A truncated gzip stream hands over what it has before it fails.
        let outcome = self.stream.by_ref().take(count as u64).read_to_end(&mut bytes);
        self.read += bytes.len() as u64;
        match outcome {
            Ok(_) if bytes.len() == count => Ok(bytes),
            Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => Err(self.corrupt(&error)),
            _ => Err(DataError::Truncated { file: self.file.into(), expected, got: self.read }),
        }
    }

    /// Checks that the stream ends here, checksum included.
    pub(crate) fn finish(mut self) -> Result<(), DataError> {
        match std::io::copy(&mut self.stream, &mut std::io::sink()) {
            Ok(0) => Ok(()),
            Ok(extra) => Err(DataError::TrailingBytes { file: self.file.into(), expected: self.read, extra }),
            Err(error) => Err(self.corrupt(&error)),
        }
    }

    fn corrupt(&self, error: &std::io::Error) -> DataError {
        DataError::CorruptGzip { file: self.file.into(), message: error.to_string() }
    }
}
