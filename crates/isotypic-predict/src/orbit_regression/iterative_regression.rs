//! Errors at a held-out pose of some of the seeds, where not even one block fits into memory.
//!
//! The dual weights are the solution of one system in the trivial block, $(B_1 + \lambda I)\alpha = y$. What a missing pose of seed s asks
//! beyond it is $P_{ss} = \frac{1}{|G|} \sum_\rho d_\rho\, \mathrm{Re}\,\mathrm{tr}[(B_\rho + \lambda I)^{-1}]_{ss}$: further right-hand
//! sides in every block. Therefore some seeds are asked about, not all; their errors are those of [`OrbitRegression`](super::OrbitRegression)
//! up to the tolerance.

use std::ops::Range;

use isotypic_gram::Ridge;
use isotypic_work::{ContentHash, MemoryLimit, Monitor, UnitStore};
use ndarray::{Array1, Array2};
use num_complex::Complex64;

use super::averaged_network::averaged_errors;
use super::block_operator::BlockOperator;
use super::block_shapes::BlockShapes;
use super::coefficient_tile::KeptSlots;
use super::columns::Columns;
use super::conjugate_gradients::{Stopping, System, solve};
use super::held_out::held_out_errors;
use super::iterative_plan::{IterativePlan, Part, Question};
use super::iterative_unit::{IterativeUnit, units_of};
use super::orbit_kernel::OrbitKernel;
use super::partial_cholesky::partial_cholesky;
use super::regularized_blocks::RegularizedBlocks;
use super::unit_result::Journal;
use crate::PredictError;

/// Largest residual of the dual weights relative to the labels, in the Euclidean norm.
const TOLERANCE: f64 = 1e-8;

/// The same for rows of the inverse, whose answers are as exact as its square.
const ROW_TOLERANCE: f64 = 1e-6;

/// Kernel regression on all poses of some seeds by conjugate gradients, asked about one pose of a few of them.
///
/// # Examples
/// See the tests of this crate: the answers are those of [`OrbitRegression`](super::OrbitRegression).
#[derive(Debug)]
pub struct IterativeOrbitRegression<'a, K> {
    kernel: &'a K,
    ridge: f64,
    labels: &'a Array2<f64>,
    answered: Vec<Range<usize>>,
    shapes: BlockShapes,
    /// Below it rounding of the transform decides about curvature.
    floor: f64,
}

/// What kernel regression says about one missing pose of some seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct IterativeRegressionResult {
    /// The seeds that are answered, in order.
    pub seeds: Vec<usize>,
    /// `[answered, outputs]`: label minus prediction.
    pub errors: Array2<f64>,
    /// `[answered, outputs]`: the prediction.
    pub predictions: Array2<f64>,
    /// `[answered]`: the predictive variance of a label, the ridge as its noise included.
    pub variance: Array1<f64>,
    /// `[seeds, outputs]`: $\alpha$ of all seeds, the same at every pose.
    pub dual_weights: Array2<f64>,
    /// `[answered, outputs]`: label minus prediction of the network averaged over the group, as in
    /// [`OrbitRegressionResult`](super::OrbitRegressionResult).
    pub averaged_errors: Array2<f64>,
    /// `[outputs, outputs]`: $y^\top \bar K y$ with the averaged kernel between all seeds.
    pub label_products: Array2<f64>,
    /// The largest residual of the dual weights, relative to the labels in the Euclidean norm.
    pub largest_residual: f64,
    /// What it had to be below.
    pub tolerance: f64,
    /// The largest residual of a row of the inverse; the answer is as exact as its square.
    pub row_residual: f64,
    /// Products with the blocks: of the trivial one, and the most of the others.
    pub products: (usize, usize),
    /// Files in which something else was found than the unit they are named after; these units were computed again.
    pub corrupted: Vec<String>,
}

impl<'a, K: OrbitKernel> IterativeOrbitRegression<'a, K> {
    /// Checks labels and ridge.
    ///
    /// # Shapes
    /// - `labels`: `[seeds, outputs]`, constant on each orbit
    /// - `answered`: seeds that are held out together and asked about, in order
    ///
    /// # Errors
    /// [`PredictError::LabelShape`], [`PredictError::LabelNotFinite`], [`GramError::InvalidRidge`](isotypic_gram::GramError::InvalidRidge).
    ///
    /// # Panics
    /// If `answered` is empty, or names a seed twice or one that does not exist.
    pub fn new(
        kernel: &'a K,
        ridge: Ridge,
        labels: &'a Array2<f64>,
        answered: Vec<Range<usize>>,
    ) -> Result<Self, PredictError> {
        let RegularizedBlocks { shapes, ridge, floor } = RegularizedBlocks::new(kernel, ridge, labels)?;
        let end = answered.iter().fold(0, |end, range| {
            assert!(range.start >= end && !range.is_empty(), "ranges of seeds are in order");
            range.end
        });
        assert!(end > 0 && end <= shapes.seeds, "some of the seeds are answered");
        Ok(Self { kernel, ridge, labels, answered, shapes, floor })
    }

