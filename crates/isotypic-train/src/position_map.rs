//! Fixed linear maps of positions, the same for every channel: means and sums over windows, some positions, interpolation, sums over the
//! predecessors in a graph.
//!
//! $y_o = \sum_s w_{os} x_s$ over the few positions $s$ that an output $o$ reads, in order; backwards $\partial x_s = \sum_o w_{os} g_o$.

use burn_tensor::Tensor;
use isotypic_architecture::{Aggregate, ImageResize, Index, Operation, Pool};
use rayon::prelude::*;

use crate::cpu_operation::{CpuNumber, CpuOperation, Reads, Seen, compute};
use crate::layout::coordinates;
use crate::window_table::{WindowTable, Windows};
use crate::windowed_layers::gather;
use crate::{NetworkNode, NetworkOperation, Precision};

/// What every output reads of an input.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PositionMap {
    /// Positions of the input.
    positions: usize,
    /// Where what an output reads begins; as many as outputs, and the end.
    starts: Vec<usize>,
    /// A position and its weight, output after output.
    terms: Vec<(usize, f64)>,
}

impl PositionMap {
    /// The map of a node; `None` for layers that are none.
    pub(crate) fn of(node: &NetworkNode) -> Option<Self> {
        let NetworkOperation::Layer(operation) = &node.operation else { return None };
        let input = &node.input_shape[..node.input_shape.len() - 1];
        let output = &node.output_shape[..node.output_shape.len() - 1];
        Some(match operation {
            Operation::AvgPool(pool) => Self::of_windows(pool, input, output, |place| {
                1.0 / pool.divisor(&coordinates(place, output), input) as f64
            }),
            Operation::SumPool(pool) => Self::of_windows(pool, input, output, |_| 1.0),
            Operation::Index(index) => Self::of_index(index, input),
            Operation::ImageResize(resize) => Self::of_resize(resize),
            Operation::Aggregate(aggregate) => Self::of_graph(aggregate),
            _ => return None,
        })
    }

    fn new(positions: usize, outputs: impl Iterator<Item = Vec<(usize, f64)>>) -> Self {
        let (mut starts, mut terms) = (vec![0], Vec::new());
        for own in outputs {
            terms.extend(own);
            starts.push(terms.len());
        }
        Self { positions, starts, terms }
    }

    /// Sums over windows, each with a weight of its own.
    fn of_windows(pool: &Pool, input: &[usize], output: &[usize], weight: impl Fn(usize) -> f64) -> Self {
        let positions = input.iter().product();
        let windows = Windows::of_pool(pool).table(input, output);
        let rows = windows.table.chunks_exact(windows.taps).enumerate().map(|(place, window)| {
            let inside = window.iter().map(|&entry| entry as usize).filter(|&entry| entry < positions);
            inside.map(|entry| (entry, weight(place))).collect()
        });
        Self::new(positions, rows)
    }

    fn of_index(index: &Index, input: &[usize]) -> Self {
        let axes: Vec<Vec<Vec<(usize, f64)>>> =
            index.axes.iter().map(|axis| axis.positions().map(|at| vec![(at, 1.0)]).collect()).collect();
        Self::along_axes(input, &axes)
    }

    fn of_resize(resize: &ImageResize) -> Self {
        let axes: Vec<_> = (0..resize.input.len()).map(|axis| resize.weights(axis)).collect();
        Self::along_axes(&resize.input, &axes)
    }

    fn of_graph(aggregate: &Aggregate) -> Self {
        let predecessors = aggregate.predecessors();
        Self::new(predecessors.len(), predecessors.into_iter())
    }

    /// Products of weights along each axis, those of its outputs in order.
    fn along_axes(input: &[usize], axes: &[Vec<Vec<(usize, f64)>>]) -> Self {
        let mut rows: Vec<Vec<(usize, f64)>> = vec![vec![(0, 1.0)]];
        for (extent, axis) in input.iter().zip(axes) {
            let along = |row: &Vec<(usize, f64)>, own: &Vec<(usize, f64)>| {
                let pairs = row.iter().flat_map(|&(before, weight)| {
                    own.iter().map(move |&(at, factor)| (before * extent + at, weight * factor))
                });
                pairs.collect::<Vec<_>>()
            };
            rows = rows.iter().flat_map(|row| axis.iter().map(|own| along(row, own))).collect();
        }
        Self::new(input.iter().product(), rows.into_iter())
    }

    fn outputs(&self) -> usize {
        self.starts.len() - 1
    }

    /// Weighted positions that all outputs of an image read.
    pub(crate) fn terms(&self) -> usize {
        self.terms.len()
    }

    /// `[batch, outputs, channels]` of `[batch, positions, channels]`.
    pub(crate) fn apply(self, values: Tensor<3>, precision: Precision) -> Tensor<3> {
        let [batch, _, channels] = values.dims();
        let operation = MappedPositions { map: self.clone(), batch, channels };
        compute(operation, [values.clone()]).unwrap_or_else(|| self.composed(values, precision))
    }

