//! An audit as one table per question, then its conclusion.

use std::fmt::Write;

use crate::audit_report::AuditReport;
use crate::class_curve::ClassCurve;
use crate::question::ReportedQuestion;
use crate::status::Status;
use crate::summary::SummaryRow;
use crate::verdict::VerdictRow;

use super::extras::extras;
use super::number::{decimal, percent};
use super::remarks::{excess_occurs, remarks};
use super::table::{Align, GAP, Table};
use super::wrap::{paragraph, wrap};

const INDENT: &str = "   ";

/// Below this a verdict would break after every word; the table gets wider instead.
const LEAST_VERDICT_WIDTH: usize = 16;

/// The columns of numbers; `unseen` only where training left seeds out altogether.
fn columns(report: &AuditReport) -> Vec<(&'static str, Align)> {
    let counted = if of_classes(report) { "seeds" } else { "pairs" };
    let mut columns = vec![
        ("network", Align::Left),
        ("poses", Align::Right),
        (counted, Align::Right),
        ("exact\nerror", Align::Right),
    ];
    if is_projected(report) {
        columns.push(("projected\nerror", Align::Right));
    }
    columns.extend([("spectral\nerror", Align::Right), ("right", Align::Right)]);
    if has_unseen(report) {
        columns.push(("unseen\nright", Align::Right));
    }
    columns.push(("defect", Align::Right));
    columns
}

fn of_classes(report: &AuditReport) -> bool {
    !report.settings.classes.is_empty()
}

fn has_unseen(report: &AuditReport) -> bool {
    report.summary.iter().any(|row| row.unseen_seeds > 0)
}

/// Whether some errors are known after projection only.
fn is_projected(report: &AuditReport) -> bool {
    report.summary.iter().any(|row| row.projection_effect.is_some())
}

const PROJECTED_MEANING: &str =
    "the same for the kernel averaged over the group, where the kernel as it is was too large to solve";

/// What the columns mean, for a reader who has not read the paper (arXiv 2412.11521).
const COLUMN_MEANINGS: [(&str, &str); 5] = [
    ("poses", "images of one object under the group, of which one or more are held out"),
    (
        "exact error",
        "distance of the prediction at a held-out pose from its label: 0 is perfect, above 1 is the \
         wrong class (median over pairs of objects of two classes, or over objects)",
    ),
    ("spectral error", "estimate of the same from the spectrum of the kernel alone"),
    ("right", "held-out poses that get the right class"),
    ("defect", "how far the kernel is from treating all poses alike; 0 for an exact symmetry"),
];

const UNSEEN_MEANING: &str =
    "the same for objects that training never saw, at the poses that their class does not show";

const ACTION_MEANING: &str = "how far acting twice is from acting once by the product, relative to an image; turns between pixels interpolate";

const EXCESS_MEANING: &str = "how much an irrep (a frequency of the group) adds to the error; all of them add up to the \
                              error minus 1, so positive ones cause the failure";

/// What a status other than `ok` means; explained where it occurs.
const STATUS_MEANINGS: [(Status, &str); 4] = [
    (
        Status::OrbitCollapse,
        "the held-out pose is determined by the observed ones: the network has the symmetry built in",
    ),
    (Status::ConflictingLabels, "points of two classes look the same to the network"),
    (Status::NotPositiveDefinite, "the Gram matrix cannot be inverted at this ridge, so there is no error"),
    (
        Status::TooCoarse,
        "single precision does not know the Gram matrix well enough to invert it at this ridge, so there is no error",
    ),
];

/// The report as a person reads it: settings, a table per question, what the columns mean, the conclusion, notes.
///
/// Lines have at most `width` characters, where words and the numbers of a table allow.
#[must_use]
pub fn render_terminal(report: &AuditReport, width: usize) -> String {
    let mut text = header(report, width);
    for (index, question) in report.questions.iter().enumerate() {
        text.push('\n');
        text.push_str(&section(report, index, question, width));
    }
    text.push_str(&extras(report, width));
    if !report.summary.is_empty() {
        text.push_str("\nHow to read it\n");
        text.push_str(&legend(report, width));
    }
    text.push_str(&list("Conclusion", &report.conclusion, width));
    text.push_str(&list("Notes", &report.notes, width));
    text
}

fn header(report: &AuditReport, width: usize) -> String {
    let settings = &report.settings;
    let hash = settings.data_sha256.get(..12).unwrap_or(&settings.data_sha256);
    let single = if settings.precision == "f32" { " in single precision" } else { "" };
    let method = format!(
        "{}{single}, ridge {}, convention {}, normalization {}, seed {}",
        settings.kernel, settings.ridge, settings.convention, settings.normalization, settings.seed
    );
    let mut text = format!("isotypic {}\n\n", report.version);
    text.push_str(&paragraph("data      ", &format!("{} (sha256 {hash})", settings.data), width));
    text.push_str(&paragraph("networks  ", &settings.architectures.join(", "), width));
    text.push_str(&paragraph("kernel    ", &method, width));
    if let Some(together) = &settings.together {
        let classes =
            format!("{}; held out together: all poses asked of a {together}", settings.classes.join(", "));
        text.push_str(&paragraph("classes   ", &classes, width));
    }
    text
}

