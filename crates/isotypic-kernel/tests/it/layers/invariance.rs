//! Networks that treat all positions alike give the same kernel when both inputs are moved around the torus.

use ndarray::{Array2, ArrayD, Axis, IxDyn};

use super::for_each;
use crate::support::{cross, random_points};

/// Every image moved by `shift` positions along one axis, around the border.
fn moved(points: &Array2<f64>, shape: &[usize], axis: usize, shift: usize) -> Array2<f64> {
    let mut result = points.clone();
    for (row, mut moved) in points.outer_iter().zip(result.outer_iter_mut()) {
        let image = ArrayD::from_shape_vec(IxDyn(shape), row.to_vec()).unwrap();
        let length = shape[axis];
        let order: Vec<usize> = (0..length).map(|at| (at + shift) % length).collect();
        let image = image.select(Axis(axis), &order);
        moved.iter_mut().zip(image.iter()).for_each(|(to, from)| *to = *from);
    }
    result
}

/// Largest difference of kernels, relative to the largest entry, over shifts of both lists along each axis.
fn defect(kernel: &isotypic_kernel::CompiledKernel, shape: &[usize], shift: usize) -> f64 {
    let (x, y) = (random_points(2, kernel.point_length(), 3), random_points(9, kernel.point_length(), 4));
    let still = cross(kernel, x.view(), y.view());
    let mut largest = 0.0_f64;
    for axis in 0..shape.len() - 1 {
        let [x, y] = [&x, &y].map(|points| moved(points, shape, axis, shift));
        let shifted = cross(kernel, x.view(), y.view());
        for (still, shifted) in
            [(&still.nngp, &shifted.nngp), (still.ntk.as_ref().unwrap(), shifted.ntk.as_ref().unwrap())]
        {
            let scale = still.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
            let difference =
                (still - shifted).iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
            largest = largest.max(difference / scale);
        }
    }
    largest
}

#[test]
fn moving_both_inputs_around_changes_nothing_where_positions_are_alike() {
    for_each(|case, kernel, complaints| {
        if case.shift > 0 {
            let defect = defect(kernel, &case.shape, case.shift);
            if defect.is_nan() || defect > 1e-12 {
                complaints.push(format!("moving by {} changes the kernel by {defect:e}", case.shift));
            }
        }
    });
}

/// Zero padding, embeddings of positions and half a stride are seen, or the test above would prove nothing.
#[test]
fn moving_both_inputs_around_is_seen_where_positions_differ() {
    for_each(|case, kernel, complaints| {
        let strided = case.name.starts_with("avg_pool_circular_2_flatten_1d");
        let embedded = case.name.contains("_sum_values") || case.name.contains("_concat_values");
        let padded = case.name.starts_with("conv_same");
        if strided || embedded || padded {
            let defect = defect(kernel, &case.shape, 1);
            if defect.is_nan() || defect < 1e-6 {
                complaints.push(format!("moving by 1 changes the kernel by {defect:e} only"));
            }
        }
    });
}
