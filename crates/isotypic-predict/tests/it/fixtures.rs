//! Reads `fixtures/` at the root of the repository.

use std::fs::File;
use std::path::Path;

use ndarray::OwnedRepr;
use ndarray::{Array, Dimension};
use ndarray_npy::{NpzReader, ReadNpzError, ReadableElement};

/// One `.npz` file.
pub(crate) struct Fixture(NpzReader<File>);

impl Fixture {
    pub(crate) fn open(path: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(path);
        let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self(NpzReader::new(file).expect("a zip file"))
    }

    /// An array, of whatever precision it was stored in.
    pub(crate) fn floats<D: Dimension>(&mut self, name: &str) -> Array<f64, D> {
        match self.read::<f64, D>(name) {
            Ok(values) => values,
            Err(_) => self.read::<f32, D>(name).expect("an array of f64 or f32").mapv(f64::from),
        }
    }

    /// A whole number.
    pub(crate) fn integer(&mut self, name: &str) -> i64 {
        self.read::<i64, ndarray::Ix0>(name).expect("an integer").into_scalar()
    }

    fn read<T: ReadableElement, D: Dimension>(&mut self, name: &str) -> Result<Array<T, D>, ReadNpzError> {
        self.0.by_name::<OwnedRepr<T>, D>(name)
    }
}
