//! How many passes a memory limit asks for, and what they take.

use std::ops::Range;

use isotypic_group::GroupFourier;
use isotypic_work::{MemoryLimit, Plan};

use super::block_shapes::BlockShapes;

/// Nanoseconds per kernel value for the inner products by one transform and the coefficients by another one, per binary digit of the
/// order of the group.
const TRANSFORM: f64 = 1.2;

/// Nanoseconds per kernel value until its coefficient stands in memory that was not touched before: pages are new in every pass.
const FRESH: f64 = 16.0;

/// Bytes that a thread works in beside its block.
pub(super) const SCRATCH: u64 = 1 << 20;

/// What a regression will take, and in how many passes.
#[derive(Clone, Debug, PartialEq)]
pub struct OrbitRegressionPlan {
    /// Kernel values, bytes at the peak and seconds, on the current number of threads.
    pub plan: Plan,
    /// How often the kernel values are computed; each pass keeps the coefficients of some irreps.
    pub passes: usize,
    /// Blocks, and rows of the largest.
    pub blocks: (usize, usize),
}

impl OrbitRegressionPlan {
    /// What a regression on so many seeds will take under a memory limit, before anything is prepared; of seeds that are held out
    /// together as of [`OrbitRegression::new`](super::OrbitRegression::new).
    ///
    /// `seconds_per_value` and `bytes` are those of the kernel, as in [`OrbitKernel`](super::OrbitKernel).
    #[must_use]
    pub fn new(
        transform: &dyn GroupFourier,
        together: &[Range<usize>],
        (seconds_per_value, bytes): (f64, u64),
        limit: &MemoryLimit,
    ) -> Self {
        let seeds = together.last().map_or(0, |range| range.end);
        let shapes = BlockShapes { slots: transform.irreps().to_vec(), seeds };
        let costs = Costs::new(&shapes, together, transform.group().order(), (seconds_per_value, bytes));
        let units: Vec<usize> = (0..shapes.units()).collect();
        passes(&shapes, &units, together, costs, limit).1
    }
}

impl Costs {
    pub(super) fn new(
        shapes: &BlockShapes,
        together: &[Range<usize>],
        order: usize,
        (seconds_per_value, bytes): (f64, u64),
    ) -> Self {
        let values: usize = together.iter().map(|range| range.len().pow(2)).sum();
        // Where each seed is held out alone its shares are kept for every irrep, in units and then all together.
        let of_irreps = if values == together.len() { 2 * shapes.slots.len() } else { 0 };
        // The inverse of the trivial block is kept by itself, and once more with a ridge.
        let results = ((shapes.units() + of_irreps + 2) * values * size_of::<f64>()) as u64;
        let largest = together.iter().map(Range::len).max().unwrap_or(0) as u64;
        let rows = shapes.slots.iter().map(|slot| slot.dimension as u64).max().unwrap_or(1) * largest;
        // Of seeds that are held out together a thread holds all inner products of their columns.
        let products = if largest > 1 { 2 * rows * rows * size_of::<f64>() as u64 } else { 0 };
        let threads = rayon::current_num_threads();
        Self { order, threads, seconds_per_value, held: bytes + results + threads as u64 * products }
    }
}

/// What beside the blocks decides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Costs {
    pub(super) order: usize,
    pub(super) threads: usize,
    /// Nominal seconds of one core for one kernel value.
    pub(super) seconds_per_value: f64,
    /// Bytes that are held all the time, whatever the number of passes.
    pub(super) held: u64,
}

