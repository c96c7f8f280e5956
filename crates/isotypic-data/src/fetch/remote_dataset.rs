//! What a published dataset consists of, and where it is published.

/// A dataset that can be fetched: files, and servers that have all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteDataset {
    /// Its name in the catalogue, and that of its folder in the cache.
    pub name: String,
    /// Addresses of folders, in the order in which they are tried.
    pub mirrors: Vec<String>,
    /// The files.
    pub files: Vec<RemoteFile>,
}

/// One file of a dataset. Mirrors have it packed, as `NAME.gz`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFile {
    /// Its name, unpacked.
    pub name: String,
    /// Its size in bytes, unpacked.
    pub bytes: u64,
    /// SHA-256 of its content, unpacked, in lower-case hexadecimal digits.
    pub sha256: String,
}

impl RemoteDataset {
    /// The dataset of a name, if one of that name is published.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        (name == "mnist").then(Self::mnist)
    }

    /// MNIST (LeCun, Cortes and Burges, CC BY-SA 3.0).
    ///
    /// The hashes are those of the original files, unpacked, so that they do not depend on how a mirror packs.
    #[must_use]
    pub fn mnist() -> Self {
        let file =
            |name: &str, bytes, sha256: &str| RemoteFile { name: name.into(), bytes, sha256: sha256.into() };
        Self {
            name: "mnist".into(),
            mirrors: vec![
                "https://ossci-datasets.s3.amazonaws.com/mnist/".into(),
                "https://storage.googleapis.com/cvdf-datasets/mnist/".into(),
            ],
            files: vec![
                file(
                    "train-images-idx3-ubyte",
                    16 + 60_000 * 784,
                    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                ),
                file(
                    "train-labels-idx1-ubyte",
                    8 + 60_000,
                    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                ),
                file(
                    "t10k-images-idx3-ubyte",
                    16 + 10_000 * 784,
                    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                ),
                file(
                    "t10k-labels-idx1-ubyte",
                    8 + 10_000,
                    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
                ),
            ],
        }
    }

    /// The same from other servers.
    ///
    /// What they send is checked like anything else, so that they need not be trusted.
    #[must_use]
    pub fn with_mirrors(self, mirrors: Vec<String>) -> Self {
        Self { mirrors, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_hexadecimal_and_mirrors_are_folders() {
        let mnist = RemoteDataset::named("mnist").unwrap();
        for file in &mnist.files {
            assert_eq!(file.sha256.len(), 64);
            assert!(
                file.sha256.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit))
            );
        }
        assert!(mnist.mirrors.iter().all(|mirror| mirror.starts_with("https://") && mirror.ends_with('/')));
        assert_eq!(RemoteDataset::named("mini-mnist"), None);
    }
}
