//! Lines and dots over one axis: an error against the number of poses or a distance, a spectrum, an orbit in a plane.

use serde::Serialize;

use super::Figure;
use super::scale::{Scale, number};
use super::svg::{Svg, short};

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 350.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 506.0;
const BOTTOM: f64 = 296.0;
/// Numbers on the horizontal axis that are all named, at most.
const MOST_NAMED: usize = 8;
/// Letters of a name that leave room for another one beside it.
const ROOM_OF_A_NAME: usize = 24;
/// Height of a line of the legend.
const LINE: f64 = 18.0;

/// A chart with two axes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LineChart {
    /// What it shows.
    pub title: String,
    /// The horizontal axis in words.
    pub x_name: String,
    /// The vertical axis in words.
    pub y_name: String,
    /// Whether the axes, x and y, are logarithmic.
    pub logarithmic: [bool; 2],
    /// What is drawn, in this order.
    pub series: Vec<LineSeries>,
    /// A value on the vertical axis that decides between right and wrong.
    pub threshold: Option<f64>,
    /// What a reader must know, such as reduced counts.
    pub note: Option<String>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LineSeries {
    /// Its name in the legend; empty for one that belongs to the line before it.
    pub name: String,
    /// Colour, from 0 to 7.
    pub colour: usize,
    /// What is joined, from the left to the right or along a path.
    pub points: Vec<(f64, f64)>,
    /// Lower and upper end of a band at each point; empty for none.
    pub band: Vec<(f64, f64)>,
    /// Whether points are joined by a line.
    pub is_joined: bool,
}

impl LineSeries {
    /// A line with a dot at each point.
    #[must_use]
    pub fn new(name: &str, colour: usize, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.to_owned(), colour, points, band: Vec::new(), is_joined: true }
    }

    /// The same with a band.
    #[must_use]
    pub fn with_band(self, band: Vec<(f64, f64)>) -> Self {
        Self { band, ..self }
    }

    /// Dots alone.
    #[must_use]
    pub fn dots(self) -> Self {
        Self { is_joined: false, ..self }
    }
}

impl LineChart {
    /// The figure in words.
    #[must_use]
    pub fn description(&self) -> String {
        let ends = self.named().filter_map(|series| {
            let (first, last) = (series.points.first()?, series.points.last()?);
            let [x0, y0, x1, y1] = [first.0, first.1, last.0, last.1].map(|value| number(Some(value)));
            Some(format!("{}: {y0} at {x0}, {y1} at {x1}", series.name))
        });
        let ends: Vec<_> = ends.collect();
        format!("{} against {}. {}.", self.y_name, self.x_name, ends.join("; "))
    }

    /// The figure under a name for its file.
    #[must_use]
    pub fn figure(&self, name: &str) -> Figure {
        Figure::new(name, self.description(), self.svg())
    }

    fn svg(&self) -> String {
        let top = 16.0 + LINE * self.legend_lines() as f64;
        let note = if self.note.is_some() { 20.0 } else { 0.0 };
        let mut svg = Svg::new(WIDTH, HEIGHT + note);
        let x = self.scale(0, (LEFT + 10.0, RIGHT - 10.0));
        let y = self.scale(1, (BOTTOM - 6.0, top + 6.0));
        svg.horizontal_grid(&y, 6, (LEFT, RIGHT));
        svg.line((LEFT, BOTTOM), (RIGHT, BOTTOM), "axis");
        for (value, label) in self.x_ticks(&x) {
            svg.line((x.at(value), BOTTOM), (x.at(value), BOTTOM + 5.0), "axis");
            svg.text(x.at(value), BOTTOM + 20.0, "middle", "tick", &label);
        }
        svg.text((LEFT + RIGHT) / 2.0, HEIGHT - 12.0, "middle", "name", &self.x_name);
        svg.upright_text(16.0, (top + BOTTOM) / 2.0, "name", &self.y_name);
        if let Some(threshold) = self.threshold {
            svg.line((LEFT, y.at(threshold)), (RIGHT, y.at(threshold)), "threshold");
        }
        for series in &self.series {
            self.draw(series, &mut svg, (&x, &y));
        }
        self.legend(&mut svg);
        if let Some(note) = &self.note {
            svg.text(LEFT, HEIGHT + 10.0, "start", "tick", note);
        }
        svg.finish(&self.title, &self.description())
    }

    /// Ticks of the horizontal axis: few numbers on a logarithmic axis, such as numbers of poses, stand there themselves.
    fn x_ticks(&self, x: &Scale) -> Vec<(f64, String)> {
        let mut values: Vec<f64> =
            self.series.iter().flat_map(|series| series.points.iter().map(|point| point.0)).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        match self.logarithmic[0] && values.len() <= MOST_NAMED {
            true => values.into_iter().map(|value| (value, short(value))).collect(),
            false => x.fine_ticks(7),
        }
    }

    fn draw(&self, series: &LineSeries, svg: &mut Svg, (x, y): (&Scale, &Scale)) {
        let colour = series.colour % 8;
        if series.band.len() == series.points.len() && !series.band.is_empty() {
            let upper = series.points.iter().zip(&series.band).map(|(point, band)| (point.0, band.1));
            let lower = series.points.iter().zip(&series.band).rev().map(|(point, band)| (point.0, band.0));
            let path = path(upper.chain(lower).map(|(a, b)| (x.at(a), y.at(b))));
            svg.element("path", format_args!("d=\"{path}Z\" class=\"band inner f{colour}\""));
        }
        if series.is_joined {
            let path = path(series.points.iter().map(|&(a, b)| (x.at(a), y.at(b))));
            svg.element("path", format_args!("d=\"{path}\" class=\"curve s{colour}\""));
        }
        // Dots of a line that is drawn finely would cover it.
        if series.is_joined && series.points.len() > 80 {
            return;
        }
        for &(a, b) in &series.points {
            let (cx, cy) = (short(x.at(a)), short(y.at(b)));
            let tip = format!("{}: {} at {}", series.name, number(Some(b)), number(Some(a)));
            svg.mark(
                "circle",
                format_args!("cx=\"{cx}\" cy=\"{cy}\" r=\"4\" class=\"mark dot f{colour}\""),
                &tip,
            );
        }
    }

