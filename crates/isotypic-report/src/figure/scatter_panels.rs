//! Dots in panels beside each other, one panel for each number of poses, coloured by a number.

use serde::Serialize;

use super::Figure;
use super::gram_map::colour;
use super::line_chart::scale_of;
use super::scale::{Scale, number};
use super::svg::{Svg, short};

const COLUMNS: usize = 3;
const PANEL_WIDTH: f64 = 234.0;
const PANEL_HEIGHT: f64 = 236.0;
const LEFT: f64 = 50.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 44.0;
/// Room for the legend above the panels.
const HEAD: f64 = 34.0;
/// Colours below this one are hard to see on dark paper.
const DARKEST: f64 = 70.0;

/// Dots in several panels.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScatterPanels {
    /// What it shows.
    pub title: String,
    /// The horizontal axis in words.
    pub x_name: String,
    /// The vertical axis in words.
    pub y_name: String,
    /// Whether both axes are logarithmic.
    pub logarithmic: bool,
    /// Whether all panels have the same axes, and the line of equal values is drawn.
    pub is_comparison: bool,
    /// What colours mean.
    pub legend: DotLegend,
    /// The panels.
    pub panels: Vec<ScatterPanel>,
    /// What a reader must know, such as reduced counts.
    pub note: Option<String>,
}

/// What the colour of a dot means.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum DotLegend {
    /// The part of held-out poses that get the right class, from 0 to 1.
    Right,
    /// A number, whose smallest and largest value are the ends of the colours.
    Number(String),
}

/// One panel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScatterPanel {
    /// What its dots have in common.
    pub title: String,
    /// The dots.
    pub dots: Vec<PanelDot>,
}

/// One dot.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PanelDot {
    /// Its place.
    pub x: f64,
    /// Its place.
    pub y: f64,
    /// What its colour stands for.
    pub value: f64,
}

impl ScatterPanels {
    /// The figure in words.
    #[must_use]
    pub fn description(&self) -> String {
        let count: usize = self.panels.iter().map(|panel| panel.dots.len()).sum();
        let titles: Vec<_> = self.panels.iter().map(|panel| panel.title.as_str()).collect();
        format!("{} against {}: {count} dots in panels for {}.", self.y_name, self.x_name, titles.join(", "))
    }

    /// The figure under a name for its file.
    #[must_use]
    pub fn figure(&self, name: &str) -> Figure {
        Figure::new(name, self.description(), self.svg())
    }

    fn svg(&self) -> String {
        let columns = self.columns();
        let rows = self.panels.len().div_ceil(columns).max(1);
        let foot = 26.0 + if self.note.is_some() { 20.0 } else { 0.0 };
        let (width, height) = (columns as f64 * PANEL_WIDTH + 24.0, HEAD + rows as f64 * PANEL_HEIGHT + foot);
        // Room for the legend beside few panels.
        let width = width.max(430.0);
        let mut svg = Svg::new(width, height);
        self.draw_legend(&mut svg);
        for (at, panel) in self.panels.iter().enumerate() {
            let corner =
                (18.0 + (at % columns) as f64 * PANEL_WIDTH, HEAD + (at / columns) as f64 * PANEL_HEIGHT);
            self.draw_panel(panel, &mut svg, corner);
        }
        let bottom = HEAD + rows as f64 * PANEL_HEIGHT + 8.0;
        svg.text(width / 2.0, bottom, "middle", "name", &self.x_name);
        svg.upright_text(13.0, HEAD + rows as f64 * PANEL_HEIGHT / 2.0, "name", &self.y_name);
        if let Some(note) = &self.note {
            svg.text(LEFT, bottom + 24.0, "start", "tick", note);
        }
        svg.finish(&self.title, &self.description())
    }

    /// Panels beside each other: four fill a square.
    fn columns(&self) -> usize {
        match self.panels.len() {
            0 | 1 => 1,
            2 | 4 => 2,
            _ => COLUMNS,
        }
    }

