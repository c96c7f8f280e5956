//! Finite networks against plain loops, and their moments against the kernels of neural-tangents.

use isotypic_architecture::{
    Architecture, ArchitectureError, Conv, FiniteNetwork, Layer, LayerGraph, LayerParameterization, NodeId,
    Operation, Padding,
};
use ndarray::{Array1, Array2, Axis, array, concatenate, s};

use crate::support;

/// The graph of a case whose hidden layers have `hidden` channels and whose readout has `outputs`.
fn widened(case: &str, hidden: usize, outputs: usize) -> LayerGraph {
    let mut architecture = support::case(case).unwrap();
    let mut widths = architecture.layers.iter_mut().rev().filter_map(|layer| match layer {
        Layer::Dense(dense) => Some(&mut dense.width),
        Layer::Conv(conv) => Some(&mut conv.width),
        _ => None,
    });
    *widths.next().unwrap() = outputs;
    widths.for_each(|width| *width = hidden);
    architecture.check(&support::input_shape(case)).unwrap()
}

/// Mean and standard error over `count` samples of a matrix.
fn mean_and_standard_error(count: usize, mut sample: impl FnMut(u64) -> Array2<f64>) -> [Array2<f64>; 2] {
    let samples: Vec<Array2<f64>> = (0..count).map(|seed| sample(seed as u64)).collect();
    let total = count as f64;
    let mean = samples.iter().fold(Array2::zeros(samples[0].dim()), |sum, sample| sum + sample) / total;
    let squares = samples.iter().fold(Array2::zeros(mean.dim()), |sum, sample| {
        sum + (sample - &mean).mapv(|deviation| deviation * deviation)
    });
    let standard_error = squares.mapv(|square: f64| (square / (total - 1.0) / total).sqrt());
    [mean, standard_error]
}

/// Compares entry by entry: at most four standard errors plus `bias` times the entry's natural scale apart, with errors
/// small enough that a wrong factor would show.
pub(crate) fn assert_moments(
    name: &str,
    [mean, error]: &[Array2<f64>; 2],
    expected: &Array2<f64>,
    bias: f64,
) {
    let scale = expected.iter().fold(0.0, |largest: f64, entry| largest.max(entry.abs()));
    for ((index, mean), (error, expected)) in mean.indexed_iter().zip(error.iter().zip(expected)) {
        assert!(*error < 0.035 * scale, "{name} {index:?}: standard error {error} of {scale}");
        let distance = (mean - expected).abs();
        assert!(
            distance <= 4.0 * error + bias * scale,
            "{name} {index:?}: {mean} ± {error}, expected {expected}"
        );
    }
}

/// Second moments between the inputs `x1` and `x2` of a case, averaged over networks and outputs.
pub(crate) fn second_moments(case: &str, graph: &LayerGraph, networks: usize) -> [Array2<f64>; 2] {
    let [first, second] = ["x1", "x2"].map(|name| support::rows(case, name));
    let both = concatenate![Axis(0), first.view(), second.view()];
    mean_and_standard_error(networks, |seed| {
        let network = FiniteNetwork::sample(graph, seed).unwrap();
        // In one batch, so that dropout has masks of its own for every input.
        let outputs = network.forward(&both).unwrap();
        let (first, second) = outputs.view().split_at(Axis(0), first.nrows());
        first.dot(&second.t()) / graph.output_width() as f64
    })
}

pub(crate) fn golden(case: &str, name: &str) -> Array2<f64> {
    support::array(case, name).into_dimensionality().unwrap()
}

/// With one hidden layer the second moment is the NNGP kernel at any width.
#[test]
fn shallow_networks_have_the_nngp_kernel_as_second_moment() {
    for (case, networks) in [
        ("mlp_relu_d1_w1b1", 400),
        ("mlp_relu_d1_w2b0", 800),
        ("mlp_erf_d1", 400),
        ("mlp_leakyrelu_d1", 400),
        ("mlp_abrelu_d1", 400),
        ("mlp_gelu_d1", 400),
        ("mlp_sign_d1", 400),
        ("mlp_sin_abc_d1", 400),
        ("mlp_cos_d1", 400),
        ("mlp_rbf_g2_d1", 800),
        ("mlp_exp_ab_d1", 400),
        ("mlp_gabor_d1", 400),
        ("mlp_monomial2_d1", 1600),
        ("cnn_circular_d1_flatten", 300),
        ("cnn_circular_d1_gap", 400),
        ("cnn_valid_d1_flatten", 300),
        ("cnn_valid_d1_gap", 400),
    ] {
        let graph = widened(case, 24, 48);
        assert_moments(case, &second_moments(case, &graph, networks), &golden(case, "nngp_12"), 0.0);
    }
}

