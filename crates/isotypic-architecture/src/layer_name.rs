//! The names of layers: those that can be run, and those of the field that cannot.

/// Layers that can be run, in the order they are listed to users.
pub(crate) const AVAILABLE_LAYERS: &[&str] = &[
    "dense",
    "conv",
    "relu",
    "erf",
    "identity",
    "flatten",
    "global_avg_pool",
    // Structured layers.
    "global_sum_pool",
    "avg_pool",
    "sum_pool",
    "layer_norm",
    "dropout",
    "self_attention",
    // Layers that hold layers.
    "sum",
    "product",
    "concat",
    "residual",
    "repeat",
];

/// Layers of neural-tangents' `stax`, and a few that people ask for, which cannot be run.
const OTHER_LAYERS: &[&str] = &[
    "ab_relu",
    "abs",
    "aggregate",
    "conv_local",
    "conv_transpose",
    "cos",
    "dot_general",
    "elementwise",
    "exp",
    "exp_normalized",
    "gabor",
    "gaussian",
    "gelu",
    "hermite",
    "image_resize",
    "index",
    "leaky_relu",
    "max_pool",
    "monomial",
    "polynomial",
    "rbf",
    "rectified_monomial",
    "sigmoid_like",
    "sign",
    "sin",
    "slice",
];

/// Whether the field knows a layer of this name, though it cannot be run.
pub(crate) fn is_other_layer(name: &str) -> bool {
    OTHER_LAYERS.contains(&name)
}

/// The layer whose name is closest to `name`, if any is close.
pub(crate) fn nearest_layer(name: &str) -> Option<&'static str> {
    if name.to_lowercase().replace('_', "") == "globalselfattention" {
        return Some("self_attention");
    }
    nearest(name, AVAILABLE_LAYERS.iter().chain(OTHER_LAYERS).copied())
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
        assert!(!AVAILABLE_LAYERS.iter().any(|name| is_other_layer(name)));
    }
}
