//! The errors of one pair of orbits under one kernel.

use isotypic_gram::{
    DenseGram, Factorization, GramError, GroupInvariantGram, OrbitStatus, Ridge, SymmetricOperator,
};
use isotypic_orbit::{HeldOutSet, HoldOutSpec};
use isotypic_predict::{
    CircularSpectrum, LeaveSetOut, PredictError, SpectralError, delta_squared_input, delta_squared_kernel,
    leave_set_out, paper, spectral_error,
};
use isotypic_report::Status;
use ndarray::{Array2, ArrayView2, array, s};

use super::settings::Convention;
use crate::Error;

/// Below this invariance defect the Gram matrix is invariant up to rounding, and blocks are exact.
const ROUNDING_DEFECT: f64 = 1e-12;

/// One held-out point.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HeldOutPoint {
    /// 0 for the first seed of the pair, 1 for the second.
    pub(crate) side: usize,
    pub(crate) element: usize,
    pub(crate) prediction: Option<f64>,
    pub(crate) error: Option<f64>,
    pub(crate) variance: Option<f64>,
    pub(crate) correct: bool,
}

/// What the kernel says about a pair.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PairErrors {
    pub(crate) spectral: Option<SpectralError>,
    /// Mean absolute error over the held-out poses of either seed.
    pub(crate) exact: [Option<f64>; 2],
    pub(crate) projected: Option<f64>,
    pub(crate) correct: [bool; 2],
    pub(crate) invariance_defect: f64,
    pub(crate) condition_number: Option<f64>,
    pub(crate) delta_squared_input: Option<f64>,
    pub(crate) delta_squared_kernel: f64,
    pub(crate) limit: Option<f64>,
    pub(crate) status: Status,
    pub(crate) points: Vec<HeldOutPoint>,
}

/// Regression with the held-out points of either seed left out in turn.
struct Regression {
    sides: [LeaveSetOut; 2],
    condition_number: f64,
}

/// The errors of a pair: labels +1 and −1, the poses of each seed held out in turn.
///
/// # Shapes
/// - `points`: `[2·|G|, d]`, all poses of the first seed and then of the second
pub(crate) fn examine(
    gram: &DenseGram,
    points: Option<ArrayView2<'_, f64>>,
    hold_out: &HoldOutSpec,
    ridge: Ridge,
    convention: Convention,
) -> Result<PairErrors, Error> {
    let layout = gram.layout();
    let held_out = hold_out.resolve(gram.group(), layout)?;
    let sets = [held_out.for_seed(0)?, held_out.for_seed(1)?];
    let projection = gram.project()?;
    let invariant = projection.invariance_defect <= ROUNDING_DEFECT;
    let delta_squared_input = points
        .map(|points| {
            delta_squared_input(
                &points.slice(s![..layout.order(), ..]),
                &points.slice(s![layout.order().., ..]),
            )
        })
        .transpose()?;
    let mut errors = PairErrors {
        spectral: None,
        exact: [None; 2],
        projected: None,
        correct: [false; 2],
        invariance_defect: projection.invariance_defect,
        condition_number: None,
        delta_squared_input,
        delta_squared_kernel: delta_squared_kernel(&projection.gram, 0, 1)?,
        limit: None,
        status: Status::Ok,
        points: Vec::new(),
    };
    match (convention, hold_out) {
        (Convention::Exact, _) => {
            if gram.group().as_cyclic().is_some() {
                errors.spectral = unless_singular(spectral_error(&projection.gram, ridge))?;
            }
            let by_blocks = regress(&projection.gram, ridge, &sets)?;
            errors.projected = by_blocks.as_ref().map(Regression::mean_error);
            let exact = if invariant { by_blocks } else { regress(gram, ridge, &sets)? };
            errors.fill_points(&sets, exact.as_ref());
            if invariant {
                errors.find_collapse(&projection.gram, matches!(hold_out, HoldOutSpec::Pose(_)))?;
            }
        }
        (Convention::Paper, &HoldOutSpec::Pose(element)) => {
            errors.fill_paper(gram, &projection.gram, element)?;
        }
        (Convention::Paper, _) => unreachable!("a job in this convention holds out one pose"),
    }
    Ok(errors)
}

fn labels() -> Array2<f64> {
    array![[1.0], [-1.0]]
}

