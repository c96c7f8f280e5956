//! What trained networks did, as tables.

use std::fmt::Write;

use crate::audit_report::AuditReport;
use crate::training::{ClassesReport, EmpiricalReport, TrainedSummary, WidthReport};

use super::number::{MISSING, decimal, percent, scientific};
use super::table::{Align, Table};
use super::wrap::paragraph;

const INDENT: &str = "   ";

const CLASSES: [(&str, Align); 7] = [
    ("network", Align::Left),
    ("poses", Align::Right),
    ("runs", Align::Right),
    ("in distri-\nbution", Align::Right),
    ("held\nout", Align::Right),
    ("from", Align::Right),
    ("to", Align::Right),
];

const RUNS: [(&str, Align); 8] = [
    ("network", Align::Left),
    ("poses", Align::Right),
    ("class", Align::Left),
    ("seed", Align::Right),
    ("loss", Align::Right),
    ("in distri-\nbution", Align::Right),
    ("other poses\nof the class", Align::Right),
    ("held\nout", Align::Right),
];

const CLASSES_LEGEND: &str = "Accuracies. One class at a time lacks one pose: `in distribution` is a tenth of all else that training did not \
                              see, `held out` that class at that pose.";

const TRAINED: [(&str, Align); 10] = [
    ("network", Align::Left),
    ("group", Align::Left),
    ("held out", Align::Left),
    ("results", Align::Right),
    ("spectral\nerror", Align::Right),
    ("exact\nerror", Align::Right),
    ("same\nsteps", Align::Right),
    ("trained\nerror", Align::Right),
    ("corre-\nlation", Align::Right),
    ("right: kernel,\nnetworks", Align::Right),
];

const TRAINED_LEGEND: &str = "Medians over the results. `same steps` is what the kernel predicts for as many steps of gradient descent as the \
                              networks made, `exact error` its limit; `correlation` is that of `same steps` and `trained error`.";

/// Trained against predicted as a person reads it; empty where nothing was trained.
///
/// Lines have at most `width` characters, where words and the numbers of the table allow.
#[must_use]
pub fn render_trained(report: &AuditReport, width: usize) -> String {
    let rows = TrainedSummary::of(report);
    if rows.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&TRAINED);
    for row in rows {
        let right = [row.fraction_correct, row.fraction_trained_correct].map(percent).join(", ");
        table.row([
            row.arch,
            row.group,
            row.hold_out,
            row.results.to_string(),
            decimal(row.spectral_error),
            decimal(row.exact_error),
            decimal(row.finite_time_error),
            decimal(row.trained_error),
            decimal(row.correlation),
            right,
        ]);
    }
    let mut text = "Trained networks\n\n".to_owned();
    push(&mut text, &table);
    text.push_str(&paragraph("", TRAINED_LEGEND, width));
    text
}

/// Figure 1 as a person reads it: a line per network and number of poses, then a line per run.
///
/// Lines have at most `width` characters, where words and the numbers of the tables allow.
#[must_use]
pub fn render_classes(report: &ClassesReport, width: usize) -> String {
    let settings = &report.settings;
    let title = format!(
        "{} images of `{}`, one class without one pose; {}, batches of {}, at most {} epochs",
        settings.images, settings.data, settings.optimizer, settings.batch, settings.epochs
    );
    let mut text = paragraph("", &title, width);
    text.push('\n');
    let mut table = Table::new(&CLASSES);
    for row in &report.summary {
        table.row([
            row.network.clone(),
            row.poses.to_string(),
            row.runs.to_string(),
            percent(row.in_distribution),
            percent(row.held_out),
            percent(row.held_out_minimum),
            percent(row.held_out_maximum),
        ]);
    }
    push(&mut text, &table);
    if report.results.len() > report.summary.len() {
        let mut table = Table::new(&RUNS);
        for run in &report.results {
            table.row([
                run.network.clone(),
                run.poses.to_string(),
                run.left_out.clone(),
                run.seed.to_string(),
                decimal(run.loss),
                percent(run.in_distribution),
                run.in_distribution_left_out.map_or(MISSING.to_owned(), percent),
                percent(run.held_out),
            ]);
        }
        push(&mut text, &table);
    }
    text.push_str(&paragraph("", CLASSES_LEGEND, width));
    text
}

