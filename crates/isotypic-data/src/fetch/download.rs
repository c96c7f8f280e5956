//! Fetching a dataset: each file from the first server that gives the right one.

use std::fs;
use std::path::{Path, PathBuf};

use isotypic_work::{Monitor, WorkError};
use ureq::Agent;

use super::partial_file::{PartialFile, Trouble, client};
use super::unpack::{is_right, unpack};
use super::{RemoteDataset, RemoteFile};
use crate::{DataError, DatasetCache};

/// The folder, in that of a dataset, of files that have not arrived wholly.
const PARTIAL: &str = "partial";

/// What fetching did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The folder with the files.
    pub folder: PathBuf,
    /// For each file its name and where it came from; `None` if it was there.
    pub files: Vec<(String, Option<String>)>,
}

/// A dataset that is about to be fetched into a cache.
///
/// # Examples
/// ```
/// use isotypic_data::{DatasetCache, DatasetFetch, RemoteDataset};
///
/// let mirror = vec!["ftp://example.org".to_owned()];
/// let fetch = DatasetFetch::new(RemoteDataset::mnist().with_mirrors(mirror), DatasetCache::at("cache"));
/// assert_eq!(fetch.unwrap_err().to_string(), "mirror `ftp://example.org`: not an address of a web server");
/// ```
#[derive(Clone, Debug)]
pub struct DatasetFetch {
    dataset: RemoteDataset,
    cache: DatasetCache,
}

impl DatasetFetch {
    /// Checks the addresses of the mirrors.
    ///
    /// # Errors
    /// [`DataError::BadMirror`].
    pub fn new(dataset: RemoteDataset, cache: DatasetCache) -> Result<Self, DataError> {
        for mirror in &dataset.mirrors {
            let host = mirror.strip_prefix("http://").or_else(|| mirror.strip_prefix("https://"));
            let is_address = host.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
                && !mirror.contains(char::is_whitespace);
            if !is_address {
                return Err(DataError::BadMirror { mirror: mirror.clone() });
            }
        }
        Ok(Self { dataset, cache })
    }

    /// Fetches what is not there yet.
    ///
    /// Files that are there are checked; a damaged one is fetched again. Stopped or failed, it goes on where it was when it is run again.
    ///
    /// # Errors
    /// [`DataError::NotFetched`] says what each mirror did; [`DataError::NoEncryption`] if something is missing, all mirrors need
    /// encrypted connections, and this program was built without them (feature `download`); [`DataError::Interrupted`]; [`DataError::BeingFetched`] by another process;
    /// [`DataError::Work`] if the cache cannot be written.
    pub fn run(&self, monitor: &Monitor) -> Result<Fetched, DataError> {
        let folder = self.cache.folder_of(&self.dataset);
        let partial = folder.join(PARTIAL);
        fs::create_dir_all(&partial)
            .map_err(|cause| WorkError::CannotWrite { path: partial.clone(), cause })?;
        let client = client();
        let mut files = Vec::new();
        let outcome = self.dataset.files.iter().try_for_each(|file| {
            let target = folder.join(&file.name);
            let source = match is_right(&target, file)? {
                true => None,
                false => Some(self.fetch(&client, file, (&target, &partial), monitor)?),
            };
            files.push((file.name.clone(), source));
            Ok(())
        });
        // Gone if nothing in it is worth going on with.
        let _ = fs::remove_dir(&partial);
        if outcome.is_err() {
            let _ = fs::remove_dir(&folder);
        }
        outcome.map(|()| Fetched { folder, files })
    }

    /// Fetches one file; returns where it came from.
    fn fetch(
        &self,
        client: &Agent,
        file: &RemoteFile,
        (target, partial): (&Path, &Path),
        monitor: &Monitor,
    ) -> Result<String, DataError> {
        let is_encrypted = |mirror: &String| mirror.starts_with("https://");
        if !cfg!(feature = "download") && self.dataset.mirrors.iter().all(is_encrypted) {
            return Err(DataError::NoEncryption { name: self.dataset.name.clone() });
        }
        let mut attempts = Vec::new();
        for mirror in &self.dataset.mirrors {
            let address = format!("{}/{}.gz", mirror.trim_end_matches('/'), file.name);
            match from_one(client, &address, file, (target, partial), monitor) {
                Ok(()) => return Ok(address),
                Err(Trouble::Here(error)) => return Err(error),
                Err(Trouble::Server(reason)) => attempts.push(format!("{address}: {reason}")),
            }
        }
        Err(DataError::NotFetched { name: self.dataset.name.clone(), file: file.name.clone(), attempts })
    }
}

/// Fetches a file from one address.
fn from_one(
    client: &Agent,
    address: &str,
    file: &RemoteFile,
    (target, folder): (&Path, &Path),
    monitor: &Monitor,
) -> Result<(), Trouble> {
    if address.starts_with("https://") && !cfg!(feature = "download") {
        return Err(Trouble::Server("this program was built without encrypted connections".into()));
    }
    let mut partial = PartialFile::open(folder, address)?;
    loop {
        if let Err(trouble) = partial.receive(client, address, file, monitor) {
            let is_empty = partial.path().metadata().is_ok_and(|metadata| metadata.len() == 0);
            if is_empty {
                partial.remove()?;
            }
            return Err(trouble);
        }
        match unpack(partial.path(), target, file)? {
            Ok(()) => return Ok(partial.remove()?),
            // What was kept from an earlier run may be the beginning of another file.
            Err(_) if partial.is_continued() => partial.clear()?,
            Err(reason) => {
                partial.remove()?;
                return Err(Trouble::Server(reason));
            }
        }
    }
}
