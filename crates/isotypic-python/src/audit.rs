//! The audit and the spectrum of arrays that are in memory.

use std::path::PathBuf;
use std::sync::Arc;

use isotypic::architecture::Architecture;
use isotypic::data::{Features, GramMatrix, LabelledImages, Labels, Pixels};
use isotypic::gram::Ridge;
use isotypic::orbit::{Normalization, RowOrder};
use isotypic::report::{render_page, render_spectrum, render_terminal};
use isotypic::work::MemoryLimit;
use isotypic::{
    AuditInput, AuditSettings, ClassSeeds, ClassSelection, Convention, Error, KernelKind, PairSelection,
    PoseNumbers, Precision, QuestionSpec, SpectrumSettings, Together, audit_of, plan_audit_of, spectrum_of,
};
use numpy::{PyReadonlyArray2, PyReadonlyArray3, PyReadonlyArray4};
use pyo3::prelude::*;

use crate::errors::{exception, settings_exception};
use crate::interruptible::interruptible;
use crate::network::Network;
use crate::reports::Report;

/// Where the points come from.
#[derive(FromPyObject)]
pub(crate) enum Given<'py> {
    /// A known name, or a path.
    Source(String),
    /// Images of bytes.
    Bytes(PyReadonlyArray4<'py, u8>),
    Single(PyReadonlyArray4<'py, f32>),
    Double(PyReadonlyArray4<'py, f64>),
    /// Features `[seeds, poses, d]`.
    Features(PyReadonlyArray3<'py, f64>),
    /// A Gram matrix.
    Gram(PyReadonlyArray2<'py, f64>),
}

/// Which seeds are asked about.
#[derive(FromPyObject)]
pub(crate) enum Pairs {
    Count(usize),
    List(Vec<(usize, usize)>),
}

/// Whole classes in place of pairs.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Classes {
    names: Vec<String>,
    seeds_per_class: usize,
    seeds: Option<Vec<usize>>,
    unseen_per_class: usize,
    together: String,
}

/// Audits; the Python side has checked types and filled in defaults.
#[pyfunction]
#[pyo3(signature = (given, labels, *, names, networks, group, poses, hold_out, kernel, normalize, pairs, classes, seed, ridge, convention, single_precision, training_times, metrics))]
#[allow(
    clippy::too_many_arguments,
    reason = "one argument for each option that users have, all of them keywords"
)]
pub(crate) fn audit(
    py: Python<'_>,
    given: Given<'_>,
    labels: Option<Vec<String>>,
    names: Vec<String>,
    networks: Vec<(String, PyRef<'_, Network>)>,
    group: Option<String>,
    poses: Option<Vec<usize>>,
    hold_out: String,
    kernel: &str,
    normalize: &str,
    pairs: Option<Pairs>,
    classes: Option<Classes>,
    seed: u64,
    ridge: &str,
    convention: &str,
    single_precision: bool,
    training_times: Option<Vec<f64>>,
    metrics: bool,
) -> PyResult<Report> {
    let raise = |error: Error| exception(py, error);
    let labels = labels.map(Labels::from_names).transpose().map_err(|error| exception(py, error))?;
    let input = input(given, labels).map_err(raise)?;
    let settings = AuditSettings {
        input,
        labels: None,
        question: group.map(|group| QuestionSpec { group, poses: pose_numbers(poses), hold_out }),
        architectures: names,
        kernel: kernel.parse::<KernelKind>().map_err(raise)?,
        normalization: Normalization::parse(normalize).map_err(|error| exception(py, error))?,
        pairs: match pairs {
            None => PairSelection::Default,
            Some(Pairs::Count(count)) => PairSelection::Count(count),
            Some(Pairs::List(list)) => PairSelection::List(list),
        },
        classes: classes.map(|classes| class_selection(py, classes)).transpose()?,
        seed,
        ridge: ridge.parse::<Ridge>().map_err(|error| exception(py, error))?,
        convention: convention.parse::<Convention>().map_err(raise)?,
        precision: if single_precision { Precision::F32 } else { Precision::F64 },
        training_times,
        metrics,
        ..AuditSettings::default()
    };
    let networks: Vec<Architecture> =
        networks.into_iter().map(|(name, network)| network.architecture().clone().with_name(name)).collect();
    let report = interruptible(py, |monitor| {
        plan_audit_of(&settings, &networks)?.plan.check(&MemoryLimit::detect())?;
        audit_of(&settings, &networks, monitor)
    })?;
    let json = report.to_json().map_err(|error| exception(py, error))?;
    let (csv, report) = (report.to_csv(), Arc::new(report));
    let for_page = Arc::clone(&report);
    Ok(Report {
        json,
        csv,
        text: Box::new(move |width| render_terminal(&report, width)),
        page: Some(Box::new(move || Ok(render_page(&for_page)?.html))),
    })
}

/// Eigenvalues of a Gram matrix irrep by irrep, and the errors that follow.
#[pyfunction]
pub(crate) fn spectrum(
    py: Python<'_>,
    matrix: PyReadonlyArray2<'_, f64>,
    group: String,
    seeds: usize,
    labels: Vec<String>,
    layout: &str,
    ridge: &str,
) -> PyResult<Report> {
    let row_order = layout.parse::<RowOrder>().map_err(|error| {
        settings_exception(py, &format!("`layout`: {error}"), "the pose is fastest in `seed-major`")
    })?;
    let settings = SpectrumSettings {
        gram: PathBuf::new(),
        group,
        seeds,
        row_order,
        labels: String::new(),
        ridge: ridge.parse::<Ridge>().map_err(|error| exception(py, error))?,
    };
    let values = matrix.as_array().to_owned();
    let report = interruptible(py, |_| {
        spectrum_of(&GramMatrix::new("gram", values)?, Labels::from_names(labels)?, &settings)
    })?;
    let json = report.to_json().map_err(|error| exception(py, error))?;
    let text = Box::new(move |width| render_spectrum(&report, width));
    Ok(Report { json, csv: String::new(), text, page: None })
}

/// Puts arrays and labels together.
fn input(given: Given<'_>, labels: Option<Labels>) -> Result<AuditInput, Error> {
    let images = |pixels, labels: Option<Labels>| -> Result<AuditInput, Error> {
        let labels = labels.ok_or_else(|| unlabelled("data"))?;
        Ok(AuditInput::LoadedImages(LabelledImages::new("data", pixels, labels)?))
    };
    match given {
        Given::Source(source) => Ok(AuditInput::Data(source)),
        Given::Bytes(array) => images(Pixels::U8(array.as_array().to_owned()), labels),
        Given::Single(array) => images(Pixels::F32(array.as_array().to_owned()), labels),
        Given::Double(array) => images(Pixels::F64(array.as_array().to_owned()), labels),
        Given::Features(array) => {
            let labels = labels.ok_or_else(|| unlabelled("features"))?;
            let features = Features::new("features", array.as_array().to_owned(), labels)?;
            Ok(AuditInput::LoadedFeatures(features))
        }
        Given::Gram(array) => {
            let labels = labels.ok_or_else(|| unlabelled("gram"))?;
            let gram = GramMatrix::new("gram", array.as_array().to_owned())?;
            Ok(AuditInput::LoadedGram(gram, labels))
        }
    }
}

fn unlabelled(what: &str) -> Error {
    Error::Settings {
        message: format!("`{what}`: labels of the seeds are needed"),
        hint: Some("pass `labels`, one per seed".to_owned()),
    }
}

/// No list: the number in the group's name; an empty one: all divisors of it.
fn pose_numbers(poses: Option<Vec<usize>>) -> PoseNumbers {
    match poses {
        None => PoseNumbers::OfGroup,
        Some(list) if list.is_empty() => PoseNumbers::Divisors,
        Some(list) => PoseNumbers::List(list),
    }
}

fn class_selection(py: Python<'_>, classes: Classes) -> PyResult<ClassSelection> {
    let together = match classes.together.as_str() {
        "class" => Together::Class,
        "seed" => Together::Seed,
        other => {
            let message = format!("`together`: expected `class` or `seed`, got `{other}`");
            return Err(settings_exception(py, &message, "the poses of one class, or of one seed"));
        }
    };
    Ok(ClassSelection {
        classes: classes.names,
        seeds: classes.seeds.map_or(ClassSeeds::PerClass(classes.seeds_per_class), ClassSeeds::List),
        unseen_per_class: classes.unseen_per_class,
        together,
    })
}
