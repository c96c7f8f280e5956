//! An architecture as it is written: a list of layers, in JSON, in TOML or behind a name.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use isotypic_onnx::{Model, OnnxError};

use crate::document::{Document, LARGEST_TEXT};
use crate::onnx::ExpectedInput;
use crate::{ArchitectureError, Layer, LayerGraph, Parameterization, check, named, onnx, parse};

/// An architecture as parsed: layers with options, not yet held against an input shape.
///
/// JSON and TOML share one schema, published as `schema/architecture.schema.json`. A layer without options may be a
/// bare string.
///
/// # Examples
///
/// ```
/// use isotypic_architecture::Architecture;
///
/// let architecture = Architecture::from_json(
///     r#"{"parameterization": "ntk", "layers": [
///         {"conv": {"filter": [3, 3], "padding": "circular", "b_std": 0.2}}, "relu",
///         "global_avg_pool", {"dense": {"w_std": 1.5}}]}"#,
/// )?;
/// let graph = architecture.check(&[28, 28, 1])?;
/// assert_eq!(graph.nodes()[1].output_shape, [28, 28, 1]);
/// assert_eq!(graph.nodes()[3].output_shape, [1]);
///
/// let error = architecture.check(&[784]).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "layer 1 (`conv`): filter `[3, 3]`: expected an input with 2 spatial axes and channels, got shape `[784]`"
/// );
/// # Ok::<(), isotypic_architecture::ArchitectureError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Architecture {
    /// The parameterization of every layer that does not choose its own.
    pub parameterization: Parameterization,
    /// The layers, from input to output.
    pub layers: Vec<Layer>,
    #[serde(skip)]
    name: String,
    /// The inputs it was made for, where a file says so.
    #[serde(skip)]
    expected_input: Option<ExpectedInput>,
    /// Paths of layers with the nodes of a file that they come from.
    #[serde(skip)]
    places: Vec<(String, String)>,
}

impl Architecture {
    /// An architecture with these layers, named `architecture`.
    pub fn new(parameterization: Parameterization, layers: Vec<Layer>) -> Self {
        let name = "architecture".to_owned();
        Self { parameterization, layers, name, expected_input: None, places: vec![] }
    }

    /// An architecture from a file that says what its inputs are, and what its nodes are called.
    pub(crate) fn from_parts(
        parameterization: Parameterization,
        layers: Vec<Layer>,
        expected_input: ExpectedInput,
        places: Vec<(String, String)>,
    ) -> Self {
        Self { expected_input: Some(expected_input), places, ..Self::new(parameterization, layers) }
    }

    /// The same architecture under another name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The same architecture with a graph for every `aggregate` layer that has none: row `i` holds the weights of the edges from
    /// vertex `i`. An architecture without such a layer stays as it is.
    #[must_use]
    pub fn with_pattern(mut self, pattern: Vec<Vec<f64>>) -> Self {
        let pattern = Arc::new(pattern);
        let mut pending: Vec<&mut Vec<Layer>> = vec![&mut self.layers];
        while let Some(list) = pending.pop() {
            for layer in list {
                match layer {
                    Layer::Aggregate(aggregate) => {
                        aggregate.pattern.get_or_insert_with(|| Arc::clone(&pattern));
                    }
                    other => pending.extend(other.inner_mut()),
                }
            }
        }
        self
    }

    /// What people call it: the name or path it came from, `architecture` for text.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads an architecture from JSON.
    ///
    /// # Errors
    /// Invalid JSON, keys given twice, unknown layers and options, values of the wrong kind. Ranges and shapes are
    /// left to [`check`](Self::check).
    pub fn from_json(text: &str) -> Result<Self, ArchitectureError> {
        parse::architecture(Document::from_json(text)?)
    }

