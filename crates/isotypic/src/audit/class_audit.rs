//! The errors of whole classes under one kernel: some seeds of each class, all observed together.

use isotypic_gram::Ridge;
use isotypic_orbit::{HeldOutSet, HoldOut, HoldOutSpec};
use isotypic_predict::{CircularSpectrum, LeaveSetOut, class_probabilities, margin, paper, spectral_error};
use isotypic_report::{ConjugateGradients, ProjectionEffect, Status};
use ndarray::{Array1, ArrayView1};

use super::audit_gram::{Attempt, AuditGram, Outside, Regression, unless_singular};
use super::class_seeds::ClassSeedSet;
use super::irrep_parts::IrrepParts;
use super::obstacle::Obstacle;
use super::pair_audit::status_of;
use super::repair::Repair;
use super::settings::{Convention, Together};
use crate::Error;
use crate::orbit_gram::OrbitGram;

/// The ridge of the authors' script for several seeds.
const PAPER_RIDGE: Ridge = Ridge::Absolute(1e-10);

/// What the kernel says about the classes.
pub(crate) struct ClassErrors {
    /// Seeds that were asked about, those that training saw first.
    pub(crate) seeds: Vec<SeedErrors>,
    pub(crate) invariance_defect: f64,
    pub(crate) condition_number: Option<f64>,
    pub(crate) indistinguishable_poses: usize,
    /// Why the Gram matrix cannot be inverted, if it cannot.
    pub(crate) obstacle: Option<Obstacle>,
    pub(crate) irreps: IrrepParts,
    /// Of some rows computed again from the images.
    pub(crate) largest_residual: Option<f64>,
    /// No condition number is larger, where it is not known itself.
    pub(crate) condition_bound: Option<f64>,
    /// Files of finished units that held something else.
    pub(crate) corrupted: Vec<String>,
    /// Whether errors are those after projection, and the matrix as it is was not solved.
    pub(crate) is_projected: bool,
    /// What that changes on a few seeds.
    pub(crate) projection_effect: Option<ProjectionEffect>,
    /// How it was solved, where some of the seeds are answered only.
    pub(crate) conjugate_gradients: Option<ConjugateGradients>,
    /// What would repair failures.
    pub(crate) repair: Option<Repair>,
}

/// One seed at its held-out poses.
pub(crate) struct SeedErrors {
    /// Place in [`ClassSeedSet::all`].
    pub(crate) place: usize,
    pub(crate) unseen: bool,
    pub(crate) class: usize,
    /// Mean error of the own class after projection.
    pub(crate) projected: Option<f64>,
    pub(crate) spectral: Option<f64>,
    pub(crate) limit: Option<f64>,
    /// Place of another seed that looks the same.
    pub(crate) twin: Option<usize>,
    pub(crate) status: Status,
    pub(crate) points: Vec<ClassPoint>,
}

/// Predictions of all classes and the variance, or the status of a result that is missing.
type Found<'a> = Result<(ArrayView1<'a, f64>, f64), Status>;

/// One held-out pose of one seed.
pub(crate) struct ClassPoint {
    pub(crate) element: usize,
    /// One prediction per class.
    pub(crate) predictions: Option<Vec<f64>>,
    pub(crate) variance: Option<f64>,
    pub(crate) margin: Option<f64>,
    pub(crate) probability: Option<f64>,
    pub(crate) status: Status,
    /// What the error of the own class tends to for vanishing ridge, where the Gram matrix is singular.
    limit: Option<f64>,
}

impl SeedErrors {
    /// Mean absolute error of every class over the held-out poses.
    pub(crate) fn errors(&self, classes: usize) -> Vec<Option<f64>> {
        let mean = |class: usize| {
            let label = if class == self.class { 1.0 } else { -1.0 };
            let errors: Option<Vec<f64>> = self
                .points
                .iter()
                .map(|point| point.predictions.as_ref().map(|values| (label - values[class]).abs()))
                .collect();
            errors.map(|errors| errors.iter().sum::<f64>() / errors.len() as f64)
        };
        (0..classes).map(mean).collect()
    }
}

