//! Architectures with names: the multilayer perceptron and the two convolutional networks of Perin & Deny
//! (JMLR 2025, arXiv 2412.11521), group-convolutional networks, a vision transformer, a wide residual network, a
//! network of Myrtle's, and the convolutional network that Perin & Deny train.

use std::f64::consts::SQRT_2;

use crate::layer_name::nearest;
use crate::{
    Activation, Architecture, ArchitectureError, ConvSpec, DenseSpec, EmbeddingType, GroupConvSpec,
    GroupLiftSpec, Layer, LayerNormSpec, Padding, Parameterization, PoolSpec, PositionalEmbeddingSpec,
    SelfAttentionSpec, SymmetryGroup,
};

/// Names that [`Architecture::named`] builds.
pub(crate) const AVAILABLE_NAMES: &[&str] =
    &["mlp", "cnn", "cnn-gap", "gcnn:c4", "gcnn:d4", "vit", "resnet", "myrtle5", "paper-cnn"];

/// The greatest depth of a named architecture.
const GREATEST_DEPTH: usize = 1000;

/// Builds the architecture `NAME` or `NAME:DEPTH`.
pub(crate) fn build(name: &str) -> Result<Architecture, ArchitectureError> {
    let (base, suffix) = split(name);
    let layers: fn(usize) -> Vec<Layer> = match base {
        "mlp" => multilayer_perceptron,
        "cnn" => |depth| convolutional(depth, Layer::Flatten),
        "cnn-gap" => |depth| convolutional(depth, Layer::GlobalAvgPool),
        "gcnn:c4" => |depth| group_convolutional(depth, SymmetryGroup::P4),
        "gcnn:d4" => |depth| group_convolutional(depth, SymmetryGroup::P4m),
        "vit" => vision_transformer,
        "resnet" => wide_residual,
        "myrtle5" if suffix.is_none() => |_| myrtle5(),
        "paper-cnn" if suffix.is_none() => |_| paper_convolutional(),
        "myrtle5" | "paper-cnn" => return Err(ArchitectureError::NoDepth { name: name.to_owned() }),
        _ => {
            let name = name.to_owned();
            // The part before the colon is no name of its own.
            let nearest = match base.starts_with("gcnn") {
                true => Some("gcnn:c4"),
                false => nearest(base, AVAILABLE_NAMES.iter().copied()),
            };
            return Err(ArchitectureError::UnknownName { name, nearest });
        }
    };
    let depth = suffix.map_or(Ok(1), |suffix| parse_depth(name, suffix))?;
    let parameterization =
        if base == "paper-cnn" { Parameterization::Standard } else { Parameterization::Ntk };
    Ok(Architecture::new(parameterization, layers(depth)).with_name(name))
}