/// Divides units into passes, as few as fit into the limit; if none do, one unit is a pass.
pub(super) fn passes(
    shapes: &BlockShapes,
    units: &[usize],
    together: &[Range<usize>],
    costs: Costs,
    limit: &MemoryLimit,
) -> (Vec<Vec<usize>>, OrbitRegressionPlan) {
    let mut divided: Vec<Vec<usize>> = Vec::new();
    for count in 1..=units.len() {
        divided = units.chunks(units.len().div_ceil(count)).map(<[usize]>::to_vec).collect();
        if limit.limit().is_none_or(|limit| peak(shapes, &divided, costs) <= limit) {
            break;
        }
    }
    let values = shapes.pairs() as f64 * costs.order as f64;
    let one_pass = values * seconds_of_value(costs.seconds_per_value, costs.order);
    let blocks: f64 = units.iter().map(|&unit| shapes.seconds(unit, together)).sum();
    let plan = Plan {
        entries: shapes.pairs().saturating_mul(costs.order as u64).saturating_mul(divided.len() as u64),
        bytes: peak(shapes, &divided, costs),
        seconds: (one_pass * divided.len() as f64 + blocks) / costs.threads as f64,
    };
    let largest = shapes.slots.iter().map(|slot| shapes.seeds * slot.dimension).max().unwrap_or(0);
    let summary = OrbitRegressionPlan { plan, passes: divided.len(), blocks: (shapes.slots.len(), largest) };
    (divided, summary)
}

/// Nominal seconds of one core until the coefficient of a kernel value is there.
pub(super) fn seconds_of_value(kernel: f64, order: usize) -> f64 {
    let digits = (2.0 * order as f64).log2();
    kernel + (TRANSFORM * digits + FRESH) * 1e-9
}

fn peak(shapes: &BlockShapes, passes: &[Vec<usize>], costs: Costs) -> u64 {
    let numbers =
        |pass: &Vec<usize>| pass.iter().map(|&unit| shapes.numbers_per_pair(unit) as u64).sum::<u64>();
    let kept = passes.iter().map(numbers).max().unwrap_or(0);
    let coefficients = shapes.pairs().saturating_mul(kept).saturating_mul(size_of::<f64>() as u64);
    let threads = costs.threads as u64;
    coefficients.saturating_add(threads * (shapes.workspace_bytes() + SCRATCH)).saturating_add(costs.held)
}

#[cfg(test)]
mod tests {
    use isotypic_group::{FiniteGroup, FourierPlanner};

    use super::*;

    fn torus(side: usize, seeds: usize) -> BlockShapes {
        let group = FiniteGroup::abelian(&[side, side]).unwrap();
        let slots = FourierPlanner::new().plan(&group).unwrap().irreps().to_vec();
        BlockShapes { slots, seeds }
    }

    const COSTS: Costs = Costs { order: 784, threads: 2, seconds_per_value: 5e-9, held: 1 << 20 };

    fn divide(limit: &MemoryLimit) -> (Vec<Vec<usize>>, OrbitRegressionPlan) {
        let shapes = torus(28, 2000);
        let units: Vec<usize> = (0..shapes.units()).collect();
        passes(&shapes, &units, &[], COSTS, limit)
    }

    #[test]
    fn two_thousand_digits_on_the_torus_take_the_known_numbers() {
        let (_, plan) = divide(&MemoryLimit::none());
        assert_eq!((plan.passes, plan.blocks), (1, (394, 2000)));
        assert_eq!(plan.plan.entries, 2_001_000 * 784);
        // 784 real numbers per pair, and two complex matrices of 2,000 rows on each of two threads.
        let expected = 2_001_000 * 784 * 8 + 2 * (2 * 2000 * 2000 * 16 + (1 << 20)) + (1 << 20);
        assert_eq!(plan.plan.bytes, expected);
    }

    #[test]
    fn less_memory_means_more_passes_over_the_same_units() {
        let limit = MemoryLimit::bytes(4 << 30);
        let (divided, plan) = divide(&limit);
        assert!(plan.plan.check(&limit).is_ok());
        assert_eq!(plan.passes, 4);
        assert_eq!(divided.concat(), (0..99).collect::<Vec<_>>());
        assert!(plan.plan.seconds > divide(&MemoryLimit::none()).1.plan.seconds);
    }

    #[test]
    fn a_limit_that_nothing_fits_is_refused_by_the_plan() {
        let limit = MemoryLimit::bytes(300 << 20);
        let (divided, plan) = divide(&limit);
        assert_eq!(divided.len(), 99);
        assert!(plan.plan.check(&limit).is_err());
    }
}
