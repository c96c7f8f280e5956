//! What conjugate gradients will take under a memory limit: passes over the irreps, tiles that stay, pivots of the preconditioners.

use std::ops::Range;

use isotypic_group::GroupFourier;
use isotypic_work::{MemoryLimit, Plan};

use super::block_operator::WAVE;
use super::block_shapes::{BlockShapes, numbers_of};
use super::coefficient_tile::{ORBIT_TILE, tiles};
use super::conjugate_gradients::HELD;
use super::iterative_unit::units_of;
use super::regression_plan::{SCRATCH, seconds_of_value};

/// Orbits that are pivots of the preconditioners, where memory allows.
const RANK: usize = 32;

/// The same for the trivial block, which is the one that needs them.
const TRIVIAL_RANK: usize = 512;

/// Products with the blocks that are expected; of the trivial block and of all others.
const PRODUCTS: [usize; 2] = [60, 40];

/// Nanoseconds for one real number of a block to act on one column.
const ACTING: f64 = 1.0;

/// What conjugate gradients on the orbits of some seeds will take.
#[derive(Clone, Debug, PartialEq)]
pub struct IterativePlan {
    /// Kernel values, bytes at the peak and seconds, on the current number of threads, if as many products are needed as usual.
    pub plan: Plan,
    /// Parts of the irreps that are solved one after the other, the trivial one first.
    pub passes: usize,
    /// Seeds whose held-out pose is asked about.
    pub answered: usize,
    pub(super) parts: Vec<Part>,
}

/// Blocks that are solved together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) units: Vec<usize>,
    /// Tiles that stay.
    pub(super) held: usize,
    /// Orbits that are pivots.
    pub(super) rank: usize,
    /// Products with the blocks that are expected.
    pub(super) products: usize,
    pub(super) seconds: f64,
    pub(super) entries: f64,
    pub(super) bytes: u64,
}

/// What is asked of whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    pub(super) shapes: &'a BlockShapes,
    /// Seeds that are held out together and asked about.
    pub(super) answered: &'a [Range<usize>],
    pub(super) outputs: usize,
    pub(super) order: usize,
    /// Nominal seconds of one core for a kernel value, and bytes that the kernel holds.
    pub(super) kernel: (f64, u64),
}

impl IterativePlan {
    /// What it will take before anything is prepared; arguments as of
    /// [`IterativeOrbitRegression::new`](super::IterativeOrbitRegression::new), and the seconds and bytes of the kernel as in
    /// [`OrbitKernel`](super::OrbitKernel).
    #[must_use]
    pub fn new(
        transform: &dyn GroupFourier,
        (seeds, outputs): (usize, usize),
        answered: &[Range<usize>],
        kernel: (f64, u64),
        limit: &MemoryLimit,
    ) -> Self {
        let shapes = BlockShapes { slots: transform.irreps().to_vec(), seeds };
        let order = transform.group().order();
        Question { shapes: &shapes, answered, outputs, order, kernel }.plan(limit)
    }

    /// Orbits that are pivots of the preconditioners of all blocks but the trivial one.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.parts.last().map_or(0, |part| part.rank)
    }
}

