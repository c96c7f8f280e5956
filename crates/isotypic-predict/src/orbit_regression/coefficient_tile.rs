//! Fourier coefficients of the kernel between two groups of seeds.
//!
//! A tile holds, number after number, all its pairs: what a block reads lies together, and pairs are written eight at a time, so that
//! every line of the cache is written once and whole.

use std::ops::Range;

use isotypic_gram::{BlockWorkspace, GramError};
use isotypic_group::{FourierScratch, IrrepSlot};
use num_complex::Complex64;

use super::block_shapes::{BlockShapes, numbers_of};
use super::columns::Columns;
use super::orbit_kernel::OrbitKernel;
use crate::PredictError;
use crate::compensated_sum::sum_of_similar;

/// Seeds along each side of a tile: [`OrbitKernel::between`](super::OrbitKernel::between) is asked for the seeds t of one such run one after
/// the other, each with the seeds s ≥ t of another.
pub const ORBIT_TILE: usize = 32;

/// Pairs that are written together: one line of the cache.
const GROUP: usize = 8;

/// The slots of one pass, and where their coefficients are in a transform.
#[derive(Clone, Debug)]
pub(super) struct KeptSlots {
    /// Slot, first coefficient in the transform, first number in a tile.
    entries: Vec<(usize, usize, usize)>,
    /// For each number of a tile its coefficient, and whether it is the imaginary part.
    numbers: Vec<(usize, bool)>,
}

/// Coefficients of the pairs (s, t) with s ≥ t of some rows s and columns t.
#[derive(Clone, Debug)]
pub(super) struct CoefficientTile {
    rows: Range<usize>,
    columns: Range<usize>,
    /// Column after column.
    pairs: usize,
    /// `[numbers][pairs]`.
    values: Vec<f64>,
}

impl KeptSlots {
    pub(super) fn new(shapes: &BlockShapes, units: &[usize]) -> Self {
        Self::of_slots(shapes, units.iter().flat_map(|&unit| shapes.slots_of(unit)))
    }

    pub(super) fn of_slots(shapes: &BlockShapes, slots: impl Iterator<Item = usize>) -> Self {
        let mut first = 0;
        let offsets: Vec<usize> = shapes
            .slots
            .iter()
            .map(|slot| {
                first += slot.dimension * slot.dimension;
                first - slot.dimension * slot.dimension
            })
            .collect();
        let (mut entries, mut numbers) = (Vec::new(), Vec::new());
        for index in slots {
            let slot = &shapes.slots[index];
            entries.push((index, offsets[index], numbers.len()));
            for coefficient in offsets[index]..offsets[index] + slot.dimension * slot.dimension {
                numbers.push((coefficient, false));
                if !slot.is_real {
                    numbers.push((coefficient, true));
                }
            }
        }
        Self { entries, numbers }
    }

    /// The slots that are kept, each with its first number.
    pub(super) fn slots(&self) -> impl Iterator<Item = (usize, usize)> {
        self.entries.iter().map(|&(slot, _, number)| (slot, number))
    }

    /// Only sums over the group are asked for, which need no transform.
    pub(super) fn is_trivial_alone(&self) -> bool {
        matches!(self.entries.as_slice(), [(0, ..)])
    }

    /// The numbers of one pair from its transform.
    pub(super) fn select(&self, coefficients: &[Complex64]) -> Vec<f64> {
        let number = |&(coefficient, is_imaginary): &(usize, bool)| {
            if is_imaginary { coefficients[coefficient].im } else { coefficients[coefficient].re }
        };
        self.numbers.iter().map(number).collect()
    }

    /// The first number in a tile of a slot that is kept.
    fn first_number(&self, slot: usize) -> usize {
        let found = self.entries.iter().find(|entry| entry.0 == slot);
        found.expect("blocks are made of slots that are kept").2
    }
}

/// Rows and columns of all tiles.
pub(super) fn tiles(seeds: usize) -> Vec<(Range<usize>, Range<usize>)> {
    let range = |index: usize| index * ORBIT_TILE..((index + 1) * ORBIT_TILE).min(seeds);
    let count = seeds.div_ceil(ORBIT_TILE);
    (0..count).flat_map(|row| (0..=row).map(move |column| (range(row), range(column)))).collect()
}

