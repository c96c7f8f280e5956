//! Everything that can be wrong with an ONNX file before its operators are looked at.

use std::path::PathBuf;

/// Why an ONNX file cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// The file cannot be read.
    #[error("onnx file `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is larger than the format allows.
    #[error("onnx file: expected at most {limit} bytes, got more")]
    TooLarge {
        /// The largest number of bytes.
        limit: u64,
    },
    /// The bytes are not those of the format: something else, or a part of a file.
    #[error("onnx file: expected a protobuf message of ONNX, got other or incomplete bytes: {message}")]
    NotOnnx {
        /// What the decoder says, with the field.
        message: String,
    },
    /// The file holds no computation.
    #[error("onnx file: expected a graph of at least one node, got {got}")]
    NoGraph {
        /// What there is instead.
        got: &'static str,
    },
    /// There are more nodes, values or axes than any sensible network has.
    #[error("{place}: expected at most {limit} {what}, got {got}")]
    TooMany {
        /// Where.
        place: String,
        /// What is counted.
        what: &'static str,
        /// The largest number.
        limit: usize,
        /// The number found.
        got: usize,
    },
    /// The graph has no input, or several beside its weights.
    #[error("graph: expected one input beside the weights, got {}", names(got))]
    Inputs {
        /// Their names.
        got: Vec<String>,
    },
    /// The graph has no output, or several.
    #[error("graph: expected one output, got {}", names(got))]
    Outputs {
        /// Their names.
        got: Vec<String>,
    },
    /// An input that is no array with a known number of axes, or has an extent that is no number of positions.
    #[error("input `{name}`: expected {expected}, got {got}")]
    InputShape {
        /// The input.
        name: String,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        got: String,
    },
    /// A node reads a value that nothing gives.
    #[error("{node}: input `{value}` is given by no node, no input and no weights")]
    Undefined {
        /// The node, or the graph for its output.
        node: String,
        /// The value.
        value: String,
    },
    /// A node reads what a later one, or it itself, gives.
    #[error(
        "{node}: input `{value}` comes from {later}, which does not come before it: the graph has a cycle or is not sorted"
    )]
    NotSorted {
        /// The node.
        node: String,
        /// The value.
        value: String,
        /// The node that gives it.
        later: String,
    },
    /// Two nodes give the same value.
    #[error("{node}: value `{value}` is given a second time")]
    GivenTwice {
        /// The second node, or the place of the second array.
        node: String,
        /// The value.
        value: String,
    },
    /// An array whose shape, type and bytes do not fit together.
    #[error("tensor `{name}`: expected {expected}, got {got}")]
    Tensor {
        /// The array.
        name: String,
        /// What it should have.
        expected: String,
        /// What it has.
        got: String,
    },
    /// An attribute of the wrong type or out of range.
    #[error("{node}: attribute `{attribute}`: expected {expected}, got {got}")]
    Attribute {
        /// The node.
        node: String,
        /// The attribute.
        attribute: String,
        /// What belongs there.
        expected: String,
        /// What stands there.
        got: String,
    },
    /// An attribute that changes what the node computes in a way that is not known here.
    #[error("{node}: attribute `{attribute}` is not known")]
    UnknownAttribute {
        /// The node.
        node: String,
        /// The attribute.
        attribute: String,
    },
}

impl OnnxError {
    /// What the user can do about it, one line.
    pub fn hint(&self) -> Option<String> {
        Some(
            match self {
                Self::Read { .. } => "check the path and the permissions",
                Self::TooLarge { .. } => "keep the weights beside the file: `onnx.save(model, path, save_as_external_data=True)`",
                Self::NotOnnx { .. } => "the file may be damaged or of another format; `onnx.checker.check_model(path)` in Python tells",
                Self::NoGraph { .. } | Self::NotSorted { .. } | Self::Undefined { .. } | Self::GivenTwice { .. } => {
                    "export the network again, for example with `torch.onnx.export`"
                }
                Self::Inputs { .. } | Self::Outputs { .. } => {
                    "export a network that takes one array and gives one array"
                }
                Self::InputShape { .. } => "export with example inputs of a fixed shape; only the batch may be dynamic",
                Self::Tensor { .. } => "the file may be damaged; `onnx.checker.check_model(path)` in Python tells",
                Self::UnknownAttribute { .. } => "export with an operator set that this attribute does not need",
                Self::TooMany { .. } | Self::Attribute { .. } => return None,
            }
            .to_owned(),
        )
    }
}

/// Names from files go into messages without control characters, and not at any length.
pub(crate) fn quotable(name: &str) -> String {
    const LONGEST: usize = 80;
    let mut quoted: String = name.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if name.chars().nth(LONGEST).is_some() {
        quoted.push('…');
    }
    quoted
}

fn names(got: &[String]) -> String {
    const MOST: usize = 4;
    let mut quoted: Vec<String> = got.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    if got.len() > MOST {
        quoted.push(format!("{} more", got.len() - MOST));
    }
    if quoted.is_empty() { "none".to_owned() } else { quoted.join(", ") }
}
