//! Documents of random layers: outputs against the plain forward pass, members of an ensemble against each by itself, and gradients
//! against differences of the loss.

use std::collections::BTreeMap;

use isotypic_architecture::{Architecture, FiniteNetwork, LayerGraph, RandomStream};
use isotypic_train::{Loss, Network, NetworkParameters, Optimizer, Precision, Trainer, TrainingSettings};
use isotypic_work::Cancel;
use ndarray::Array2;

const EXAMPLES: usize = 4;
const DOCUMENTS: usize = 150;

struct Choice(RandomStream);

impl Choice {
    fn below(&mut self, count: usize) -> usize {
        (self.0.uniform() * count as f64) as usize
    }

    fn of<'list>(&mut self, list: &[&'list str]) -> &'list str {
        list[self.below(list.len())]
    }

    fn list(&mut self, rank: usize, mut each: impl FnMut(&mut Self) -> String) -> String {
        let entries: Vec<String> = (0..rank).map(|_| each(self)).collect();
        format!("[{}]", entries.join(", "))
    }

    fn sizes(&mut self, rank: usize, most: usize) -> String {
        self.list(rank, |choice| (1 + choice.below(most)).to_string())
    }

    fn padding(&mut self, rank: usize) -> String {
        match self.below(4) {
            0 => self.list(rank, |choice| format!("[{}, {}]", choice.below(2), choice.below(2))),
            named => format!(r#""{}""#, ["circular", "same", "valid"][named - 1]),
        }
    }

    fn affine(&mut self, rank: usize) -> String {
        let width = 1 + self.below(3);
        let biases = self.of(&["", r#", "b_std": 0.3"#]);
        let kind = self.of(&["conv", "conv", "conv_local", "conv_transpose", "dense", "self_attention"]);
        if kind == "dense" {
            return format!(r#"{{"dense": {{"width": {width}{biases}}}}}"#);
        }
        if kind == "self_attention" {
            let options = self.of(&[
                r#""scaling": "sqrt", "mechanism": "identity""#,
                r#""positional_embedding": {"type": "concat", "width": 2}"#,
                r#""positional_embedding": {"type": "sum", "on_values": true, "w_std": 0.7}"#,
                r#""positional_embedding": {"type": "sum", "w_std": 1.5, "decay": {"exponential": 0.4}}"#,
            ]);
            return format!(
                r#"{{"self_attention": {{"heads": 2, "key_width": 2, "value_width": 2, "width": {width}{biases}, {options}}}}}"#
            );
        }
        let dilation = match kind {
            "conv" => format!(r#", "dilation": {}"#, self.sizes(rank, 2)),
            _ => String::new(),
        };
        let (filter, strides, padding) = (self.sizes(rank, 3), self.sizes(rank, 2), self.padding(rank));
        format!(
            r#"{{"{kind}": {{"filter": {filter}, "strides": {strides}, "padding": {padding}, "width": {width}{biases}{dilation}}}}}"#
        )
    }

    fn of_positions(&mut self, rank: usize, positions: usize) -> String {
        match self.of(&[
            "avg_pool",
            "sum_pool",
            "max_pool",
            "max_pool",
            "index",
            "image_resize",
            "aggregate",
            "identity",
        ]) {
            "index" => {
                let each =
                    |choice: &mut Self| choice.of(&["null", "[null, null, -1]", "[1, null]"]).to_owned();
                format!(r#"{{"index": {{"slices": {}}}}}"#, self.list(rank, each))
            }
            "image_resize" => {
                let method = self.of(&["linear", "nearest"]);
                format!(r#"{{"image_resize": {{"shape": {}, "method": "{method}"}}}}"#, self.sizes(rank, 5))
            }
            "aggregate" => {
                let row = |choice: &mut Self| {
                    choice.list(positions, |choice| choice.of(&["0", "0", "1", "-0.5"]).to_owned())
                };
                format!(r#"{{"aggregate": {{"pattern": {}}}}}"#, self.list(positions, row))
            }
            "identity" => r#""identity""#.to_owned(),
            pool => format!(
                r#"{{"{pool}": {{"window": {}, "strides": {}, "padding": {}}}}}"#,
                self.sizes(rank, 3),
                self.sizes(rank, 2),
                self.padding(rank)
            ),
        }
    }

    /// A document that is in order, with its graph.
    fn document(&mut self) -> (String, LayerGraph) {
        loop {
            let rank = 1 + self.below(3);
            let mut shape: Vec<usize> = (0..rank).map(|_| 2 + self.below(3)).collect();
            shape.push(1 + self.below(2));
            let parameterization = self.of(&["ntk", "standard"]);
            let document = |layers: &str| {
                format!(r#"{{"parameterization": "{parameterization}", "layers": [{layers}]}}"#)
            };
            let mut layers = self.affine(rank);
            for _ in 0..1 + self.below(2) {
                let so_far = document(&format!(r#"{layers}, "flatten""#));
                let Ok(graph) = Architecture::from_json(&so_far).unwrap().check(&shape) else { break };
                let extents = graph.nodes().last().unwrap().input_shape[..rank].to_vec();
                layers.push_str(", ");
                layers.push_str(&self.of_positions(rank, extents.iter().product()));
                layers.push_str(", ");
                layers.push_str(self.of(&[
                    r#"{"batch_norm": {"epsilon": 0.2}}, "tanh""#,
                    r#"{"layer_norm": {"epsilon": 0.2}}, "sin""#,
                    r#""gelu""#,
                    r#"{"batch_norm": {"epsilon": 0.1}}"#,
                ]));
                layers.push_str(", ");
                layers.push_str(&self.affine(rank));
            }
            layers.push_str(r#", "flatten", {"dense": {"width": 2, "b_std": 0.2}}"#);
            let document = document(&layers);
            // Not every order of layers has a kernel.
            let checked = Architecture::from_json(&document).unwrap().check(&shape);
            if let Some(graph) = checked.ok().filter(|graph| graph.input_size() <= 64) {
                return (document, graph);
            }
        }
    }
}

fn inputs(graph: &LayerGraph, seed: f64) -> Array2<f64> {
    Array2::from_shape_fn((EXAMPLES, graph.input_size()), |(row, column)| {
        (seed + 1.3 * row as f64 + 0.37 * column as f64 * column as f64).sin()
    })
}

fn values_of(network: &FiniteNetwork) -> Vec<Vec<f64>> {
    network.parameters().into_iter().map(|one| one.values.iter().copied().collect()).collect()
}

fn assert_close(got: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    let largest = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let far = got.iter().zip(expected).fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
    assert!(
        got.len() == expected.len() && far <= tolerance * largest.max(1e-3),
        "{what}: {far:e} of {largest}"
    );
}

#[test]
fn outputs_are_those_of_the_plain_forward_pass_and_gradients_those_of_differences() {
    let mut choice = Choice(RandomStream::for_parts(&[20]));
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for number in 0..DOCUMENTS {
        let (document, graph) = choice.document();
        let what = format!("document {number}, {document} on {:?}", graph.input_shape());
        for node in graph.nodes() {
            *seen.entry(node.operation.name()).or_default() += 1;
        }
        let network = Network::from_graph(&graph).unwrap();
        let plain = FiniteNetwork::sample(&graph, 5).unwrap();
        let inputs = inputs(&graph, 0.3);
        let expected = plain.forward(&inputs).unwrap();
        let expected = expected.as_slice().unwrap();
        for (precision, tolerance) in [(Precision::Double, 1e-11), (Precision::Single, 1e-3)] {
            let parameters = NetworkParameters::from_values(&network, precision, values_of(&plain)).unwrap();
            let got = network.forward(&parameters, inputs.as_slice().unwrap(), Some(5)).unwrap();
            assert_close(&got, expected, tolerance, &what);
        }
        members_are_each_by_itself(&network, &graph, &what);
        gradients_are_those_of_differences(&network, &plain, &inputs, &mut choice.0, &what);
    }
    for layer in [
        "conv",
        "conv_local",
        "conv_transpose",
        "self_attention",
        "avg_pool",
        "sum_pool",
        "max_pool",
        "index",
        "image_resize",
        "aggregate",
        "batch_norm",
        "layer_norm",
    ] {
        assert!(seen.get(layer).is_some_and(|&count| count >= 8), "{layer}: {seen:?}");
    }
}

/// Two networks with examples of their own, computed together.
fn members_are_each_by_itself(network: &Network, graph: &LayerGraph, what: &str) {
    let (mut all, mut inputs_of_all, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    for seed in [7, 8] {
        let plain = FiniteNetwork::sample(graph, seed).unwrap();
        let inputs = inputs(graph, seed as f64);
        expected.extend(plain.forward(&inputs).unwrap());
        inputs_of_all.extend(inputs);
        all.push(NetworkParameters::from_values(network, Precision::Double, values_of(&plain)).unwrap());
    }
    let together = NetworkParameters::stack(&all).unwrap();
    let got = network.forward(&together, &inputs_of_all, Some(0)).unwrap();
    assert_close(&got, &expected, 1e-11, &format!("members of {what}"));
}

/// One step of plain gradient descent is the gradient; along a random direction against a central difference of the plain loss.
fn gradients_are_those_of_differences(
    network: &Network,
    plain: &FiniteNetwork,
    inputs: &Array2<f64>,
    stream: &mut RandomStream,
    what: &str,
) {
    let targets = Array2::from_shape_fn((EXAMPLES, 2), |(row, output)| ((row + output) % 3) as f64 - 1.0);
    let rate = 1e-3;
    let settings = TrainingSettings {
        optimizer: Optimizer::Sgd { learning_rate: rate, momentum: 0.0 },
        loss: Loss::Squared,
        batch: EXAMPLES,
        seed: 1,
        epochs: 1,
        enough_loss: None,
        patience: None,
        data: String::new(),
    };
    let start = NetworkParameters::from_values(network, Precision::Double, values_of(plain)).unwrap();
    let before = start.values();
    let is_trained: Vec<bool> = start.names().iter().map(|name| !name.contains("running")).collect();
    let mut trainer = Trainer::new(network.clone(), start, settings).unwrap();
    trainer.fit((inputs.view(), targets.view()), &Cancel::new(), None, |_| ()).unwrap();
    let after = trainer.parameters().values();
    let only_trained = |values: Vec<Vec<f64>>| -> Vec<Vec<f64>> {
        values
            .into_iter()
            .zip(&is_trained)
            .filter(|(_, is_trained)| **is_trained)
            .map(|(one, _)| one)
            .collect()
    };
    let (before, after) = (only_trained(before), only_trained(after));
    let shapes: Vec<Vec<usize>> = plain.parameters().iter().map(|one| one.values.shape().to_vec()).collect();
    let direction: Vec<Vec<f64>> =
        before.iter().map(|array| array.iter().map(|_| 2.0 * stream.uniform() - 1.0).collect()).collect();
    let loss_at = |by: f64| {
        let arrays = before.iter().zip(&direction).zip(&shapes).map(|((array, direction), shape)| {
            let moved = array.iter().zip(direction).map(|(value, along)| value + by * along).collect();
            ndarray::ArrayD::from_shape_vec(shape.clone(), moved).unwrap()
        });
        let mut moved = plain.clone();
        moved.set_parameters(arrays.collect()).unwrap();
        let outputs = moved.forward(inputs).unwrap();
        (outputs - &targets).mapv(|far| far * far).sum() * 0.5 / EXAMPLES as f64
    };
    let step = 1e-6;
    let expected = (loss_at(step) - loss_at(-step)) / (2.0 * step);
    let along = |(array, (after, direction)): (&Vec<f64>, (&Vec<f64>, &Vec<f64>))| -> f64 {
        let steps = array.iter().zip(after).zip(direction);
        steps.map(|((before, after), direction)| (before - after) / rate * direction).sum()
    };
    let got: f64 = before.iter().zip(after.iter().zip(&direction)).map(along).sum();
    let size = loss_at(0.0).max(expected.abs()).max(1.0);
    assert!((got - expected).abs() < 2e-7 * size, "gradient of {what}: {got}, expected {expected}");
}
