//! Large audits of classes by factors of blocks or by conjugate gradients, behind one face.

use std::ops::Range;

use isotypic_gram::Ridge;
use isotypic_group::GroupFourier;
use isotypic_predict::{
    IterativeOrbitRegression, IterativePlan, IterativeRegressionResult, OrbitRegression, OrbitRegressionPlan,
    OrbitRegressionResult,
};
use isotypic_report::ConjugateGradients;
use isotypic_work::{ContentHash, MemoryLimit, Monitor, Plan, UnitStore, human};
use ndarray::{Array1, Array2, s};

use super::large_orbits::LargeOrbits;
use super::repair_terms::{RepairTerms, with_ones};
use super::solver::{AnsweredSeeds, Solver};
use crate::Error;

/// How it is solved, and what that takes.
pub(super) enum LargePlan {
    Blocks(OrbitRegressionPlan),
    Iterative(IterativePlan, Vec<Range<usize>>),
}

/// What the solution says.
pub(super) struct LargeSolution {
    /// Seeds that are answered, set after set of what is held out together.
    pub(super) sets: Vec<Range<usize>>,
    /// `[answered, outputs]`
    pub(super) predictions: Array2<f64>,
    /// `[answered]`
    pub(super) variance: Array1<f64>,
    /// `[seeds, outputs]`
    pub(super) dual_weights: Array2<f64>,
    pub(super) repair_terms: RepairTerms,
    /// `[irreps, seeds]`, where they are known.
    pub(super) shares: Option<Array2<f64>>,
    pub(super) condition_bound: Option<f64>,
    pub(super) corrupted: Vec<String>,
    pub(super) conjugate_gradients: Option<ConjugateGradients>,
}

impl LargePlan {
    /// Chooses by what the settings say and by what fits; `costs` are seconds of a kernel value and bytes of the kernel.
    pub(super) fn choose(
        solver: Solver,
        transform: &dyn GroupFourier,
        together: &[Range<usize>],
        outputs: usize,
        costs: (f64, u64),
        limit: &MemoryLimit,
    ) -> Self {
        let seeds = together.last().map_or(0, |range| range.end);
        let blocks = || OrbitRegressionPlan::new(transform, together, costs, limit);
        let iterative = |answered: AnsweredSeeds| {
            let answered = answered.choose(together);
            // Repairs need one output more.
            let plan = IterativePlan::new(transform, (seeds, outputs + 1), &answered, costs, limit);
            Self::Iterative(plan, answered)
        };
        match solver {
            Solver::Cholesky => Self::Blocks(blocks()),
            Solver::ConjugateGradients(answered) => iterative(answered),
            Solver::Auto => {
                let blocks = blocks();
                if blocks.plan.check(limit).is_ok() {
                    return Self::Blocks(blocks);
                }
                match iterative(AnsweredSeeds::default()) {
                    Self::Iterative(plan, answered) if plan.plan.check(limit).is_ok() => {
                        Self::Iterative(plan, answered)
                    }
                    // What takes least is named.
                    Self::Iterative(plan, answered) if plan.plan.bytes < blocks.plan.bytes => {
                        Self::Iterative(plan, answered)
                    }
                    _ => Self::Blocks(blocks),
                }
            }
        }
    }

    pub(super) fn plan(&mut self) -> &mut Plan {
        match self {
            Self::Blocks(plan) => &mut plan.plan,
            Self::Iterative(plan, _) => &mut plan.plan,
        }
    }

    /// In words, after the number of points.
    pub(super) fn describe(&self, seeds: usize) -> String {
        match self {
            Self::Blocks(plan) => {
                let (blocks, rows) = plan.blocks;
                let passes =
                    if plan.passes == 1 { "one pass".to_owned() } else { format!("{} passes", plan.passes) };
                format!("{blocks} blocks of up to {} rows, in {passes}", human::thousands(rows as u64))
            }
            Self::Iterative(plan, _) => format!(
                "conjugate gradients, which answer {} of {} seeds, in {} passes over the irreps",
                human::thousands(plan.answered as u64),
                human::thousands(seeds as u64),
                plan.passes
            ),
        }
    }

    /// Solves in the way that was chosen.
    pub(super) fn run(
        &self,
        orbits: &LargeOrbits<'_>,
        together: &[Range<usize>],
        (ridge, labels): (Ridge, &Array2<f64>),
        limit: &MemoryLimit,
        journal: Option<(&UnitStore, &ContentHash)>,
        monitor: &Monitor,
    ) -> Result<LargeSolution, Error> {
        let (outputs, labels) = (labels.ncols(), with_ones(labels));
        match self {
            Self::Blocks(_) => {
                let regression = OrbitRegression::new(orbits, ridge, &labels, together.to_vec())?;
                let result = regression.run(limit, journal, monitor)?;
                Ok(LargeSolution::of_blocks(result, together, outputs))
            }
            Self::Iterative(_, answered) => {
                let regression = IterativeOrbitRegression::new(orbits, ridge, &labels, answered.clone())?;
                let result = regression.run(limit, journal, monitor)?;
                Ok(LargeSolution::iterative(result, answered, outputs))
            }
        }
    }
}

impl LargeSolution {
    /// Seeds that are answered, in the order of the predictions.
    pub(super) fn places(&self) -> Vec<usize> {
        self.sets.iter().cloned().flatten().collect()
    }

    fn of_blocks(result: OrbitRegressionResult, together: &[Range<usize>], outputs: usize) -> Self {
        Self {
            sets: together.to_vec(),
            predictions: result.predictions.slice_move(s![.., ..outputs]),
            variance: result.variance,
            repair_terms: RepairTerms::new(
                &result.averaged_errors,
                &result.errors,
                &result.dual_weights,
                &result.label_products,
            ),
            dual_weights: result.dual_weights.slice_move(s![.., ..outputs]),
            shares: result.shares,
            condition_bound: Some(result.condition_bound),
            corrupted: result.corrupted,
            conjugate_gradients: None,
        }
    }

    fn iterative(result: IterativeRegressionResult, answered: &[Range<usize>], outputs: usize) -> Self {
        let conjugate_gradients = Some(ConjugateGradients {
            answered: result.seeds.len(),
            seeds: result.dual_weights.nrows(),
            products_trivial: result.products.0,
            products_others: result.products.1,
            largest_residual: result.largest_residual,
            tolerance: result.tolerance,
        });
        Self {
            sets: answered.to_vec(),
            predictions: result.predictions.slice_move(s![.., ..outputs]),
            variance: result.variance,
            repair_terms: RepairTerms::new(
                &result.averaged_errors,
                &result.errors,
                &result.dual_weights,
                &result.label_products,
            ),
            dual_weights: result.dual_weights.slice_move(s![.., ..outputs]),
            shares: None,
            condition_bound: None,
            corrupted: result.corrupted,
            conjugate_gradients,
        }
    }
}
