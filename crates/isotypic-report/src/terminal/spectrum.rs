//! A spectrum as one line per block, then the errors.

use std::fmt::Write;

use crate::spectrum_report::{SpectrumBlock, SpectrumReport};
use crate::status::Status;

use super::number::{MISSING, decimal, scientific};
use super::table::{Align, Table};
use super::wrap::{paragraph, wrap};

const INDENT: &str = "   ";

const COLUMNS: [(&str, Align); 6] = [
    ("block", Align::Left),
    ("dimension", Align::Right),
    ("times", Align::Right),
    ("smallest", Align::Right),
    ("largest", Align::Right),
    ("share", Align::Right),
];

const LEGEND: &str = "Each eigenvalue of a block stands `times` times in the Gram matrix; `share` is the part of \
                      the trace in the block. An exact error is label minus prediction with one pose of the seed \
                      held out: 0 is perfect, beyond 1 in size the wrong class.";

/// The spectrum as a person reads it: one line per irreducible representation, then errors per seed.
///
/// Lines have at most `width` characters, where words and the numbers of the table allow.
#[must_use]
pub fn render_spectrum(report: &SpectrumReport, width: usize) -> String {
    let title = format!("Gram matrix of {} seeds under `{}`", report.seeds, report.group);
    let mut text = paragraph("", &title, width);
    text.push('\n');
    for line in table(&report.blocks).lines() {
        // `writeln!` to a string does not fail.
        let _ = writeln!(text, "{INDENT}{line}");
    }
    text.push('\n');
    let errors: Vec<_> = report.exact_error.iter().map(|&error| decimal(error)).collect();
    let facts = [
        ("exact error    ", errors.join(" ")),
        ("spectral error ", decimal(report.spectral_error)),
        ("defect         ", decimal(report.invariance_defect)),
        ("condition      ", scientific(report.condition_number)),
        ("status         ", report.status.name().replace('_', " ")),
    ];
    for (name, value) in facts.iter().filter(|(_, value)| value != MISSING && !value.is_empty()) {
        text.push_str(&paragraph(&format!("{INDENT}{name} "), value, width));
    }
    if report.status == Status::NotPositiveDefinite {
        text.push_str(&paragraph(INDENT, "The matrix cannot be inverted at this ridge.", width));
    }
    text.push('\n');
    for line in wrap(LEGEND, width) {
        let _ = writeln!(text, "{line}");
    }
    text
}

fn table(blocks: &[SpectrumBlock]) -> Table {
    let trace = |block: &SpectrumBlock| block.multiplicity as f64 * block.eigenvalues.iter().sum::<f64>();
    let total: f64 = blocks.iter().map(trace).sum();
    let mut table = Table::new(&COLUMNS);
    for block in blocks {
        let smallest = block.eigenvalues.iter().copied().reduce(f64::min);
        let largest = block.eigenvalues.iter().copied().reduce(f64::max);
        table.row([
            block.irrep.clone(),
            block.dimension.to_string(),
            block.multiplicity.to_string(),
            scientific(smallest),
            scientific(largest),
            decimal(Some(trace(block) / total)),
        ]);
    }
    table
}
