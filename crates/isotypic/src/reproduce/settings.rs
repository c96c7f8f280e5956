//! What to reproduce, as given by the user, and the counts that follow.

use std::path::PathBuf;

use crate::Error;

/// Which figures to make, from what and how large.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReproductionSettings {
    /// Names of figures; `all` for all of them.
    pub figures: Vec<String>,
    /// Whether to take fewer pairs and poses than the paper.
    pub is_quick: bool,
    /// A dataset by name or path; `None` for `mnist` if it was fetched and counts are the paper's, else `mini-mnist`.
    pub data: Option<String>,
    /// Pairs of digits, in place of the usual number; drawings, seeds and images of other figures are not more than follows from it.
    pub pairs: Option<usize>,
    /// The largest number of poses, in place of the usual one.
    pub largest_poses: Option<usize>,
    /// A folder in which finished units of work are kept, so that the same reproduction goes on where it was stopped.
    pub units: Option<PathBuf>,
}

/// How much is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Pairs of digits at each number of poses.
    pub(crate) pairs: usize,
    /// Numbers of poses go up to this one.
    pub(crate) largest_poses: usize,
    /// Drawings of two classes with several seeds each, and of ten.
    pub(crate) drawings: usize,
    /// Images for networks trained on whole datasets.
    pub(crate) trained_images: usize,
    /// Times that such a network sees its images.
    pub(crate) epochs: usize,
    /// Images that vision transformers see in training, all epochs together; what would take more is left out.
    pub(crate) transformer_images: usize,
    /// Pairs of digits for networks trained on pairs.
    pub(crate) trained_pairs: usize,
    /// Seeds of each class for networks trained on ten classes.
    pub(crate) trained_seeds: usize,
}

/// The counts of the authors' scripts; training as in Figure 1 on all images. Each of the pairs for training takes two networks.
const PAPER: Counts = Counts {
    pairs: 512,
    largest_poses: 64,
    drawings: 50,
    trained_images: 60_000,
    epochs: 30,
    transformer_images: usize::MAX,
    trained_pairs: 512,
    trained_seeds: 16,
};

/// What takes a quarter of an hour on two cores.
const QUICK: Counts = Counts {
    pairs: 48,
    largest_poses: 16,
    drawings: 12,
    trained_images: 1000,
    epochs: 12,
    transformer_images: 24_000,
    trained_pairs: 16,
    trained_seeds: 2,
};

/// Images in training for each pair that was asked for.
const IMAGES_PER_PAIR: usize = 30;

impl ReproductionSettings {
    pub(crate) fn counts(&self) -> Result<Counts, Error> {
        let usual = if self.is_quick { QUICK } else { PAPER };
        // Whoever wants fewer pairs wants less of everything.
        let most = self.pairs.unwrap_or(usize::MAX);
        let counts = Counts {
            pairs: self.pairs.unwrap_or(usual.pairs),
            largest_poses: self.largest_poses.unwrap_or(usual.largest_poses),
            drawings: usual.drawings.min(most),
            trained_pairs: usual.trained_pairs.min(most),
            trained_seeds: usual.trained_seeds.min(most),
            trained_images: usual.trained_images.min(most.saturating_mul(IMAGES_PER_PAIR)),
            ..usual
        };
        if counts.pairs < 2 {
            return Err(Error::settings(
                format!("pairs: expected at least 2, got {}", counts.pairs),
                "figures show how errors of many pairs are related; pass `--pairs 48`",
            ));
        }
        if counts.largest_poses < 4 {
            return Err(Error::settings(
                format!("largest number of poses: expected at least 4, got {}", counts.largest_poses),
                "figures show how errors fall with the number of poses; pass `--largest-poses 16`",
            ));
        }
        Ok(counts)
    }

    /// Whether counts are smaller than the paper's.
    pub(crate) fn is_reduced(&self) -> Result<bool, Error> {
        let counts = self.counts()?;
        Ok(counts.pairs < PAPER.pairs
            || counts.largest_poses < PAPER.largest_poses
            || counts.drawings < PAPER.drawings)
    }

    /// The command that makes it again.
    pub(crate) fn command(&self, data: &str) -> String {
        let mut words = vec!["isotypic reproduce".to_owned()];
        words.extend(self.figures.iter().cloned());
        if self.is_quick {
            words.push("--quick".to_owned());
        }
        words.push(format!("--data {data}"));
        words.extend(self.pairs.map(|pairs| format!("--pairs {pairs}")));
        words.extend(self.largest_poses.map(|poses| format!("--largest-poses {poses}")));
        words.push("--out DIR".to_owned());
        words.join(" ")
    }
}

impl Counts {
    /// Those of some numbers of poses that are not too large.
    pub(crate) fn poses(&self, all: &[usize]) -> Vec<usize> {
        all.iter().copied().filter(|&poses| poses <= self.largest_poses).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_the_papers_unless_asked_otherwise() {
        let full = ReproductionSettings::default();
        assert_eq!((full.counts().unwrap(), full.is_reduced().unwrap()), (PAPER, false));
        let small = ReproductionSettings { pairs: Some(2), largest_poses: Some(8), ..full };
        assert!(small.is_reduced().unwrap());
        assert_eq!(small.counts().unwrap().poses(&[2, 4, 8, 16]), [2, 4, 8]);
        let counts = small.counts().unwrap();
        assert_eq!((counts.drawings, counts.trained_pairs, counts.trained_images), (2, 2, 60));
    }

    #[test]
    fn too_little_to_see_anything_is_refused() {
        for (pairs, poses) in [(Some(1), None), (None, Some(2))] {
            let settings = ReproductionSettings { pairs, largest_poses: poses, ..Default::default() };
            assert!(settings.counts().unwrap_err().hint().is_some());
        }
    }
}
