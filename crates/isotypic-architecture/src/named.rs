//! Architectures with names: the multilayer perceptron and the two convolutional networks of Perin & Deny
//! (JMLR 2025, arXiv 2412.11521).

use crate::layer_name::nearest;
use crate::{
    Activation, Architecture, ArchitectureError, ConvSpec, DenseSpec, Layer, Padding, Parameterization,
};

/// Names that [`Architecture::named`] builds.
pub(crate) const AVAILABLE_NAMES: &[&str] = &["mlp", "cnn", "cnn-gap"];

/// Names that mean something in the field but cannot be built.
const OTHER_NAMES: &[&str] = &["vit", "resnet", "myrtle5", "gcnn"];

/// The greatest depth of a named architecture.
const GREATEST_DEPTH: usize = 1000;

/// Builds the architecture `NAME` or `NAME:DEPTH`.
pub(crate) fn build(name: &str) -> Result<Architecture, ArchitectureError> {
    let (base, suffix) = match name.split_once(':') {
        Some((base, suffix)) => (base, Some(suffix)),
        None => (name, None),
    };
    let layers: fn(usize) -> Vec<Layer> = match base {
        "mlp" => multilayer_perceptron,
        "cnn" => |depth| convolutional(depth, Layer::Flatten),
        "cnn-gap" => |depth| convolutional(depth, Layer::GlobalAvgPool),
        _ if OTHER_NAMES.contains(&base) => {
            return Err(ArchitectureError::NameNotAvailable { name: name.to_owned() });
        }
        _ => {
            return Err(ArchitectureError::UnknownName {
                name: name.to_owned(),
                nearest: nearest(base, AVAILABLE_NAMES.iter().copied()),
            });
        }
    };
    let depth = suffix.map_or(Ok(1), |suffix| parse_depth(name, suffix))?;
    Ok(Architecture::new(Parameterization::Ntk, layers(depth)).with_name(name))
}

/// Whether the text looks like a file rather than a name.
pub(crate) fn is_like_a_path(text: &str) -> bool {
    text.contains(['/', '\\', '.'])
}

fn parse_depth(name: &str, suffix: &str) -> Result<usize, ArchitectureError> {
    suffix
        .parse()
        .ok()
        // `+5` and `05` would be second names for `5`.
        .filter(|depth: &usize| (1..=GREATEST_DEPTH).contains(depth) && depth.to_string() == suffix)
        .ok_or_else(|| ArchitectureError::InvalidDepth {
            name: name.to_owned(),
            depth: suffix.to_owned(),
            limit: GREATEST_DEPTH,
        })
}

/// Flatten, `depth` hidden layers of rectifiers, a readout; all standard deviations 1.
fn multilayer_perceptron(depth: usize) -> Vec<Layer> {
    let dense = Layer::Dense(DenseSpec { b_std: Some(1.0), ..DenseSpec::default() });
    let mut layers = vec![Layer::Flatten];
    for _ in 0..depth {
        layers.extend([dense.clone(), Layer::Activation(Activation::Relu)]);
    }
    layers.push(dense);
    layers
}

/// `depth` circular 3×3 convolutions with rectifiers, `collapse` of the positions, a readout; no biases.
fn convolutional(depth: usize, collapse: Layer) -> Vec<Layer> {
    let conv = Layer::Conv(ConvSpec { padding: Padding::Circular, ..ConvSpec::new(vec![3, 3]) });
    let mut layers = Vec::new();
    for _ in 0..depth {
        layers.extend([conv.clone(), Layer::Activation(Activation::Relu)]);
    }
    layers.extend([collapse, Layer::Dense(DenseSpec::default())]);
    layers
}
