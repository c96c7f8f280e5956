//! The errors of one pair of orbits under one kernel.

use isotypic_gram::{OrbitStatus, Ridge};
use isotypic_orbit::{HeldOutSet, HoldOutSpec};
use isotypic_predict::{
    CircularSpectrum, PredictError, SpectralError, class_probabilities, delta_squared_input,
    delta_squared_kernel, paper, spectral_error,
};
use isotypic_report::Status;
use ndarray::{Array2, ArrayView2, array, s};

use super::audit_gram::{Attempt, AuditGram, Regression, mean_absolute, unless_singular};
use super::irrep_parts::IrrepParts;
use super::obstacle::Obstacle;
use super::settings::Convention;
use crate::Error;

/// One held-out point.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HeldOutPoint {
    /// 0 for the first seed of the pair, 1 for the second.
    pub(crate) side: usize,
    pub(crate) element: usize,
    pub(crate) prediction: Option<f64>,
    pub(crate) error: Option<f64>,
    pub(crate) variance: Option<f64>,
    pub(crate) probability: Option<f64>,
    pub(crate) correct: bool,
    pub(crate) status: Status,
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
    pub(crate) indistinguishable_poses: usize,
    pub(crate) irreps: IrrepParts,
    pub(crate) status: Status,
    /// Why the Gram matrix cannot be inverted, if it cannot.
    pub(crate) obstacle: Option<Obstacle>,
    pub(crate) points: Vec<HeldOutPoint>,
}

/// The errors of a pair: labels +1 and −1, the poses of each seed held out in turn.
///
/// # Shapes
/// - `points`: `[2·|G|, d]`, all poses of the first seed and then of the second
pub(crate) fn examine(
    gram: &AuditGram,
    points: Option<ArrayView2<'_, f64>>,
    hold_out: &HoldOutSpec,
    ridge: Ridge,
    convention: Convention,
) -> Result<PairErrors, Error> {
    let layout = gram.layout();
    let sets = sets(gram, hold_out)?;
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
        invariance_defect: gram.defect,
        condition_number: None,
        delta_squared_input,
        delta_squared_kernel: delta_squared_kernel(&gram.invariant, 0, 1)?,
        limit: None,
        indistinguishable_poses: gram.invariant.invariant_elements().len(),
        irreps: IrrepParts::default(),
        status: Status::Ok,
        obstacle: None,
        points: Vec::new(),
    };
    match (convention, hold_out) {
        (Convention::Exact, _) => {
            if gram.group().as_cyclic().is_some() {
                errors.spectral = unless_singular(spectral_error(&gram.invariant, ridge))?;
            }
            let by_blocks = gram.regress_projected(ridge, &labels(), &sets)?;
            errors.projected = by_blocks.as_ref().ok().map(mean_error);
            if let Ok(by_blocks) = &by_blocks {
                let turns: Vec<_> =
                    sets.iter().zip(&by_blocks.turns).map(|(set, turn)| (set, turn, 0)).collect();
                errors.irreps.add(&gram.invariant, ridge, &labels(), &turns)?;
            }
            let exact =
                if gram.is_invariant() { by_blocks } else { gram.regress(ridge, &labels(), &sets, &[])? };
            errors.fill_points(&sets, exact);
            if gram.is_invariant() {
                errors.find_collapse(gram, &sets)?;
            }
        }
        (Convention::Paper, &HoldOutSpec::Pose(element)) => {
            errors.fill_paper(gram, element)?;
        }
        (Convention::Paper, _) => unreachable!("a job in this convention holds out one pose"),
    }
    Ok(errors)
}

/// What is held out in the two turns.
pub(crate) fn sets(gram: &AuditGram, hold_out: &HoldOutSpec) -> Result<[HeldOutSet; 2], Error> {
    let held_out = hold_out.resolve(gram.group(), gram.layout())?;
    Ok([held_out.for_seed(0)?, held_out.for_seed(1)?])
}

/// +1 for the first seed, −1 for the second.
pub(crate) fn labels() -> Array2<f64> {
    array![[1.0], [-1.0]]
}

/// Mean of the two sides' mean absolute errors.
fn mean_error(regression: &Regression) -> f64 {
    regression.turns.iter().map(|turn| mean_absolute(turn, 0)).sum::<f64>() / regression.turns.len() as f64
}

