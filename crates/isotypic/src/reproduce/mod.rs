//! The figures of the paper, made again.
//!
//! Each figure is one file: it computes, draws, and names the numbers it found. What these should be stands beside it as data, with the
//! source and the tolerance of every expectation; whether a figure is reproduced follows from nothing else. The authors' own numbers, in
//! `authors/`, are compared pair by pair where the data are theirs.

mod circles;
mod classes;
#[cfg(feature = "train")]
mod classes_trained;
mod cnn_rotations;
mod cnn_shifts;
mod comparison;
mod context;
mod drawing;
mod expectation;
mod figure;
#[cfg(feature = "train")]
mod figure_1;
mod mlp;
#[cfg(feature = "train")]
mod mlp_trained;
mod orbits;
mod pair_study;
mod seeds;
mod settings;
mod spectrum_sketch;
mod toy_poses;
mod toy_separation;
#[cfg(feature = "train")]
mod trained_audit;

pub use figure::PaperFigure;
pub use settings::ReproductionSettings;

use isotypic_report::{
    Figure, ReproducedFigure, ReproducedPicture, ReproductionReport, ReproductionVerdict, finite,
};
use isotypic_work::Monitor;
use serde::de::DeserializeOwned;

use crate::Error;
use context::{Context, Findings};
use figure::Run;

/// Content hash of the MNIST training set, from which the authors drew their pairs.
const AUTHORS_DATA: &str = "ec6d8ca01dabbf8c05114768443f78d0964895df7460f7ef2c4a9af76bb90dd4";

/// Figures made again.
#[derive(Debug, Clone, PartialEq)]
pub struct Reproduction {
    /// What was found.
    pub report: ReproductionReport,
    /// The pictures, each under the name that the report has for it.
    pub pictures: Vec<Figure>,
}

/// The figures of some names, in the order of the paper.
///
/// # Errors
/// A name that no figure has.
pub fn paper_figures(names: &[String]) -> Result<Vec<&'static PaperFigure>, Error> {
    for name in names {
        if name != "all" && PaperFigure::all().iter().all(|figure| figure.name != *name) {
            let known: Vec<_> = PaperFigure::all().iter().map(|figure| figure.name).collect();
            return Err(Error::settings(
                format!("figure `{name}`: no figure of this name"),
                format!(
                    "known are `all`, {}",
                    known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
                ),
            ));
        }
    }
    let is_asked = |figure: &&PaperFigure| names.iter().any(|name| name == "all" || name == figure.name);
    Ok(PaperFigure::all().iter().filter(is_asked).collect())
}

/// Makes figures of the paper again.
///
/// # Errors
/// Unknown figures, counts that show nothing, data that cannot be read or lack classes;
/// [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted) when the monitor was cancelled.
///
/// # Examples
/// ```
/// use isotypic::{ReproductionSettings, reproduce, work::Monitor};
///
/// let settings = ReproductionSettings { figures: vec!["toy-poses".into()], is_quick: true, ..Default::default() };
/// let made = reproduce(&settings, &Monitor::silent())?;
/// assert_eq!(made.report.figures[0].verdict.text(), "reproduced");
/// # Ok::<(), isotypic::Error>(())
/// ```
pub fn reproduce(settings: &ReproductionSettings, monitor: &Monitor) -> Result<Reproduction, Error> {
    let asked = paper_figures(&settings.figures)?;
    let context = Context::new(settings, monitor)?;
    let (mut figures, mut pictures) = (Vec::new(), Vec::new());
    for figure in asked {
        monitor.check()?;
        let findings = match figure.run {
            Run::Kernel(run) => run(&context)?,
            #[cfg(feature = "train")]
            Run::Trained(run) => run(&context)?,
            #[cfg(not(feature = "train"))]
            Run::NeedsTraining => Findings {
                setting: "not made".to_owned(),
                notes: vec![format!(
                    "It trains networks, which takes the cargo feature `train`: `cargo run --release --features train -- reproduce {} --out DIR`.",
                    figure.name
                )],
                ..Findings::default()
            },
        };
        let Findings { setting, quantities, checks, notes, pictures: made } = findings;
        let mut all = expectation::check(figure.expected, &quantities)?;
        // Numbers without an expectation are shown too.
        let unexpected =
            quantities.iter().filter(|(name, _)| all.iter().all(|check| check.quantity != *name));
        let shown = unexpected.map(|(name, value)| format!("{name}: {value:.4}")).collect::<Vec<_>>();
        all.extend(checks);
        all.iter_mut().for_each(|check| check.found = check.found.and_then(finite));
        let mut notes = notes;
        if !shown.is_empty() {
            notes.push(format!("Also found: {}.", shown.join("; ")));
        }
        figures.push(ReproducedFigure {
            name: figure.name.to_owned(),
            title: figure.title.to_owned(),
            paper: figure.paper.to_owned(),
            setting,
            verdict: ReproductionVerdict::of(&all),
            checks: all,
            notes,
            pictures: made
                .iter()
                .map(|picture| ReproducedPicture {
                    file: picture.file.clone(),
                    description: picture.description.clone(),
                })
                .collect(),
        });
        pictures.extend(made);
    }
    let report = ReproductionReport {
        schema: ReproductionReport::SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: settings.command(&context.data),
        data: context.data.clone(),
        data_hash: context.hash.clone(),
        is_reduced: context.is_reduced,
        figures,
    };
    Ok(Reproduction { report, pictures })
}

/// A table of numbers that is part of the program.
fn rows<const N: usize>(text: &str) -> Result<Vec<[f64; N]>, Error>
where
    [f64; N]: DeserializeOwned,
{
    parse_json(text)
}

/// Data that are part of the program.
fn parse_json<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| {
        Error::settings(format!("data of a figure: {error}"), "this is an error of the program")
    })
}
