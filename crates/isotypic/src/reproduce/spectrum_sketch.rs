//! How a kernel of two orbits becomes a spectrum: distances, kernel, one row of it, inverse powers.

use isotypic_report::{GramMap, LineChart, LineSeries};

use super::circles::Circles;
use super::context::{Context, Findings};
use crate::Error;

pub(super) const EXPECTED: &str = include_str!("spectrum_sketch.json");

const CIRCLES: Circles = Circles { poses: 6, distance: 1.0, inverse_width: 1.0 };

pub(super) fn run(_context: &Context<'_>) -> Result<Findings, Error> {
    let n = CIRCLES.poses;
    let (distances, kernel) = (CIRCLES.squared_distances(), CIRCLES.kernel());
    let map = |title: &str, values: &ndarray::Array2<f64>| {
        GramMap::of_matrix(title, &[], &values.iter().copied().collect::<Vec<_>>())
    };
    let spectrum = CIRCLES.spectrum()?;
    let inverse: Vec<f64> = spectrum.eigenvalues()[..=n].iter().map(|value| value.recip()).collect();
    let largest = inverse.iter().copied().fold(0.0, f64::max);
    let row: Vec<(f64, f64)> = (0..2 * n).map(|j| (j as f64 - n as f64, kernel[[n, j]])).collect();
    // A circle in between, and the one at the distance.
    let between = |gap: f64| {
        let at = |step: i32| {
            let turn = f64::from(step) / 60.0 * n as f64;
            let angle = std::f64::consts::PI * turn / n as f64;
            let square = 2.0 - 2.0 * angle.cos() + gap * gap;
            (turn, (-CIRCLES.inverse_width.powi(2) * square).exp())
        };
        (-60..=60).map(at).collect::<Vec<_>>()
    };
    let line = |title: &str, x: &str, y: &str, series: Vec<LineSeries>| LineChart {
        title: title.to_owned(),
        x_name: x.to_owned(),
        y_name: y.to_owned(),
        logarithmic: [false, false],
        series,
        threshold: None,
        note: None,
    };
    let pictures = vec![
        map("squared distances of the points, A0, B0, A1, B1, …", &distances)
            .figure("spectrum-sketch-distances"),
        map("Gaussian kernel of the points, A0, B0, A1, B1, …", &kernel).figure("spectrum-sketch-kernel"),
        line(
            "One row of the kernel",
            "steps from the point",
            "kernel",
            vec![
                LineSeries::new("the row", 0, row),
                LineSeries::new("points of the same class", 2, between(0.0)),
                LineSeries::new("points of the other class", 1, between(CIRCLES.distance)),
            ],
        )
        .figure("spectrum-sketch-row"),
        line(
            "Inverse powers: the label's is the last",
            "frequency",
            "inverse power, relative to the largest",
            vec![
                LineSeries::new(
                    "all frequencies",
                    0,
                    inverse.iter().enumerate().map(|(k, value)| (k as f64, value / largest)).collect(),
                ),
                LineSeries::new("along the labels", 1, vec![(n as f64, inverse[n] / largest)]).dots(),
            ],
        )
        .figure("spectrum-sketch-inverse-powers"),
    ];
    let mut findings = Findings {
        setting: format!(
            "two circles of radius 1 at distance {}, {n} points on each, kernel exp(−‖x − y‖²); no ridge",
            CIRCLES.distance
        ),
        pictures,
        ..Findings::default()
    };
    let side = 2 * n;
    let defect = kernel
        .indexed_iter()
        .map(|((i, j), value)| (value - kernel[[0, (side + j - i) % side]]).abs())
        .fold(0.0, f64::max);
    let along_labels: f64 =
        (0..side).map(|j| if j.is_multiple_of(2) { kernel[[0, j]] } else { -kernel[[0, j]] }).sum();
    findings.add("largest deviation of the kernel from a circulant matrix", Some(defect));
    findings.add("λ_N over the power along the labels", Some(spectrum.separation() / along_labels));
    findings.add("spectral error", Some(spectrum.error(0.0)?));
    findings.add("λ_N⁻¹ over the largest inverse power", Some(inverse[n] / largest));
    Ok(findings)
}
