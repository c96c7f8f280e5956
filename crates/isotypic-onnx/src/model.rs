//! A file, read and checked.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use prost::Message;
use prost::bytes::Bytes;

use crate::error::quotable;
use crate::proto::{GraphProto, ModelProto, NodeProto, TypeProto};
use crate::{Attribute, Node, OnnxError, Tensor, census};

/// The largest file, in bytes: protobuf messages are not larger.
const LARGEST_FILE: u64 = 1 << 31;

/// The largest number of nodes, of arrays, and of inputs, outputs or attributes of one node.
const MOST_NODES: usize = 50_000;
const MOST_ARGUMENTS: usize = 1_000;

/// The largest number of messages of any kind: the memory of their records is a few hundred bytes each.
const MOST_MESSAGES: usize = 1 << 19;

/// The largest number of axes of the input.
const MOST_AXES: usize = 8;

/// A network as an ONNX file describes it.
#[derive(Clone, Debug)]
pub struct Model {
    /// The steps, each after those whose values it reads.
    pub nodes: Vec<Node>,
    /// What the network reads.
    pub input: Input,
    /// The name of the value that the network gives.
    pub output: String,
    tensors: HashMap<String, Tensor>,
    readers: HashMap<String, usize>,
}

/// The input of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The name of its value.
    pub name: String,
    /// The extents of its axes, the batch first; `None` for those that are not fixed.
    pub shape: Vec<Option<usize>>,
}

impl Model {
    /// Reads a file.
    ///
    /// # Errors
    /// [`OnnxError::Read`], [`OnnxError::TooLarge`] and those of [`from_bytes`](Self::from_bytes).
    pub fn from_file(path: &Path) -> Result<Self, OnnxError> {
        let failed = |source| OnnxError::Read { path: path.to_owned(), source };
        let mut bytes = Vec::new();
        // One byte more than allowed is enough to notice; never a device without end.
        File::open(path).map_err(failed)?.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
        Self::from_bytes(bytes)
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// The first thing that does not hold together, with its place.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, OnnxError> {
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(OnnxError::TooLarge { limit: LARGEST_FILE });
        }
        at_most("onnx file", "messages", MOST_MESSAGES, census::messages(&bytes))?;
        let proto = ModelProto::decode(Bytes::from(bytes)).map_err(|error| {
            let message: String = error.to_string().chars().flat_map(char::escape_debug).collect();
            OnnxError::NotOnnx { message }
        })?;
        let graph = proto.graph.ok_or(OnnxError::NoGraph { got: "none" })?;
        if graph.node.is_empty() {
            return Err(OnnxError::NoGraph { got: "an empty one" });
        }
        at_most("graph", "nodes", MOST_NODES, graph.node.len())?;
        at_most("graph", "weights", MOST_NODES, graph.initializer.len())?;
        Self::check(graph)
    }

    fn check(graph: GraphProto) -> Result<Self, OnnxError> {
        let mut tensors = HashMap::new();
        for proto in graph.initializer {
            let value = proto.name.clone();
            let tensor = Tensor::new(proto)?;
            if tensors.insert(value.clone(), tensor).is_some() {
                return Err(OnnxError::GivenTwice { node: "weights".to_owned(), value: quotable(&value) });
            }
        }
        // Old files list the weights among the inputs.
        let mut inputs: Vec<_> =
            graph.input.into_iter().filter(|input| !tensors.contains_key(&input.name)).collect();
        let names = |names: Vec<String>| names.iter().map(|name| quotable(name)).collect();
        let input = match inputs.pop() {
            Some(input) if inputs.is_empty() => input,
            last => {
                let got = inputs.into_iter().chain(last).map(|input| input.name).collect();
                return Err(OnnxError::Inputs { got: names(got) });
            }
        };
        let mut outputs: Vec<String> = graph.output.into_iter().map(|output| output.name).collect();
        let output = match outputs.pop() {
            Some(output) if outputs.is_empty() => output,
            last => return Err(OnnxError::Outputs { got: names(outputs.into_iter().chain(last).collect()) }),
        };
        let input = Input { shape: input_shape(&input.name, input.kind)?, name: input.name };
        let nodes = graph.node.into_iter().enumerate().map(|(index, proto)| node(index, proto));
        let nodes: Vec<Node> = nodes.collect::<Result<_, _>>()?;
        let readers = connect(&nodes, &tensors, &input.name, &output)?;
        Ok(Self { nodes, input, output, tensors, readers })
    }

    /// The array of this name, if it is one of the file's.
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// How many times a value is read, the end of the network included.
    pub fn readers(&self, name: &str) -> usize {
        self.readers.get(name).copied().unwrap_or(0)
    }
}

