//! Convolutional networks on rotated digits: flattened and pooled, with several filter sizes.

use isotypic_report::{LineChart, LineSeries};

use super::comparison::{Panel, add_medians, against_authors, correlated, errors};
use super::context::{Context, Findings};
use super::pair_study::{InversePowers, PairStudy};
use crate::Error;

pub(super) const EXPECTED: &str = include_str!("cnn_rotations.json");

const ROTATIONS: [usize; 6] = [2, 4, 8, 16, 32, 64];

/// Sides of the square filters.
const FILTERS: [usize; 3] = [3, 5, 9];

pub(super) fn run(context: &Context<'_>) -> Result<Findings, Error> {
    let pairs = PairStudy::draw(context, context.counts.pairs)?;
    let numbers = context.counts.poses(&ROTATIONS);
    let last = numbers.last().copied().unwrap_or(0);
    let note = || context.note(&format!("{} pairs, N up to {last}", pairs.len()));
    let panels_of = |network: &dyn Fn(usize) -> Result<PairStudy, Error>| {
        let panel = |&poses: &usize| Ok((poses, network(poses)?.run(context, &pairs)?));
        numbers.iter().map(panel).collect::<Result<Vec<Panel>, Error>>()
    };
    let mut by_filter = Vec::new();
    for side in FILTERS {
        by_filter.push(panels_of(&|poses| {
            PairStudy::described(&convolution(side), "rotation", poses, InversePowers::Orthonormal)
        })?);
    }
    let pooled =
        panels_of(&|poses| PairStudy::named("cnn-gap", "rotation", poses, InversePowers::Orthonormal))?;
    let mut curves = Vec::new();
    for (at, side) in FILTERS.iter().enumerate() {
        curves.push(curve(&format!("flattened, {side}×{side}"), at, &by_filter[at]));
    }
    curves.push(curve("pooled, 3×3", 3, &pooled));
    let by_poses = LineChart {
        title: "CNN on rotated digits: median error".to_owned(),
        x_name: "rotations N".to_owned(),
        y_name: "median exact error".to_owned(),
        logarithmic: [true, false],
        series: curves,
        threshold: Some(1.0),
        note: note(),
    };
    let pictures = vec![
        errors(
            "cnn-rotations-flattened",
            "CNN, flattened, 3×3: spectral and exact error",
            &by_filter[0],
            note(),
        ),
        errors("cnn-rotations-pooled", "CNN, pooled, 3×3: spectral and exact error", &pooled, note()),
        by_poses.figure("cnn-rotations-medians"),
    ];
    let mut findings = Findings {
        setting: format!(
            "one circular convolution, ReLU, flatten or global average pooling, dense; no biases; {} pairs of digits of `{}`, \
             {numbers:?} rotations; ridges of the authors",
            pairs.len(),
            context.data
        ),
        pictures,
        ..Findings::default()
    };
    findings.notes.push(
        "The authors' scripts have an option that subtracts the mean of each image. It has no effect: their normalisation has subtracted it \
         before."
            .to_owned(),
    );
    findings.add(
        "correlation of spectral and exact error, flattened",
        correlated(&by_filter[0], |row| (row.exact, row.spectral)),
    );
    add_medians(&mut findings, &by_filter[0], "rotations, flattened");
    add_medians(&mut findings, &pooled, "rotations, pooled");
    against_authors(
        &mut findings,
        context,
        include_str!("authors/cnn_rotations.json"),
        InversePowers::Orthonormal,
    )?;
    Ok(findings)
}

/// The paper's network with filters of another size.
fn convolution(side: usize) -> String {
    format!(
        r#"{{"layers": [{{"conv": {{"filter": [{side}, {side}], "padding": "circular"}}}}, "relu", "flatten", {{"dense": {{}}}}]}}"#
    )
}

/// Medians against the number of poses, with the middle half.
pub(super) fn curve(name: &str, colour: usize, panels: &[Panel]) -> LineSeries {
    let quartiles = |panel: &Panel| {
        let values: Vec<f64> = panel.1.iter().map(|row| row.exact).collect();
        isotypic_report::statistics::quantiles(&values, [0.25, 0.5, 0.75])
    };
    let found: Vec<_> = panels.iter().filter_map(|panel| Some((panel.0 as f64, quartiles(panel)?))).collect();
    LineSeries::new(name, colour, found.iter().map(|(poses, q)| (*poses, q[1])).collect())
        .with_band(found.iter().map(|(_, q)| (q[0], q[2])).collect())
}
