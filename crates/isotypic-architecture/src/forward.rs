//! What one node of a finite network makes of a batch.

use ndarray::{Array, Array2, Array3, ArrayD, Axis, Dimension, IxDyn, ShapeArg, indices};

use crate::affine_map::AffineMap;
use crate::attention_map::AttentionMap;
use crate::local_map::LocalMap;
use crate::patches::{self, Windows};
use crate::random_stream::RandomStream;
use crate::{ConcatAxis, Dropout, LayerNorm, Node, Operation, Pool};

/// What a node has drawn at random.
#[derive(Clone, Debug)]
pub(crate) enum Drawn {
    Nothing,
    Affine(AffineMap),
    Attention(Box<AttentionMap>),
    /// Of a `conv_local` layer.
    Local(Box<LocalMap>),
    /// The seed of the masks of a `dropout` layer.
    Masks(u64),
}

/// One node on a batch; rows are examples, each in C order, one matrix for each input of the node.
pub(crate) fn apply(node: &Node, drawn: &Drawn, mut inputs: Vec<Array2<f64>>) -> Array2<f64> {
    if let Operation::Concat(axis) = &node.operation {
        return concat(node, *axis, inputs);
    }
    let values = inputs.swap_remove(0);
    let batch = values.nrows();
    let channels = node.input_shape[node.input_shape.len() - 1];
    let positions = node.input_shape.iter().product::<usize>() / channels;
    let output_size: usize = node.output_shape.iter().product();
    match (&node.operation, drawn) {
        (Operation::Activation(activation), _) => values.mapv_into(|value| activation.apply(value)),
        (Operation::GlobalAvgPool, _) => {
            let images: Array3<f64> = reshape(values, (batch, positions, channels));
            images.sum_axis(Axis(1)) / positions as f64
        }
        (Operation::GlobalSumPool, _) => {
            let images: Array3<f64> = reshape(values, (batch, positions, channels));
            images.sum_axis(Axis(1))
        }
        (Operation::AvgPool(pool), _) => {
            let extents = &node.input_shape[..pool.window.len()];
            let sums = on_windows(node, pool, &values, |under_window| under_window.sum());
            let outputs = indices(IxDyn(&node.output_shape[..pool.window.len()]));
            let divisors: Vec<usize> =
                outputs.into_iter().map(|at| pool.divisor(at.slice(), extents)).collect();
            Array2::from_shape_fn(sums.dim(), |(row, column)| {
                sums[[row, column]] / divisors[column / channels] as f64
            })
        }
        (Operation::SumPool(pool), _) => on_windows(node, pool, &values, |under_window| under_window.sum()),
        (Operation::MaxPool(pool), _) => {
            on_windows(node, pool, &values, |under_window| under_window.fold(f64::NEG_INFINITY, f64::max))
        }
        (Operation::LayerNorm(layer_norm), _) => normalize(node, layer_norm, values),
        (Operation::Dropout(dropout), Drawn::Masks(seed)) => drop_out(dropout, *seed, values),
        (Operation::SelfAttention(attention), Drawn::Attention(map)) => {
            let mut outputs = Array2::zeros((batch, output_size));
            for (input, mut output) in values.rows().into_iter().zip(outputs.rows_mut()) {
                let image = Array2::from_shape_fn((positions, channels), |(position, channel)| {
                    input[position * channels + channel]
                });
                output.assign(&reshape(map.apply(attention, &image), output_size));
            }
            outputs
        }
        (Operation::Sum, _) => inputs.iter().fold(values, |sum, input| sum + input),
        (Operation::Product, _) => inputs.iter().fold(values, |product, input| product * input),
        (Operation::Dense(_), Drawn::Affine(map)) => {
            let rows = values.len() / channels;
            reshape(map.apply(&reshape(values, (rows, channels))), (batch, output_size))
        }
        (Operation::Conv(conv), Drawn::Affine(map)) => {
            on_patches(node, &Windows::of_conv(conv), &values, |patches| map.apply(patches))
        }
        (Operation::ConvTranspose(conv), Drawn::Affine(map)) => {
            on_patches(node, &Windows::of_transposed(conv), &values, |patches| map.apply(patches))
        }
        (Operation::GroupLift(conv) | Operation::GroupConv(conv), Drawn::Affine(map)) => {
            let sources = conv.sources(&node.input_shape).mapv(Some);
            gathered(&sources, conv.channels, output_size, &values, |patches| map.apply(patches))
        }
        (Operation::GroupPool(_), _) => {
            let places: Array3<f64> = reshape(values, (batch, positions, channels));
            places.sum_axis(Axis(1)) / positions as f64
        }
        (Operation::ConvLocal(conv), Drawn::Local(map)) => {
            on_patches(node, &Windows::of_conv(conv), &values, |patches| map.apply(patches))
        }
        (Operation::Index(index), _) => {
            let axes = index.axes.iter().map(|axis| axis.positions().map(|at| vec![(at, 1.0)]).collect());
            weigh_axes(node, &axes.collect::<Vec<_>>(), values)
        }
        (Operation::ImageResize(resize), _) => {
            let axes: Vec<_> = (0..resize.input.len()).map(|axis| resize.weights(axis)).collect();
            weigh_axes(node, &axes, values)
        }
        (Operation::Aggregate(aggregate), _) => {
            let predecessors = aggregate.predecessors();
            Array2::from_shape_fn(values.dim(), |(row, column)| {
                let (vertex, channel) = (column / channels, column % channels);
                let terms = predecessors[vertex].iter();
                terms.map(|&(source, weight)| weight * values[[row, source * channels + channel]]).sum()
            })
        }
        (
            Operation::Dense(_)
            | Operation::Conv(_)
            | Operation::ConvLocal(_)
            | Operation::ConvTranspose(_)
            | Operation::GroupLift(_)
            | Operation::GroupConv(_)
            | Operation::Dropout(_)
            | Operation::BatchNorm(_)
            | Operation::SelfAttention(_),
            _,
        ) => {
            unreachable!("`FiniteNetwork` draws what these operations need, and normalises batches itself")
        }
        (Operation::Input | Operation::Identity | Operation::Flatten | Operation::Concat(_), _) => values,
    }
}

