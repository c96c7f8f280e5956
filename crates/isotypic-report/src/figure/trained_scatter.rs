//! Trained against predicted: what the kernel says for as many steps, and what networks did, one dot per pair or seed.

use serde::Serialize;

use super::scale::{Scale, number};
use super::svg::{Svg, escape, short};
use crate::audit_report::AuditReport;
use crate::pair_result::ReportedResult;

const WIDTH: f64 = 450.0;
const HEIGHT: f64 = 430.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 440.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 382.0;

/// The dots of one question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrainedScatter {
    /// The question in plain words.
    pub title: String,
    /// The results.
    pub dots: Vec<TrainedDot>,
}

/// One result with networks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrainedDot {
    /// Error that the kernel predicts for as many steps.
    pub predicted: f64,
    /// Error of the networks.
    pub trained: f64,
    /// Whether the networks classify all held-out poses correctly.
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

impl TrainedScatter {
    /// What is drawn for a question; `None` if no result has networks.
    pub(crate) fn of(report: &AuditReport, question: usize) -> Option<Self> {
        let asked = &report.questions[question];
        let dot = |result: &ReportedResult| {
            let (arch, group, hold_out, poses, trained, mut classes) = match result {
                ReportedResult::Pair(pair) => (
                    &pair.arch,
                    &pair.group,
                    &pair.hold_out,
                    pair.poses,
                    pair.trained?,
                    vec![pair.label_a.clone(), pair.label_b.clone()],
                ),
                ReportedResult::Seed(seed) => (
                    &seed.arch,
                    &seed.group,
                    &seed.hold_out,
                    seed.poses,
                    seed.trained?,
                    vec![seed.label.clone()],
                ),
            };
            let belongs = report
                .summary
                .iter()
                .any(|row| row.question == question && row.group == *group && row.hold_out == *hold_out);
            let name = format!("{arch}, {poses} poses, {}", classes.join(" and "));
            classes.sort();
            belongs.then_some(TrainedDot {
                predicted: trained.finite_time_error?,
                trained: trained.trained_error?,
                right: trained.trained_correct,
                architecture: report.settings.architectures.iter().position(|known| known == arch),
                poses,
                classes,
                name,
            })
        };
        let dots: Vec<TrainedDot> = report.results.iter().filter_map(dot).collect();
        (!dots.is_empty()).then(|| Self { title: asked.title.clone(), dots })
    }

    /// The figure in words.
    pub(crate) fn description(&self) -> String {
        let far = self.dots.iter().map(|dot| (dot.trained - dot.predicted).abs());
        format!(
            "{} results; networks are at most {} off what the kernel predicts.",
            self.dots.len(),
            number(Some(far.fold(0.0, f64::max)))
        )
    }

    /// The figure.
    pub(crate) fn svg(&self) -> String {
        let mut svg = Svg::new(WIDTH, HEIGHT);
        let high =
            self.dots.iter().flat_map(|dot| [dot.predicted, dot.trained]).fold(1.5, f64::max).min(10.0);
        let x = Scale::linear((0.0, high), (LEFT, RIGHT));
        let y = Scale::linear((0.0, high), (BOTTOM, TOP));
        for (value, label) in x.ticks(6) {
            svg.line((x.at(value), TOP), (x.at(value), BOTTOM), "grid");
            svg.line((LEFT, y.at(value)), (RIGHT, y.at(value)), "grid");
            svg.text(x.at(value), BOTTOM + 20.0, "middle", "tick", &label);
            svg.text(LEFT - 8.0, y.at(value) + 4.0, "end", "tick", &label);
        }
        svg.line((x.at(0.0), y.at(0.0)), (x.at(high), y.at(high)), "diagonal");
        svg.text((LEFT + RIGHT) / 2.0, BOTTOM + 42.0, "middle", "name", "error predicted for as many steps");
        svg.upright_text(13.0, (TOP + BOTTOM) / 2.0, "name", "error of trained networks");
        for dot in &self.dots {
            let (class, word) = if dot.right { ("right", "right class") } else { ("wrong", "wrong class") };
            let (cx, cy) = (x.at(dot.predicted), y.at(dot.trained));
            let tip = format!(
                "{}: predicted {}, trained {}, {word}",
                dot.name,
                number(Some(dot.predicted)),
                number(Some(dot.trained))
            );
            let kept = format!(
                "data-arch=\"{}\" data-poses=\"{}\" data-classes=\"{}\"",
                dot.architecture.map_or_else(String::new, |place| place.to_string()),
                dot.poses,
                escape(&dot.classes.join(" – "))
            );
            // Two shapes, for those who do not tell the two colours apart.
            if dot.right {
                let (cx, cy) = (short(cx), short(cy));
                let place = format_args!("cx=\"{cx}\" cy=\"{cy}\" r=\"4\" class=\"mark {class}\" {kept}");
                svg.mark("circle", place, &tip);
            } else {
                let (a, b, c) = (short(cx - 5.0), short(cx + 5.0), short(cx));
                let (top, bottom) = (short(cy - 5.5), short(cy + 4.0));
                let place =
                    format_args!("d=\"M{a} {bottom}L{b} {bottom}L{c} {top}Z\" class=\"mark {class}\" {kept}");
                svg.mark("path", place, &tip);
            }
        }
        svg.text(LEFT + 10.0, TOP + 18.0, "start", "wrong-text", "▲ wrong class");
        svg.text(LEFT + 10.0, TOP + 36.0, "start", "right-text", "● right class");
        svg.finish(&format!("Trained against predicted: {}", self.title), &self.description())
    }
}
