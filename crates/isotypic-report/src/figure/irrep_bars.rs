//! What each irrep has to do with the error: bars upwards cause a failure, bars downwards hold the error down.

use serde::Serialize;

use super::scale::{Scale, number};
use super::svg::{Svg, short};
use crate::summary::SummaryRow;

/// Bars drawn at most: those of the largest parts.
const MOST_BARS: usize = 40;

const WIDTH: f64 = 450.0;
const HEIGHT: f64 = 290.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 444.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 240.0;

/// Name, excess, weight and share of one irrep.
type Bar = (String, f64, Option<f64>, Option<f64>);

/// What is drawn of one row of the summary.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IrrepBars {
    /// Whose they are.
    pub title: String,
    /// Name, excess, weight and share of each irrep, in the order of the blocks.
    pub bars: Vec<Bar>,
    /// Irreps with small parts that are not drawn.
    pub left_out: usize,
}

impl IrrepBars {
    /// What is drawn; `None` if no part is known.
    pub(crate) fn of(row: &SummaryRow) -> Option<Self> {
        let mut bars: Vec<(usize, Bar)> = row
            .irreps
            .iter()
            .enumerate()
            .filter_map(|(at, irrep)| {
                let excess = irrep.excess.filter(|excess| excess.is_finite())?;
                Some((at, (irrep.irrep.clone(), excess, irrep.weight, irrep.share)))
            })
            .collect();
        if bars.is_empty() {
            return None;
        }
        bars.sort_by(|a, b| b.1.1.abs().total_cmp(&a.1.1.abs()));
        let left_out = bars.len().saturating_sub(MOST_BARS);
        bars.truncate(MOST_BARS);
        bars.sort_by_key(|bar| bar.0);
        let title = format!("{}, {} poses", row.arch, row.poses);
        Some(Self { title, bars: bars.into_iter().map(|bar| bar.1).collect(), left_out })
    }

    /// The figure in words.
    pub(crate) fn description(&self) -> String {
        let largest = self.bars.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        let largest = largest.filter(|bar| bar.1 > 0.0);
        match largest {
            Some((irrep, excess, ..)) => {
                format!(
                    "The largest part of the error above 1 comes from {irrep}: {}.",
                    number(Some(*excess))
                )
            }
            None => "No irrep pushes the error up.".to_owned(),
        }
    }

    /// The figure.
    pub(crate) fn svg(&self) -> String {
        let mut svg = Svg::new(WIDTH, HEIGHT);
        let high = self.bars.iter().map(|bar| bar.1).fold(0.0, f64::max);
        let low = self.bars.iter().map(|bar| bar.1).fold(0.0, f64::min);
        let margin = 0.06 * (high - low).max(1e-12);
        let y = Scale::linear((low - margin, high + margin), (BOTTOM, TOP));
        svg.horizontal_grid(&y, 5, (LEFT, RIGHT));
        svg.upright_text(14.0, (TOP + BOTTOM) / 2.0, "name", "part of error − 1");
        svg.text(
            (LEFT + RIGHT) / 2.0,
            HEIGHT - 8.0,
            "middle",
            "name",
            "irreducible representation (frequency)",
        );
        let room = (RIGHT - LEFT) / self.bars.len() as f64;
        let every = (46.0 / room).ceil().max(1.0) as usize;
        for (at, (irrep, excess, weight, share)) in self.bars.iter().enumerate() {
            let left = LEFT + at as f64 * room;
            let (top, bottom) = (y.at(excess.max(0.0)), y.at(excess.min(0.0)));
            let class = if *excess > 0.0 { "harms" } else { "helps" };
            let tip = format!(
                "{irrep}: part {}, weight {}, share {}",
                number(Some(*excess)),
                number(*weight),
                number(*share)
            );
            let (x, width) = (short(left + room * 0.14), short(room * 0.72));
            let (top, height) = (short(top), short((bottom - top).max(0.5)));
            svg.mark(
                "rect",
                format_args!(
                    "x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" class=\"mark {class}\""
                ),
                &tip,
            );
            if at % every == 0 {
                svg.text(left + room / 2.0, BOTTOM + 19.0, "middle", "tick", irrep);
            }
        }
        svg.line((LEFT, y.at(0.0)), (RIGHT, y.at(0.0)), "axis");
        svg.finish(&format!("Where the error comes from: {}", self.title), &self.description())
    }
}
