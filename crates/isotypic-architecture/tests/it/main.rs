//! Integration tests of `isotypic-architecture`.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its fixtures must fail")]

mod bad_input;
mod cases;
mod finite_network;
mod forward_structured;
mod graph;
mod group_layers;
mod named;
mod onnx;
mod random_documents;
mod structured_layers;
mod support;
