//! Convolutions over groups (Cohen & Welling 2016, arXiv 1602.07576) as ordinary convolutions with weights that repeat.
//!
//! With turns $t$ and filters $w$ the layer is $f'(p, t) = \sum_{q, u} w(q, u)\, f(p + t q, t u)$. In the offset $k = t q$ that is an ordinary
//! convolution from all turns to all turns whose weights $w(t^{-1} k, t^{-1} u)$ are the trained ones at other places: a patch is read
//! once for all turns, where gathering for each turn by itself would read it as often as there are turns. On vectors one patch is
//! the whole vector.

use burn_tensor::{Int, Tensor, TensorData};
use isotypic_architecture::{GroupConv, Padding};

use crate::affine::affine;
use crate::probes::Probes;
use crate::window_table::Windows;
use crate::windowed_layers::windowed_affine;

/// The outputs `[batch, places, width]` of a `group_lift` or `group_conv` layer.
///
/// # Shapes
/// - `own`: weights `[members, taps · channels, width]` and biases `[members, 1, width]` where the layer has some
/// - `values`: those of an input of shape `input_shape`, batch first
pub(crate) fn group_conv(
    conv: &GroupConv,
    input_shape: &[usize],
    own: &[Tensor<3>],
    values: Tensor<3>,
    probes: &mut Probes,
) -> Tensor<3> {
    // Tangent kernels ask where the trained weights themselves read.
    match probes.are_collected() {
        true => turn_by_turn(conv, input_shape, own, values, probes),
        false => all_turns(conv, input_shape, own, values),
    }
}

/// The layer as its formula says it: what each output reads, gathered.
fn turn_by_turn(
    conv: &GroupConv,
    input_shape: &[usize],
    own: &[Tensor<3>],
    values: Tensor<3>,
    probes: &mut Probes,
) -> Tensor<3> {
    let sources = conv.sources(input_shape);
    let batch = values.dims()[0];
    let places = input_shape.iter().product::<usize>() / conv.channels;
    let indices = sources.iter().map(|&source| source as i64).collect();
    let read = pick(values.reshape([batch, places, conv.channels]), indices);
    let rows = read.reshape([batch, sources.nrows(), conv.taps * conv.channels]);
    affine(own, rows, conv.taps * conv.channels, factors(conv), probes)
}

/// The same by one product for all turns.
fn all_turns(conv: &GroupConv, input_shape: &[usize], own: &[Tensor<3>], values: Tensor<3>) -> Tensor<3> {
    let turns = conv.group.turns();
    let batch = values.dims()[0];
    let fan_in = conv.taps * conv.channels;
    let positions = conv.side.map_or(1, |_| input_shape[0] * input_shape[1]);
    let per_position = input_shape.iter().product::<usize>() / positions;
    let members = own[0].dims()[0];
    let weights = pick(own[0].clone().reshape([members, fan_in * conv.width, 1]), table(conv, input_shape));
    let mut expanded = vec![weights.reshape([members, fan_in, turns * conv.width])];
    expanded.extend(
        own.get(1)
            .filter(|_| conv.bias_variance.is_some())
            .map(|biases| biases.clone().repeat(&[1, 1, turns])),
    );
    let outputs = match conv.side {
        None => {
            affine(&expanded, values.reshape([batch, 1, fan_in]), fan_in, factors(conv), &mut Probes::none())
        }
        Some(side) => {
            let table = Windows::new(&[side; 2], &[1; 2], Padding::Circular, &[side / 2; 2])
                .table(&input_shape[..2], &input_shape[..2]);
            let values = values.reshape([batch, positions, per_position]);
            windowed_affine(&expanded, values, &table, factors(conv), &mut Probes::none())
        }
    };
    outputs.reshape([batch, positions * turns, conv.width])
}

fn factors(conv: &GroupConv) -> (f64, Option<f64>, isotypic_architecture::LayerParameterization) {
    (conv.weight_variance, conv.bias_variance, conv.parameterization)
}

