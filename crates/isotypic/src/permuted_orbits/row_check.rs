//! Some rows of the Gram matrix, computed again from the images.
//!
//! The row of $g·x_s$ holds $k(g·x_s, h·x_t)$ for all t and h. A permutation of numbers changes no inner product, so that this is
//! $k(h^{-1}·(g·x_s), x_t)$: all poses of a few images against the seeds as they are, in place of all poses of all seeds. Images are acted
//! on twice, first by g and then by the inverse of h, and inner products are those of matrices: neither the product of the group, nor a
//! Fourier transform, nor the layers as [`PermutedOrbits::between`](isotypic_predict::OrbitKernel::between) runs through them take part.

use std::ops::Range;

use isotypic_gram::Ridge;
use isotypic_kernel::{CompiledKernel, PreparedInputs};
use isotypic_predict::{CompensatedSum, OrbitKernel};
use isotypic_work::Monitor;
use ndarray::{Array2, Array3, Axis};
use rayon::prelude::*;

use super::PermutedOrbits;
use crate::Error;

/// Poses of a row that a thread acts with at a time: whole tiles of the matrix product.
const POSES: usize = 256;

/// Rows of the Gram matrix computed from images, held against a solution and against the kernel by transforms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowCheck {
    /// Largest $|(K + \lambda I)\alpha - y|$ over rows and outputs, relative to the largest label.
    pub largest_residual: f64,
    /// Relative deviation of these rows from the kernel that was solved, in the Frobenius norm.
    pub deviation: f64,
    /// Largest residual of one row of the matrix as it is, where the first is that of averages over poses; else the same.
    pub largest_single_residual: f64,
}

/// What one row, or a part of it, adds up to.
struct PartOfRow {
    /// $\sum_h k(g·x_s, h·x_t)$ for every t.
    sums: Vec<CompensatedSum>,
    /// Sums of squares of the differences from the kernel by transforms, and of the values.
    squares: [f64; 2],
}

