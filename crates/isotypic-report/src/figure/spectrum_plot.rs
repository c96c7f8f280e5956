//! Eigenvalues of a Gram matrix, irrep by irrep, with the power along the labels.

use serde::Serialize;

use super::gram_map::title;
use super::scale::{Scale, number};
use super::svg::{Svg, short};
use crate::example::ExampleResult;

/// Eigenvalues smaller than the largest by this factor are rounding.
const DEPTH: f64 = 1e-14;

const WIDTH: f64 = 450.0;
const HEIGHT: f64 = 350.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 444.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 298.0;

/// What is drawn of a spectrum.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpectrumPlot {
    /// Whose it is.
    pub title: String,
    /// Name and eigenvalues of each block; the first is the trivial irrep, in which the labels lie.
    pub blocks: Vec<(String, Vec<f64>)>,
    /// The power along the labels.
    pub label_power: Option<f64>,
}

impl SpectrumPlot {
    /// What is drawn of an example; `None` if no eigenvalue is positive.
    pub(crate) fn of(example: &ExampleResult) -> Option<Self> {
        let blocks: Vec<(String, Vec<f64>)> =
            example.spectrum.iter().map(|block| (block.irrep.clone(), block.eigenvalues.clone())).collect();
        let positive = blocks.iter().flat_map(|block| &block.1).any(|&value| value > 0.0);
        positive.then(|| Self { title: title(example), blocks, label_power: example.label_power })
    }

    /// The figure in words.
    pub(crate) fn description(&self) -> String {
        format!(
            "Eigenvalues of {} blocks on a logarithmic scale. The labels lie in the first block; the power along them is {}.",
            self.blocks.len(),
            number(self.label_power)
        )
    }

    /// The figure.
    pub(crate) fn svg(&self) -> String {
        let mut svg = Svg::new(WIDTH, HEIGHT);
        let all = || self.blocks.iter().flat_map(|block| block.1.iter().copied()).chain(self.label_power);
        let high = all().fold(f64::MIN_POSITIVE, f64::max);
        let low = all().filter(|&value| value > high * DEPTH).fold(high, f64::min);
        let y = Scale::logarithmic((low / 1.6, high * 1.6), (BOTTOM, TOP));
        svg.horizontal_grid(&y, 6, (LEFT, RIGHT));
        svg.line((LEFT, BOTTOM), (RIGHT, BOTTOM), "axis");
        svg.upright_text(14.0, (TOP + BOTTOM) / 2.0, "name", "eigenvalue");
        svg.text(
            (LEFT + RIGHT) / 2.0,
            HEIGHT - 8.0,
            "middle",
            "name",
            "irreducible representation (frequency)",
        );
        let room = (RIGHT - LEFT) / self.blocks.len() as f64;
        let every = (46.0 / room).ceil().max(1.0) as usize;
        for (at, (irrep, eigenvalues)) in self.blocks.iter().enumerate() {
            let middle = LEFT + (at as f64 + 0.5) * room;
            if at % every == 0 {
                svg.text(middle, BOTTOM + 19.0, "middle", "tick", irrep);
            }
            for &value in eigenvalues {
                let class = if at == 0 { "mark eigen trivial" } else { "mark eigen" };
                let (cx, cy) = (short(middle), short(y.at(value)));
                let tip = format!("{irrep}: eigenvalue {}", number(Some(value)));
                let r = short((room * 0.35).clamp(1.5, 5.0));
                svg.mark("circle", format_args!("cx=\"{cx}\" cy=\"{cy}\" r=\"{r}\" class=\"{class}\""), &tip);
            }
        }
        if let Some(power) = self.label_power.filter(|power| *power > 0.0) {
            svg.line((LEFT, y.at(power)), (RIGHT, y.at(power)), "power");
            let text = format!("the labels: {}", number(Some(power)));
            svg.text(RIGHT - 4.0, y.at(power) - 6.0, "end", "power-text", &text);
        }
        svg.finish(&format!("Spectrum: {}", self.title), &self.description())
    }
}
