//! A file's way from bytes to kernel values, and the promises on it.

use isotypic_architecture::{Architecture, ArchitectureError};

use crate::architecture_fuzz::{Reached, evaluate, has_words};
use crate::generator::Generator;

/// Shapes that networks are held against: those of the fixtures, and some that none is for.
const SHAPES: [&[usize]; 8] = [&[8, 8, 1], &[64], &[4], &[3], &[7, 7, 1], &[28, 28, 1], &[8, 8, 2], &[6, 3]];

/// Reads, compares with the network's canonical form, checks, compiles, plans and evaluates.
///
/// # Errors
/// What is wrong with the code that was run, never with the file: a message without words, a check that names no place, a network that is
/// another one when it is written down, or a kernel that is none.
pub fn examine(bytes: Vec<u8>, seed: u64) -> Result<Reached, String> {
    let network = match Architecture::from_onnx(bytes) {
        Ok(network) => network,
        Err(error) => {
            has_words(&error.to_string(), error.hint())?;
            return Ok(Reached::Unread);
        }
    };
    let canonical = network.to_canonical_json();
    let written = Architecture::from_json(&canonical)
        .map_err(|error| format!("the canonical form is not read: {error}: {canonical}"))?;
    let mut reached = Reached::Unchecked;
    let mut generator = Generator::new(!seed);
    for shape in SHAPES {
        match (network.check(shape), written.check(shape)) {
            (Err(error), expected) => names_its_place(&error, expected.err())?,
            (Ok(_), Err(error)) => {
                return Err(format!("on {shape:?} only the canonical form is refused: {error}"));
            }
            (Ok(graph), Ok(expected)) => {
                if graph.canonical() != expected.canonical() {
                    return Err(format!("on {shape:?} the canonical form is another network: {canonical}"));
                }
                // One shape is enough for the long way.
                if reached == Reached::Unchecked {
                    reached =
                        evaluate(&graph, &mut generator).map_err(|what| format!("on {shape:?}: {what}"))?;
                }
            }
        }
    }
    Ok(reached)
}

/// Errors of checks are about the input or begin with a node; what the canonical form is refused for too ends in the same words.
fn names_its_place(error: &ArchitectureError, expected: Option<ArchitectureError>) -> Result<(), String> {
    let message = error.to_string();
    has_words(&message, error.hint())?;
    if message.starts_with("input: ") {
        return Ok(());
    }
    let Some(expected) = expected.map(|error| error.to_string()) else {
        return Err(format!("only the file is refused, not its canonical form: {message}"));
    };
    let is_placed = message.starts_with("node ") || message.starts_with("input `");
    if !(is_placed && message.ends_with(&expected)) {
        return Err(format!("the error does not name its node: {message}, where a document has {expected}"));
    }
    Ok(())
}
