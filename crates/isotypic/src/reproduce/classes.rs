//! Ten classes, one against the rest: how often held-out poses go to a wrong class.

use isotypic_report::{LineChart, LineSeries};

use super::comparison::Panel;
use super::context::{Context, Findings};
use super::drawing::{SeedRow, draw, examine, share_at, shares};
use crate::Error;

pub(super) const EXPECTED: &str = include_str!("classes.json");

const ROTATIONS: [usize; 5] = [2, 4, 8, 16, 32];
const CLASSES: usize = 10;
const SEEDS: usize = 16;

/// One drawing has 160 orbits; a few suffice for a share.
const MOST_DRAWINGS: usize = 4;

pub(super) fn run(context: &Context<'_>) -> Result<Findings, Error> {
    let drawings = context.counts.drawings.min(MOST_DRAWINGS);
    let numbers = context.counts.poses(&ROTATIONS);
    let mut found: Vec<Panel<SeedRow>> = Vec::new();
    for &poses in &numbers {
        context.monitor.stage(&format!("ten classes, rotation:{poses}"), drawings as f64);
        let mut rows = Vec::new();
        for number in 0..drawings {
            rows.extend(examine(context, &draw(context, number, CLASSES, SEEDS)?, poses)?);
        }
        found.push((poses, rows));
    }
    // The output of the own class says no, whatever the others say.
    let exact = shares(&found, |row| row.error > 1.0);
    let spectral = shares(&found, |row| row.spectral > 1.0);
    let largest = shares(&found, |row| !row.is_right);
    let last = numbers.last().copied().unwrap_or(0);
    let picture = LineChart {
        title: "Ten classes: share of wrong held-out poses".to_owned(),
        x_name: "rotations N".to_owned(),
        y_name: "share of wrong held-out poses".to_owned(),
        logarithmic: [true, false],
        series: vec![
            LineSeries::new("regression, one against the rest", 0, exact.clone()),
            LineSeries::new("spectral", 1, spectral.clone()),
            LineSeries::new("regression, largest of ten", 2, largest.clone()),
        ],
        threshold: None,
        note: context.note(&format!("{drawings} drawings, N up to {last}")),
    };
    let mut findings = Findings {
        setting: format!(
            "`mlp`, ten classes of `{}` with {SEEDS} seeds each, {drawings} drawings, {numbers:?} rotations; pose 0 of all seeds of a class \
             missing; ridge 1e-10",
            context.data
        ),
        pictures: vec![picture.figure("classes-wrong")],
        ..Findings::default()
    };
    findings.notes.push("The paper's third curve, of trained networks, is in `classes-trained`.".to_owned());
    findings.add("share of wrong poses at 2 rotations, regression", share_at(&exact, 2.0));
    findings.add("share of wrong poses at 4 rotations, regression", share_at(&exact, 4.0));
    let first = exact.first().map(|point| point.1);
    let fall = exact.last().zip(first).map(|(last, first)| first - last.1);
    findings.add("fall of that share from the fewest to the most rotations", fall);
    let falls = spectral.last().zip(spectral.first()).map(|(last, first)| first.1 - last.1);
    findings.add("fall of the spectral share from the fewest to the most rotations", falls);
    Ok(findings)
}
