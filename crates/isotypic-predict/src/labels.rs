//! The one check of labels.

use isotypic_orbit::OrbitLayout;
use ndarray::ArrayRef2;

use crate::PredictError;

/// One finite row per seed.
pub(crate) fn check_labels(layout: OrbitLayout, labels: &ArrayRef2<f64>) -> Result<(), PredictError> {
    let (rows, columns) = labels.dim();
    if rows != layout.seeds() || columns == 0 {
        return Err(PredictError::LabelShape { seeds: layout.seeds(), rows, columns });
    }
    match labels.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((seed, output), &value)) => Err(PredictError::LabelNotFinite { seed, output, value }),
        None => Ok(()),
    }
}