    /// The same by tensor operations, on every device: every output reads as many positions as the one that reads most, zeros among them.
    fn composed(&self, values: Tensor<3>, precision: Precision) -> Tensor<3> {
        let taps = self.starts.windows(2).map(|ends| ends[1] - ends[0]).max().unwrap_or(0).max(1);
        let (mut table, mut weights) = (Vec::new(), Vec::new());
        for ends in self.starts.windows(2) {
            let own = self.terms[ends[0]..ends[1]].iter().copied();
            let zeros = std::iter::repeat((self.positions, 0.0));
            for (position, weight) in own.chain(zeros).take(taps) {
                table.push(position as i64);
                weights.push(weight);
            }
        }
        let reads_border = table.contains(&(self.positions as i64));
        let device = values.device();
        let read = gather(values, &WindowTable { table, taps, reads_border });
        let weights = precision.tensor(weights, [1, self.outputs(), taps, 1], &device);
        (read * weights).sum_dim(2).squeeze_dim::<3>(2)
    }
}

#[derive(Debug)]
struct MappedPositions {
    map: PositionMap,
    batch: usize,
    channels: usize,
}

impl MappedPositions {
    /// Goes through all terms: which output, which position, which weight.
    fn each_term<N: CpuNumber>(&self, mut visit: impl FnMut(usize, usize, N)) {
        for (output, ends) in self.map.starts.windows(2).enumerate() {
            for &(position, weight) in &self.map.terms[ends[0]..ends[1]] {
                visit(output, position, N::of(weight));
            }
        }
    }
}

fn add_scaled<N: CpuNumber>(sums: &mut [N], values: &[N], weight: N) {
    for (sum, &value) in sums.iter_mut().zip(values) {
        *sum += value * weight;
    }
}

impl CpuOperation<1> for MappedPositions {
    type Kept = ();

    const READS: Reads = Reads::Nothing;

    fn output_shape(&self) -> [usize; 3] {
        [self.batch, self.map.outputs(), self.channels]
    }

    fn forward<N: CpuNumber>(&self, [values]: [&[N]; 1]) -> (Vec<N>, ()) {
        let channels = self.channels;
        let (of_image, image) = (self.map.outputs() * channels, self.map.positions * channels);
        let mut result = vec![N::default(); self.batch * of_image];
        result.par_chunks_exact_mut(of_image).zip(values.par_chunks_exact(image)).for_each(
            |(outputs, image)| {
                self.each_term(|output, position, weight| {
                    let own = &mut outputs[output * channels..][..channels];
                    add_scaled(own, &image[position * channels..][..channels], weight);
                });
            },
        );
        (result, ())
    }

    fn backward<N: CpuNumber>(
        &self,
        _: Seen<'_, N, 1>,
        (): &(),
        gradient: &[N],
        _: [bool; 1],
    ) -> [Option<Vec<N>>; 1] {
        let channels = self.channels;
        let (of_image, image) = (self.map.outputs() * channels, self.map.positions * channels);
        let mut result = vec![N::default(); self.batch * image];
        result.par_chunks_exact_mut(image).zip(gradient.par_chunks_exact(of_image)).for_each(
            |(image, gradient)| {
                self.each_term(|output, position, weight| {
                    let own = &mut image[position * channels..][..channels];
                    add_scaled(own, &gradient[output * channels..][..channels], weight);
                });
            },
        );
        [Some(result)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation_twins::{assert_close, leaf, outcome};

    /// Outputs that read nothing, one position, and several, one of them twice.
    #[test]
    fn maps_of_this_crate_are_those_of_tensor_operations_forwards_and_back() {
        let rows =
            vec![vec![(2, 1.0)], vec![], vec![(0, -0.5), (3, 2.0), (1, 0.25)], vec![(3, 1.0), (3, 0.5)]];
        let map = PositionMap::new(4, rows.into_iter());
        for (precision, tolerance) in [(Precision::Double, 1e-15), (Precision::Single, 1e-6)] {
            for channels in [1, 3] {
                let leaves = [leaf(precision, [5, 4, channels], 0.1)];
                let own =
                    outcome(precision, &leaves, |leaves| map.clone().apply(leaves[0].clone(), precision));
                let composed =
                    outcome(precision, &leaves, |leaves| map.composed(leaves[0].clone(), precision));
                assert_close(&own, &composed, tolerance, &format!("{channels} channels"));
            }
        }
    }

    #[test]
    fn weights_along_axes_multiply_and_the_last_axis_is_fastest() {
        let axes = [vec![vec![(1, 2.0)]], vec![vec![(0, 1.0)], vec![(1, 0.5), (2, 3.0)]]];
        let map = PositionMap::along_axes(&[2, 3], &axes);
        assert_eq!((map.positions, &map.starts[..]), (6, &[0, 1, 3][..]));
        assert_eq!(map.terms, [(3, 2.0), (4, 1.0), (5, 6.0)]);
    }
}
