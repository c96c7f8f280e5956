//! A Gram matrix as a heat map.

use base64::Engine;
use serde::Serialize;

use super::scale::number;
use super::svg::{Svg, short};
use crate::example::{ExampleResult, ExampleRole};

const SIDE: f64 = 300.0;
const LEFT: f64 = 34.0;
const TOP: f64 = 26.0;

/// What is drawn of a Gram matrix.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GramMap {
    /// Whose it is.
    pub title: String,
    /// Rows and columns.
    pub side: usize,
    /// Classes of the orbits, which are equally long.
    pub labels: Vec<String>,
    /// The values of the darkest and the brightest colour.
    pub range: [Option<f64>; 2],
    /// 0 to 255, row by row.
    pub levels: Vec<u8>,
}

impl GramMap {
    /// What is drawn of an example; `None` if its levels cannot be read.
    pub(crate) fn of(example: &ExampleResult) -> Option<Self> {
        let gram = &example.gram;
        let levels = gram.decoded();
        if gram.side == 0 || gram.side.checked_mul(gram.side) != Some(levels.len()) {
            return None;
        }
        Some(Self {
            title: title(example),
            side: gram.side,
            labels: example.labels.iter().take(gram.seeds).cloned().collect(),
            range: [gram.minimum, gram.maximum],
            levels,
        })
    }

    /// A map of a square matrix, given row by row, whose rows are those of equally long orbits.
    #[must_use]
    pub fn of_matrix(title: &str, labels: &[&str], values: &[f64]) -> Self {
        let range = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| {
            (low.min(value), high.max(value))
        });
        let level = |value: &f64| match range.1 > range.0 {
            true => ((value - range.0) / (range.1 - range.0) * 255.0).round() as u8,
            false => 255,
        };
        Self {
            title: title.to_owned(),
            side: values.len().isqrt(),
            labels: labels.iter().map(|&label| label.to_owned()).collect(),
            range: [crate::finite(range.0), crate::finite(range.1)],
            levels: values.iter().map(level).collect(),
        }
    }

    /// The map under a name for its file.
    #[must_use]
    pub fn figure(&self, name: &str) -> super::Figure {
        super::Figure::new(name, self.description(), self.svg())
    }

    /// The figure in words.
    pub(crate) fn description(&self) -> String {
        let what = match &self.labels[..] {
            [] => self.title.clone(),
            labels => format!("Kernel between all poses of {}", labels.join(" and ")),
        };
        format!("{what}: values from {} (dark) to {} (bright).", number(self.range[0]), number(self.range[1]))
    }

    /// The figure.
    pub(crate) fn svg(&self) -> String {
        let mut svg = Svg::new(SIDE + LEFT + 76.0, SIDE + TOP + 10.0);
        let png = self.png();
        svg.element(
            "image",
            format_args!(
                "x=\"{LEFT}\" y=\"{TOP}\" width=\"{SIDE}\" height=\"{SIDE}\" preserveAspectRatio=\"none\" class=\"pixels gram\" \
                 data-side=\"{}\" data-low=\"{}\" data-high=\"{}\" href=\"data:image/png;base64,{png}\"",
                self.side,
                self.range[0].unwrap_or_default(),
                self.range[1].unwrap_or_default()
            ),
        );
        let count = self.labels.len().max(1);
        let orbit = SIDE / count as f64;
        for (at, label) in self.labels.iter().enumerate() {
            let start = at as f64 * orbit;
            if at > 0 {
                svg.line((LEFT + start, TOP), (LEFT + start, TOP + SIDE), "divider");
                svg.line((LEFT, TOP + start), (LEFT + SIDE, TOP + start), "divider");
            }
            // Narrow orbits have no room for their names.
            if orbit > 24.0 {
                let name: String = label.chars().take((orbit / 8.0) as usize).collect();
                svg.text(LEFT + start + orbit / 2.0, TOP - 8.0, "middle", "label", &name);
                svg.upright_text(LEFT - 10.0, TOP + start + orbit / 2.0, "label", &name);
            }
        }
        let (x, y, width, height) = (short(LEFT), short(TOP), short(SIDE), short(SIDE));
        svg.element(
            "rect",
            format_args!("x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" class=\"frame\""),
        );
        for step in 0..24 {
            let level = 255 - step * 255 / 23;
            let [r, g, b] = colour(level as u8);
            svg.element(
                "rect",
                format_args!(
                    "x=\"{}\" y=\"{}\" width=\"12\" height=\"{}\" fill=\"rgb({r} {g} {b})\"",
                    short(LEFT + SIDE + 12.0),
                    short(TOP + f64::from(step) * SIDE / 24.0),
                    short(SIDE / 24.0 + 0.5)
                ),
            );
        }
        svg.text(LEFT + SIDE + 28.0, TOP + 10.0, "start", "tick", &number(self.range[1]));
        svg.text(LEFT + SIDE + 28.0, TOP + SIDE, "start", "tick", &number(self.range[0]));
        svg.finish(&format!("Gram matrix: {}", self.title), &self.description())
    }

    /// The pixels with a palette, in base64.
    fn png(&self) -> String {
        let in_memory = "as many bytes as the size asks for, written to memory";
        let mut file = Vec::new();
        let side = self.side as u32;
        let mut encoder = png::Encoder::new(&mut file, side, side);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_palette((0..=255).flat_map(colour).collect::<Vec<u8>>());
        encoder.set_compression(png::Compression::High);
        let mut writer = encoder.write_header().expect(in_memory);
        writer.write_image_data(&self.levels).expect(in_memory);
        writer.finish().expect(in_memory);
        base64::engine::general_purpose::STANDARD.encode(file)
    }
}

/// Whose Gram matrix or spectrum it is.
pub(super) fn title(example: &ExampleResult) -> String {
    let role = match example.role {
        ExampleRole::Worst => "largest error",
        ExampleRole::Best => "smallest error",
    };
    let who = match example.labels.as_slice() {
        [a, b] => format!("{a} and {b}"),
        labels => format!("{} seeds", labels.len()),
    };
    format!("{}, {} poses, {who} ({role}, {})", example.arch, example.poses, number(example.error))
}

/// From dark blue over green to yellow, evenly brighter.
pub(super) fn colour(level: u8) -> [u8; 3] {
    const STOPS: [[f64; 3]; 5] = [
        [24.0, 15.0, 61.0],
        [49.0, 78.0, 140.0],
        [33.0, 145.0, 140.0],
        [122.0, 200.0, 88.0],
        [253.0, 231.0, 76.0],
    ];
    let place = f64::from(level) / 255.0 * (STOPS.len() - 1) as f64;
    let below = (place.floor() as usize).min(STOPS.len() - 2);
    let part = place - below as f64;
    std::array::from_fn(|at| {
        (STOPS[below][at] + part * (STOPS[below + 1][at] - STOPS[below][at])).round() as u8
    })
}