/// Leaves each set out in turn; `None` if the Gram matrix is not positive definite at this ridge.
fn regress<G: SymmetricOperator>(
    gram: &G,
    ridge: Ridge,
    sets: &[HeldOutSet; 2],
) -> Result<Option<Regression>, Error> {
    let attempt = || -> Result<Regression, PredictError> {
        let factor = gram.factor(ridge)?;
        let side = |set: &HeldOutSet| leave_set_out(gram, &factor, &labels(), set);
        Ok(Regression {
            sides: [side(&sets[0])?, side(&sets[1])?],
            condition_number: factor.condition_number()?,
        })
    };
    unless_singular(attempt())
}

/// `None` where the matrix is not positive definite: a finding, not a failure.
fn unless_singular<T>(result: Result<T, PredictError>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(
            PredictError::SpectrumNotPositive { .. } | PredictError::Gram(GramError::NotPositiveDefinite(_)),
        ) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Regression {
    /// Mean of the two sides' mean absolute errors.
    fn mean_error(&self) -> f64 {
        let [a, b] = &self.sides;
        (mean_absolute(a) + mean_absolute(b)) / 2.0
    }
}

fn mean_absolute(side: &LeaveSetOut) -> f64 {
    side.errors.iter().map(|error| error.abs()).sum::<f64>() / side.errors.len() as f64
}

impl PairErrors {
    fn fill_points(&mut self, sets: &[HeldOutSet; 2], regression: Option<&Regression>) {
        if regression.is_none() {
            self.status = Status::NotPositiveDefinite;
        }
        self.condition_number = regression.map(|regression| regression.condition_number);
        for (side, set) in sets.iter().enumerate() {
            let sign = labels()[[side, 0]];
            self.exact[side] = regression.map(|regression| mean_absolute(&regression.sides[side]));
            for (at, (_, element)) in set.points().enumerate() {
                let values = regression.map(|regression| {
                    let side = &regression.sides[side];
                    (side.predictions[[at, 0]], side.errors[[at, 0]].abs(), side.covariance[[at, at]])
                });
                self.points.push(HeldOutPoint {
                    side,
                    element,
                    prediction: values.map(|values| values.0),
                    error: values.map(|values| values.1),
                    variance: values.map(|values| values.2),
                    correct: values.is_some_and(|values| sign * values.0 > 0.0),
                });
            }
            self.correct[side] =
                self.points.iter().filter(|point| point.side == side).all(|point| point.correct);
        }
    }

    /// Status and limit of a Gram matrix whose orbits the kernel cannot tell apart.
    fn find_collapse(&mut self, gram: &GroupInvariantGram, one_pose: bool) -> Result<(), Error> {
        let limits = gram.null_space()?.limits(&labels())?;
        let statuses = [limits.status[[0, 0]], limits.status[[1, 0]]];
        if statuses.contains(&OrbitStatus::ConflictingLabels) {
            self.status = Status::ConflictingLabels;
        } else if statuses == [OrbitStatus::OrbitCollapse; 2] && self.status == Status::Ok {
            self.status = Status::OrbitCollapse;
        }
        if let (true, Some(a), Some(b)) = (one_pose, limits.error[[0, 0]], limits.error[[1, 0]]) {
            self.limit = Some((a.abs() + b.abs()) / 2.0);
        }
        Ok(())
    }

    /// The authors' ridges and averages.
    fn fill_paper(
        &mut self,
        gram: &DenseGram,
        projected: &GroupInvariantGram,
        element: usize,
    ) -> Result<(), Error> {
        let spectral = |start: usize| -> Result<f64, PredictError> {
            paper::spectral_error(&CircularSpectrum::of(projected, start)?, paper::SPECTRAL_RIDGE_RATIO)
        };
        let starts = (0..gram.group().order()).map(spectral).collect::<Result<Vec<f64>, _>>()?;
        self.spectral = Some(SpectralError {
            value: starts[0],
            minimum: starts.iter().copied().fold(f64::INFINITY, f64::min),
            maximum: starts.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        });
        let regression =
            |gram: &DenseGram| paper::pair_regression(gram, [1.0, -1.0], element, paper::EXACT_RIDGE_RATIO);
        let exact = regression(gram)?;
        self.projected = Some(regression(&projected.to_dense_gram())?.error);
        for side in 0..2 {
            let correct = labels()[[side, 0]] * exact.predictions[side] > 0.0;
            self.exact[side] = Some(exact.errors[side]);
            self.correct[side] = correct;
            self.points.push(HeldOutPoint {
                side,
                element,
                prediction: Some(exact.predictions[side]),
                error: Some(exact.errors[side]),
                variance: None,
                correct,
            });
        }
        Ok(())
    }
}
