//! Everything that can be wrong with an architecture, told with its place and what would help.

use std::path::PathBuf;

use isotypic_onnx::OnnxError;

use crate::SymmetryGroup;
use crate::layer_name::available_layers;
use crate::named::{AVAILABLE_NAMES, is_like_a_path};

/// Why an architecture cannot be read, does not fit its input, or cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchitectureError {
    /// The file cannot be read.
    #[error("architecture file `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file's name ends in none of `.toml`, `.json` and `.onnx`.
    #[error("architecture file `{}`: expected a name ending in `.toml`, `.json` or `.onnx`", path.display())]
    UnknownExtension {
        /// The file.
        path: PathBuf,
    },
    /// An ONNX file that cannot be read.
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    /// A node of an ONNX file that has no layer here.
    #[error("{node}: {reason}")]
    OnnxNode {
        /// The node: its number, name and operator.
        node: String,
        /// Why it has none.
        reason: String,
        /// What can be done.
        hint: String,
    },
    /// A layer that came from a node of an ONNX file does not fit.
    #[error("{node}: {source}")]
    InOnnxNode {
        /// The node: its number, name and operator.
        node: String,
        /// What is wrong with the layer.
        source: Box<Self>,
    },
    /// Inputs for which a network from an ONNX file was not made.
    #[error("input: expected shape `{expected}`, for which the network was made, got `{got:?}`")]
    InputShape {
        /// The shape in the file: spatial axes, then channels.
        expected: String,
        /// The shape of the inputs.
        got: Vec<usize>,
    },
    /// The text is longer than any sensible architecture.
    #[error("architecture: expected at most {limit} bytes, got more")]
    TooLarge {
        /// The largest number of bytes accepted.
        limit: usize,
    },
    /// There are more layers than any sensible architecture has.
    #[error("architecture: expected at most {limit} layers, got {got}")]
    TooManyLayers {
        /// The largest number of layers accepted.
        limit: usize,
        /// The number of layers found.
        got: usize,
    },
    /// The text is not JSON or TOML, repeats a key, or is nested too deeply.
    #[error("architecture: invalid {format}: {message}")]
    Syntax {
        /// `JSON` or `TOML`.
        format: &'static str,
        /// What the parser says, with line and column, on one line.
        message: String,
    },
    /// A value is of the wrong kind, such as a number where a list belongs.
    #[error("{place}: expected {expected}, got {got}")]
    WrongKind {
        /// The layer, and the option if there is one.
        place: String,
        /// What belongs there.
        expected: String,
        /// What stands there.
        got: String,
    },
    /// The architecture has a key that means nothing.
    #[error("architecture: unknown key `{key}`")]
    UnknownKey {
        /// The key.
        key: String,
        /// The keys an architecture has.
        allowed: &'static [&'static str],
    },
    /// The list of layers is missing or empty.
    #[error("architecture: expected at least one layer in `layers`, got none")]
    NoLayers,
    /// No layer has this name.
    #[error("{path}: unknown layer")]
    UnknownLayer {
        /// The layer's place, with the name.
        path: String,
        /// The layer that was probably meant.
        nearest: Option<&'static str>,
    },
    /// A layer that exists elsewhere but not here.
    #[error("{path}: this layer is not available")]
    LayerNotAvailable {
        /// The layer's place, with the name.
        path: String,
        /// The layer's name.
        name: String,
    },
    /// The layer has no such option.
    #[error("{path}: unknown option `{option}`")]
    UnknownOption {
        /// The layer's place.
        path: String,
        /// The option.
        option: String,
        /// The options the layer has.
        allowed: &'static [&'static str],
    },
    /// An option without default is missing.
    #[error("{path}: option `{option}` is missing")]
    MissingOption {
        /// The layer's place.
        path: String,
        /// The option.
        option: &'static str,
    },
    /// An option is out of range.
    #[error("{path}: option `{option}`: expected {expected}, got `{got}`")]
    InvalidOption {
        /// The layer's place.
        path: String,
        /// The option.
        option: String,
        /// The range.
        expected: String,
        /// The value.
        got: String,
    },
    /// An `aggregate` layer without a graph.
    #[error("{path}: expected a graph, `pattern`, with {vertices} × {vertices} weights, got none")]
    MissingPattern {
        /// The layer's place.
        path: String,
        /// Number of vertices: of positions of the layer's input.
        vertices: usize,
    },
    /// The inputs have no values.
    #[error("input shape `{shape:?}`: expected spatial axes and channels, all at least 1")]
    EmptyInput {
        /// The shape.
        shape: Vec<usize>,
    },
    /// A shape has more values than can be addressed.
    #[error("{path}: shape `{shape:?}` has more values than fit in memory")]
    ShapeTooLarge {
        /// The layer's place.
        path: String,
        /// The shape.
        shape: Vec<usize>,
    },
    /// Filter (or pooling window) and input have different numbers of spatial axes.
    #[error("{path}: {option} `{filter:?}`: expected an input with {} spatial axes and channels, got shape `{input:?}`", filter.len())]
    FilterRank {
        /// The layer's place.
        path: String,
        /// `filter` or `window`.
        option: &'static str,
        /// The filter or window.
        filter: Vec<usize>,
        /// Shape of the layer's input, with channels.
        input: Vec<usize>,
    },
    /// Without padding, the filter (or pooling window) is larger than what it acts on.
    #[error("{path}: {option} {} does not fit: expected at most the input's {}", times(filter), times(input))]
    FilterDoesNotFit {
        /// The layer's place.
        path: String,
        /// `filter` or `window`.
        option: &'static str,
        /// The filter or window.
        filter: Vec<usize>,
        /// The input's spatial axes.
        input: Vec<usize>,
    },
    /// Pooling of a vector, or attention on one.
    #[error("{path}: expected an input with spatial axes, got the vector shape `{input:?}`")]
    NoSpatialAxes {
        /// The layer's place.
        path: String,
        /// Shape of the layer's input.
        input: Vec<usize>,
    },
    /// An image or a vector on which a group does not act.
    #[error("{path}: group `{group}`: expected {}, got an input of shape `{input:?}`", acted_on(*group))]
    GroupDoesNotFit {
        /// The layer's place.
        path: String,
        /// The group.
        group: SymmetryGroup,
        /// Shape of the layer's input, with channels.
        input: Vec<usize>,
    },
    /// Lifting of something on which the group of the input does not act.
    #[error(
        "{path}: expected the input, or layers that act on each position alike, got the output of {since}"
    )]
    LiftedTooLate {
        /// The layer's place.
        path: String,
        /// The place of the layer that mixes positions.
        since: String,
    },
    /// A group convolution, or pooling over a group, without lifting.
    #[error("{path}: expected a function on a group, got shape `{input:?}`")]
    NotOnGroup {
        /// The layer's place.
        path: String,
        /// Shape of the layer's input.
        input: Vec<usize>,
    },
    /// A layer that does not know functions on groups.
    #[error("{path}: expected an image or a vector, got a function on the group `{group}`")]
    OnGroup {
        /// The layer's place.
        path: String,
        /// The group.
        group: SymmetryGroup,
    },
    /// Branches give functions on different groups.
    #[error(
        "{path}: expected branches with functions on one group, got {first} of branch 1 and {other} of branch {branch}"
    )]
    BranchGroups {
        /// The layer's place.
        path: String,
        /// What the first branch gives.
        first: String,
        /// What another one gives.
        other: String,
        /// Its number, from 1.
        branch: usize,
    },
    /// The kernel of a nonlinearity is only known on Gaussian pre-activations.
    #[error("{path}: expected a gaussian input, got {got}")]
    NotGaussian {
        /// The layer's place.
        path: String,
        /// What its input comes from, `the raw input` or a layer whose output is not Gaussian.
        got: String,
    },
    /// Layers that hold layers are nested too deeply.
    #[error("{path}: expected layers nested at most {limit} deep")]
    NestedTooDeeply {
        /// The place of the layer that is one too deep.
        path: String,
        /// The greatest depth.
        limit: usize,
    },
    /// With branches and repetitions there are more layers than any sensible architecture has.
    #[error("{path}: expected at most {limit} layers in all, branches and repetitions included, got more")]
    TooManyLayersInside {
        /// The place of the first layer too many.
        path: String,
        /// The largest number of layers accepted.
        limit: usize,
    },
    /// A branch, or a layer that holds layers, is empty.
    #[error("{path}: expected at least one layer inside, got none")]
    NoLayersInside {
        /// The layer's or branch's place.
        path: String,
    },
    /// Too few branches.
    #[error("{path}: expected at least two branches, got {got}")]
    TooFewBranches {
        /// The layer's place.
        path: String,
        /// The number of branches.
        got: usize,
    },
    /// Branches give outputs that cannot be combined.
    #[error(
        "{path}: expected branches with {expected}, got shapes `{first:?}` of branch 1 and `{other:?}` of branch {branch}"
    )]
    BranchShapes {
        /// The layer's place.
        path: String,
        /// What shapes must have in common.
        expected: &'static str,
        /// Output shape of the first branch.
        first: Vec<usize>,
        /// Output shape of a branch that differs.
        other: Vec<usize>,
        /// Its number, from 1.
        branch: usize,
    },
    /// Branches share units, so that their outputs are correlated.
    #[error(
        "{path}: expected independent branches, but branches {first} and {second} pass on the same units of {shared}"
    )]
    DependentBranches {
        /// The layer's place.
        path: String,
        /// The number of the first of the two branches, from 1.
        first: usize,
        /// The number of the other.
        second: usize,
        /// The place where the units come from.
        shared: String,
    },
    /// More than one branch has outputs whose mean is not zero, so that their covariances do not add.
    #[error(
        "{path}: expected at most one branch with outputs that are not gaussian, got branches {first} and {second}"
    )]
    NotGaussianBranches {
        /// The layer's place.
        path: String,
        /// The number of the first of the two branches, from 1.
        first: usize,
        /// The number of the other.
        second: usize,
    },
    /// Dropout of raw inputs.
    #[error("{path}: expected hidden units, got the raw input")]
    DropoutOfInput {
        /// The layer's place.
        path: String,
    },
    /// The network ends with spatial axes.
    #[error("{path}: expected the network to end in a vector, got shape `{output:?}`")]
    OutputNotVector {
        /// The last layer's place.
        path: String,
        /// Shape of its output.
        output: Vec<usize>,
    },
    /// No named architecture has this name.
    #[error("unknown architecture `{name}`")]
    UnknownName {
        /// The name as given.
        name: String,
        /// The name that was probably meant.
        nearest: Option<&'static str>,
    },
    /// The depth of a named architecture is not a number in range.
    #[error("architecture `{name}`: expected a depth from 1 to {limit}, got `{depth}`")]
    InvalidDepth {
        /// The name as given.
        name: String,
        /// What follows the colon.
        depth: String,
        /// The greatest depth.
        limit: usize,
    },
    /// A named architecture of fixed depth was given one.
    #[error("architecture `{name}`: expected no depth, since this architecture has a fixed one")]
    NoDepth {
        /// The name as given.
        name: String,
    },
    /// The rows given to a finite network are of the wrong length.
    #[error("network input: expected {expected} values a row, got {got}")]
    RowLength {
        /// Values in one input.
        expected: usize,
        /// Values in a row.
        got: usize,
    },
    /// A batch with a single value per channel, which has no variance.
    #[error("{path}: expected a batch of at least 2 values per channel, got {got}")]
    BatchTooSmall {
        /// The layer's place.
        path: String,
        /// Values of each channel: inputs times positions.
        got: usize,
    },
    /// A batch whose values are all equal, where nothing is added to their variance.
    #[error(
        "{path}: expected values that differ within the batch, got equal ones in channel {channel} with `epsilon` 0"
    )]
    NoSpread {
        /// The layer's place.
        path: String,
        /// The channel.
        channel: usize,
    },
    /// A batch of more rows than were given.
    #[error("inputs: expected a batch of at most {rows} rows, as many as there are, got {got}")]
    BatchTooLarge {
        /// Rows of the inputs.
        rows: usize,
        /// Rows of the batch.
        got: usize,
    },
    /// A layer whose kernel belongs to no function.
    #[error("{path}: finite networks have no such layer, since its kernel belongs to no function")]
    NoFiniteLayer {
        /// The layer's place.
        path: String,
    },
    /// Parameters given to a finite network are too many or too few.
    #[error("parameters: expected `{expected}` arrays, got `{got}`")]
    ParameterCount {
        /// Arrays that the network has.
        expected: usize,
        /// Arrays given.
        got: usize,
    },
    /// An array of parameters does not fit its layer.
    #[error("{path}: parameter `{name}`: expected shape `{expected:?}`, got `{got:?}`")]
    ParameterShape {
        /// The layer.
        path: String,
        /// The array.
        name: &'static str,
        /// Its shape in the network.
        expected: Vec<usize>,
        /// The shape given.
        got: Vec<usize>,
    },
    /// A value given to a finite network is NaN or infinite.
    #[error("network input: row {row}, value {column}: expected a finite number, got `{got}`")]
    NotFinite {
        /// The row.
        row: usize,
        /// The value's place in the row.
        column: usize,
        /// The value.
        got: f64,
    },
}