fn at_most(place: &str, what: &'static str, limit: usize, got: usize) -> Result<(), OnnxError> {
    if got > limit {
        return Err(OnnxError::TooMany { place: place.to_owned(), what, limit, got });
    }
    Ok(())
}

fn input_shape(name: &str, kind: Option<TypeProto>) -> Result<Vec<Option<usize>>, OnnxError> {
    let wrong = |expected, got: String| OnnxError::InputShape { name: quotable(name), expected, got };
    let shape = kind.and_then(|kind| kind.tensor_type).and_then(|tensor| tensor.shape);
    let Some(shape) = shape else {
        return Err(wrong("an array with a known number of axes", "none".to_owned()));
    };
    if !(2..=MOST_AXES).contains(&shape.dim.len()) {
        return Err(wrong("from 2 to 8 axes, the batch first", shape.dim.len().to_string()));
    }
    let extents = shape.dim.iter().enumerate().map(|(axis, dim)| match dim.dim_value {
        // Exporters write 0 for an extent that they do not know.
        None | Some(0) => Ok(None),
        Some(extent) => usize::try_from(extent)
            .ok()
            .filter(|extent| *extent <= 1 << 40)
            .map(Some)
            .ok_or_else(|| wrong("extents of at most 2^40", format!("`{extent}` along axis {axis}"))),
    });
    extents.collect()
}

fn node(index: usize, proto: NodeProto) -> Result<Node, OnnxError> {
    let mut node = Node {
        index,
        operator: proto.op_type,
        inputs: proto.input,
        outputs: proto.output,
        name: proto.name,
        attributes: vec![],
    };
    if !matches!(proto.domain.as_str(), "" | "ai.onnx") {
        // Other sets have operators of the same names.
        node.operator = format!("{}::{}", proto.domain, node.operator);
    }
    let place = node.to_string();
    at_most(&place, "inputs", MOST_ARGUMENTS, node.inputs.len())?;
    at_most(&place, "outputs", MOST_ARGUMENTS, node.outputs.len())?;
    at_most(&place, "attributes", MOST_ARGUMENTS, proto.attribute.len())?;
    for proto in proto.attribute {
        let name = proto.name.clone();
        if node.attribute(&name).is_some() {
            return Err(OnnxError::GivenTwice { node: place, value: quotable(&name) });
        }
        let attribute = Attribute::new(proto)?;
        node.attributes.push((name, attribute));
    }
    Ok(node)
}

