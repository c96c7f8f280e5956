//! The one error type of this crate.
//!
//! Every message starts with the place (a file, or `archive.npz:array`), then says what was expected and what
//! came. [`DataError::hint`] says what can be done about it.

use std::io;
use std::path::PathBuf;

use isotypic_work::{Interrupted, WorkError};
use thiserror::Error;

use crate::{GramMatrix, Split};

/// Why data could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// Labels that vary along an orbit.
    #[error("`{place}`: seed {orbit} has the label `{first}` at pose 0 and `{other}` at pose {pose}")]
    LabelVaries {
        /// What the labels are for.
        place: String,
        /// The seed.
        orbit: usize,
        /// The first pose with another label than pose 0.
        pose: usize,
        /// The label at pose 0.
        first: String,
        /// The label at that pose.
        other: String,
    },
    /// The operating system refused to give the file.
    #[error("cannot read `{file}`: {source}")]
    Read {
        /// The file.
        file: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// Neither a known dataset nor anything on disk.
    #[error("unknown dataset `{name}`")]
    UnknownSource {
        /// What was asked for.
        name: String,
        /// The known name closest to it, if one is close.
        nearest: Option<&'static str>,
    },
    /// A known dataset that does not come with the program.
    #[error("dataset `{name}` has not been fetched yet")]
    NotAvailable {
        /// The dataset.
        name: &'static str,
    },
    /// A dataset that no mirror gave.
    #[error("dataset `{name}`: no mirror gave `{file}`: {}", attempts.join("; "))]
    NotFetched {
        /// The dataset.
        name: String,
        /// The file.
        file: String,
        /// The address of each attempt, and what came of it.
        attempts: Vec<String>,
    },
    /// Something else than the address of a folder on a web server.
    #[error("mirror `{mirror}`: not an address of a web server")]
    BadMirror {
        /// What was given.
        mirror: String,
    },
    /// Mirrors that need encrypted connections, which this program was built without.
    #[error("dataset `{name}`: its mirrors need encrypted connections, which this program was built without")]
    NoEncryption {
        /// The dataset.
        name: String,
    },
    /// Another process that fetches the same file.
    #[error("`{}`: another process is fetching this dataset", folder.display())]
    BeingFetched {
        /// The folder of files that have not arrived wholly.
        folder: PathBuf,
    },
    /// A user without a folder for caches.
    #[error("no folder to keep datasets in: this user has no home")]
    NoCacheFolder,
    /// The user stopped it.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// A file cannot be kept.
    #[error(transparent)]
    Work(WorkError),
    /// A file of a kind that holds no dataset.
    #[error("`{file}`: not a kind of dataset file that can be read")]
    UnsupportedFile {
        /// The file.
        file: String,
    },
    /// A dataset without this split.
    #[error("`{name}` has no `{split}` split")]
    NoSuchSplit {
        /// The dataset.
        name: String,
        /// The split that was asked for.
        split: Split,
    },
    /// A folder without the expected IDX file.
    #[error("`{folder}`: no {content} of the `{split}` split found; looked for {}", backticked(looked_for))]
    MissingIdxFile {
        /// The folder.
        folder: String,
        /// The split that was asked for.
        split: Split,
        /// `images` or `labels`.
        content: &'static str,
        /// All file names that would have done.
        looked_for: Vec<String>,
    },
    /// The first four bytes are not those of the expected IDX file.
    #[error("`{file}`: expected magic number `{expected:#010x}` ({content}), got `{got:#010x}`")]
    WrongMagic {
        /// The file.
        file: String,
        /// What the file should hold.
        content: &'static str,
        /// The magic number of such a file.
        expected: u32,
        /// The first four bytes of this file, big-endian.
        got: u32,
    },
    /// Fewer bytes than the header announces.
    #[error("`{file}`: truncated: expected {expected} bytes, got {got}")]
    Truncated {
        /// The file.
        file: String,
        /// Bytes announced (after decompression, header included).
        expected: u64,
        /// Bytes present.
        got: u64,
    },
    /// More bytes than the header announces.
    #[error("`{file}`: expected {expected} bytes, but {extra} more follow")]
    TrailingBytes {
        /// The file.
        file: String,
        /// Bytes announced (after decompression, header included).
        expected: u64,
        /// Bytes after those.
        extra: u64,
    },
    /// A header whose array cannot be in a file of this size.
    #[error(
        "`{file}`: the header announces an array of shape {shape:?}, which a file of {file_bytes} bytes cannot hold"
    )]
    ImpossibleShape {
        /// The file.
        file: String,
        /// The shape in the header.
        shape: Vec<u64>,
        /// Size of the file in bytes.
        file_bytes: u64,
    },
    /// Damaged gzip data.
    #[error("`{file}`: corrupt gzip data: {message}")]
    CorruptGzip {
        /// The file.
        file: String,
        /// What the decoder said.
        message: String,
    },
    /// A damaged `.npy` or `.npz` file, or another kind of file under that name.
    #[error("`{file}`: not a valid {format} file: {message}")]
    CorruptArray {
        /// The file, or `archive.npz:array`.
        file: String,
        /// `.npy` or `.npz`.
        format: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// An archive without the array that is needed.
    #[error("`{file}`: no array `{array}`; found {}", backticked(found))]
    MissingArray {
        /// The archive.
        file: String,
        /// The array that is needed.
        array: &'static str,
        /// The arrays there are.
        found: Vec<String>,
    },
    /// An element type that is not read at this place.
    #[error("`{file}`: expected element type {expected}, got `{got}`")]
    WrongElementType {
        /// The file, or `archive.npz:array`.
        file: String,
        /// The element types that would do.
        expected: &'static str,
        /// NumPy's name of the one that came.
        got: String,
    },
    /// An array of the wrong rank.
    #[error("`{file}`: expected {expected}, got an array of shape {shape:?}")]
    WrongShape {
        /// The file, or `archive.npz:array`.
        file: String,
        /// The axes expected, such as `[n, H, W, C]`.
        expected: &'static str,
        /// The shape that came.
        shape: Vec<usize>,
    },
    /// Nothing in it.
    #[error("`{place}`: empty: shape {shape:?}")]
    Empty {
        /// The file or dataset.
        place: String,
        /// Its shape, with a zero in it.
        shape: Vec<usize>,
    },
    /// NaN or infinity among the pixels.
    #[error("`{place}`: image {image}, pixel (row {row}, column {column}, channel {channel}) is `{value}`")]
    NotFinitePixel {
        /// The file or dataset.
        place: String,
        /// Position of the image.
        image: usize,
        /// Row of the pixel.
        row: usize,
        /// Column of the pixel.
        column: usize,
        /// Channel of the pixel.
        channel: usize,
        /// The pixel.
        value: f64,
    },
    /// NaN or infinity in an array that is not an image.
    #[error("`{place}`: entry {index:?} is `{value}`")]
    NotFiniteEntry {
        /// The file.
        place: String,
        /// Position of the entry.
        index: Vec<usize>,
        /// The entry.
        value: f64,
    },
    /// Not one label per image or seed.
    #[error("`{place}`: {count} {items}, but {labels} labels")]
    CountMismatch {
        /// The file or dataset.
        place: String,
        /// `images` or `seeds`.
        items: &'static str,
        /// How many of those.
        count: usize,
        /// How many labels.
        labels: usize,
    },
    /// Images that came without labels.
    #[error("`{file}`: images without labels")]
    NoLabels {
        /// The file.
        file: String,
    },
    /// A list of labels with a hole in it, or none at all.
    #[error("{place}: label {position} is empty")]
    EmptyLabel {
        /// Where the labels came from.
        place: String,
        /// Position of the label, from 0.
        position: usize,
    },
    /// A label file that is not text.
    #[error("`{file}`: not UTF-8 text")]
    NotText {
        /// The file.
        file: String,
    },
    /// A label that should have been a whole number.
    #[error("`{file}`: label {position} is `{value}`, expected a whole number")]
    NotWholeNumber {
        /// The file, or `archive.npz:array`.
        file: String,
        /// Position of the label.
        position: usize,
        /// The label.
        value: f64,
    },
    /// A class that no label names.
    #[error("unknown class `{name}`; there are {}", backticked(classes))]
    UnknownClass {
        /// What was asked for.
        name: String,
        /// The classes there are.
        classes: Vec<String>,
    },
    /// Fewer members of a class than asked for.
    #[error("class `{class}`: {wanted} members asked for, {found} found")]
    TooFewInClass {
        /// The class.
        class: String,
        /// How many were asked for.
        wanted: usize,
        /// How many there are.
        found: usize,
    },
    /// An index beyond the end of the data.
    #[error("`{place}`: index {index} is out of range: {count} {items}")]
    OutOfRange {
        /// The dataset.
        place: String,
        /// The index.
        index: usize,
        /// How many there are.
        count: usize,
        /// `images` or `labels`.
        items: &'static str,
    },
    /// A Gram matrix that is not symmetric.
    #[error(
        "`{place}`: not symmetric: entry [{row}, {column}] is `{upper:e}`, entry [{column}, {row}] is `{lower:e}`"
    )]
    NotSymmetric {
        /// The file.
        place: String,
        /// Row of the worst entry above the diagonal.
        row: usize,
        /// Its column.
        column: usize,
        /// The entry.
        upper: f64,
        /// Its mirror image below the diagonal.
        lower: f64,
    },
    /// A Gram matrix whose size does not fit the orbits.
    #[error("`{place}`: expected {} rows ({seeds} seeds × {order} group elements), got {rows}", seeds * order)]
    WrongGramSize {
        /// The file.
        place: String,
        /// Number of seeds.
        seeds: usize,
        /// Number of group elements.
        order: usize,
        /// Rows of the matrix.
        rows: usize,
    },
}

