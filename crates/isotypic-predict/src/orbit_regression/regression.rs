//! Errors at one held-out pose of every seed, from blocks that are made, used and forgotten.
//!
//! With $\alpha = (B_1 + \lambda I)^{-1} y$ from the trivial block and
//! $P_{st} = \frac{1}{|G|} \sum_\rho d_\rho\, \mathrm{Re}\,\mathrm{tr}[(B_\rho + \lambda I)^{-1}]_{st}$ at equal poses, the errors of seeds M that
//! are held out together at one pose are $\varepsilon_M = (P_{MM})^{-1} \alpha_M$; of one seed alone $\alpha_s / P_{ss}$. The trivial block
//! also says what the network averaged over the group would do.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use isotypic_gram::{BlockWorkspace, GramError, NotPositiveDefinite, Ridge};
use isotypic_orbit::OrbitLayout;
use isotypic_work::{ContentHash, MemoryLimit, Monitor, UnitStore};
use ndarray::{Array1, Array2};
use rayon::prelude::*;

use super::averaged_network::averaged_errors;
use super::block_shapes::BlockShapes;
use super::coefficient_tile::{CoefficientTile, KeptSlots, tiles};
use super::held_out::held_out_errors;
use super::orbit_kernel::OrbitKernel;
use super::refinement::{label_products, refine};
use super::regression_plan::{Costs, OrbitRegressionPlan, passes};
use super::regularized_blocks::RegularizedBlocks;
use super::unit_result::{Journal, UnitResult, UnitSizes};
use crate::PredictError;

/// The number rises with what units depend on.
const METHOD: &str = "orbit regression 3";

/// Kernel regression on all poses of some seeds, asked about one pose.
///
/// # Examples
/// See the tests of this crate: the answers are those of [`leave_one_out`](crate::leave_one_out) and
/// [`leave_set_out`](crate::leave_set_out).
#[derive(Debug)]
pub struct OrbitRegression<'a, K> {
    kernel: &'a K,
    ridge: f64,
    labels: &'a Array2<f64>,
    together: Vec<Range<usize>>,
    shapes: BlockShapes,
    /// Below it rounding of the transform decides about pivots.
    floor: f64,
}

/// What kernel regression says about one missing pose of each seed, or of all seeds of a group of seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct OrbitRegressionResult {
    /// `[seeds, outputs]`: label minus prediction.
    pub errors: Array2<f64>,
    /// `[seeds, outputs]`: the prediction.
    pub predictions: Array2<f64>,
    /// `[seeds]`: the predictive variance of a label, the ridge as its noise included.
    pub variance: Array1<f64>,
    /// `[seeds, outputs]`: $\alpha$, the same at every pose.
    pub dual_weights: Array2<f64>,
    /// `[seeds, outputs]`: label minus prediction of the network averaged over the group, the same held out. It is regression on seeds with
    /// $\bar k(x, y) = \frac{1}{|G|} \sum_u k(x, uy)$ and the ridge divided by the observed poses of each.
    pub averaged_errors: Array2<f64>,
    /// `[outputs, outputs]`: $y^\top \bar K y$ with that kernel between seeds.
    pub label_products: Array2<f64>,
    /// `[irreps, seeds]`, where each seed is held out alone: the share of every irrep in its error, the part of $P_{ss}$ that comes from it,
    /// as in [`irrep_shares`](crate::irrep_shares).
    pub shares: Option<Array2<f64>>,
    /// The condition number of the Gram matrix with its ridge is no larger.
    pub condition_bound: f64,
    /// Files in which something else was found than the unit they are named after; these units were computed again.
    pub corrupted: Vec<String>,
}

/// Workspaces that no thread is using.
struct Idle(Mutex<Vec<(usize, bool, BlockWorkspace)>>);