/// Some places of the second axis.
fn pick(values: Tensor<3>, places: Vec<i64>) -> Tensor<3> {
    let count = places.len();
    let indices = Tensor::<1, Int>::from_data(TensorData::new(places, [count]), &values.device());
    values.select(1, indices)
}

/// Where each entry of the weights for all turns `[fan-in, turns · width]` stands among the trained `[fan-in, width]`.
fn table(conv: &GroupConv, input_shape: &[usize]) -> Vec<i64> {
    let (turns, width, channels) = (conv.group.turns(), conv.width, conv.channels);
    // Around the middle of an image as large as the filter, places are those of the patch.
    let (shape, middle) = match conv.side {
        None => (input_shape.to_vec(), 0),
        Some(side) => ([&[side, side], &input_shape[2..]].concat(), side * side / 2),
    };
    let sources = conv.sources(&shape);
    let mut table = vec![0; conv.taps * channels * turns * width];
    for turn in 0..turns {
        for (tap, place) in sources.row(middle * turns + turn).iter().enumerate() {
            for channel in 0..channels {
                let (own, row) = (tap * channels + channel, place * channels + channel);
                for w in 0..width {
                    table[(row * turns + turn) * width + w] = (own * width + w) as i64;
                }
            }
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use isotypic_architecture::{Architecture, Operation};

    use super::*;
    use crate::precision::values_of;
    use crate::{Initialization, Network, NetworkOperation, NetworkParameters, Precision};

    /// Every group, filters of one place and filters larger than the image, several channels and two members of an ensemble.
    #[test]
    fn one_product_for_all_turns_is_each_turn_by_itself() {
        let plane = |group: &str, filter: usize| {
            format!(
                r#"{{"layers": [{{"group_lift": {{"group": "{group}", "filter": [{filter}, {filter}], "width": 3, "b_std": 0.7}}}},
                {{"group_conv": {{"filter": [{filter}, {filter}], "width": 2, "w_std": 1.3, "parameterization": "standard"}}}}, "group_pool",
                {{"dense": {{}}}}]}}"#
            )
        };
        let line = |group: &str| {
            format!(
                r#"{{"layers": [{{"group_lift": {{"group": "{group}", "width": 3}}}}, {{"group_conv": {{"width": 2, "b_std": 0.5}}}},
                "group_pool", {{"dense": {{}}}}]}}"#
            )
        };
        for (json, shape) in [
            (plane("p4", 3), vec![4, 4, 2]),
            (plane("p4m", 3), vec![5, 5, 1]),
            (plane("p4m", 5), vec![3, 3, 2]),
            (plane("p4", 1), vec![2, 2, 1]),
            (line("cyclic:5"), vec![5]),
            (line("dihedral:4"), vec![4]),
        ] {
            let graph = Architecture::from_json(&json).unwrap().check(&shape).unwrap();
            let network = Network::from_graph(&graph).unwrap();
            let draw = |seed| {
                NetworkParameters::draw(&network, Initialization::Gaussian, Precision::Double, seed).unwrap()
            };
            let both = NetworkParameters::stack(&[draw(1), draw(2)]).unwrap();
            for (index, node) in network.nodes().iter().enumerate() {
                let NetworkOperation::Layer(Operation::GroupLift(conv) | Operation::GroupConv(conv)) =
                    &node.operation
                else {
                    continue;
                };
                let size: usize = node.input_shape.iter().product();
                let values = (0..4 * size).map(|at| (1.0 + at as f64 * 0.83).sin()).collect();
                let channels = node.input_shape[node.input_shape.len() - 1];
                let values = Precision::Double.tensor(values, [4, size / channels, channels], &both.device);
                let own = &both.tensors[both.first_of[index]..];
                let one = all_turns(conv, &node.input_shape, own, values.clone());
                let other = turn_by_turn(conv, &node.input_shape, own, values, &mut Probes::none());
                assert_eq!(one.dims(), other.dims());
                let largest = values_of(&(one - other).abs().max())[0];
                assert!(largest < 1e-14, "{json}: {largest}");
            }
        }
    }
}
