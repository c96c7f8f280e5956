//! Exact prediction errors on held-out poses, without refitting.
//!
//! With $P = (K + \lambda I)^{-1}$ the residual on a set $M$, everything else observed, is
//! $y_M - \mu_M = (P_{MM})^{-1} (P y)_M$, and $(P_{MM})^{-1}$ is its covariance (Ginsbourger & Schärer, arXiv
//! 2101.03108). When more is held out than observed, solving on the observed points is the smaller problem
//! and gives the same answer.
//!
//! This is kernel regression: the prediction of a Gaussian process with kernel $K$, or the mean over
//! initialisations of wide networks trained to the end with the NTK $K$. The covariance is that of the Gaussian
//! process; an ensemble trained with an NTK has another.

use isotypic_gram::{DenseFactor, Factorization, GramError, SymmetricOperator};
use isotypic_orbit::{HeldOutSet, OrbitLayout};
use ndarray::{Array1, Array2, ArrayRef2, Axis};

use crate::PredictError;
use crate::labels::check_labels;

/// The inverse of the Gram matrix on the held-out points is used up to this condition number. Rounding errors of the inverse
/// itself, large already for an ill-conditioned Gram matrix, grow by this factor.
const LARGEST_CONDITION: f64 = 1e3;

/// What kernel regression says about held-out points.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaveSetOut {
    /// `[held out, outputs]`: label minus prediction.
    pub errors: Array2<f64>,
    /// `[held out, outputs]`: the prediction.
    pub predictions: Array2<f64>,
    /// `[held out, held out]`: the predictive covariance of the labels, the same for every output, the ridge
    /// as their noise included; subtract the ridge from the diagonal for the covariance of the function itself.
    pub covariance: Array2<f64>,
}

impl LeaveSetOut {
    /// `[held out]`: the diagonal of the covariance.
    pub fn variance(&self) -> Array1<f64> {
        self.covariance.diag().to_owned()
    }
}

/// Predicts the held-out points from all others.
///
/// Works through the factor of the whole matrix while at most half of the points are held out and the inverse
/// restricted to them is well conditioned; else through [`solve_on_observed`], which then is cheaper or more
/// exact (all poses of a collapsed orbit are the extreme case).
///
/// # Shapes
/// - `labels`: `[seeds, outputs]`, constant on each orbit
/// - result: rows in the order of the held-out set
///
/// # Errors
/// [`PredictError::LabelShape`], [`PredictError::LabelNotFinite`], [`PredictError::LayoutMismatch`];
/// [`PredictError::Gram`] with [`GramError::NotPositiveDefinite`] if the observed points cannot be solved.
///
/// # Examples
/// ```
/// use isotypic_gram::{DenseGram, Ridge, SymmetricOperator};
/// use isotypic_group::FiniteGroup;
/// use isotypic_orbit::HeldOutSet;
/// use isotypic_predict::leave_set_out;
/// use ndarray::array;
///
/// // Two seeds that are points on a line, at one pose each.
/// let gram = DenseGram::new(array![[2.0, 1.0], [1.0, 2.0]], 2, FiniteGroup::cyclic(1)?)?;
/// let factor = gram.factor(Ridge::Absolute(0.0))?;
/// let held_out = HeldOutSet::new(gram.layout(), &[(0, 0)])?;
/// let result = leave_set_out(&gram, &factor, &array![[1.0], [-1.0]], &held_out)?;
/// // k(0,1) / k(1,1) · y_1
/// assert!((result.predictions[[0, 0]] + 0.5).abs() < 1e-15);
/// assert!((result.covariance[[0, 0]] - 1.5).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn leave_set_out<G: SymmetricOperator>(
    gram: &G,
    factor: &G::Factor,
    labels: &ArrayRef2<f64>,
    held_out: &HeldOutSet,
) -> Result<LeaveSetOut, PredictError> {
    check_held_out(gram.layout(), labels, held_out)?;
    let rows = held_out.rows();
    if 2 * rows.len() > gram.dim() {
        return solve_on_observed(gram, factor.ridge(), labels, held_out);
    }
    let inverse_block = factor.inverse_block(rows)?;
    let restricted = match DenseFactor::new(&inverse_block, 0.0) {
        Ok(restricted) => restricted,
        Err(GramError::NotPositiveDefinite(_)) => {
            return solve_on_observed(gram, factor.ridge(), labels, held_out);
        }
        Err(error) => return Err(error.into()),
    };
    if restricted.condition_number()? > LARGEST_CONDITION {
        return solve_on_observed(gram, factor.ridge(), labels, held_out);
    }
    let weights = factor.solve_constant_on_orbits(gram.layout(), labels)?;
    let errors = restricted.solve(&weights.select(Axis(0), rows))?;
    let predictions = labels_of(gram.layout(), labels, rows) - &errors;
    let covariance = restricted.solve(&Array2::eye(rows.len()))?;
    Ok(LeaveSetOut { errors, predictions, covariance: mirrored(covariance) })
}