/// The errors of all classes at one number of poses.
///
/// `gram` holds all seeds of the set, unseen ones last, at exactly the poses in question; `training` those that training sees, and `sets`
/// what is held out of them one after the other.
pub(crate) fn examine(
    gram: &OrbitGram,
    set: &ClassSeedSet,
    (training, sets): (&AuditGram, &[HeldOutSet]),
    ridge: Ridge,
    convention: Convention,
) -> Result<ClassErrors, Error> {
    let ridge = match convention {
        Convention::Exact => ridge,
        Convention::Paper => PAPER_RIDGE,
    };
    let order = gram.group().order();
    let layout = training.layout();
    let asked: Vec<Vec<(usize, usize)>> = sets.iter().map(|turn| asked_of_unseen(set, turn)).collect();
    if !set.unseen.is_empty() && asked.iter().all(Vec::is_empty) {
        return Err(Error::settings(
            "unseen seeds: every class shows every pose in some seed, so there is nothing to ask them",
            "hold the poses of a class out together (`--together class`), or leave out `--unseen-per-class`",
        ));
    }
    let outside: Vec<Outside> = asked
        .iter()
        .map(|points| {
            let rows: Vec<usize> = points.iter().map(|&(place, element)| place * order + element).collect();
            let all: Vec<usize> = (0..layout.len()).collect();
            let across = gram.block(&rows, &all)?;
            let own = rows.iter().map(|&row| Ok(gram.block(&[row], &[row])?[[0, 0]]));
            Ok(Outside { across, own: Array1::from(own.collect::<Result<Vec<f64>, Error>>()?) })
        })
        .collect::<Result<_, Error>>()?;
    let labels = set.labels();
    let exact = training.regress(ridge, &labels, sets, &outside)?;
    let projected =
        if training.is_invariant() { None } else { training.regress_projected(ridge, &labels, sets)?.ok() };

    let mut seeds = blank_seeds(training, set);
    collect_seen(&mut seeds, training, set, sets, &exact, projected.as_ref())?;
    for (turn, points) in asked.iter().enumerate() {
        for (at, &(place, element)) in points.iter().enumerate() {
            let found = exact.as_ref().map_err(Obstacle::status).map(|regression| {
                let unseen = &regression.unseen[turn];
                (unseen.predictions.row(at), unseen.variance[at])
            });
            let class = seeds[place].class;
            seeds[place].points.push(ClassPoint::of(element, class, found));
        }
    }
    seeds.retain(|seed| !seed.points.is_empty());
    for seed in &mut seeds {
        if !seed.unseen {
            seed.spectral = spectral(training, set, seed.place, (ridge, convention))?;
        }
        seed.sum_up();
    }
    let mut irreps = IrrepParts::default();
    if let Some(by_blocks) = projected.as_ref().or(exact.as_ref().ok().filter(|_| training.is_invariant())) {
        let turns: Vec<_> = sets
            .iter()
            .zip(&by_blocks.turns)
            .filter_map(|(held_out, turn)| {
                let (seed, _) = held_out.points().next()?;
                Some((held_out, turn, set.class_of_seen[seed]))
            })
            .collect();
        irreps.add(&training.invariant, ridge, &labels, &turns)?;
    }
    Ok(ClassErrors {
        seeds,
        invariance_defect: training.defect,
        condition_number: exact.as_ref().ok().map(|regression| regression.condition_number),
        indistinguishable_poses: training.invariant.invariant_elements().len(),
        obstacle: exact.err(),
        irreps,
        largest_residual: None,
        condition_bound: None,
        corrupted: Vec::new(),
        is_projected: false,
        projection_effect: None,
        conjugate_gradients: None,
        repair: None,
    })
}

/// The Gram matrix of the seeds that training sees.
pub(crate) fn training(gram: &OrbitGram, set: &ClassSeedSet) -> Result<AuditGram, Error> {
    let seen: Vec<usize> = (0..set.seen.len()).collect();
    AuditGram::of(&gram.select_seeds(&seen)?, gram.group())
}

