//! What a program without training says.

use crate::exit::Failure;

/// The failure of a command that trains, such as `train classes`.
pub(crate) fn failure(command: &str) -> Failure {
    Failure::error(
        format!("`isotypic {command}`: this program was built without finite networks"),
        "build one with them: `cargo build --release -p isotypic-cli --features train`",
    )
}
