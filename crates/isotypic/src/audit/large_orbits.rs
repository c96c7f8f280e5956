//! The kernels that large audits of classes are solved with, behind one face.

use std::sync::Arc;

use isotypic_gram::Ridge;
use isotypic_group::GroupFourier;
use isotypic_predict::OrbitKernel;
use isotypic_work::{ContentHash, Monitor};
use ndarray::Array2;

use crate::permuted_orbits::RowCheck;
use crate::{Error, OrbitRun, PermutedOrbits, SampledOrbits, SampledRun};

/// How values between orbits are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From inner products by Fourier correlation.
    Correlation,
    /// By evaluating the rows of one pose of each seed.
    Rows,
    /// By evaluating all pairs of poses and averaging over the group.
    Averages,
}

/// The kernel between the orbits of some seeds.
pub(super) enum LargeOrbits<'a> {
    Permuted(Box<PermutedOrbits<'a>>),
    Sampled(Box<SampledOrbits<'a>>),
}

/// What one thread needs.
pub(super) enum LargeRun<'a> {
    Permuted(OrbitRun<'a>),
    Sampled(SampledRun),
}

impl LargeOrbits<'_> {
    pub(super) fn content_hash(&self) -> ContentHash {
        match self {
            Self::Permuted(orbits) => orbits.content_hash(),
            Self::Sampled(orbits) => orbits.content_hash(),
        }
    }

    pub(super) fn lookalikes(&self) -> Result<Vec<(usize, usize, usize)>, Error> {
        match self {
            Self::Permuted(orbits) => orbits.lookalikes(),
            Self::Sampled(orbits) => orbits.lookalikes(),
        }
    }

    pub(super) fn check_rows(
        &self,
        rows: &[(usize, usize)],
        solution: (&Array2<f64>, &Array2<f64>),
        ridge: Ridge,
        monitor: &Monitor,
    ) -> Result<RowCheck, Error> {
        match self {
            Self::Permuted(orbits) => orbits.check_rows(rows, solution, ridge, monitor),
            Self::Sampled(orbits) => orbits.check_rows(rows, solution, ridge, monitor),
        }
    }
}

impl OrbitKernel for LargeOrbits<'_> {
    type Error = Error;
    type Run<'a>
        = LargeRun<'a>
    where
        Self: 'a;

    fn transform(&self) -> &Arc<dyn GroupFourier> {
        match self {
            Self::Permuted(orbits) => orbits.transform(),
            Self::Sampled(orbits) => orbits.transform(),
        }
    }

    fn variances(&self) -> &[f64] {
        match self {
            Self::Permuted(orbits) => orbits.variances(),
            Self::Sampled(orbits) => orbits.variances(),
        }
    }

    fn start(&self) -> Result<LargeRun<'_>, Error> {
        Ok(match self {
            Self::Permuted(orbits) => LargeRun::Permuted(orbits.start()?),
            Self::Sampled(orbits) => LargeRun::Sampled(orbits.start()?),
        })
    }

    fn between(&self, run: &mut LargeRun<'_>, s: usize, t: usize, values: &mut [f64]) -> Result<(), Error> {
        match (self, run) {
            (Self::Permuted(orbits), LargeRun::Permuted(run)) => orbits.evaluate(run, (s, t), values),
            (Self::Sampled(orbits), LargeRun::Sampled(run)) => orbits.between(run, s, t, values),
            _ => unreachable!("runs are started by the orbits themselves"),
        }
    }

    fn seconds_per_value(&self) -> f64 {
        match self {
            Self::Permuted(orbits) => orbits.seconds_per_value(),
            Self::Sampled(orbits) => orbits.seconds_per_value(),
        }
    }

    fn bytes(&self) -> u64 {
        match self {
            Self::Permuted(orbits) => orbits.bytes(),
            Self::Sampled(orbits) => orbits.bytes(),
        }
    }
}
