//! A Gram matrix as an audit uses it: blocks where the kernel is invariant, else the matrix and its projection.

use isotypic_gram::{
    DenseGram, Factorization, GramError, GroupInvariantGram, NotPositiveDefinite, Ridge, SymmetricOperator,
    check_resolution,
};
use isotypic_group::FiniteGroup;
use isotypic_orbit::{HeldOutSet, OrbitLayout};
use isotypic_predict::{LeaveSetOut, PredictError, Unseen, leave_set_out, predict_unseen};
use ndarray::{Array1, Array2};

use super::obstacle::Obstacle;
use crate::Error;
use crate::orbit_gram::{OrbitGram, OrbitValues, relative_rounding};

/// Below this invariance defect the Gram matrix is invariant up to rounding, and blocks are exact.
const ROUNDING_DEFECT: f64 = 1e-12;

/// A Gram matrix and its projection on the invariant ones.
pub(crate) struct AuditGram {
    /// The matrix where it is invariant, else its projection.
    pub(crate) invariant: GroupInvariantGram,
    /// The matrix as it is, where that differs.
    pub(crate) dense: Option<DenseGram>,
    pub(crate) defect: f64,
    /// The error to expect in an entry beyond that of `f64`.
    pub(crate) resolution: f64,
}

/// Regression with some sets left out in turn.
pub(crate) struct Regression {
    /// One per held-out set.
    pub(crate) turns: Vec<LeaveSetOut>,
    /// What is said about points outside the orbits, one per held-out set.
    pub(crate) unseen: Vec<Unseen>,
    pub(crate) condition_number: f64,
}

/// Regression, or why the Gram matrix cannot be inverted.
pub(crate) type Attempt = Result<Regression, Obstacle>;

/// Points outside the orbits that are asked about in one turn.
pub(crate) struct Outside {
    /// `[points, rows]`: the kernel with all points of the orbits.
    pub(crate) across: Array2<f64>,
    /// `[points]`: the kernel of each with itself.
    pub(crate) own: Array1<f64>,
}

impl AuditGram {
    /// The Gram matrix at the poses of a subgroup.
    pub(crate) fn of(gram: &OrbitGram, group: &FiniteGroup) -> Result<Self, Error> {
        let gram = if group == gram.group() { None } else { Some(gram.restrict(group)?) }
            .map_or_else(|| std::borrow::Cow::Borrowed(gram), std::borrow::Cow::Owned);
        let resolution = gram.resolution;
        Ok(match gram.into_owned().values {
            OrbitValues::Invariant { gram, sampled_defect } => {
                Self { invariant: gram, dense: None, defect: sampled_defect, resolution }
            }
            OrbitValues::Dense(gram) => {
                let projection = gram.project()?;
                let rounding = relative_rounding(ROUNDING_DEFECT, resolution, gram.matrix().iter());
                let differs = projection.invariance_defect > rounding;
                Self {
                    invariant: projection.gram,
                    dense: differs.then_some(gram),
                    defect: projection.invariance_defect,
                    resolution,
                }
            }
        })
    }

    pub(crate) fn layout(&self) -> OrbitLayout {
        self.invariant.layout()
    }

    /// The group whose elements are the poses.
    pub(crate) fn group(&self) -> &FiniteGroup {
        self.invariant.group()
    }

    /// Whether the kernel is invariant to rounding.
    pub(crate) fn is_invariant(&self) -> bool {
        self.dense.is_none()
    }

    /// Regression on the matrix as it is.
    pub(crate) fn regress(
        &self,
        ridge: Ridge,
        labels: &Array2<f64>,
        sets: &[HeldOutSet],
        outside: &[Outside],
    ) -> Result<Attempt, Error> {
        match &self.dense {
            Some(gram) => regress((gram, self.resolution), ridge, labels, sets, outside),
            None => regress((&self.invariant, self.resolution), ridge, labels, sets, outside),
        }
    }

    /// Regression by blocks, after projection.
    pub(crate) fn regress_projected(
        &self,
        ridge: Ridge,
        labels: &Array2<f64>,
        sets: &[HeldOutSet],
    ) -> Result<Attempt, Error> {
        regress((&self.invariant, self.resolution), ridge, labels, sets, &[])
    }
}

/// Leaves each set out in turn.
fn regress<G: SymmetricOperator>(
    (gram, resolution): (&G, f64),
    ridge: Ridge,
    labels: &Array2<f64>,
    sets: &[HeldOutSet],
    outside: &[Outside],
) -> Result<Attempt, Error> {
    let attempt = || -> Result<Regression, PredictError> {
        let factor = gram.factor(ridge)?;
        let mean_diagonal = gram.diagonal().mean().unwrap_or(0.0);
        check_resolution(&factor, gram.dim(), resolution, (ridge.value(mean_diagonal)?, mean_diagonal))?;
        let turns: Vec<LeaveSetOut> =
            sets.iter().map(|set| leave_set_out(gram, &factor, labels, set)).collect::<Result<_, _>>()?;
        let unseen = sets
            .iter()
            .zip(&turns)
            .zip(outside)
            .map(|((set, turn), points)| {
                predict_unseen(gram, &factor, labels, (set, turn), &points.across, &points.own)
            })
            .collect::<Result<_, _>>()?;
        Ok(Regression { turns, unseen, condition_number: factor.condition_number()? })
    };
    match attempt() {
        Ok(regression) => Ok(Ok(regression)),
        Err(PredictError::Gram(GramError::NotPositiveDefinite(reason))) => {
            Ok(Err(Obstacle::NotPositiveDefinite(reason)))
        }
        Err(PredictError::Gram(GramError::TooCoarse(reason))) => Ok(Err(Obstacle::TooCoarse(reason))),
        Err(error) => Err(error.into()),
    }
}

/// `None` where the matrix is not positive definite: a finding, not a failure.
pub(crate) fn unless_singular<T>(result: Result<T, PredictError>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(
            PredictError::SpectrumNotPositive { .. } | PredictError::Gram(GramError::NotPositiveDefinite(_)),
        ) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The reason where the matrix is not positive definite: a finding, not a failure.
pub(crate) fn unless_singular_here<T>(
    result: Result<T, Error>,
) -> Result<Result<T, Box<NotPositiveDefinite>>, Error> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Error::Predict(PredictError::Gram(GramError::NotPositiveDefinite(reason)))) => Ok(Err(reason)),
        Err(error) => Err(error),
    }
}

/// Mean absolute error of one output over a held-out set.
pub(crate) fn mean_absolute(turn: &LeaveSetOut, output: usize) -> f64 {
    let column = turn.errors.column(output);
    column.iter().map(|error| error.abs()).sum::<f64>() / column.len() as f64
}
