//! Errors of seeds that are held out together, from the inverse of the Gram matrix within them.

use std::ops::Range;

use isotypic_gram::{BlockWorkspace, GramError, NotPositiveDefinite};
use isotypic_orbit::OrbitLayout;
use ndarray::{Array1, Array2, Axis};
use num_complex::Complex64;

use crate::PredictError;

/// $(P_{MM})^{-1} \alpha_M$ and the diagonal of $(P_{MM})^{-1}$ for a range of so many seeds.
pub(super) fn solve_held_out(
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
