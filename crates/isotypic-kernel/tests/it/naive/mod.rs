//! The kernel recursion written down as it stands in the literature: full covariances between all positions of two inputs, no
//! slices, no tiles, no SIMD, no differences. Shares no code with the engine.
//!
//! Every state carries $\Sigma$ and $\Theta$ as matrices over pairs of positions. A pair of inputs $(x, y)$ needs the states of
//! $(x, x)$ and $(y, y)$ beside it, for variances and attention weights; a [`Point`] holds those of all nodes of a graph.
//!
//! Angles come from $\sqrt{q_x q_y - c^2}$, so that nearly equal points keep half of their digits only; equal ones are exact.

mod affine;
mod attention;
mod branches;
mod expectation;
mod group;
mod pointwise;
mod pooling;
mod positions;
mod single_input;
mod windows;

use isotypic_architecture::{LayerGraph, Node, Operation};
use ndarray::{Array2, ArrayView1};

/// Covariances and tangent kernels between all positions of two inputs.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    /// Spatial extents; empty for vectors.
    pub(crate) extents: Vec<usize>,
    /// $\Sigma_{pq}$, with positions of the first input in rows.
    pub(crate) covariance: Array2<f64>,
    /// $\Theta_{pq}$.
    pub(crate) ntk: Array2<f64>,
}

impl Pair {
    /// The same map of both matrices, to other extents.
    fn map(&self, extents: &[usize], map: impl Fn(&Array2<f64>) -> Array2<f64>) -> Self {
        Self { extents: extents.to_vec(), covariance: map(&self.covariance), ntk: map(&self.ntk) }
    }
}

/// The states of one input paired with itself, at every node: one forward pass, so that masks of dropout are the same.
pub(crate) struct Point {
    input: Vec<f64>,
    states: Vec<Pair>,
}

impl Point {
    pub(crate) fn new(graph: &LayerGraph, x: ArrayView1<'_, f64>) -> Self {
        let mut point = Self { input: x.to_vec(), states: Vec::new() };
        for node in graph.nodes() {
            let inputs: Vec<&Pair> = node.inputs.iter().map(|input| &point.states[input.index()]).collect();
            let state = match node.operation {
                Operation::Input => input(node, &point.input, &point.input),
                Operation::GroupLift(ref conv) if node.input_shape.len() == 1 => {
                    group::lift_vector(conv, &point.input, &point.input, node.output_shape[0])
                }
                _ => step(graph, node, &inputs, [&inputs, &inputs], true),
            };
            point.states.push(state);
        }
        point
    }

    /// `(nngp, ntk)` of the point with itself.
    pub(crate) fn with_itself(&self) -> (f64, f64) {
        value(&self.states[self.states.len() - 1])
    }
}

/// `(nngp, ntk)` of two inputs, which may be equal but are two forward passes.
pub(crate) fn kernel(graph: &LayerGraph, x: &Point, y: &Point) -> (f64, f64) {
    let mut states: Vec<Pair> = Vec::new();
    for node in graph.nodes() {
        let [inputs, of_x, of_y] = [&states, &x.states, &y.states]
            .map(|states| node.inputs.iter().map(|input| &states[input.index()]).collect::<Vec<_>>());
        let state = match node.operation {
            Operation::Input => input(node, &x.input, &y.input),
            Operation::GroupLift(ref conv) if node.input_shape.len() == 1 => {
                group::lift_vector(conv, &x.input, &y.input, node.output_shape[0])
            }
            _ => step(graph, node, &inputs, [&of_x, &of_y], false),
        };
        states.push(state);
    }
    value(&states[states.len() - 1])
}

/// `[nngp, ntk]` between the rows of two lists.
pub(crate) fn cross(graph: &LayerGraph, x: &Array2<f64>, y: &Array2<f64>) -> [Array2<f64>; 2] {
    let [x, y] = [x, y].map(|rows| points(graph, rows));
    matrices(x.len(), y.len(), |i, j| kernel(graph, &x[i], &y[j]))
}

