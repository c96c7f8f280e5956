//! ONNX files as architectures.
//!
//! [`isotypic_onnx::Model`] gives a checked list of nodes. Here each node becomes a layer: [`Builder`] follows the values from node
//! to node, with the meaning of their axes, and collects steps; [`nest`](structure::nest) turns the graph of steps into nested lists
//! of layers. What has no mapping is an error that names the node and says why.
//!
//! # How weights are drawn
//! Values of weights in the file are not used, only their shapes: the kernel is that of a network before training. Weights and
//! biases are drawn as PyTorch draws them, with variance $1/(3 n)$ each, $n$ being the fan-in (`kaiming_uniform` with $a = \sqrt5$,
//! and biases uniform in $\pm 1/\sqrt n$), and trained as they are, which is the `standard` parameterization: so `w_std` is
//! $1/\sqrt3$, and `b_std` is $1/\sqrt{3n}$, for `dense` and `conv`. PyTorch counts the fan-in of transposed convolutions by
//! their outputs, so `w_std` is $\sqrt{\text{inputs}/(3\,\text{outputs})}$ there. Widths are those of the file, since tangent kernels in this
//! parameterization depend on them; only the readout has none, so that it can have as many outputs as there are classes.
//!
//! # Axes
//! Inputs of rank 2 are vectors. All others are `[batch, channels, positions…]`, unless the first operator that can tell reads channels
//! from the last axis, such as `MatMul` and `LayerNormalization`. Networks on vectors begin with `flatten`, so that they take images too.

mod affine;
mod builder;
mod constants;
mod convolutions;
mod elementwise;
mod expected_input;
mod initialization;
mod joins;
mod maxima;
mod normalization;
mod operators;
mod padding;
mod pointwise;
mod positions;
mod reductions;
mod structure;
mod value;
mod wrapped;

use builder::Builder;
pub(crate) use expected_input::ExpectedInput;
use isotypic_onnx::Model;

use crate::{Architecture, ArchitectureError, Layer, Parameterization};

/// Reads the network that a checked file describes.
pub(crate) fn architecture(model: &Model) -> Result<Architecture, ArchitectureError> {
    let mut builder = Builder::new(model);
    for node in &model.nodes {
        operators::add(&mut builder, node)?;
    }
    let (steps, output, expected) = builder.finish()?;
    let (mut layers, places) = structure::nest(&steps, output)?;
    if let Some(Layer::Dense(readout)) = layers.last_mut() {
        readout.width = 1;
    }
    Ok(Architecture::from_parts(Parameterization::Standard, layers, expected, places))
}

/// An operator that has no mapping, or arguments that it does not allow.
pub(crate) fn no_mapping(
    node: &impl ToString,
    reason: impl Into<String>,
    hint: impl Into<String>,
) -> ArchitectureError {
    ArchitectureError::OnnxNode { node: node.to_string(), reason: reason.into(), hint: hint.into() }
}
