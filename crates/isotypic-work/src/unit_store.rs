//! Finished units of work on disk, so that an interrupted computation goes on where it stopped.
//!
//! One file per unit, named after its key. A file whose checksum is right is the only record there is: no journal,
//! no time stamps.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::atomic::write_atomically;
use crate::content_hash::ContentHash;
use crate::error::WorkError;

/// The first bytes of every unit file; the number rises with the layout.
const HEADER: &[u8; 16] = b"isotypic-unit-1\n";

/// What is on disk for a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitState {
    /// The result of the unit.
    Present(Vec<u8>),
    /// The unit has not been finished.
    Absent,
    /// Something is there that is not the unit's result; compute it again.
    Corrupted,
}

/// A folder of finished units. Any number of threads and processes may use it at once.
///
/// # Examples
///
/// ```
/// use isotypic_work::{UnitState, UnitStore};
///
/// let folder = tempfile::tempdir()?;
/// let store = UnitStore::open(folder.path())?;
/// let key = UnitStore::key(b"inputs, architecture and everything else the result depends on");
/// assert_eq!(store.get(&key)?, UnitState::Absent);
/// store.put(&key, b"the result")?;
/// assert_eq!(store.get(&key)?, UnitState::Present(b"the result".to_vec()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct UnitStore {
    folder: PathBuf,
}

impl UnitStore {
    /// A store in `folder`, made if missing with its parents.
    ///
    /// # Errors
    /// [`WorkError::CannotWrite`].
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, WorkError> {
        let folder = folder.into();
        fs::create_dir_all(&folder).map_err(WorkError::cannot_write(&folder))?;
        Ok(Self { folder })
    }

    /// The key of a unit: the hash of a description of everything that its result depends on.
    pub fn key(description: &[u8]) -> ContentHash {
        ContentHash::of_bytes(description)
    }

    /// The folder of the store.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Reads a unit and checks it.
    ///
    /// # Errors
    /// [`WorkError::CannotRead`] when the file is there and the system does not let it be read.
    pub fn get(&self, key: &ContentHash) -> Result<UnitState, WorkError> {
        let path = self.file(key);
        match fs::read(&path) {
            Ok(bytes) => Ok(decode(key, &bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(UnitState::Absent),
            Err(cause) => Err(WorkError::CannotRead { path, cause }),
        }
    }

    /// Keeps the result of a unit, whole or not at all; what was there is replaced.
    ///
    /// # Errors
    /// Those of [`write_atomically`].
    pub fn put(&self, key: &ContentHash, result: &[u8]) -> Result<(), WorkError> {
        write_atomically(self.file(key), |file| {
            file.write_all(HEADER)?;
            file.write_all(checksum(key, result).as_slice())?;
            file.write_all(result)
        })
    }

    /// Forgets a unit, whether or not it is there.
    ///
    /// # Errors
    /// [`WorkError::CannotWrite`].
    pub fn remove(&self, key: &ContentHash) -> Result<(), WorkError> {
        let path = self.file(key);
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                Err(WorkError::CannotWrite { path, cause })
            }
            _ => Ok(()),
        }
    }

    fn file(&self, key: &ContentHash) -> PathBuf {
        self.folder.join(format!("{key}.unit"))
    }
}

/// Covers the key, so that a file under another's name is not taken for it.
fn checksum(key: &ContentHash, result: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(key.as_bytes());
    hasher.update(result);
    hasher.finalize().into()
}

fn decode(key: &ContentHash, bytes: &[u8]) -> UnitState {
    let checked = bytes
        .strip_prefix(HEADER)
        .and_then(|rest| rest.split_first_chunk::<32>())
        .filter(|(sum, result)| **sum == checksum(key, result));
    match checked {
        Some((_, result)) => UnitState::Present(result.to_vec()),
        None => UnitState::Corrupted,
    }
}
