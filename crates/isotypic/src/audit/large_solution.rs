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
use ndarray::{Array1, Array2};

use super::large_orbits::LargeOrbits;
use super::solver::{AnsweredSeeds, Solver};
use crate::Error;

/// How it is solved, and what that takes.
pub(super) enum LargePlan {
    Blocks(OrbitRegressionPlan),
    Iterative(IterativePlan, Vec<Range<usize>>),
}

/// What the solution says.
pub(super) struct LargeSolution {
    /// Seeds that are answered.
    pub(super) places: Vec<usize>,
    /// `[answered, outputs]`
    pub(super) predictions: Array2<f64>,
    /// `[answered]`
    pub(super) variance: Array1<f64>,
    /// `[seeds, outputs]`
    pub(super) dual_weights: Array2<f64>,
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
            let plan = IterativePlan::new(transform, (seeds, outputs), &answered, costs, limit);
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
        match self {
            Self::Blocks(_) => {
                let regression = OrbitRegression::new(orbits, ridge, labels, together.to_vec())?;
                regression.run(limit, journal, monitor).map(Into::into)
            }
            Self::Iterative(_, answered) => {
                let regression = IterativeOrbitRegression::new(orbits, ridge, labels, answered.clone())?;
                regression.run(limit, journal, monitor).map(|result| LargeSolution::iterative(result, labels))
            }
        }
    }
}

impl From<OrbitRegressionResult> for LargeSolution {
    fn from(result: OrbitRegressionResult) -> Self {
        Self {
            places: (0..result.variance.len()).collect(),
            predictions: result.predictions,
            variance: result.variance,
            dual_weights: result.dual_weights,
            shares: result.shares,
            condition_bound: Some(result.condition_bound),
            corrupted: result.corrupted,
            conjugate_gradients: None,
        }
    }
}

impl LargeSolution {
    fn iterative(result: IterativeRegressionResult, labels: &Array2<f64>) -> Self {
        let conjugate_gradients = Some(ConjugateGradients {
            answered: result.seeds.len(),
            seeds: labels.nrows(),
            products_trivial: result.products.0,
            products_others: result.products.1,
            largest_residual: result.largest_residual,
            tolerance: result.tolerance,
        });
        Self {
            places: result.seeds,
            predictions: result.predictions,
            variance: result.variance,
            dual_weights: result.dual_weights,
            shares: None,
            condition_bound: None,
            corrupted: result.corrupted,
            conjugate_gradients,
        }
    }
}