impl<'a, K: OrbitKernel> OrbitRegression<'a, K> {
    /// Checks labels and ridge.
    ///
    /// # Shapes
    /// - `labels`: `[seeds, outputs]`, constant on each orbit
    /// - `together`: seeds that are held out together, in order and each seed once
    ///
    /// # Errors
    /// [`PredictError::LabelShape`], [`PredictError::LabelNotFinite`], [`GramError::InvalidRidge`].
    ///
    /// # Panics
    /// If `together` leaves out a seed or names one twice.
    pub fn new(
        kernel: &'a K,
        ridge: Ridge,
        labels: &'a Array2<f64>,
        together: Vec<Range<usize>>,
    ) -> Result<Self, PredictError> {
        let RegularizedBlocks { shapes, ridge, floor } = RegularizedBlocks::new(kernel, ridge, labels)?;
        let ends = together.iter().fold(0, |end, range| {
            assert!(range.start == end && !range.is_empty(), "ranges of seeds follow each other");
            range.end
        });
        assert_eq!(ends, shapes.seeds, "every seed is held out once");
        Ok(Self { kernel, ridge, labels, together, shapes, floor })
    }

    /// What a run will take under a memory limit; [`Plan::check`](isotypic_work::Plan::check) tells whether any number of passes fits.
    #[must_use]
    pub fn plan(&self, limit: &MemoryLimit) -> OrbitRegressionPlan {
        let units: Vec<usize> = (0..self.shapes.units()).collect();
        passes(&self.shapes, &units, &self.together, self.costs(), limit).1
    }

    /// Computes everything, in as few passes as the limit allows.
    ///
    /// With a `journal`, finished units are kept in that store under the given description of everything that they depend on, and
    /// those that are there are not computed again.
    ///
    /// # Errors
    /// [`WorkError::MemoryExceeded`](isotypic_work::WorkError::MemoryExceeded) where no number of passes fits;
    /// [`PredictError::Gram`] with [`NotPositiveDefinite`]; those of the kernel, of the store and of the monitor.
    pub fn run(
        &self,
        limit: &MemoryLimit,
        journal: Option<(&UnitStore, &ContentHash)>,
        monitor: &Monitor,
    ) -> Result<OrbitRegressionResult, K::Error> {
        let journal = journal.map(|(store, description)| Journal { method: METHOD, store, description });
        let (mut results, corrupted) = self.finished(journal)?;
        let missing: Vec<usize> = (0..results.len()).filter(|&unit| results[unit].is_none()).collect();
        if !missing.is_empty() {
            let (divided, summary) = passes(&self.shapes, &missing, &self.together, self.costs(), limit);
            summary.plan.check(limit)?;
            let monitor = monitor.part(1.0, summary.plan.seconds);
            let blocks: f64 = missing.iter().map(|&unit| self.shapes.seconds(unit, &self.together)).sum();
            let blocks = blocks / self.costs().threads as f64;
            let kernel = (summary.plan.seconds - blocks) / divided.len() as f64;
            for units in &divided {
                for (&unit, result) in units.iter().zip(self.pass(units, journal, kernel, &monitor)?) {
                    results[unit] = Some(result);
                }
            }
        } else {
            monitor.advance(1.0);
        }
        Ok(self.conclude(&results.into_iter().flatten().collect::<Vec<_>>(), corrupted)?)
    }

    /// Whether each seed is held out alone.
    fn is_single(&self) -> bool {
        self.together.len() == self.shapes.seeds
    }

    fn costs(&self) -> Costs {
        let order = self.kernel.transform().group().order();
        let kernel = (self.kernel.seconds_per_value(), self.kernel.bytes());
        Costs::new(&self.shapes, &self.together, order, kernel)
    }

