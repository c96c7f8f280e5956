//! The datasets known by name.

use crate::{DatasetCache, RemoteDataset};

/// A dataset known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatalogueEntry {
    /// The name that `--data` takes.
    pub name: &'static str,
    /// What it holds, and where it comes from.
    pub description: &'static str,
}

impl CatalogueEntry {
    /// Whether it can be read right now: it is built in, or was fetched before.
    #[must_use]
    pub fn is_available(&self) -> bool {
        let Some(remote) = RemoteDataset::named(self.name) else { return true };
        DatasetCache::of_user().is_ok_and(|cache| cache.find(&remote).is_some())
    }
}

/// All datasets known by name, the default first.
#[must_use]
pub fn catalogue() -> &'static [CatalogueEntry] {
    &CATALOGUE
}

const CATALOGUE: [CatalogueEntry; 2] = [
    CatalogueEntry {
        name: "mini-mnist",
        description: "1,000 handwritten digits, 28×28 grey, the first 100 of each class of the MNIST training set; \
                      built in",
    },
    CatalogueEntry {
        name: "mnist",
        description: "60,000 + 10,000 handwritten digits, 28×28 grey; 11 MiB, fetched once",
    },
];
