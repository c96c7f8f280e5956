//! How layers without a closed kernel are sampled.

use crate::KernelError;

/// The largest number of points per replicate.
const MOST_SAMPLES: usize = 1 << 20;

/// The largest number of replicates.
const MOST_REPLICATES: usize = 1 << 10;

/// Settings of Monte-Carlo estimates: how many points, and from which stream.
///
/// Every replicate is a kernel of the whole network, in which each sampled expectation is a mean over `samples` points from a stream of
/// its own. Estimates are means over replicates; their spread gives the standard error, with everything that later layers make of
/// the sampling error. A single expectation is unbiased; what non-linear layers make of several is biased by the order of 1/`samples`,
/// while the standard error falls as the root of `samples` × `replicates`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MonteCarlo {
    /// Points of each expectation in one replicate, rounded up to whole frames of directions, or to an even number.
    pub samples: usize,
    /// Independent replicates, at least 2.
    pub replicates: usize,
    /// Names the streams of random numbers.
    pub seed: u64,
}

impl Default for MonteCarlo {
    /// 16 replicates of 256 points.
    fn default() -> Self {
        Self { samples: 256, replicates: 16, seed: 0 }
    }
}

impl MonteCarlo {
    /// The default number of replicates with so many points in all, rounded up.
    #[must_use]
    pub fn of_samples(samples: usize, seed: u64) -> Self {
        let default = Self::default();
        Self { samples: samples.div_ceil(default.replicates), seed, ..default }
    }

    /// The settings, if they can be run.
    ///
    /// # Errors
    /// [`KernelError::MonteCarloSetting`] names the setting out of range.
    pub fn check(self) -> Result<Self, KernelError> {
        let in_range = |name, got: usize, smallest, largest| {
            if (smallest..=largest).contains(&got) {
                return Ok(());
            }
            Err(KernelError::MonteCarloSetting { name, smallest, largest, got })
        };
        in_range("samples", self.samples, 1, MOST_SAMPLES)?;
        in_range("replicates", self.replicates, 2, MOST_REPLICATES)?;
        Ok(self)
    }

    /// What one replicate samples.
    pub(crate) fn replicate(self, replicate: usize) -> Sampling {
        Sampling { samples: self.samples, seed: self.seed, replicate: replicate as u64 }
    }
}

/// The points of one replicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sampling {
    pub(crate) samples: usize,
    seed: u64,
    replicate: u64,
}

impl Sampling {
    /// What names the stream of one layer and window, or of one draw for a whole layer.
    pub(crate) fn stream(self, layer: usize, window: usize) -> [u64; 4] {
        [self.seed, self.replicate, layer as u64, window as u64]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_named() {
        assert!(MonteCarlo::default().check().is_ok());
        let error = MonteCarlo { samples: 0, ..MonteCarlo::default() }.check().unwrap_err();
        assert_eq!(error.to_string(), "monte carlo: expected `samples` from 1 to 1048576, got 0");
        let error = MonteCarlo { replicates: 1, ..MonteCarlo::default() }.check().unwrap_err();
        assert_eq!(error.to_string(), "monte carlo: expected `replicates` from 2 to 1024, got 1");
        assert!(error.hint().is_some());
    }

    #[test]
    fn every_replicate_layer_and_window_has_a_stream_of_its_own() {
        let streams = |seed| {
            let settings = MonteCarlo { seed, ..MonteCarlo::default() };
            [[0, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1]]
                .map(|[replicate, layer, window]| settings.replicate(replicate).stream(layer, window))
        };
        let all = [streams(0), streams(1)].concat();
        assert!((0..all.len()).all(|at| !all[..at].contains(&all[at])));
    }
}
