//! The folder of the user in which fetched datasets are kept.

use std::env;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::fetch::RemoteDataset;
use crate::{DataError, RemoteFile};

/// Names the folder in place of the one that the system has for such things.
const VARIABLE: &str = "ISOTYPIC_CACHE";

/// A folder with one folder for each dataset.
///
/// Files appear in it whole and checked, so that a dataset is complete when all of its files are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetCache {
    folder: PathBuf,
}

impl DatasetCache {
    /// The cache of the user: the environment variable `ISOTYPIC_CACHE`, or `isotypic` in the system's folder for caches
    /// (`$XDG_CACHE_HOME` or `~/.cache`; on Windows that of local application data).
    ///
    /// # Errors
    /// [`DataError::NoCacheFolder`] for a user without a home.
    pub fn of_user() -> Result<Self, DataError> {
        if let Some(folder) = env::var_os(VARIABLE).filter(|folder| !folder.is_empty()) {
            return Ok(Self::at(folder));
        }
        let system = etcetera::choose_base_strategy().map_err(|_| DataError::NoCacheFolder)?;
        Ok(Self::at(system.cache_dir().join("isotypic")))
    }

    /// A cache in this folder, which need not exist.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder of all datasets.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of one dataset.
    #[must_use]
    pub fn folder_of(&self, dataset: &RemoteDataset) -> PathBuf {
        self.folder.join(&dataset.name)
    }

    /// The folder of a dataset if all of its files are there.
    #[must_use]
    pub fn find(&self, dataset: &RemoteDataset) -> Option<PathBuf> {
        let folder = self.folder_of(dataset);
        let is_there = |file: &RemoteFile| folder.join(&file.name).is_file();
        dataset.files.iter().all(is_there).then_some(folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dataset_is_there_when_all_of_its_files_are() {
        let place = tempfile::tempdir().unwrap();
        let cache = DatasetCache::at(place.path());
        let mnist = RemoteDataset::mnist();
        std::fs::create_dir(cache.folder_of(&mnist)).unwrap();
        for file in &mnist.files {
            assert_eq!(cache.find(&mnist), None);
            std::fs::write(cache.folder_of(&mnist).join(&file.name), b"").unwrap();
        }
        assert_eq!(cache.find(&mnist), Some(place.path().join("mnist")));
    }
}
