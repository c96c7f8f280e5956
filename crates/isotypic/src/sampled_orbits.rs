//! Any kernel on the orbits of some seeds: poses are made, and pairs of points are evaluated.
//!
//! Where the kernel is invariant only rows of the identity are evaluated, $\kappa_{st}(u) = k(x_s, u·x_t)$: the way of convolutions under
//! shifts. Where it is not, as under rotations that interpolate pixels, all pairs of poses are, and
//! $\kappa_{st}(u) = \frac{1}{|G|} \sum_g k(g·x_s, gu·x_t)$ is the projection of the Gram matrix on the invariant ones. The matrix itself, of
//! $(S|G|)^2$ numbers, is never made; a thread holds its rows for a few seeds at a time.

use std::ops::Range;
use std::sync::Arc;

use isotypic_gram::Ridge;
use isotypic_group::{FourierPlanner, GroupFourier};
use isotypic_kernel::{CompiledKernel, PreparedInputs};
use isotypic_orbit::{GroupAction, Normalization, OrbitDataset, OrbitError};
use isotypic_predict::{CompensatedSum, ORBIT_TILE, OrbitKernel};
use isotypic_work::{ContentHash, Monitor};
use ndarray::{Array2, Array4, ArrayView2, Axis, s};
use rayon::prelude::*;

use crate::lookalikes::{candidates, same_points};
use crate::permuted_orbits::RowCheck;
use crate::{Error, KernelKind};

/// Columns that a matrix product computes at least: several seeds with few poses share them.
const COLUMNS: usize = 128;

/// Poses whose rows are compared with those of the identity, as fractions of the order.
const COMPARED: usize = 3;

/// Seeds on which invariance is measured.
const SEEDS_COMPARED: usize = 4;

/// Relative deviation that rounding explains.
const ROUNDING: f64 = 1e-13;

/// Nanoseconds for one more value in an average.
const AVERAGING: f64 = 2.0;

/// What preparing a point costs, in pairs of points; it is done anew for each tile.
pub(crate) const PREPARING: f64 = 20.0;

/// The kernel between the orbits of some seeds, by evaluating it on their poses.
pub struct SampledOrbits<'a> {
    kernel: &'a CompiledKernel,
    kind: KernelKind,
    action: Box<dyn GroupAction>,
    normalization: Normalization,
    images: Array4<f64>,
    /// Normalised: `[seeds, d]`, or where values are averaged all poses `[seeds * order, d]`.
    points: Array2<f64>,
    /// Products g·u, `[order][order]`, where values are averaged.
    products: Option<Vec<u32>>,
    transform: Arc<dyn GroupFourier>,
    variances: Vec<f64>,
}

/// What one thread holds: prepared points, and the kernel between them.
#[derive(Debug, Default)]
pub struct SampledRun {
    rows: Range<usize>,
    columns: Range<usize>,
    prepared_rows: Option<PreparedInputs<f64>>,
    prepared_columns: Option<PreparedInputs<f64>>,
    /// `[rows, or all their poses; all poses of columns]`.
    values: Array2<f64>,
}

