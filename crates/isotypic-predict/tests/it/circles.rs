//! Orbits whose kernel is known in closed form: points on circles, turned in equal steps.

use std::f64::consts::TAU;

use isotypic_gram::GroupInvariantGram;
use isotypic_group::FiniteGroup;
use ndarray::{Array2, Array3};

/// Seed s lies at `radius` and `start` (in steps) on a circle of `order` steps.
pub(crate) struct Circles {
    pub(crate) order: usize,
    pub(crate) seeds: Vec<(f64, f64)>,
}

impl Circles {
    /// The points of one seed, one per row.
    pub(crate) fn points(&self, seed: usize) -> Array2<f64> {
        let (radius, start) = self.seeds[seed];
        Array2::from_shape_fn((self.order, 3), |(step, axis)| {
            let angle = TAU * (start + step as f64) / self.order as f64;
            // Seeds lie in different planes, so that orbit means differ.
            [radius * angle.cos(), radius * angle.sin(), radius * seed as f64][axis]
        })
    }

    /// The kernel f(⟨x, y⟩).
    pub(crate) fn gram(&self, f: impl Fn(f64) -> f64) -> GroupInvariantGram {
        let points: Vec<Array2<f64>> = (0..self.seeds.len()).map(|seed| self.points(seed)).collect();
        let kernel = Array3::from_shape_fn((points.len(), points.len(), self.order), |(s, t, u)| {
            f(points[s].row(0).dot(&points[t].row(u)))
        });
        let group = FiniteGroup::cyclic(self.order).expect("the order is positive");
        GroupInvariantGram::from_orbit_kernel(&group, kernel).expect("a kernel")
    }
}
