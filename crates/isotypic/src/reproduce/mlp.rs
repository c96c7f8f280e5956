//! Fully connected networks on rotated digits: the averaged formula against regression, and what the error depends on.

use super::comparison::{
    Panel, add_medians, against_authors, correlated, density, errors, inverse_powers, medians, same_side,
    separation,
};
use super::context::{Context, Findings};
use super::pair_study::{InversePowers, PairStudy};
use crate::Error;

pub(super) const EXPECTED: &str = include_str!("mlp.json");
pub(super) const EXPECTED_DEEP: &str = include_str!("mlp_deep.json");

const ROTATIONS: [usize; 6] = [2, 4, 8, 16, 32, 64];

/// One hidden layer.
pub(super) fn run(context: &Context<'_>) -> Result<Findings, Error> {
    study(context, "mlp", "mlp", "1 hidden layer", include_str!("authors/mlp.json"))
}

/// Five hidden layers.
pub(super) fn run_deep(context: &Context<'_>) -> Result<Findings, Error> {
    study(context, "mlp-deep", "mlp:5", "5 hidden layers", include_str!("authors/mlp_deep.json"))
}

fn study(
    context: &Context<'_>,
    name: &str,
    arch: &str,
    layers: &str,
    authors: &str,
) -> Result<Findings, Error> {
    let pairs = PairStudy::draw(context, context.counts.pairs)?;
    let numbers = context.counts.poses(&ROTATIONS);
    let panels = numbers
        .iter()
        .map(|&poses| {
            let study = PairStudy::named(arch, "rotation", poses, InversePowers::Plain)?;
            Ok((poses, study.run(context, &pairs)?))
        })
        .collect::<Result<Vec<Panel>, Error>>()?;
    let last = numbers.last().copied().unwrap_or(0);
    let note = || context.note(&format!("{} pairs, N up to {last}", pairs.len()));
    let pictures = vec![
        errors(
            &format!("{name}-errors"),
            &format!("MLP, {layers}: spectral and exact error"),
            &panels,
            note(),
        ),
        inverse_powers(
            &format!("{name}-inverse-powers"),
            &format!("MLP, {layers}: what the error is a ratio of"),
            &panels,
            note(),
        ),
        separation(
            &format!("{name}-separation"),
            &format!("MLP, {layers}: power along the labels and distance of the classes"),
            &panels,
            note(),
        ),
        density(
            &format!("{name}-density"),
            &format!("MLP, {layers}: mean inverse power and radius of the orbits"),
            &panels,
            note(),
        ),
    ];
    let mut findings = Findings {
        setting: format!(
            "`{arch}` (tangent kernel, weights and biases of standard deviation 1), {} pairs of digits of `{}`, {numbers:?} rotations; \
             ridges of the authors: 1e-10 of the trace in regression, 1e-5 in the spectral error, none in λ⁻¹",
            pairs.len(),
            context.data
        ),
        pictures,
        ..Findings::default()
    };
    findings
        .add("correlation of spectral and exact error", correlated(&panels, |row| (row.exact, row.spectral)));
    findings.add("share of pairs on the same side of 1", same_side(&panels, |row| (row.exact, row.spectral)));
    let medians = medians(&panels);
    add_medians(&mut findings, &panels, "rotations");
    let rises = medians.windows(2).filter(|pair| pair[1] > pair[0]).count();
    findings.add("steps in which more rotations raise the median error", Some(rises as f64));
    // λ_N grows with N by itself.
    let scaled = |panel: &Panel| {
        let rows = panel.1.iter();
        rows.map(|row| (row.inverse_label_power.recip(), row.delta_squared)).collect::<Vec<_>>()
    };
    let each = panels.iter().map(|panel| isotypic_report::statistics::correlation(&scaled(panel)));
    findings.add(
        "correlation of λ_N and Δ², least over numbers of rotations",
        each.collect::<Option<Vec<f64>>>().and_then(|all| all.into_iter().reduce(f64::min)),
    );
    let inverse = |panel: &Panel| {
        let rows = panel.1.iter();
        rows.map(|row| (row.mean_inverse_power, row.radius.recip())).collect::<Vec<_>>()
    };
    findings.add(
        "correlation of ⟨λ⁻¹⟩ and 1/ρ at 8 rotations",
        panels
            .iter()
            .find(|panel| panel.0 == 8)
            .and_then(|panel| isotypic_report::statistics::correlation(&inverse(panel))),
    );
    against_authors(&mut findings, context, authors, InversePowers::Plain)?;
    Ok(findings)
}
