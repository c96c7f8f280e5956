//! The toy model's error against the number of poses.

use isotypic_report::{LineChart, LineSeries};

use super::circles::{Circles, largest_deviation};
use super::context::{Context, Findings};
use crate::Error;

pub(super) const EXPECTED: &str = include_str!("toy_poses.json");

/// What the authors' program gives: number of poses, spectral and exact error.
const AUTHORS: &str = include_str!("authors/toy_poses.json");

pub(super) fn run(_context: &Context<'_>) -> Result<Findings, Error> {
    let circles = |poses| Circles { poses, distance: 1.0, inverse_width: 1.4 };
    let theirs = super::rows::<3>(AUTHORS)?;
    let mut ours = Vec::new();
    for row in &theirs {
        ours.push((row[0], circles(row[0] as usize).errors()?));
    }
    let spectra = [4, 8, 20].into_iter().enumerate().map(|(colour, poses)| {
        let spectrum = circles(poses).spectrum()?;
        let inverse: Vec<f64> = spectrum.eigenvalues()[..=poses].iter().map(|value| value.recip()).collect();
        let largest = inverse.iter().copied().fold(0.0, f64::max);
        let points = inverse.iter().enumerate().map(|(k, value)| (k as f64 / poses as f64, value / largest));
        Ok(LineSeries::new(&format!("N = {poses}"), colour, points.collect()))
    });
    let series = |name: &str, colour, value: fn(&(f64, f64)) -> f64| {
        LineSeries::new(name, colour, ours.iter().map(|(n, errors)| (*n, value(errors))).collect())
    };
    let error = LineChart {
        title: "Toy model: error against number of poses".to_owned(),
        x_name: "poses N".to_owned(),
        y_name: "error at the missing pose".to_owned(),
        logarithmic: [false, true],
        series: vec![series("exact", 0, |errors| errors.1), series("spectral", 1, |errors| errors.0).dots()],
        threshold: Some(1.0),
        note: None,
    };
    let inverse = LineChart {
        title: "Toy model: inverse powers".to_owned(),
        x_name: "frequency over N: at 1 the labels".to_owned(),
        y_name: "inverse power, relative to the largest".to_owned(),
        logarithmic: [false, false],
        series: spectra.collect::<Result<_, Error>>()?,
        threshold: None,
        note: None,
    };
    let mut findings = Findings {
        setting: "two circles of radius 1 at distance 1, kernel exp(−1.4² ‖x − y‖²), ridge 1e-5 of the trace"
            .to_owned(),
        pictures: vec![error.figure("toy-poses-errors"), inverse.figure("toy-poses-inverse-powers")],
        ..Findings::default()
    };
    let pairs = |of: fn(&(f64, f64)) -> f64, place: usize| {
        ours.iter().zip(&theirs).map(|(ours, theirs)| (of(&ours.1), theirs[place])).collect::<Vec<_>>()
    };
    let spectral = pairs(|errors| errors.0, 1);
    findings.add(
        "largest relative deviation from the authors' spectral errors",
        Some(largest_deviation(spectral.into_iter())),
    );
    let exact = pairs(|errors| errors.1, 2);
    findings.add(
        "largest relative deviation from the authors' exact errors",
        Some(largest_deviation(exact.into_iter())),
    );
    let falls = ours.windows(2).filter(|pair| pair[1].1.1 < pair[0].1.1).count();
    findings.add("steps in which more poses lower the error, of 11", Some(falls as f64));
    Ok(findings)
}
