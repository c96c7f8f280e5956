//! Names that follow from content: SHA-256 of bytes, arrays and files.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::WorkError;

/// A SHA-256 digest; prints as 64 hexadecimal digits.
///
/// # Examples
///
/// ```
/// use isotypic_work::ContentHash;
///
/// let hash = ContentHash::of_bytes(b"abc").to_string();
/// assert!(hash.starts_with("ba7816bf"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// The digest of bytes.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of an array: its shape and the bits of its values in C order.
    ///
    /// Arrays of different shape differ even if their values agree, and `0.0` differs from `-0.0`. The digest does
    /// not depend on the machine's byte order.
    pub fn of_array<'a>(shape: &[usize], values: impl IntoIterator<Item = &'a f64>) -> Self {
        let mut hasher = Sha256::new();
        hasher.update((shape.len() as u64).to_le_bytes());
        for &length in shape {
            hasher.update((length as u64).to_le_bytes());
        }
        let mut block = Vec::with_capacity(8192);
        for value in values {
            block.extend_from_slice(&value.to_le_bytes());
            if block.len() == block.capacity() {
                hasher.update(&block);
                block.clear();
            }
        }
        hasher.update(&block);
        Self(hasher.finalize().into())
    }

    /// The digest of a file, the same as of its bytes, without holding it in memory.
    ///
    /// # Errors
    /// [`WorkError::CannotRead`].
    pub fn of_file(path: impl AsRef<Path>) -> Result<Self, WorkError> {
        let path = path.as_ref();
        digest_file(path).map_err(|cause| WorkError::CannotRead { path: path.to_owned(), cause })
    }

    /// The 32 bytes of the digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

fn digest_file(path: &Path) -> io::Result<ContentHash> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut block = vec![0; 1 << 16];
    loop {
        match file.read(&mut block) {
            Ok(0) => return Ok(ContentHash(hasher.finalize().into())),
            Ok(read) => hasher.update(&block[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_sha256() {
        // FIPS 180-4, the example of one block and the empty message.
        assert_eq!(
            ContentHash::of_bytes(b"abc").to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            ContentHash::of_bytes(b"").to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn shape_and_sign_of_zero_count() {
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 0.0];
        let hash = |shape: &[usize], values: &[f64]| ContentHash::of_array(shape, values);
        assert_eq!(hash(&[2, 3], &values), hash(&[2, 3], &values.clone()));
        assert_ne!(hash(&[2, 3], &values), hash(&[3, 2], &values));
        assert_ne!(hash(&[6], &values), hash(&[1, 6], &values));
        assert_ne!(hash(&[6], &values), hash(&[6], &[1.0, 2.0, 3.0, 4.0, 5.0, -0.0]));
    }

    #[test]
    fn an_array_is_hashed_as_lengths_and_values_in_little_endian() {
        let values: Vec<f64> = (0..3000).map(f64::from).collect();
        let mut bytes = Vec::new();
        for length in [2u64, 30, 100] {
            bytes.extend(length.to_le_bytes());
        }
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        assert_eq!(ContentHash::of_array(&[30, 100], &values), ContentHash::of_bytes(&bytes));
    }

    #[test]
    fn a_file_hashes_as_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let bytes: Vec<u8> = (0..200_000u32).map(|i| (i % 251) as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(ContentHash::of_file(&path).unwrap(), ContentHash::of_bytes(&bytes));
        let error = ContentHash::of_file(folder.path().join("missing")).unwrap_err().to_string();
        assert!(error.ends_with("missing`: no such file or directory"), "{error}");
    }
}