impl<'a> SampledOrbits<'a> {
    /// Prepares seeds. `is_averaged`: the kernel is projected on the invariant ones; else it must be one, see
    /// [`is_invariant`](Self::is_invariant).
    ///
    /// # Shapes
    /// - `images`: `[seeds, H, W, C]`, normalised here
    ///
    /// # Errors
    /// An image that cannot be normalised, or whose kernel cannot be represented; [`OrbitError::TooLarge`].
    pub fn new(
        images: Array4<f64>,
        action: Box<dyn GroupAction>,
        normalization: &Normalization,
        (kernel, kind): (&'a CompiledKernel, KernelKind),
        is_averaged: bool,
    ) -> Result<Self, Error> {
        let (seeds, order) = (images.len_of(Axis(0)), action.group().order());
        let per_seed = if is_averaged { order } else { 1 };
        let length = kernel.point_length();
        let too_large = || OrbitError::TooLarge { seeds, order, values: length };
        let count = seeds.checked_mul(per_seed * length).ok_or_else(too_large)?;
        let mut numbers: Vec<f64> = Vec::new();
        numbers.try_reserve_exact(count).map_err(|_| too_large())?;
        numbers.resize(count, 0.0);
        numbers.par_chunks_exact_mut(per_seed * length).enumerate().try_for_each(|(seed, out)| {
            if is_averaged {
                let poses = poses(&images, action.as_ref(), normalization, seed)?;
                out.iter_mut().zip(&poses).for_each(|(out, &value)| *out = value);
            } else {
                out.iter_mut().zip(images.index_axis(Axis(0), seed)).for_each(|(out, &value)| *out = value);
                normalization.apply(seed, out)?;
            }
            Ok::<(), OrbitError>(())
        })?;
        let points = Array2::from_shape_vec((seeds * per_seed, length), numbers)
            .expect("as many numbers as asked for");
        let group = action.group();
        let products = is_averaged.then(|| {
            let row = |g: usize| group.elements().map(move |u| group.multiply(g, u) as u32);
            group.elements().flat_map(row).collect()
        });
        let transform = FourierPlanner::new().plan(group)?;
        let normalization = normalization.clone();
        let mut orbits = Self {
            kernel,
            kind,
            action,
            normalization,
            images,
            points,
            products,
            transform,
            variances: Vec::new(),
        };
        let own = |seed: usize| Ok(orbits.pair(seed, seed)?[0]);
        orbits.variances = (0..seeds).into_par_iter().map(own).collect::<Result<_, Error>>()?;
        Ok(orbits)
    }

    /// Whether a kernel on images does not change when both points move, to rounding: measured on a few poses of a few seeds.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn is_invariant(
        images: &Array4<f64>,
        action: &dyn GroupAction,
        normalization: &Normalization,
        (kernel, kind): (&CompiledKernel, KernelKind),
    ) -> Result<bool, Error> {
        let (seeds, group) = (images.len_of(Axis(0)), action.group());
        let order = group.order();
        let measured = seeds.min(SEEDS_COMPARED);
        let columns = (0..measured)
            .map(|at| poses(images, action, normalization, at * seeds / measured))
            .collect::<Result<Vec<_>, _>>()?;
        let compared: Vec<usize> = (0..COMPARED).map(|k| k * order / COMPARED).collect();
        let rows: Vec<_> = columns.iter().map(|poses| poses.select(Axis(0), &compared)).collect();
        let joined = |parts: &[Array2<f64>]| {
            let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
            ndarray::concatenate(Axis(0), &views).expect("poses have the same length")
        };
        let (rows, columns) =
            (kernel.prepare(joined(&rows).view())?, kernel.prepare(joined(&columns).view())?);
        let values = kind.select(kernel.cross_on_this_thread(&rows, &columns, kind.outputs())?);
        let (mut difference, mut total) = (0.0, 0.0);
        for (s, t) in (0..measured).flat_map(|s| (0..measured).map(move |t| (s, t))) {
            for (at, &g) in compared.iter().enumerate() {
                for h in group.elements() {
                    let value = values[[s * COMPARED + at, t * order + h]];
                    let moved = group.multiply(group.inverse(g), h);
                    difference += (value - values[[s * COMPARED, t * order + moved]]).powi(2);
                    total += value * value;
                }
            }
        }
        Ok(difference <= ROUNDING * ROUNDING * total)
    }

    /// Bytes that so many seeds take, on the current number of threads.
    pub(crate) fn bytes_of(
        (kernel, kind): (&CompiledKernel, KernelKind),
        order: usize,
        seeds: usize,
        is_averaged: bool,
    ) -> u64 {
        let per_seed = if is_averaged { order } else { 1 };
        let (length, number) = (kernel.point_length(), size_of::<f64>() as u64);
        let held = (seeds * (1 + per_seed) * length) as u64 * number;
        let products = if is_averaged { 4 * (order as u64).pow(2) } else { 0 };
        let (rows, columns) = (ORBIT_TILE * per_seed, order * seeds_at_a_time(order));
        let of_thread = kernel.plan::<f64>(rows, columns, false, kind.outputs()).bytes
            + (columns * length) as u64 * number;
        held + products + rayon::current_num_threads() as u64 * of_thread
    }