/// What is held out one after the other.
pub(crate) fn sets(
    set: &ClassSeedSet,
    training: &AuditGram,
    hold_out: &HoldOutSpec,
) -> Result<Vec<HeldOutSet>, Error> {
    turns(set, &hold_out.resolve(training.group(), training.layout())?)
}

fn turns(set: &ClassSeedSet, hold_out: &HoldOut) -> Result<Vec<HeldOutSet>, Error> {
    if hold_out.elements().is_none() || set.together == Together::Seed {
        return Ok(hold_out.sets());
    }
    (0..set.classes.len()).map(|class| Ok(hold_out.for_seeds(&set.members(class))?)).collect()
}

/// The unseen seeds and the poses that their classes do not show in a turn, as (place, element).
fn asked_of_unseen(set: &ClassSeedSet, turn: &HeldOutSet) -> Vec<(usize, usize)> {
    let never_shown = |class: usize, element: usize| {
        set.members(class).into_iter().all(|seed| turn.contains(seed, element))
    };
    let mut asked = Vec::new();
    for (at, &class) in set.class_of_unseen.iter().enumerate() {
        let elements = (0..turn.layout().order()).filter(|&element| never_shown(class, element));
        asked.extend(elements.map(|element| (set.seen.len() + at, element)));
    }
    asked
}

/// All seeds without their points.
fn blank_seeds(gram: &AuditGram, set: &ClassSeedSet) -> Vec<SeedErrors> {
    // Distances are averaged by projection: those that vanish after it vanished before.
    let twins = gram.invariant.indistinguishable_seeds();
    let twin = |place: usize| {
        let other = |pair: &isotypic_gram::IndistinguishableSeeds| match (pair.first, pair.second) {
            (first, second) if first == place => Some(second),
            (first, second) if second == place => Some(first),
            _ => None,
        };
        // One of another class matters most.
        let mut others: Vec<usize> = twins.iter().filter_map(other).collect();
        others.sort_by_key(|&seed| set.class_of_seen[seed] == set.class_of_seen[place]);
        others.first().copied()
    };
    let classes = set.class_of_seen.iter().chain(&set.class_of_unseen);
    let blank = |(place, &class): (usize, &usize)| SeedErrors {
        place,
        unseen: place >= set.seen.len(),
        class,
        projected: None,
        spectral: None,
        limit: None,
        twin: if place < set.seen.len() { twin(place) } else { None },
        status: Status::Ok,
        points: Vec::new(),
    };
    classes.enumerate().map(blank).collect()
}

/// Sorts what regression says about held-out points by seed.
fn collect_seen(
    seeds: &mut [SeedErrors],
    gram: &AuditGram,
    set: &ClassSeedSet,
    sets: &[HeldOutSet],
    exact: &Attempt,
    projected: Option<&Regression>,
) -> Result<(), Error> {
    let labels = set.labels();
    let space = if gram.is_invariant() { Some(gram.invariant.null_space()?) } else { None };
    for (turn, held_out) in sets.iter().enumerate() {
        let limits = space
            .as_ref()
            .filter(|space| !space.is_empty())
            .map(|space| space.held_out_limits(&labels, held_out))
            .transpose()?;
        for (at, (place, element)) in held_out.points().enumerate() {
            let class = set.class_of_seen[place];
            let found = exact.as_ref().map_err(Obstacle::status).map(|regression| {
                let turn: &LeaveSetOut = &regression.turns[turn];
                (turn.predictions.row(at), turn.covariance[[at, at]])
            });
            let mut point = ClassPoint::of(element, class, found);
            if let (Some(limits), Status::Ok) = (&limits, point.status) {
                point.status = status_of(limits.status[[at, class]]);
                point.limit = limits.error.as_ref().map(|error| error[[at, class]].abs());
            }
            seeds[place].points.push(point);
        }
        if let Some(projected) = projected {
            for (place, seed) in seeds.iter_mut().enumerate() {
                let errors = held_out.points().zip(projected.turns[turn].errors.rows());
                let own: Vec<f64> = errors
                    .filter(|((seed, _), _)| *seed == place)
                    .map(|(_, row)| row[seed.class].abs())
                    .collect();
                if !own.is_empty() {
                    seed.projected = Some(own.iter().sum::<f64>() / own.len() as f64);
                }
            }
        }
    }
    if gram.is_invariant() {
        for seed in seeds.iter_mut().filter(|seed| !seed.points.is_empty()) {
            seed.projected = seed.errors(set.classes.len())[seed.class];
        }
    }
    Ok(())
}