    /// Units that are on disk, and files that are something else.
    #[allow(clippy::type_complexity, reason = "named where it is used")]
    fn finished(
        &self,
        journal: Option<Journal<'_>>,
    ) -> Result<(Vec<Option<UnitResult>>, Vec<String>), K::Error> {
        let mut corrupted = Vec::new();
        let mut results = vec![None; self.shapes.units()];
        let Some(journal) = journal else { return Ok((results, corrupted)) };
        let inverse = self.together.iter().map(|range| range.len().pow(2)).sum();
        for (unit, result) in results.iter_mut().enumerate() {
            // The first irrep is the trivial one.
            let of_trivial = usize::from(unit == 0);
            let sizes = UnitSizes {
                inverse,
                terms: if self.is_single() { self.shapes.slots_of(unit).len() * inverse } else { 0 },
                dual_weights: of_trivial * self.labels.len(),
                trivial_inverse: of_trivial * inverse,
                label_products: of_trivial * self.labels.ncols().pow(2),
            };
            match journal.get(unit, |bytes| UnitResult::from_bytes(bytes, sizes))? {
                Ok(found) => *result = Some(found),
                Err(file) => corrupted.extend(file),
            }
        }
        Ok((results, corrupted))
    }

    /// Kernel values, the coefficients of some units, and their blocks.
    fn pass(
        &self,
        units: &[usize],
        journal: Option<Journal<'_>>,
        seconds: f64,
        monitor: &Monitor,
    ) -> Result<Vec<UnitResult>, K::Error> {
        let kept = KeptSlots::new(&self.shapes, units);
        let share = monitor.part(seconds, self.shapes.pairs() as f64);
        let tiles: Vec<CoefficientTile> = tiles(self.shapes.seeds)
            .into_par_iter()
            .with_max_len(1)
            .map(|ranges| {
                monitor.check()?;
                let tile = CoefficientTile::compute(self.kernel, &kept, ranges)?;
                share.advance(tile.pairs() as f64);
                Ok(tile)
            })
            .collect::<Result<_, K::Error>>()?;
        let idle = Idle(Mutex::new(Vec::new()));
        let threads = self.costs().threads as f64;
        let outcomes: Vec<Result<UnitResult, Box<NotPositiveDefinite>>> = units
            .par_iter()
            .with_max_len(1)
            .map(|&unit| {
                let outcome = self.unit(unit, &kept, &tiles, &idle, monitor)?;
                if let (Ok(result), Some(journal)) = (&outcome, journal) {
                    journal.put(unit, &result.to_bytes())?;
                }
                monitor.advance(self.shapes.seconds(unit, &self.together) / threads);
                Ok(outcome)
            })
            .collect::<Result<_, K::Error>>()?;
        // In order, so that the error named does not depend on which thread was first.
        let named = |reason: Box<NotPositiveDefinite>| {
            K::Error::from(PredictError::from(GramError::NotPositiveDefinite(reason)))
        };
        outcomes.into_iter().map(|outcome| outcome.map_err(named)).collect()
    }

    /// The blocks of one unit, one after the other.
    fn unit(
        &self,
        unit: usize,
        kept: &KeptSlots,
        tiles: &[CoefficientTile],
        idle: &Idle,
        monitor: &Monitor,
    ) -> Result<Result<UnitResult, Box<NotPositiveDefinite>>, K::Error> {
        let mut result = UnitResult::default();
        for index in self.shapes.slots_of(unit) {
            monitor.check()?;
            let slot = &self.shapes.slots[index];
            let mut block = idle.take(self.shapes.seeds * slot.dimension, slot.is_real)?;
            let write = |block: &mut BlockWorkspace| {
                tiles.iter().for_each(|tile| tile.write(kept, (index, slot), block));
            };
            write(&mut block);
            match block.factor(self.ridge, self.floor) {
                Ok(norm) => result.norm = result.norm.max(norm),
                Err(unfit) => {
                    let value = if unfit.value.is_nan() {
                        write(&mut block);
                        block.pivot(self.ridge, unfit.row)
                    } else {
                        unfit.value
                    };
                    return Ok(Err(Box::new(NotPositiveDefinite {
                        irrep: Some(slot.label.to_string()),
                        pivot: unfit.row,
                        value,
                        ridge: self.ridge,
                        sufficient_ridge: Some(unfit.sufficient_ridge),
                        duplicates: Vec::new(),
                        layout: OrbitLayout::new(self.shapes.seeds, self.kernel.transform().group().order()),
                        seed_numbers: Vec::new(),
                    })));
                }
            }
            if index == 0 {
                let solution = block.solve(self.labels);
                let solution = refine((tiles, kept), &block, self.ridge, self.labels, solution);
                result.dual_weights = solution.into_iter().collect();
                result.label_products = label_products((tiles, kept), self.labels);
            }
            let inverse = block.invert_within(&self.together, slot.dimension);
            if index == 0 {
                result.trivial_inverse.clone_from(&inverse.values);
            }
            idle.give_back((self.shapes.seeds * slot.dimension, slot.is_real, block));
            result.inverse_trace = result.inverse_trace.max(inverse.trace);
            let multiplicity = (slot.dimension * slot.weight) as f64;
            result.inverse.resize(inverse.values.len(), 0.0);
            for (sum, value) in result.inverse.iter_mut().zip(&inverse.values) {
                *sum += multiplicity * value;
            }
            if self.is_single() {
                result.terms.extend(inverse.values.iter().map(|value| multiplicity * value));
            }
        }
        Ok(Ok(result))
    }

