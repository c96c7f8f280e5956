//! Errors of seeds that are held out together, from the inverse of the Gram matrix within them.

use std::ops::Range;

use isotypic_gram::{BlockWorkspace, GramError, NotPositiveDefinite};
use isotypic_orbit::OrbitLayout;
use ndarray::{Array1, Array2, Axis, s};
use num_complex::Complex64;

use crate::PredictError;

/// Errors $(P_{MM})^{-1} \alpha_M$ and variances, the diagonal of $(P_{MM})^{-1}$, of sets M of seeds one after the other.
///
/// # Shapes
/// - `inverse`: $P_{MM}$ row by row, set after set
/// - `dual_weights`: `[seeds, outputs]`
/// - results: `[seeds of all sets, outputs]` and `[seeds of all sets]`
pub(super) fn held_out_errors(
    inverse: &[f64],
    sets: &[Range<usize>],
    dual_weights: &Array2<f64>,
    ridge: f64,
) -> Result<(Array2<f64>, Array1<f64>), PredictError> {
    let seeds: Vec<usize> = sets.iter().cloned().flatten().collect();
    let mut errors = dual_weights.select(Axis(0), &seeds);
    let mut variance = Array1::zeros(seeds.len());
    let (mut rest, mut first) = (inverse, 0);
    for set in sets {
        let (own, others) = rest.split_at(set.len().pow(2));
        let rows = first..first + set.len();
        (rest, first) = (others, rows.end);
        if let [power] = own {
            errors.row_mut(rows.start).mapv_inplace(|weight| weight / power);
            variance[rows.start] = power.recip();
        } else {
            let (solution, diagonal) = solve_held_out(own, (set, dual_weights.nrows()), dual_weights, ridge)?;
            errors.slice_mut(s![rows.clone(), ..]).assign(&solution);
            variance.slice_mut(s![rows]).assign(&diagonal);
        }
    }
    Ok((errors, variance))
}

/// The same of one set, a range of so many seeds.
fn solve_held_out(
    inverse: &[f64],
    (range, seeds): (&Range<usize>, usize),
    dual_weights: &Array2<f64>,
    ridge: f64,
) -> Result<(Array2<f64>, Array1<f64>), PredictError> {
    let size = range.len();
    let mut block = BlockWorkspace::new(size, true)?;
    for (row, values) in inverse.chunks_exact(size).enumerate() {
        let lower = values[..=row].iter().enumerate();
        lower.for_each(|(column, &value)| block.set(row, column, Complex64::from(value)));
    }
    block.factor(0.0, 0.0).map_err(|unfit| {
        GramError::from(NotPositiveDefinite {
            irrep: None,
            pivot: range.start + unfit.row,
            value: unfit.value,
            ridge,
            sufficient_ridge: None,
            duplicates: Vec::new(),
            layout: OrbitLayout::new(seeds, 1),
            seed_numbers: Vec::new(),
        })
    })?;
    let rows: Vec<usize> = range.clone().collect();
    let solution = block.solve(&dual_weights.select(Axis(0), &rows));
    let single: Vec<Range<usize>> = (0..size).map(|seed| seed..seed + 1).collect();
    Ok((solution, Array1::from_vec(block.invert_within(&single, 1).values)))
}