fn section(report: &AuditReport, index: usize, question: &ReportedQuestion, width: usize) -> String {
    let number = format!("{}. ", index + 1);
    let mut text = paragraph(&number, &capitalised(&question.title), width);
    let exactness = match question.homomorphism_defect {
        None => String::new(),
        Some(0.0) => ", exact action".to_owned(),
        some => format!(", action exact to {}", decimal(some)),
    };
    let spec = format!("group `{}`, held out `{}`{exactness}", question.group, question.hold_out);
    text.push_str(&paragraph(INDENT, &spec, width));
    text.push('\n');
    let groups = groups(report, index);
    if groups.is_empty() {
        text.push_str(&paragraph(INDENT, "no results", width));
        return text;
    }
    for line in table(report, &groups, width).lines() {
        // `writeln!` to a string does not fail.
        let _ = writeln!(text, "{INDENT}{line}");
    }
    let curves = |arch: &str| -> Vec<&ClassCurve> {
        let own = |curve: &&ClassCurve| curve.question == index && curve.arch == arch;
        report.class_curves.iter().filter(own).collect()
    };
    let remarks: Vec<_> =
        groups.iter().flat_map(|group| remarks(group.arch, &group.rows, &curves(group.arch))).collect();
    if !remarks.is_empty() {
        text.push('\n');
    }
    for remark in remarks {
        text.push_str(&paragraph(INDENT, &remark, width));
    }
    text
}

/// The rows of one architecture in a section.
struct Group<'a> {
    arch: &'a str,
    rows: Vec<&'a SummaryRow>,
    verdict: &'a str,
}

/// The architectures of a question in the order in which they first appear.
fn groups(report: &AuditReport, question: usize) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for row in report.summary.iter().filter(|row| row.question == question) {
        match groups.iter_mut().find(|group| group.arch == row.arch) {
            Some(group) => group.rows.push(row),
            None => {
                let is_it = |verdict: &&_| is_verdict_on(verdict, question, &row.arch);
                let verdict = report.verdicts.iter().find(is_it).map_or("", |verdict| &verdict.text);
                groups.push(Group { arch: &row.arch, rows: vec![row], verdict });
            }
        }
    }
    groups
}

fn is_verdict_on(verdict: &VerdictRow, question: usize, arch: &str) -> bool {
    verdict.question == question && verdict.arch == arch
}

fn table(report: &AuditReport, groups: &[Group<'_>], width: usize) -> Table {
    let number_columns = columns(report);
    let cells: Vec<Vec<_>> = groups.iter().map(|group| number_cells(group, report)).collect();
    let mut numbers = Table::new(&number_columns);
    for row in cells.iter().flatten() {
        numbers.row(row.iter().cloned());
    }
    let taken = INDENT.len() + numbers.width() + GAP.len();
    let verdict_width = width.saturating_sub(taken).max(LEAST_VERDICT_WIDTH);

    let mut columns = number_columns.clone();
    columns.push(("verdict", Align::Left));
    let mut table = Table::new(&columns);
    for (group, rows) in groups.iter().zip(cells) {
        let verdict = wrap(group.verdict, verdict_width);
        for i in 0..rows.len().max(verdict.len()) {
            let numbers = rows.get(i).cloned().unwrap_or_else(|| vec![String::new(); number_columns.len()]);
            table.row(numbers.into_iter().chain(verdict.get(i).cloned()));
        }
    }
    table
}

fn number_cells(group: &Group<'_>, report: &AuditReport) -> Vec<Vec<String>> {
    let (with_projected, with_unseen) = (is_projected(report), has_unseen(report));
    let row = |(i, row): (usize, &&SummaryRow)| {
        let arch = if i == 0 { group.arch } else { "" };
        let mut cells = vec![
            arch.to_owned(),
            row.poses.to_string(),
            (row.pairs + row.seeds).to_string(),
            decimal(row.median_exact_error),
        ];
        if with_projected {
            cells.push(decimal(row.median_projected_error));
        }
        cells.extend([decimal(row.median_spectral_error), percent(row.fraction_correct)]);
        if with_unseen {
            cells.push(row.fraction_correct_unseen.map_or_else(|| "-".to_owned(), percent));
        }
        cells.push(decimal(row.median_invariance_defect));
        cells
    };
    group.rows.iter().enumerate().map(row).collect()
}

fn legend(report: &AuditReport, width: usize) -> String {
    let occurs = |status| report.summary.iter().any(|row| row.statuses.get(status).is_some_and(|&n| n > 0));
    let columns = COLUMN_MEANINGS.iter().map(|&(name, meaning)| (name.to_owned(), meaning));
    let projected = is_projected(report).then(|| ("projected error".to_owned(), PROJECTED_MEANING));
    let unseen = has_unseen(report).then(|| ("unseen right".to_owned(), UNSEEN_MEANING));
    let excess = excess_occurs(report).then(|| ("excess".to_owned(), EXCESS_MEANING));
    let inexact =
        |question: &ReportedQuestion| question.homomorphism_defect.is_some_and(|defect| defect > 0.0);
    let exactness = report.questions.iter().any(inexact).then(|| ("action".to_owned(), ACTION_MEANING));
    let columns = columns.chain(projected).chain(unseen).chain(excess).chain(exactness);
    let statuses = STATUS_MEANINGS.iter().filter(|(status, _)| occurs(status));
    let entries: Vec<_> =
        columns.chain(statuses.map(|&(status, meaning)| (in_words(status), meaning))).collect();
    let longest = entries.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let paragraph = |(name, meaning)| paragraph(&format!("{INDENT}{name:<longest$}  "), meaning, width);
    entries.into_iter().map(paragraph).collect()
}

pub(super) fn in_words(status: Status) -> String {
    status.name().replace('_', " ")
}

fn list(title: &str, items: &[String], width: usize) -> String {
    if items.is_empty() {
        return String::new();
    }
    let items: String = items.iter().map(|item| paragraph(" - ", item, width)).collect();
    format!("\n{title}\n{items}")
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
