//! What wide networks predict at held-out points while they are trained, and when training should stop there.
//!
//! With the eigendecomposition $K_{OO} + \lambda I = V \Lambda V^T$ of the observed points the predictions after gradient descent for
//! the time $t$ on the loss $\tfrac12\sum(f-y)^2$, from 0 at learning rate 1, are
//!
//! $f_t = K_{MO} V \Lambda^{-1} (1 - e^{-\Lambda t}) V^T y_O = \sum_i a_i\,(1 - e^{-\lambda_i t})$
//!
//! (Jacot et al. 2018, arXiv 1806.07572; Lee et al. 2019, arXiv 1902.06720): one decomposition serves all times, and the limit is
//! [`leave_set_out`](crate::leave_set_out). neural-tangents divides the loss by the number of labels: its time is that many times as long.

use isotypic_gram::{SymmetricEigen, SymmetricOperator};
use isotypic_orbit::HeldOutSet;
use ndarray::{Array2, Array3, ArrayRef2, Axis};

use crate::PredictError;
use crate::gradient_flow::check_time;
use crate::leave_set_out::{check_held_out, labels_of};

/// Times tried for each factor of ten before the best is refined.
const PER_DECADE: f64 = 12.0;

/// The first and last time tried, in the times of the fastest and of the slowest direction.
const ENDS: (f64, f64) = (1e-2, 1e2);

/// Steps of the golden section between two times of the grid, each of which leaves 62 % of the interval.
const REFINEMENTS: usize = 40;

/// Ending with at most this much more than the least error counts as training to the end.
const AS_GOOD: f64 = 1e-6;

/// Predictions at held-out points as functions of the training time.
#[derive(Clone, Debug)]
pub struct HeldOutFlow {
    /// Positive eigenvalues of the observed kernel, ascending.
    rates: Vec<f64>,
    /// `[held out, outputs, rates]`: $a_i$.
    amplitudes: Array3<f64>,
    /// `[held out, outputs]`.
    labels: Array2<f64>,
}

/// When a held-out point is predicted best.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestTime {
    /// The time; infinite where training to the end is best, 0 where learning nothing is.
    pub time: f64,
    /// The distance of the prediction from the label then.
    pub error: f64,
}