    fn draw_panel(&self, panel: &ScatterPanel, svg: &mut Svg, (x0, y0): (f64, f64)) {
        let (left, right) = (x0 + LEFT, x0 + PANEL_WIDTH - 8.0);
        let (top, bottom) = (y0 + TOP, y0 + PANEL_HEIGHT - BOTTOM);
        let (x, y) = self.scales(panel, (left + 4.0, right - 4.0), (bottom - 4.0, top + 4.0));
        svg.horizontal_grid(&y, 4, (left, right));
        svg.line((left, bottom), (right, bottom), "axis");
        for (value, label) in x.fine_ticks(3) {
            svg.line((x.at(value), bottom), (x.at(value), bottom + 4.0), "axis");
            svg.text(x.at(value), bottom + 17.0, "middle", "tick", &label);
        }
        svg.text((left + right) / 2.0, y0 + 14.0, "middle", "label", &panel.title);
        if self.is_comparison {
            let ends = self.common_range();
            svg.line((x.at(ends.0), y.at(ends.0)), (x.at(ends.1), y.at(ends.1)), "diagonal");
            for (from, to) in
                [((x.at(1.0), bottom), (x.at(1.0), top)), ((left, y.at(1.0)), (right, y.at(1.0)))]
            {
                if (ends.0..ends.1).contains(&1.0) {
                    svg.line(from, to, "threshold");
                }
            }
        }
        let radius = if panel.dots.len() > 150 { "2.5" } else { "4" };
        for dot in &panel.dots {
            let (cx, cy) = (short(x.at(dot.x)), short(y.at(dot.y)));
            let tip =
                format!("{} and {}, {}", number(Some(dot.x)), number(Some(dot.y)), self.meaning(dot.value));
            let paint = self.paint(dot.value);
            svg.mark("circle", format_args!("cx=\"{cx}\" cy=\"{cy}\" r=\"{radius}\" {paint}"), &tip);
        }
    }

    /// The axes of a panel: its own, or those of all.
    fn scales(&self, panel: &ScatterPanel, across: (f64, f64), up: (f64, f64)) -> (Scale, Scale) {
        if self.is_comparison {
            let ends = self.common_range();
            let of = |place| scale_of([ends.0, ends.1].into_iter(), self.logarithmic, place);
            return (of(across), of(up));
        }
        let (xs, ys) = (panel.dots.iter().map(|dot| dot.x), panel.dots.iter().map(|dot| dot.y));
        (scale_of(xs, self.logarithmic, across), scale_of(ys, self.logarithmic, up))
    }