    /// What a run will take under a memory limit; [`Plan::check`](isotypic_work::Plan::check) tells whether it fits.
    #[must_use]
    pub fn plan(&self, limit: &MemoryLimit) -> IterativePlan {
        let (order, outputs) = (self.kernel.transform().group().order(), self.labels.ncols());
        let kernel = (self.kernel.seconds_per_value(), self.kernel.bytes());
        Question { shapes: &self.shapes, answered: &self.answered, outputs, order, kernel }.plan(limit)
    }

    /// Solves everything to the tolerance.
    ///
    /// With a `journal`, finished units are kept in that store under the given description of everything that they depend on, and
    /// those that are there are not computed again.
    ///
    /// # Errors
    /// [`WorkError::MemoryExceeded`](isotypic_work::WorkError::MemoryExceeded) where nothing fits; [`PredictError::NotConverged`] and
    /// [`PredictError::NoCurvature`]; those of the kernel, of the store and of the monitor.
    pub fn run(
        &self,
        limit: &MemoryLimit,
        journal: Option<(&UnitStore, &ContentHash)>,
        monitor: &Monitor,
    ) -> Result<IterativeRegressionResult, K::Error> {
        let plan = self.plan(limit);
        plan.plan.check(limit)?;
        let monitor = monitor.part(1.0, plan.plan.seconds);
        let ranges = units_of(&self.shapes);
        let mut units: Vec<Option<IterativeUnit>> = vec![None; ranges.len()];
        let mut corrupted = Vec::new();
        let inverse = self.answered.iter().map(|range| range.len().pow(2)).sum();
        for part in &plan.parts {
            // Answers of another rank are as good, but have other bits.
            let method = format!("conjugate gradients 2 rank {} {:?}", part.rank, self.answered);
            let journal = journal.map(|(store, description)| Journal { method: &method, store, description });
            let mut missing = Vec::new();
            for &unit in &part.units {
                let of_trivial = usize::from(unit == 0);
                let products = of_trivial * self.labels.ncols().pow(2);
                let sizes = [inverse, of_trivial * self.labels.len(), products];
                let read = |bytes: &[u8]| IterativeUnit::from_bytes(bytes, sizes);
                let found = journal.map_or(Ok(Err(None)), |journal| journal.get(unit, read))?;
                match found {
                    Ok(found) => units[unit] = Some(found),
                    Err(file) => {
                        corrupted.extend(file);
                        missing.push(unit);
                    }
                }
            }
            if missing.is_empty() {
                monitor.advance(part.seconds);
                continue;
            }
            let part = Part { units: missing, ..part.clone() };
            for (&unit, found) in part.units.iter().zip(self.part(&part, &ranges, &monitor)?) {
                if let Some(journal) = journal {
                    journal.put(unit, &found.to_bytes())?;
                }
                units[unit] = Some(found);
            }
        }
        let units: Vec<IterativeUnit> = units.into_iter().flatten().collect();
        Ok(self.conclude(&units, corrupted)?)
    }

