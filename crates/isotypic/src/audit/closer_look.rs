//! The worst and the best result of each question, architecture and number of poses, kept while an audit runs.
//!
//! Only two results of each kind are kept at a time, so that an audit of many pairs needs no more memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use isotypic_gram::{Ridge, SymmetricOperator};
use isotypic_report::{ExampleRole, GramPicture, SpectrumBlock, finite};
use ndarray::Array2;

use super::audit_gram::{AuditGram, unless_singular};
use crate::Error;
use crate::spectrum::reported_block;

/// Rows and columns of a picture of a Gram matrix, at most.
const LARGEST_SIDE: usize = 64;

/// Blocks of a spectrum, at most.
const MOST_BLOCKS: usize = 256;

/// What a look belongs to: question, architecture, number of poses.
pub(crate) type Place = (usize, usize, usize);

/// A Gram matrix looked at closely.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) unit: usize,
    pub(crate) error: Option<f64>,
    pub(crate) gram: GramPicture,
    pub(crate) spectrum: Vec<SpectrumBlock>,
    pub(crate) blocks_left_out: usize,
    pub(crate) label_power: Option<f64>,
}

/// The looks kept so far. The outcome does not depend on the order in which units are offered.
#[derive(Debug, Default)]
pub(crate) struct CloserLooks(Mutex<BTreeMap<(Place, ExampleRole), Look>>);

impl CloserLooks {
    /// Keeps this result if it is worse than the worst or better than the best so far. One without a number is worst of all.
    pub(crate) fn offer(
        &self,
        place: Place,
        unit: usize,
        error: Option<f64>,
        look: impl Fn() -> Result<Look, Error>,
    ) -> Result<(), Error> {
        let mut made: Option<Look> = None;
        for role in [ExampleRole::Worst, ExampleRole::Best] {
            if self.is_beaten(place, role, unit, error) {
                let look = match &made {
                    Some(look) => look.clone(),
                    None => made.insert(look()?).clone(),
                };
                let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                // Another thread may have been faster.
                let beaten = kept
                    .get(&(place, role))
                    .is_none_or(|old| beats(role, (unit, error), (old.unit, old.error)));
                if beaten {
                    kept.insert((place, role), look);
                }
            }
        }
        Ok(())
    }

    fn is_beaten(&self, place: Place, role: ExampleRole, unit: usize, error: Option<f64>) -> bool {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&(place, role)).is_none_or(|old| beats(role, (unit, error), (old.unit, old.error)))
    }

    /// All that were kept, worst before best; the best is left out where it is the worst too.
    pub(crate) fn finish(self) -> Vec<(Place, ExampleRole, Look)> {
        let kept = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let worst: BTreeMap<Place, usize> = kept
            .iter()
            .filter(|((_, role), _)| *role == ExampleRole::Worst)
            .map(|((place, _), look)| (*place, look.unit))
            .collect();
        kept.into_iter()
            .filter(|((place, role), look)| {
                *role == ExampleRole::Worst || worst.get(place) != Some(&look.unit)
            })
            .map(|((place, role), look)| (place, role, look))
            .collect()
    }
}

/// Whether a result takes the place of another; of equal ones the first unit stays.
fn beats(role: ExampleRole, new: (usize, Option<f64>), old: (usize, Option<f64>)) -> bool {
    let size = |error: Option<f64>| error.unwrap_or(f64::INFINITY);
    let order = size(new.1).total_cmp(&size(old.1));
    let order = if role == ExampleRole::Worst { order.reverse() } else { order };
    order.then(new.0.cmp(&old.0)).is_lt()
}

impl Look {
    /// Looks at a Gram matrix.
    ///
    /// # Shapes
    /// - `labels`: `[seeds, outputs]`
    pub(crate) fn of(
        gram: &AuditGram,
        labels: &Array2<f64>,
        ridge: Ridge,
        unit: usize,
        error: Option<f64>,
    ) -> Result<Self, Error> {
        let mut spectrum = gram.invariant.spectrum()?;
        let blocks_left_out = spectrum.len().saturating_sub(MOST_BLOCKS);
        spectrum.truncate(MOST_BLOCKS);
        let factor = unless_singular(gram.invariant.factor(ridge).map_err(Into::into))?;
        let label_power = match factor {
            Some(factor) => {
                let energy = (labels * &factor.dual_weights(labels)?).sum();
                finite(labels.iter().map(|label| label * label).sum::<f64>() / energy)
            }
            None => None,
        };
        let spectrum = spectrum.into_iter().map(reported_block).collect();
        Ok(Self { unit, error, gram: picture(gram)?, spectrum, blocks_left_out, label_power })
    }
}

