//! Sections that are there when they were asked for: finite training times and metrics. Tables and sentences serve terminal and page alike.

use std::fmt::Write;

use crate::audit_report::AuditReport;
use crate::metrics::{MetricScore, MetricsReport, TrainedScore};
use crate::training_time::{TrainingReport, TrainingRow};

use super::number::{decimal, percent};
use super::table::{Align, Table};
use super::wrap::paragraph;

const INDENT: &str = "   ";

/// A table with a title and a sentence that explains it.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    /// Headings, of several lines some of them.
    columns: Vec<(String, Align)>,
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) sentence: String,
}

impl Section {
    /// Those that were asked for.
    pub(crate) fn all(report: &AuditReport) -> Vec<Self> {
        let training = report.training.as_ref().map(training_section);
        training.into_iter().chain(report.metrics.as_ref().map(metrics_section)).collect()
    }

    /// The headings, each on one line, and whether words stand below.
    pub(crate) fn headings(&self) -> impl Iterator<Item = (String, bool)> {
        self.columns.iter().map(|(heading, align)| (heading.replace('\n', " "), *align == Align::Left))
    }

    fn text(self, report: &AuditReport, width: usize) -> String {
        let mut text = format!("\n{}\n", self.title);
        if report.results.is_empty() {
            return text + &paragraph(INDENT, "no results", width);
        }
        let columns: Vec<(&str, Align)> =
            self.columns.iter().map(|(heading, align)| (heading.as_str(), *align)).collect();
        let mut table = Table::new(&columns);
        self.rows.into_iter().for_each(|row| table.row(row));
        for line in table.lines() {
            // `writeln!` to a string does not fail.
            let _ = writeln!(text, "{INDENT}{line}");
        }
        text.push('\n');
        text.push_str(&paragraph(INDENT, &self.sentence, width));
        text
    }
}

/// All sections, empty without them.
pub(super) fn extras(report: &AuditReport, width: usize) -> String {
    Section::all(report).into_iter().map(|section| section.text(report, width)).collect()
}

fn columns(headings: &[(&str, Align)]) -> Vec<(String, Align)> {
    headings.iter().map(|&(heading, align)| (heading.to_owned(), align)).collect()
}

fn training_section(training: &TrainingReport) -> Section {
    let mut headings =
        columns(&[("question", Align::Right), ("network", Align::Left), ("poses", Align::Right)]);
    headings.extend(training.times.iter().map(|time| (format!("right\nt = {time}"), Align::Right)));
    headings.extend(columns(&[
        ("right\nat the end", Align::Right),
        ("right at\nbest times", Align::Right),
        ("repaired", Align::Right),
        ("best time\n(median)", Align::Right),
    ]));
    let cells = |row: &TrainingRow| {
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
        cells
    };
    let repaired: usize = training.rows.iter().map(|row| row.repaired).sum();
    let wrong: f64 =
        training.rows.iter().map(|row| (1.0 - row.fraction_correct_at_end) * row.points as f64).sum();
    let sentence = format!(
        "Stopping early, at the time that is best for each point by itself, would repair {repaired} of the {wrong:.0} held-out poses that are \
         wrong at the end of training. Time counts steps of learning rate 1 on half the sum of squared errors; `repaired` are points that \
         become right, `best time` is over points that are best before the end."
    );
    Section {
        title: "Training time",
        columns: headings,
        rows: training.rows.iter().map(cells).collect(),
        sentence,
    }
}

/// The name of a metric as one would say it.
fn in_words(metric: &str) -> String {
    match metric {
        "svm_margin" => "SVM margin".to_owned(),
        "delta_squared" => "Δ²".to_owned(),
        other => other.replace('_', " "),
    }
}

fn metrics_section(metrics: &MetricsReport) -> Section {
    let mut headings = columns(&[
        ("question", Align::Right),
        ("network", Align::Left),
        ("metric", Align::Left),
        ("turns", Align::Right),
        ("Spearman", Align::Right),
        ("Kendall", Align::Right),
        ("AUC", Align::Right),
    ]);
    let mut sentence = "Rank correlation of each metric with the exact error, 1 for a perfect order, and the probability (AUC) that it puts a \
                        success above a failure, 0.5 for chance."
        .to_owned();
    let is_trained = metrics.scores.iter().any(|score| score.trained.is_some());
    if is_trained {
        headings.extend(columns(&[
            ("trained:\nturns", Align::Right),
            ("Spearman", Align::Right),
            ("Kendall", Align::Right),
            ("AUC", Align::Right),
        ]));
        sentence += " The last four columns hold it against what trained networks did.";
    }
    let cells = |score: &MetricScore| {
        let mut cells = vec![
            (score.question + 1).to_string(),
            score.arch.clone().unwrap_or_else(|| "all".to_owned()),
            in_words(&score.metric),
            score.turns.to_string(),
            decimal(score.spearman),
            decimal(score.kendall),
            decimal(score.area_under_curve),
        ];
        let trained = score.trained.as_ref();
        let number = |value: fn(&TrainedScore) -> Option<f64>| decimal(trained.and_then(value));
        if is_trained {
            cells.extend([
                trained.map_or(0, |trained| trained.trained_turns).to_string(),
                number(|trained| trained.trained_spearman),
                number(|trained| trained.trained_kendall),
                number(|trained| trained.trained_area_under_curve),
            ]);
        }
        cells
    };
    Section {
        title: "Metrics",
        columns: headings,
        rows: metrics.scores.iter().map(cells).collect(),
        sentence,
    }
}
