//! The names of layers: those that can be run, and those of the field that cannot.

use crate::activation_spec::ACTIVATIONS;

/// Affine layers.
const AFFINE: &[&str] = &["dense", "conv", "conv_local", "conv_transpose"];

/// Layers that are neither affine nor pointwise nonlinearities.
const STRUCTURED: &[&str] = &[
    "identity",
    "flatten",
    "global_avg_pool",
    "global_sum_pool",
    "group_lift",
    "group_conv",
    "group_pool",
    "avg_pool",
    "sum_pool",
    "max_pool",
    "layer_norm",
    "batch_norm",
    "dropout",
    "self_attention",
    "index",
    "image_resize",
    "aggregate",
    // Layers that hold layers.
    "sum",
    "product",
    "concat",
    "residual",
    "repeat",
];

/// Layers that can be run, in the order they are listed to users.
pub(crate) fn available_layers() -> impl Iterator<Item = &'static str> {
    AFFINE.iter().chain(&ACTIVATIONS).chain(STRUCTURED).copied()
}

/// Layers of neural-tangents' `stax`, and a few that people ask for, which cannot be run.
const OTHER_LAYERS: &[&str] = &["dot_general", "global_self_attention", "slice"];

/// Whether the field knows a layer of this name, though it cannot be run.
pub(crate) fn is_other_layer(name: &str) -> bool {
    OTHER_LAYERS.contains(&name)
}

/// The layer whose name is closest to `name`, if any is close.
pub(crate) fn nearest_layer(name: &str) -> Option<&'static str> {
    if name.to_lowercase().replace('_', "") == "globalselfattention" {
        return Some("self_attention");
    }
    nearest(name, available_layers().chain(OTHER_LAYERS.iter().copied()))
}

/// The candidate closest to `name` when case, `_` and `-` are ignored; `None` when more than a third of the letters differ.
pub(crate) fn nearest(name: &str, candidates: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let plain = |text: &str| text.to_lowercase().replace(['_', '-'], "");
    let wanted = plain(name);
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &plain(candidate)), candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, candidate)| 3 * distance <= candidate.len().max(3))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_forgives_case_separators_and_one_typo() {
        assert_eq!(nearest_layer("ReLU"), Some("relu"));
        assert_eq!(nearest_layer("GlobalAvgPool"), Some("global_avg_pool"));
        assert_eq!(nearest_layer("GlobalSelfAttention"), Some("self_attention"));
        assert_eq!(nearest_layer("dnese"), Some("dense"));
        assert_eq!(nearest_layer("flaten"), Some("flatten"));
        assert_eq!(nearest_layer("transformer"), None);
        assert_eq!(nearest_layer(""), None);
    }

    #[test]
    fn no_layer_is_both_available_and_not() {
        assert!(!available_layers().any(is_other_layer));
    }
}
