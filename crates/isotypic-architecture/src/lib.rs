//! Architecture descriptions, checked and turned into layer graphs.
//!
//! The way through this crate: text or a name → [`Architecture`] (layers with options, as written) →
//! [`Architecture::check`] with an input shape → [`LayerGraph`] (operations with all shapes, numbers in range). Kernels and
//! finite networks take the graph; nothing else infers a shape. [`FiniteNetwork`] is one plain forward pass through a
//! graph with random parameters, the control for kernels.
//!
//! Names and defaults of layers follow neural-tangents' `stax` in snake case (Novak et al. 2019, arXiv 1912.02803).
//!
//! # Layers
//!
//! | layer | options |
//! |---|---|
//! | `dense` | `width`, `w_std`, `b_std`, `parameterization`, `width_scale` |
//! | `conv` | `filter` (required), `strides`, `padding` and those of `dense` |
//! | `relu`, `abs`, `sign`, `erf`, `tanh`, `sigmoid`, `softplus`, `silu`, `gabor` | none |
//! | `leaky_relu` | `alpha` (required) |
//! | `ab_relu` | `a`, `b` (required) |
//! | `gelu` | `approximate` (finite networks only) |
//! | `sin`, `cos` | `a`, `b`, `c` |
//! | `exp`, `gaussian` | `a`, `b` |
//! | `rbf` | `gamma` |
//! | `monomial` | `degree` (required) |
//! | `elementwise` | `function`, `quadrature_degree` (both required) |
//! | `identity`, `flatten`, `global_avg_pool` | none |
//!
//! Shapes list spatial axes and then channels, without the batch.
//!
//! This crate computes no kernels and trains nothing.

mod activation;
mod activation_spec;
mod affine;
mod affine_map;
mod architecture;
mod check;
mod conv_spec;
mod dense_spec;
mod document;
mod error;
mod finite_network;
mod gaussian;
mod layer;
mod layer_graph;
mod layer_name;
mod named;
mod operation;
mod options;
mod padding;
mod parameterization;
mod parse;
mod patches;
mod scalar_function;

pub use activation::Activation;
pub use architecture::Architecture;
pub use conv_spec::ConvSpec;
pub use dense_spec::DenseSpec;
pub use error::ArchitectureError;
pub use finite_network::FiniteNetwork;
pub use layer::Layer;
pub use layer_graph::{LayerGraph, Node, NodeId};
pub use operation::{Conv, Dense, LayerParameterization, Operation};
pub use padding::Padding;
pub use parameterization::Parameterization;
pub use scalar_function::ScalarFunction;
