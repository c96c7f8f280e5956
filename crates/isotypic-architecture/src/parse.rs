//! From a document to an [`Architecture`]: names of layers, kinds of values, defaults. Ranges are left to the check.

use crate::activation_spec;
use crate::check::MOST_LAYERS;
use crate::document::Document;
use crate::layer::layer_path;
use crate::layer_name::{is_other_layer, nearest_layer};
use crate::options::{Options, wrong_kind};
use crate::{Architecture, ArchitectureError, ConvSpec, DenseSpec, Layer, Parameterization};

/// The keys of an architecture.
const KEYS: &[&str] = &["parameterization", "layers"];

/// The options of a `dense` layer.
pub(crate) const DENSE_OPTIONS: &[&str] = &["width", "w_std", "b_std", "parameterization", "width_scale"];

/// The options of a `conv` layer.
pub(crate) const CONV_OPTIONS: &[&str] =
    &["filter", "strides", "padding", "width", "w_std", "b_std", "parameterization", "width_scale"];

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
            _ => return Err(ArchitectureError::UnknownKey { key, allowed: KEYS }),
        }
    }
    let items = layers.filter(|items| !items.is_empty()).ok_or(ArchitectureError::NoLayers)?;
    if items.len() > MOST_LAYERS {
        return Err(ArchitectureError::TooManyLayers { limit: MOST_LAYERS, got: items.len() });
    }
    let layers = items.into_iter().enumerate().map(|(position, item)| layer(position, item));
    Ok(Architecture::new(parameterization, layers.collect::<Result<_, _>>()?))
}

fn read_parameterization(value: &Document) -> Result<Parameterization, ArchitectureError> {
    let expected = "`ntk` or `standard`";
    let Document::Text(name) = value else {
        return Err(wrong_kind("architecture: key `parameterization`", expected, value));
    };
    Parameterization::from_name(name)
        .ok_or_else(|| wrong_kind("architecture: key `parameterization`", expected, value))
}

/// Reads one layer: a name, or a table with the name as its only key and the options below it.
fn layer(position: usize, item: Document) -> Result<Layer, ArchitectureError> {
    let (name, options) = match item {
        Document::Text(name) => (name, Document::Table(vec![])),
        Document::Table(mut table) if table.len() == 1 => table.remove(0),
        other => {
            let place = format!("layer {}", position + 1);
            return Err(wrong_kind(&place, "a name, or a table with a name as its only key", &other));
        }
    };
    let path = layer_path(position, &name.escape_debug().to_string());
    if is_other_layer(&name) {
        return Err(ArchitectureError::LayerNotAvailable { path, name });
    }
    let bare = match name.as_str() {
        "dense" => return dense(Options::new(path, options, DENSE_OPTIONS)?).map(Layer::Dense),
        "conv" => return conv(Options::new(path, options, CONV_OPTIONS)?).map(Layer::Conv),
        "identity" => Layer::Identity,
        "flatten" => Layer::Flatten,
        "global_avg_pool" => Layer::GlobalAvgPool,
        activation if let Some(allowed) = activation_spec::options_of(activation) => {
            let options = Options::new(path, options, allowed)?;
            return activation_spec::read(activation, options).map(Layer::Activation);
        }
        _ => return Err(ArchitectureError::UnknownLayer { nearest: nearest_layer(&name), path }),
    };
    Options::new(path, options, &[]).map(|_| bare)
}

fn dense(mut options: Options) -> Result<DenseSpec, ArchitectureError> {
    let default = DenseSpec::default();
    Ok(DenseSpec {
        width: options.extent("width")?.unwrap_or(default.width),
        w_std: options.number("w_std")?.unwrap_or(default.w_std),
        b_std: options.number_or_null("b_std")?,
        parameterization: options.parameterization()?,
        width_scale: options.two_numbers("width_scale")?.unwrap_or(default.width_scale),
    })
}

fn conv(mut options: Options) -> Result<ConvSpec, ArchitectureError> {
    let filter = options.extents("filter")?;
    let default = ConvSpec::new(options.required("filter", filter)?);
    Ok(ConvSpec {
        width: options.extent("width")?.unwrap_or(default.width),
        strides: options.extents("strides")?.unwrap_or(default.strides),
        padding: options.padding()?.unwrap_or(default.padding),
        w_std: options.number("w_std")?.unwrap_or(default.w_std),
        b_std: options.number_or_null("b_std")?,
        parameterization: options.parameterization()?,
        width_scale: options.two_numbers("width_scale")?.unwrap_or(default.width_scale),
        filter: default.filter,
    })
}
