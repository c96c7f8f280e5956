//! Which blocks there are, how large they are, and which of them make one unit of work.

use std::ops::Range;

use isotypic_gram::BlockWorkspace;
use isotypic_group::IrrepSlot;

/// Irreps of one unit: few, so that threads end together; more than one, so that results are small beside the work.
const IRREPS_OF_UNIT: usize = 4;

/// Multiplications and additions of one core in a second, in blocks of any size.
const RATE: f64 = 3.6e10;

/// Rows of a block at which a core reaches half of its rate.
const HALF_RATE_ROWS: f64 = 60.0;

/// The blocks of some seeds.
#[derive(Clone, Debug)]
pub(super) struct BlockShapes {
    pub(super) slots: Vec<IrrepSlot>,
    pub(super) seeds: usize,
}

impl BlockShapes {
    /// Units of work.
    pub(super) fn units(&self) -> usize {
        self.slots.len().div_ceil(IRREPS_OF_UNIT)
    }

    /// The slots of a unit.
    pub(super) fn slots_of(&self, unit: usize) -> Range<usize> {
        unit * IRREPS_OF_UNIT..((unit + 1) * IRREPS_OF_UNIT).min(self.slots.len())
    }

    /// Real numbers that are kept for a pair of seeds until the blocks of a unit are done.
    pub(super) fn numbers_per_pair(&self, unit: usize) -> usize {
        self.slots[self.slots_of(unit)].iter().map(numbers_of).sum()
    }

    /// Pairs of seeds, each seed with itself included.
    pub(super) fn pairs(&self) -> u64 {
        let seeds = self.seeds as u64;
        seeds * (seeds + 1) / 2
    }

    /// Bytes of the largest block and the inverse of its factor.
    pub(super) fn workspace_bytes(&self) -> u64 {
        let bytes = |slot: &IrrepSlot| BlockWorkspace::bytes(self.seeds * slot.dimension, slot.is_real);
        self.slots.iter().map(bytes).max().unwrap_or(0)
    }

    /// Nominal seconds of one core for the blocks of a unit.
    ///
    /// A Cholesky factor and its inverse are (1/3 + 1/3) n³ operations, four times that in complex numbers; of seeds that are held out
    /// together all inner products of their columns of the inverse are needed.
    pub(super) fn seconds(&self, unit: usize, together: &[Range<usize>]) -> f64 {
        let of_slot = |slot: &IrrepSlot| {
            let rows = (self.seeds * slot.dimension) as f64;
            let products: f64 = together
                .iter()
                .filter(|range| range.len() > 1)
                .map(|range| {
                    let width = (range.len() * slot.dimension) as f64;
                    2.0 * width * width * (rows - (range.start * slot.dimension) as f64)
                })
                .sum();
            let field = if slot.is_real { 1.0 } else { 4.0 };
            field * (2.0 / 3.0 * rows.powi(3) + products) / RATE * (1.0 + HALF_RATE_ROWS / rows)
        };
        self.slots[self.slots_of(unit)].iter().map(of_slot).sum()
    }
}

/// Real numbers of the coefficients of a slot.
pub(super) fn numbers_of(slot: &IrrepSlot) -> usize {
    slot.dimension * slot.dimension * if slot.is_real { 1 } else { 2 }
}
