//! Plain words for what was found.

use crate::details::{ErrorSpread, RepairRow};
use crate::figure::number;
use crate::terminal::percent;
use crate::verdict::Verdict;

/// How a verdict looks: `good`, `mixed`, `bad` or `open`.
pub(super) fn colour(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Succeeds | Verdict::OrbitCollapse => "good",
        Verdict::FailsBelow { .. } => "mixed",
        Verdict::Fails => "bad",
        Verdict::Undecided => "open",
    }
}

/// The verdict for somebody who has never heard of the theory.
pub(super) fn plainly(verdict: Verdict, poses: &[usize]) -> String {
    let (least, most) = (poses.iter().min().copied(), poses.iter().max().copied());
    match (verdict, least, most) {
        (Verdict::OrbitCollapse, ..) => "Yes: the symmetry is built in".to_owned(),
        (Verdict::Succeeds, Some(least), Some(most)) if least == most => format!("Yes, at {least} poses"),
        (Verdict::Succeeds, Some(least), _) => format!("Yes, from {least} poses on"),
        (Verdict::FailsBelow { poses }, ..) => format!("Only with {poses} poses or more"),
        (Verdict::Fails, Some(least), Some(most)) if least == most => format!("No, not with {most} poses"),
        (Verdict::Fails, _, Some(most)) => format!("No, not even with {most} poses"),
        _ => "Not decided: some Gram matrix could not be inverted".to_owned(),
    }
}

/// How sure a verdict is.
pub(super) fn how_sure(spread: &ErrorSpread, asked: usize, what: &str, poses: usize) -> String {
    let interval = spread
        .all_right_interval
        .map(|[low, high]| format!(" (95 % interval {:.0} to {:.0} %)", 100.0 * low, 100.0 * high));
    format!(
        "{} of {asked} {what} fully right at {poses} poses{}",
        spread.all_right,
        interval.unwrap_or_default()
    )
}

/// One way to repair a failure.
#[derive(serde::Serialize)]
pub(super) struct Remedy {
    pub(super) name: &'static str,
    /// Whether it would work.
    pub(super) works: bool,
    pub(super) text: String,
}

/// What would help, each with its numbers.
pub(super) fn remedies(
    row: &RepairRow,
    poses_asked: &[usize],
    networks_asked: usize,
    of_seeds: bool,
) -> Vec<Remedy> {
    let most = poses_asked.iter().max().copied().unwrap_or(row.poses);
    let mut remedies = vec![match row.enough_poses {
        Some(poses) => Remedy {
            name: "More poses",
            works: true,
            text: format!("With {poses} poses of each object, at least nine of ten missing poses are right."),
        },
        None => Remedy {
            name: "More poses",
            works: false,
            text: format!("Not within what was asked: {most} poses are not enough."),
        },
    }];
    remedies.push(match row.other_architectures.as_slice() {
        [] => Remedy {
            name: "Another network",
            works: false,
            text: match networks_asked {
                1 => "No other network was asked about.".to_owned(),
                _ => format!("None of the others asked is right at {} poses.", row.poses),
            },
        },
        names => Remedy {
            name: "Another network",
            works: true,
            text: format!("Already right at {} poses: {}.", row.poses, names.join(", ")),
        },
    });
    if let (Some(error), Some(correct)) = (row.averaged_error, row.averaged_correct) {
        remedies.push(Remedy {
            name: "Averaging over the group",
            works: correct >= 0.9,
            text: format!(
                "The same network averaged over all poses, as a group-equivariant network does: predicted error {} at {} poses, {} of missing poses right.",
                number(Some(error)),
                row.poses,
                percent(correct)
            ),
        });
    }
    if let Some(factor) = row.separation_factor {
        let (what, between) = match of_seeds {
            true => ("seed", "between a class and the nearest other one"),
            false => ("pair", "between the two classes"),
        };
        let failing = match (row.failing, row.asked) {
            (1, 1) => format!("the {what}"),
            (failing, asked) => format!("the {failing} of {asked} {what}s that fail (median)"),
        };
        remedies.push(Remedy {
            name: "Classes further apart",
            works: false,
            text: format!(
                "At {} poses the squared distance {between} would have to be {} times what it is, for {failing}.",
                row.poses,
                times(factor)
            ),
        });
    }
    remedies
}

/// A factor with two or three digits that count.
fn times(factor: f64) -> String {
    match factor {
        factor if factor < 9.95 => format!("{factor:.2}"),
        factor if factor < 9999.5 => format!("{factor:.0}"),
        factor => format!("{factor:.1e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_in_plain_words() {
        let poses = [2, 4, 8];
        assert_eq!(plainly(Verdict::FailsBelow { poses: 8 }, &poses), "Only with 8 poses or more");
        assert_eq!(plainly(Verdict::Fails, &poses), "No, not even with 8 poses");
        assert_eq!(plainly(Verdict::Fails, &[28]), "No, not with 28 poses");
        assert_eq!(plainly(Verdict::Succeeds, &poses), "Yes, from 2 poses on");
    }

    #[test]
    fn remedies_say_what_does_not_help_either() {
        let row = RepairRow {
            question: 0,
            arch: "mlp".into(),
            poses: 8,
            fails: true,
            enough_poses: None,
            other_architectures: vec![],
            averaged_error: Some(0.01),
            averaged_correct: Some(1.0),
            separation_factor: Some(2.5),
            failing: 3,
            asked: 4,
        };
        let seeds = super::remedies(&row, &[4, 8], 2, true);
        assert!(
            seeds[3].text.contains("between a class and the nearest other one would have to be 2.50 times")
        );
        assert_eq!(seeds[1].text, "None of the others asked is right at 8 poses.");
        assert!(super::remedies(&row, &[4, 8], 1, true)[1].text.starts_with("No other network"));
        let remedies = remedies(&row, &[4, 8], 2, false);
        assert_eq!(remedies.iter().map(|r| r.works).collect::<Vec<_>>(), [false, false, true, false]);
        assert!(remedies[2].text.contains("0.010 at 8 poses, 100 %"));
        assert!(remedies[3].text.contains("2.50 times") && remedies[3].text.contains("3 of 4 pairs"));
    }
}
