//! Two classes, some of whose points are held out, as metrics see them.

use std::sync::Arc;

use isotypic_gram::SymmetricOperator;
use isotypic_orbit::HeldOutSet;
use ndarray::{Array2, ArrayRef2};

use crate::PredictError;
use crate::leave_set_out::check_held_out;

/// The points of one turn with their kernel.
#[derive(Clone, Debug)]
pub struct HeldOutTurn {
    kernel: Arc<Array2<f64>>,
    /// Row by row: whether the label is positive.
    positive: Vec<bool>,
    /// Row by row.
    seeds: Vec<usize>,
    observed: Vec<usize>,
    held_out: Vec<usize>,
}

impl HeldOutTurn {
    /// All points of a Gram matrix; the sign of the first column of labels is the class.
    ///
    /// # Shapes
    /// - `labels`: `[seeds, outputs]`, constant on each orbit
    ///
    /// # Errors
    /// As [`leave_set_out`](crate::leave_set_out).
    pub fn new<G: SymmetricOperator>(
        gram: &G,
        labels: &ArrayRef2<f64>,
        held_out: &HeldOutSet,
    ) -> Result<Self, PredictError> {
        let layout = gram.layout();
        check_held_out(layout, labels, held_out)?;
        let all: Vec<usize> = (0..gram.dim()).collect();
        let seeds: Vec<usize> = all.iter().map(|&row| layout.split(row).0).collect();
        Ok(Self {
            kernel: Arc::new(gram.block(&all, &all)?),
            positive: seeds.iter().map(|&seed| labels[[seed, 0]] > 0.0).collect(),
            seeds,
            observed: held_out.observed_rows(),
            held_out: held_out.rows().to_vec(),
        })
    }

    /// The same points, of which the same are observed, seen as one class against the rest: row by row of `labels`, seed by seed, whether the
    /// seed is of the class. Of the held-out points those of one seed are asked about.
    ///
    /// # Panics
    /// If there are fewer labels than seeds.
    #[must_use]
    pub fn of_seed(&self, seed: usize, is_of_class: &[bool]) -> Self {
        Self {
            positive: self.seeds.iter().map(|&seed| is_of_class[seed]).collect(),
            held_out: self.held_out.iter().copied().filter(|&row| self.seeds[row] == seed).collect(),
            ..self.clone()
        }
    }

    pub(super) fn kernel(&self, i: usize, j: usize) -> f64 {
        self.kernel[[i, j]]
    }

    /// Squared distance in feature space. Differences first: kernel values may all be nearly the same number.
    pub(super) fn squared_distance(&self, i: usize, j: usize) -> f64 {
        let across = self.kernel[[i, j]];
        ((self.kernel[[i, i]] - across) + (self.kernel[[j, j]] - across)).max(0.0)
    }

    pub(super) fn observed(&self) -> &[usize] {
        &self.observed
    }

    pub(super) fn held_out(&self) -> &[usize] {
        &self.held_out
    }

    pub(super) fn is_positive(&self, row: usize) -> bool {
        self.positive[row]
    }

    /// Observed points of a class.
    pub(super) fn observed_of(&self, positive: bool) -> Vec<usize> {
        self.observed.iter().copied().filter(|&row| self.positive[row] == positive).collect()
    }

    /// All points of a class, held out or not.
    pub(super) fn all_of(&self, positive: bool) -> Vec<usize> {
        (0..self.positive.len()).filter(|&row| self.positive[row] == positive).collect()
    }

    /// All points of the seed that the first held-out point is of.
    pub(super) fn held_out_orbit(&self) -> Vec<usize> {
        let seed = self.held_out.first().map(|&row| self.seeds[row]);
        (0..self.seeds.len()).filter(|&row| Some(self.seeds[row]) == seed).collect()
    }

    /// Mean squared distance between the points of two lists.
    pub(super) fn mean_squared_distance(&self, first: &[usize], second: &[usize]) -> f64 {
        let of = |&i: &usize| second.iter().map(|&j| self.squared_distance(i, j)).sum::<f64>();
        first.iter().map(of).sum::<f64>() / (first.len() * second.len()) as f64
    }

    /// Mean squared distance from the mean of a list.
    pub(super) fn scatter(&self, points: &[usize]) -> f64 {
        0.5 * self.mean_squared_distance(points, points)
    }

    /// Squared distance of the means of two lists.
    pub(super) fn squared_distance_of_means(&self, first: &[usize], second: &[usize]) -> f64 {
        let own = self.scatter(first) + self.scatter(second);
        (self.mean_squared_distance(first, second) - own).max(0.0)
    }
}
