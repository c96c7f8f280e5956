//! Points that a kernel cannot tell apart: squared distance $k(x, x) + k(y, y) - 2 k(x, y)$ of zero.
//!
//! Zero means up to $\varepsilon\, S|G|\, (k(x, x) + k(y, y))$, as for the eigenvalues of the
//! [null space](crate::NullSpace): kernels that sum over many positions carry errors beyond the last bit.

use crate::not_positive_definite::is_near;
use crate::{GroupInvariantGram, SymmetricOperator};

/// Two seeds whose orbits are the same to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndistinguishableSeeds {
    /// The first seed.
    pub first: usize,
    /// The second seed, larger than the first.
    pub second: usize,
    /// The smallest element u for which u·(second) looks like the first.
    pub element: usize,
}

impl GroupInvariantGram {
    /// The poses of a seed that look like the seed itself, as ascending group elements: a subgroup.
    ///
    /// Only the identity where the kernel tells all poses apart, the whole group where an architecture has the
    /// symmetry built in, something between where it has a part of it (or the seed itself is symmetric).
    ///
    /// # Panics
    /// When the seed does not exist.
    pub fn stabilizer(&self, seed: usize) -> Vec<usize> {
        let (kernel, group) = (self.orbit_kernel(), self.group());
        let own = kernel[[seed, seed, group.identity()]];
        group.elements().filter(|&u| self.looks_alike(own, own, kernel[[seed, seed, u]])).collect()
    }

    /// Whether two points with these kernel values have a squared distance of zero to rounding.
    fn looks_alike(&self, own: f64, other: f64, between: f64) -> bool {
        is_near(own, other, between, f64::EPSILON * self.layout().len() as f64)
    }

    /// The poses that the kernel cannot tell from the identity, whatever the seed.
    pub fn invariant_elements(&self) -> Vec<usize> {
        let mut seeds = 1..self.layout().seeds();
        seeds
            .try_fold(self.stabilizer(0), |common, seed| {
                let own = self.stabilizer(seed);
                let both: Vec<usize> = common.into_iter().filter(|u| own.binary_search(u).is_ok()).collect();
                // Nothing but the identity can be left out any more.
                if both.len() > 1 { Ok(both) } else { Err(both) }
            })
            .unwrap_or_else(|only_identity| only_identity)
    }

    /// All pairs of seeds whose orbits are the same to the kernel: duplicates of each other, up to pose.
    pub fn indistinguishable_seeds(&self) -> Vec<IndistinguishableSeeds> {
        let (kernel, group, seeds) = (self.orbit_kernel(), self.group(), self.layout().seeds());
        let variance = |seed: usize| kernel[[seed, seed, group.identity()]];
        let pairs = (0..seeds).flat_map(|first| (first + 1..seeds).map(move |second| (first, second)));
        let same = |(first, second): (usize, usize)| {
            let looks_alike =
                |&u: &usize| self.looks_alike(variance(first), variance(second), kernel[[first, second, u]]);
            let element = group.elements().find(looks_alike)?;
            Some(IndistinguishableSeeds { first, second, element })
        };
        pairs.filter_map(same).collect()
    }
}
