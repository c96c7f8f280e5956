//! The covariance of an ensemble of wide networks at held-out points.
//!
//! Outputs before training are a Gaussian process with the NNGP kernel $\mathcal K$, and training moves them by the tangent kernel:
//! $f_t(*) = f_0(*) + W(y - f_0(O))$ with $W = \Theta_{*O}\Theta_{OO}^{-1}(1 - e^{-\Theta_{OO}t})$, so that
//!
//! $\operatorname{cov} = \mathcal K_{**} + W\mathcal K_{OO}W^T - (W\mathcal K_{O*} + \mathcal K_{*O}W^T)$
//!
//! (Lee et al. 2019, arXiv 1902.06720). For $t \to \infty$ it is the covariance of networks trained to the end.

use isotypic_gram::{Ridge, SymmetricOperator};
use isotypic_orbit::HeldOutSet;
use ndarray::Array2;

use crate::PredictError;
use crate::gradient_flow::GradientFlow;
use crate::leave_set_out::check_layout;

/// The covariance over initialisations of the outputs at held-out points, after training on all others for a time.
///
/// # Shapes
/// - `ntk`, `nngp`: the two kernels over the same points; `ridge` is added to the diagonal of the first
/// - `time`: at least 0, may be infinite; for the loss $\tfrac12\sum(f-y)^2$ and learning rate 1
/// - result: `[held out, held out]`, symmetric bit for bit
///
/// # Errors
/// [`PredictError::LayoutMismatch`], [`PredictError::NegativeTime`]; [`PredictError::Gram`] for a ridge that is not one.
pub fn ensemble_covariance<G: SymmetricOperator, H: SymmetricOperator>(
    ntk: &G,
    nngp: &H,
    ridge: Ridge,
    held_out: &HeldOutSet,
    time: f64,
) -> Result<Array2<f64>, PredictError> {
    check_layout(ntk.layout(), held_out)?;
    check_layout(nngp.layout(), held_out)?;
    let (rows, observed) = (held_out.rows(), held_out.observed_rows());
    let ridge = ridge.value(ntk.diagonal().mean().unwrap_or(0.0))?;
    let flow = GradientFlow::new(&ntk.block(&observed, &observed)?, ridge)?;
    let transposed = flow.weights(time, &ntk.block(&observed, rows)?)?;
    let mixed = nngp.block(rows, &observed)?.dot(&transposed);
    let trained = transposed.t().dot(&nngp.block(&observed, &observed)?.dot(&transposed));
    let mut covariance = nngp.block(rows, rows)? + trained - (&mixed + &mixed.t());
    for row in 0..rows.len() {
        for column in 0..row {
            covariance[[column, row]] = covariance[[row, column]];
        }
    }
    Ok(covariance)
}

#[cfg(test)]
mod tests {
    use isotypic_gram::DenseGram;
    use isotypic_group::FiniteGroup;
    use ndarray::{array, s};

    use super::*;
    use crate::leave_set_out;

    fn gram(rate: f64) -> DenseGram {
        let points = [0.0, 0.7, 1.1, 2.0, 2.9, 3.1_f64];
        let kernel = Array2::from_shape_fn((6, 6), |(i, j)| (-rate * (points[i] - points[j]).powi(2)).exp());
        DenseGram::new(kernel, 2, FiniteGroup::cyclic(3).unwrap()).unwrap()
    }

    /// The whole linear map from outputs before training to those after it, by small steps, applied to both sides.
    #[test]
    fn it_is_the_covariance_of_what_small_steps_make_of_a_gaussian_process() {
        let (ntk, nngp) = (gram(0.8), gram(0.5));
        let held_out = HeldOutSet::new(ntk.layout(), &[(0, 1), (1, 2)]).unwrap();
        let time = 1.7;
        let run = |steps: usize| {
            // Columns: the effect of each output before training; observed labels are 0.
            let mut map = Array2::<f64>::eye(6);
            for _ in 0..steps {
                let mut residual = map.clone();
                held_out.rows().iter().for_each(|&row| residual.row_mut(row).fill(0.0));
                map = &map - &(ntk.matrix().dot(&residual) * (time / steps as f64));
            }
            map
        };
        let [one, two, four] = [2000, 4000, 8000].map(run);
        let map = (4.0 * (2.0 * &four - &two) - (2.0 * &two - &one)) / 3.0;
        let all = map.dot(nngp.matrix()).dot(&map.t());
        let got = ensemble_covariance(&ntk, &nngp, Ridge::Absolute(0.0), &held_out, time).unwrap();
        for (i, &row) in held_out.rows().iter().enumerate() {
            for (j, &column) in held_out.rows().iter().enumerate() {
                assert!((got[[i, j]] - all[[row, column]]).abs() < 1e-8, "{got} against {all}");
            }
        }
        let start = ensemble_covariance(&ntk, &nngp, Ridge::Absolute(0.0), &held_out, 0.0).unwrap();
        assert_eq!(start, nngp.block(held_out.rows(), held_out.rows()).unwrap());
    }

    #[test]
    fn with_one_kernel_the_limit_is_the_posterior_of_the_gaussian_process() {
        let gram = gram(0.8);
        let held_out = HeldOutSet::new(gram.layout(), &[(0, 0), (1, 1)]).unwrap();
        let got = ensemble_covariance(&gram, &gram, Ridge::Absolute(0.0), &held_out, f64::INFINITY).unwrap();
        let factor = gram.factor(Ridge::Absolute(0.0)).unwrap();
        let posterior = leave_set_out(&gram, &factor, &array![[1.0], [-1.0]], &held_out).unwrap().covariance;
        assert!((&got - &posterior).iter().all(|value| value.abs() < 1e-11), "{got} against {posterior}");
        assert_eq!(got, got.t().slice(s![.., ..]));
    }
}