    /// Names stand beside each other, two in a line where they have room.
    fn legend(&self, svg: &mut Svg) {
        let columns = self.legend_columns();
        for (at, series) in self.named().enumerate() {
            let column = (at % columns) as f64 * (RIGHT - LEFT) / 2.0;
            let (x, y) = (LEFT + 8.0 + column, 12.0 + LINE * (at / columns) as f64);
            let (cx, cy, colour) = (short(x), short(y), series.colour % 8);
            svg.element("circle", format_args!("cx=\"{cx}\" cy=\"{cy}\" r=\"5\" class=\"f{colour}\""));
            svg.text(x + 10.0, y + 4.0, "start", "label", &series.name);
        }
    }

    fn legend_columns(&self) -> usize {
        let longest = self.named().map(|series| series.name.chars().count()).max().unwrap_or(0);
        if longest > ROOM_OF_A_NAME { 1 } else { 2 }
    }

    fn legend_lines(&self) -> usize {
        self.named().count().div_ceil(self.legend_columns())
    }

    fn named(&self) -> impl Iterator<Item = &LineSeries> {
        self.series.iter().filter(|series| !series.name.is_empty())
    }

    /// The scale of an axis over everything that is drawn.
    fn scale(&self, axis: usize, ends: (f64, f64)) -> Scale {
        let of_point = |point: &(f64, f64)| if axis == 0 { point.0 } else { point.1 };
        let points = self.series.iter().flat_map(|series| series.points.iter().map(of_point));
        let bands =
            self.series.iter().flat_map(|series| series.band.iter().flat_map(|band| [band.0, band.1]));
        let extra = bands.chain(self.threshold).filter(|_| axis == 1);
        scale_of(points.chain(extra), self.logarithmic[axis], ends)
    }
}

/// A scale over some values; those that have no place on it are left out.
pub(super) fn scale_of(values: impl Iterator<Item = f64>, logarithmic: bool, ends: (f64, f64)) -> Scale {
    let has_place = |value: &f64| value.is_finite() && (!logarithmic || *value > 0.0);
    let range = values
        .filter(has_place)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    match (range.0 <= range.1, logarithmic) {
        (true, true) => Scale::logarithmic(range, ends),
        (true, false) => Scale::linear(range, ends),
        (false, true) => Scale::logarithmic((0.1, 10.0), ends),
        (false, false) => Scale::linear((0.0, 1.0), ends),
    }
}

/// Points joined by straight lines.
fn path(points: impl Iterator<Item = (f64, f64)>) -> String {
    let step = |(at, (x, y)): (usize, (f64, f64))| {
        format!("{}{} {}", if at == 0 { 'M' } else { 'L' }, short(x), short(y))
    };
    points.enumerate().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(logarithmic: [bool; 2]) -> LineChart {
        LineChart {
            title: "Error <of> a toy".to_owned(),
            x_name: "poses".to_owned(),
            y_name: "error".to_owned(),
            logarithmic,
            series: vec![LineSeries::new("exact", 0, vec![(4.0, 1.0), (8.0, 0.1), (16.0, 0.0)])],
            threshold: Some(1.0),
            note: Some("reduced".to_owned()),
        }
    }

    #[test]
    fn points_lie_where_their_numbers_say() {
        let chart = chart([false, true]);
        let (x, y) = (chart.scale(0, (0.0, 120.0)), chart.scale(1, (100.0, 0.0)));
        assert_eq!([x.at(4.0), x.at(16.0)], [0.0, 120.0]);
        // Zero has no place on a logarithmic axis: it stands on the edge.
        assert_eq!([y.at(1.0), y.at(0.1), y.at(0.0)], [0.0, 100.0, 100.0]);
    }

    #[test]
    fn a_chart_says_its_numbers_in_words_and_escapes_them() {
        let figure = chart([true, true]).figure("toy");
        assert_eq!(figure.file, "toy.svg");
        assert_eq!(figure.description, "error against poses. exact: 1.000 at 4.000, 0 at 16.000.");
        assert!(figure.svg.contains("Error &lt;of&gt; a toy") && figure.svg.contains(">reduced</text>"));
    }

    #[test]
    fn long_names_have_lines_of_their_own_and_nameless_series_none() {
        let with = |names: [&str; 3]| LineChart {
            series: names.map(|name| LineSeries::new(name, 0, vec![(1.0, 1.0)])).to_vec(),
            ..chart([false, false])
        };
        assert_eq!(with(["a", "b", "c"]).legend_lines(), 2);
        assert_eq!(with(["a", "", "c"]).legend_lines(), 1);
        assert_eq!(with(["regression, one against the rest", "b", "c"]).legend_lines(), 3);
    }

    #[test]
    fn numbers_of_poses_are_named_on_a_logarithmic_axis() {
        let chart = chart([true, false]);
        let x = chart.scale(0, (0.0, 1.0));
        let names: Vec<_> = chart.x_ticks(&x).into_iter().map(|tick| tick.1).collect();
        assert_eq!(names, ["4", "8", "16"]);
    }

    #[test]
    fn a_chart_without_a_number_is_still_a_chart() {
        let empty = LineChart { series: Vec::new(), threshold: None, ..chart([true, false]) };
        assert!(empty.figure("empty").svg.starts_with("<svg"));
    }
}
