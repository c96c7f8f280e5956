//! Forward passes of structured layers against plain loops, and moments of wide networks against neural-tangents.

use isotypic_architecture::{Architecture, FiniteNetwork, Layer, LayerGraph};
use ndarray::{Array1, Array2, Array3};

use crate::finite_network::{assert_moments, golden, second_moments};
use crate::support;

fn run(layers: &str, shape: &[usize], inputs: &Array2<f64>) -> Array2<f64> {
    let graph =
        Architecture::from_json(&format!(r#"{{"layers": [{layers}]}}"#)).unwrap().check(shape).unwrap();
    FiniteNetwork::sample(&graph, 4).unwrap().forward(inputs).unwrap()
}

fn image(shape: [usize; 3]) -> Array3<f64> {
    Array3::from_shape_fn(shape, |(row, column, channel)| {
        (1.3 * row as f64 + 2.1 * column as f64 + 0.7).sin() + 0.3 * channel as f64 * column as f64
    })
}

fn row(image: &Array3<f64>) -> Array2<f64> {
    image.clone().into_shape_with_order((1, image.len())).unwrap()
}

fn assert_close(got: &Array2<f64>, expected: &[f64], what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (got, expected) in got.iter().zip(expected) {
        assert!(
            (got - expected).abs() < 1e-13 * expected.abs().max(1.0),
            "{what}: {got}, expected {expected}"
        );
    }
}

#[test]
fn pooling_equals_loops_over_windows() {
    let [height, width, channels] = [5, 7, 2];
    let drawn = row(&image([height, width, channels]));
    // Maxima take what a layer with weights makes of an image, not the image.
    let conv = r#"{"conv": {"filter": [1, 1], "width": 2}}"#;
    let image = run(&format!(r#"{conv}, "flatten""#), &[height, width, channels], &drawn)
        .into_shape_with_order((height, width, channels))
        .unwrap();
    for padding in ["circular", "same", "valid"] {
        for (window, strides) in [([2, 2], [2, 2]), ([3, 2], [1, 3]), ([4, 3], [2, 1])] {
            // Total padding as XLA has it, the smaller half first.
            let layout = |length: usize, axis: usize| {
                if padding == "valid" {
                    return ((length - window[axis]) / strides[axis] + 1, 0);
                }
                let outputs = length.div_ceil(strides[axis]);
                (outputs, ((outputs - 1) * strides[axis] + window[axis]).saturating_sub(length) / 2)
            };
            let ((rows, top), (columns, left)) = (layout(height, 0), layout(width, 1));
            let [mut sums, mut maxima, mut inside_means] = [vec![], vec![], vec![]];
            for (down, right) in (0..rows).flat_map(|down| (0..columns).map(move |right| (down, right))) {
                for channel in 0..channels {
                    let (mut sum, mut inside, mut largest) = (0.0, 0.0, f64::NEG_INFINITY);
                    for (y, x) in (0..window[0]).flat_map(|y| (0..window[1]).map(move |x| (y, x))) {
                        let y = (down * strides[0] + y) as isize - top as isize;
                        let x = (right * strides[1] + x) as isize - left as isize;
                        let (wrapped_y, wrapped_x) =
                            (y.rem_euclid(height as isize) as usize, x.rem_euclid(width as isize) as usize);
                        if padding == "circular" || (wrapped_y as isize == y && wrapped_x as isize == x) {
                            sum += image[[wrapped_y, wrapped_x, channel]];
                            largest = largest.max(image[[wrapped_y, wrapped_x, channel]]);
                            inside += 1.0;
                        }
                    }
                    sums.push(sum);
                    maxima.push(largest);
                    inside_means.push(sum / inside);
                }
            }
            let size = (window[0] * window[1]) as f64;
            let means: Vec<f64> = sums.iter().map(|sum| sum / size).collect();
            let options = format!(r#""window": {window:?}, "strides": {strides:?}, "padding": "{padding}""#);
            for (layer, extra, expected) in [
                ("sum_pool", "", &sums),
                ("avg_pool", "", &means),
                ("max_pool", "", &maxima),
                ("avg_pool", r#", "normalize_edges": true"#, &inside_means),
            ] {
                let layers = format!(r#"{conv}, {{"{layer}": {{{options}{extra}}}}}, "flatten""#);
                assert_close(&run(&layers, &[height, width, channels], &drawn), expected, &layers);
            }
        }
    }
}

#[test]
fn global_sums_are_sums_over_positions() {
    let image = image([3, 4, 2]);
    let expected: Vec<f64> =
        (0..2).map(|channel| (0..12).map(|at| image[[at / 4, at % 4, channel]]).sum()).collect();
    assert_close(&run(r#""global_sum_pool""#, &[3, 4, 2], &row(&image)), &expected, "global_sum_pool");
}

#[test]
fn normalisation_leaves_mean_zero_and_the_variance_that_epsilon_leaves() {
    let image = image([3, 4, 2]);
    let conv = r#"{"conv": {"filter": [1, 1], "width": 3}}"#;
    let before = run(&format!(r#"{conv}, "flatten""#), &[3, 4, 2], &row(&image));
    for (axes, spatial) in [("[-1]", [false, false]), ("[1, 3]", [true, false]), ("[1, 2, 3]", [true, true])]
    {
        let layers = format!(r#"{conv}, {{"layer_norm": {{"axes": {axes}, "epsilon": 0.25}}}}, "flatten""#);
        let at = |y: usize, x: usize, channel: usize| before[[0, (y * 4 + x) * 3 + channel]];
        let mut expected = vec![];
        for (y, x) in (0..3).flat_map(|y| (0..4).map(move |x| (y, x))) {
            let mut group = vec![];
            for (other_y, other_x) in (0..3).flat_map(|y| (0..4).map(move |x| (y, x))) {
                if (spatial[0] || other_y == y) && (spatial[1] || other_x == x) {
                    group.extend((0..3).map(|channel| at(other_y, other_x, channel)));
                }
            }
            let count = group.len() as f64;
            let mean = group.iter().sum::<f64>() / count;
            let variance = group.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
            expected.extend((0..3).map(|channel| (at(y, x, channel) - mean) / (variance + 0.25).sqrt()));
        }
        assert_close(&run(&layers, &[3, 4, 2], &row(&image)), &expected, &layers);
    }
}

#[test]
fn batches_are_normalised_channel_by_channel_over_inputs_and_positions() {
    let shape = [2, 2, 2];
    let inputs = Array2::from_shape_fn((4, 8), |(row, at)| (0.9 * (row * 8 + at) as f64).sin() + row as f64);
    let conv = r#"{"conv": {"filter": [1, 1], "width": 3}}"#;
    let graph = |layers: &str| {
        Architecture::from_json(&format!(r#"{{"layers": [{layers}]}}"#)).unwrap().check(&shape).unwrap()
    };
    let before = run(&format!(r#"{conv}, "flatten""#), &shape, &inputs);
    let network = graph(&format!(r#"{conv}, {{"batch_norm": {{"epsilon": 0.25}}}}, "flatten""#));
    let network = FiniteNetwork::sample(&network, 4).unwrap();
    for batch in [1, 3, 4] {
        let mut expected = before.clone();
        for channel in 0..3 {
            let values: Vec<f64> = (0..batch)
                .flat_map(|row| (0..4).map(move |p| [row, 3 * p + channel]))
                .map(|at| before[at])
                .collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let variance =
                values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
            for at in (0..4).flat_map(|row| (0..4).map(move |p| [row, 3 * p + channel])) {
                expected[at] = (before[at] - mean) / (variance + 0.25).sqrt();
            }
        }
        let expected: Vec<f64> = expected.iter().copied().collect();
        assert_close(&network.forward_in_batch(&inputs, batch).unwrap(), &expected, "batch_norm");
    }
    assert_eq!(network.forward(&inputs).unwrap(), network.forward_in_batch(&inputs, 4).unwrap());
    let error = network.forward_in_batch(&inputs, 5).unwrap_err();
    assert_eq!(error.to_string(), "inputs: expected a batch of at most 4 rows, as many as there are, got 5");
    let pooled = graph(&format!(r#"{conv}, "global_avg_pool", {{"batch_norm": {{"epsilon": 0}}}}"#));
    let pooled = FiniteNetwork::sample(&pooled, 4).unwrap();
    for (inputs, message) in [
        (
            Array2::ones((1, 8)),
            "layer 3 (`batch_norm`): expected a batch of at least 2 values per channel, got 1",
        ),
        (
            Array2::zeros((3, 8)),
            "layer 3 (`batch_norm`): expected values that differ within the batch, got equal ones in channel 0 with `epsilon` 0",
        ),
    ] {
        let error = pooled.forward(&inputs).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(error.hint().is_some());
    }
}

#[test]
fn branches_are_added_multiplied_and_joined_entry_by_entry() {
    let image = image([2, 3, 2]);
    let shape = [2, 3, 2];
    // The second branch holds no weights, so its values are known; the first is read from a sum with nothing else.
    let dense = r#"{"dense": {"width": 2}}"#;
    let plain = run(&format!(r#"{dense}, "flatten""#), &shape, &row(&image));
    let input = Array1::from_iter(image.iter().copied());
    let both = |join: fn(f64, f64) -> f64| -> Vec<f64> {
        plain.iter().zip(&input).map(|(&branch, &input)| join(branch, input)).collect()
    };
    for (layer, expected) in [
        (format!(r#"{{"sum": [[{dense}], ["identity"]]}}"#), both(|branch, input| branch + input)),
        (format!(r#"{{"residual": [{dense}]}}"#), both(|branch, input| input + branch)),
        (format!(r#"{{"product": [[{dense}], ["identity"]]}}"#), both(|branch, input| branch * input)),
    ] {
        assert_close(&run(&format!(r#"{layer}, "flatten""#), &shape, &row(&image)), &expected, &layer);
    }
    for axis in 1..=3 {
        let layers =
            format!(r#"{{"concat": {{"axis": {axis}, "branches": [[{dense}], ["identity"]]}}}}, "flatten""#);
        let joined_shape: Vec<usize> =
            (0..3).map(|index| if index + 1 == axis { 2 * shape[index] } else { shape[index] }).collect();
        let mut expected = vec![];
        for y in 0..joined_shape[0] {
            for x in 0..joined_shape[1] {
                for channel in 0..joined_shape[2] {
                    let mut at = [y, x, channel];
                    let second = at[axis - 1] >= shape[axis - 1];
                    if second {
                        at[axis - 1] -= shape[axis - 1];
                    }
                    let flat = (at[0] * 3 + at[1]) * 2 + at[2];
                    expected.push(if second { input[flat] } else { plain[[0, flat]] });
                }
            }
        }
        assert_close(&run(&layers, &shape, &row(&image)), &expected, &layers);
    }
}

#[test]
fn dropout_zeroes_and_scales_in_training_and_does_nothing_in_tests() {
    let inputs = Array2::from_shape_fn((3, 4), |(row, column)| 1.0 + row as f64 - 0.3 * column as f64);
    let dense = r#"{"dense": {"width": 2000}}"#;
    let with = |mode: &str| {
        run(&format!(r#"{dense}, {{"dropout": {{"keep_rate": 0.7, "mode": "{mode}"}}}}"#), &[4], &inputs)
    };
    let plain = run(dense, &[4], &inputs);
    assert_eq!(with("test"), plain);
    let dropped = with("train");
    assert_eq!(dropped, with("train"));
    let mut kept = 0;
    for (&dropped, &plain) in dropped.iter().zip(&plain) {
        assert!(dropped.to_bits() == 0 || dropped.to_bits() == (plain / 0.7).to_bits());
        kept += usize::from(dropped.to_bits() != 0);
    }
    // 6,000 draws: five standard errors of a binomial.
    assert!((kept as f64 / 6000.0 - 0.7).abs() < 5.0 * (0.7 * 0.3 / 6000.0_f64).sqrt(), "{kept}");
    // Rows have masks of their own.
    assert!((0..2000).any(|unit| (dropped[[0, unit]] == 0.0) != (dropped[[1, unit]] == 0.0)));
}

/// Sets the width of every hidden layer, inside branches too, and the heads of attention; the readout gets `outputs`.
fn widened(case: &str, hidden: usize, outputs: usize) -> LayerGraph {
    fn widen(layers: &mut [Layer], width: usize) {
        for layer in layers {
            match layer {
                Layer::Dense(dense) => dense.width *= width,
                Layer::Conv(conv) => conv.width *= width,
                Layer::SelfAttention(attention) => {
                    attention.width = width;
                    attention.heads = 32;
                    attention.value_width = 1;
                    attention.key_width = 24;
                    if let Some(embedding) = &mut attention.positional_embedding {
                        embedding.width = embedding.width.map(|channels| channels * width);
                    }
                }
                Layer::Sum(branches) | Layer::Product(branches) => {
                    branches.iter_mut().for_each(|branch| widen(branch, width));
                }
                Layer::Concat(concat) => concat.branches.iter_mut().for_each(|branch| widen(branch, width)),
                _ => {}
            }
        }
    }
    let mut architecture = support::case(case).unwrap();
    widen(&mut architecture.layers, hidden);
    let Some(Layer::Dense(readout)) = architecture.layers.last_mut() else { panic!("expected a readout") };
    readout.width = outputs;
    architecture.check(&support::input_shape(case)).unwrap()
}

fn assert_wide(cases: &[(&str, usize, usize, f64)]) {
    for &(case, width, networks, bias) in cases {
        let graph = widened(case, width, 64);
        assert_moments(case, &second_moments(case, &graph, networks), &golden(case, "nngp_12"), bias);
    }
}

#[test]
fn wide_networks_with_pooling_have_the_nngp_kernel_as_second_moment() {
    assert_wide(&[
        ("cnn_circular_d1_avgpool", 24, 200, 0.01),
        ("cnn_avgpool3s2_same_normedges", 32, 300, 0.02),
        ("cnn_avgpool3s2_circular_flatten", 32, 200, 0.02),
    ]);
}

#[test]
fn wide_networks_with_branches_have_the_nngp_kernel_as_second_moment() {
    assert_wide(&[
        ("mlp_residual", 128, 300, 0.02),
        ("mlp_fanin_prod", 128, 300, 0.02),
        ("mlp_fanin_concat_uneq", 32, 400, 0.02),
        ("cnn_fanin_concat_h_flatten", 24, 300, 0.02),
    ]);
}

#[test]
fn wide_networks_with_normalisation_or_dropout_have_the_nngp_kernel_as_second_moment() {
    assert_wide(&[
        ("mlp_layernorm", 128, 300, 0.02),
        ("mlp_dropout05_train", 96, 2600, 0.02),
        ("mlp_dropout08_test", 128, 150, 0.01),
    ]);
}

#[test]
fn wide_networks_with_attention_have_the_nngp_kernel_as_second_moment() {
    assert_wide(&[
        ("att_seq_lin_softmax_concat_val1_flatten", 24, 500, 0.02),
        ("att_seq_sqrt_identity_sum_val0_flatten", 24, 900, 0.02),
    ]);
}