    /// Nominal seconds of one core for a value.
    pub(crate) fn seconds_of_value(kernel: &CompiledKernel, order: usize, is_averaged: bool) -> f64 {
        match is_averaged {
            true => order as f64 * (kernel.seconds_per_pair() + AVERAGING * 1e-9),
            false => kernel.seconds_per_pair() * (1.0 + PREPARING / ORBIT_TILE as f64),
        }
    }

    /// Everything that values depend on, as a hash.
    pub(crate) fn content_hash(&self) -> ContentHash {
        let images = ContentHash::of_array(self.images.shape(), &self.images);
        let points = ContentHash::of_array(self.points.shape(), &self.points);
        let (group, averaged) = (self.action.group(), self.products.is_some());
        let text =
            format!("sampled {images} {points} {group:?} {averaged} {:?} {:?}", self.kind, self.kernel);
        ContentHash::of_bytes(text.as_bytes())
    }

    /// Whether the kernel was projected.
    pub(crate) fn is_averaged(&self) -> bool {
        self.products.is_some()
    }

    /// Poses that are the same to the kernel; see [`PermutedOrbits::lookalikes`](crate::PermutedOrbits::lookalikes).
    ///
    /// # Errors
    /// Of the kernel.
    pub fn lookalikes(&self) -> Result<Vec<(usize, usize, usize)>, Error> {
        let per_seed = self.points.nrows() / self.images.len_of(Axis(0));
        let seeds = self.points.slice(s![..; per_seed, ..]);
        // Kernels that sum over positions carry errors beyond the last bit, as in audits that hold everything.
        let same = f64::EPSILON * (self.variances.len() * self.action.group().order()) as f64;
        same_points(candidates(seeds), &self.variances, same, |s, t| self.pair(s, t))
    }

    /// Values of one pair of seeds alone, in any order.
    fn pair(&self, s: usize, t: usize) -> Result<Vec<f64>, Error> {
        let mut run = SampledRun::default();
        self.evaluate(&mut run, s..s + 1, t..t + 1)?;
        let mut values = vec![0.0; self.action.group().order()];
        self.read(&run, s, t, &mut values);
        Ok(values)
    }

    /// All poses of some seeds.
    fn columns(&self, seeds: Range<usize>) -> Result<PreparedInputs<f64>, Error> {
        if self.is_averaged() {
            return Ok(self.kernel.prepare_on_this_thread(self.rows_of(seeds))?);
        }
        let images = self.images.slice(s![seeds.clone(), .., .., ..]).to_owned();
        let labels = vec![0; seeds.len()];
        let poses = OrbitDataset::sample(&images, &labels, self.action.as_ref(), &self.normalization)?;
        Ok(self.kernel.prepare_on_this_thread(poses.points())?)
    }

