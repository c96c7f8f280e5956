//! The answer for one architecture, in a word and in plain words.

use serde::{Deserialize, Serialize};

/// Whether an architecture gets held-out poses right.
///
/// "Enough poses" is the smallest number such that it and every larger number asked succeed; the curve of error
/// against poses need not be monotone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// Right at every number of poses asked.
    Succeeds,
    /// Wrong at some smaller number of poses, right from this one on.
    FailsBelow {
        /// The smallest number of poses that is enough.
        poses: usize,
    },
    /// Wrong at the largest number of poses asked.
    Fails,
    /// Right, since held-out poses are determined by observed ones: the architecture has the symmetry.
    OrbitCollapse,
    /// There are numbers of poses without an answer.
    Undecided,
}

impl Verdict {
    /// The verdict in plain words, given the numbers of poses asked.
    ///
    /// # Examples
    /// ```
    /// use isotypic_report::Verdict;
    ///
    /// assert_eq!(Verdict::FailsBelow { poses: 16 }.describe(&[2, 4, 8, 16, 32]), "fails below 16 poses");
    /// assert_eq!(Verdict::Fails.describe(&[28]), "fails at 28 poses");
    /// ```
    #[must_use]
    pub fn describe(self, poses: &[usize]) -> String {
        let (least, most) = (poses.iter().min(), poses.iter().max());
        match (self, least, most) {
            (Self::OrbitCollapse, ..) => "right: orbit collapse".to_owned(),
            (Self::FailsBelow { poses }, ..) => format!("fails below {poses} poses"),
            (Self::Succeeds, Some(least), Some(most)) if least == most => format!("right at {least} poses"),
            (Self::Succeeds, Some(least), _) => format!("right from {least} poses on"),
            (Self::Fails, Some(least), Some(most)) if least == most => format!("fails at {most} poses"),
            (Self::Fails, _, Some(most)) => format!("fails up to {most} poses"),
            _ => "undecided".to_owned(),
        }
    }
}

/// The verdict on one architecture for one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictRow {
    /// Index into [`questions`](crate::AuditReport::questions).
    pub question: usize,
    /// The architecture.
    pub arch: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The verdict in plain words: `fails below 16 poses`.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_of_poses_is_no_curve() {
        assert_eq!(Verdict::Succeeds.describe(&[28]), "right at 28 poses");
        assert_eq!(Verdict::Succeeds.describe(&[2, 4, 8]), "right from 2 poses on");
        assert_eq!(Verdict::Fails.describe(&[2, 64]), "fails up to 64 poses");
    }

    #[test]
    fn nothing_asked_is_undecided() {
        assert_eq!(Verdict::Succeeds.describe(&[]), "undecided");
        assert_eq!(Verdict::Undecided.describe(&[2]), "undecided");
    }

    #[test]
    fn a_verdict_is_an_object_with_a_kind() {
        let json = |verdict| serde_json::to_string(&verdict).unwrap();
        assert_eq!(json(Verdict::Succeeds), r#"{"kind":"succeeds"}"#);
        assert_eq!(json(Verdict::FailsBelow { poses: 8 }), r#"{"kind":"fails_below","poses":8}"#);
    }
}