impl PairErrors {
    fn fill_points(&mut self, sets: &[HeldOutSet; 2], attempt: Attempt) {
        let regression = match &attempt {
            Ok(regression) => Some(regression),
            Err(reason) => {
                self.status = reason.status();
                self.obstacle = Some(reason.clone());
                None
            }
        };
        self.condition_number = regression.map(|regression| regression.condition_number);
        for (side, set) in sets.iter().enumerate() {
            let sign = labels()[[side, 0]];
            self.exact[side] = regression.map(|regression| mean_absolute(&regression.turns[side], 0));
            for (at, (_, element)) in set.points().enumerate() {
                let values = regression.map(|regression| {
                    let turn = &regression.turns[side];
                    (turn.predictions[[at, 0]], turn.errors[[at, 0]].abs(), turn.covariance[[at, at]])
                });
                let probability = values
                    .filter(|values| values.2.is_finite() && values.2 >= 0.0)
                    .map(|values| class_probabilities(&[sign * values.0], values.2)[1]);
                self.points.push(HeldOutPoint {
                    side,
                    element,
                    prediction: values.map(|values| values.0),
                    error: values.map(|values| values.1),
                    variance: values.map(|values| values.2),
                    probability,
                    correct: values.is_some_and(|values| sign * values.0 > 0.0),
                    status: self.status,
                });
            }
            self.correct[side] =
                self.points.iter().filter(|point| point.side == side).all(|point| point.correct);
        }
    }

    /// Status and limit of a Gram matrix whose orbits the kernel cannot tell apart.
    fn find_collapse(&mut self, gram: &AuditGram, sets: &[HeldOutSet; 2]) -> Result<(), Error> {
        let space = gram.invariant.null_space()?;
        if space.is_empty() {
            return Ok(());
        }
        let (mut statuses, mut means) = (Vec::new(), Vec::new());
        for set in sets {
            let limits = space.held_out_limits(&labels(), set)?;
            means.push(
                limits.error.map(|error| error.iter().map(|e| e.abs()).sum::<f64>() / set.len() as f64),
            );
            statuses.extend(limits.status);
        }
        if let [Some(a), Some(b)] = means[..] {
            self.limit = Some((a + b) / 2.0);
        }
        if self.status == Status::Ok {
            for (point, &status) in self.points.iter_mut().zip(&statuses) {
                point.status = status_of(status);
            }
            if statuses.contains(&OrbitStatus::ConflictingLabels) {
                self.status = Status::ConflictingLabels;
            } else if statuses.iter().all(|&status| status == OrbitStatus::OrbitCollapse) {
                self.status = Status::OrbitCollapse;
            }
        }
        Ok(())
    }

    /// The authors' ridges and averages.
    fn fill_paper(&mut self, gram: &AuditGram, element: usize) -> Result<(), Error> {
        let projected = &gram.invariant;
        let spectral = |start: usize| -> Result<f64, PredictError> {
            paper::spectral_error(&CircularSpectrum::of(projected, start)?, paper::SPECTRAL_RIDGE_RATIO)
        };
        let starts = (0..gram.group().order()).map(spectral).collect::<Result<Vec<f64>, _>>()?;
        self.spectral = Some(SpectralError {
            value: starts[0],
            minimum: starts.iter().copied().fold(f64::INFINITY, f64::min),
            maximum: starts.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        });
        let regression = |gram: &isotypic_gram::DenseGram| {
            paper::pair_regression(gram, [1.0, -1.0], element, paper::EXACT_RIDGE_RATIO)
        };
        let by_blocks = regression(&projected.to_dense_gram())?;
        self.projected = Some(by_blocks.error);
        let exact = gram.dense.as_ref().map_or(Ok(by_blocks), regression)?;
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
                probability: None,
                correct,
                status: self.status,
            });
        }
        Ok(())
    }
}

/// The status of a point in the words of the report.
pub(crate) fn status_of(status: OrbitStatus) -> Status {
    match status {
        OrbitStatus::Regular => Status::Ok,
        OrbitStatus::OrbitCollapse => Status::OrbitCollapse,
        OrbitStatus::ConflictingLabels => Status::ConflictingLabels,
    }
}