    fn rows_of(&self, seeds: Range<usize>) -> ArrayView2<'_, f64> {
        let per_seed = self.points.nrows() / self.images.len_of(Axis(0));
        self.points.slice(s![seeds.start * per_seed..seeds.end * per_seed, ..])
    }

    fn evaluate(&self, run: &mut SampledRun, rows: Range<usize>, columns: Range<usize>) -> Result<(), Error> {
        if run.columns != columns || run.prepared_columns.is_none() {
            run.prepared_columns = Some(self.columns(columns.clone())?);
        }
        if run.rows != rows || run.prepared_rows.is_none() {
            run.prepared_rows = Some(self.kernel.prepare_on_this_thread(self.rows_of(rows.clone()))?);
        }
        let (Some(x), Some(y)) = (&run.prepared_rows, &run.prepared_columns) else {
            unreachable!("both were made above");
        };
        run.values = self.kind.select(self.kernel.cross_on_this_thread(x, y, self.kind.outputs())?);
        (run.rows, run.columns) = (rows, columns);
        Ok(())
    }

    fn read(&self, run: &SampledRun, s: usize, t: usize, values: &mut [f64]) {
        let order = values.len();
        let first = (t - run.columns.start) * order;
        let Some(products) = &self.products else {
            let row = run.values.row(s - run.rows.start);
            values.iter_mut().zip(row.iter().skip(first)).for_each(|(value, &entry)| *value = entry);
            return;
        };
        let own = (s - run.rows.start) * order;
        let block = run.values.slice(s![own..own + order, first..first + order]);
        let group = self.action.group();
        for u in 0..order {
            let inverse = group.inverse(u);
            if s == t && inverse < u {
                // The diagonal of the inverse element holds the mirror entries.
                values[u] = values[inverse];
                continue;
            }
            values[u] = average(block, products, u);
        }
    }

    /// Recomputes all rows of some seeds (of an invariant kernel two each), and holds a solution against them.
    ///
    /// Of an averaged kernel the mean over the poses of a seed is the row of the projected matrix, on weights that are the same at every
    /// pose; a single row is one of the matrix as it is. The deviation is the invariance defect of these rows.
    ///
    /// # Shapes
    /// - `rows`: (seed, element)
    /// - `dual_weights`, `labels`: `[seeds, outputs]`
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
        let (seeds, group) = (self.variances.len(), self.action.group());
        let ridge = ridge.value(self.variances.iter().sum::<f64>() / seeds as f64)?;
        let scale = labels.iter().fold(0.0_f64, |largest, label| largest.max(label.abs()));
        let ends: Vec<End> = rows.iter().map(|&row| self.end(row)).collect::<Result<_, Error>>()?;
        let views: Vec<_> = ends.iter().map(|end| end.points.view()).collect();
        let joined = ndarray::concatenate(Axis(0), &views).expect("poses have the same length");
        let prepared = self.kernel.prepare(joined.view())?;
        let share = monitor.part(1.0, seeds as f64);
        let parts: Vec<(Array2<CompensatedSum>, f64, f64)> = (0..seeds)
            .into_par_iter()
            .map(|t| {
                monitor.check()?;
                let columns = self.columns(t..t + 1)?;
                let values = self.kernel.cross_on_this_thread(&prepared, &columns, self.kind.outputs())?;
                let values = self.kind.select(values);
                let (mut difference, mut total, mut first) = (0.0, 0.0, 0);
                for end in &ends {
                    let own = values.slice(s![first..first + end.elements.len(), ..]);
                    first += end.elements.len();
                    let solved: Vec<f64> = match &self.products {
                        Some(products) => group.elements().map(|u| average(own, products, u)).collect(),
                        // The first row is that of the identity.
                        None => own.row(0).to_vec(),
                    };
                    for ((at, h), &value) in own.indexed_iter() {
                        let moved = group.multiply(group.inverse(end.elements[at]), h);
                        difference += (value - solved[moved]).powi(2);
                        total += value * value;
                    }
                }
                share.advance(1.0);
                let sums = values.map_axis(Axis(1), |row| {
                    let mut sum = CompensatedSum::default();
                    row.iter().for_each(|&value| sum.add(value));
                    sum
                });
                let product = |(at, output)| {
                    let mut product = CompensatedSum::default();
                    product.add_scaled(sums[at], dual_weights[[t, output]]);
                    product
                };
                Ok((Array2::from_shape_fn((values.nrows(), labels.ncols()), product), difference, total))
            })
            .collect::<Result<_, Error>>()?;
        let mut check = RowCheck { largest_residual: 0.0, deviation: 0.0, largest_single_residual: 0.0 };
        let mut first = 0;
        for (end, &(seed, _)) in ends.iter().zip(rows) {
            let own = first..first + end.elements.len();
            first = own.end;
            for output in 0..labels.ncols() {
                let residual = |at: usize| {
                    let mut sum = CompensatedSum::default();
                    parts.iter().for_each(|(part, _, _)| sum.add_scaled(part[[at, output]], 1.0));
                    sum.add_product(ridge, dual_weights[[seed, output]]);
                    sum.add(-labels[[seed, output]]);
                    sum.value() / scale
                };
                let residuals: Vec<f64> = own.clone().map(residual).collect();
                let mean = residuals.iter().sum::<f64>() / residuals.len() as f64;
                let single = residuals.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
                // Rows of an invariant kernel must each be right.
                let solved = if self.is_averaged() { mean.abs() } else { single };
                check.largest_residual = check.largest_residual.max(solved);
                check.largest_single_residual = check.largest_single_residual.max(single);
            }
        }
        let difference: f64 = parts.iter().map(|part| part.1).sum();
        let total: f64 = parts.iter().map(|part| part.2).sum();
        check.deviation = if total > 0.0 { (difference / total).sqrt() } else { 0.0 };
        Ok(check)
    }

    /// The poses of a seed whose rows are computed again: all of them where the kernel is averaged, else the identity and one other.
    fn end(&self, (seed, element): (usize, usize)) -> Result<End, Error> {
        let group = self.action.group();
        let elements: Vec<usize> = match self.is_averaged() {
            true => group.elements().collect(),
            false => vec![group.identity(), element],
        };
        let poses = poses(&self.images, self.action.as_ref(), &self.normalization, seed)?;
        Ok(End { points: poses.select(Axis(0), &elements), elements })
    }
}

