//! Error against number of poses: median and quantiles of each architecture, and the threshold 1.

use serde::Serialize;

use super::scale::{Scale, number};
use super::svg::{Svg, short};
use crate::audit_report::AuditReport;

/// Errors are shown up to here; larger ones stand on the upper edge.
const TALLEST: f64 = 2.5;

/// The curves of one question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ErrorCurves {
    /// The question in plain words.
    pub title: String,
    /// One per architecture.
    pub series: Vec<ErrorSeries>,
}

/// One architecture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ErrorSeries {
    /// Its name.
    pub arch: String,
    /// Its place among the architectures of the audit, which is its colour.
    pub colour: usize,
    /// Number of poses and the quantiles 0.1, 0.25, 0.5, 0.75 and 0.9 of the exact error; numbers of poses without a
    /// result are left out.
    pub points: Vec<(usize, [f64; 5])>,
    /// The smallest number of poses that is enough.
    pub enough_poses: Option<usize>,
}

const WIDTH: f64 = 450.0;
const HEIGHT: f64 = 350.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 366.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 302.0;

/// Letters of a name at the end of a curve.
const ROOM_OF_A_NAME: usize = 10;

impl ErrorCurves {
    /// What is drawn for a question; `None` if no result has a number.
    pub(crate) fn of(report: &AuditReport, question: usize) -> Option<Self> {
        let details = report.details.as_ref()?;
        let series: Vec<ErrorSeries> = report
            .settings
            .architectures
            .iter()
            .enumerate()
            .map(|(colour, arch)| ErrorSeries {
                arch: arch.clone(),
                colour,
                points: report
                    .summary
                    .iter()
                    .zip(&details.spreads)
                    .filter(|(row, _)| row.question == question && row.arch == *arch)
                    .filter_map(|(row, spread)| Some((row.poses, spread.quantiles?)))
                    .collect(),
                enough_poses: details
                    .repairs
                    .iter()
                    .find(|row| row.question == question && row.arch == *arch)
                    .and_then(|row| row.enough_poses),
            })
            .filter(|series| !series.points.is_empty())
            .collect();
        (!series.is_empty()).then(|| Self { title: report.questions[question].title.clone(), series })
    }

    /// The figure in words.
    pub(crate) fn description(&self) -> String {
        let ends = self.series.iter().filter_map(|series| {
            let (first, last) = (series.points.first()?, series.points.last()?);
            Some(match first.0 == last.0 {
                true => format!("{}: median {} at {} poses", series.arch, number(Some(first.1[2])), first.0),
                false => format!(
                    "{}: median {} at {} poses, {} at {} poses",
                    series.arch,
                    number(Some(first.1[2])),
                    first.0,
                    number(Some(last.1[2])),
                    last.0
                ),
            })
        });
        format!(
            "Error at held-out poses; above 1 the wrong class wins. {}.",
            ends.collect::<Vec<_>>().join("; ")
        )
    }

    /// The figure.
    pub(crate) fn svg(&self) -> String {
        let mut svg = Svg::new(WIDTH, HEIGHT);
        let highest = self.series.iter().flat_map(|series| &series.points).map(|point| point.1[4]);
        let highest = highest.fold(1.25, f64::max).min(TALLEST) * 1.04;
        let y = Scale::linear((0.0, highest), (BOTTOM, TOP));
        let mut poses: Vec<usize> =
            self.series.iter().flat_map(|series| &series.points).map(|point| point.0).collect();
        poses.sort_unstable();
        poses.dedup();
        // Boxes have their names below, and the room beside them.
        let right = if poses.len() == 1 { WIDTH } else { RIGHT };
        svg.horizontal_grid(&y, 6, (LEFT, right));
        svg.upright_text(13.0, (TOP + BOTTOM) / 2.0, "name", "error at held-out poses");
        if poses.len() == 1 {
            self.boxes(&mut svg, &y, poses[0]);
        } else {
            self.curves(&mut svg, &y, &poses);
        }
        svg.line((LEFT, y.at(1.0)), (right, y.at(1.0)), "threshold");
        svg.text(LEFT + 6.0, y.at(1.0) - 6.0, "start", "threshold-text", "above this line: wrong class");
        svg.finish(&format!("Error against number of poses: {}", self.title), &self.description())
    }