impl HeldOutFlow {
    /// Decomposes the kernel of the observed points.
    ///
    /// # Shapes
    /// - `ridge`: absolute, at least 0
    /// - `labels`: `[seeds, outputs]`, constant on each orbit
    ///
    /// # Errors
    /// [`PredictError::LabelShape`], [`PredictError::LabelNotFinite`], [`PredictError::LayoutMismatch`]; [`PredictError::Gram`] as
    /// [`SymmetricEigen::new`].
    ///
    /// # Examples
    /// ```
    /// use isotypic_gram::{DenseGram, SymmetricOperator};
    /// use isotypic_group::FiniteGroup;
    /// use isotypic_orbit::HeldOutSet;
    /// use isotypic_predict::HeldOutFlow;
    /// use ndarray::array;
    ///
    /// // Two seeds at one pose each, the first held out: f_t = k(0,1) / k(1,1) · (1 − e^{−k(1,1) t}) · y_1.
    /// let gram = DenseGram::new(array![[2.0, 1.0], [1.0, 2.0]], 2, FiniteGroup::cyclic(1)?)?;
    /// let held_out = HeldOutSet::new(gram.layout(), &[(0, 0)])?;
    /// let flow = HeldOutFlow::new(&gram, 0.0, &array![[1.0], [-1.0]], &held_out)?;
    /// let expected = -0.5 * (1.0 - f64::exp(-2.0));
    /// assert!((flow.predictions(1.0)?[[0, 0]] - expected).abs() < 1e-15);
    /// // Everything that is learned is wrong there: best is to learn nothing.
    /// assert_eq!(flow.best_time(0).time, 0.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new<G: SymmetricOperator>(
        gram: &G,
        ridge: f64,
        labels: &ArrayRef2<f64>,
        held_out: &HeldOutSet,
    ) -> Result<Self, PredictError> {
        let layout = gram.layout();
        check_held_out(layout, labels, held_out)?;
        let (rows, observed) = (held_out.rows(), held_out.observed_rows());
        let eigen = SymmetricEigen::new(&gram.block(&observed, &observed)?, ridge)?;
        let across = gram.block(rows, &observed)?.dot(eigen.vectors());
        let along = eigen.vectors().t().dot(&labels_of(layout, labels, &observed));
        // Eigenvalues that are not positive count as rounding errors of zero: nothing is learned along them.
        let learned: Vec<usize> = (0..observed.len()).filter(|&i| eigen.values()[i] > 0.0).collect();
        let rates: Vec<f64> = learned.iter().map(|&i| eigen.values()[i]).collect();
        let amplitudes =
            Array3::from_shape_fn((rows.len(), labels.ncols(), rates.len()), |(point, output, rate)| {
                let i = learned[rate];
                across[[point, i]] * along[[i, output]] / rates[rate]
            });
        Ok(Self { rates, amplitudes, labels: labels_of(layout, labels, rows) })
    }

    /// The predictions after a time.
    ///
    /// # Shapes
    /// - `time`: at least 0, may be infinite
    /// - result: `[held out, outputs]`
    ///
    /// # Errors
    /// [`PredictError::NegativeTime`].
    pub fn predictions(&self, time: f64) -> Result<Array2<f64>, PredictError> {
        check_time(time)?;
        let learned: Vec<f64> = self.rates.iter().map(|rate| -f64::exp_m1(-rate * time)).collect();
        Ok(self.amplitudes.map_axis(Axis(2), |amplitudes| {
            amplitudes.iter().zip(&learned).map(|(amplitude, share)| amplitude * share).sum()
        }))
    }

    /// The time at which a held-out point is predicted best: the least distance of its prediction from its label.
    ///
    /// Tried on a grid of times from before anything is learned until everything is, and refined around the least.
    ///
    /// # Panics
    /// If there are not so many held-out points.
    pub fn best_time(&self, point: usize) -> BestTime {
        let at = |time: f64| BestTime { time, error: self.error(point, time) };
        let end = at(f64::INFINITY);
        let (Some(&slowest), Some(&fastest)) = (self.rates.first(), self.rates.last()) else {
            return at(0.0);
        };
        let (first, last) = ((ENDS.0 / fastest).log10(), (ENDS.1 / slowest).log10());
        let count = ((last - first) * PER_DECADE).ceil().max(1.0);
        let time = |k: f64| f64::powf(10.0, first + (last - first) * k / count);
        let grid: Vec<BestTime> = (0..=count as usize).map(|k| at(time(k as f64))).collect();
        let least = (0..grid.len()).min_by(|&a, &b| grid[a].error.total_cmp(&grid[b].error)).unwrap_or(0);
        let (mut low, mut high) = ((least as f64 - 1.0).max(0.0), (least as f64 + 1.0).min(count));
        let golden = 0.5 * (f64::sqrt(5.0) - 1.0);
        for _ in 0..REFINEMENTS {
            let (a, b) = (high - golden * (high - low), low + golden * (high - low));
            if at(time(a)).error <= at(time(b)).error { high = b } else { low = a }
        }
        let refined = at(time(0.5 * (low + high)));
        let inside = if refined.error <= grid[least].error { refined } else { grid[least] };
        let start = at(0.0);
        if end.error <= inside.error * (1.0 + AS_GOOD) + AS_GOOD && end.error <= start.error {
            end
        } else if start.error <= inside.error {
            start
        } else {
            inside
        }
    }

    /// Euclidean distance of the prediction from the label.
    fn error(&self, point: usize, time: f64) -> f64 {
        let squares = (0..self.labels.ncols()).map(|output| {
            let amplitudes = self.amplitudes.slice(ndarray::s![point, output, ..]);
            let prediction: f64 =
                amplitudes.iter().zip(&self.rates).map(|(a, rate)| -a * f64::exp_m1(-rate * time)).sum();
            (self.labels[[point, output]] - prediction).powi(2)
        });
        squares.sum::<f64>().sqrt()
    }
}

#[cfg(test)]
mod tests {
    use isotypic_gram::{DenseGram, Ridge};
    use isotypic_group::FiniteGroup;
    use ndarray::array;

    use super::*;
    use crate::leave_set_out;

