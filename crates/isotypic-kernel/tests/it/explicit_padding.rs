//! Explicit padding against layers that say the same: all positions with `same`, of which `index` takes some.

use crate::support::{assert_close, compile, random_points, symmetric};

#[test]
fn padding_in_numbers_reads_what_every_second_position_of_a_denser_layer_reads() {
    let shape = [8, 7, 2];
    let end = r#""relu", {"conv": {"filter": [2, 2]}}, "relu", "flatten", "dense""#;
    for (explicit, dense) in [
        // Windows of three from −1 on.
        (
            r#"{"conv": {"filter": [3, 3], "strides": [2, 2], "padding": [[1, 1], [1, 1]], "b_std": 0.3}}"#,
            r#"{"conv": {"filter": [3, 3], "padding": "same", "b_std": 0.3}}, {"index": {"slices": [[0, null, 2], [0, null, 2]]}}"#,
        ),
        // From 0 on along one axis, and ending before the border along the other.
        (
            r#"{"conv": {"filter": [3, 3], "strides": [2, 1], "padding": [[0, 1], [1, 0]], "b_std": 0.3}}"#,
            r#"{"conv": {"filter": [3, 3], "padding": "same", "b_std": 0.3}}, {"index": {"slices": [[1, null, 2], [0, 6, 1]]}}"#,
        ),
        (
            r#""dense", {"avg_pool": {"window": [3, 3], "strides": [2, 2], "padding": [[1, 1], [1, 1]], "normalize_edges": true}}"#,
            r#""dense", {"avg_pool": {"window": [3, 3], "padding": "same", "normalize_edges": true}},
               {"index": {"slices": [[0, null, 2], [0, null, 2]]}}"#,
        ),
        // PyTorch's padding 1 of a filter of 4 is `same` for a transposed convolution with stride 2.
        (
            r#"{"conv_transpose": {"filter": [4, 4], "strides": [2, 2], "padding": [[2, 2], [2, 2]], "b_std": 0.3}}"#,
            r#"{"conv_transpose": {"filter": [4, 4], "strides": [2, 2], "padding": "same", "b_std": 0.3}}"#,
        ),
        // One output more at the end than all inputs write to, which is the bias alone.
        (
            r#"{"conv_transpose": {"filter": [3, 3], "strides": [2, 2], "padding": [[1, 1], [1, 1]], "b_std": 0.3}}"#,
            r#"{"conv_transpose": {"filter": [3, 3], "strides": [2, 2], "b_std": 0.3}}, {"index": {"slices": [[1, 16, 1], [1, 14, 1]]}}"#,
        ),
    ] {
        let [a, b] = [explicit, dense].map(|layer| {
            let kernel = compile(&format!(r#"{{"layers": [{layer}, {end}]}}"#), &shape);
            symmetric(&kernel, random_points(3, kernel.point_length(), 5).view())
        });
        assert_close(&a.nngp, &b.nngp, 1e-13, explicit);
        assert_close(&a.ntk.unwrap(), &b.ntk.unwrap(), 1e-13, explicit);
    }
}