    /// Errors from the sums over all units, added in their order.
    fn conclude(
        &self,
        units: &[UnitResult],
        corrupted: Vec<String>,
    ) -> Result<OrbitRegressionResult, PredictError> {
        let group_order = self.kernel.transform().group().order();
        let order = group_order as f64;
        let mut inverse = vec![0.0; units[0].inverse.len()];
        for unit in units {
            for (sum, value) in inverse.iter_mut().zip(&unit.inverse) {
                *sum += value;
            }
        }
        inverse.iter_mut().for_each(|value| *value /= order);
        let dual_weights = Array2::from_shape_vec(self.labels.dim(), units[0].dual_weights.clone())
            .expect("the unit of the trivial irrep has one dual weight per label");
        let (errors, variance) = held_out_errors(&inverse, &self.together, &dual_weights, self.ridge)?;
        let averaged_errors = averaged_errors(
            &units[0].trivial_inverse,
            &self.together,
            &dual_weights,
            (self.ridge, group_order),
        )?;
        let outputs = self.labels.ncols();
        let label_products = Array2::from_shape_vec((outputs, outputs), units[0].label_products.clone())
            .expect("the unit of the trivial irrep has the products of all labels");
        let shares = self.is_single().then(|| {
            let terms: Vec<f64> = units.iter().flat_map(|unit| unit.terms.iter().copied()).collect();
            let mut shares = Array2::from_shape_vec((self.shapes.slots.len(), self.shapes.seeds), terms)
                .expect("one term for every irrep and seed");
            for mut of_irrep in shares.outer_iter_mut() {
                of_irrep.iter_mut().zip(&inverse).for_each(|(share, power)| *share /= order * power);
            }
            shares
        });
        let largest = |field: fn(&UnitResult) -> f64| units.iter().map(field).fold(0.0, f64::max);
        Ok(OrbitRegressionResult {
            predictions: self.labels - &errors,
            errors,
            variance,
            dual_weights,
            averaged_errors,
            label_products: label_products / order,
            shares,
            condition_bound: (largest(|unit| unit.norm) + self.ridge) * largest(|unit| unit.inverse_trace),
            corrupted,
        })
    }
}

impl Idle {
    /// A workspace of the right kind; one of another kind is made over.
    fn take(&self, dim: usize, is_real: bool) -> Result<BlockWorkspace, PredictError> {
        let taken = {
            let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let fits = idle.iter().position(|(other, real, _)| (*other, *real) == (dim, is_real));
            fits.map(|at| idle.swap_remove(at)).or_else(|| idle.pop())
        };
        Ok(match taken {
            Some((rows, real, workspace)) if (rows, real) == (dim, is_real) => workspace,
            Some((.., workspace)) => workspace.reuse(dim, is_real)?,
            None => BlockWorkspace::new(dim, is_real)?,
        })
    }

    fn give_back(&self, workspace: (usize, bool, BlockWorkspace)) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(workspace);
    }
}
