//! What the figures of pairs have in common: panels of errors, of inverse powers, and correlations.

use isotypic_report::{DotLegend, Figure, PanelDot, ScatterPanel, ScatterPanels};

use super::context::{Context, Findings};
use super::pair_study::{AuthorsPairs, InversePowers, PairRow};
use crate::Error;
use isotypic_report::statistics::{correlation, median};

/// The rows of one number of poses.
pub(super) type Panel<Row = PairRow> = (usize, Vec<Row>);

/// Spectral against exact error.
pub(super) fn errors(name: &str, title: &str, panels: &[Panel], note: Option<String>) -> Figure {
    let dot = |row: &PairRow| PanelDot { x: row.exact, y: row.spectral, value: row.right };
    scatter(title, ["exact error", "spectral error"], panels, dot).compared().with_note(note).figure(name)
}

/// Inverse power along the labels against the mean inverse power.
pub(super) fn inverse_powers(name: &str, title: &str, panels: &[Panel], note: Option<String>) -> Figure {
    let dot = |row: &PairRow| PanelDot {
        x: row.inverse_label_power,
        y: row.mean_inverse_power,
        value: row.exact.min(2.0),
    };
    scatter(title, ["λ_N⁻¹", "⟨λ⁻¹⟩"], panels, dot).coloured("exact error").with_note(note).figure(name)
}

/// The squared distance of the orbit means against the power along the labels.
pub(super) fn separation(name: &str, title: &str, panels: &[Panel], note: Option<String>) -> Figure {
    let dot = |row: &PairRow| PanelDot {
        x: row.inverse_label_power.recip(),
        y: row.delta_squared,
        value: row.spectral.ln(),
    };
    scatter(title, ["λ_N", "Δ²"], panels, dot).coloured("log spectral error").with_note(note).figure(name)
}

/// The radius of the orbits against the mean inverse power.
pub(super) fn density(name: &str, title: &str, panels: &[Panel], note: Option<String>) -> Figure {
    let dot = |row: &PairRow| PanelDot {
        x: row.mean_inverse_power,
        y: row.radius.recip(),
        value: row.spectral.ln(),
    };
    scatter(title, ["⟨λ⁻¹⟩", "1/ρ"], panels, dot).coloured("log spectral error").with_note(note).figure(name)
}

/// Panels on their way to a picture.
pub(super) struct Scatter(ScatterPanels);

/// A panel for each number of poses, a dot for each pair.
pub(super) fn scatter<Row>(
    title: &str,
    axes: [&str; 2],
    panels: &[Panel<Row>],
    dot: impl Fn(&Row) -> PanelDot,
) -> Scatter {
    let panels = panels.iter().map(|(poses, rows)| ScatterPanel {
        title: format!("N = {poses}"),
        dots: rows.iter().map(&dot).collect(),
    });
    Scatter(ScatterPanels {
        title: title.to_owned(),
        x_name: axes[0].to_owned(),
        y_name: axes[1].to_owned(),
        logarithmic: false,
        is_comparison: false,
        legend: DotLegend::Right,
        panels: panels.collect(),
        note: None,
    })
}

impl Scatter {
    /// With the line on which both axes are the same.
    pub(super) fn compared(self) -> Self {
        Self(ScatterPanels { is_comparison: true, ..self.0 })
    }

    /// With colours for a number of this name, not for right and wrong.
    pub(super) fn coloured(self, name: &str) -> Self {
        Self(ScatterPanels { legend: DotLegend::Number(name.to_owned()), ..self.0 })
    }

    /// With what must stand on the picture.
    pub(super) fn with_note(self, note: Option<String>) -> Self {
        Self(ScatterPanels { note, ..self.0 })
    }

    /// The picture.
    pub(super) fn figure(&self, name: &str) -> Figure {
        self.0.figure(name)
    }
}

/// The correlation of two numbers over all rows of all panels.
pub(super) fn correlated<Row>(panels: &[Panel<Row>], of: impl Fn(&Row) -> (f64, f64)) -> Option<f64> {
    correlation(&panels.iter().flat_map(|(_, rows)| rows.iter().map(&of)).collect::<Vec<_>>())
}

/// The median exact error of each panel.
pub(super) fn medians(panels: &[Panel]) -> Vec<Option<f64>> {
    panels.iter().map(|(_, rows)| median(rows.iter().map(|row| row.exact))).collect()
}

/// Adds the median exact error of each panel.
pub(super) fn add_medians(findings: &mut Findings, panels: &[Panel], poses_and_network: &str) {
    for ((poses, _), median) in panels.iter().zip(medians(panels)) {
        findings.add(format!("median exact error at {poses} {poses_and_network}"), median);
    }
}

/// The part of all rows, over all panels, of which two errors are on the same side of 1.
pub(super) fn same_side<Row>(panels: &[Panel<Row>], of: impl Fn(&Row) -> (f64, f64)) -> Option<f64> {
    let errors: Vec<_> = panels.iter().flat_map(|(_, rows)| rows.iter().map(&of)).collect();
    let same = errors.iter().filter(|(a, b)| (*a > 1.0) == (*b > 1.0)).count();
    (!errors.is_empty()).then(|| same as f64 / errors.len() as f64)
}

/// The authors' own numbers, pair by pair, where the data are theirs.
pub(super) fn against_authors(
    findings: &mut Findings,
    context: &Context<'_>,
    text: &str,
    inverse_powers: InversePowers,
) -> Result<(), Error> {
    for list in AuthorsPairs::parse(text)? {
        findings.checks.extend(list.checks(context, inverse_powers)?);
    }
    Ok(())
}
