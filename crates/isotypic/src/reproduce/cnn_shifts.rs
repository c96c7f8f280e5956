//! Convolutional networks on shifted digits: pooling over all positions has the symmetry built in.

use isotypic_report::LineChart;

use super::cnn_rotations::curve;
use super::comparison::{Panel, add_medians, against_authors, correlated, errors};
use super::context::{Context, Findings};
use super::pair_study::{InversePowers, PairStudy};
use crate::Error;

pub(super) const EXPECTED: &str = include_str!("cnn_shifts.json");

const SHIFTS: [usize; 5] = [2, 4, 7, 14, 28];

pub(super) fn run(context: &Context<'_>) -> Result<Findings, Error> {
    let pairs = PairStudy::draw(context, context.counts.pairs)?;
    let width = context.images.image_shape()[1];
    // Shifts go in steps that divide the image.
    let numbers: Vec<usize> =
        context.counts.poses(&SHIFTS).into_iter().filter(|poses| width.is_multiple_of(*poses)).collect();
    let last = numbers.last().copied().unwrap_or(0);
    let note = || context.note(&format!("{} pairs, N up to {last}", pairs.len()));
    let panels_of = |arch: &str| {
        let panel = |&poses: &usize| {
            let study = PairStudy::named(arch, "translation-x", poses, InversePowers::Orthonormal)?;
            Ok((poses, study.run(context, &pairs)?))
        };
        numbers.iter().map(panel).collect::<Result<Vec<Panel>, Error>>()
    };
    let (flattened, pooled) = (panels_of("cnn")?, panels_of("cnn-gap")?);
    let by_shifts = LineChart {
        title: "CNN on shifted digits: median error".to_owned(),
        x_name: "shifts N".to_owned(),
        y_name: "median exact error".to_owned(),
        logarithmic: [true, false],
        series: vec![curve("flattened", 0, &flattened), curve("pooled", 3, &pooled)],
        threshold: Some(1.0),
        note: note(),
    };
    let mut findings = Findings {
        setting: format!(
            "one circular 3×3 convolution, ReLU, flatten or global average pooling, dense; no biases; {} pairs of digits of `{}`, \
             {numbers:?} circular shifts along x; ridges of the authors",
            pairs.len(),
            context.data
        ),
        pictures: vec![
            errors(
                "cnn-shifts-flattened",
                "CNN, flattened: spectral and exact error under shifts",
                &flattened,
                note(),
            ),
            by_shifts.figure("cnn-shifts-medians"),
        ],
        ..Findings::default()
    };
    findings.notes.push(
        "Subtracting the mean of each image, an option of the authors' script, has no effect: their normalisation has subtracted it before."
            .to_owned(),
    );
    findings.add(
        "correlation of spectral and exact error, flattened",
        correlated(&flattened, |row| (row.exact, row.spectral)),
    );
    add_medians(&mut findings, &flattened, "shifts, flattened");
    let largest = pooled.iter().flat_map(|panel| panel.1.iter().map(|row| row.exact)).fold(0.0, f64::max);
    findings.add("largest exact error of all pairs, pooled", Some(largest));
    against_authors(
        &mut findings,
        context,
        include_str!("authors/cnn_shifts.json"),
        InversePowers::Orthonormal,
    )?;
    Ok(findings)
}