    /// Solves the blocks of some units.
    fn part(
        &self,
        part: &Part,
        ranges: &[Range<usize>],
        monitor: &Monitor,
    ) -> Result<Vec<IterativeUnit>, K::Error> {
        let slots = || part.units.iter().flat_map(|&unit| ranges[unit].clone());
        let kept = KeptSlots::of_slots(&self.shapes, slots());
        let pairs = self.shapes.pairs() as f64;
        let weight = pairs * part.products as f64 + (part.rank + 1) as f64 * self.shapes.seeds as f64;
        let monitor = monitor.part(part.seconds, weight);
        let source = (self.kernel, &kept, &self.shapes);
        let curvature = (self.ridge, self.floor);
        let preconditioners = partial_cholesky(source, curvature, part.rank, &monitor)?;
        // Tiles that stay are made before the first product.
        let operator = BlockOperator::new(source, self.ridge, part.held, &monitor.part(0.0, 1.0))?;
        let mut systems =
            slots().map(|index| self.system(index)).collect::<Result<Vec<_>, PredictError>>()?;
        let stopping = Stopping { floor: self.floor, ridge: self.ridge, products_planned: part.products };
        let products = solve(&operator, &self.shapes, &preconditioners, &mut systems, &stopping, &monitor)?;
        let (mut left, silent) = (part.products.saturating_sub(products), monitor.part(0.0, 1.0));
        let mut label_products = Vec::new();
        if kept.is_trivial_alone() {
            let share = if left > 0 { &monitor } else { &silent };
            label_products = operator.trivial_products(self.labels, share)?;
            left = left.saturating_sub(1);
        }
        monitor.advance(left as f64 * pairs);
        drop((operator, preconditioners));
        let mut systems = systems.into_iter();
        let unit = |&unit: &usize| {
            let mut found = IterativeUnit { products: products as f64, ..IterativeUnit::default() };
            for system in systems.by_ref().take(ranges[unit].len()) {
                let before = if system.index == 0 { self.labels.ncols() } else { 0 };
                found.add(&self.shapes, &system, &self.answered, before);
                if system.index == 0 {
                    let weight = |(seed, output): (usize, usize)| system.solution.get(seed, output).re;
                    found.dual_weights =
                        Array2::from_shape_fn(self.labels.dim(), weight).into_iter().collect();
                    found.label_products.clone_from(&label_products);
                }
            }
            found
        };
        Ok(part.units.iter().map(unit).collect())
    }

    /// The right-hand sides of a block: labels, if it is the trivial one, and the rows of the answered seeds.
    fn system(&self, index: usize) -> Result<System, PredictError> {
        let slot = &self.shapes.slots[index];
        let d = slot.dimension;
        let before = if index == 0 { self.labels.ncols() } else { 0 };
        let answered: usize = self.answered.iter().map(Range::len).sum();
        let mut right = Columns::zeros(self.shapes.seeds * d, before + answered * d, slot.is_real)?;
        if index == 0 {
            for ((seed, output), &label) in self.labels.indexed_iter() {
                right.set(seed, output, Complex64::from(label));
            }
        }
        for (at, seed) in self.answered.iter().cloned().flatten().enumerate() {
            (0..d).for_each(|i| right.set(seed * d + i, before + at * d + i, Complex64::ONE));
        }
        let tolerance = |column: usize| if column < before { TOLERANCE } else { ROW_TOLERANCE };
        let tolerances = (0..right.count()).map(tolerance).collect();
        System::new(index, right, tolerances)
    }

    /// Errors from the sums over all units, added in their order.
    fn conclude(
        &self,
        units: &[IterativeUnit],
        corrupted: Vec<String>,
    ) -> Result<IterativeRegressionResult, PredictError> {
        let group_order = self.kernel.transform().group().order();
        let order = group_order as f64;
        let mut inverse = vec![0.0; units[0].inverse.len()];
        for unit in units {
            inverse.iter_mut().zip(&unit.inverse).for_each(|(sum, value)| *sum += value);
        }
        inverse.iter_mut().for_each(|value| *value /= order);
        let dual_weights = Array2::from_shape_vec(self.labels.dim(), units[0].dual_weights.clone())
            .expect("the unit of the trivial irrep has one dual weight per label");
        let seeds: Vec<usize> = self.answered.iter().cloned().flatten().collect();
        let (errors, variance) = held_out_errors(&inverse, &self.answered, &dual_weights, self.ridge)?;
        // The first unit is the trivial irrep alone.
        let averaged_errors =
            averaged_errors(&units[0].inverse, &self.answered, &dual_weights, (self.ridge, group_order))?;
        let outputs = self.labels.ncols();
        let label_products = Array2::from_shape_vec((outputs, outputs), units[0].label_products.clone())
            .expect("the unit of the trivial irrep has the products of all labels");
        let labels = self.labels.select(ndarray::Axis(0), &seeds);
        let products =
            |units: &[IterativeUnit]| units.iter().map(|unit| unit.products).fold(0.0, f64::max) as usize;
        Ok(IterativeRegressionResult {
            predictions: labels - &errors,
            errors,
            variance,
            dual_weights,
            averaged_errors,
            label_products: label_products / order,
            seeds,
            largest_residual: units.iter().map(|unit| unit.residual).fold(0.0, f64::max),
            tolerance: TOLERANCE,
            row_residual: units.iter().map(|unit| unit.row_residual).fold(0.0, f64::max),
            products: (products(&units[..1]), products(&units[1..])),
            corrupted,
        })
    }
}
