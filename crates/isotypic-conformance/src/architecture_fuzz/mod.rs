//! A mutation fuzzer of architecture documents: what becomes of a text on its way to a kernel value.
//!
//! Case `n` of a seed is a document of the [corpus](Corpus), changed at random as a tree and as bytes, written as JSON or TOML, and
//! [sent the whole way](examine): reading, checking against shapes, compiling, planning, and, where that is cheap, the kernel of two
//! points. Cases do not depend on each other, so that a number finds one again.

mod corpus;
mod examine;
mod layers;
mod mutate;

pub use corpus::Corpus;
pub use examine::{Reached, examine};
use layers::mutate_layers;
use mutate::mutate_tree;
pub(crate) use {
    examine::{evaluate, has_words},
    mutate::mutate_bytes,
};

use crate::generator::Generator;

/// The text of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The text, as it stands in a file.
    pub text: String,
    /// Whether it is to be read as TOML, else as JSON.
    pub is_toml: bool,
}

/// Documents of more nodes are not changed further.
const LARGEST_TREE: usize = 5_000;

/// The document of case `number`, a function of the corpus and the number alone.
#[must_use]
pub fn document(corpus: &Corpus, number: u64) -> Document {
    let mut generator = Generator::new(number);
    let mut tree = corpus.pick(&mut generator).clone();
    // Most documents stay lists of layers; some become any tree, or lose and gain bytes.
    let is_wild = generator.one_in(4);
    let changes = generator.below(6);
    for _ in 0..changes {
        // Changes copy parts, some several times.
        if mutate::size(&tree) > LARGEST_TREE {
            break;
        }
        if is_wild {
            mutate_tree(&mut tree, corpus, &mut generator);
        } else {
            mutate_layers(&mut tree, corpus, &mut generator);
        }
    }
    let json = if generator.one_in(2) { tree.to_string() } else { format!("{tree:#}") };
    let toml = if generator.one_in(3) { toml::to_string(&tree).ok() } else { None };
    let is_toml = toml.is_some();
    let mut bytes = toml.unwrap_or(json).into_bytes();
    if changes == 0 || generator.one_in(10) {
        for _ in 0..=generator.below(3) {
            mutate_bytes(&mut bytes, &mut generator);
        }
    }
    Document { text: String::from_utf8_lossy(&bytes).into_owned(), is_toml }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_found_again_by_their_number_and_differ() {
        let corpus = Corpus::new();
        let first: Vec<Document> = (0..200).map(|number| document(&corpus, number)).collect();
        let again: Vec<Document> = (0..200).map(|number| document(&Corpus::new(), number)).collect();
        assert_eq!(first, again);
        let mut texts: Vec<&str> = first.iter().map(|document| document.text.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert!(texts.len() > 190, "{} different documents", texts.len());
        assert!(first.iter().any(|document| document.is_toml));
    }

    #[test]
    fn some_documents_are_not_read_some_fit_no_shape_and_some_have_kernels() {
        let corpus = Corpus::new();
        let mut count = [0; Reached::COUNT];
        for number in 0..400 {
            count[examine(&document(&corpus, number), number).unwrap() as usize] += 1;
        }
        // Refused points and options out of range are rare.
        let [unread, unchecked, checked, .., evaluated] = count;
        assert!(unread > 50 && unchecked > 50 && checked > 0 && evaluated > 50, "{count:?}");
    }
}
