//! Where images come from: a name or a path becomes a source, a source becomes labelled images.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::nearest;
use crate::label_spec::has_extension;
use crate::{
    DataError, DatasetCache, LabelledImages, Labels, RemoteDataset, Split, arrays, catalogue, idx_folder,
    mini_mnist,
};

/// A place that labelled images can be read from.
///
/// # Examples
/// ```
/// use isotypic_data::{DataSource, Split};
///
/// let digits = DataSource::parse("mini-mnist")?.load(Split::Train, None)?;
/// assert_eq!(digits.labels().first_of_class("7", 2)?.len(), 2);
/// # Ok::<(), isotypic_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataSource {
    /// The digits inside the program; see [`mini_mnist`].
    MiniMnist,
    /// A published dataset, from the cache of the user.
    Cached {
        /// Its name.
        name: &'static str,
        /// The folder of its IDX files.
        folder: PathBuf,
    },
    /// A folder of IDX files (`train-images-idx3-ubyte`, …, plain or gzip).
    IdxFolder(PathBuf),
    /// An archive with the arrays `images` and `labels`.
    Npz(PathBuf),
    /// Images alone; labels are given separately.
    Npy(PathBuf),
}

impl DataSource {
    /// A source from `--data`: a name of the [`catalogue`], a folder, or a file. A known name comes before a file of
    /// the same name (`./mnist` is the file).
    ///
    /// # Errors
    /// [`DataError::UnknownSource`] with the nearest known name, [`DataError::NotAvailable`],
    /// [`DataError::UnsupportedFile`], [`DataError::Read`] for a path that is not there.
    pub fn parse(spec: &str) -> Result<Self, DataError> {
        match spec {
            "mini-mnist" => return Ok(Self::MiniMnist),
            "mnist" => return Self::cached("mnist", &DatasetCache::of_user()?),
            _ => {}
        }
        let path = Path::new(spec);
        if path.is_dir() {
            return Ok(Self::IdxFolder(path.into()));
        }
        let is_npz = has_extension(path, "npz");
        let looks_like_a_path = is_npz || has_extension(path, "npy") || spec.contains(['/', '\\']);
        match std::fs::metadata(path) {
            Ok(_) if is_npz => Ok(Self::Npz(path.into())),
            Ok(_) if has_extension(path, "npy") => Ok(Self::Npy(path.into())),
            Ok(_) => Err(DataError::UnsupportedFile { file: spec.into() }),
            Err(source) if looks_like_a_path => Err(DataError::Read { file: spec.into(), source }),
            Err(_) => Err(DataError::UnknownSource {
                name: spec.into(),
                nearest: nearest(spec, catalogue().iter().map(|entry| entry.name)),
            }),
        }
    }

    /// A published dataset, if it is in this cache.
    fn cached(name: &'static str, cache: &DatasetCache) -> Result<Self, DataError> {
        let remote = RemoteDataset::named(name);
        let folder = remote.and_then(|remote| cache.find(&remote));
        folder.map(|folder| Self::Cached { name, folder }).ok_or(DataError::NotAvailable { name })
    }

    /// Reads the images. Labels that are given replace those of the source.
    ///
    /// # Errors
    /// [`DataError::NoSuchSplit`] for the test split of anything but IDX files, [`DataError::NoLabels`] for images
    /// without labels, and whatever is wrong with the files.
    pub fn load(&self, split: Split, labels: Option<&Labels>) -> Result<LabelledImages, DataError> {
        if split != Split::Train && !matches!(self, Self::IdxFolder(_) | Self::Cached { .. }) {
            return Err(DataError::NoSuchSplit { name: self.to_string(), split });
        }
        match self {
            Self::MiniMnist => {
                let digits = mini_mnist()?;
                match labels {
                    Some(labels) => digits.with_labels(labels.clone()),
                    None => Ok(digits),
                }
            }
            Self::IdxFolder(folder) | Self::Cached { folder, .. } => idx_folder::load(folder, split, labels),
            Self::Npz(path) => arrays::load_npz(path, labels),
            Self::Npy(path) => arrays::load_npy(path, labels),
        }
    }
}

impl fmt::Display for DataSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MiniMnist => f.write_str("mini-mnist"),
            Self::Cached { name, .. } => f.write_str(name),
            Self::IdxFolder(path) | Self::Npz(path) | Self::Npy(path) => path.display().fmt(f),
        }
    }
}