    fn curves(&self, svg: &mut Svg, y: &Scale, poses: &[usize]) {
        let ends = (poses[0] as f64, poses[poses.len() - 1] as f64);
        let x = Scale::logarithmic(ends, (LEFT + 24.0, RIGHT - 24.0));
        let mut last_label = f64::NEG_INFINITY;
        for &count in poses {
            let place = x.at(count as f64);
            svg.line((place, BOTTOM), (place, BOTTOM + 5.0), "axis");
            if place - last_label > 26.0 {
                svg.text(place, BOTTOM + 20.0, "middle", "tick", &count.to_string());
                last_label = place;
            }
        }
        svg.line((LEFT, BOTTOM), (RIGHT, BOTTOM), "axis");
        svg.text((LEFT + RIGHT) / 2.0, HEIGHT - 10.0, "middle", "name", "poses photographed of each object");
        for series in &self.series {
            let colour = series.colour % 8;
            svg.open_group(series.colour);
            for (low, high, class) in [(0, 4, "band"), (1, 3, "band inner")] {
                let upper = series.points.iter().map(|(n, q)| (x.at(*n as f64), y.at(q[high])));
                let lower = series.points.iter().rev().map(|(n, q)| (x.at(*n as f64), y.at(q[low])));
                let path = path(upper.chain(lower));
                svg.element("path", format_args!("d=\"{path}Z\" class=\"{class} f{colour}\""));
            }
            svg.close_group();
        }
        for series in &self.series {
            let colour = series.colour % 8;
            svg.open_group(series.colour);
            let line = path(series.points.iter().map(|(n, q)| (x.at(*n as f64), y.at(q[2]))));
            svg.element("path", format_args!("d=\"{line}\" class=\"curve s{colour}\""));
            for (count, quantiles) in &series.points {
                let (cx, cy) = (short(x.at(*count as f64)), short(y.at(quantiles[2])));
                if series.enough_poses == Some(*count) {
                    svg.element(
                        "circle",
                        format_args!("cx=\"{cx}\" cy=\"{cy}\" r=\"9\" class=\"enough s{colour}\""),
                    );
                }
                svg.mark(
                    "circle",
                    format_args!("cx=\"{cx}\" cy=\"{cy}\" r=\"5\" class=\"mark dot f{colour}\""),
                    &tip(series, *count, quantiles),
                );
            }
            svg.close_group();
        }
        self.names(svg, y);
    }

    /// Names at the right end of the curves, kept apart from each other.
    fn names(&self, svg: &mut Svg, y: &Scale) {
        let mut names: Vec<(f64, &ErrorSeries)> = self
            .series
            .iter()
            .filter_map(|series| Some((y.at(series.points.last()?.1[2]), series)))
            .collect();
        names.sort_by(|a, b| a.0.total_cmp(&b.0));
        let room = 17.0;
        let mut lowest = BOTTOM - room * names.len().saturating_sub(1) as f64;
        let mut at = TOP + 4.0;
        for (place, series) in names {
            at = place.min(lowest).max(at);
            svg.open_group(series.colour);
            let name = shortened(&series.arch, ROOM_OF_A_NAME);
            svg.text(RIGHT + 6.0, at + 4.0, "start", &format!("label f{}", series.colour % 8), &name);
            svg.close_group();
            at += room;
            lowest += room;
        }
    }

    /// One number of poses is no curve: a box per architecture.
    fn boxes(&self, svg: &mut Svg, y: &Scale, poses: usize) {
        let room = (WIDTH - LEFT) / self.series.len() as f64;
        svg.line((LEFT, BOTTOM), (WIDTH, BOTTOM), "axis");
        svg.text(
            (LEFT + WIDTH) / 2.0,
            HEIGHT - 10.0,
            "middle",
            "name",
            &format!("network, at {poses} poses"),
        );
        for (at, series) in self.series.iter().enumerate() {
            let (middle, colour) = (LEFT + (at as f64 + 0.5) * room, series.colour % 8);
            svg.open_group(series.colour);
            let half = (room * 0.2).min(40.0);
            for (count, quantiles) in &series.points {
                let [q10, q25, q50, q75, q90] = quantiles.map(|value| y.at(value));
                svg.line((middle, q10), (middle, q90), &format!("curve s{colour}"));
                let (left, top) = (short(middle - half), short(q75));
                let (width, height) = (short(2.0 * half), short((q25 - q75).max(1.0)));
                svg.mark(
                    "rect",
                    format_args!(
                        "x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" rx=\"3\" class=\"mark band inner f{colour}\""
                    ),
                    &tip(series, *count, quantiles),
                );
                svg.line((middle - half, q50), (middle + half, q50), &format!("curve s{colour}"));
                let (cx, cy) = (short(middle), short(q50));
                svg.mark(
                    "circle",
                    format_args!("cx=\"{cx}\" cy=\"{cy}\" r=\"5\" class=\"mark dot f{colour}\""),
                    &tip(series, *count, quantiles),
                );
            }
            // Names that have no room beside each other stand on two lines.
            let line = if at % 2 == 1 && room < 90.0 { 34.0 } else { 19.0 };
            let name =
                shortened(&series.arch, (room / 8.0).max(6.0) as usize * if room < 90.0 { 2 } else { 1 });
            svg.text(middle, BOTTOM + line, "middle", &format!("label f{colour}"), &name);
            svg.close_group();
        }
    }
}

fn tip(series: &ErrorSeries, poses: usize, quantiles: &[f64; 5]) -> String {
    let enough = if series.enough_poses == Some(poses) { "; from here on enough" } else { "" };
    format!(
        "{}, {poses} poses: median error {}, half of all between {} and {}{enough}",
        series.arch,
        number(Some(quantiles[2])),
        number(Some(quantiles[1])),
        number(Some(quantiles[3]))
    )
}

/// The first letters of a name that is longer than there is room for.
fn shortened(name: &str, room: usize) -> String {
    if name.chars().count() <= room {
        return name.to_owned();
    }
    name.chars().take(room.saturating_sub(1)).chain(['…']).collect()
}

/// Points joined by straight lines.
fn path(points: impl Iterator<Item = (f64, f64)>) -> String {
    let step = |(at, (x, y)): (usize, (f64, f64))| {
        format!("{}{} {}", if at == 0 { 'M' } else { 'L' }, short(x), short(y))
    };
    points.enumerate().map(step).collect()
}
