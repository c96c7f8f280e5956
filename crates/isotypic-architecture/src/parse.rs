//! From a document to an [`Architecture`]: names of layers, kinds of values, defaults. Ranges are left to the check.

use crate::activation_spec;
use crate::aggregate::AGGREGATE_OPTIONS;
use crate::batch_norm::BATCH_NORM_OPTIONS;
use crate::check::{DEEPEST_NESTING, MOST_LAYERS};
use crate::concat_spec::CONCAT_OPTIONS;
use crate::conv_spec::{CONV_OPTIONS, OTHER_CONV_OPTIONS};
use crate::document::Document;
use crate::dropout::DROPOUT_OPTIONS;
use crate::group_conv_spec::{GROUP_CONV_OPTIONS, GROUP_LIFT_OPTIONS};
use crate::image_resize::IMAGE_RESIZE_OPTIONS;
use crate::index::INDEX_OPTIONS;
use crate::layer::{branch_prefix, inner_prefix, layer_path};
use crate::layer_name::{is_other_layer, nearest_layer};
use crate::layer_norm::LAYER_NORM_OPTIONS;
use crate::options::{Options, wrong_kind};
use crate::pool_spec::{AVG_POOL_OPTIONS, SUM_POOL_OPTIONS};
use crate::repeat_spec::REPEAT_OPTIONS;
use crate::self_attention_spec::SELF_ATTENTION_OPTIONS;
use crate::{
    AggregateSpec, Architecture, ArchitectureError, BatchNormSpec, ConcatSpec, ConvSpec, DenseSpec,
    DropoutSpec, GroupConvSpec, GroupLiftSpec, ImageResizeSpec, IndexSpec, Layer, LayerNormSpec,
    Parameterization, PoolSpec, RepeatSpec, SelfAttentionSpec,
};

/// The keys of an architecture.
const KEYS: &[&str] = &["parameterization", "layers"];

/// The options of a `dense` layer.
pub(crate) const DENSE_OPTIONS: &[&str] = &["width", "w_std", "b_std", "parameterization", "width_scale"];

/// Reads a whole architecture.
pub(crate) fn architecture(document: Document) -> Result<Architecture, ArchitectureError> {
    let Document::Table(table) = document else {
        return Err(wrong_kind("architecture", "a table with `layers`", &document));
    };
    let mut parameterization = Parameterization::default();
    let mut layers = None;
    for (key, value) in table {
        match (key.as_str(), value) {
            ("parameterization", value) => parameterization = read_parameterization(&value)?,
            ("layers", Document::List(items)) => layers = Some(items),
            ("layers", other) => return Err(wrong_kind("architecture: key `layers`", "a list", &other)),
            _ => {
                let key = key.escape_debug().to_string();
                return Err(ArchitectureError::UnknownKey { key, allowed: KEYS });
            }
        }
    }
    let items = layers.filter(|items| !items.is_empty()).ok_or(ArchitectureError::NoLayers)?;
    if items.len() > MOST_LAYERS {
        return Err(ArchitectureError::TooManyLayers { limit: MOST_LAYERS, got: items.len() });
    }
    Ok(Architecture::new(parameterization, layers_of("", 0, items)?))
}

fn read_parameterization(value: &Document) -> Result<Parameterization, ArchitectureError> {
    let expected = "`ntk` or `standard`";
    let Document::Text(name) = value else {
        return Err(wrong_kind("architecture: key `parameterization`", expected, value));
    };
    Parameterization::from_name(name)
        .ok_or_else(|| wrong_kind("architecture: key `parameterization`", expected, value))
}

/// Reads a list of layers whose paths begin with `prefix`, inside `depth` other layers.
fn layers_of(prefix: &str, depth: usize, items: Vec<Document>) -> Result<Vec<Layer>, ArchitectureError> {
    items.into_iter().enumerate().map(|(position, item)| layer(prefix, depth, position, item)).collect()
}

