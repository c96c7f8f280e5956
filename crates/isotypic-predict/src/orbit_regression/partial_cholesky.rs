//! A preconditioner: the Cholesky factor of a block, as far as a few pivots go, and the diagonal of what is left.
//!
//! With pivots $P$ and the other rows $Q$ of $B + \lambda I$ the Schur complement of $P$ is replaced by its diagonal (Gondzio 2012;
//! Bellavia, Gondzio & Morini, SIAM J. Sci. Comput. 35, 2013). The largest pivots remain to be chosen: whole orbits, those of which the orbits
//! before say least, summed over the irreps. So one evaluation of the kernel between a pivot and all seeds serves all blocks, and nothing of
//! the size of a block is ever there.

use isotypic_group::{FourierScratch, IrrepSlot};
use isotypic_work::Monitor;
use num_complex::Complex64;
use rayon::prelude::*;

use super::block_shapes::BlockShapes;
use super::coefficient_tile::{KeptSlots, ORBIT_TILE};
use super::columns::Columns;
use super::orbit_kernel::OrbitKernel;
use crate::compensated_sum::sum_of_similar;

/// The preconditioner of one block.
#[derive(Clone, Debug)]
pub(super) struct PartialCholesky {
    /// Columns of the factor, and the row of the pivot of each.
    columns: Vec<(usize, Vec<Complex64>)>,
    /// What is left of the diagonal, the ridge included.
    diagonal: Vec<f64>,
    is_pivot: Vec<bool>,
    /// What is left is rounding.
    is_exhausted: bool,
    floor: f64,
}

/// Coefficients of one pair of seeds, of the slots that are kept.
type Coefficients = Vec<f64>;

/// The preconditioners of all slots that are kept, with at most `rank` orbits as pivots.
pub(super) fn partial_cholesky<K: OrbitKernel>(
    (kernel, kept, shapes): (&K, &KeptSlots, &BlockShapes),
    (ridge, floor): (f64, f64),
    rank: usize,
    monitor: &Monitor,
) -> Result<Vec<PartialCholesky>, K::Error> {
    let seeds = shapes.seeds;
    let slots: Vec<(&IrrepSlot, usize)> =
        kept.slots().map(|(index, number)| (&shapes.slots[index], number)).collect();
    let own = of_seeds(kernel, kept, seeds, |seed| (seed, seed), monitor)?;
    let mut factors: Vec<PartialCholesky> = slots
        .iter()
        .map(|&(slot, number)| {
            let entry = |row: usize| {
                let (seed, i) = (row / slot.dimension, row % slot.dimension);
                entry(&own[seed][number..], slot, (i, i)).re + ridge
            };
            let rows = seeds * slot.dimension;
            PartialCholesky {
                columns: Vec::new(),
                diagonal: (0..rows).map(entry).collect(),
                is_pivot: vec![false; rows],
                is_exhausted: false,
                floor: floor.max(ridge),
            }
        })
        .collect();
    drop(own);
    for _ in 0..rank.min(seeds) {
        let Some(pivot) = largest(&slots, &factors, seeds, ridge) else { break };
        let pair = |seed: usize| (seed.max(pivot), seed.min(pivot));
        let column = of_seeds(kernel, kept, seeds, pair, monitor)?;
        slots.par_iter().zip(&mut factors).for_each(|(&(slot, number), factor)| {
            for j in 0..slot.dimension {
                factor.eliminate(pivot * slot.dimension + j, |row| {
                    let (seed, i) = (row / slot.dimension, row % slot.dimension);
                    let numbers = &column[seed][number..];
                    // Above the diagonal stands the adjoint.
                    if seed >= pivot {
                        entry(numbers, slot, (i, j))
                    } else {
                        entry(numbers, slot, (j, i)).conj()
                    }
                });
            }
        });
    }
    Ok(factors)
}

