//! A folder to run the program in, with small files made for the test.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use ndarray::{Array, Array4, Dimension};
use ndarray_npy::{NpzWriter, ReadNpyExt, WritableElement, write_npy};
use serde_json::Value;
use tempfile::TempDir;

/// Seeds in `images.npz`; their classes take turns.
pub(crate) const SEEDS: usize = 8;
/// Height and width of its images.
pub(crate) const SIDE: usize = 6;

/// A folder that is removed at the end of the test. The program runs in it.
pub(crate) struct Workplace(TempDir);

impl Workplace {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with `images.npz`: 8 images of 6×6 pixels of the classes 3 and 5 in turns.
    pub(crate) fn with_images() -> Self {
        Self::with_images_of(SIDE)
    }

    /// The same with images of other extents.
    pub(crate) fn with_images_of(side: usize) -> Self {
        let place = Self::empty();
        let mut archive = NpzWriter::new(File::create(place.path("images.npz")).unwrap());
        archive.add_array("images", &images_of(side)).unwrap();
        let labels = Array::from_shape_fn(SEEDS, |seed| if seed % 2 == 0 { 3_i64 } else { 5 });
        archive.add_array("labels", &labels).unwrap();
        archive.finish().unwrap();
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn write_array<T: WritableElement, D: Dimension>(&self, name: &str, array: &Array<T, D>) {
        write_npy(self.path(name), array).unwrap();
    }

    pub(crate) fn read_array<D: Dimension>(&self, name: &str) -> Array<f64, D> {
        Array::read_npy(File::open(self.path(name)).unwrap()).unwrap()
    }

    /// An array of `float32`.
    pub(crate) fn read_single<D: Dimension>(&self, name: &str) -> Array<f32, D> {
        Array::read_npy(File::open(self.path(name)).unwrap()).unwrap()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// All files and folders, at any depth.
    pub(crate) fn content(&self) -> BTreeSet<PathBuf> {
        fn collect(folder: &Path, found: &mut BTreeSet<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    collect(&path, found);
                }
                found.insert(path);
            }
        }
        let mut found = BTreeSet::new();
        collect(self.0.path(), &mut found);
        found
    }

    /// The program in this folder with arguments separated by blanks, ready to run.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("isotypic");
        command.args(line.split_whitespace()).current_dir(self.0.path());
        // Not what the user at this machine has fetched.
        command.env("ISOTYPIC_CACHE", self.path("cache"));
        command
    }

    /// Runs the program in this folder with arguments separated by blanks.
    pub(crate) fn run(&self, line: &str) -> Run {
        Run(self.command(line).output().unwrap())
    }

    /// Runs the program, which must succeed and say nothing on standard error; its JSON document.
    pub(crate) fn json(&self, line: &str) -> Value {
        let run = self.run(&format!("{line} --json"));
        assert_eq!((run.code(), run.stderr()), (0, String::new()), "{line}");
        serde_json::from_str(&run.stdout()).unwrap()
    }
}

/// What came of a run.
pub(crate) struct Run(Output);

impl Run {
    pub(crate) fn code(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }
}

/// Images without any symmetry, pixels from 0 to 255.
pub(crate) fn images() -> Array4<f64> {
    images_of(SIDE)
}

/// The same of other extents.
pub(crate) fn images_of(side: usize) -> Array4<f64> {
    Array4::from_shape_fn((SEEDS, side, side, 1), |(seed, y, x, _)| {
        let mixed = (seed * 977 + y * 131 + x * 37 + 11) * (seed + 3 * y + 7 * x + 5);
        (mixed * 2_654_435_761 % 4_294_967_296 / 16_777_216) as f64
    })
}
