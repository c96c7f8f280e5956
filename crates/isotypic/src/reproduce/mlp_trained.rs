//! Trained fully connected networks on rotated digits: what the averaged formula says of them.

use isotypic_report::PanelDot;
use isotypic_report::statistics::median;

use super::comparison::{Panel, correlated, same_side, scatter};
use super::context::{Context, Findings};
use super::pair_study::PairStudy;
use super::trained_audit::{TrainedRow, Units, examine, training, training_in_words};
use crate::Error;

const ROTATIONS: [usize; 5] = [2, 4, 8, 16, 32];

/// Pairs of one unit of work.
const PAIRS_PER_UNIT: usize = 16;

pub(super) fn run(context: &Context<'_>) -> Result<Findings, Error> {
    let pairs = PairStudy::draw(context, context.counts.pairs.min(context.counts.trained_pairs))?;
    let numbers = context.counts.poses(&ROTATIONS);
    let training = training();
    let mut panels: Vec<Panel<TrainedRow>> = Vec::new();
    for &poses in &numbers {
        let mut rows = Vec::new();
        for unit in pairs.chunks(PAIRS_PER_UNIT) {
            rows.extend(examine(context, &Units::Pairs(unit.to_vec()), poses, &training)?);
        }
        panels.push((poses, rows));
    }
    let count = pairs.len();
    let last = numbers.last().copied().unwrap_or(0);
    let note = || context.note(&format!("{count} pairs, N up to {last}, {} steps", training.steps));
    let dots = |of: fn(&TrainedRow) -> f64| {
        move |row: &TrainedRow| PanelDot {
            x: row.trained,
            y: of(row),
            value: f64::from(u8::from(row.is_right)),
        }
    };
    let picture = |name: &str, title: &str, y_name: &str, of: fn(&TrainedRow) -> f64| {
        scatter(title, ["error of networks", y_name], &panels, dots(of))
            .compared()
            .with_note(note())
            .figure(name)
    };
    let pictures = vec![
        picture(
            "mlp-trained-errors",
            "Trained MLP: spectral error and error of networks",
            "spectral error",
            |row| row.spectral,
        ),
        picture(
            "mlp-trained-kernel",
            "Trained MLP: networks and their kernel after as many steps",
            "error of the kernel after as many steps",
            |row| row.finite_time,
        ),
    ];
    let mut findings = Findings {
        setting: format!(
            "`mlp` with {} channels, one network for each of two held-out poses of {count} pairs of digits of `{}`, {numbers:?} rotations; {}",
            training.width,
            context.data,
            training_in_words(&training)
        ),
        pictures,
        ..Findings::default()
    };
    findings.add(
        "correlation of spectral error and error of networks",
        correlated(&panels, |row| (row.trained, row.spectral)),
    );
    findings.add(
        "share of pairs on the same side of 1, spectral and networks",
        same_side(&panels, |row| (row.trained, row.spectral)),
    );
    findings.add(
        "correlation of the errors of networks and of their kernel after as many steps",
        correlated(&panels, |row| (row.trained, row.finite_time)),
    );
    for (poses, rows) in &panels {
        let found = median(rows.iter().map(|row| row.trained));
        findings.add(format!("median error of networks at {poses} rotations"), found);
    }
    Ok(findings)
}