/// Predicts the held-out points by regression on the observed points alone:
/// $\mu_M = K_{MO} (K_{OO} + \lambda I)^{-1} y_O$.
///
/// The same answer as [`leave_set_out`], in the time of a Cholesky factorisation of the observed points.
///
/// # Shapes
/// - `ridge`: absolute, at least 0
/// - `labels`: `[seeds, outputs]`, constant on each orbit
///
/// # Errors
/// As [`leave_set_out`]; duplicates in an error are points of the Gram matrix.
pub fn solve_on_observed<G: SymmetricOperator>(
    gram: &G,
    ridge: f64,
    labels: &ArrayRef2<f64>,
    held_out: &HeldOutSet,
) -> Result<LeaveSetOut, PredictError> {
    let layout = gram.layout();
    check_held_out(layout, labels, held_out)?;
    let (rows, observed) = (held_out.rows(), held_out.observed_rows());
    let factor = DenseFactor::new(&gram.block(&observed, &observed)?, ridge)
        .map_err(|error| name_points(error, &observed, layout))?;
    let across = gram.block(&observed, rows)?;
    let solved = factor.solve(&across)?;
    let predictions = solved.t().dot(&labels_of(layout, labels, &observed));
    let errors = labels_of(layout, labels, rows) - &predictions;
    let own = gram.block(rows, rows)?;
    let covariance = own + Array2::<f64>::eye(rows.len()) * ridge - across.t().dot(&solved);
    Ok(LeaveSetOut { errors, predictions, covariance: mirrored(covariance) })
}

/// The weights of regression on the observed points, $(K_{OO} + \lambda I)^{-1} y_O$, and zero at the held-out
/// ones: a prediction anywhere is the kernel with all points of the orbits times these.
///
/// They follow from a result without refitting. With the predictions in place of the held-out labels regression
/// on all points changes nothing, so the weights are $P \tilde y$.
///
/// # Shapes
/// - `labels`: `[seeds, outputs]`, constant on each orbit
/// - result: `[rows, outputs]`
///
/// # Errors
/// As [`leave_set_out`].
///
/// # Examples
/// A seed that training never saw, at the origin of a linear kernel plus one:
/// ```
/// use isotypic_gram::{DenseGram, Ridge, SymmetricOperator};
/// use isotypic_group::FiniteGroup;
/// use isotypic_orbit::HeldOutSet;
/// use isotypic_predict::{leave_set_out, observed_weights};
/// use ndarray::array;
///
/// // Points 1, −1 and 2 on a line, the last one held out.
/// let gram = DenseGram::new(array![[2.0, 0.0, 3.0], [0.0, 2.0, -1.0], [3.0, -1.0, 5.0]], 3, FiniteGroup::cyclic(1)?)?;
/// let (factor, labels) = (gram.factor(Ridge::Absolute(1e-9))?, array![[1.0], [-1.0], [1.0]]);
/// let held_out = HeldOutSet::new(gram.layout(), &[(2, 0)])?;
/// let result = leave_set_out(&gram, &factor, &labels, &held_out)?;
/// let weights = observed_weights(&gram, &factor, &labels, &held_out, &result)?;
/// // The line through the two observed points is zero at zero and two at two.
/// assert!(array![[1.0, 1.0, 1.0]].dot(&weights)[[0, 0]].abs() < 1e-6);
/// assert!((array![[3.0, -1.0, 5.0]].dot(&weights)[[0, 0]] - 2.0).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn observed_weights<G: SymmetricOperator>(
    gram: &G,
    factor: &G::Factor,
    labels: &ArrayRef2<f64>,
    held_out: &HeldOutSet,
    result: &LeaveSetOut,
) -> Result<Array2<f64>, PredictError> {
    check_held_out(gram.layout(), labels, held_out)?;
    // P y is cheap and exact in the trivial irrep; what the held-out labels change is solved for.
    let mut change = Array2::zeros((gram.dim(), labels.ncols()));
    for (error, &row) in result.errors.rows().into_iter().zip(held_out.rows()) {
        change.row_mut(row).assign(&error);
    }
    let mut weights = factor.solve_constant_on_orbits(gram.layout(), labels)? - factor.solve(&change)?;
    for &row in held_out.rows() {
        weights.row_mut(row).fill(0.0);
    }
    Ok(weights)
}

/// Symmetric bit for bit, by its lower triangle.
fn mirrored(mut matrix: Array2<f64>) -> Array2<f64> {
    for row in 0..matrix.nrows() {
        for column in 0..row {
            matrix[[column, row]] = matrix[[row, column]];
        }
    }
    matrix
}

/// Whether labels and held-out points are of this layout.
pub(crate) fn check_held_out(
    layout: OrbitLayout,
    labels: &ArrayRef2<f64>,
    held_out: &HeldOutSet,
) -> Result<(), PredictError> {
    check_labels(layout, labels)?;
    check_layout(layout, held_out)
}

/// Whether the held-out points are of this layout.
pub(crate) fn check_layout(layout: OrbitLayout, held_out: &HeldOutSet) -> Result<(), PredictError> {
    let other = held_out.layout();
    if other == layout {
        Ok(())
    } else {
        Err(PredictError::LayoutMismatch {
            seeds: layout.seeds(),
            order: layout.order(),
            held_out_seeds: other.seeds(),
            held_out_order: other.order(),
        })
    }
}

/// The labels of some rows.
pub(crate) fn labels_of(layout: OrbitLayout, labels: &ArrayRef2<f64>, rows: &[usize]) -> Array2<f64> {
    Array2::from_shape_fn((rows.len(), labels.ncols()), |(index, output)| {
        labels[[layout.split(rows[index]).0, output]]
    })
}

/// Rows of the observed points become rows of the Gram matrix.
fn name_points(error: GramError, observed: &[usize], layout: OrbitLayout) -> GramError {
    match error {
        GramError::NotPositiveDefinite(error) => error.with_rows(observed, layout).into(),
        error => error,
    }
}
