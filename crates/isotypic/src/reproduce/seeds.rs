//! Thirteen seeds per class, one pose of all seeds of a class missing.

use isotypic_report::{DotLegend, PanelDot, ReproductionCheck, ScatterPanel, ScatterPanels};
use serde::Deserialize;

use super::context::{Context, Findings};
use super::drawing::{SeedRow, draw, examine, mean};
use super::expectation::deviation_checks;
use crate::Error;
use isotypic_report::statistics::correlation;

pub(super) const EXPECTED: &str = include_str!("seeds.json");

const ROTATIONS: [usize; 6] = [2, 4, 8, 16, 32, 64];
const SEEDS: usize = 13;

/// The authors' numbers for one drawing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorsDrawing {
    first: Vec<usize>,
    second: Vec<usize>,
    /// Spectral, and regression with the first and the second class lacking a pose.
    errors: [f64; 3],
}

/// What the authors plot for one drawing.
#[derive(Clone, Copy)]
struct Errors {
    spectral: f64,
    of_class: [f64; 2],
    right: f64,
}

impl Errors {
    fn of(rows: &[SeedRow]) -> Self {
        let of = |class| rows.iter().filter(move |row| row.class == class);
        let number = |value: Option<f64>| value.unwrap_or(f64::NAN);
        Self {
            spectral: number(mean(rows.iter().map(|row| row.spectral))),
            of_class: [0, 1].map(|class| number(mean(of(class).map(|row| row.error)))),
            right: number(mean(rows.iter().map(|row| f64::from(u8::from(row.is_right))))),
        }
    }
}

pub(super) fn run(context: &Context<'_>) -> Result<Findings, Error> {
    let (drawings, numbers) = (context.counts.drawings, context.counts.poses(&ROTATIONS));
    let mut panels = Vec::new();
    for &poses in &numbers {
        context.monitor.stage(&format!("{SEEDS} seeds per class, rotation:{poses}"), drawings as f64);
        let errors = (0..drawings)
            .map(|number| Ok(Errors::of(&examine(context, &draw(context, number, 2, SEEDS)?, poses)?)));
        panels.push((poses, errors.collect::<Result<Vec<Errors>, Error>>()?));
    }
    let last = numbers.last().copied().unwrap_or(0);
    let dot = |errors: &Errors| PanelDot {
        x: 0.5 * (errors.of_class[0] + errors.of_class[1]),
        y: errors.spectral,
        value: errors.right,
    };
    let picture = ScatterPanels {
        title: format!("{SEEDS} seeds per class: spectral and exact error"),
        x_name: "exact error, mean of both classes".to_owned(),
        y_name: "spectral error, mean over pairs of seeds".to_owned(),
        logarithmic: false,
        is_comparison: true,
        legend: DotLegend::Right,
        panels: panels
            .iter()
            .map(|(poses, errors)| ScatterPanel {
                title: format!("N = {poses}"),
                dots: errors.iter().map(dot).collect(),
            })
            .collect(),
        note: context.note(&format!("{drawings} drawings, N up to {last}")),
    };
    let mut findings = Findings {
        setting: format!(
            "`mlp`, two classes of `{}` with {SEEDS} seeds each, {drawings} drawings, {numbers:?} rotations; pose 0 of all seeds of a class \
             missing; errors with their sign, ridge 1e-10",
            context.data
        ),
        pictures: vec![picture.figure("seeds-errors")],
        ..Findings::default()
    };
    let all: Vec<(f64, f64)> =
        panels.iter().flat_map(|(_, errors)| errors.iter().map(dot).map(|dot| (dot.x, dot.y))).collect();
    findings.add("correlation of spectral and exact error", correlation(&all));
    let exact_at = |poses| {
        let panel = panels.iter().find(|panel| panel.0 == poses)?;
        mean(panel.1.iter().map(dot).map(|dot| dot.x))
    };
    findings.add("mean exact error at 4 rotations", exact_at(4));
    findings.add("mean exact error at 32 rotations", exact_at(32));
    findings.checks.extend(against_authors(context)?);
    Ok(findings)
}

/// The authors' drawings, where the data are theirs.
fn against_authors(context: &Context<'_>) -> Result<[ReproductionCheck; 2], Error> {
    const TOLERANCE: f64 = 1e-5;
    let drawings: Vec<AuthorsDrawing> = super::parse_json(include_str!("authors/seeds.json"))?;
    let mut found = None;
    if context.hash == super::AUTHORS_DATA {
        let (mut spectral, mut exact) = (0.0_f64, 0.0_f64);
        for drawing in &drawings {
            let ours = Errors::of(&examine(context, &[drawing.first.clone(), drawing.second.clone()], 4)?);
            let [theirs, a, b] = drawing.errors;
            spectral = spectral.max((ours.spectral / theirs - 1.0).abs());
            exact = exact.max((ours.of_class[0] / a - 1.0).abs()).max((ours.of_class[1] / b - 1.0).abs());
        }
        found = Some([spectral, exact]);
    }
    let what = format!("{} drawings, 4 rotations", drawings.len());
    Ok(deviation_checks(found, TOLERANCE, &what, "drawing by drawing"))
}