/// Two hidden layers, strides, asymmetric padding; at width `n` the moment is off by O(1/n), here below 1 %.
fn assert_wide_networks(cases: &[(&str, usize, usize)]) {
    for &(case, width, networks) in cases {
        let graph = widened(case, width, 64);
        assert_moments(case, &second_moments(case, &graph, networks), &golden(case, "nngp_12"), 0.01);
    }
}

#[test]
fn wide_networks_on_sequences_have_the_nngp_kernel_as_second_moment() {
    assert_wide_networks(&[
        ("conv1d_same_flatten", 64, 200),
        ("conv1d_valid_flatten", 64, 200),
        ("conv1d_circular_gap", 64, 200),
    ]);
}

#[test]
fn wide_networks_on_images_have_the_nngp_kernel_as_second_moment() {
    assert_wide_networks(&[
        ("cnn_same_rect_flatten", 32, 320),
        ("cnn_circular_rect_gap", 32, 320),
        ("conv3d_same_gap", 32, 300),
    ]);
}

/// The tangent kernel of one network by central differences in every parameter, averaged over outputs.
fn empirical_tangent_kernel(
    network: &FiniteNetwork,
    first: &Array2<f64>,
    second: &Array2<f64>,
) -> Array2<f64> {
    let both = concatenate![Axis(0), first.view(), second.view()];
    let outputs = network.graph().output_width() as f64;
    let step = 1e-5;
    let mut kernel = Array2::zeros((first.nrows(), second.nrows()));
    let mut network = network.clone();
    for id in network.graph().ids() {
        let weights = network.weights(id).map_or(0, |weights| weights.len());
        let biases = network.biases(id).map_or(0, |biases| biases.len());
        for parameter in 0..weights + biases {
            let mut shifted = |by: f64| {
                if parameter < weights {
                    let mut view = network.weights_mut(id).unwrap();
                    let width = view.ncols();
                    view[[parameter / width, parameter % width]] += by;
                } else {
                    network.biases_mut(id).unwrap()[parameter - weights] += by;
                }
                network.forward(&both).unwrap()
            };
            let above = shifted(step);
            let below = shifted(-2.0 * step);
            shifted(step);
            let gradient = (above - below) / (2.0 * step);
            let (first, second) = gradient.view().split_at(Axis(0), first.nrows());
            kernel = kernel + first.dot(&second.t()) / outputs;
        }
    }
    kernel
}

/// With one hidden layer the mean of the empirical tangent kernel is the NTK at any width.
#[test]
fn shallow_networks_have_the_ntk_as_mean_tangent_kernel() {
    let case = "mlp_relu_d1_w1b1";
    let [first, second] = ["x1", "x2"].map(|name| support::rows(case, name));
    let graph = widened(case, 16, 1);
    let moments = mean_and_standard_error(150, |seed| {
        empirical_tangent_kernel(&FiniteNetwork::sample(&graph, seed).unwrap(), &first, &second)
    });
    assert_moments(case, &moments, &golden(case, "ntk_12"), 0.0);
}

