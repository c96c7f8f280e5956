//! Layers that read windows of their input: by operations of this crate on the processor, elsewhere gathered by tensor operations.

use burn_tensor::{Device, Int, Tensor, TensorData};

use crate::affine::{AffineFactors, composed_affine, scales};
use crate::patch_runs::PatchRuns;
use crate::probes::Probes;
use crate::window_maxima::window_maxima;
use crate::window_product::window_product;
use crate::window_table::WindowTable;

/// A convolution: what each window reads, times weights, with biases and the factors of the parameterization; `[batch, outputs, width]`.
///
/// # Shapes
/// - `own`: weights `[members, taps · channels, width]` and biases `[members, 1, width]` where the layer has some
/// - `values`: `[batch, positions, channels]`, a part of the batch for each member
pub(crate) fn windowed_affine(
    own: &[Tensor<3>],
    values: Tensor<3>,
    table: &WindowTable,
    factors: AffineFactors,
    probes: &mut Probes,
) -> Tensor<3> {
    let fan_in = table.taps * values.dims()[2];
    // Tangent kernels ask for the patches themselves.
    if !probes.are_collected() {
        let (scale, bias_scale) = scales(fan_in, factors);
        let biases = bias_scale.map(|_| &own[1]);
        let factors = (scale, bias_scale.unwrap_or(1.0));
        let [_, positions, channels] = values.dims();
        let runs = PatchRuns::new(table, positions, channels);
        if let Some(outputs) = window_product(&values, &own[0], biases, runs, factors) {
            return outputs;
        }
    }
    gathered_affine(own, values, table, factors, probes)
}

/// The same by tensor operations, on every device.
fn gathered_affine(
    own: &[Tensor<3>],
    values: Tensor<3>,
    table: &WindowTable,
    factors: AffineFactors,
    probes: &mut Probes,
) -> Tensor<3> {
    let [batch, _, channels] = values.dims();
    let (outputs, fan_in) = (table.table.len() / table.taps, table.taps * channels);
    composed_affine(own, gather(values, table).reshape([batch, outputs, fan_in]), fan_in, factors, probes)
}

/// The largest value in each window, channel by channel: `[batch, outputs, channels]`.
pub(crate) fn maxima(values: Tensor<3>, table: &WindowTable) -> Tensor<3> {
    window_maxima(&values, table).unwrap_or_else(|| gathered_maxima(values, table))
}

/// The same by tensor operations, on every device.
fn gathered_maxima(values: Tensor<3>, table: &WindowTable) -> Tensor<3> {
    gather(values, table).max_dim(2).squeeze_dim::<3>(2)
}

/// What each window reads: `[batch, outputs, taps, channels]`.
///
/// Values are selected one by one from rows of the batch: selection from two axes is a plain loop over rows on a processor, from three
/// it computes every address by divisions.
pub(crate) fn gather(values: Tensor<3>, table: &WindowTable) -> Tensor<4> {
    let [batch, positions, channels] = values.dims();
    let device: Device = values.device();
    let padded = if table.reads_border {
        let border = values.clone().slice([0..batch, 0..1, 0..channels]).zeros_like();
        Tensor::cat(vec![values, border], 1)
    } else {
        values
    };
    let rows = padded.reshape([batch, (positions + usize::from(table.reads_border)) * channels]);
    let entries = table.table.len();
    let step = channels as i64;
    let places =
        table.table.iter().flat_map(|&position| position * step..(position + 1) * step).collect::<Vec<_>>();
    let places = Tensor::<1, Int>::from_data(TensorData::new(places, [entries * channels]), &device);
    rows.select(1, places).reshape([batch, entries / table.taps, table.taps, channels])
}

#[cfg(test)]
mod tests {
    use isotypic_architecture::{LayerParameterization, Padding};

    use super::*;
    use crate::Precision;
    use crate::operation_twins::{assert_close, leaf, outcome};
    use crate::precision::values_of;
    use crate::window_table::Windows;

    /// Images, windows and sizes of a layer.
    struct Case {
        extents: &'static [usize],
        filter: &'static [usize],
        strides: &'static [usize],
        channels: usize,
        width: usize,
        members: usize,
        of_member: usize,
    }

    const CASES: [Case; 6] = [
        Case { extents: &[7], filter: &[3], strides: &[2], channels: 2, width: 3, members: 1, of_member: 5 },
        Case {
            extents: &[9, 8],
            filter: &[5, 3],
            strides: &[1, 1],
            channels: 1,
            width: 4,
            members: 1,
            of_member: 3,
        },
        Case {
            extents: &[5, 6],
            filter: &[2, 3],
            strides: &[2, 1],
            channels: 3,
            width: 2,
            members: 3,
            of_member: 2,
        },
        Case {
            extents: &[3, 4, 5],
            filter: &[2, 2, 3],
            strides: &[1, 2, 1],
            channels: 2,
            width: 3,
            members: 2,
            of_member: 1,
        },
        // More images than one product takes, and more than one part of the batch.
        Case {
            extents: &[4, 4],
            filter: &[3, 3],
            strides: &[1, 1],
            channels: 2,
            width: 5,
            members: 1,
            of_member: 400,
        },
        Case {
            extents: &[6, 6],
            filter: &[3, 3],
            strides: &[3, 3],
            channels: 1,
            width: 2,
            members: 2,
            of_member: 41,
        },
    ];

