//! The toy model's error against the distance of the classes.

use isotypic_report::{LineChart, LineSeries};

use super::circles::{Circles, largest_deviation};
use super::context::{Context, Findings};
use crate::Error;

pub(super) const EXPECTED: &str = include_str!("toy_separation.json");

/// What the authors' program gives: distance, spectral and exact error.
const AUTHORS: &str = include_str!("authors/toy_separation.json");

pub(super) fn run(_context: &Context<'_>) -> Result<Findings, Error> {
    let theirs = super::rows::<3>(AUTHORS)?;
    let mut ours = Vec::new();
    for row in &theirs {
        ours.push((row[0], Circles { poses: 6, distance: row[0], inverse_width: 0.85 }.errors()?));
    }
    let series = |name: &str, colour, value: fn(&(f64, f64)) -> f64| {
        // Distance 0 has no place on a logarithmic axis.
        let points = ours.iter().filter(|(distance, _)| *distance > 0.0);
        LineSeries::new(name, colour, points.map(|(distance, errors)| (*distance, value(errors))).collect())
    };
    let error = LineChart {
        title: "Toy model: error against distance of the classes".to_owned(),
        x_name: "distance Δ".to_owned(),
        y_name: "error at the missing pose".to_owned(),
        logarithmic: [true, true],
        series: vec![series("exact", 0, |errors| errors.1), series("spectral", 1, |errors| errors.0).dots()],
        threshold: Some(1.0),
        note: None,
    };
    let mut findings = Findings {
        setting:
            "two circles of radius 1 with 6 points each, kernel exp(−0.85² ‖x − y‖²), ridge 1e-5 of the trace"
                .to_owned(),
        pictures: vec![error.figure("toy-separation-errors")],
        ..Findings::default()
    };
    let spectral = ours.iter().zip(&theirs).map(|(ours, theirs)| (ours.1.0, theirs[1]));
    findings.add(
        "largest relative deviation from the authors' spectral errors",
        Some(largest_deviation(spectral)),
    );
    let exact = ours.iter().zip(&theirs).map(|(ours, theirs)| (ours.1.1, theirs[2]));
    findings.add("largest relative deviation from the authors' exact errors", Some(largest_deviation(exact)));
    let falls = ours.windows(2).filter(|pair| pair[1].1.1 < pair[0].1.1 * (1.0 + 1e-9)).count();
    findings.add("steps in which more distance does not raise the error, of 20", Some(falls as f64));
    Ok(findings)
}
