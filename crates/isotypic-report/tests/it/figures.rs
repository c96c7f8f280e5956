//! Figures of reproductions, as they were drawn before.

use isotypic_report::{DotLegend, LineChart, LineSeries, PanelDot, ScatterPanel, ScatterPanels};

#[test]
fn line_charts_are_drawn_as_before() {
    let figure = LineChart {
        title: "Error of a toy".to_owned(),
        x_name: "poses".to_owned(),
        y_name: "error".to_owned(),
        logarithmic: [true, true],
        series: vec![
            LineSeries::new("exact", 0, vec![(4.0, 1.0), (8.0, 0.1), (16.0, 0.0)]),
            LineSeries::new("spectral", 1, vec![(4.0, 1.5), (16.0, 0.01)]),
        ],
        threshold: Some(1.0),
        note: Some("reduced".to_owned()),
    }
    .figure("toy");
    insta::assert_snapshot!("line-chart", figure.svg);
}

#[test]
fn panels_of_dots_are_drawn_as_before() {
    let dot = |x, y, value| PanelDot { x, y, value };
    let of = |legend: DotLegend, is_comparison: bool, logarithmic: bool| ScatterPanels {
        title: "Errors".to_owned(),
        x_name: "exact".to_owned(),
        y_name: "spectral".to_owned(),
        logarithmic,
        is_comparison,
        legend,
        panels: vec![
            ScatterPanel { title: "N = 2".to_owned(), dots: vec![dot(1.5, 1.4, 0.0), dot(0.5, 0.6, 1.0)] },
            ScatterPanel { title: "N = 4".to_owned(), dots: vec![dot(0.1, 2.0, 0.5)] },
        ],
        note: None,
    };
    insta::assert_snapshot!("panels-right", of(DotLegend::Right, true, false).figure("errors").svg);
    let number = DotLegend::Number("distance".to_owned());
    insta::assert_snapshot!("panels-number", of(number, false, true).figure("errors").svg);
}