impl CoefficientTile {
    /// Evaluates and transforms the kernel between the seeds of a tile.
    pub(super) fn compute<K: OrbitKernel>(
        kernel: &K,
        kept: &KeptSlots,
        (rows, columns): (Range<usize>, Range<usize>),
    ) -> Result<Self, K::Error> {
        let list: Vec<(usize, usize)> =
            columns.clone().flat_map(|t| (rows.start.max(t)..rows.end).map(move |s| (s, t))).collect();
        let pairs = list.len();
        let mut values: Vec<f64> = Vec::new();
        let length = pairs * kept.numbers.len();
        values.try_reserve_exact(length).map_err(|_| {
            let bytes = (length * size_of::<f64>()) as u64;
            PredictError::from(GramError::OutOfMemory { dim: ORBIT_TILE, bytes })
        })?;
        values.resize(length, 0.0);
        let transform = kernel.transform();
        let coefficients = transform.coefficients_len();
        let mut run = kernel.start()?;
        let mut orbit = vec![0.0; transform.group().order()];
        let mut group = vec![Complex64::ZERO; GROUP * coefficients];
        let mut scratch = FourierScratch::new();
        for (index, pairs_of_group) in list.chunks(GROUP).enumerate() {
            for (&(s, t), out) in pairs_of_group.iter().zip(group.chunks_exact_mut(coefficients)) {
                kernel.between(&mut run, s, t, &mut orbit)?;
                if !kept.is_trivial_alone() {
                    transform.forward_with_scratch(&orbit, out, &mut scratch);
                }
                // The trivial block is ill-conditioned: every digit of its entries counts.
                out[0] = Complex64::from(sum_of_similar(&orbit));
            }
            for (&(coefficient, is_imaginary), values) in
                kept.numbers.iter().zip(values.chunks_exact_mut(pairs))
            {
                let values = &mut values[index * GROUP..index * GROUP + pairs_of_group.len()];
                for (value, pair) in values.iter_mut().zip(group.chunks_exact(coefficients)) {
                    *value = if is_imaginary { pair[coefficient].im } else { pair[coefficient].re };
                }
            }
        }
        Ok(Self { rows, columns, pairs, values })
    }

    /// Pairs of seeds in it.
    pub(super) fn pairs(&self) -> usize {
        self.pairs
    }

    /// Calls with s, t and the entry of the trivial block, which is the first slot, real and of dimension one.
    pub(super) fn for_each_trivial(&self, kept: &KeptSlots, mut each: impl FnMut(usize, usize, f64)) {
        let start = kept.first_number(0) * self.pairs;
        let mut values = self.values[start..start + self.pairs].iter();
        for t in self.columns.clone() {
            for (s, &value) in (self.rows.start.max(t)..self.rows.end).zip(values.by_ref()) {
                each(s, t, value);
            }
        }
    }

    /// Adds to `y` what its part of the block of a slot, and of the adjoint above the diagonal, makes of `x`.
    pub(super) fn multiply(
        &self,
        kept: &KeptSlots,
        (index, slot): (usize, &IrrepSlot),
        x: &Columns,
        y: &mut Columns,
    ) {
        let (d, per_entry) = (slot.dimension, if slot.is_real { 1 } else { 2 });
        let start = kept.first_number(index) * self.pairs;
        let numbers = &self.values[start..start + numbers_of(slot) * self.pairs];
        for (entry, parts) in numbers.chunks_exact(per_entry * self.pairs).enumerate() {
            let (i, j) = (entry / d, entry % d);
            let (real, imaginary) = parts.split_at(self.pairs);
            let mut pair = 0;
            for t in self.columns.clone() {
                for s in self.rows.start.max(t)..self.rows.end {
                    let (row, column) = (s * d + i, t * d + j);
                    let value = Complex64::new(real[pair], imaginary.get(pair).copied().unwrap_or(0.0));
                    if row == column {
                        y.add_multiple(row, Complex64::from(value.re), x, row);
                    } else if s > t || i > j {
                        y.add_multiple(row, value, x, column);
                        y.add_multiple(column, value.conj(), x, row);
                    }
                    pair += 1;
                }
            }
        }
    }

    /// Writes its part of the block of a slot.
    pub(super) fn write(
        &self,
        kept: &KeptSlots,
        (index, slot): (usize, &IrrepSlot),
        block: &mut BlockWorkspace,
    ) {
        let (d, per_entry) = (slot.dimension, if slot.is_real { 1 } else { 2 });
        let start = kept.first_number(index) * self.pairs;
        let numbers = &self.values[start..start + numbers_of(slot) * self.pairs];
        for (entry, parts) in numbers.chunks_exact(per_entry * self.pairs).enumerate() {
            let (i, j) = (entry / d, entry % d);
            let (real, imaginary) = parts.split_at(self.pairs);
            let mut pair = 0;
            for t in self.columns.clone() {
                for s in self.rows.start.max(t)..self.rows.end {
                    // Within the part of a seed with itself the lower triangle counts.
                    if s > t || i >= j {
                        let value = Complex64::new(real[pair], imaginary.get(pair).copied().unwrap_or(0.0));
                        block.set(s * d + i, t * d + j, value);
                    }
                    pair += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_seeds_is_in_one_tile() {
        for seeds in [1, 31, 32, 33, 100] {
            let mut seen = vec![0; seeds * seeds];
            for (rows, columns) in tiles(seeds) {
                for t in columns {
                    (rows.start.max(t)..rows.end).for_each(|s| seen[s * seeds + t] += 1);
                }
            }
            let expected =
                |(index, &count): (usize, &i32)| count == i32::from(index / seeds >= index % seeds);
            assert!(seen.iter().enumerate().all(expected), "{seeds}");
        }
    }
}
