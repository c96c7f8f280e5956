//! How far classes lie apart and how wide orbits are, in the inputs and in the feature space of the kernel.
//!
//! Success needs local structure to prevail: distinct classes (large distance of the orbit means) or dense
//! orbits.

use isotypic_gram::{GroupInvariantGram, SymmetricOperator};
use ndarray::{ArrayRef2, Axis};

use crate::PredictError;

/// $\Delta^2$ in the inputs: the squared distance of the means of two orbits.
///
/// # Shapes
/// - `first`, `second`: `[poses, dimension]`, one point per row
///
/// # Errors
/// [`PredictError::OrbitShapes`] if an orbit is empty or the dimensions differ.
pub fn delta_squared_input(first: &ArrayRef2<f64>, second: &ArrayRef2<f64>) -> Result<f64, PredictError> {
    let shapes = || PredictError::OrbitShapes { first: first.dim().into(), second: second.dim().into() };
    if first.ncols() != second.ncols() {
        return Err(shapes());
    }
    let first_mean = first.mean_axis(Axis(0)).ok_or_else(shapes)?;
    let second_mean = second.mean_axis(Axis(0)).ok_or_else(shapes)?;
    Ok((first_mean - second_mean).mapv(|difference| difference.powi(2)).sum())
}

/// $\Delta^2$ in feature space: the squared distance of the means of two orbits under the kernel.
///
/// For two seeds of a cyclic group it is $2 \lambda_N / N$, with $\lambda_N$ from
/// [`CircularSpectrum::separation`](crate::CircularSpectrum::separation).
///
/// # Errors
/// [`PredictError::OutOfRange`] for a seed that does not exist.
pub fn delta_squared_kernel(
    gram: &GroupInvariantGram,
    first: usize,
    second: usize,
) -> Result<f64, PredictError> {
    expect_seed(gram, first)?;
    expect_seed(gram, second)?;
    let kernel = gram.orbit_kernel();
    // Differences first: all kernel values of an orbit may be nearly the same number.
    let sum: f64 = gram
        .group()
        .elements()
        .map(|u| {
            let across = kernel[[first, second, u]];
            (kernel[[first, first, u]] - across) + (kernel[[second, second, u]] - across)
        })
        .sum();
    Ok((sum / gram.layout().order() as f64).max(0.0))
}

/// The distance of every pose of a seed from the mean of its orbit, in feature space.
///
/// # Errors
/// [`PredictError::OutOfRange`] for a seed that does not exist.
pub fn orbit_radius_kernel(gram: &GroupInvariantGram, seed: usize) -> Result<f64, PredictError> {
    expect_seed(gram, seed)?;
    let kernel = gram.orbit_kernel();
    let own = kernel[[seed, seed, gram.group().identity()]];
    let sum: f64 = gram.group().elements().map(|u| own - kernel[[seed, seed, u]]).sum();
    Ok((sum / gram.layout().order() as f64).max(0.0).sqrt())
}

fn expect_seed(gram: &GroupInvariantGram, index: usize) -> Result<(), PredictError> {
    let count = gram.layout().seeds();
    if index < count { Ok(()) } else { Err(PredictError::OutOfRange { what: "seed", index, count }) }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn delta_squared_of_inputs_is_the_squared_distance_of_means() {
        let first = array![[0.0, 0.0], [2.0, 0.0]];
        let second = array![[1.0, 3.0]];
        assert_eq!(delta_squared_input(&first, &second).unwrap(), 9.0);
    }

    #[test]
    fn orbits_that_cannot_be_compared_are_refused() {
        let (first, second) = (array![[0.0, 1.0]], array![[0.0]]);
        assert!(delta_squared_input(&first, &second).is_err());
        let empty = Array2::zeros((0, 2));
        assert!(delta_squared_input(&first, &empty).is_err());
    }
}
