//! Ten classes and trained networks: how often held-out poses go to a wrong class, beside regression and the averaged formula.

use isotypic_report::{LineChart, LineSeries};

use super::comparison::{Panel, correlated};
use super::context::{Context, Findings};
use super::drawing::{draw, share_at, shares};
use super::trained_audit::{TrainedRow, Units, examine, training, training_in_words};
use crate::Error;

const ROTATIONS: [usize; 4] = [2, 4, 8, 16];
const CLASSES: usize = 10;

pub(super) fn run(context: &Context<'_>) -> Result<Findings, Error> {
    let seeds = context.counts.trained_seeds;
    let numbers = context.counts.poses(&ROTATIONS);
    let training = training();
    let units = Units::Seeds(draw(context, 0, CLASSES, seeds)?.concat());
    let panels = numbers
        .iter()
        .map(|&poses| Ok((poses, examine(context, &units, poses, &training)?)))
        .collect::<Result<Vec<Panel<TrainedRow>>, Error>>()?;
    // The output of the own class says no, whatever the others say.
    let trained = shares(&panels, |row| row.trained > 1.0);
    let exact = shares(&panels, |row| row.exact > 1.0);
    let spectral = shares(&panels, |row| row.spectral > 1.0);
    let last = numbers.last().copied().unwrap_or(0);
    let picture = LineChart {
        title: "Ten classes: share of wrong held-out poses, with networks".to_owned(),
        x_name: "rotations N".to_owned(),
        y_name: "share of wrong held-out poses".to_owned(),
        logarithmic: [true, false],
        series: vec![
            LineSeries::new("trained networks", 3, trained.clone()),
            LineSeries::new("regression", 0, exact.clone()),
            LineSeries::new("spectral", 1, spectral),
        ],
        threshold: None,
        note: context.note(&format!("{seeds} seeds per class, N up to {last}, {} steps", training.steps)),
    };
    let mut findings = Findings {
        setting: format!(
            "`mlp` with {} channels, ten classes of `{}` with {seeds} seeds each, {numbers:?} rotations; one network for every class whose \
             seeds all lack pose 0, one output per class; {}",
            training.width,
            context.data,
            training_in_words(&training)
        ),
        pictures: vec![picture.figure("classes-trained-wrong")],
        ..Findings::default()
    };
    findings.add(
        "correlation of the errors of networks and of regression",
        correlated(&panels, |row| (row.trained, row.exact)),
    );
    findings.add(
        "correlation of the errors of networks and of their kernel after as many steps",
        correlated(&panels, |row| (row.trained, row.finite_time)),
    );
    for poses in [2.0, 4.0] {
        findings
            .add(format!("share of wrong poses at {poses} rotations, networks"), share_at(&trained, poses));
    }
    let far = trained.iter().zip(&exact).map(|(ours, theirs)| (ours.1 - theirs.1).abs());
    findings.add("largest difference of the shares of networks and of regression", far.reduce(f64::max));
    Ok(findings)
}
