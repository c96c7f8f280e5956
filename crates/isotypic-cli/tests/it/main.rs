//! The program as a person or a script sees it: what it prints, where, and how it ends.

#![allow(clippy::unwrap_used)]

mod agreement;
mod audit;
mod bad_input;
mod data;
mod help;
mod interruption;
#[cfg(feature = "train")]
mod kept_networks;
mod kernel;
mod large_audit;
mod onnx;
mod orbit;
mod output_folder;
mod reproduce;
mod sampled;
mod spectrum;
mod train;
#[cfg(feature = "train")]
mod trained_layers;
mod workplace;