/// Maps the patches under all filters, `[positions, fan-in]`, of one image after the other: those of a whole batch would be as many
/// times the batch as a filter has taps.
fn on_patches(
    node: &Node,
    windows: &Windows<'_>,
    values: &Array2<f64>,
    map: impl Fn(&Array2<f64>) -> Array2<f64>,
) -> Array2<f64> {
    let axes = node.input_shape.len() - 1;
    let sources = patches::sources(windows, &node.input_shape[..axes], &node.output_shape[..axes]);
    gathered(&sources, node.input_shape[axes], node.output_shape.iter().product(), values, map)
}

/// The same of patches that a table of sources collects.
fn gathered(
    sources: &Array2<Option<usize>>,
    channels: usize,
    output_size: usize,
    values: &Array2<f64>,
    map: impl Fn(&Array2<f64>) -> Array2<f64>,
) -> Array2<f64> {
    let mut outputs = Array2::zeros((values.nrows(), output_size));
    for (input, mut output) in values.rows().into_iter().zip(outputs.rows_mut()) {
        let mapped = map(&patches::gather(sources, &input, channels));
        output.assign(&reshape(mapped, output_size));
    }
    outputs
}

/// Weighted sums along one spatial axis after the other: for every position of the output those of the input with their weights.
fn weigh_axes(node: &Node, axes: &[Vec<Vec<(usize, f64)>>], values: Array2<f64>) -> Array2<f64> {
    let batch = values.nrows();
    let shape: Vec<usize> = std::iter::once(batch).chain(node.input_shape.iter().copied()).collect();
    let mut array: ArrayD<f64> = reshape(values, IxDyn(&shape));
    for (axis, rows) in axes.iter().enumerate() {
        let sums: Vec<ArrayD<f64>> = rows
            .iter()
            .map(|row| {
                let terms = row.iter().map(|&(at, weight)| &array.index_axis(Axis(axis + 1), at) * weight);
                terms.reduce(|sum, term| sum + term).expect("every output reads something")
            })
            .collect();
        let views: Vec<_> = sums.iter().map(|sum| sum.view()).collect();
        array = ndarray::stack(Axis(axis + 1), &views).expect("all sums have the same shape");
    }
    let output_size: usize = node.output_shape.iter().product();
    array.into_shape_clone((batch, output_size)).expect("axes that disappear have one position")
}

