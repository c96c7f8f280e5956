//! How large audits of classes are solved.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::Error;

/// Seeds that conjugate gradients answer where nobody said how many.
const ANSWERED: usize = 16;

/// How audits of classes that are never held are solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Solver {
    /// By factors of blocks where the memory limit allows, else by conjugate gradients.
    #[default]
    Auto,
    /// By factors of blocks: errors of all seeds.
    Cholesky,
    /// By conjugate gradients, which hold no block: errors of some seeds.
    ConjugateGradients(AnsweredSeeds),
}

/// The seeds that conjugate gradients answer: each takes as many right-hand sides as there are rows in all irreps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnsweredSeeds {
    /// So many, spread evenly over the classes; of what is held out together all or none, and one such set at least.
    Count(usize),
    /// All of them.
    All,
}

impl Default for AnsweredSeeds {
    fn default() -> Self {
        Self::Count(ANSWERED)
    }
}

impl AnsweredSeeds {
    /// Which of the sets of seeds that are held out together are answered.
    pub(super) fn choose(self, together: &[Range<usize>]) -> Vec<Range<usize>> {
        let seeds: usize = together.iter().map(Range::len).sum();
        let sets = match self {
            Self::All => together.len(),
            // Rounded down: no more seeds than asked for.
            Self::Count(count) => (count * together.len() / seeds.max(1)).clamp(1, together.len()),
        };
        (0..sets).map(|at| together[at * together.len() / sets].clone()).collect()
    }
}

impl fmt::Display for Solver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cholesky => f.write_str("cholesky"),
            Self::ConjugateGradients(AnsweredSeeds::Count(count)) => write!(f, "conjugate-gradients:{count}"),
            Self::ConjugateGradients(AnsweredSeeds::All) => f.write_str("conjugate-gradients:all"),
        }
    }
}

impl FromStr for Solver {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::settings(
                format!("solver: expected a known name, got `{text}`"),
                "known are `auto`, `cholesky` and `conjugate-gradients`, with the number of seeds to answer as in `conjugate-gradients:16` or `conjugate-gradients:all`",
            )
        };
        match text.split_once(':') {
            None if text == "auto" => Ok(Self::Auto),
            None if text == "cholesky" => Ok(Self::Cholesky),
            None if text == "conjugate-gradients" => Ok(Self::ConjugateGradients(AnsweredSeeds::default())),
            Some(("conjugate-gradients", "all")) => Ok(Self::ConjugateGradients(AnsweredSeeds::All)),
            Some(("conjugate-gradients", count)) => match count.parse() {
                Ok(count) if count > 0 => Ok(Self::ConjugateGradients(AnsweredSeeds::Count(count))),
                _ => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_others_refused() {
        for name in ["auto", "cholesky", "conjugate-gradients:7", "conjugate-gradients:all"] {
            assert_eq!(name.parse::<Solver>().unwrap().to_string(), name);
        }
        let default = "conjugate-gradients".parse::<Solver>().unwrap();
        assert_eq!(default, Solver::ConjugateGradients(AnsweredSeeds::Count(16)));
        for name in ["", "lu", "cholesky:3", "conjugate-gradients:0", "conjugate-gradients:x"] {
            let error = name.parse::<Solver>().unwrap_err();
            assert!(error.to_string().contains(&format!("got `{name}`")) && error.hint().is_some());
        }
    }

    #[test]
    fn answered_seeds_are_spread_and_sets_stay_whole() {
        let singles: Vec<_> = (0..10).map(|seed| seed..seed + 1).collect();
        assert_eq!(AnsweredSeeds::Count(3).choose(&singles), [0..1, 3..4, 6..7]);
        assert_eq!(AnsweredSeeds::Count(99).choose(&singles), singles);
        assert_eq!(AnsweredSeeds::All.choose(&singles), singles);
        let classes = [0..4, 4..8, 8..12];
        assert_eq!(AnsweredSeeds::Count(9).choose(&classes), [0..4, 4..8]);
        assert_eq!(AnsweredSeeds::Count(1).choose(&classes), std::iter::once(0..4).collect::<Vec<_>>());
    }
}
