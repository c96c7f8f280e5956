//! Figures: first what is drawn, as plain data that a test can look at, then SVG.

mod error_curves;
mod error_scatter;
mod gram_map;
mod irrep_bars;
mod line_chart;
mod orbit_figure;
mod scale;
mod scatter_panels;
mod spectrum_plot;
mod square_scatter;
mod svg;
mod trained_scatter;

pub use error_curves::{ErrorCurves, ErrorSeries};
pub use error_scatter::{ErrorDot, ErrorScatter};
pub use gram_map::GramMap;
pub use irrep_bars::IrrepBars;
pub use line_chart::{LineChart, LineSeries};
pub use orbit_figure::OrbitFigure;
pub use scatter_panels::{DotLegend, PanelDot, ScatterPanel, ScatterPanels};
pub use spectrum_plot::SpectrumPlot;
pub use square_scatter::DotSubject;
pub use trained_scatter::{TrainedDot, TrainedScatter};

pub(crate) use scale::number;
pub(crate) use svg::FIGURE_CSS;

use serde::Serialize;

/// A figure, ready for a page and for a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// Name of its file, such as `q1-errors.svg`.
    pub file: String,
    /// The figure in a sentence.
    pub description: String,
    /// An `<svg>` element that takes its colours from the page.
    pub svg: String,
}

impl Figure {
    pub(crate) fn new(name: &str, description: String, svg: String) -> Self {
        Self { file: format!("{name}.svg"), description, svg }
    }

    /// The figure as an SVG file of its own, light and dark.
    #[must_use]
    pub fn standalone(&self) -> String {
        svg::standalone(&self.svg)
    }
}