/// The seed that is no pivot yet of whose orbit most is left; `None` if nothing is.
fn largest(
    slots: &[(&IrrepSlot, usize)],
    factors: &[PartialCholesky],
    seeds: usize,
    ridge: f64,
) -> Option<usize> {
    let mut left = vec![0.0; seeds];
    for (&(slot, _), factor) in slots.iter().zip(factors).filter(|(_, factor)| !factor.is_exhausted) {
        let multiplicity = (slot.dimension * slot.weight) as f64;
        for (row, &value) in factor.diagonal.iter().enumerate() {
            if !factor.is_pivot[row] {
                left[row / slot.dimension] += multiplicity * (value - ridge).max(0.0);
            }
        }
    }
    let seed = (0..seeds).max_by(|&a, &b| left[a].total_cmp(&left[b]).then(b.cmp(&a)))?;
    (left[seed] > 0.0).then_some(seed)
}

/// Coefficients of one pair for every seed.
fn of_seeds<K: OrbitKernel>(
    kernel: &K,
    kept: &KeptSlots,
    seeds: usize,
    pair: impl Fn(usize) -> (usize, usize) + Sync,
    monitor: &Monitor,
) -> Result<Vec<Coefficients>, K::Error> {
    let parts: Vec<Vec<Coefficients>> = (0..seeds.div_ceil(ORBIT_TILE))
        .into_par_iter()
        .with_max_len(1)
        .map(|part| {
            monitor.check()?;
            let (mut run, transform) = (kernel.start()?, kernel.transform());
            let mut values = vec![0.0; transform.group().order()];
            let mut coefficients = vec![Complex64::ZERO; transform.coefficients_len()];
            let mut scratch = FourierScratch::new();
            (part * ORBIT_TILE..((part + 1) * ORBIT_TILE).min(seeds))
                .map(|seed| {
                    let (s, t) = pair(seed);
                    kernel.between(&mut run, s, t, &mut values)?;
                    if !kept.is_trivial_alone() {
                        transform.forward_with_scratch(&values, &mut coefficients, &mut scratch);
                    }
                    coefficients[0] = Complex64::from(sum_of_similar(&values));
                    Ok(kept.select(&coefficients))
                })
                .collect::<Result<_, K::Error>>()
        })
        .collect::<Result<_, K::Error>>()?;
    monitor.advance(seeds as f64);
    Ok(parts.concat())
}

/// An entry of the matrix of a slot.
fn entry(numbers: &[f64], slot: &IrrepSlot, (i, j): (usize, usize)) -> Complex64 {
    let at = i * slot.dimension + j;
    match slot.is_real {
        true => Complex64::from(numbers[at]),
        false => Complex64::new(numbers[2 * at], numbers[2 * at + 1]),
    }
}

impl PartialCholesky {
    /// One more column of the factor, from the column of the block.
    fn eliminate(&mut self, pivot: usize, entry: impl Fn(usize) -> Complex64) {
        let value = self.diagonal[pivot];
        self.is_exhausted |= value <= self.floor;
        if self.is_exhausted || self.is_pivot[pivot] {
            return;
        }
        let mut column: Vec<Complex64> = (0..self.diagonal.len()).map(entry).collect();
        for (_, other) in &self.columns {
            let factor = other[pivot].conj();
            column.iter_mut().zip(other).for_each(|(value, &other)| *value -= other * factor);
        }
        let root = value.sqrt();
        for (row, entry) in column.iter_mut().enumerate() {
            *entry = if self.is_pivot[row] { Complex64::ZERO } else { *entry / root };
            self.diagonal[row] -= entry.norm_sqr();
        }
        column[pivot] = Complex64::from(root);
        self.is_pivot[pivot] = true;
        self.columns.push((pivot, column));
    }

    /// Replaces columns by what the preconditioner makes of them.
    pub(super) fn solve(&self, columns: &mut Columns) {
        for (pivot, factor) in &self.columns {
            columns.scale_row(*pivot, factor[*pivot].re.recip());
            for (row, &value) in factor.iter().enumerate().filter(|&(row, _)| row != *pivot) {
                columns.add_own_multiple(row, -value, *pivot);
            }
        }
        for (row, &value) in self.diagonal.iter().enumerate().filter(|&(row, _)| !self.is_pivot[row]) {
            columns.scale_row(row, value.max(self.floor).recip());
        }
        for (pivot, factor) in self.columns.iter().rev() {
            for (row, value) in factor.iter().enumerate().filter(|&(row, _)| row != *pivot) {
                columns.add_own_multiple(*pivot, -value.conj(), row);
            }
            columns.scale_row(*pivot, factor[*pivot].re.recip());
        }
    }
}