impl Question<'_> {
    /// The fastest number of passes that fits; if none does, the smallest.
    pub(super) fn plan(&self, limit: &MemoryLimit) -> IterativePlan {
        let all = units_of(self.shapes).len();
        let others: Vec<usize> = (1..all).collect();
        let mut best: Option<Vec<Part>> = None;
        let trivial = self.part(&[0], limit);
        let fits =
            |parts: &[Part]| limit.limit().is_none_or(|limit| parts.iter().all(|part| part.bytes <= limit));
        let seconds = |parts: &[Part]| parts.iter().map(|part| part.seconds).sum::<f64>();
        for count in 1..=others.len().max(1) {
            let size = others.len().div_ceil(count).max(1);
            let parts: Vec<Part> = std::iter::once(trivial.clone())
                .chain(others.chunks(size).map(|units| self.part(units, limit)))
                .collect();
            let is_better = match &best {
                None => true,
                Some(best) => match (fits(&parts), fits(best)) {
                    (true, true) => seconds(&parts) < seconds(best),
                    (fit, _) => fit || !fits(best),
                },
            };
            if is_better {
                best = Some(parts);
            }
        }
        let parts = best.unwrap_or_default();
        let plan = Plan {
            entries: parts.iter().map(|part| part.entries).sum::<f64>() as u64,
            bytes: parts.iter().map(|part| part.bytes).max().unwrap_or(0),
            seconds: seconds(&parts),
        };
        let answered = self.answered.iter().map(Range::len).sum();
        IterativePlan { plan, passes: parts.len(), answered, parts }
    }

    /// What some units take, with as many pivots and tiles as memory allows.
    fn part(&self, units: &[usize], limit: &MemoryLimit) -> Part {
        let (seeds, is_trivial) = (self.shapes.seeds, units == [0]);
        let slots = || {
            let ranges = units_of(self.shapes);
            units.iter().flat_map(move |&unit| ranges[unit].clone()).map(|index| &self.shapes.slots[index])
        };
        let numbers: usize = slots().map(numbers_of).sum();
        let answered: usize = self.answered.iter().map(Range::len).sum();
        let columns = answered + if is_trivial { self.outputs } else { 0 };
        let number = size_of::<f64>() as u64;
        let per_tile = (ORBIT_TILE * ORBIT_TILE * numbers) as u64 * number;
        let threads = rayon::current_num_threads() as u64;
        // Preconditioners make a copy of the columns of one block of each thread, and pairs stand as they are transformed.
        let largest = slots().map(numbers_of).max().unwrap_or(0);
        let vectors =
            (seeds * columns) as u64 * number * (HELD as u64 * numbers as u64 + threads * largest as u64);
        let compensated = if is_trivial { 3 * (seeds * columns) as u64 * 2 * number } else { 0 };
        let results = (units_of(self.shapes).len()
            * self.answered.iter().map(|range| range.len().pow(2)).sum::<usize>())
            as u64;
        let base = self.kernel.1
            + vectors
            + compensated
            + number * results
            + threads * (WAVE as u64 * per_tile + SCRATCH)
            // Coefficients of the pairs of one pivot, and what is left of diagonals.
            + (2 * seeds * numbers) as u64 * number;
        let dimensions = slots().map(|slot| slot.dimension * slot.dimension).sum::<usize>();
        let per_pivot = (seeds * dimensions) as u64 * 2 * number;
        let room = |used: u64| limit.limit().map_or(u64::MAX, |limit| limit.saturating_sub(used));
        let wanted = if is_trivial { TRIVIAL_RANK.min(seeds / 4) } else { RANK.min(seeds / 8) } as u64;
        // Tiles are worth more than pivots beyond the first few.
        let rank = wanted.min(room(base) / 4 / per_pivot.max(1));
        let bytes = base + rank * per_pivot;
        let all = tiles(seeds).len() as u64;
        let held = all.min(room(bytes) / per_tile.max(1));
        let pairs = self.shapes.pairs() as f64;
        let value = if is_trivial { self.kernel.0 } else { seconds_of_value(self.kernel.0, self.order) };
        let kernel = pairs * self.order as f64;
        let products = PRODUCTS[usize::from(!is_trivial)];
        let anew = 1.0 - held as f64 / all.max(1) as f64;
        let pivots = (rank + 1) as f64 * seeds as f64 * self.order as f64;
        let values = kernel * (held as f64 / all.max(1) as f64 + anew * products as f64) + pivots;
        // Both triangles act.
        let acting = 2.0 * pairs * numbers as f64 * columns as f64 * products as f64 * ACTING * 1e-9;
        // One block acts on one thread.
        let sharing = if is_trivial { 1.0 } else { threads as f64 };
        Part {
            units: units.to_vec(),
            held: held as usize,
            rank: rank as usize,
            products,
            seconds: values * value / threads as f64 + acting / sharing,
            entries: values,
            bytes: bytes + held * per_tile,
        }
    }
}
