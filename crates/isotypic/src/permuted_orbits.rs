//! A kernel of lengths and inner products on the orbits of some seeds, without the poses.
//!
//! Where a group with commuting shifts only moves numbers and a kernel depends on lengths and inner products alone, all values between two orbits
//! follow from the inner products of one seed with all poses of the other: one Fourier transform (`OrbitCorrelation`) and one run
//! through the layers (`DotProductKernel`). Nothing of the size of all points is ever made.

use std::sync::Arc;

use isotypic_gram::Ridge;
use isotypic_group::{FiniteGroup, FourierPlanner, GroupFourier};
use isotypic_kernel::{CompiledKernel, DotProductRun, PreparedInputs};
use isotypic_orbit::{
    CorrelationScratch, GroupAction, Normalization, OrbitCorrelation, OrbitDataset, OrbitLayout,
};
use isotypic_predict::{CompensatedSum, OrbitKernel};
use isotypic_work::{ContentHash, Monitor};
use ndarray::{Array2, Array4, ArrayView3, ArrayViewMut3, Axis, s};
use rayon::prelude::*;

use crate::lookalikes::{candidates, same_points};
use crate::{Error, KernelKind};

/// Relative squared distance in feature space below which two points are the same to a kernel: rounding.
const SAME: f64 = 4.0 * f64::EPSILON;

/// Numbers of the poses that a thread holds while rows are evaluated directly.
const NUMBERS_AT_A_TIME: usize = 4 << 20;

/// The kernel between the orbits of some seeds.
pub struct PermutedOrbits<'a> {
    kernel: &'a CompiledKernel,
    kind: KernelKind,
    action: Box<dyn GroupAction>,
    normalization: Normalization,
    images: Array4<f64>,
    /// `[seeds, H * W * C]`, normalised.
    points: Array2<f64>,
    prepared: PreparedInputs<f64>,
    correlation: OrbitCorrelation,
    transform: Arc<dyn GroupFourier>,
    variances: Vec<f64>,
}

/// What one thread needs to evaluate pairs of orbits.
pub struct OrbitRun<'a> {
    map: DotProductRun<'a>,
    products: Vec<f64>,
    scratch: CorrelationScratch,
}

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

impl<'a> PermutedOrbits<'a> {
    /// Prepares seeds; `None` if the kernel sees positions, or the action blends numbers or has no commuting shifts
    /// (see [`OrbitCorrelation::knows`]).
    ///
    /// # Shapes
    /// - `images`: `[seeds, H, W, C]`, normalised here
    ///
    /// # Errors
    /// An image that cannot be normalised, or whose kernel cannot be represented.
    pub fn new(
        images: Array4<f64>,
        action: Box<dyn GroupAction>,
        normalization: &Normalization,
        kernel: &'a CompiledKernel,
        kind: KernelKind,
    ) -> Result<Option<Self>, Error> {
        let Some(dot_product) = kernel.as_dot_product() else { return Ok(None) };
        let (seeds, length) = (images.len_of(Axis(0)), kernel.point_length());
        let mut points = Array2::from_shape_vec((seeds, length), images.iter().copied().collect())
            .expect("the kernel was compiled for images of this shape");
        for (seed, mut point) in points.outer_iter_mut().enumerate() {
            let pixels = point.as_slice_mut().expect("rows of a new array are contiguous");
            normalization.apply(seed, pixels)?;
        }
        let Some(correlation) = OrbitCorrelation::new(action.as_ref(), points.view())? else {
            return Ok(None);
        };
        let transform = FourierPlanner::new().plan(action.group())?;
        let prepared = kernel.prepare(points.view())?;
        let variances = dot_product.variances(&prepared, kind.outputs())?;
        let normalization = normalization.clone();
        Ok(Some(Self {
            kernel,
            kind,
            action,
            normalization,
            images,
            points,
            prepared,
            correlation,
            transform,
            variances,
        }))
    }

