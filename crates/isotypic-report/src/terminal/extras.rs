//! Sections that are printed when they were asked for: finite training times and metrics.

use std::fmt::Write;

use crate::audit_report::AuditReport;
use crate::metrics::MetricsReport;
use crate::training_time::TrainingReport;

use super::number::{decimal, percent};
use super::table::{Align, Table};
use super::wrap::paragraph;

const INDENT: &str = "   ";

/// Both sections, empty without them.
pub(super) fn extras(report: &AuditReport, width: usize) -> String {
    let training = report.training.as_ref().map(|training| training_section(report, training, width));
    let metrics = report.metrics.as_ref().map(|metrics| metrics_section(report, metrics, width));
    training.into_iter().chain(metrics).collect()
}

fn training_section(report: &AuditReport, training: &TrainingReport, width: usize) -> String {
    let times: Vec<String> = training.times.iter().map(|time| format!("right\nt = {time}")).collect();
    let mut columns = vec![("question", Align::Right), ("network", Align::Left), ("poses", Align::Right)];
    columns.extend(times.iter().map(|heading| (heading.as_str(), Align::Right)));
    columns.extend([
        ("right\nat the end", Align::Right),
        ("right at\nbest times", Align::Right),
        ("repaired", Align::Right),
        ("best time\n(median)", Align::Right),
    ]);
    let mut table = Table::new(&columns);
    for row in &training.rows {
        let mut cells = vec![(row.question + 1).to_string(), row.arch.clone(), row.poses.to_string()];
        cells.extend(row.fractions_correct.iter().map(|&fraction| percent(fraction)));
        cells.extend([
            percent(row.fraction_correct_at_end),
            percent(row.fraction_correct_at_best),
            format!("{} of {}", row.repaired, row.points),
            match row.median_best_time {
                None => "the end".to_owned(),
                Some(0.0) => "the start".to_owned(), // nothing learned is best
                Some(time) => format!("{time:.1e}"),
            },
        ]);
        table.row(cells);
    }
    let repaired: usize = training.rows.iter().map(|row| row.repaired).sum();
    let wrong: f64 =
        training.rows.iter().map(|row| (1.0 - row.fraction_correct_at_end) * row.points as f64).sum();
    let sentence = format!(
        "Stopping early, at the time that is best for each point by itself, would repair {repaired} of the {wrong:.0} held-out poses that are \
         wrong at the end of training. Time counts steps of learning rate 1 on half the sum of squared errors; `repaired` are points that \
         become right, `best time` is over points that are best before the end."
    );
    section("Training time", &table, &sentence, report, width)
}

fn metrics_section(report: &AuditReport, metrics: &MetricsReport, width: usize) -> String {
    let columns = [
        ("question", Align::Right),
        ("network", Align::Left),
        ("metric", Align::Left),
        ("turns", Align::Right),
        ("Spearman", Align::Right),
        ("Kendall", Align::Right),
        ("AUC", Align::Right),
    ];
    let mut table = Table::new(&columns);
    for score in &metrics.scores {
        table.row([
            (score.question + 1).to_string(),
            score.arch.clone().unwrap_or_else(|| "all".to_owned()),
            score.metric.clone(),
            score.turns.to_string(),
            decimal(score.spearman),
            decimal(score.kendall),
            decimal(score.area_under_curve),
        ]);
    }
    let sentence = "Rank correlation of each metric with the exact error, 1 for a perfect order, and the probability (AUC) that it puts a \
                    success above a failure, 0.5 for chance.";
    section("Metrics", &table, sentence, report, width)
}

fn section(title: &str, table: &Table, sentence: &str, report: &AuditReport, width: usize) -> String {
    let mut text = format!("\n{title}\n");
    if report.results.is_empty() {
        return text + &paragraph(INDENT, "no results", width);
    }
    for line in table.lines() {
        // `writeln!` to a string does not fail.
        let _ = writeln!(text, "{INDENT}{line}");
    }
    text.push('\n');
    text.push_str(&paragraph(INDENT, sentence, width));
    text
}