impl PermutedOrbits<'_> {
    /// Recomputes some rows of the Gram matrix from the images, pose by pose and by matrix products, and holds a solution against them.
    ///
    /// # Shapes
    /// - `rows`: (seed, element)
    /// - `dual_weights`, `labels`: `[seeds, outputs]`, the same at every pose
    ///
    /// # Errors
    /// Of the kernel; [`Error::Interrupted`].
    pub fn check_rows(
        &self,
        rows: &[(usize, usize)],
        (dual_weights, labels): (&Array2<f64>, &Array2<f64>),
        ridge: Ridge,
        monitor: &Monitor,
    ) -> Result<RowCheck, Error> {
        let seeds = self.points.nrows();
        let mean = self.variances.iter().sum::<f64>() / seeds as f64;
        let ridge = ridge.value(mean)?;
        let mut points = Array2::zeros((seeds, self.kernel.point_length()));
        for (seed, mut point) in points.outer_iter_mut().enumerate() {
            let point = point.as_slice_mut().expect("rows of a new array are contiguous");
            point.iter_mut().zip(self.images.index_axis(Axis(0), seed)).for_each(|(to, &from)| *to = from);
            self.normalization.apply(seed, point)?;
        }
        let columns = self.kernel.prepare(points.view())?;
        drop(points);
        let scale = labels.iter().fold(0.0_f64, |largest, label| largest.max(label.abs()));
        let (mut largest, mut difference, mut total) = (0.0_f64, 0.0, 0.0);
        let share = monitor.part(1.0, rows.len() as f64);
        for &row in rows {
            let PartOfRow { sums, squares } = self.row(row, &columns, &share)?;
            for (output, &label) in labels.row(row.0).iter().enumerate() {
                // Weights of either sign cancel: every digit counts.
                let mut residual = CompensatedSum::default();
                for (&sum, &weight) in sums.iter().zip(dual_weights.column(output)) {
                    residual.add_scaled(sum, weight);
                }
                residual.add_product(ridge, dual_weights[[row.0, output]]);
                residual.add(-label);
                largest = largest.max(residual.value().abs());
            }
            difference += squares[0];
            total += squares[1];
        }
        let largest_residual = largest / scale;
        let deviation = (difference / total).sqrt();
        Ok(RowCheck { largest_residual, deviation, largest_single_residual: largest_residual })
    }

    /// Bytes of a check beside the images.
    pub(crate) fn bytes_of_check(kernel: &CompiledKernel, order: usize, seeds: usize) -> u64 {
        let (length, threads) = (kernel.point_length(), rayon::current_num_threads());
        // Poses are prepared, which takes a copy; the seeds are held as points, then prepared.
        let of_thread = POSES * (2 * length + seeds);
        (size_of::<f64>() * (seeds * (order + 2 * length) + threads * of_thread)) as u64
    }

    /// Nominal seconds of one core for one row.
    pub(crate) fn seconds_of_row(kernel: &CompiledKernel, order: usize, seeds: usize) -> f64 {
        // Each value is computed in both ways.
        2.0 * (seeds * order) as f64 * kernel.seconds_per_pair()
    }

    fn row(
        &self,
        (seed, element): (usize, usize),
        columns: &PreparedInputs<f64>,
        monitor: &Monitor,
    ) -> Result<PartOfRow, Error> {
        let (seeds, order) = (self.points.nrows(), self.action.group().order());
        let share = monitor.part(1.0, order as f64);
        let mut moved = Array3::zeros(self.action.image_shape());
        self.action.act(element, self.images.index_axis(Axis(0), seed), moved.view_mut());
        let by_transforms: Vec<Vec<f64>> = (0..seeds)
            .into_par_iter()
            .map(|t| {
                monitor.check()?;
                let mut values = vec![0.0; order];
                self.between(&mut self.start()?, seed, t, &mut values)?;
                Ok(values)
            })
            .collect::<Result<_, Error>>()?;
        let parts: Vec<PartOfRow> = (0..order.div_ceil(POSES))
            .into_par_iter()
            .with_max_len(1)
            .map(|part| {
                monitor.check()?;
                let elements = part * POSES..((part + 1) * POSES).min(order);
                share.advance(elements.len() as f64);
                self.part_of_row((&moved, seed, element), elements, columns, &by_transforms)
            })
            .collect::<Result<_, Error>>()?;
        let mut row = PartOfRow { sums: vec![CompensatedSum::default(); seeds], squares: [0.0; 2] };
        for part in parts {
            row.sums.iter_mut().zip(part.sums).for_each(|(sum, part)| sum.add_scaled(part, 1.0));
            row.squares = [row.squares[0] + part.squares[0], row.squares[1] + part.squares[1]];
        }
        Ok(row)
    }

    /// The columns of some poses h of all seeds; `moved` is $g·x_s$.
    fn part_of_row(
        &self,
        (moved, seed, element): (&Array3<f64>, usize, usize),
        elements: Range<usize>,
        columns: &PreparedInputs<f64>,
        by_transforms: &[Vec<f64>],
    ) -> Result<PartOfRow, Error> {
        let group = self.action.group();
        let mut poses = Array2::zeros((elements.len(), self.kernel.point_length()));
        for (h, mut pose) in elements.clone().zip(poses.outer_iter_mut()) {
            let pose = pose.as_slice_mut().expect("rows of a new array are contiguous");
            self.act(group.inverse(h), moved.view(), pose);
            self.normalization.apply(seed, pose)?;
        }
        let poses = self.kernel.prepare_on_this_thread(poses.view())?;
        let values = self.kernel.cross_on_this_thread(&poses, columns, self.kind.outputs())?;
        let values = self.kind.select(values);
        let mut part =
            PartOfRow { sums: vec![CompensatedSum::default(); by_transforms.len()], squares: [0.0; 2] };
        let back = group.inverse(element);
        for (h, values) in elements.zip(values.outer_iter()) {
            let place = group.multiply(back, h);
            for ((&value, sum), transformed) in values.iter().zip(&mut part.sums).zip(by_transforms) {
                sum.add(value);
                part.squares[0] += (value - transformed[place]).powi(2);
                part.squares[1] += value * value;
            }
        }
        Ok(part)
    }
}