    /// From the smallest to the largest coordinate of all panels; linear axes begin at 0.
    fn common_range(&self) -> (f64, f64) {
        let all = self.panels.iter().flat_map(|panel| panel.dots.iter().flat_map(|dot| [dot.x, dot.y]));
        let has_place = |value: &f64| value.is_finite() && (!self.logarithmic || *value > 0.0);
        let (low, high) = all
            .filter(has_place)
            .fold((f64::INFINITY, 1.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        match self.logarithmic {
            true => (low.min(high / 2.0), high * 1.1),
            false => (0.0, high * 1.04),
        }
    }

    /// The range of the numbers that colours stand for.
    fn range(&self) -> (f64, f64) {
        if self.legend == DotLegend::Right {
            return (0.0, 1.0);
        }
        let values = self.panels.iter().flat_map(|panel| panel.dots.iter().map(|dot| dot.value));
        values
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
    }

    /// Attributes that colour a dot.
    fn paint(&self, value: f64) -> String {
        if self.legend == DotLegend::Right {
            let class = if value < 0.25 {
                "wrong"
            } else if value > 0.75 {
                "right"
            } else {
                "partly"
            };
            return format!("class=\"mark {class}\"");
        }
        let (low, high) = self.range();
        let part = if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 };
        let [r, g, b] = colour((DARKEST + part * (255.0 - DARKEST)) as u8);
        format!("class=\"mark\" fill=\"rgb({r} {g} {b})\"")
    }

    fn meaning(&self, value: f64) -> String {
        match &self.legend {
            DotLegend::Right => format!("{:.0} % of the held-out poses right", 100.0 * value),
            DotLegend::Number(name) => format!("{name} {}", number(Some(value))),
        }
    }

    fn draw_legend(&self, svg: &mut Svg) {
        match &self.legend {
            DotLegend::Right => {
                for (at, (class, text)) in
                    [("right", "all right"), ("partly", "partly right"), ("wrong", "all wrong")]
                        .into_iter()
                        .enumerate()
                {
                    let x = LEFT + 22.0 + 124.0 * at as f64;
                    svg.element(
                        "circle",
                        format_args!("cx=\"{}\" cy=\"14\" r=\"5\" class=\"{class}\"", short(x)),
                    );
                    svg.text(x + 10.0, 18.0, "start", "label", text);
                }
            }
            DotLegend::Number(name) => {
                let (low, high) = self.range();
                svg.text(LEFT + 18.0, 18.0, "start", "label", name);
                let start = LEFT + 36.0 + 7.2 * name.chars().count() as f64;
                svg.text(start, 18.0, "start", "tick", &number(Some(low)));
                let bar = start + 48.0;
                for step in 0..20 {
                    let part = f64::from(step) / 19.0;
                    let [r, g, b] = colour((DARKEST + part * (255.0 - DARKEST)) as u8);
                    svg.element(
                        "rect",
                        format_args!(
                            "x=\"{}\" y=\"8\" width=\"5.5\" height=\"12\" fill=\"rgb({r} {g} {b})\"",
                            short(bar + 5.0 * f64::from(step))
                        ),
                    );
                }
                svg.text(bar + 108.0, 18.0, "start", "tick", &number(Some(high)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panels(legend: DotLegend) -> ScatterPanels {
        let dot = |x, y, value| PanelDot { x, y, value };
        ScatterPanels {
            title: "errors".to_owned(),
            x_name: "exact".to_owned(),
            y_name: "spectral".to_owned(),
            logarithmic: false,
            is_comparison: true,
            legend,
            panels: vec![
                ScatterPanel {
                    title: "N = 2".to_owned(),
                    dots: vec![dot(1.5, 1.4, 0.0), dot(0.5, 0.6, 1.0)],
                },
                ScatterPanel { title: "N = 4".to_owned(), dots: vec![dot(0.1, 2.0, 0.5)] },
            ],
            note: None,
        }
    }

    #[test]
    fn panels_that_are_compared_have_the_same_axes() {
        let figure = panels(DotLegend::Right);
        assert_eq!(figure.common_range(), (0.0, 2.08));
        let of = |at: usize| figure.scales(&figure.panels[at], (0.0, 208.0), (208.0, 0.0));
        assert_eq!(of(0), of(1));
        assert!((of(0).0.at(1.5) - 150.0).abs() < 1e-9 && (of(0).1.at(1.5) - 58.0).abs() < 1e-9);
    }

    #[test]
    fn colours_say_how_much_is_right_or_how_large_a_number_is() {
        let figure = panels(DotLegend::Right);
        assert_eq!(
            [0.0, 0.5, 1.0].map(|value| figure.paint(value)),
            ["class=\"mark wrong\"", "class=\"mark partly\"", "class=\"mark right\""]
        );
        let figure = panels(DotLegend::Number("error".to_owned()));
        assert_eq!(figure.range(), (0.0, 1.0));
        assert!(figure.paint(1.0).contains("rgb(253 231 76)"));
        assert_eq!(figure.description(), "spectral against exact: 3 dots in panels for N = 2, N = 4.");
    }

    #[test]
    fn nothing_to_draw_is_no_failure() {
        let empty = ScatterPanels { panels: Vec::new(), ..panels(DotLegend::Number("x".to_owned())) };
        assert!(empty.figure("empty").svg.starts_with("<svg"));
    }
}