    /// Two seeds of four poses on two circles, a Gaussian kernel.
    fn gram() -> DenseGram {
        let point = |row: usize| {
            let (seed, pose) = (row / 4, row % 4);
            let angle = std::f64::consts::FRAC_PI_2 * pose as f64 + 0.3 * seed as f64;
            [(1.0 + 0.4 * seed as f64) * angle.cos(), (1.0 + 0.4 * seed as f64) * angle.sin()]
        };
        let kernel = Array2::from_shape_fn((8, 8), |(i, j)| {
            let (a, b) = (point(i), point(j));
            (-0.7 * ((a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2))).exp()
        });
        DenseGram::new(kernel, 2, FiniteGroup::cyclic(4).unwrap()).unwrap()
    }

    /// Small steps of gradient descent on the weights of the kernel, extrapolated twice; shares nothing with the eigenvectors.
    fn simulated(gram: &DenseGram, labels: &Array2<f64>, held_out: &HeldOutSet, time: f64) -> Array2<f64> {
        let (rows, observed) = (held_out.rows(), held_out.observed_rows());
        let own = gram.block(&observed, &observed).unwrap();
        let across = gram.block(rows, &observed).unwrap();
        let target =
            Array2::from_shape_fn((observed.len(), labels.ncols()), |(i, o)| labels[[observed[i] / 4, o]]);
        let run = |steps: usize| {
            let step = time / steps as f64;
            let mut weights = Array2::zeros(target.dim());
            for _ in 0..steps {
                weights = &weights + (&target - &own.dot(&weights)) * step;
            }
            across.dot(&weights)
        };
        let [one, two, four] = [2000, 4000, 8000].map(run);
        (4.0 * (2.0 * &four - &two) - (2.0 * &two - &one)) / 3.0
    }

    #[test]
    fn predictions_follow_descent_with_small_steps_and_end_at_regression() {
        let (gram, labels) = (gram(), array![[1.0, 0.3], [-1.0, 2.0]]);
        for points in [vec![(0, 0)], vec![(0, 1), (1, 2), (1, 3)]] {
            let held_out = HeldOutSet::new(gram.layout(), &points).unwrap();
            let flow = HeldOutFlow::new(&gram, 0.0, &labels, &held_out).unwrap();
            for time in [0.0, 0.2, 1.5, 6.0] {
                let difference = flow.predictions(time).unwrap() - simulated(&gram, &labels, &held_out, time);
                assert!(difference.iter().all(|value| value.abs() < 2e-8), "{time}: {difference}");
            }
            let flow = HeldOutFlow::new(&gram, 0.01, &labels, &held_out).unwrap();
            let factor = gram.factor(Ridge::Absolute(0.01)).unwrap();
            let limit = leave_set_out(&gram, &factor, &labels, &held_out).unwrap();
            let difference = flow.predictions(f64::INFINITY).unwrap() - limit.predictions;
            assert!(difference.iter().all(|value| value.abs() < 1e-12), "{difference}");
        }
    }

    #[test]
    fn the_best_time_is_that_of_a_fine_grid() {
        let gram = gram();
        for labels in [array![[1.0], [-1.0]], array![[1.0], [0.2]], array![[-0.1], [1.0]]] {
            for seed in 0..2 {
                let held_out = HeldOutSet::new(gram.layout(), &[(seed, 1)]).unwrap();
                let flow = HeldOutFlow::new(&gram, 0.0, &labels, &held_out).unwrap();
                let best = flow.best_time(0);
                let error = |time: f64| (flow.predictions(time).unwrap()[[0, 0]] - labels[[seed, 0]]).abs();
                let grid = (0..4000).map(|k| f64::powf(10.0, -4.0 + 10.0 * f64::from(k) / 4000.0));
                let least = grid.chain([0.0, f64::INFINITY]).map(error).fold(f64::INFINITY, f64::min);
                assert!(best.error <= least * (1.0 + 1e-5) + 2e-6, "{best:?} against {least}");
                assert!((error(best.time) - best.error).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn negative_times_are_refused() {
        let gram = gram();
        let held_out = HeldOutSet::new(gram.layout(), &[(0, 0)]).unwrap();
        let flow = HeldOutFlow::new(&gram, 0.0, &array![[1.0], [-1.0]], &held_out).unwrap();
        assert!(matches!(flow.predictions(-1.0), Err(PredictError::NegativeTime { .. })));
    }
}
