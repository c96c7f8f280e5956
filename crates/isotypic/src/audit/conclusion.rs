//! Two or three plain sentences, made from the verdicts.

use isotypic_report::{SummaryRow, Verdict, VerdictRow};

use super::job::Job;

/// One sentence per question, and one on what would help where something fails.
pub(crate) fn conclusion(job: &Job, summary: &[SummaryRow], verdicts: &[VerdictRow]) -> Vec<String> {
    let mut sentences: Vec<String> = job
        .questions
        .iter()
        .enumerate()
        .map(|(index, question)| {
            let of_question: Vec<&VerdictRow> = verdicts.iter().filter(|row| row.question == index).collect();
            format!("{}: {}.", capitalised(&question.title()), grouped(&of_question).join("; "))
        })
        .collect();
    sentences.extend(projected(summary));
    sentences.extend(answered(summary));
    sentences.extend(hidden(summary));
    sentences.extend(repair(job, summary, verdicts));
    sentences
}

/// Which errors are those of another kernel, the one averaged over the group.
fn projected(summary: &[SummaryRow]) -> Option<String> {
    let rows: Vec<&SummaryRow> = summary
        .iter()
        .filter(|row| row.median_exact_error.is_none() && row.median_projected_error.is_some())
        .collect();
    let first = rows.first()?;
    let mut names: Vec<String> = rows.iter().map(|row| row.arch.clone()).collect();
    names.dedup();
    let effect = first.projection_effect.as_ref().map_or_else(String::new, |effect| {
        format!(
            ": on a sample it changes the class of {} of {} points, and predictions by {:.1e} (median)",
            effect.changed, effect.points, effect.median_difference
        )
    });
    let name = enumerate(&names);
    Some(format!(
        "The answers for {name} under {} are those after projection on the group average{effect}.",
        first.group
    ))
}

/// Where some of the seeds are answered only.
fn answered(summary: &[SummaryRow]) -> Option<String> {
    let row = summary.iter().find(|row| row.conjugate_gradients.is_some())?;
    let solution = row.conjugate_gradients.as_ref()?;
    Some(format!(
        "The answers for {} under {} are those for {} of {} seeds that were observed, by conjugate gradients to a residual of {:.0e}.",
        row.arch, row.group, solution.answered, solution.seeds, solution.tolerance
    ))
}

/// Where the averaged formula of the paper promises success although a class fails.
fn hidden(summary: &[SummaryRow]) -> Option<String> {
    let hidden: usize = summary.iter().map(|row| row.hidden_failures).sum();
    let asked: usize =
        summary.iter().filter(|row| row.hidden_failures > 0).map(|row| row.pairs + row.seeds).sum();
    let what = if summary.iter().any(|row| row.seeds > 0) { "seeds" } else { "pairs" };
    (hidden > 0).then(|| {
        format!(
            "The spectral error, an average, stays below 1 in {hidden} of {asked} {what} in which a held-out pose gets the wrong class: trust the exact error."
        )
    })
}

/// `mlp and cnn fail below 16 poses`: architectures with the same verdict together.
fn grouped(verdicts: &[&VerdictRow]) -> Vec<String> {
    let mut groups: Vec<(&VerdictRow, Vec<String>)> = Vec::new();
    for row in verdicts {
        match groups.iter_mut().find(|(first, _)| first.text == row.text) {
            Some((_, names)) => names.push(row.arch.clone()),
            None => groups.push((row, vec![row.arch.clone()])),
        }
    }
    groups
        .into_iter()
        .map(|(row, names)| format!("{} {}", enumerate(&names), predicate(row, names.len() > 1)))
        .collect()
}

/// The verdict as the predicate of a sentence.
fn predicate(row: &VerdictRow, plural: bool) -> String {
    let be = if plural { "are" } else { "is" };
    match row.verdict {
        Verdict::OrbitCollapse => format!("{} the symmetry built in", if plural { "have" } else { "has" }),
        Verdict::Fails | Verdict::FailsBelow { .. } if plural => row.text.replacen("fails", "fail", 1),
        Verdict::Fails | Verdict::FailsBelow { .. } => row.text.clone(),
        _ => format!("{be} {}", row.text),
    }
}

/// `a`, `a and b`, `a, b and c`.
fn enumerate(names: &[String]) -> String {
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// What the failures have in common and what the table says would repair them.
fn repair(job: &Job, summary: &[SummaryRow], verdicts: &[VerdictRow]) -> Option<String> {
    let fails = |row: &&VerdictRow| matches!(row.verdict, Verdict::Fails | Verdict::FailsBelow { .. });
    let collapses = |row: &&VerdictRow| row.verdict == Verdict::OrbitCollapse;
    let matching: Vec<String> = verdicts
        .iter()
        .filter(collapses)
        .map(|row| format!("{} under {}", row.arch, job.questions[row.question].group_text()))
        .collect();
    let failing = verdicts.iter().filter(fails).count();
    if failing == 0 {
        return None;
    }
    let densest = summary.iter().map(|row| row.poses).max().unwrap_or(1);
    let more_poses_help = verdicts.iter().any(|row| matches!(row.verdict, Verdict::FailsBelow { .. }));
    let more = if more_poses_help {
        "more poses help (the numbers above)".to_owned()
    } else {
        format!("up to {densest} poses were not enough")
    };
    Some(if matching.is_empty() {
        let architecture = if more_poses_help {
            ", or an architecture that has the symmetry"
        } else {
            "; an architecture that has the symmetry would"
        };
        format!(
            "A symmetry that is not built into the architecture is not learned from the classes that show it: {more}{architecture}."
        )
    } else {
        format!(
            "A symmetry that is not built into the architecture is not learned from the classes that show it: {more}; an architecture that has it needs no further pose ({}).",
            enumerate(&matching)
        )
    })
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(arch: &str, verdict: Verdict) -> VerdictRow {
        VerdictRow { question: 0, arch: arch.to_owned(), verdict, text: verdict.describe(&[2, 4, 8]) }
    }

    #[test]
    fn networks_with_the_same_verdict_share_a_clause() {
        let below = Verdict::FailsBelow { poses: 8 };
        let rows = [row("a", below), row("b", Verdict::Succeeds), row("c", below), row("d", below)];
        let rows: Vec<&VerdictRow> = rows.iter().collect();
        assert_eq!(grouped(&rows), ["a, c and d fail below 8 poses", "b is right from 2 poses on"]);
        assert_eq!(grouped(&[&row("a", Verdict::OrbitCollapse)]), ["a has the symmetry built in"]);
        assert_eq!(grouped(&[&row("a", Verdict::Fails)]), ["a fails up to 8 poses"]);
    }
}
