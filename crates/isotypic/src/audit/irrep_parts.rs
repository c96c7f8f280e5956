//! What each irrep has to do with the errors, averaged over turns and results.

use isotypic_gram::{GroupInvariantGram, Ridge, SymmetricOperator};
use isotypic_group::IrrepSlot;
use isotypic_orbit::HeldOutSet;
use isotypic_predict::{LeaveSetOut, irrep_shares};
use isotypic_report::{IrrepRow, finite};
use ndarray::{Array1, Array2, ArrayView1};

use super::audit_gram::unless_singular;
use crate::Error;

/// Sums over turns, irrep by irrep.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct IrrepParts {
    parts: Vec<Part>,
    turns: usize,
}

#[derive(Debug, Clone, PartialEq)]
struct Part {
    irrep: String,
    dimension: usize,
    weight: f64,
    share: f64,
    excess: f64,
}

impl IrrepParts {
    /// Adds the turns of one Gram matrix: the shares of one output each, `outputs[turn]`.
    ///
    /// Turns without an error to share have no parts and are left out.
    pub(crate) fn add(
        &mut self,
        gram: &GroupInvariantGram,
        ridge: Ridge,
        labels: &Array2<f64>,
        turns: &[(&HeldOutSet, &LeaveSetOut, usize)],
    ) -> Result<(), Error> {
        let Some(factor) = unless_singular(gram.factor(ridge).map_err(Into::into))? else { return Ok(()) };
        for &(set, turn, output) in turns {
            let shares = irrep_shares(gram, &factor, set, turn)?;
            if shares.iter().any(|share| !share.shares[output].is_finite()) {
                continue;
            }
            // The mean of label times error: the error where labels are ±1.
            let signed = set
                .points()
                .zip(turn.errors.column(output))
                .map(|((seed, _), error)| labels[[seed, output]] * error);
            let error = signed.sum::<f64>() / set.len() as f64;
            if self.parts.is_empty() {
                let empty = |share: &isotypic_predict::IrrepShare| Part {
                    irrep: share.irrep.to_string(),
                    dimension: share.dimension,
                    weight: share.weight,
                    share: 0.0,
                    excess: 0.0,
                };
                self.parts = shares.iter().map(empty).collect();
            }
            for (part, share) in self.parts.iter_mut().zip(&shares) {
                part.share += share.shares[output];
                part.excess += share.weight * error - share.shares[output];
            }
            self.turns += 1;
        }
        Ok(())
    }

    /// The parts of turns in each of which one seed was held out alone.
    ///
    /// # Shapes
    /// - `shares`: `[irreps, seeds]`
    /// - `errors`: `[seeds]`, label times error of the own class
    pub(crate) fn of_single_seeds(
        slots: &[IrrepSlot],
        order: usize,
        shares: &Array2<f64>,
        errors: &Array1<f64>,
    ) -> Self {
        let error: f64 = errors.sum();
        let part = |(slot, shares): (&IrrepSlot, ArrayView1<'_, f64>)| {
            let weight = (slot.dimension * slot.dimension * slot.weight) as f64 / order as f64;
            let share = shares.sum();
            Part {
                irrep: slot.label.to_string(),
                dimension: slot.dimension,
                weight,
                share,
                excess: weight * error - share,
            }
        };
        Self { parts: slots.iter().zip(shares.rows()).map(part).collect(), turns: errors.len() }
    }

    /// Adds what was found elsewhere for the same group.
    pub(crate) fn merge(&mut self, other: &Self) {
        if self.parts.is_empty() {
            self.clone_from(other);
            return;
        }
        for (part, other) in self.parts.iter_mut().zip(&other.parts) {
            part.share += other.share;
            part.excess += other.excess;
        }
        self.turns += other.turns;
    }

    /// The means.
    pub(crate) fn rows(&self) -> Vec<IrrepRow> {
        let turns = self.turns as f64;
        let row = |part: &Part| IrrepRow {
            irrep: part.irrep.clone(),
            dimension: part.dimension,
            weight: finite(part.weight),
            share: finite(part.share / turns),
            excess: finite(part.excess / turns),
        };
        self.parts.iter().map(row).collect()
    }
}
