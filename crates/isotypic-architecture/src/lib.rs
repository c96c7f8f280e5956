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
//! | `conv` | `filter` (required), `strides`, `padding`, `dilation` and those of `dense` |
//! | `conv_local`, `conv_transpose` | those of `conv` but `dilation` |
//! | `relu`, `abs`, `sign`, `sigmoid_like`, `tanh`, `sigmoid`, `softplus`, `silu`, `gabor` | none |
//! | `leaky_relu` | `alpha` (required) |
//! | `ab_relu` | `a`, `b` (required) |
//! | `gelu` | `approximate` (finite networks only) |
//! | `sin`, `cos`, `erf` | `a`, `b`, `c` |
//! | `exp`, `gaussian` | `a`, `b` |
//! | `rbf` | `gamma` |
//! | `monomial`, `rectified_monomial`, `hermite` | `degree` (required) |
//! | `polynomial` | `coef` (required): the coefficient of $u^k$ at place $k$ |
//! | `exp_normalized` | `gamma`, `shift`, `do_clip`; a kernel without a finite network |
//! | `elementwise` | `function`, `quadrature_degree` (both required) |
//! | `identity`, `flatten`, `global_avg_pool` | none |
//! | `global_sum_pool` | none |
//! | `avg_pool` | `window` (required), `strides`, `padding`, `normalize_edges` |
//! | `sum_pool`, `max_pool` | `window` (required), `strides`, `padding` |
//! | `index` | `slices` (required): `[start, stop, step]`, a position, or `null` for each spatial axis, as in Python |
//! | `image_resize` | `shape`, `method` (`nearest` or `linear`; both required), `antialias` |
//! | `aggregate` | `pattern`: the adjacency matrix of a graph of positions, unless it is given beside the architecture |
//! | `layer_norm` | `axes` (the batch is axis 0; default `[-1]`, the channels), `epsilon` (1e-12) |
//! | `batch_norm` | `epsilon` (1e-5): over the batch and all positions, in training mode; in kernels it is sampled |
//! | `dropout` | `keep_rate` (required), `mode` (`train` or `test`) |
//! | `self_attention` | `mechanism`, `scaling`, `w_key_std`, `w_query_std`, `w_value_std`, `w_out_std`, `b_std`, `positional_embedding` (`type`, `w_std`, `on_values`, `p_norm`, `decay`, `width`), `heads`, `key_width`, `value_width`, `width` |
//! | `sum`, `product` | a list of branches, each a list of layers |
//! | `concat` | `branches` (required), `axis` (the batch is axis 0; default −1, the channels) |
//! | `residual` | a list of layers: the sum of the input and what they make of it |
//! | `repeat` | `times`, `layers` (both required) |
//!
//! Shapes list spatial axes and then channels, without the batch.
//!
//! This crate computes no kernels and trains nothing.

mod activation;
mod activation_derivative;
mod activation_spec;
mod affine;
mod affine_map;
mod aggregate;
mod architecture;
mod attention_map;
mod axis;
mod batch_norm;
mod check;
mod coefficients;
mod concat_axis;
mod concat_spec;
mod conv_spec;
mod dense_spec;
mod document;
mod dropout;
mod error;
mod explicit_padding;
mod finite_network;
mod forward;
mod gaussian;
mod group_conv;
mod group_conv_spec;
mod identify_function;
mod image_resize;
mod index;
mod layer;
mod layer_graph;
mod layer_name;
mod layer_norm;
mod local_map;
mod named;
mod onnx;
mod operation;
mod options;
mod padding;
mod parameterization;
mod parameters;
mod parse;
mod patches;
mod pool;
mod pool_spec;
mod positional_embedding;
mod random_stream;
mod repeat_spec;
mod scalar_function;
mod self_attention;
mod self_attention_spec;
mod symmetry_group;
mod windows;
mod with_widths;

pub use activation::{Activation, SIGMOID_LIKE_RATE};
pub use aggregate::{Aggregate, AggregateSpec};
pub use architecture::Architecture;
pub use batch_norm::{BatchNorm, BatchNormSpec};
pub use coefficients::Coefficients;
pub use concat_axis::ConcatAxis;
pub use concat_spec::ConcatSpec;
pub use conv_spec::ConvSpec;
pub use dense_spec::DenseSpec;
pub use dropout::{Dropout, DropoutMode, DropoutSpec};
pub use error::ArchitectureError;
pub use explicit_padding::ExplicitPadding;
pub use finite_network::FiniteNetwork;
pub use gaussian::Gaussian;
pub use group_conv::GroupConv;
pub use group_conv_spec::{GroupConvSpec, GroupLiftSpec};
pub use image_resize::{ImageResize, ImageResizeSpec, ResizeMethod};
pub use index::{AxisSlice, Index, IndexSpec, TakenAxis};
pub use layer::Layer;
pub use layer_graph::{LayerGraph, Node, NodeId};
pub use layer_norm::{LayerNorm, LayerNormSpec};
pub use operation::{Conv, Dense, LayerParameterization, Operation};
pub use padding::Padding;
pub use parameterization::Parameterization;
pub use parameters::Parameter;
pub use pool::Pool;
pub use pool_spec::PoolSpec;
pub use positional_embedding::{EmbeddingDecay, EmbeddingType, PositionalEmbedding, PositionalEmbeddingSpec};
pub use random_stream::RandomStream;
pub use repeat_spec::RepeatSpec;
pub use scalar_function::ScalarFunction;
pub use self_attention::{AttentionMechanism, AttentionScaling, SelfAttention};
pub use self_attention_spec::SelfAttentionSpec;
pub use symmetry_group::SymmetryGroup;
