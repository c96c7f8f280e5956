//! Dots of results in a square: two errors against each other, shape and colour by whether the held-out poses get the right class.

use serde::Serialize;

use super::scale::Scale;
use super::svg::{Svg, escape, short};
use crate::audit_report::AuditReport;
use crate::pair_result::ReportedResult;

const WIDTH: f64 = 450.0;
const HEIGHT: f64 = 430.0;
pub(super) const LEFT: f64 = 56.0;
pub(super) const RIGHT: f64 = 440.0;
pub(super) const TOP: f64 = 12.0;
pub(super) const BOTTOM: f64 = 382.0;

/// What a dot stands for, and what a page can filter it by.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DotSubject {
    /// The architecture's place among those of the audit; `None` if it is none of them.
    pub architecture: Option<usize>,
    /// Poses of an orbit.
    pub poses: usize,
    /// The classes, in the order of their names.
    pub classes: Vec<String>,
    /// What it is.
    pub name: String,
}

impl DotSubject {
    /// The subject of a result of this question; `None` for results of others.
    pub(super) fn of(report: &AuditReport, question: usize, result: &ReportedResult) -> Option<Self> {
        let (arch, group, hold_out, poses) = result.key();
        let mut rows = report.summary.iter();
        if !rows.any(|row| row.question == question && row.group == group && row.hold_out == hold_out) {
            return None;
        }
        let labels = result.labels();
        let name = format!("{arch}, {poses} poses, {}", labels.join(" and "));
        let mut classes: Vec<String> = labels.into_iter().map(str::to_owned).collect();
        classes.sort();
        let architecture = report.settings.architectures.iter().position(|known| known == arch);
        Some(Self { architecture, poses, classes, name })
    }
}

/// A square that is being filled.
pub(super) struct SquareScatter {
    pub(super) svg: Svg,
    pub(super) x: Scale,
    pub(super) y: Scale,
}

impl SquareScatter {
    /// The grid; `scale` makes an axis between two coordinates.
    pub(super) fn new(scale: impl Fn((f64, f64)) -> Scale) -> Self {
        let (mut svg, x, y) = (Svg::new(WIDTH, HEIGHT), scale((LEFT, RIGHT)), scale((BOTTOM, TOP)));
        for (value, label) in x.ticks(6) {
            svg.line((x.at(value), TOP), (x.at(value), BOTTOM), "grid");
            svg.line((LEFT, y.at(value)), (RIGHT, y.at(value)), "grid");
            svg.text(x.at(value), BOTTOM + 20.0, "middle", "tick", &label);
            svg.text(LEFT - 8.0, y.at(value) + 4.0, "end", "tick", &label);
        }
        Self { svg, x, y }
    }

    /// The line on which both values are the same.
    pub(super) fn diagonal(&mut self, low: f64, high: f64) {
        let (x, y) = (&self.x, &self.y);
        self.svg.line((x.at(low), y.at(low)), (x.at(high), y.at(high)), "diagonal");
    }

    /// The names of both axes.
    pub(super) fn names(&mut self, x: &str, y: &str) {
        self.svg.text((LEFT + RIGHT) / 2.0, BOTTOM + 42.0, "middle", "name", x);
        self.svg.upright_text(13.0, (TOP + BOTTOM) / 2.0, "name", y);
    }

    /// One dot, with its values in words.
    pub(super) fn dot(&mut self, at: (f64, f64), right: bool, subject: &DotSubject, values: &str) {
        let (class, word) = if right { ("right", "right class") } else { ("wrong", "wrong class") };
        let (cx, cy) = (self.x.at(at.0), self.y.at(at.1));
        let tip = format!("{}: {values}, {word}", subject.name);
        let kept = format!(
            "data-arch=\"{}\" data-poses=\"{}\" data-classes=\"{}\"",
            subject.architecture.map_or_else(String::new, |place| place.to_string()),
            subject.poses,
            escape(&subject.classes.join(" – "))
        );
        // Two shapes, for those who do not tell the two colours apart.
        if right {
            let (cx, cy) = (short(cx), short(cy));
            let place = format_args!("cx=\"{cx}\" cy=\"{cy}\" r=\"4\" class=\"mark {class}\" {kept}");
            self.svg.mark("circle", place, &tip);
        } else {
            let (a, b, c) = (short(cx - 5.0), short(cx + 5.0), short(cx));
            let (top, bottom) = (short(cy - 5.5), short(cy + 4.0));
            let place =
                format_args!("d=\"M{a} {bottom}L{b} {bottom}L{c} {top}Z\" class=\"mark {class}\" {kept}");
            self.svg.mark("path", place, &tip);
        }
    }

    /// The figure, after what the shapes mean.
    pub(super) fn finish(mut self, title: &str, description: &str) -> String {
        self.svg.text(LEFT + 10.0, TOP + 18.0, "start", "wrong-text", "▲ wrong class");
        self.svg.text(LEFT + 10.0, TOP + 36.0, "start", "right-text", "● right class");
        self.svg.finish(title, description)
    }
}
