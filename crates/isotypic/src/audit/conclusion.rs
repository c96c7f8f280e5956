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
            format!("{}: {}.", capitalised(&question.title()), join(&grouped(&of_question), "; "))
        })
        .collect();
    sentences.extend(repair(job, summary, verdicts));
    sentences
}

/// `mlp and cnn` + verdict, architectures with the same verdict together.
fn grouped(verdicts: &[&VerdictRow]) -> Vec<String> {
    let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
    for row in verdicts {
        match groups.iter_mut().find(|(text, _)| *text == row.text) {
            Some((_, names)) => names.push(row.arch.clone()),
            None => groups.push((&row.text, vec![row.arch.clone()])),
        }
    }
    groups.into_iter().map(|(text, names)| format!("{} — {text}", join(&names, " and "))).collect()
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
    let more = if verdicts.iter().any(|row| matches!(row.verdict, Verdict::FailsBelow { .. })) {
        "more poses help (the numbers above)".to_owned()
    } else {
        format!("up to {densest} poses did not help")
    };
    Some(if matching.is_empty() {
        format!(
            "A symmetry that is not built into the architecture is not learned from the classes that show it: {more}, or an architecture that has the symmetry."
        )
    } else {
        format!(
            "A symmetry that is not built into the architecture is not learned from the classes that show it: {more}; an architecture that has it needs no further pose ({}).",
            join(&matching, ", ")
        )
    })
}

fn join(parts: &[String], separator: &str) -> String {
    parts.join(separator)
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