/// What `join` makes of the values under each window, channel by channel.
fn on_windows(
    node: &Node,
    pool: &Pool,
    values: &Array2<f64>,
    join: impl Fn(&mut dyn Iterator<Item = f64>) -> f64,
) -> Array2<f64> {
    let axes = pool.window.len();
    let channels = node.input_shape[axes];
    let sources =
        patches::sources(&Windows::of_pool(pool), &node.input_shape[..axes], &node.output_shape[..axes]);
    let output_size = node.output_shape.iter().product();
    Array2::from_shape_fn((values.nrows(), output_size), |(row, column)| {
        let under_window = sources.row(column / channels).into_iter().flatten();
        join(&mut under_window.map(|source| values[[row, source * channels + column % channels]]))
    })
}

/// Subtracts the mean and divides by the standard deviation over channels and some spatial axes.
fn normalize(node: &Node, layer_norm: &LayerNorm, values: Array2<f64>) -> Array2<f64> {
    let dim = values.dim();
    let shape: Vec<usize> = std::iter::once(dim.0).chain(node.input_shape.iter().copied()).collect();
    let mut array: ArrayD<f64> = reshape(values, IxDyn(&shape));
    let mut axes: Vec<usize> = layer_norm.spatial_axes.iter().map(|axis| axis + 1).collect();
    axes.push(shape.len() - 1);
    let count: usize = axes.iter().map(|&axis| shape[axis]).product();
    let mean = |array: &ArrayD<f64>| {
        axes.iter().fold(array.clone(), |sum, &axis| sum.sum_axis(Axis(axis)).insert_axis(Axis(axis)))
            / count as f64
    };
    array = &array - &mean(&array);
    let variance = mean(&array.mapv(|deviation| deviation * deviation));
    array = &array / &variance.mapv(|variance| (variance + layer_norm.epsilon).sqrt());
    array.into_shape_with_order(dim).expect("normalisation keeps the shape")
}

/// Drops values at random and scales up what is kept.
fn drop_out(dropout: &Dropout, seed: u64, values: Array2<f64>) -> Array2<f64> {
    if dropout.is_identity() {
        return values;
    }
    let mut stream = RandomStream::from_seed(seed);
    values
        .mapv_into(|value| if stream.uniform() < dropout.keep_rate { value / dropout.keep_rate } else { 0.0 })
}

/// Joins the inputs along an axis. Every input is a stack of blocks, the extents from that axis on.
fn concat(node: &Node, axis: ConcatAxis, inputs: Vec<Array2<f64>>) -> Array2<f64> {
    let axis = match axis {
        ConcatAxis::Channels => node.output_shape.len() - 1,
        ConcatAxis::Spatial(axis) => axis,
    };
    let dim = (inputs[0].nrows(), node.output_shape.iter().product::<usize>());
    let blocks: usize = dim.0 * node.output_shape[..axis].iter().product::<usize>();
    if blocks == 0 {
        return Array2::zeros(dim);
    }
    let stacks: Vec<Array2<f64>> = inputs
        .into_iter()
        .map(|input| {
            let block = input.len() / blocks;
            reshape(input, (blocks, block))
        })
        .collect();
    let views: Vec<_> = stacks.iter().map(|stack| stack.view()).collect();
    reshape(ndarray::concatenate(Axis(1), &views).expect("stacks have the same number of blocks"), dim)
}

/// The same values in C order under another shape of the same size.
fn reshape<D: Dimension>(array: Array2<f64>, shape: impl ShapeArg<Dim = D>) -> Array<f64, D> {
    array.into_shape_clone(shape).expect("shapes of a checked graph have the same size")
}
