//! What conjugate gradients find in one unit of blocks, and how it is kept on disk.

use std::ops::Range;

use super::block_shapes::BlockShapes;
use super::conjugate_gradients::System;

/// Slots of one unit.
const SLOTS_OF_UNIT: usize = 4;

/// Sums over the irreps of one unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct IterativeUnit {
    /// $\sum_\rho w_\rho d_\rho\, \mathrm{Re}\,\mathrm{tr}[(B_\rho + \lambda I)^{-1}]_{st}$ for the seeds of each range that is answered.
    pub(super) inverse: Vec<f64>,
    /// Dual weights, if the trivial irrep is among them: seed by seed, all outputs.
    pub(super) dual_weights: Vec<f64>,
    /// $y^\top B_1 y$, if the trivial irrep is among them.
    pub(super) label_products: Vec<f64>,
    /// Largest residual of the dual weights relative to the labels; 0 if there are none.
    pub(super) residual: f64,
    /// Largest residual of a row of the inverse.
    pub(super) row_residual: f64,
    /// Products with blocks.
    pub(super) products: f64,
}

/// Units of so many slots: the trivial one alone, the others a few at a time.
pub(super) fn units_of(shapes: &BlockShapes) -> Vec<Range<usize>> {
    let count = shapes.slots.len();
    let others = (1..count).step_by(SLOTS_OF_UNIT).map(|first| first..(first + SLOTS_OF_UNIT).min(count));
    std::iter::once(0..1).chain(others).collect()
}

impl IterativeUnit {
    /// Adds what a solved system says about the inverse of its block.
    ///
    /// With $X ≈ (B + \lambda I)^{-1} E$ and its residual $R$ the inverse within E is $(E + R)^\dagger X$ up to the square of the residual.
    /// The columns of E follow `before` others, `dimension` for each answered seed.
    pub(super) fn add(
        &mut self,
        shapes: &BlockShapes,
        system: &System,
        answered: &[Range<usize>],
        before: usize,
    ) {
        let slot = &shapes.slots[system.index];
        let multiplicity = (slot.dimension * slot.weight) as f64;
        let (of_labels, of_rows) = system.relative_residuals.split_at(before);
        self.residual = of_labels.iter().copied().fold(self.residual, f64::max);
        self.row_residual = of_rows.iter().copied().fold(self.row_residual, f64::max);
        self.inverse.resize(answered.iter().map(|range| range.len().pow(2)).sum(), 0.0);
        let mut sums = self.inverse.iter_mut();
        let mut first = 0;
        for range in answered {
            let size = range.len();
            let part = |a: usize, b: usize| -> f64 {
                let of_row = |i: usize| {
                    let (a, b) = ((first + a) * slot.dimension + i, (first + b) * slot.dimension + i);
                    let (a, b) = (before + a, before + b);
                    system.right.inner_product(a, &system.solution, b)
                        + system.residual.inner_product(a, &system.solution, b)
                };
                (0..slot.dimension).map(of_row).sum()
            };
            for (a, b) in (0..size).flat_map(|a| (0..size).map(move |b| (a, b))) {
                let sum = sums.next().expect("as many as were made above");
                *sum += multiplicity * (part(a, b) + part(b, a)) / 2.0;
            }
            first += size;
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let numbers = [self.residual, self.row_residual, self.products];
        let all = numbers.iter().chain(&self.inverse).chain(&self.dual_weights).chain(&self.label_products);
        all.flat_map(|number| number.to_le_bytes()).collect()
    }

    /// `None` if the bytes are not those of a result with so many numbers: of the inverse, dual weights, products of labels.
    pub(super) fn from_bytes(bytes: &[u8], sizes: [usize; 3]) -> Option<Self> {
        let (chunks, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() || chunks.len() != 3 + sizes.iter().sum::<usize>() {
            return None;
        }
        let mut numbers = chunks.iter().map(|chunk| f64::from_le_bytes(*chunk));
        let (residual, row_residual, products) = (numbers.next()?, numbers.next()?, numbers.next()?);
        let [inverse, dual_weights, label_products] = sizes.map(|size| numbers.by_ref().take(size).collect());
        Some(Self { inverse, dual_weights, label_products, residual, row_residual, products })
    }
}

#[cfg(test)]
mod tests {
    use isotypic_group::{FiniteGroup, FourierPlanner};

    use super::*;

    #[test]
    fn results_come_back_to_the_bit_and_only_in_their_size() {
        let unit = IterativeUnit {
            inverse: vec![0.1, 3.0],
            dual_weights: vec![-1e-300],
            label_products: vec![5.0],
            residual: 1.0 / 3.0,
            row_residual: 1e-9,
            products: 41.0,
        };
        let bytes = unit.to_bytes();
        assert_eq!(IterativeUnit::from_bytes(&bytes, [2, 1, 1]), Some(unit));
        assert_eq!(IterativeUnit::from_bytes(&bytes, [1, 1, 1]), None);
        assert_eq!(IterativeUnit::from_bytes(&bytes[3..], [2, 1, 1]), None);
    }

    #[test]
    fn every_slot_is_in_one_unit_and_the_trivial_one_alone() {
        for order in [1, 2, 9, 24] {
            let group = FiniteGroup::cyclic(order).unwrap();
            let slots = FourierPlanner::new().plan(&group).unwrap().irreps().to_vec();
            let count = slots.len();
            let units = units_of(&BlockShapes { slots, seeds: 3 });
            assert_eq!(units[0], 0..1);
            assert_eq!(units.into_iter().flatten().collect::<Vec<_>>(), (0..count).collect::<Vec<_>>());
        }
    }
}
