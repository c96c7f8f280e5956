//! The paper's spectral error of every seed where no Gram matrix is held: pair of orbits after pair, each forgotten at once.

use std::ops::Range;

use isotypic_gram::{GroupInvariantGram, Ridge};
use isotypic_predict::{CircularSpectrum, ORBIT_TILE, OrbitKernel, PredictError};
use isotypic_work::Monitor;
use ndarray::Array3;
use rayon::prelude::*;

use super::audit_gram::unless_singular;
use super::large_orbits::LargeOrbits;
use crate::Error;

/// Nominal seconds of one core for the spectrum of one pair, beside its kernel values.
pub(super) const SECONDS_OF_PAIR: f64 = 3e-5;

/// The error of each seed that is answered, averaged over the seeds of all other classes; `None` unless the group is cyclic, and for a
/// seed with a pair whose spectrum is not positive.
pub(super) fn spectral_errors(
    orbits: &LargeOrbits<'_>,
    classes: &[usize],
    answered: &[usize],
    ridge: Ridge,
    monitor: &Monitor,
) -> Result<Vec<Option<f64>>, Error> {
    let group = orbits.transform().group();
    let (seeds, order) = (classes.len(), group.order());
    if group.as_cyclic().is_none() {
        return Ok(vec![None; answered.len()]);
    }
    let mut is_answered = vec![false; seeds];
    answered.iter().for_each(|&seed| is_answered[seed] = true);
    let own: Vec<Vec<f64>> = (0..seeds)
        .into_par_iter()
        .map(|seed| {
            monitor.check()?;
            let mut values = vec![0.0; order];
            orbits.between(&mut orbits.start()?, seed, seed, &mut values)?;
            Ok(values)
        })
        .collect::<Result<_, Error>>()?;
    let range = |tile: usize| tile * ORBIT_TILE..((tile + 1) * ORBIT_TILE).min(seeds);
    let count = seeds.div_ceil(ORBIT_TILE);
    let tiles: Vec<(Range<usize>, Range<usize>)> =
        (0..count).flat_map(|row| (0..=row).map(move |column| (range(row), range(column)))).collect();
    let share = monitor.part(1.0, tiles.len() as f64);
    let errors: Vec<Vec<(usize, usize, Option<f64>)>> = tiles
        .into_par_iter()
        .with_max_len(1)
        .map(|(rows, columns)| {
            monitor.check()?;
            let (mut run, mut values, mut found) = (orbits.start()?, vec![0.0; order], Vec::new());
            for t in columns {
                for s in rows.clone().filter(|&s| s > t && classes[s] != classes[t]) {
                    if is_answered[s] || is_answered[t] {
                        orbits.between(&mut run, s, t, &mut values)?;
                        let gram = Array3::from_shape_fn((2, 2, order), |(a, b, u)| match (a, b) {
                            (0, 0) => own[t][u],
                            (1, 1) => own[s][u],
                            (1, 0) => values[u],
                            _ => values[group.inverse(u)],
                        });
                        let error = GroupInvariantGram::from_orbit_kernel(group, gram)
                            .map_err(PredictError::from)
                            .and_then(|gram| pair_error(&gram, ridge));
                        found.push((s, t, unless_singular(error)?));
                    }
                }
            }
            share.advance(1.0);
            Ok(found)
        })
        .collect::<Result<_, Error>>()?;
    let mut sums = vec![(0.0, 0_usize, true); seeds];
    // In the order of the tiles, so that no bit depends on threads.
    for (s, t, error) in errors.into_iter().flatten() {
        for seed in [s, t] {
            let (sum, count, is_regular) = &mut sums[seed];
            *sum += error.unwrap_or(0.0);
            *count += 1;
            *is_regular &= error.is_some();
        }
    }
    let mean = |&seed: &usize| {
        let (sum, count, is_regular) = sums[seed];
        (is_regular && count > 0).then(|| sum / count as f64)
    };
    Ok(answered.iter().map(mean).collect())
}

/// The error of two orbits that start at their pose 0.
fn pair_error(gram: &GroupInvariantGram, ridge: Ridge) -> Result<f64, PredictError> {
    use isotypic_gram::SymmetricOperator;
    let ridge = ridge.value(gram.mean_diagonal())?;
    CircularSpectrum::of(gram, 0)?.error(ridge)
}
