//! Orbits whose kernel is known in closed form: points on circles, turned in equal steps.

use std::f64::consts::TAU;

use isotypic_gram::{DenseGram, GroupInvariantGram};
use isotypic_group::FiniteGroup;
use ndarray::{Array2, Array3};

/// Seed s lies at `radius` and `start` (in steps) on a circle of `order` steps; k(x, y) = exp⟨x, y⟩.
pub(crate) struct Circles {
    pub(crate) order: usize,
    pub(crate) seeds: Vec<(f64, f64)>,
}

impl Circles {
    pub(crate) fn group(&self) -> FiniteGroup {
        FiniteGroup::cyclic(self.order).expect("the order is positive")
    }

    fn kernel(&self, s: usize, t: usize, step: f64) -> f64 {
        let ((radius, start), (other, turned)) = (self.seeds[s], self.seeds[t]);
        // Steps are reduced first, so that the kernel is symmetric and periodic nearly to the last bit.
        let steps = (step + turned - start).rem_euclid(self.order as f64);
        (radius * other * (TAU * steps / self.order as f64).cos()).exp()
    }

    pub(crate) fn orbit_kernel(&self) -> Array3<f64> {
        let seeds = self.seeds.len();
        Array3::from_shape_fn((seeds, seeds, self.order), |(s, t, u)| self.kernel(s, t, u as f64))
    }

    pub(crate) fn matrix(&self) -> Array2<f64> {
        let n = self.seeds.len() * self.order;
        Array2::from_shape_fn((n, n), |(row, column)| {
            let step = (column % self.order) as f64 - (row % self.order) as f64;
            self.kernel(row / self.order, column / self.order, step)
        })
    }

    pub(crate) fn blocks(&self) -> GroupInvariantGram {
        GroupInvariantGram::from_orbit_kernel(&self.group(), self.orbit_kernel()).expect("a kernel")
    }

    pub(crate) fn dense(&self) -> DenseGram {
        DenseGram::new(self.matrix(), self.seeds.len(), self.group()).expect("a Gram matrix")
    }
}
