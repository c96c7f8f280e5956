//! Random orbits under an exact action, and their kernels point by point.

use isotypic_group::FiniteGroup;
use ndarray::{Array2, Array3};

const CHANNELS: usize = 2;

/// Seeds as functions on group × channels, on which the group acts by moving the argument:
/// $(g·x)(h) = x(g^{-1}h)$.
#[derive(Clone, Debug)]
pub struct RandomOrbits {
    /// The group that acts.
    pub group: FiniteGroup,
    /// `[order, channels]` for every seed.
    pub seeds: Vec<Array2<f64>>,
}

impl RandomOrbits {
    /// Seeds with independent values, uniform between −½ and ½, from a state of the generator SplitMix64.
    pub fn new(group: FiniteGroup, seeds: usize, mut state: u64) -> Self {
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (z ^ (z >> 31)) as f64 / u64::MAX as f64 - 0.5
        };
        let shape = (group.order(), CHANNELS);
        let seeds = (0..seeds).map(|_| Array2::from_shape_simple_fn(shape, &mut next)).collect();
        Self { group, seeds }
    }

    /// The point g·x.
    pub fn point(&self, seed: usize, element: usize) -> Array2<f64> {
        let inverse = self.group.inverse(element);
        Array2::from_shape_fn((self.group.order(), CHANNELS), |(h, channel)| {
            self.seeds[seed][[self.group.multiply(inverse, h), channel]]
        })
    }

    /// A kernel that is invariant because it sees inner products only: exp⟨x, y⟩.
    pub fn kernel(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
        (x * y).sum().exp()
    }

    /// Every entry of the Gram matrix, from every pair of points; seed-major.
    pub fn gram(&self) -> Array2<f64> {
        let points: Vec<Array2<f64>> = (0..self.seeds.len())
            .flat_map(|seed| self.group.elements().map(move |element| (seed, element)))
            .map(|(seed, element)| self.point(seed, element))
            .collect();
        Array2::from_shape_fn((points.len(), points.len()), |(row, column)| {
            Self::kernel(&points[row.max(column)], &points[row.min(column)])
        })
    }

    /// $\kappa_{st}(u) = k(x_s, u·x_t)$ at `[s, t, u]`.
    pub fn orbit_kernel(&self) -> Array3<f64> {
        let seeds = self.seeds.len();
        Array3::from_shape_fn((seeds, seeds, self.group.order()), |(s, t, u)| {
            Self::kernel(&self.seeds[s], &self.point(t, u))
        })
    }
}