    /// Reads an architecture from TOML.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    pub fn from_toml(text: &str) -> Result<Self, ArchitectureError> {
        parse::architecture(Document::from_toml(text)?)
    }

    /// Reads the network of an ONNX file, as PyTorch and others export it.
    ///
    /// Of weights only the shapes are used: they are drawn as PyTorch draws them, with variances $1/(3n)$ for weights and biases alike and
    /// $n$ the fan-in, in the `standard` parameterization with the widths of the file. So `w_std` is $1/\sqrt3$ and `b_std` is
    /// $1/\sqrt{3n}$. The readout is left without a width. Other ways of drawing weights: change the
    /// [canonical form](Self::to_canonical_json) of the result.
    ///
    /// Inputs of the network are `[batch, channels, positions…]` in the file and `[positions…, channels]` here;
    /// [`check`](Self::check) takes only those that the file is for.
    ///
    /// # Errors
    /// Bytes of another kind, graphs that do not hold together, and operators without a layer, which are named with the reason.
    pub fn from_onnx(bytes: Vec<u8>) -> Result<Self, ArchitectureError> {
        onnx::architecture(&Model::from_bytes(bytes)?)
    }

    /// Reads an architecture from a file whose name ends in `.json`, `.toml` or `.onnx`; its name is the path.
    ///
    /// # Errors
    /// A file that cannot be read or has another ending, and as [`from_json`](Self::from_json) and [`from_onnx`](Self::from_onnx).
    pub fn from_file(path: &Path) -> Result<Self, ArchitectureError> {
        let read = match extension(path) {
            Some("json") => Self::from_json,
            Some("toml") => Self::from_toml,
            Some("onnx") => {
                let model = Model::from_file(path).map_err(|error| match error {
                    OnnxError::Read { path, source } => ArchitectureError::Read { path, source },
                    error => error.into(),
                })?;
                return Ok(onnx::architecture(&model)?.with_name(path.display().to_string()));
            }
            _ => return Err(ArchitectureError::UnknownExtension { path: path.to_owned() }),
        };
        let failed = |source| ArchitectureError::Read { path: path.to_owned(), source };
        let mut text = String::new();
        // One byte more than allowed, so that parsing notices; never a device without end.
        let limit = LARGEST_TEXT as u64 + 1;
        File::open(path).map_err(failed)?.take(limit).read_to_string(&mut text).map_err(failed)?;
        Ok(read(&text)?.with_name(path.display().to_string()))
    }

    /// Builds a named architecture: `mlp`, `cnn`, `cnn-gap`, `gcnn:c4`, `gcnn:d4`, `vit` or `resnet`, each optionally with a depth
    /// as in `mlp:5` or `gcnn:c4:2` (default 1), or `myrtle5`.
    ///
    /// - `mlp`: flatten, then as many hidden layers of rectifiers as the depth says, and a readout; `w_std` and `b_std` are 1
    /// - `cnn`: as many 3×3 circular convolutions with rectifiers, flatten, a readout; `w_std` is 1, no biases
    /// - `cnn-gap`: the same with global average pooling instead of flatten
    /// - `gcnn:c4`: as many 3×3 convolutions over shifts and quarter turns, the first of them lifting, with rectifiers, then the mean
    ///   over the group and a readout; square images on the torus
    /// - `gcnn:d4`: the same with mirror images
    /// - `vit`: a vision transformer on patches of 4×4 (arXiv 2010.11929): as many blocks as the depth says of softmax attention
    ///   with positional embeddings and of two dense layers, both after layer normalisation and on residual branches; then layer
    ///   normalisation, global average pooling and a readout
    /// - `resnet`: a wide residual network (arXiv 1605.07146): three groups of as many blocks as the depth says, so `resnet:4` is
    ///   the topology of WRN-28; `w_std` √2 after rectifiers, no biases and no batch normalisation
    /// - `myrtle5`: Myrtle-5 of arXiv 2003.02237, with global average pooling at the end
    ///
    /// # Errors
    /// Unknown names and depths out of range.
    pub fn named(name: &str) -> Result<Self, ArchitectureError> {
        named::build(name)
    }

    /// The architecture that a user means by `text`: a file if it ends in `.toml`, `.json` or `.onnx`, else a name.
    ///
    /// # Errors
    /// As [`from_file`](Self::from_file) and [`named`](Self::named).
    pub fn resolve(text: &str) -> Result<Self, ArchitectureError> {
        let path = Path::new(text);
        if matches!(extension(path), Some("json" | "toml" | "onnx")) {
            return Self::from_file(path);
        }
        match Self::named(text) {
            Err(ArchitectureError::UnknownName { .. }) if path.is_file() => Self::from_file(path),
            result => result,
        }
    }

    /// Holds the architecture against the shape of one input (spatial axes, then channels; `[d]` for vectors) and
    /// returns the graph of its layers with all shapes.
    ///
    /// This is the only place where shapes are inferred. A nonlinearity is accepted where its input is Gaussian in the
    /// limit of infinite width: after `dense`, `conv`, `group_conv` or `self_attention`, also with `identity`, `layer_norm`, pooling or
    /// a `sum` of such layers between; after `batch_norm`, which itself takes Gaussian values; and after `max_pool`, which takes these or what one nonlinearity makes of them. Branches of a `sum` pass on different units, and at most one of them is not
    /// Gaussian, so that they are uncorrelated; those of a `product` are independent. The network must end in a vector.
    ///
    /// # Errors
    /// The first layer that does not fit, with what was expected and what came.
    pub fn check(&self, input_shape: &[usize]) -> Result<LayerGraph, ArchitectureError> {
        if let Some(expected) = &self.expected_input {
            expected.check(input_shape)?;
        }
        check::layer_graph(self, input_shape).map_err(|error| self.in_node(error))
    }

    /// Says which node of a file the layer comes from that an error is about.
    fn in_node(&self, error: ArchitectureError) -> ArchitectureError {
        match self.node_of(&error.to_string()).map(str::to_owned) {
            None => error,
            Some(node) => ArchitectureError::InOnnxNode { node, source: Box::new(error) },
        }
    }

    /// The node of an ONNX file that the layer comes from with whose path a message begins: the one with the longest path. `None` for
    /// architectures from elsewhere, and messages about something else.
    pub fn node_of(&self, message: &str) -> Option<&str> {
        let inside = self.places.iter().filter(|(path, _)| message.starts_with(path.as_str()));
        inside.max_by_key(|(path, _)| path.len()).map(|(_, node)| node.as_str())
    }

    /// One line of JSON with every default spelled out, the same for architectures that mean the same.
    ///
    /// Each layer carries its own parameterization, so the top-level key is not written. The name is not part of it.
    pub fn to_canonical_json(&self) -> String {
        #[derive(Serialize)]
        struct Canonical {
            layers: Vec<Layer>,
        }
        let mut layers = self.layers.clone();
        let mut pending: Vec<&mut Vec<Layer>> = vec![&mut layers];
        while let Some(list) = pending.pop() {
            for layer in list {
                match layer {
                    Layer::Dense(dense) => {
                        dense.parameterization.get_or_insert(self.parameterization);
                    }
                    Layer::Conv(conv) | Layer::ConvLocal(conv) | Layer::ConvTranspose(conv) => {
                        conv.parameterization.get_or_insert(self.parameterization);
                    }
                    Layer::GroupLift(lift) => {
                        lift.conv.parameterization.get_or_insert(self.parameterization);
                    }
                    Layer::GroupConv(conv) => {
                        conv.parameterization.get_or_insert(self.parameterization);
                    }
                    other => pending.extend(other.inner_mut()),
                }
            }
        }
        serde_json::to_string(&Canonical { layers }).expect("plain structs with string keys always serialise")
    }
}

/// The file's ending, in the spelling it has.
fn extension(path: &Path) -> Option<&str> {
    path.extension().and_then(|ending| ending.to_str())
}