/// Checks that every value comes before it is read, and counts its readers.
fn connect(
    nodes: &[Node],
    tensors: &HashMap<String, Tensor>,
    input: &str,
    output: &str,
) -> Result<HashMap<String, usize>, OnnxError> {
    let mut given_by: HashMap<&str, usize> = HashMap::new();
    for node in nodes {
        for value in node.outputs.iter().filter(|value| !value.is_empty()) {
            let again = value == input || tensors.contains_key(value.as_str());
            if given_by.insert(value, node.index).is_some() || again {
                return Err(OnnxError::GivenTwice { node: node.to_string(), value: quotable(value) });
            }
        }
    }
    let mut readers = HashMap::new();
    for node in nodes {
        for value in node.inputs.iter().filter(|value| !value.is_empty()) {
            *readers.entry(value.clone()).or_insert(0) += 1;
            if value == input || tensors.contains_key(value.as_str()) {
                continue;
            }
            match given_by.get(value.as_str()) {
                Some(&giver) if giver < node.index => {}
                Some(&giver) => {
                    return Err(OnnxError::NotSorted {
                        node: node.to_string(),
                        value: quotable(value),
                        later: nodes[giver].to_string(),
                    });
                }
                None => {
                    return Err(OnnxError::Undefined { node: node.to_string(), value: quotable(value) });
                }
            }
        }
    }
    if !given_by.contains_key(output) {
        return Err(OnnxError::Undefined { node: "output".to_owned(), value: quotable(output) });
    }
    *readers.entry(output.to_owned()).or_insert(0) += 1;
    Ok(readers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{DimensionProto, TensorShapeProto, TensorTypeProto, ValueInfoProto};

    /// A graph of nodes, each given as operator, inputs and outputs, that reads `x` and gives `y`.
    fn graph(nodes: &[(&str, &[&str], &[&str])]) -> GraphProto {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let dim = [None, Some(3)].map(|dim_value| DimensionProto { dim_value }).to_vec();
        let shape = Some(TensorShapeProto { dim });
        let kind = Some(TypeProto { tensor_type: Some(TensorTypeProto { shape }) });
        GraphProto {
            node: nodes
                .iter()
                .map(|(op_type, input, output)| NodeProto {
                    op_type: (*op_type).to_owned(),
                    input: owned(input),
                    output: owned(output),
                    ..NodeProto::default()
                })
                .collect(),
            input: vec![ValueInfoProto { name: "x".to_owned(), kind }],
            output: vec![ValueInfoProto { name: "y".to_owned(), kind: None }],
            initializer: vec![],
        }
    }

    fn read(graph: GraphProto) -> Result<Model, OnnxError> {
        Model::from_bytes(ModelProto { graph: Some(graph), opset_import: vec![] }.encode_to_vec())
    }

    fn message(nodes: &[(&str, &[&str], &[&str])]) -> String {
        read(graph(nodes)).unwrap_err().to_string()
    }

    #[test]
    fn sorted_graphs_are_read_and_readers_counted() {
        let model = read(graph(&[("Relu", &["x"], &["a"]), ("Add", &["a", "a"], &["y"])])).unwrap();
        assert_eq!(model.input.shape, [None, Some(3)]);
        assert_eq!(["x", "a", "y", "z"].map(|name| model.readers(name)), [1, 2, 1, 0]);
        assert_eq!(model.nodes[1].to_string(), "node 2 (`Add`)");
    }

    #[test]
    fn graphs_that_do_not_hold_together_name_the_node() {
        assert_eq!(
            message(&[("Relu", &["b"], &["a"]), ("Relu", &["a"], &["b"]), ("Add", &["x", "b"], &["y"])]),
            "node 1 (`Relu`): input `b` comes from node 2 (`Relu`), which does not come before it: the graph has a cycle or is not \
             sorted"
        );
        assert_eq!(
            message(&[("Conv", &["x", "w"], &["y"])]),
            "node 1 (`Conv`): input `w` is given by no node, no input and no weights"
        );
        assert_eq!(
            message(&[("Relu", &["x"], &["y"]), ("Relu", &["x"], &["y"])]),
            "node 2 (`Relu`): value `y` is given a second time"
        );
        assert_eq!(
            message(&[("Relu", &["x"], &["z"])]),
            "output: input `y` is given by no node, no input and no weights"
        );
        assert_eq!(message(&[]), "onnx file: expected a graph of at least one node, got an empty one");
    }

    #[test]
    fn several_inputs_or_outputs_are_named() {
        let mut two = graph(&[("Relu", &["x"], &["y"])]);
        two.input.push(ValueInfoProto { name: "mask".to_owned(), kind: None });
        let message = read(two.clone()).unwrap_err().to_string();
        assert_eq!(message, "graph: expected one input beside the weights, got `x`, `mask`");
        two.input.clear();
        assert_eq!(
            read(two.clone()).unwrap_err().to_string(),
            "graph: expected one input beside the weights, got none"
        );
        let mut two = graph(&[("Relu", &["x"], &["y"])]);
        two.output.push(ValueInfoProto { name: "x".to_owned(), kind: None });
        assert_eq!(read(two).unwrap_err().to_string(), "graph: expected one output, got `y`, `x`");
    }

    /// Two bytes each, which would become records of some hundred.
    #[test]
    fn more_messages_than_any_network_has_are_refused_before_they_are_read() {
        let graph = [0x0a, 0x00].repeat(MOST_MESSAGES);
        let length = graph.len();
        let varint = [0x80 | length as u8, 0x80 | (length >> 7) as u8, (length >> 14) as u8];
        let bytes = [&[0x3a][..], &varint, &graph].concat();
        let message = Model::from_bytes(bytes).unwrap_err().to_string();
        assert_eq!(message, "onnx file: expected at most 524288 messages, got 524289");
    }

    #[test]
    fn other_bytes_and_parts_of_files_are_refused() {
        let bytes = ModelProto { graph: Some(graph(&[("Relu", &["x"], &["y"])])), opset_import: vec![] }
            .encode_to_vec();
        for end in 1..bytes.len() {
            assert!(
                matches!(Model::from_bytes(bytes[..end].to_vec()), Err(OnnxError::NotOnnx { .. })),
                "{end}"
            );
        }
        for bytes in [&b""[..], b"layers = [\"dense\"]\n", b"\x89PNG\r\n\x1a\n", &[0xff; 64]] {
            let error = Model::from_bytes(bytes.to_vec()).unwrap_err();
            assert!(matches!(error, OnnxError::NotOnnx { .. } | OnnxError::NoGraph { .. }), "{error}");
            assert!(error.hint().is_some() && !error.to_string().contains(char::is_control));
        }
    }
}