const WIDTHS: [(&str, Align); 6] = [
    ("width", Align::Right),
    ("networks", Align::Right),
    ("distance", Align::Right),
    ("noise", Align::Right),
    ("bias", Align::Right),
    ("loss", Align::Right),
];

const WIDTHS_LEGEND: &str = "Root mean squares over the held-out points: `distance` of the networks' mean from the kernel's answer after the same \
                             steps, `noise` what that would be from their finite number alone, `bias` the rest.";

/// Distances from the kernel by width as a person reads them.
///
/// Lines have at most `width` characters, where words and the numbers of the table allow.
#[must_use]
pub fn render_width(report: &WidthReport, width: usize) -> String {
    let title = format!(
        "`{}` on `{}` under `{}`, held out `{}`, {} points, {} steps",
        report.arch, report.data, report.group, report.hold_out, report.points, report.steps
    );
    let mut text = paragraph("", &title, width);
    text.push('\n');
    let mut table = Table::new(&WIDTHS);
    for row in &report.results {
        let numbers = [row.distance, row.noise, row.bias, row.loss].map(|value| scientific(Some(value)));
        table.row([row.width.to_string(), row.networks.to_string()].into_iter().chain(numbers));
    }
    push(&mut text, &table);
    let exponent = match report.exponent {
        Some(exponent) => format!("The bias falls as width to the power {exponent:.2} (theory: -1)."),
        None => "The bias does not show above the noise at two widths.".to_owned(),
    };
    text.push_str(&paragraph("", &exponent, width));
    if let (Some(value), Some(error)) = (report.extrapolated, report.extrapolated_error) {
        let line = format!(
            "Extrapolated to infinite width it is {}; noise alone would make it {}.",
            scientific(Some(value)),
            scientific(Some(error))
        );
        text.push_str(&paragraph("", &line, width));
    }
    text.push('\n');
    text.push_str(&paragraph("", WIDTHS_LEGEND, width));
    text
}

const KERNELS: [(&str, Align); 10] = [
    ("network", Align::Left),
    ("group", Align::Left),
    ("pair", Align::Left),
    ("kernel", Align::Left),
    ("change", Align::Right),
    ("align-\nment", Align::Right),
    ("defect", Align::Right),
    ("spectral\nerror", Align::Right),
    ("exact\nerror", Align::Right),
    ("trained\nerror", Align::Right),
];

const KERNELS_LEGEND: &str = "Kernels of the architecture at infinite width, of the network as drawn and of the network after training. `change` is the \
                              distance from the second; errors are those of regression with the kernel at the held-out poses \
                              of the first seed, `trained error` that of the network itself.";

/// Tangent kernels of finite networks as a person reads them.
///
/// Lines have at most `width` characters, where words and the numbers of the table allow.
#[must_use]
pub fn render_empirical(report: &EmpiricalReport, width: usize) -> String {
    let title = format!(
        "Tangent kernels of networks of width {} on `{}`, {} steps",
        report.width, report.data, report.steps
    );
    let mut text = paragraph("", &title, width);
    text.push('\n');
    let mut table = Table::new(&KERNELS);
    for row in &report.results {
        table.row([
            row.arch.clone(),
            row.group.clone(),
            format!("{}–{}", row.a, row.b),
            row.kernel.clone(),
            decimal(row.change),
            decimal(row.alignment),
            decimal(row.invariance_defect),
            decimal(row.spectral_error),
            decimal(row.exact_error),
            decimal(row.trained_error),
        ]);
    }
    push(&mut text, &table);
    text.push_str(&paragraph("", KERNELS_LEGEND, width));
    text
}

fn push(text: &mut String, table: &Table) {
    for line in table.lines() {
        // `writeln!` to a string does not fail.
        let _ = writeln!(text, "{INDENT}{line}");
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::tests::sample;

    #[test]
    fn accuracies_stand_by_network_and_then_by_run() {
        let text = render_classes(&sample(), 80);
        for line in [
            "40 images of `digits`, one class without one pose; adam 0.001, batches of 512,",
            "   mlp          2     2        50 %   50 %   25 %   75 %",
            "   mlp          2  6, or nine     0  0.250        50 %             -   75 %",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}
