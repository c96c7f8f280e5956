//! Spectral against exact error, one dot per pair or seed, coloured by whether the held-out poses get the right class.

use serde::Serialize;

use super::scale::{Scale, number};
use super::svg::{Svg, escape, short};
use crate::audit_report::AuditReport;
use crate::pair_result::ReportedResult;

/// Dots drawn at most; of more results evenly chosen ones.
const MOST_DOTS: usize = 1200;

/// Smaller errors stand on the edge.
const SMALLEST: f64 = 1e-3;
const LARGEST: f64 = 10.0;

const WIDTH: f64 = 450.0;
const HEIGHT: f64 = 430.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 440.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 382.0;

/// The dots of one question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ErrorScatter {
    /// The question in plain words.
    pub title: String,
    /// The results, wrong ones last so that they are not covered.
    pub dots: Vec<ErrorDot>,
    /// Results with both errors that are not drawn since there are too many.
    pub left_out: usize,
}

/// One result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ErrorDot {
    /// The paper's averaged formula.
    pub spectral: f64,
    /// Regression.
    pub exact: f64,
    /// Whether all held-out poses get the right class.
    pub right: bool,
    /// The architecture's place among those of the audit; `None` if it is none of them.
    pub architecture: Option<usize>,
    /// Poses of an orbit.
    pub poses: usize,
    /// The classes, in the order of their names.
    pub classes: Vec<String>,
    /// What it is.
    pub name: String,
}

impl ErrorScatter {
    /// What is drawn for a question; `None` if no result has both errors.
    pub(crate) fn of(report: &AuditReport, question: usize) -> Option<Self> {
        let asked = &report.questions[question];
        let dot = |result: &ReportedResult| {
            let (hold_out, group, (arch, poses), errors, right, mut classes) = match result {
                ReportedResult::Pair(pair) => (
                    &pair.hold_out,
                    &pair.group,
                    (&pair.arch, pair.poses),
                    (pair.spectral_error, pair.exact_error),
                    pair.correct_a && pair.correct_b,
                    vec![pair.label_a.clone(), pair.label_b.clone()],
                ),
                ReportedResult::Seed(seed) => (
                    &seed.hold_out,
                    &seed.group,
                    (&seed.arch, seed.poses),
                    (seed.spectral_error, seed.exact_error),
                    seed.correct,
                    vec![seed.label.clone()],
                ),
            };
            let name = format!("{arch}, {poses} poses, {}", classes.join(" and "));
            classes.sort();
            let belongs = report
                .summary
                .iter()
                .any(|row| row.question == question && row.group == *group && row.hold_out == *hold_out);
            (belongs && *hold_out == asked.hold_out).then_some(ErrorDot {
                spectral: errors.0?,
                exact: errors.1?,
                right,
                architecture: report.settings.architectures.iter().position(|known| known == arch),
                poses,
                classes,
                name,
            })
        };
        let all: Vec<ErrorDot> = report.results.iter().filter_map(dot).collect();
        if all.is_empty() {
            return None;
        }
        let shown = all.len().min(MOST_DOTS);
        let mut dots: Vec<ErrorDot> = (0..shown).map(|at| all[at * all.len() / shown].clone()).collect();
        dots.sort_by_key(|dot| !dot.right);
        Some(Self { title: asked.title.clone(), dots, left_out: all.len() - shown })
    }

    /// The figure in words.
    pub(crate) fn description(&self) -> String {
        let wrong: Vec<&ErrorDot> = self.dots.iter().filter(|dot| !dot.right).collect();
        let hidden = wrong.iter().filter(|dot| dot.spectral < 1.0).count();
        format!(
            "{} results; {} have a held-out pose in the wrong class, and in {hidden} of these the spectral error is below 1.",
            self.dots.len(),
            wrong.len()
        )
    }

    /// The figure.
    pub(crate) fn svg(&self) -> String {
        let mut svg = Svg::new(WIDTH, HEIGHT);
        let all = || self.dots.iter().flat_map(|dot| [dot.spectral, dot.exact]);
        let low = all().filter(|&value| value > 0.0).fold(0.5, f64::min).max(SMALLEST);
        let high = all().fold(2.0, f64::max).min(LARGEST);
        let x = Scale::logarithmic((low, high), (LEFT, RIGHT));
        let y = Scale::logarithmic((low, high), (BOTTOM, TOP));
        for (value, label) in x.ticks(6) {
            svg.line((x.at(value), TOP), (x.at(value), BOTTOM), "grid");
            svg.line((LEFT, y.at(value)), (RIGHT, y.at(value)), "grid");
            svg.text(x.at(value), BOTTOM + 20.0, "middle", "tick", &label);
            svg.text(LEFT - 8.0, y.at(value) + 4.0, "end", "tick", &label);
        }
        svg.line((x.at(low), y.at(low)), (x.at(high), y.at(high)), "diagonal");
        svg.line((x.at(1.0), TOP), (x.at(1.0), BOTTOM), "threshold");
        svg.line((LEFT, y.at(1.0)), (RIGHT, y.at(1.0)), "threshold");
        svg.text(
            (LEFT + RIGHT) / 2.0,
            BOTTOM + 42.0,
            "middle",
            "name",
            "spectral error (the paper's average)",
        );
        svg.upright_text(13.0, (TOP + BOTTOM) / 2.0, "name", "exact error");
        for dot in &self.dots {
            let (class, word) = if dot.right { ("right", "right class") } else { ("wrong", "wrong class") };
            let (cx, cy) = (x.at(dot.spectral), y.at(dot.exact));
            let tip = format!(
                "{}: spectral {}, exact {}, {word}",
                dot.name,
                number(Some(dot.spectral)),
                number(Some(dot.exact))
            );
            // What a page can filter by.
            let kept = format!(
                "data-arch=\"{}\" data-poses=\"{}\" data-classes=\"{}\"",
                dot.architecture.map_or_else(String::new, |place| place.to_string()),
                dot.poses,
                escape(&dot.classes.join(" – "))
            );
            // Two shapes, for those who do not tell the two colours apart.
            if dot.right {
                let (cx, cy) = (short(cx), short(cy));
                svg.mark(
                    "circle",
                    format_args!("cx=\"{cx}\" cy=\"{cy}\" r=\"4\" class=\"mark {class}\" {kept}"),
                    &tip,
                );
            } else {
                let (a, b, c) = (short(cx - 5.0), short(cx + 5.0), short(cx));
                let (top, bottom) = (short(cy - 5.5), short(cy + 4.0));
                svg.mark(
                    "path",
                    format_args!("d=\"M{a} {bottom}L{b} {bottom}L{c} {top}Z\" class=\"mark {class}\" {kept}"),
                    &tip,
                );
            }
        }
        svg.text(LEFT + 10.0, TOP + 18.0, "start", "wrong-text", "▲ wrong class");
        svg.text(LEFT + 10.0, TOP + 36.0, "start", "right-text", "● right class");
        svg.finish(&format!("Spectral against exact error: {}", self.title), &self.description())
    }
}