    /// Bytes that so many seeds take.
    pub(crate) fn bytes_of(kernel: &CompiledKernel, group: &FiniteGroup, seeds: usize) -> u64 {
        let length = kernel.point_length();
        let images = 3 * (seeds * length * size_of::<f64>()) as u64;
        // Rows of the direct check are made once the coefficients are gone.
        images + OrbitCorrelation::bytes(group, seeds, length)
    }

    /// Everything that values depend on, as a hash.
    pub(crate) fn content_hash(&self) -> ContentHash {
        let points = ContentHash::of_array(self.points.shape(), &self.points);
        let group = self.action.group();
        let description =
            format!("{points} {group:?} {:?} {} {:?}", self.images.dim(), self.kind, self.kernel);
        ContentHash::of_bytes(description.as_bytes())
    }

    /// Poses that are the same to the kernel: (s, t, u) with s ≥ t where $x_s$ and $u·x_t$ are one point; of a seed with itself u ≠ 1.
    ///
    /// A permutation keeps sums of powers, so only seeds with nearly equal ones are compared.
    ///
    /// # Errors
    /// Of the kernel.
    pub fn lookalikes(&self) -> Result<Vec<(usize, usize, usize)>, Error> {
        let order = self.action.group().order();
        same_points(candidates(self.points.view()), &self.variances, SAME, |s, t| {
            let (mut run, mut values) = (self.start()?, vec![0.0; order]);
            self.between(&mut run, s, t, &mut values)?;
            Ok(values)
        })
    }

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
        let (seeds, order) = (self.points.nrows(), self.action.group().order());
        let mean = self.variances.iter().sum::<f64>() / seeds as f64;
        let ridge = ridge.value(mean)?;
        let length = self.kernel.point_length();
        let mut ends = Array2::zeros((rows.len(), length));
        for (&(seed, element), mut row) in rows.iter().zip(ends.outer_iter_mut()) {
            let row = row.as_slice_mut().expect("rows of a new array are contiguous");
            self.act(element, self.images.index_axis(Axis(0), seed), row);
            self.normalization.apply(seed, row)?;
        }
        let ends = self.kernel.prepare(ends.view())?;
        let at_a_time = (NUMBERS_AT_A_TIME / (order * length)).max(1);
        let groups: Vec<usize> = (0..seeds).step_by(at_a_time).collect();
        let share = monitor.part(1.0, groups.len() as f64);
        let parts = groups
            .into_par_iter()
            .with_max_len(1)
            .map(|first| {
                monitor.check()?;
                let last = (first + at_a_time).min(seeds);
                let images = self.images.slice(s![first..last, .., .., ..]).to_owned();
                let labels = vec![0; last - first];
                let poses =
                    OrbitDataset::sample(&images, &labels, self.action.as_ref(), &self.normalization)?;
                let poses = self.kernel.prepare(poses.points())?;
                let silent = Monitor::silent();
                let values =
                    self.kind.select(self.kernel.cross(&ends, &poses, self.kind.outputs(), &silent)?);
                let part = self.part_of_rows(rows, &values, first..last, dual_weights)?;
                share.advance(1.0);
                Ok(part)
            })
            .collect::<Result<Vec<_>, Error>>()?;
        let mut products = Array2::from_elem((rows.len(), labels.ncols()), CompensatedSum::default());
        let (mut difference, mut total) = (0.0, 0.0);
        for (part, part_difference, part_total) in parts {
            products.zip_mut_with(&part, |sum, &part| sum.add_scaled(part, 1.0));
            difference += part_difference;
            total += part_total;
        }
        let scale = labels.iter().fold(0.0_f64, |largest, label| largest.max(label.abs()));
        let mut largest = 0.0_f64;
        for (&(seed, _), product) in rows.iter().zip(products.outer_iter()) {
            for ((&product, &weight), &label) in
                product.iter().zip(dual_weights.row(seed)).zip(labels.row(seed))
            {
                let mut residual = product;
                residual.add_product(ridge, weight);
                residual.add(-label);
                largest = largest.max(residual.value().abs());
            }
        }
        let largest = largest / scale;
        Ok(RowCheck {
            largest_residual: largest,
            deviation: (difference / total).sqrt(),
            largest_single_residual: largest,
        })
    }

    /// The products of some columns of the rows with the dual weights, and how far the kernel by transforms is from them.
    fn part_of_rows(
        &self,
        rows: &[(usize, usize)],
        values: &Array2<f64>,
        seeds: std::ops::Range<usize>,
        dual_weights: &Array2<f64>,
    ) -> Result<(Array2<CompensatedSum>, f64, f64), Error> {
        let group = self.action.group();
        let layout = OrbitLayout::new(seeds.len(), group.order());
        let mut products = Array2::from_elem((rows.len(), dual_weights.ncols()), CompensatedSum::default());
        let (mut difference, mut total) = (0.0, 0.0);
        let (mut run, mut orbit) = (self.start()?, vec![0.0; group.order()]);
        for (at, t) in seeds.enumerate() {
            for (row, &(seed, element)) in rows.iter().enumerate() {
                self.between(&mut run, seed, t, &mut orbit)?;
                let back = group.inverse(element);
                // Weights of either sign cancel: every digit counts.
                let mut sum = CompensatedSum::default();
                for h in group.elements() {
                    let value = values[[row, layout.row(at, h)]];
                    sum.add(value);
                    difference += (value - orbit[group.multiply(back, h)]).powi(2);
                    total += value * value;
                }
                for (product, &weight) in products.row_mut(row).iter_mut().zip(dual_weights.row(t)) {
                    product.add_scaled(sum, weight);
                }
            }
        }
        Ok((products, difference, total))
    }

    /// Values between two orbits.
    pub(crate) fn evaluate(
        &self,
        run: &mut OrbitRun<'_>,
        (s, t): (usize, usize),
        values: &mut [f64],
    ) -> Result<(), Error> {
        let OrbitRun { map, products, scratch } = run;
        self.correlation.inner_products(s, t, products, scratch);
        let pose = |element: usize, out: &mut [f64]| {
            let point = self.points.row(t);
            let point = point.to_slice().expect("rows of a matrix in C order are contiguous");
            let image = ArrayView3::from_shape(self.action.image_shape(), point);
            self.act(element, image.expect("one number per coordinate"), out);
        };
        Ok(map.map((s, t), products, pose, values)?)
    }

    fn act(&self, element: usize, image: ArrayView3<'_, f64>, out: &mut [f64]) {
        let out = ArrayViewMut3::from_shape(self.action.image_shape(), out);
        self.action.act(element, image, out.expect("one number per coordinate"));
    }
}