/// The name without the depth, and the depth. Group-convolutional networks have a group in their name.
fn split(name: &str) -> (&str, Option<&str>) {
    let start = if name.starts_with("gcnn:") { "gcnn:".len() } else { 0 };
    match name[start..].find(':') {
        Some(colon) => (&name[..start + colon], Some(&name[start + colon + 1..])),
        None => (name, None),
    }
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

/// Lifting and `depth` − 1 convolutions over the group, all with 3×3 filters and rectifiers, the mean over the group, a readout; no
/// biases (Cohen & Welling 2016, arXiv 1602.07576). What `cnn-gap` is for shifts this is for quarter turns, and mirror images, too.
fn group_convolutional(depth: usize, group: SymmetryGroup) -> Vec<Layer> {
    let conv = GroupConvSpec::new(Some(vec![3, 3]));
    let mut layers = vec![Layer::GroupLift(GroupLiftSpec { group, conv: conv.clone() })];
    for _ in 1..depth {
        layers.extend([Layer::Activation(Activation::Relu), Layer::GroupConv(conv.clone())]);
    }
    layers.extend([
        Layer::Activation(Activation::Relu),
        Layer::GroupPool,
        Layer::Dense(DenseSpec::default()),
    ]);
    layers
}

/// Patches of 4×4, `blocks` blocks of attention and two dense layers, each of the two on a residual branch that begins with
/// layer normalisation, then normalisation, mean over positions and readout (Dosovitskiy et al. 2021, arXiv 2010.11929,
/// with rectifiers and no class token).
///
/// In the kernel of softmax attention logits are divided by the width of keys (Hron et al. 2020, arXiv 2006.10540);
/// independent embeddings of positions are added wherever attention reads, keys, queries and values alike.
fn vision_transformer(blocks: usize) -> Vec<Layer> {
    let bias = Some(0.1);
    let embedding =
        PositionalEmbeddingSpec { on_values: true, ..PositionalEmbeddingSpec::new(EmbeddingType::Sum) };
    let attention =
        SelfAttentionSpec { positional_embedding: Some(embedding), ..SelfAttentionSpec::default() };
    let layer_norm = Layer::LayerNorm(LayerNormSpec::default());
    let patches = ConvSpec { strides: vec![4, 4], b_std: bias, ..ConvSpec::new(vec![4, 4]) };
    let mut layers = vec![Layer::Conv(patches)];
    for _ in 0..blocks {
        layers.extend([
            Layer::Residual(vec![layer_norm.clone(), Layer::SelfAttention(Box::new(attention.clone()))]),
            Layer::Residual(vec![
                layer_norm.clone(),
                Layer::Dense(DenseSpec { b_std: bias, ..DenseSpec::default() }),
                Layer::Activation(Activation::Relu),
                Layer::Dense(DenseSpec { w_std: SQRT_2, b_std: bias, ..DenseSpec::default() }),
            ]),
        ]);
    }
    layers.extend([layer_norm, Layer::GlobalAvgPool, Layer::Dense(DenseSpec::default())]);
    layers
}

/// A 3×3 convolution, three groups of `blocks` blocks relu, convolution, relu, convolution beside a shortcut, mean over
/// positions and readout (Zagoruyko & Komodakis 2016, arXiv 1605.07146, without batch normalisation). The second and third
/// group begin with strides of 2; the shortcut of a group's first block is a convolution. Weights after a rectifier have
/// `w_std` √2, which keeps variances (He et al. 2015, arXiv 1502.01852).
fn wide_residual(blocks: usize) -> Vec<Layer> {
    let conv = |stride: usize, w_std: f64| {
        let strides = vec![stride; 2];
        Layer::Conv(ConvSpec { strides, padding: Padding::Same, w_std, ..ConvSpec::new(vec![3, 3]) })
    };
    let branch = |stride| {
        vec![
            Layer::Activation(Activation::Relu),
            conv(stride, SQRT_2),
            Layer::Activation(Activation::Relu),
            conv(1, SQRT_2),
        ]
    };
    let mut layers = vec![conv(1, 1.0)];
    for stride in [1, 2, 2] {
        layers.push(Layer::Sum(vec![vec![conv(stride, 1.0)], branch(stride)]));
        layers.extend((1..blocks).map(|_| Layer::Residual(branch(1))));
    }
    layers.extend([Layer::GlobalAvgPool, Layer::Dense(DenseSpec::default())]);
    layers
}

/// Two, one and one 3×3 convolutions with rectifiers, means over 2×2 windows between them and over all positions in the
/// end, and a readout: Myrtle-5 of Shankar et al. 2020 (arXiv 2003.02237), `w_std` √2. There three more poolings take
/// images of 32×32 to one position; the mean over all positions is the same and takes any size.
fn myrtle5() -> Vec<Layer> {
    let conv = Layer::Conv(ConvSpec { padding: Padding::Same, w_std: SQRT_2, ..ConvSpec::new(vec![3, 3]) });
    let pool = Layer::AvgPool(PoolSpec { strides: vec![2, 2], ..PoolSpec::new(vec![2, 2]) });
    let mut layers = Vec::new();
    for convolutions in [2, 1, 1] {
        if !layers.is_empty() {
            layers.push(pool.clone());
        }
        layers.extend(
            [conv.clone(), Layer::Activation(Activation::Relu)].into_iter().cycle().take(2 * convolutions),
        );
    }
    layers.extend([Layer::GlobalAvgPool, Layer::Dense(DenseSpec { w_std: SQRT_2, ..DenseSpec::default() })]);
    layers
}

/// The convolutional network of Figure 1 of Perin & Deny: 24 filters of 5×5 and 32 of 3×3, each with rectifiers and maxima over
/// 2×2 windows, 256 rectifiers, a readout, as PyTorch builds and initialises it: weights and biases are uniform within
/// $1/\sqrt{\text{fan-in}}$, so `w_std` is $1/\sqrt3$ and `b_std` $1/\sqrt{3\,\text{fan-in}}$, in the `standard` parameterization. Fan-ins are
/// those on images of 28×28 with one channel.
fn paper_convolutional() -> Vec<Layer> {
    let w_std = 3.0_f64.sqrt().recip();
    let b_std = |fan_in: f64| Some((3.0 * fan_in).sqrt().recip());
    let conv = |extent: usize, width: usize, fan_in: f64| {
        let options = ConvSpec::new(vec![extent; 2]);
        Layer::Conv(ConvSpec { width, w_std, b_std: b_std(fan_in), ..options })
    };
    let dense = |width: usize, fan_in: f64| {
        Layer::Dense(DenseSpec { width, w_std, b_std: b_std(fan_in), ..DenseSpec::default() })
    };
    let relu = Layer::Activation(Activation::Relu);
    let pool = Layer::MaxPool(PoolSpec { strides: vec![2, 2], ..PoolSpec::new(vec![2, 2]) });
    vec![
        conv(5, 24, 25.0),
        relu.clone(),
        pool.clone(),
        conv(3, 32, 9.0 * 24.0),
        relu.clone(),
        pool,
        Layer::Flatten,
        dense(256, 800.0),
        relu,
        dense(1, 256.0),
    ]
}