/// A single affine layer has the same tangent kernel for all parameters: `⟨x, y⟩/d·w² + b²` in the NTK parameterization,
/// `input_width·⟨x, y⟩/d + 1` in the standard one.
#[test]
fn one_dense_layer_has_the_tangent_kernel_of_its_parameterization() {
    let first = array![[0.3, -1.2, 0.7]];
    let second = array![[1.1, 0.4, -0.5], [0.2, 0.9, 0.8]];
    let inner = first.dot(&second.t()) / 3.0;
    for (options, scale, offset) in [
        (r#""w_std": 1.3, "b_std": 0.4"#, 1.69, 0.16),
        (r#""w_std": 1.3, "b_std": 0.4, "parameterization": "standard""#, 3.0, 1.0),
        (r#""w_std": 1.3, "parameterization": "standard", "width_scale": [4, 2]"#, 0.75, 0.0),
    ] {
        let graph = Architecture::from_json(&format!(r#"{{"layers": [{{"dense": {{{options}}}}}]}}"#))
            .unwrap()
            .check(&[3])
            .unwrap();
        if let Operation::Dense(dense) = &graph.nodes()[1].operation
            && let LayerParameterization::Standard { input_width } = dense.parameterization
        {
            assert_eq!(input_width, scale);
        }
        let kernel = empirical_tangent_kernel(&FiniteNetwork::sample(&graph, 3).unwrap(), &first, &second);
        for (kernel, inner) in kernel.iter().zip(&inner) {
            let expected = scale * inner + offset;
            // The network is linear in its parameters; only rounding divided by the step remains.
            assert!((kernel - expected).abs() < 1e-9, "{options}: {kernel}, expected {expected}");
        }
    }
}

#[test]
fn both_parameterizations_draw_the_same_functions() {
    let forward = |parameterization: &str, scale: &str| {
        let json = format!(
            r#"{{"parameterization": "{parameterization}", "layers": [
                {{"conv": {{"filter": [2], "width": 6, "w_std": 1.3, "b_std": 0.4}}}}, "erf", "flatten",
                {{"dense": {{"width": 2, "b_std": 0.1{scale}}}}}]}}"#
        );
        let graph = Architecture::from_json(&json).unwrap().check(&[4, 2]).unwrap();
        let inputs =
            Array2::from_shape_fn((3, 8), |(row, column)| (1.0 + row as f64) * (column as f64).sin());
        FiniteNetwork::sample(&graph, 5).unwrap().forward(&inputs).unwrap()
    };
    let ntk = forward("ntk", "");
    for standard in [forward("standard", ""), forward("standard", r#", "width_scale": [3, 1]"#)] {
        assert!(ntk.iter().zip(&standard).all(|(ntk, standard)| (ntk - standard).abs() < 1e-14));
    }
}

fn first_layer(graph: &LayerGraph) -> NodeId {
    graph.ids().nth(1).unwrap()
}

/// A convolution in two dimensions by nested loops on an image that is padded first.
fn convolve_padded(
    image: &Array1<f64>,
    [height, width, channels]: [usize; 3],
    conv: &Conv,
    weights: &Array2<f64>,
) -> Vec<f64> {
    let (taps, strides) = (&conv.filter, &conv.strides);
    let pixel = |row: isize, column: isize, channel: usize| -> f64 {
        let (rows, columns) = (height as isize, width as isize);
        let (row, column) = match conv.padding {
            Padding::Circular => (row.rem_euclid(rows), column.rem_euclid(columns)),
            _ if row < 0 || column < 0 || row >= rows || column >= columns => return 0.0,
            _ => (row, column),
        };
        image[(row as usize * width + column as usize) * channels + channel]
    };
    // The total padding of XLA's `SAME`, whose smaller half comes first.
    let start = |length: usize, axis: usize| -> isize {
        if conv.padding == Padding::Valid {
            return 0;
        }
        let outputs = length.div_ceil(strides[axis]);
        -((((outputs - 1) * strides[axis] + taps[axis]).saturating_sub(length) / 2) as isize)
    };
    let count = |length: usize, axis: usize| match conv.padding {
        Padding::Valid => (length - taps[axis]) / strides[axis] + 1,
        _ => length.div_ceil(strides[axis]),
    };
    let mut result = Vec::new();
    for top in 0..count(height, 0) {
        for left in 0..count(width, 1) {
            for output in 0..conv.width {
                let mut sum = 0.0;
                for down in 0..taps[0] {
                    for right in 0..taps[1] {
                        for channel in 0..channels {
                            let row = start(height, 0) + (top * strides[0] + down) as isize;
                            let column = start(width, 1) + (left * strides[1] + right) as isize;
                            let weight = weights[[(down * taps[1] + right) * channels + channel, output]];
                            sum += weight * pixel(row, column, channel);
                        }
                    }
                }
                result.push(sum * (conv.weight_variance / (taps[0] * taps[1] * channels) as f64).sqrt());
            }
        }
    }
    result
}

#[test]
fn convolutions_equal_nested_loops_on_padded_images() {
    for padding in ["circular", "same", "valid"] {
        for (filter, strides) in [([3, 3], [1, 1]), ([2, 3], [1, 2]), ([3, 2], [2, 2]), ([4, 5], [3, 1])] {
            let json = format!(
                r#"{{"layers": [{{"conv": {{"filter": {filter:?}, "strides": {strides:?}, "padding": "{padding}",
                                         "width": 3, "w_std": 1.3}}}}, "flatten"]}}"#
            );
            let graph = Architecture::from_json(&json).unwrap().check(&[5, 6, 2]).unwrap();
            let network = FiniteNetwork::sample(&graph, 11).unwrap();
            let image = Array1::from_shape_fn(60, |index| (1.7 * index as f64).sin());
            let outputs = network.forward(&image.view().insert_axis(Axis(0))).unwrap();
            let Operation::Conv(conv) = &graph.nodes()[1].operation else { panic!("expected a convolution") };
            let weights = network.weights(first_layer(&graph)).unwrap().to_owned();
            let expected = convolve_padded(&image, [5, 6, 2], conv, &weights);
            assert_eq!(outputs.ncols(), expected.len(), "{json}");
            for (output, expected) in outputs.iter().zip(expected) {
                assert!((output - expected).abs() < 1e-13, "{json}: {output}, expected {expected}");
            }
        }
    }
}

