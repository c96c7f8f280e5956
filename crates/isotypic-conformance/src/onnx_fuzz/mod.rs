//! A mutation fuzzer of ONNX files: what becomes of bytes on their way to a kernel value.
//!
//! Case `n` is a file of the [corpus](Corpus), changed at random as a tree of protobuf fields (attributes, extents, names, operators, parts of
//! other files) and as bytes, sometimes cut short, and [sent the whole way](examine). Cases do not depend on each other, so that a number finds
//! one again.

mod corpus;
mod examine;
mod message;
mod mutate;

pub use corpus::Corpus;
pub use examine::examine;

use crate::architecture_fuzz::mutate_bytes;
use crate::generator::Generator;

/// Files of more fields are not changed further.
const LARGEST_FILE: usize = 40_000;

/// The bytes of case `number`, a function of the corpus and the number alone.
#[must_use]
pub fn file(corpus: &Corpus, number: u64) -> Vec<u8> {
    let mut generator = Generator::new(number);
    let (bytes, message) = corpus.pick(&mut generator);
    // Mostly few: files hold together by names and shapes, and many changes leave none that is read.
    let changes = generator.below(6).min(generator.below(6));
    let mut bytes = bytes.clone();
    if changes > 0 {
        let mut message = message.clone();
        for _ in 0..changes {
            if message.size() > LARGEST_FILE {
                break;
            }
            mutate::mutate(&mut message, corpus, &mut generator);
        }
        bytes = message.to_bytes();
    }
    if changes == 0 || generator.one_in(20) {
        for _ in 0..=generator.below(3) {
            mutate_bytes(&mut bytes, &mut generator);
        }
    }
    if generator.one_in(40) {
        bytes.truncate(generator.below(bytes.len() + 1));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture_fuzz::Reached;

    #[test]
    fn cases_are_found_again_by_their_number_and_differ() {
        let corpus = Corpus::new();
        let first: Vec<Vec<u8>> = (0..200).map(|number| file(&corpus, number)).collect();
        let mut again: Vec<Vec<u8>> = (0..200).map(|number| file(&Corpus::new(), number)).collect();
        assert_eq!(first, again);
        again.sort_unstable();
        again.dedup();
        assert!(again.len() > 180, "{} different files", again.len());
    }

    #[test]
    fn some_files_are_not_read_some_fit_no_shape_and_some_have_kernels() {
        let corpus = Corpus::new();
        let mut count = [0; Reached::COUNT];
        for number in 0..600 {
            count[examine(file(&corpus, number), number).unwrap() as usize] += 1;
        }
        let [unread, unchecked, .., evaluated] = count;
        assert!(unread > 100 && unchecked > 5 && evaluated > 30, "{count:?}");
    }
}