impl From<WorkError> for DataError {
    fn from(error: WorkError) -> Self {
        match error {
            WorkError::Interrupted(interrupted) => Self::Interrupted(interrupted),
            error => Self::Work(error),
        }
    }
}

impl DataError {
    /// What can be done about it, where something can.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::UnknownSource { nearest: Some(near), .. } => format!("did you mean `{near}`?"),
            Self::UnknownSource { nearest: None, .. } => {
                "pass `mini-mnist`, a folder of IDX files, or a `.npz` or `.npy` file".into()
            }
            Self::NotAvailable { name } => format!(
                "`isotypic data fetch {name}` fetches it once; or pass a folder with its IDX files, or use `mini-mnist`, which is built in"
            ),
            Self::NotFetched { .. } => {
                "the same command goes on where it stopped; `--mirror URL` names another server, and `--data FOLDER` takes IDX files from anywhere"
                    .into()
            }
            Self::BadMirror { .. } => "expected `http://HOST/FOLDER/` or `https://HOST/FOLDER/`".into(),
            Self::NoEncryption { name } => format!(
                "`cargo run --release --features download -- data fetch {name}` builds it with them; or name a server with `--mirror http://HOST/FOLDER/`"
            ),
            Self::BeingFetched { .. } => "wait until it has ended".into(),
            Self::NoCacheFolder => "name a folder in the environment variable `ISOTYPIC_CACHE`".into(),
            Self::Interrupted(_) => return None,
            Self::Work(error) => return error.hint(),
            Self::UnsupportedFile { .. } => {
                "pass a `.npz` or `.npy` file, or, for IDX files, the folder they are in".into()
            }
            Self::NoSuchSplit { .. } => "leave out `--split`".into(),
            Self::LabelVaries { .. } => {
                "all poses of a seed are the same object and have its class; give one label per seed".into()
            }
            Self::WrongMagic { got, .. } => return idx_hint(*got),
            Self::Truncated { .. } | Self::CorruptGzip { .. } => {
                "the file is incomplete or damaged; fetch it again".into()
            }
            Self::MissingArray { array, .. } => {
                format!("save it with `numpy.savez(path, {array}=…)`")
            }
            Self::WrongElementType { .. } => {
                "convert with `array.astype(\"float64\")` or, for labels, `\"int64\"`".into()
            }
            Self::WrongShape { expected, shape, .. } if expected.contains('H') && shape.len() == 1 => {
                "the first axis counts images or vectors; numpy's `reshape` makes it".into()
            }
            Self::NotFinitePixel { .. } | Self::NotFiniteEntry { .. } => {
                "replace NaN and infinite values before saving, for example with `numpy.nan_to_num`".into()
            }
            Self::NoLabels { .. } => {
                "pass `--labels LABELS.npy`, or save images and labels together as `.npz`".into()
            }
            Self::CountMismatch { items, .. } => format!("give one label for each of the {items}"),
            Self::UnknownClass { name, classes } => {
                let near = nearest(name, classes.iter().map(String::as_str))?;
                format!("did you mean `{near}`?")
            }
            Self::NotSymmetric { .. } => format!(
                "triangles may differ by at most {:e} of the largest diagonal entry ({:e} in float32)",
                GramMatrix::TOLERANCE_F64,
                GramMatrix::TOLERANCE_F32
            ),
            Self::WrongGramSize { order, rows, .. } if *order > 0 && rows % order == 0 => {
                format!("with {order} group elements these are {} seeds", rows / order)
            }
            Self::WrongGramSize { .. } => {
                "rows run over all poses of all seeds: seeds × group elements of them".into()
            }
            Self::Read { .. } => "check the path and the permissions".into(),
            Self::MissingIdxFile { .. } => {
                "the folder needs images and labels under their usual names, gzipped or not".into()
            }
            Self::TrailingBytes { .. } | Self::ImpossibleShape { .. } | Self::CorruptArray { .. } => {
                "the file is damaged, or not of this format; write it again".into()
            }
            Self::WrongShape { .. } => {
                "save the array with the expected axes; numpy's `reshape` makes them".into()
            }
            Self::Empty { .. } => "give at least one item".into(),
            Self::EmptyLabel { .. } | Self::NotText { .. } | Self::NotWholeNumber { .. } => {
                "labels are class names or whole numbers, separated by commas or one per line".into()
            }
            Self::TooFewInClass { found, .. } => format!("ask for {found} or fewer"),
            Self::OutOfRange { .. } => "items count from 0".into(),
        };
        Some(text)
    }
}

/// What a file with these first bytes is, if that helps.
fn idx_hint(magic: u32) -> Option<String> {
    Some(match magic {
        0x0000_0801 => "this is an IDX file of labels; are images and labels exchanged?".into(),
        0x0000_0803 => "this is an IDX file of images; are images and labels exchanged?".into(),
        0x934e_554d => "this is a NumPy array; pass the file itself instead of a folder".into(),
        _ => "an IDX file of images begins with 00 00 08 03, one of labels with 00 00 08 01; this is another file".into(),
    })
}

/// The candidate closest to `name`, if it is close enough to be a slip of the pen.
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::normalized_damerau_levenshtein(name, candidate), candidate))
        .filter(|(similarity, _)| *similarity >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

fn backticked(names: &[String]) -> String {
    if names.is_empty() {
        return "none".into();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_finds_its_name_and_a_foreign_word_finds_none() {
        let known = ["mini-mnist", "mnist"];
        assert_eq!(nearest("mini-mnits", known.into_iter()), Some("mini-mnist"));
        assert_eq!(nearest("imagenet", known.into_iter()), None);
    }
}