impl ArchitectureError {
    /// What the user can do about it, one line.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownExtension { .. } => {
                Some("rename the file, or pass the name of an architecture".to_owned())
            }
            Self::Onnx(error) => error.hint(),
            Self::OnnxNode { hint, .. } => Some(hint.clone()),
            Self::InOnnxNode { source, .. } => source.hint(),
            Self::InputShape { .. } => {
                Some("export the network for inputs of this shape, or give it those it was made for".to_owned())
            }
            Self::UnknownKey { allowed, .. } => Some(format!("its keys are {}", list(allowed))),
            Self::UnknownLayer { nearest: Some(nearest), .. } => Some(format!("did you mean `{nearest}`?")),
            Self::UnknownLayer { nearest: None, .. } | Self::LayerNotAvailable { .. } => {
                Some(format!("available layers: {}", list(&available_layers().collect::<Vec<_>>())))
            }
            Self::UnknownOption { allowed: [], .. } => Some("this layer has no options".to_owned()),
            Self::UnknownOption { allowed, .. } => Some(format!("its options are {}", list(allowed))),
            Self::MissingOption { option, .. } => {
                Some(format!("add it, for example `\"{option}\": {}`", example_value(option)))
            }
            Self::MissingPattern { .. } => {
                Some("give the layer the option `pattern`; `isotypic kernel` takes `--pattern P.npy`".to_owned())
            }
            Self::NoLayers => Some("for example `\"layers\": [\"flatten\", {\"dense\": {}}]`".to_owned()),
            Self::FilterRank { input, option: "filter", .. } if input.len() == 1 => Some(
                "convolutions need images; for vectors use `dense`, or the architecture `mlp`".to_owned(),
            ),
            Self::FilterRank { input, option, .. } => {
                Some(format!("give `{option}` (and `strides`) {} entries", input.len().saturating_sub(1)))
            }
            Self::FilterDoesNotFit { option, .. } => {
                Some(format!("use a smaller {option}, or padding `same` or `circular`"))
            }
            Self::NestedTooDeeply { .. } => {
                Some("write layers after one another, or use `repeat` for blocks".to_owned())
            }
            Self::TooManyLayersInside { .. } => Some("lower `times`".to_owned()),
            Self::NoLayersInside { .. } => {
                Some("for a branch that passes its input on, write `[\"identity\"]`".to_owned())
            }
            Self::TooFewBranches { .. } => {
                Some("for example `{\"sum\": [[\"identity\"], [\"relu\", \"dense\"]]}`".to_owned())
            }
            Self::BranchShapes { .. } => {
                Some("give the last layers of the branches the same `width`, strides and padding".to_owned())
            }
            Self::DependentBranches { .. } | Self::NotGaussianBranches { .. } => {
                Some("end all branches but one with a `dense` or `conv` layer".to_owned())
            }
            Self::DropoutOfInput { .. } => Some("put it after a `dense` or `conv` layer".to_owned()),
            Self::NoSpatialAxes { .. } => Some("drop this layer, or the `flatten` before it".to_owned()),
            Self::GroupDoesNotFit { group, input, .. } => Some(match (group.points(), input.as_slice()) {
                (None, [_]) => "plane groups need images; for vectors use `cyclic:N` or `dihedral:N`".to_owned(),
                (None, _) => "crop or resize the images to squares".to_owned(),
                (Some(_), [length]) => {
                    format!("use a number of points that divides {length}, such as `cyclic:{length}`")
                }
                (Some(_), _) => "for images use `p4` or `p4m`".to_owned(),
            }),
            Self::LiftedTooLate { .. } => Some("put `group_lift` first".to_owned()),
            Self::NotOnGroup { .. } => {
                Some("put a `group_lift` layer before it, for example `{\"group_lift\": {\"group\": \"p4\", \"filter\": [3, 3]}}`".to_owned())
            }
            Self::OnGroup { .. } => Some(
                "between `group_lift` and `group_pool` use `group_conv`, `dense`, `layer_norm`, `dropout`, nonlinearities and branches".to_owned(),
            ),
            Self::BranchGroups { .. } => Some("lift before the branches, or with the same group in all of them".to_owned()),
            Self::NotGaussian { .. } => Some("put a `dense` or `conv` layer before it".to_owned()),
            Self::OutputNotVector { .. } => {
                Some("add `flatten` or `global_avg_pool` and then a `dense` layer".to_owned())
            }
            Self::UnknownName { nearest: Some(nearest), .. } => Some(format!("did you mean `{nearest}`?")),
            Self::UnknownName { name, nearest: None } if is_like_a_path(name) => {
                Some("architecture files end in `.toml`, `.json` or `.onnx`".to_owned())
            }
            Self::UnknownName { nearest: None, .. } => Some(format!(
                "available: {}, with a depth as in `mlp:5`, or a file ending in `.toml`, `.json` or `.onnx`",
                list(AVAILABLE_NAMES)
            )),
            Self::NoDepth { name } => Some(format!("pass `{}`", name.split(':').next().unwrap_or_default())),
            Self::InvalidDepth { .. } => Some("for example `mlp:5`, or `mlp` for depth 1".to_owned()),
            Self::BatchTooSmall { .. } => Some("normalise more inputs at a time".to_owned()),
            Self::BatchTooLarge { .. } => Some("the batch is the first rows of the inputs".to_owned()),
            Self::NoSpread { .. } => Some("give `batch_norm` a positive `epsilon`, or leave that option out".to_owned()),
            Self::NoFiniteLayer { .. } => Some("use its kernel, or another nonlinearity, such as `exp`".to_owned()),
            Self::Read { .. } => Some("check the path and the permissions".to_owned()),
            Self::Syntax { .. } | Self::WrongKind { .. } => {
                Some("for example `{\"layers\": [\"flatten\", {\"dense\": {\"b_std\": 1.0}}, \"relu\", \"dense\"]}`".to_owned())
            }
            Self::InvalidOption { .. } => Some("change the option, or leave it out for its default".to_owned()),
            _ => None,
        }
    }

    /// An option out of range.
    pub(crate) fn invalid_option(
        path: &str,
        option: &str,
        expected: impl Into<String>,
        got: &impl ToString,
    ) -> Self {
        Self::InvalidOption {
            path: path.to_owned(),
            option: option.to_owned(),
            expected: expected.into(),
            got: got.to_string(),
        }
    }
}

/// What an option without default may look like.
fn example_value(option: &str) -> &'static str {
    match option {
        "window" => "[2, 2]",
        "keep_rate" => "0.9",
        "type" => "\"sum\"",
        "times" => "3",
        "group" => "\"p4\"",
        "layers" => "[\"relu\", \"dense\"]",
        "branches" => "[[\"dense\"], [\"dense\"]]",
        "alpha" => "0.1",
        "a" => "-0.5",
        "b" => "1.0",
        "degree" => "2",
        "coef" => "[0.0, 1.0, 0.5]",
        "function" => "\"tanh\"",
        "quadrature_degree" => "25",
        _ => "[3, 3]",
    }
}

/// What a group acts on, as an expectation.
fn acted_on(group: SymmetryGroup) -> String {
    match group.points() {
        None => "square images `[side, side, channels]`".to_owned(),
        Some(1) => "a vector".to_owned(),
        Some(points) => format!("a vector of a multiple of {points} numbers"),
    }
}

/// Names in backticks, separated by commas.
fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Extents as people write them, `5×5`.
fn times(extents: &[usize]) -> String {
    extents.iter().map(ToString::to_string).collect::<Vec<_>>().join("×")
}
