//! Fewer pairs and poses for costly kernels, where the user has not said how many.
//!
//! Costs are nominal, not measured, so that the same command gives the same results on every machine.

use super::pairs::DEFAULT_PAIRS;
use super::question::Question;
use super::task::Part;
use crate::Error;

/// Nominal seconds of one core that an architecture may take for one family of poses.
const SECONDS: f64 = 75.0;

/// Below this many pairs, fewer poses are asked rather than fewer pairs.
const FEW_PAIRS: usize = 8;

/// Below this many pairs a median says nothing.
const LEAST_PAIRS: usize = 4;

/// What the settings allow to be reduced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// Pairs that there are.
    pub(crate) pairs: usize,
    /// Whether fewer may be taken.
    pub(crate) pairs_may_shrink: bool,
}

/// Parts and pairs that fit.
#[derive(Debug)]
pub(crate) struct Fitted {
    pub(crate) parts: Vec<Part>,
    pub(crate) pairs: usize,
    asked_pairs: usize,
    largest_dropped: Option<usize>,
}

impl Budget {
    /// Leaves out the largest numbers of poses, then pairs, until the nominal cost fits.
    pub(crate) fn fit(
        &self,
        mut parts: Vec<Part>,
        questions: &[Question],
        cost: impl Fn(&Part) -> Result<f64, Error>,
    ) -> Result<Fitted, Error> {
        let asked_pairs = self.pairs;
        let mut largest_dropped = None;
        if !self.pairs_may_shrink {
            return Ok(Fitted { parts, pairs: asked_pairs, asked_pairs, largest_dropped });
        }
        loop {
            let Some(costly) = parts.iter().max_by_key(|part| part.poses) else {
                return Ok(Fitted { parts, pairs: asked_pairs, asked_pairs, largest_dropped });
            };
            let largest = costly.poses;
            let fits = (SECONDS / cost(costly)?) as usize;
            // Only numbers of poses that nobody asked for may go, and each question keeps its smallest.
            let may_drop = |part: &Part| {
                let question = &questions[part.question];
                part.poses == largest && !question.poses_are_given && question.poses.first() != Some(&largest)
            };
            let droppable = parts.iter().any(may_drop)
                && parts.iter().all(|part| part.poses != largest || may_drop(part));
            if fits >= FEW_PAIRS.min(asked_pairs) || !droppable {
                let pairs = fits.max(LEAST_PAIRS).min(asked_pairs);
                return Ok(Fitted { parts, pairs, asked_pairs, largest_dropped });
            }
            largest_dropped.get_or_insert(largest);
            parts.retain(|part| part.poses != largest);
        }
    }
}

impl Fitted {
    /// What was reduced, in words.
    pub(crate) fn note(&self, architecture: &str) -> Option<String> {
        let largest = self.parts.iter().map(|part| part.poses).max().unwrap_or(1);
        let poses =
            self.largest_dropped.map(|dropped| format!("at most {largest} poses instead of {dropped}"));
        let pairs = (self.pairs < self.asked_pairs).then(|| {
            format!("{} pairs instead of {} at up to {largest} poses", self.pairs, self.asked_pairs)
        });
        let what: Vec<String> = poses.into_iter().chain(pairs).collect();
        (!what.is_empty()).then(|| {
            format!(
                "{architecture}: {}, since its kernel is costly; --pairs {DEFAULT_PAIRS} asks for all",
                what.join(", ")
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_user_asked_for_is_never_reduced() {
        let budget = Budget { pairs: 5, pairs_may_shrink: false };
        let parts = vec![Part { question: 0, poses: 64 }];
        let fitted = budget.fit(parts.clone(), &[], |_| Ok(1e9)).unwrap();
        assert_eq!((fitted.parts, fitted.pairs), (parts, 5));
    }
}