/// Some poses of one seed.
struct End {
    elements: Vec<usize>,
    points: Array2<f64>,
}

/// $\frac{1}{|G|} \sum_g k(g·x, gu·y)$ from `[order, order]` values and the products g·u.
///
/// The first value and the mean deviation from it: exact where all are equal.
fn average(block: ArrayView2<'_, f64>, products: &[u32], u: usize) -> f64 {
    let order = block.nrows();
    let start = block[[0, products[u] as usize]];
    let deviations = (0..order).map(|g| block[[g, products[g * order + u] as usize]] - start).sum::<f64>();
    start + deviations / order as f64
}

/// Seeds whose poses make the columns of one evaluation.
fn seeds_at_a_time(order: usize) -> usize {
    (COLUMNS / order).max(1)
}

/// All poses of one image, normalised: `[order, d]`.
fn poses(
    images: &Array4<f64>,
    action: &dyn GroupAction,
    normalization: &Normalization,
    seed: usize,
) -> Result<Array2<f64>, OrbitError> {
    let image = images.slice(s![seed..=seed, .., .., ..]).to_owned();
    let orbit = OrbitDataset::sample(&image, &[0], action, normalization);
    match orbit {
        Ok(orbit) => Ok(orbit.points().to_owned()),
        Err(OrbitError::NotNormalizable { constant, .. }) => {
            Err(OrbitError::NotNormalizable { image: seed, constant })
        }
        Err(error) => Err(error),
    }
}

impl OrbitKernel for SampledOrbits<'_> {
    type Error = Error;
    type Run<'a>
        = SampledRun
    where
        Self: 'a;

    fn transform(&self) -> &Arc<dyn GroupFourier> {
        &self.transform
    }

    fn variances(&self) -> &[f64] {
        &self.variances
    }

    fn start(&self) -> Result<SampledRun, Error> {
        Ok(SampledRun::default())
    }

    fn between(&self, run: &mut SampledRun, s: usize, t: usize, values: &mut [f64]) -> Result<(), Error> {
        if !(run.columns.contains(&t) && run.rows.contains(&s)) {
            let (seeds, width) = (self.variances.len(), seeds_at_a_time(values.len()));
            let first = t / width * width;
            let tile = s / ORBIT_TILE * ORBIT_TILE;
            // Of a tile on the diagonal the lower triangle is asked for.
            let rows = if s >= t { tile.max(first) } else { tile }..(tile + ORBIT_TILE).min(seeds);
            self.evaluate(run, rows, first..(first + width).min(seeds))?;
        }
        self.read(run, s, t, values);
        Ok(())
    }

    fn seconds_per_value(&self) -> f64 {
        Self::seconds_of_value(self.kernel, self.action.group().order(), self.is_averaged())
    }

    fn bytes(&self) -> u64 {
        let order = self.action.group().order();
        Self::bytes_of((self.kernel, self.kind), order, self.variances.len(), self.is_averaged())
    }
}

impl std::fmt::Debug for SampledOrbits<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (seeds, averaged) = (self.variances.len(), self.is_averaged());
        let mut shown = formatter.debug_struct("SampledOrbits");
        shown.field("seeds", &seeds).field("averaged", &averaged).finish_non_exhaustive()
    }
}