    impl Case {
        fn table(&self, padding: Padding) -> WindowTable {
            let pads: Vec<usize> = match padding {
                Padding::Valid => vec![0; self.filter.len()],
                _ => self.filter.iter().map(|extent| (extent - 1) / 2).collect(),
            };
            let windows = Windows::new(self.filter, self.strides, padding, &pads);
            let axes = 0..self.extents.len();
            let output = axes.map(|axis| match padding {
                Padding::Valid => (self.extents[axis] - self.filter[axis]) / self.strides[axis] + 1,
                _ => self.extents[axis].div_ceil(self.strides[axis]),
            });
            windows.table(self.extents, &output.collect::<Vec<_>>())
        }

        fn positions(&self) -> usize {
            self.extents.iter().product()
        }
    }

    #[test]
    fn convolutions_of_this_crate_are_those_of_tensor_operations_forwards_and_back() {
        for (precision, tolerance) in [(Precision::Double, 1e-13), (Precision::Single, 2e-5)] {
            for (number, case) in CASES.iter().enumerate() {
                for padding in [Padding::Circular, Padding::Same, Padding::Valid] {
                    for (parameterization, bias_variance) in [
                        (LayerParameterization::Ntk, Some(0.6)),
                        (LayerParameterization::Ntk, None),
                        (LayerParameterization::Standard { input_width: 3.0 }, Some(0.5)),
                    ] {
                        let table = case.table(padding);
                        let fan_in = table.taps * case.channels;
                        let batch = case.members * case.of_member;
                        let mut leaves = vec![
                            leaf(precision, [batch, case.positions(), case.channels], 0.1),
                            leaf(precision, [case.members, fan_in, case.width], 0.2),
                        ];
                        leaves.extend(
                            bias_variance.map(|_| leaf(precision, [case.members, 1, case.width], 0.3)),
                        );
                        let factors = (1.7, bias_variance, parameterization);
                        let own = outcome(precision, &leaves, |leaves| {
                            let (scale, bias_scale) = scales(fan_in, factors);
                            let scales = (scale, bias_scale.unwrap_or(1.0));
                            let runs = PatchRuns::new(&table, case.positions(), case.channels);
                            window_product(&leaves[0], &leaves[1], leaves.get(2), runs, scales).unwrap()
                        });
                        let gathered = outcome(precision, &leaves, |leaves| {
                            let none = &mut Probes::none();
                            gathered_affine(&leaves[1..], leaves[0].clone(), &table, factors, none)
                        });
                        let what = format!("case {number}, {padding:?}, {parameterization:?}");
                        assert_close(&own, &gathered, tolerance, &what);
                        let plain: Vec<_> = leaves.iter().map(|leaf| leaf.clone().inner()).collect();
                        let untracked = windowed_affine(
                            &plain[1..],
                            plain[0].clone(),
                            &table,
                            factors,
                            &mut Probes::none(),
                        );
                        assert_eq!(values_of(&untracked), own[0], "{what}");
                    }
                }
            }
        }
    }

    #[test]
    fn maxima_of_this_crate_are_those_of_tensor_operations_forwards_and_back() {
        for precision in [Precision::Double, Precision::Single] {
            for (number, case) in CASES.iter().enumerate() {
                let table = case.table(Padding::Valid);
                let batch = case.members * case.of_member;
                let leaves = [leaf(precision, [batch, case.positions(), case.channels], 0.1)];
                let own = outcome(precision, &leaves, |leaves| window_maxima(&leaves[0], &table).unwrap());
                let gathered =
                    outcome(precision, &leaves, |leaves| gathered_maxima(leaves[0].clone(), &table));
                // Overlapping windows add their gradients in another order.
                assert_close(&own, &gathered, 1e-6, &format!("case {number}"));
                assert_eq!(own[0], gathered[0], "case {number}");
            }
        }
    }

    #[test]
    fn the_first_of_equal_maxima_has_the_gradient_and_what_is_no_number_is_passed_on() {
        let table = CASES[0].table(Padding::Valid);
        assert_eq!(table.table[..3], [0, 1, 2]);
        let device = Device::flex();
        let mut values = vec![0.5; 7];
        let tensor = |values: &[f64]| Precision::Double.tensor(values.to_vec(), [1, 7, 1], &device);
        let leaf = tensor(&values).autodiff().require_grad();
        let gradients = maxima(leaf.clone(), &table).sum().backward();
        assert_eq!(values_of(&leaf.grad(&gradients).unwrap()), [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0]);
        for place in 0..3 {
            values.fill(0.5);
            values[place] = f64::NAN;
            assert!(values_of(&maxima(tensor(&values), &table))[0].is_nan(), "{place}");
        }
    }
}