impl OrbitKernel for PermutedOrbits<'_> {
    type Error = Error;
    type Run<'a>
        = OrbitRun<'a>
    where
        Self: 'a;

    fn transform(&self) -> &Arc<dyn GroupFourier> {
        &self.transform
    }

    fn variances(&self) -> &[f64] {
        &self.variances
    }

    fn start(&self) -> Result<OrbitRun<'_>, Error> {
        let order = self.action.group().order();
        let kernel = self.kernel.as_dot_product().expect("checked when these orbits were made");
        Ok(OrbitRun {
            map: kernel.run(&self.prepared, order, self.kind.outputs())?,
            products: vec![0.0; order],
            scratch: CorrelationScratch::default(),
        })
    }

    fn between(&self, run: &mut OrbitRun<'_>, s: usize, t: usize, values: &mut [f64]) -> Result<(), Error> {
        self.evaluate(run, (s, t), values)
    }

    fn seconds_per_value(&self) -> f64 {
        self.kernel.as_dot_product().map_or(0.0, |kernel| kernel.seconds_per_pair())
    }

    fn bytes(&self) -> u64 {
        Self::bytes_of(self.kernel, self.action.group(), self.points.nrows())
    }
}

impl std::fmt::Debug for PermutedOrbits<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seeds = self.points.nrows();
        formatter.debug_struct("PermutedOrbits").field("seeds", &seeds).finish_non_exhaustive()
    }
}
