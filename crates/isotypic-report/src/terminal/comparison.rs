//! Two audits side by side as a table.

use std::fmt::Write;

use crate::comparison::ComparisonReport;

use super::number::{MISSING, decimal, percent};
use super::table::{Align, Table};
use super::wrap::paragraph;

const INDENT: &str = "   ";

const COLUMNS: [(&str, Align); 8] = [
    ("network", Align::Left),
    ("group", Align::Left),
    ("held out", Align::Left),
    ("A\nerror", Align::Right),
    ("B\nerror", Align::Right),
    ("B − A", Align::Right),
    ("A\nright", Align::Right),
    ("B\nright", Align::Right),
];

/// The comparison as a person reads it. Lines have at most `width` characters, where words and the table allow.
#[must_use]
pub fn render_comparison(report: &ComparisonReport, width: usize) -> String {
    let mut text = String::new();
    for (side, name) in ["A  ", "B  "].iter().zip(&report.names) {
        text.push_str(&paragraph(side, name, width));
    }
    if !report.differences.is_empty() {
        text.push_str("\nThe settings differ\n");
    }
    for (name, [a, b]) in &report.differences {
        text.push_str(&paragraph(INDENT, &format!("{name}: {a} | {b}"), width));
    }
    text.push('\n');
    let mut table = Table::new(&COLUMNS);
    for row in &report.rows {
        let share = |value: Option<f64>| value.map_or(MISSING.to_owned(), percent);
        table.row([
            row.arch.clone(),
            row.group.clone(),
            row.hold_out.clone(),
            decimal(row.median_exact_error[0]),
            decimal(row.median_exact_error[1]),
            decimal(row.change),
            share(row.fraction_correct[0]),
            share(row.fraction_correct[1]),
        ]);
    }
    for line in table.lines() {
        // `writeln!` to a string does not fail.
        let _ = writeln!(text, "{INDENT}{line}");
    }
    text.push_str("\nVerdicts\n");
    for verdict in &report.verdicts {
        let [a, b] = verdict.texts.each_ref().map(|text| text.as_deref().unwrap_or("not asked"));
        let words = match verdict.same {
            true => format!("the same: {a}"),
            false => format!("A {a}; B {b}"),
        };
        let line = format!("{} under {} ({}): {words}", verdict.arch, verdict.group, verdict.hold_out);
        text.push_str(&paragraph(" - ", &line, width));
    }
    text
}