#[test]
fn pooling_takes_the_mean_and_dense_acts_on_each_position_before_flatten() {
    let json = r#"{"layers": [{"dense": {"width": 3}}, "relu", "global_avg_pool"]}"#;
    let graph = Architecture::from_json(json).unwrap().check(&[2, 2, 2]).unwrap();
    let network = FiniteNetwork::sample(&graph, 1).unwrap();
    let image = array![[0.5, -1.0, 2.0, 0.25, -0.75, 1.5, 1.0, 1.0]];
    let weights = network.weights(first_layer(&graph)).unwrap().to_owned() / f64::sqrt(2.0);
    let mut expected = Array1::<f64>::zeros(3);
    for position in 0..4 {
        let pixel = image.slice(s![0, 2 * position..2 * position + 2]);
        let hidden: Array1<f64> = weights.t().dot(&pixel);
        expected = expected + hidden.mapv(|value| value.max(0.0)) / 4.0;
    }
    let outputs = network.forward(&image).unwrap();
    assert!(outputs.iter().zip(&expected).all(|(output, expected)| (output - expected).abs() < 1e-15));
}

#[test]
fn seeds_decide_every_bit_and_batches_change_none() {
    let graph = widened("cnn_circular_rect_gap", 5, 3);
    let inputs = support::rows("cnn_circular_rect_gap", "x1");
    let forward = |seed| FiniteNetwork::sample(&graph, seed).unwrap().forward(&inputs).unwrap();
    assert_eq!(forward(9), forward(9));
    assert_ne!(forward(9), forward(10));
    let network = FiniteNetwork::sample(&graph, 9).unwrap();
    // Columns laid out in memory instead of rows give the same answer.
    let transposed = inputs.t().as_standard_layout().into_owned();
    assert_eq!(network.forward(&transposed.t()).unwrap(), forward(9));
}

#[test]
fn inputs_of_the_wrong_length_or_not_finite_are_refused() {
    let graph = widened("mlp_relu_d1_w1b1", 4, 1);
    let network = FiniteNetwork::sample(&graph, 0).unwrap();
    let error = network.forward(&Array2::zeros((2, 12))).unwrap_err();
    assert_eq!(error.to_string(), "network input: expected 13 values a row, got 12");
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut inputs = Array2::zeros((2, 13));
        inputs[[1, 7]] = bad;
        let error = network.forward(&inputs).unwrap_err();
        assert!(matches!(error, ArchitectureError::NotFinite { row: 1, column: 7, .. }), "{error}");
    }
    assert_eq!(network.forward(&Array2::zeros((0, 13))).unwrap().dim(), (0, 1));
}

#[test]
fn weights_beyond_memory_are_an_error() {
    let graph = Architecture::from_json(r#"{"layers": ["flatten", {"dense": {"width": 1048576}}]}"#)
        .unwrap()
        .check(&[1 << 20, 1 << 19])
        .unwrap();
    let error = FiniteNetwork::sample(&graph, 0).unwrap_err();
    assert!(matches!(error, ArchitectureError::ShapeTooLarge { .. }), "{error}");
}
