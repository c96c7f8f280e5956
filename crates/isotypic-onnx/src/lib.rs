//! ONNX files as checked lists of nodes.
//!
//! [`Model::from_bytes`] reads the part of the format that says what a network looks like: operators with their attributes, shapes
//! of weights, shapes of inputs, and the small tensors that operators take as arguments. Weights are skipped, inside of the file or
//! beside it. What comes out holds together: every node reads values that an earlier one gives, shapes are numbers that memory can
//! address, tensors have as many bytes as their shapes say.
//!
//! What operators mean for kernels is the business of `isotypic-architecture`.
//!
//! The messages are those of `onnx.proto` (ONNX IR version 3 and later), reduced to the fields that are used.

mod attribute;
mod census;
mod error;
mod model;
mod node;
mod proto;
mod tensor;

pub use attribute::Attribute;
pub use error::OnnxError;
pub use model::{Input, Model};
pub use node::Node;
pub use tensor::Tensor;
