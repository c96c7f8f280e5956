//! The datasets known by name.

/// A dataset known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatalogueEntry {
    /// The name that `--data` takes.
    pub name: &'static str,
    /// What it holds, and where it comes from.
    pub description: &'static str,
    /// Whether it can be read right now, without a folder of its own.
    pub available: bool,
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
        available: true,
    },
    CatalogueEntry {
        name: "mnist",
        description: "60,000 + 10,000 handwritten digits, 28×28 grey; pass the folder with its IDX files",
        available: false,
    },
];