/// The matrix as it is, at most [`LARGEST_SIDE`] rows of it.
fn picture(gram: &AuditGram) -> Result<GramPicture, Error> {
    let layout = gram.layout();
    let seeds = layout.seeds().min(LARGEST_SIDE);
    let shown = layout.order().min(LARGEST_SIDE / seeds).max(1);
    let poses: Vec<usize> = (0..shown).map(|at| at * layout.order() / shown).collect();
    let rows: Vec<usize> =
        (0..seeds).flat_map(|seed| poses.iter().map(move |&pose| layout.row(seed, pose))).collect();
    let values = match &gram.dense {
        Some(dense) => dense.block(&rows, &rows)?,
        None => gram.invariant.block(&rows, &rows)?,
    };
    let minimum = values.iter().copied().fold(f64::INFINITY, f64::min);
    let maximum = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let range = if maximum > minimum { maximum - minimum } else { 1.0 };
    let levels: Vec<u8> =
        values.iter().map(|value| (255.0 * (value - minimum) / range).round() as u8).collect();
    Ok(GramPicture {
        side: rows.len(),
        seeds,
        poses,
        minimum: finite(minimum),
        maximum: finite(maximum),
        levels: base64::engine::general_purpose::STANDARD.encode(levels),
    })
}

#[cfg(test)]
mod tests {
    use isotypic_gram::{DenseGram, GroupInvariantGram};
    use isotypic_group::FiniteGroup;
    use ndarray::{Array3, array};

    use super::*;

    fn gram(poses: usize) -> AuditGram {
        let group = FiniteGroup::cyclic(poses).unwrap();
        let kernel = Array3::from_shape_fn((2, 2, poses), |(s, t, u)| {
            let decay = (-(u.min(poses - u) as f64)).exp();
            if s == t { 3.0 + decay } else { 1.0 + 0.5 * decay }
        });
        let invariant = GroupInvariantGram::from_orbit_kernel(&group, kernel).unwrap();
        AuditGram { invariant, dense: None, defect: 0.0, resolution: 0.0 }
    }

    fn look(unit: usize, error: Option<f64>) -> Look {
        Look::of(&gram(3), &array![[1.0], [-1.0]], Ridge::Absolute(0.0), unit, error).unwrap()
    }

    #[test]
    fn the_worst_and_the_best_are_kept_in_whatever_order_they_come() {
        let errors = [Some(0.5), Some(1.5), None, Some(0.25), Some(0.25), None];
        for order in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [3, 5, 0, 2, 4, 1]] {
            let looks = CloserLooks::default();
            for unit in order {
                looks.offer((0, 0, 3), unit, errors[unit], || Ok(look(unit, errors[unit]))).unwrap();
            }
            let kept: Vec<_> = looks.finish().iter().map(|(_, role, look)| (*role, look.unit)).collect();
            assert_eq!(kept, [(ExampleRole::Worst, 2), (ExampleRole::Best, 3)]);
        }
    }

    #[test]
    fn a_single_result_is_shown_once() {
        let looks = CloserLooks::default();
        looks.offer((1, 2, 3), 7, Some(0.5), || Ok(look(7, Some(0.5)))).unwrap();
        assert_eq!(looks.finish().len(), 1);
    }

    #[test]
    fn the_power_along_the_labels_is_the_eigenvalue_of_equal_orbits() {
        let gram = gram(5);
        let dense = gram.invariant.to_dense();
        // With equal orbits +1, −1 is an eigenvector.
        let label = |row: usize| if row < 5 { 1.0 } else { -1.0 };
        let eigenvalue: f64 = (0..10).map(|column| dense[[0, column]] * label(column)).sum();
        let look = Look::of(&gram, &array![[1.0], [-1.0]], Ridge::Absolute(0.0), 0, None).unwrap();
        assert!((look.label_power.unwrap() - eigenvalue).abs() < 1e-12 * eigenvalue);
        assert_eq!(look.spectrum.len(), 3);
        assert_eq!(look.spectrum[0].eigenvalues.len(), 2);
    }

    #[test]
    fn levels_give_the_matrix_back_to_one_part_in_255() {
        let large = gram(40);
        let picture = picture(&large).unwrap();
        assert_eq!((picture.side, picture.seeds, picture.poses.len()), (64, 2, 32));
        let (low, high) = (picture.minimum.unwrap(), picture.maximum.unwrap());
        let levels = picture.decoded();
        let dense: DenseGram = large.invariant.to_dense_gram();
        for (at, &level) in levels.iter().enumerate() {
            let row = |index: usize| (index / 32) * 40 + picture.poses[index % 32];
            let value = dense.matrix()[[row(at / 64), row(at % 64)]];
            let shown = low + (high - low) * f64::from(level) / 255.0;
            assert!((shown - value).abs() <= (high - low) / 509.0);
        }
    }
}
