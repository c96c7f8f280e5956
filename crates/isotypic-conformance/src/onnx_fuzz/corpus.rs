//! The files that mutation starts from.

use std::fs;
use std::path::Path;

use super::message::{Content, Kind, Message};
use crate::generator::Generator;

/// The fixtures of `isotypic-onnx`, as bytes and taken apart.
#[derive(Clone, Debug)]
pub struct Corpus {
    files: Vec<(Vec<u8>, Message)>,
    /// Texts of all files: names of values, operators and attributes.
    words: Vec<Vec<u8>>,
}

/// Operators and attributes that the fixtures do not have.
const WORDS: [&str; 28] = [
    "GlobalMaxPool",
    "ReduceSum",
    "Where",
    "Clip",
    "Split",
    "Softmax",
    "Sqrt",
    "Neg",
    "Pow",
    "Max",
    "Min",
    "Exp",
    "Identity",
    "Cast",
    "Squeeze",
    "Constant",
    "If",
    "Loop",
    "value",
    "value_ints",
    "then_branch",
    "body",
    "output_shape",
    "SAME_LOWER",
    "SAME_UPPER",
    "wrap",
    "perm",
    "com.microsoft",
];

/// Name and bytes of every fixture, in the order of names; none where the repository is not there.
pub(super) fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../isotypic-onnx/fixtures");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "onnx"))
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, fs::read(entry.path()).ok()?)))
        .collect();
    files.sort();
    files
}

impl Corpus {
    /// The whole corpus, always in the same order.
    ///
    /// # Panics
    /// Where the fixtures are missing, or one is no file of the format.
    #[must_use]
    pub fn new() -> Self {
        let taken_apart = |(name, bytes): (String, Vec<u8>)| {
            let message = Message::parse(Kind::Model, &bytes);
            (bytes, message.unwrap_or_else(|| panic!("`{name}` is no protobuf message")))
        };
        let files: Vec<_> = fixtures().into_iter().map(taken_apart).collect();
        assert!(!files.is_empty(), "there are no fixtures of `isotypic-onnx`");
        let mut words: Vec<Vec<u8>> = WORDS.iter().map(|word| word.as_bytes().to_vec()).collect();
        for (_, message) in &files {
            message.for_each(&mut |field| match &field.content {
                Content::Bytes(bytes) if (1..40).contains(&bytes.len()) && bytes.is_ascii() => {
                    words.push(bytes.clone());
                }
                _ => {}
            });
        }
        words.sort_unstable();
        words.dedup();
        Self { files, words }
    }

    pub(super) fn pick(&self, generator: &mut Generator) -> &(Vec<u8>, Message) {
        generator.choose(&self.files)
    }

    pub(super) fn word(&self, generator: &mut Generator) -> &[u8] {
        generator.choose::<Vec<u8>>(&self.words)
    }
}

impl Default for Corpus {
    fn default() -> Self {
        Self::new()
    }
}