/// `[nngp, ntk]` of a list with itself: on the diagonal a point meets itself, elsewhere two forward passes meet.
pub(crate) fn symmetric(graph: &LayerGraph, x: &Array2<f64>) -> [Array2<f64>; 2] {
    let x = points(graph, x);
    matrices(x.len(), x.len(), |i, j| if i == j { x[i].with_itself() } else { kernel(graph, &x[i], &x[j]) })
}

fn points(graph: &LayerGraph, rows: &Array2<f64>) -> Vec<Point> {
    rows.outer_iter().map(|row| Point::new(graph, row)).collect()
}

fn matrices(rows: usize, columns: usize, entry: impl Fn(usize, usize) -> (f64, f64)) -> [Array2<f64>; 2] {
    let pairs = Array2::from_shape_fn((rows, columns), |(i, j)| entry(i, j));
    [pairs.mapv(|pair| pair.0), pairs.mapv(|pair| pair.1)]
}

fn value(output: &Pair) -> (f64, f64) {
    assert_eq!(output.covariance.dim(), (1, 1), "the output is a vector");
    (output.covariance[[0, 0]], output.ntk[[0, 0]])
}

/// $\Sigma_{pq} = \langle x_p, y_q \rangle / \text{channels}$, $\Theta = 0$.
fn input(node: &Node, x: &[f64], y: &[f64]) -> Pair {
    let (extents, channels) = extents_and_channels(&node.output_shape);
    let positions = x.len() / channels;
    let covariance = Array2::from_shape_fn((positions, positions), |(p, q)| {
        (0..channels).map(|c| x[p * channels + c] * y[q * channels + c]).sum::<f64>() / channels as f64
    });
    Pair { extents: extents.to_vec(), ntk: Array2::zeros(covariance.dim()), covariance }
}

fn extents_and_channels(shape: &[usize]) -> (&[usize], usize) {
    let (channels, extents) = shape.split_last().unwrap();
    (extents, *channels)
}

/// One node on a pair, given the same inputs for the two points with themselves.
fn step(graph: &LayerGraph, node: &Node, inputs: &[&Pair], ends: [&[&Pair]; 2], with_itself: bool) -> Pair {
    let state = inputs[0];
    let [of_x, of_y] = ends.map(|inputs| inputs[0]);
    let (extents, _) = extents_and_channels(&node.output_shape);
    match &node.operation {
        Operation::Identity => state.clone(),
        Operation::Dense(dense) => affine::dense(state, dense),
        Operation::Conv(conv) => affine::conv(state, conv, extents),
        Operation::ConvLocal(conv) => affine::conv_local(state, conv, extents),
        Operation::ConvTranspose(conv) => affine::conv_transpose(state, conv, extents),
        Operation::GroupLift(conv) => group::lift(state, conv, extents),
        Operation::GroupConv(conv) => group::conv(state, conv, extents),
        Operation::GroupPool(_) => group::pool(state),
        Operation::Index(index) => positions::index(state, index, extents),
        Operation::ImageResize(resize) => positions::resize(state, resize, extents),
        Operation::Aggregate(aggregate) => positions::aggregate(state, aggregate),
        Operation::Activation(activation) => pointwise::map(state, of_x, of_y, *activation),
        Operation::Flatten => pooling::flatten(state),
        Operation::GlobalAvgPool => pooling::global(state, true),
        Operation::GlobalSumPool => pooling::global(state, false),
        Operation::AvgPool(pool) => pooling::windows(state, pool, extents, true),
        Operation::SumPool(pool) => pooling::windows(state, pool, extents, false),
        Operation::LayerNorm(norm) => single_input::layer_norm(state, of_x, of_y, norm),
        Operation::Dropout(dropout) => single_input::dropout(state, dropout, with_itself),
        Operation::SelfAttention(attention) => {
            let (_, channels) = extents_and_channels(&node.input_shape);
            attention::attend(state, of_x, of_y, attention, channels)
        }
        Operation::Sum => branches::sum(inputs),
        Operation::Product => branches::product(inputs),
        Operation::Concat(axis) => {
            let channels =
                node.inputs.iter().map(|&input| extents_and_channels(&graph.node(input).output_shape).1);
            branches::concat(inputs, *axis, &channels.collect::<Vec<_>>(), extents)
        }
        other => panic!("the naive recursion has no {}", other.name()),
    }
}
