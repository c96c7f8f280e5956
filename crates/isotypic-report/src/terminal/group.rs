//! A group as a few facts and its character table.

use std::fmt::Write;

use crate::group_report::{GroupClass, GroupIrrep, GroupReport};

use super::table::{Align, Table};
use super::wrap::paragraph;

const INDENT: &str = "   ";

const LEGEND: &str = "A column is a conjugacy class: its smallest element, number of elements and their order. Entries are \
                      characters, traces of the matrices.";

/// Irreps that are listed where their characters do not fit.
const MOST_LINES: usize = 24;

/// The group as a person reads it: its size, then the character table where it fits the width.
#[must_use]
pub fn render_group(report: &GroupReport, width: usize) -> String {
    let mut text = paragraph("", &format!("Group {} (`{}`)", report.name, report.group), width);
    text.push('\n');
    let generators: Vec<String> = report.generators.iter().map(usize::to_string).collect();
    let dimensions: Vec<String> =
        report.dimensions.iter().map(|row| format!("{} of dimension {}", row.count, row.dimension)).collect();
    let commute = if report.is_abelian { ", which commute" } else { "" };
    let facts = [
        ("order       ", format!("{} elements{commute}", report.order)),
        ("generators  ", if generators.is_empty() { "none".to_owned() } else { generators.join(", ") }),
        ("classes     ", report.class_count.to_string()),
        ("irreps      ", dimensions.join(", ")),
    ];
    for (name, value) in facts {
        text.push_str(&paragraph(&format!("{INDENT}{name}"), &value, width));
    }
    let (Some(classes), Some(irreps)) = (&report.classes, &report.irreps) else { return text };
    text.push('\n');
    let whole = table(classes, irreps, true);
    let fits = INDENT.len() + whole.width() <= width;
    let table = if fits { whole } else { table(classes, table_irreps(fits, irreps), false) };
    for line in table.lines() {
        // `writeln!` to a string does not fail.
        let _ = writeln!(text, "{INDENT}{line}");
    }
    let left_out = irreps.len() - table_irreps(fits, irreps).len();
    if left_out > 0 {
        text.push_str(&paragraph(INDENT, &format!("… and {left_out} more"), width));
    }
    text.push('\n');
    let legend =
        if fits { LEGEND } else { "The character table is too wide for this terminal; `--json` has it." };
    text.push_str(&paragraph("", legend, width));
    text
}

/// All irreps of a whole character table; of a list the first.
fn table_irreps(fits: bool, irreps: &[GroupIrrep]) -> &[GroupIrrep] {
    if fits { irreps } else { &irreps[..irreps.len().min(MOST_LINES)] }
}

/// One line per irrep; with its characters or without.
fn table(classes: &[GroupClass], irreps: &[GroupIrrep], with_characters: bool) -> Table {
    let headings: Vec<String> = classes
        .iter()
        .filter(|_| with_characters)
        .map(|class| format!("{}\n{}×\n{}", class.representative, class.size, class.element_order))
        .collect();
    let mut columns = vec![("irrep", Align::Left), ("dimension", Align::Right), ("kind", Align::Left)];
    columns.extend(headings.iter().map(|heading| (heading.as_str(), Align::Right)));
    let mut table = Table::new(&columns);
    for irrep in irreps {
        let characters = irrep.character_real.iter().zip(&irrep.character_imaginary);
        let characters = characters.filter(|_| with_characters).map(|(&re, &im)| complex(re, im));
        let facts = [irrep.irrep.clone(), irrep.dimension.to_string(), irrep.kind.clone()];
        table.row(facts.into_iter().chain(characters));
    }
    table
}

/// A complex number with up to three decimals.
fn complex(re: f64, im: f64) -> String {
    let (re, im) = (short(re), short(im));
    match (re.as_str(), im.as_str()) {
        (_, "0") => re,
        ("0", "1") => "i".to_owned(),
        ("0", "-1") => "-i".to_owned(),
        ("0", _) => format!("{im}i"),
        _ if im.starts_with('-') => format!("{re}{im}i"),
        _ => format!("{re}+{im}i"),
    }
}

fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complex_numbers_are_short() {
        assert_eq!(complex(1.0, -1e-17), "1");
        assert_eq!(complex(-1e-17, 1.0), "i");
        assert_eq!(complex(0.0, -2.0), "-2i");
        assert_eq!(complex(-0.5, 0.866_025_4), "-0.5+0.866i");
        assert_eq!(complex(-0.5, -0.866_025_4), "-0.5-0.866i");
        assert_eq!(complex(1.618_033_9, 0.0), "1.618");
        assert_eq!(complex(-10.0, 0.0), "-10");
    }
}