/// Reads one layer: a name, or a table with the name as its only key and the options below it.
fn layer(prefix: &str, depth: usize, position: usize, item: Document) -> Result<Layer, ArchitectureError> {
    let (name, options) = match item {
        Document::Text(name) => (name, Document::Table(vec![])),
        Document::Table(mut table) if table.len() == 1 => table.remove(0),
        other => {
            let place = format!("{prefix}layer {}", position + 1);
            return Err(wrong_kind(&place, "a name, or a table with a name as its only key", &other));
        }
    };
    let path = layer_path(prefix, position, &name.escape_debug().to_string());
    if is_other_layer(&name) {
        return Err(ArchitectureError::LayerNotAvailable { path, name });
    }
    let bare = match name.as_str() {
        "dense" => {
            let mut options = Options::new(path, options, DENSE_OPTIONS)?;
            return DenseSpec::read_from(&mut options).map(Layer::Dense);
        }
        "conv" => return ConvSpec::read(Options::new(path, options, CONV_OPTIONS)?).map(Layer::Conv),
        "conv_local" => {
            return ConvSpec::read(Options::new(path, options, OTHER_CONV_OPTIONS)?).map(Layer::ConvLocal);
        }
        "conv_transpose" => {
            return ConvSpec::read(Options::new(path, options, OTHER_CONV_OPTIONS)?)
                .map(Layer::ConvTranspose);
        }
        "group_lift" => {
            return GroupLiftSpec::read(Options::new(path, options, GROUP_LIFT_OPTIONS)?)
                .map(Layer::GroupLift);
        }
        "group_conv" => {
            return GroupConvSpec::read(Options::new(path, options, GROUP_CONV_OPTIONS)?)
                .map(Layer::GroupConv);
        }
        "group_pool" => Layer::GroupPool,
        "index" => {
            return IndexSpec::read(Options::new(path, options, INDEX_OPTIONS)?).map(Layer::Index);
        }
        "image_resize" => {
            return ImageResizeSpec::read(Options::new(path, options, IMAGE_RESIZE_OPTIONS)?)
                .map(Layer::ImageResize);
        }
        "aggregate" => {
            return AggregateSpec::read(Options::new(path, options, AGGREGATE_OPTIONS)?)
                .map(Layer::Aggregate);
        }
        "identity" => Layer::Identity,
        "flatten" => Layer::Flatten,
        "global_avg_pool" => Layer::GlobalAvgPool,
        "global_sum_pool" => Layer::GlobalSumPool,
        "avg_pool" => {
            return PoolSpec::read(Options::new(path, options, AVG_POOL_OPTIONS)?).map(Layer::AvgPool);
        }
        "sum_pool" => {
            return PoolSpec::read(Options::new(path, options, SUM_POOL_OPTIONS)?).map(Layer::SumPool);
        }
        "max_pool" => {
            return PoolSpec::read(Options::new(path, options, SUM_POOL_OPTIONS)?).map(Layer::MaxPool);
        }
        "layer_norm" => {
            return LayerNormSpec::read(Options::new(path, options, LAYER_NORM_OPTIONS)?)
                .map(Layer::LayerNorm);
        }
        "batch_norm" => {
            return BatchNormSpec::read(Options::new(path, options, BATCH_NORM_OPTIONS)?)
                .map(Layer::BatchNorm);
        }
        "dropout" => {
            return DropoutSpec::read(Options::new(path, options, DROPOUT_OPTIONS)?).map(Layer::Dropout);
        }
        "self_attention" => {
            return SelfAttentionSpec::read(Options::new(path, options, SELF_ATTENTION_OPTIONS)?)
                .map(|spec| Layer::SelfAttention(Box::new(spec)));
        }
        "sum" => return branches(&path, depth, options).map(Layer::Sum),
        "product" => return branches(&path, depth, options).map(Layer::Product),
        "concat" => return concat(path, depth, options).map(Layer::Concat),
        "residual" => return inner_layers(&path, depth, options).map(Layer::Residual),
        "repeat" => return repeat(path, depth, options).map(Layer::Repeat),
        activation if let Some(allowed) = activation_spec::options_of(activation) => {
            let options = Options::new(path, options, allowed)?;
            return activation_spec::read(activation, options).map(Layer::Activation);
        }
        _ => return Err(ArchitectureError::UnknownLayer { nearest: nearest_layer(&name), path }),
    };
    Options::new(path, options, &[]).map(|_| bare)
}

/// Reads the branches of the layer at `path`: a list of lists of layers.
fn branches(path: &str, depth: usize, value: Document) -> Result<Vec<Vec<Layer>>, ArchitectureError> {
    shallow_enough(path, depth)?;
    let expected = "a list of branches, each a list of layers";
    let Document::List(items) = value else { return Err(wrong_kind(path, expected, &value)) };
    let branches = items.into_iter().enumerate().map(|(branch, item)| match item {
        Document::List(items) => layers_of(&branch_prefix(path, branch), depth + 1, items),
        other => Err(wrong_kind(&format!("{path}, branch {}", branch + 1), "a list of layers", &other)),
    });
    branches.collect()
}

/// Reads the layers right inside the layer at `path`.
fn inner_layers(path: &str, depth: usize, value: Document) -> Result<Vec<Layer>, ArchitectureError> {
    shallow_enough(path, depth)?;
    match value {
        Document::List(items) => layers_of(&inner_prefix(path), depth + 1, items),
        other => Err(wrong_kind(path, "a list of layers", &other)),
    }
}

fn concat(path: String, depth: usize, value: Document) -> Result<ConcatSpec, ArchitectureError> {
    let mut options = Options::new(path.clone(), value, CONCAT_OPTIONS)?;
    let axis = options.axis("axis")?.unwrap_or(-1);
    let value = options.document("branches");
    let branches = branches(&path, depth, options.required("branches", value)?)?;
    Ok(ConcatSpec { axis, branches })
}

fn repeat(path: String, depth: usize, value: Document) -> Result<RepeatSpec, ArchitectureError> {
    let mut options = Options::new(path.clone(), value, REPEAT_OPTIONS)?;
    let times = options.extent("times")?;
    let times = options.required("times", times)?;
    let value = options.document("layers");
    let layers = inner_layers(&path, depth, options.required("layers", value)?)?;
    Ok(RepeatSpec { times, layers })
}

/// Refuses layers that hold layers inside [`DEEPEST_NESTING`] others: reading and checking recurse that deep.
fn shallow_enough(path: &str, depth: usize) -> Result<(), ArchitectureError> {
    if depth >= DEEPEST_NESTING {
        return Err(ArchitectureError::NestedTooDeeply { path: path.to_owned(), limit: DEEPEST_NESTING });
    }
    Ok(())
}