/// The paper's error of a seed, averaged over the seeds of all other classes; `None` unless the group is cyclic.
fn spectral(
    gram: &AuditGram,
    set: &ClassSeedSet,
    place: usize,
    (ridge, convention): (Ridge, Convention),
) -> Result<Option<f64>, Error> {
    if gram.group().as_cyclic().is_none() {
        return Ok(None);
    }
    let others = (0..set.seen.len()).filter(|&other| set.class_of_seen[other] != set.class_of_seen[place]);
    let mut values = Vec::new();
    for other in others {
        // In the order of the dataset's classes, as for a pair.
        let pair = gram.invariant.select_seeds(&[place.min(other), place.max(other)])?;
        let error = match convention {
            Convention::Exact => spectral_error(&pair, ridge).map(|error| error.value),
            Convention::Paper => CircularSpectrum::of(&pair, 0)
                .and_then(|spectrum| paper::spectral_error(&spectrum, paper::SPECTRAL_RIDGE_RATIO)),
        };
        match unless_singular(error)? {
            Some(error) => values.push(error),
            None => return Ok(None),
        }
    }
    Ok(Some(values.iter().sum::<f64>() / values.len() as f64))
}

impl ClassPoint {
    /// Says that observed points determine it, and to what its error tends for vanishing ridge.
    pub(super) fn set_status(&mut self, status: Status, limit: Option<f64>) {
        (self.status, self.limit) = (status, limit);
    }

    pub(super) fn of(element: usize, class: usize, found: Found<'_>) -> Self {
        let (predictions, variance) = match found {
            Ok(found) => found,
            Err(status) => {
                let (predictions, margin, probability) = (None, None, None);
                return Self {
                    element,
                    predictions,
                    variance: None,
                    margin,
                    probability,
                    status,
                    limit: None,
                };
            }
        };
        let predictions = predictions.to_vec();
        let labels: Vec<f64> = (0..predictions.len()).map(|c| if c == class { 1.0 } else { -1.0 }).collect();
        let probability = (variance.is_finite() && variance >= 0.0)
            .then(|| class_probabilities(&predictions, variance)[class]);
        Self {
            element,
            variance: Some(variance),
            margin: Some(margin(&predictions, &labels)),
            probability,
            predictions: Some(predictions),
            status: Status::Ok,
            limit: None,
        }
    }
}

impl SeedErrors {
    /// A seed that training saw, with its one held-out pose.
    pub(super) fn of_point(place: usize, class: usize, twin: Option<usize>, point: ClassPoint) -> Self {
        let mut seed = Self {
            place,
            unseen: false,
            class,
            projected: None,
            spectral: None,
            limit: None,
            twin,
            status: Status::Ok,
            points: vec![point],
        };
        seed.sum_up();
        seed
    }

    /// Status and limit of a seed from those of its points.
    fn sum_up(&mut self) {
        let has = |status: Status| self.points.iter().any(|point| point.status == status);
        let missing =
            [Status::NotPositiveDefinite, Status::TooCoarse].into_iter().find(|&status| has(status));
        self.status = if let Some(status) = missing {
            status
        } else if has(Status::ConflictingLabels) {
            Status::ConflictingLabels
        } else if self.points.iter().all(|point| point.status == Status::OrbitCollapse) {
            Status::OrbitCollapse
        } else {
            Status::Ok
        };
        let limits: Option<Vec<f64>> = self.points.iter().map(|point| point.limit).collect();
        self.limit = limits.map(|limits| limits.iter().sum::<f64>() / limits.len() as f64);
    }

    /// Whether all held-out poses are classified correctly.
    pub(crate) fn is_correct(&self) -> bool {
        self.points.iter().all(|point| point.margin.is_some_and(|margin| margin > 0.0))
    }
}
