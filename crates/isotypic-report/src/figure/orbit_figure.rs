//! The orbit of a seed: its poses side by side, held-out ones in a frame.

use serde::Serialize;

use super::svg::{Svg, short};
use crate::images::OrbitStrip;

/// Poses in one row of the figure.
const IN_A_ROW: usize = 8;

/// Height of one pose in user units.
const TALL: f64 = 48.0;

/// What is drawn of an orbit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OrbitFigure {
    /// A name that no other figure of a page has.
    pub id: String,
    /// Class and number of the seed.
    pub title: String,
    /// The group, such as `rotation:16`.
    pub group: String,
    /// The elements shown.
    pub elements: Vec<usize>,
    /// For each whether it is held out.
    pub held_out: Vec<bool>,
    /// Width over height of one pose.
    pub aspect: f64,
    /// The picture of all poses in one row, PNG in base64.
    pub png: String,
}

impl OrbitFigure {
    /// What is drawn of a strip; `None` for an empty one, or one whose picture is no base64.
    pub(crate) fn of(strip: &OrbitStrip) -> Option<Self> {
        // What stands in the page must be nothing but base64.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
        let drawable = strip.width > 0 && strip.height > 0 && !strip.elements.is_empty();
        (drawable && strip.png.bytes().all(plain)).then(|| Self {
            id: format!("q{}-orbit-{}", strip.question + 1, strip.seed),
            title: format!("class {}, image {}", strip.label, strip.seed),
            group: strip.group.clone(),
            held_out: strip.elements.iter().map(|element| strip.held_out.contains(element)).collect(),
            elements: strip.elements.clone(),
            aspect: strip.width as f64 / strip.height as f64,
            png: strip.png.clone(),
        })
    }

    /// The figure in words.
    pub(crate) fn description(&self) -> String {
        let held_out: Vec<String> = self
            .elements
            .iter()
            .zip(&self.held_out)
            .filter(|(_, held_out)| **held_out)
            .map(|(element, _)| element.to_string())
            .collect();
        format!(
            "{} poses under {}; held out, in a red frame: {}.",
            self.elements.len(),
            self.group,
            held_out.join(", ")
        )
    }

    /// The figure.
    pub(crate) fn svg(&self) -> String {
        let count = self.elements.len();
        let (wide, gap) = (TALL * self.aspect, 4.0);
        let columns = count.min(IN_A_ROW);
        let rows = count.div_ceil(columns);
        let mut svg = Svg::new(columns as f64 * (wide + gap) + gap, rows as f64 * (TALL + gap) + gap);
        // The picture is stored once; every pose is a window on it.
        let picture = &self.id;
        for (at, (element, held_out)) in self.elements.iter().zip(&self.held_out).enumerate() {
            let x = gap + (at % columns) as f64 * (wide + gap);
            let y = gap + (at / columns) as f64 * (TALL + gap);
            let (word, class) = if *held_out { (", held out", "mark held-out") } else { ("", "mark frame") };
            let tip = format!("{}, pose {element}{word}", self.title);
            let view = format!(
                "x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" viewBox=\"{at} 0 1 1\" preserveAspectRatio=\"none\"",
                short(x),
                short(y),
                short(wide),
                short(TALL)
            );
            let content = match at {
                0 => format!(
                    "<image id=\"{picture}\" width=\"{count}\" height=\"1\" preserveAspectRatio=\"none\" class=\"pixels\" href=\"data:image/png;base64,{}\"/>",
                    self.png
                ),
                _ => format!("<use href=\"#{picture}\"/>"),
            };
            svg.raw(&format!("<svg {view}>{content}</svg>\n"));
            let frame = format!(
                "x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill-opacity=\"0\" pointer-events=\"all\" class=\"{class}\"",
                short(x),
                short(y),
                short(wide),
                short(TALL)
            );
            svg.mark("rect", frame, &tip);
        }
        svg.finish(&format!("Orbit: {}", self.title), &self.description())
    }
}
