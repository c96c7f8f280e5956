//! Wide networks after training for a finite time by gradient descent with small steps on the squared loss.
//!
//! For the loss $\tfrac12 \sum (f - y)^2$ and learning rate 1 the outputs on the training points follow
//! $\dot f = -K (f - y)$ (Jacot et al. 2018, arXiv 1806.07572; Lee et al. 2019, arXiv 1902.06720), so the residual decays as
//! $e^{-Kt}$ and the weights of the kernel are $K^{-1}(1 - e^{-Kt})(y - f_0)$. neural-tangents divides the loss by the number of
//! labels: its time is that many times as long.

use isotypic_gram::SymmetricEigen;
use ndarray::{Array2, ArrayRef2};

use crate::PredictError;

/// The flow of one training kernel.
#[derive(Clone, Debug)]
pub struct GradientFlow {
    eigen: SymmetricEigen,
}

impl GradientFlow {
    /// Decomposes the kernel of the training points with a ridge on its diagonal.
    ///
    /// # Shapes
    /// - `kernel`: `[n, n]`
    ///
    /// # Errors
    /// [`PredictError::Gram`] as [`SymmetricEigen::new`].
    pub fn new(kernel: &ArrayRef2<f64>, ridge: f64) -> Result<Self, PredictError> {
        Ok(Self { eigen: SymmetricEigen::new(kernel, ridge)? })
    }

    /// The decomposition of the training kernel.
    #[must_use]
    pub fn eigen(&self) -> &SymmetricEigen {
        &self.eigen
    }

    /// $K^{-1} (1 - e^{-Kt})\, r$: the weights of the kernel after time t, for the residuals at its beginning.
    ///
    /// Eigenvalues that are not positive count as rounding errors of zero: nothing is learned along them.
    ///
    /// # Shapes
    /// - `time`: at least 0, may be infinite
    /// - `residual` and result: `[n, outputs]`
    ///
    /// # Errors
    /// [`PredictError::NegativeTime`]; [`PredictError::Gram`] for another number of rows.
    pub fn weights(&self, time: f64, residual: &ArrayRef2<f64>) -> Result<Array2<f64>, PredictError> {
        check_time(time)?;
        let weight = |value: f64| if value > 0.0 { -f64::exp_m1(-value * time) / value } else { 0.0 };
        Ok(self.eigen.apply(weight, residual)?)
    }

    /// $e^{-Kt}\, r$: what is left of the residuals after time t.
    ///
    /// # Errors
    /// As [`weights`](Self::weights).
    pub fn remaining(&self, time: f64, residual: &ArrayRef2<f64>) -> Result<Array2<f64>, PredictError> {
        check_time(time)?;
        let share = |value: f64| if value > 0.0 { f64::exp(-value * time) } else { 1.0 };
        Ok(self.eigen.apply(share, residual)?)
    }

    /// $(1 - e^{-Kt})\, r$: what was learned of the residuals after time t, exact also where that is little.
    ///
    /// # Errors
    /// As [`weights`](Self::weights).
    pub fn learned(&self, time: f64, residual: &ArrayRef2<f64>) -> Result<Array2<f64>, PredictError> {
        check_time(time)?;
        let share = |value: f64| if value > 0.0 { -f64::exp_m1(-value * time) } else { 0.0 };
        Ok(self.eigen.apply(share, residual)?)
    }
}

pub(crate) fn check_time(time: f64) -> Result<(), PredictError> {
    if time >= 0.0 { Ok(()) } else { Err(PredictError::NegativeTime { time }) }
}

#[cfg(test)]
mod tests {
    use isotypic_gram::{DenseFactor, Factorization};
    use ndarray::array;

    use super::*;

    fn kernel() -> Array2<f64> {
        array![[2.0, 0.7, 0.1], [0.7, 1.5, -0.4], [0.1, -0.4, 1.0]]
    }

    /// Small steps of gradient descent, extrapolated twice.
    fn simulated(time: f64, residual: &Array2<f64>) -> Array2<f64> {
        let run = |steps: usize| {
            let step = time / steps as f64;
            (0..steps).fold(residual.clone(), |left, _| &left - &(kernel().dot(&left) * step))
        };
        let [one, two, four] = [2000, 4000, 8000].map(run);
        let (first, second) = (2.0 * &two - &one, 2.0 * &four - &two);
        (4.0 * second - first) / 3.0
    }

    #[test]
    fn residuals_decay_as_in_descent_with_small_steps() {
        let residual = array![[1.0, 0.5], [-1.0, 0.0], [0.3, 2.0]];
        let flow = GradientFlow::new(&kernel(), 0.0).unwrap();
        let left = flow.remaining(0.8, &residual).unwrap();
        let difference = &left - &simulated(0.8, &residual);
        assert!(difference.iter().all(|value| value.abs() < 1e-9), "{difference}");
        // K times the weights is what was learned, and the rest remains.
        let learned = kernel().dot(&flow.weights(0.8, &residual).unwrap());
        let sum = &learned + &left - &residual;
        assert!(sum.iter().all(|value| value.abs() < 1e-14), "{sum}");
        let direct = flow.learned(0.8, &residual).unwrap() - learned;
        assert!(direct.iter().all(|value| value.abs() < 1e-14), "{direct}");
    }

    #[test]
    fn after_infinite_time_it_is_kernel_regression() {
        let residual = array![[1.0], [-1.0], [0.3]];
        let flow = GradientFlow::new(&kernel(), 0.1).unwrap();
        let solved = DenseFactor::new(&kernel(), 0.1).unwrap().solve(&residual).unwrap();
        let difference = flow.weights(f64::INFINITY, &residual).unwrap() - solved;
        assert!(difference.iter().all(|value| value.abs() < 1e-14), "{difference}");
        assert!(flow.remaining(f64::INFINITY, &residual).unwrap().iter().all(|&value| value == 0.0));
    }

    #[test]
    fn nothing_is_learned_along_a_null_direction() {
        let flow = GradientFlow::new(&array![[1.0, 1.0], [1.0, 1.0]], 0.0).unwrap();
        let odd = array![[1.0], [-1.0]];
        for time in [1.0, f64::INFINITY] {
            assert!(flow.learned(time, &odd).unwrap().iter().all(|value| value.abs() < 1e-14));
        }
        let error = flow.weights(-1.0, &odd).unwrap_err();
        assert_eq!(error.to_string(), "training time: expected a number of at least 0, got `-1`");
        assert!(flow.weights(f64::NAN, &odd).is_err());
    }
}
