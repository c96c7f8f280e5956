//! A reproduction as a page of Markdown, and as a table for a terminal.

use std::fmt::Write;

use crate::figure::number;
use crate::reproduction_report::{
    ReproducedFigure, ReproductionCheck, ReproductionReport, ReproductionVerdict,
};

/// The page: every figure with its pictures and numbers, and at the end which ones are reproduced.
///
/// Pictures are links to files of the folder `figures` beside it.
#[must_use]
pub fn render_reproduction_page(report: &ReproductionReport) -> String {
    let mut page =
        String::from("# Figures of “On the Ability of Deep Networks to Learn Symmetries from Data”\n\n");
    page.push_str(
        "A. Perin and S. Deny, JMLR 2025, [arXiv 2412.11521](https://arxiv.org/abs/2412.11521), made again by \
         `isotypic`: the pictures are ours, computed from scratch.\n\n",
    );
    let size = if report.is_reduced {
        "Counts are smaller than the paper's, as each figure says."
    } else {
        "Counts are the paper's."
    };
    // Writing to a string does not fail.
    let _ = writeln!(
        page,
        "Data: `{}` (sha256 `{}`). {size} Version {}. To make it again:\n\n    {}\n",
        inline(&report.data),
        &report.data_hash,
        report.version,
        inline(&report.command)
    );
    for figure in &report.figures {
        write_figure(&mut page, figure);
    }
    page.push_str("## All figures\n\n| figure | verdict | numbers |\n|---|---|---|\n");
    for figure in &report.figures {
        let numbers: Vec<_> = figure.checks.iter().filter(|check| check.holds.is_some()).map(line).collect();
        let numbers = if numbers.is_empty() { cell(&figure.notes.join(" ")) } else { numbers.join("; ") };
        let _ = writeln!(page, "| [{0}](#{0}) | **{1}** | {numbers} |", figure.name, figure.verdict.text());
    }
    page
}

fn write_figure(page: &mut String, figure: &ReproducedFigure) {
    let _ = writeln!(page, "## {}\n", figure.name);
    let _ = writeln!(page, "**{}** – {}\n", inline(&figure.title), figure.verdict.text());
    let _ = writeln!(page, "*The paper:* {}\n", inline(&figure.paper));
    let _ = writeln!(page, "*Here:* {}\n", inline(&figure.setting));
    for picture in &figure.pictures {
        let _ = writeln!(page, "![{}](figures/{})\n", inline(&picture.description), picture.file);
    }
    if !figure.checks.is_empty() {
        page.push_str("| | expected | found | | source |\n|---|---|---|---|---|\n");
        for check in &figure.checks {
            let _ = writeln!(
                page,
                "| {} | {} | {} | {} | {} |",
                cell(&check.quantity),
                cell(&check.expected),
                number(check.found),
                held(check.holds),
                cell(&check.source)
            );
        }
        page.push('\n');
    }
    for note in &figure.notes {
        let _ = writeln!(page, "{}\n", inline(note));
    }
}

/// A table of verdicts, and every number that is not as expected.
#[must_use]
pub fn render_reproduction(report: &ReproductionReport, width: usize) -> String {
    let longest = report.figures.iter().map(|figure| figure.name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for figure in &report.figures {
        let held = figure.checks.iter().filter(|check| check.holds == Some(true)).count();
        let checked = figure.checks.iter().filter(|check| check.holds.is_some()).count();
        let numbers = match figure.verdict {
            ReproductionVerdict::NotRun => String::new(),
            _ => format!("{held} of {checked} numbers as expected"),
        };
        let line = format!("{:<longest$}  {:<10}  {numbers}", figure.name, figure.verdict.text());
        let _ = writeln!(text, "{}", line.trim_end());
        let indent = longest + 2;
        let failed = figure.checks.iter().filter(|check| check.holds == Some(false)).map(line_of_failure);
        let reasons = figure.notes.iter().filter(|_| figure.verdict == ReproductionVerdict::NotRun).cloned();
        for reason in failed.chain(reasons) {
            for line in crate::terminal::wrap(&reason, width.saturating_sub(indent).max(20)) {
                let _ = writeln!(text, "{:indent$}{line}", "");
            }
        }
    }
    text
}

fn line_of_failure(check: &ReproductionCheck) -> String {
    format!("{}: {}, expected {} ({})", check.quantity, number(check.found), check.expected, check.source)
}

fn line(check: &ReproductionCheck) -> String {
    let wrong = if check.holds == Some(false) { " ✗" } else { "" };
    format!("{} {} ({}){wrong}", cell(&check.quantity), number(check.found), cell(&check.expected))
}

fn held(holds: Option<bool>) -> &'static str {
    match holds {
        Some(true) => "✓",
        Some(false) => "✗",
        None => "not checked",
    }
}

/// Text on one line.
fn inline(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    inline(text).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReproducedPicture;

    fn report() -> ReproductionReport {
        let check = |quantity: &str, found, holds| ReproductionCheck {
            quantity: quantity.to_owned(),
            expected: "at least 0.9".to_owned(),
            source: "abstract".to_owned(),
            found,
            holds,
        };
        let figure = |name: &str, checks: Vec<ReproductionCheck>, notes: &[&str]| ReproducedFigure {
            name: name.to_owned(),
            title: "Errors of a network".to_owned(),
            paper: "They agree.".to_owned(),
            setting: "Two pairs.".to_owned(),
            verdict: ReproductionVerdict::of(&checks),
            checks,
            notes: notes.iter().map(|&note| note.to_owned()).collect(),
            pictures: vec![ReproducedPicture {
                file: format!("{name}.svg"),
                description: "Dots.".to_owned(),
            }],
        };
        ReproductionReport {
            schema: ReproductionReport::SCHEMA.to_owned(),
            version: "1.2.3".to_owned(),
            command: "isotypic reproduce all".to_owned(),
            data: "numbers".to_owned(),
            data_hash: "abc".to_owned(),
            is_reduced: true,
            figures: vec![
                figure(
                    "one",
                    vec![check("correlation |r|", Some(0.95), Some(true)), check("slope", None, None)],
                    &[],
                ),
                figure("second", vec![check("correlation", Some(0.5), Some(false))], &["A note."]),
                figure(
                    "trained",
                    Vec::new(),
                    &[
                        "It needs the cargo feature `train`: build with `cargo build --release --features train`.",
                    ],
                ),
            ],
        }
    }

    #[test]
    fn the_page_holds_every_figure_and_ends_in_the_table() {
        let page = render_reproduction_page(&report());
        for text in [
            "## second\n\n**Errors of a network** – differs\n",
            "![Dots.](figures/one.svg)",
            "| correlation \\|r\\| | at least 0.9 | 0.950 | ✓ | abstract |",
            "| slope | at least 0.9 | - | not checked | abstract |",
            "| [one](#one) | **reproduced** | correlation \\|r\\| 0.950 (at least 0.9) |",
            "| [trained](#trained) | **not run** | It needs the cargo feature `train`",
        ] {
            assert!(page.contains(text), "{text}\n{page}");
        }
        let table = page.find("## All figures").unwrap();
        assert!(page[table..].lines().count() == 7 && page.contains("Counts are smaller"));
    }

    #[test]
    fn a_terminal_shows_verdicts_and_what_is_not_as_expected() {
        let expected = "\
one      reproduced  1 of 1 numbers as expected
second   differs     0 of 1 numbers as expected
         correlation: 0.500, expected at least 0.9 (abstract)
trained  not run
         It needs the cargo feature `train`: build with
         `cargo build --release --features train`.
";
        assert_eq!(render_reproduction(&report(), 61), expected);
    }
}
