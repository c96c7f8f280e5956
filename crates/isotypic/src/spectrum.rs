//! The spectrum of a given Gram matrix, irrep by irrep, and the errors that follow from it.

use std::path::PathBuf;

use isotypic_data::{GramMatrix, Labels};
use isotypic_gram::{
    BlockSpectrum, DenseGram, Factorization, GramError, OrbitStatus, Ridge, SymmetricOperator,
};
use isotypic_orbit::{OrbitLayout, RowOrder, abstract_group};
use isotypic_predict::{PredictError, leave_one_out, spectral_error};
use isotypic_report::{SpectrumBlock, SpectrumReport, Status, finite};
use ndarray::Array2;

use crate::Error;

/// What to analyse.
#[derive(Debug, Clone, PartialEq)]
pub struct SpectrumSettings {
    /// A `.npy` file with a square symmetric matrix.
    pub gram: PathBuf,
    /// The group, such as `cyclic:16`.
    pub group: String,
    /// Number of orbits.
    pub seeds: usize,
    /// The order of rows and columns.
    pub row_order: RowOrder,
    /// One label per seed: numbers are used as they are, names as one column per class.
    pub labels: String,
    /// Added to the diagonal.
    pub ridge: Ridge,
}

/// A block in the form of the report.
pub(crate) fn reported_block(block: BlockSpectrum) -> SpectrumBlock {
    let BlockSpectrum { irrep, dimension, multiplicity, eigenvalues } = block;
    SpectrumBlock { irrep: irrep.to_string(), dimension, multiplicity, eigenvalues }
}

/// Eigenvalues per irrep, and the exact error of a missing pose of each seed.
///
/// # Errors
/// An [`Error`] that names the file, the entry or the label.
pub fn spectrum(settings: &SpectrumSettings) -> Result<SpectrumReport, Error> {
    let labels = Labels::parse(&settings.labels)?;
    spectrum_of(&GramMatrix::load(&settings.gram)?, labels, settings)
}

/// The same for a matrix and labels that are in memory; the files of the settings are not read.
///
/// # Errors
/// As [`spectrum`].
pub fn spectrum_of(
    matrix: &GramMatrix,
    mut labels: Labels,
    settings: &SpectrumSettings,
) -> Result<SpectrumReport, Error> {
    let group = abstract_group(&settings.group)?;
    if labels.len() == settings.seeds * group.order() {
        // One label per point: in the order of rows.
        let places = OrbitLayout::new(settings.seeds, group.order()).seed_major_from(settings.row_order);
        labels = labels.select(&places)?.per_orbit("labels", settings.seeds, group.order())?;
    }
    if labels.len() != settings.seeds {
        return Err(Error::settings(
            format!("labels: expected one per seed ({}), got {}", settings.seeds, labels.len()),
            "pass `--labels=+1,-1,…`",
        ));
    }
    let targets = targets(&labels);
    matrix.check_size(settings.seeds, group.order())?;
    let gram =
        DenseGram::from_row_order(&matrix.values(), settings.row_order, settings.seeds, group.clone())?;
    let projection = gram.project()?;
    let blocks = projection.gram.spectrum()?.into_iter().map(reported_block).collect();
    let (exact_error, status, condition_number) =
        match leave_one_out(&projection.gram, settings.ridge, &targets) {
            Ok(result) => {
                // With several columns the error of the seed's own class.
                let own = |seed: usize| if targets.ncols() == 1 { 0 } else { labels.indices()[seed] };
                let errors =
                    (0..settings.seeds).map(|seed| finite(result.errors[[seed, own(seed)]])).collect();
                let status = if result.status.iter().any(|&s| s == OrbitStatus::ConflictingLabels) {
                    Status::ConflictingLabels
                } else if result.status.iter().any(|&s| s == OrbitStatus::OrbitCollapse) {
                    Status::OrbitCollapse
                } else {
                    Status::Ok
                };
                let condition = projection.gram.factor(settings.ridge)?.condition_number()?;
                (errors, status, finite(condition))
            }
            Err(PredictError::Gram(GramError::NotPositiveDefinite(_))) => {
                (vec![None; settings.seeds], Status::NotPositiveDefinite, None)
            }
            Err(error) => return Err(error.into()),
        };
    let two_orbits = settings.seeds == 2 && group.as_cyclic().is_some();
    let spectral = if two_orbits {
        match spectral_error(&projection.gram, settings.ridge) {
            Ok(error) => finite(error.value),
            Err(PredictError::SpectrumNotPositive { .. }) => None,
            Err(error) => return Err(error.into()),
        }
    } else {
        None
    };
    Ok(SpectrumReport {
        schema: SpectrumReport::SCHEMA.to_owned(),
        group: settings.group.clone(),
        seeds: settings.seeds,
        blocks,
        exact_error,
        spectral_error: spectral,
        invariance_defect: finite(projection.invariance_defect),
        condition_number,
        status,
    })
}

/// Numbers as one column; names as one column per class, +1 for the own and −1 for the others.
fn targets(labels: &Labels) -> Array2<f64> {
    match labels.numeric() {
        Some(values) => Array2::from_shape_fn((values.len(), 1), |(seed, _)| values[seed]),
        None => Array2::from_shape_fn((labels.len(), labels.classes().len()), |(seed, class)| {
            if labels.indices()[seed] == class { 1.0 } else { -1.0 }
        }),
    }
}
