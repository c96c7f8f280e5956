//! Audits of classes whose Gram matrix is never made, not even as the kernel between orbits: block after block.
//!
//! Chosen by structure (one pose held out, every seed observed) and by size (so many values that holding them, and all blocks with their
//! factors, is what limits). Kernels of inner products under groups with commuting shifts that permute numbers take the fast way
//! ([`PermutedOrbits`]); other invariant kernels are evaluated at the poses of one of two seeds, and kernels that are not invariant, as
//! under rotations that interpolate, at all poses of both and projected ([`SampledOrbits`]): then the errors are those after projection, and what
//! that changes is measured on a few seeds. Elsewhere the answers are those of [`class_audit`](super::class_audit), except that shares of
//! irreps of seeds that are held out together, limits of vanishing ridge where labels conflict, and the condition number, which would take
//! longer than the audit, are left out; an upper bound of the condition number stands in. Where not even one block fits, conjugate gradients
//! answer some of the seeds ([`LargePlan`]). Points count as the same where they coincide, not where a kernel has a null space for another
//! reason.
//!
//! What the averaged network would do, and how much further apart classes would have to be, comes from the trivial block, which is solved
//! anyway. Where another block cannot be inverted nothing is answered, not even that, and a note says so.

use std::collections::BTreeSet;
use std::ops::Range;

use isotypic_group::FourierPlanner;
use isotypic_kernel::CompiledKernel;
use isotypic_orbit::{GroupAction, OrbitCorrelation, OrbitLayout};
use isotypic_predict::OrbitKernel;
use isotypic_report::Status;
use isotypic_work::{ContentHash, MemoryLimit, Monitor, Plan, UnitStore};
use ndarray::{Array2, Array4};

use super::audit_gram::unless_singular_here;
use super::class_audit::{ClassErrors, ClassPoint, SeedErrors};
use super::class_seeds::ClassSeedSet;
use super::irrep_parts::IrrepParts;
use super::job::Job;
use super::large_orbits::{LargeOrbits, Way};
use super::large_solution::{LargePlan, LargeSolution};
use super::large_spectral::{SECONDS_OF_PAIR, spectral_errors};
use super::obstacle::Obstacle;
use super::projection_effect;
use super::repair::Repair;
use super::settings::{AuditSettings, Convention, Together};
use super::solver::Solver;
use super::subjects::{Poses, Subjects, rename_image};
use super::task::{Subject, Task};
use super::units::Units;
use crate::Error;
use crate::audit_kernel::AuditKernel;
use crate::sampled_orbits::PREPARING;
use crate::{KernelKind, PermutedOrbits, Precision, SampledOrbits};

/// Values between orbits from which on they are not held. A gibibyte with all blocks and factors.
const LARGE: usize = 1 << 24;

/// Entries of a Gram matrix that is not invariant from which on it is not held. Several gibibytes with its factor and copies.
const LARGE_DENSE: usize = 1 << 26;

/// Rows of the Gram matrix that are computed again from the images.
const CHECKED_ROWS: usize = 5;

/// Seeds of which all rows are computed again, where the kernel is averaged.
const CHECKED_SEEDS: usize = 3;

/// What the settings of a job leave open of such an audit.
pub(super) struct LargeClasses<'a> {
    set: &'a ClassSeedSet,
    action: Box<dyn GroupAction>,
    way: Way,
    /// The pose that is held out.
    element: usize,
    together: Vec<Range<usize>>,
}

impl<'a> LargeClasses<'a> {
    /// The audit of a task, if it is one of these and large enough.
    pub(super) fn of(job: &'a Job, task: &Task) -> Result<Option<Self>, Error> {
        let Units::Classes(set) = &job.units else { return Ok(None) };
        let seeds = set.seen.len();
        let values = seeds.saturating_mul(seeds).saturating_mul(task.order);
        let (is_large, is_large_dense) = (values >= LARGE, values.saturating_mul(task.order) >= LARGE_DENSE);
        let is_asked = matches!(job.settings.solver, Solver::ConjugateGradients(_));
        if !is_large && !is_large_dense && !is_asked {
            return Ok(None);
        }
        let found = Self::structured(job, task)?;
        if is_asked && found.is_none() {
            return Err(Error::settings(
                "solver `conjugate-gradients`: made for one held-out pose of seeds that are all observed, images and networks",
                "use `--hold-out pose:0` with one number of poses and no unseen seeds, or leave out `--solver`",
            ));
        }
        Ok(found
            .filter(|found| is_asked || if found.way == Way::Averages { is_large_dense } else { is_large }))
    }

    /// The audit of a task of any size, if its structure allows it.
    pub(super) fn structured(job: &'a Job, task: &Task) -> Result<Option<Self>, Error> {
        let subject = &job.architectures[task.subject];
        let (Units::Classes(set), [part], Poses::Action(spec), Subjects::Images(images), Some(kernel)) =
            (&job.units, task.parts.as_slice(), &task.poses, &job.subjects, &subject.kernel)
        else {
            return Ok(None);
        };
        let is_whole = part.poses == task.order && set.unseen.is_empty() && task.order > 1;
        let Some(kernel) = kernel.network() else { return Ok(None) };
        if !is_whole || job.settings.convention != Convention::Exact || kernel.draws_masks() {
            return Ok(None);
        }
        let action = spec.resolve(images.image_shape())?;
        let (settings, seen) = (&job.settings, &set.seen);
        let is_invariant = || {
            let kernel = (kernel, settings.kernel);
            SampledOrbits::is_invariant(
                &images.images(seen)?,
                action.as_ref(),
                &settings.normalization,
                kernel,
            )
            .map_err(|error| renamed(error, seen))
        };
        let way = if !task.permutes {
            Way::Averages
        } else if kernel.as_dot_product().is_some() && OrbitCorrelation::knows(action.group()) {
            Way::Correlation
        } else if is_invariant()? {
            Way::Rows
        } else {
            Way::Averages
        };
        let layout = OrbitLayout::new(set.seen.len(), task.order);
        let hold_out = job.questions[part.question].hold_out.resolve(action.group(), layout)?;
        let Some(&[element]) = hold_out.elements() else { return Ok(None) };
        let seeds = set.seen.len();
        let together = match set.together {
            Together::Seed => (0..seeds).map(|seed| seed..seed + 1).collect(),
            // Seeds are ordered by class.
            Together::Class => (0..set.classes.len())
                .filter_map(|class| {
                    let members = set.members(class);
                    Some(*members.first()?..members.last()? + 1)
                })
                .collect(),
        };
        Ok(Some(Self { set, action, way, element, together }))
    }

    /// What it will take in as few passes as the limit allows.
    pub(super) fn plan(
        &self,
        (subject, kind): (&Subject, KernelKind),
        limit: &MemoryLimit,
        solver: Solver,
    ) -> Result<LargePlan, Error> {
        let transform = FourierPlanner::new().plan(self.action.group())?;
        let Some(kernel) = subject.kernel.as_deref().and_then(AuditKernel::network) else {
            unreachable!("checked when this was made");
        };
        let (seeds, group) = (self.set.seen.len(), self.action.group());
        let order = group.order();
        let costs = match self.way {
            Way::Correlation => {
                let seconds = kernel.as_dot_product().map_or(0.0, |kernel| kernel.seconds_per_pair());
                (seconds, PermutedOrbits::bytes_of(kernel, group, seeds))
            }
            way => {
                let averaged = way == Way::Averages;
                let bytes = SampledOrbits::bytes_of((kernel, kind), order, seeds, averaged);
                (SampledOrbits::seconds_of_value(kernel, order, averaged), bytes)
            }
        };
        let outputs = self.set.classes.len();
        let mut found = LargePlan::choose(solver, transform.as_ref(), &self.together, outputs, costs, limit);
        let plan = found.plan();
        plan.seconds += self.seconds_of_check(subject) + self.seconds_of_spectra(subject);
        // Rows are checked, and projection is measured, when blocks and coefficients are gone.
        let afterwards = match self.way {
            Way::Correlation => PermutedOrbits::bytes_of_check(kernel, order, seeds),
            Way::Rows => 0,
            Way::Averages => projection_effect::bytes(self.set, order),
        };
        plan.bytes = plan.bytes.max(costs.1 + afterwards);
        Ok(found)
    }

    /// Seconds of the direct check of some rows.
    fn seconds_of_check(&self, subject: &Subject) -> f64 {
        let Some(kernel) = subject.kernel.as_deref().and_then(AuditKernel::network) else { return 0.0 };
        let (seeds, order) = (self.set.seen.len(), self.action.group().order());
        let threads = rayon::current_num_threads() as f64;
        let rows = match self.way {
            Way::Correlation => {
                let row = PermutedOrbits::seconds_of_row(kernel, order, seeds);
                return CHECKED_ROWS as f64 * row / threads;
            }
            // All poses are prepared for variances, for points that look the same, and for the check.
            Way::Rows => 2.0 * CHECKED_ROWS as f64 + 3.0 * PREPARING,
            Way::Averages => (CHECKED_SEEDS * order) as f64,
        };
        rows * (seeds * order) as f64 * kernel.seconds_per_pair() / threads
    }

    /// Seconds of the spectra of all pairs of seeds of different classes, which cyclic groups have.
    fn seconds_of_spectra(&self, subject: &Subject) -> f64 {
        let Some(kernel) = subject.kernel.as_deref().and_then(AuditKernel::network) else { return 0.0 };
        if self.action.group().as_cyclic().is_none() {
            return 0.0;
        }
        let (seeds, order) = (self.set.seen.len() as f64, self.action.group().order());
        let value = match self.way {
            Way::Correlation => kernel.as_dot_product().map_or(0.0, |kernel| kernel.seconds_per_pair()),
            way => SampledOrbits::seconds_of_value(kernel, order, way == Way::Averages),
        };
        // Pairs of one class are left out of the spectra, not of the kernel where it is evaluated for many pairs at once.
        let pairs = seeds * (seeds - 1.0) / 2.0;
        pairs * (SECONDS_OF_PAIR + order as f64 * value) / rayon::current_num_threads() as f64
    }

    /// Prepares the seeds.
    fn orbits<'k>(
        &self,
        (images, action): (Array4<f64>, Box<dyn GroupAction>),
        settings: &AuditSettings,
        kernel: &'k CompiledKernel,
    ) -> Result<LargeOrbits<'k>, Error> {
        let (normalization, kind) = (&settings.normalization, settings.kernel);
        Ok(match self.way {
            Way::Correlation => LargeOrbits::Permuted(Box::new(
                PermutedOrbits::new(images, action, normalization, kernel, kind)?
                    .expect("the structure was checked when this was made"),
            )),
            way => {
                let averaged = way == Way::Averages;
                LargeOrbits::Sampled(Box::new(SampledOrbits::new(
                    images,
                    action,
                    normalization,
                    (kernel, kind),
                    averaged,
                )?))
            }
        })
    }

    /// Computes everything; unit by unit on disk, if the settings name a folder.
    pub(super) fn examine(&self, job: &Job, task: &Task, monitor: &Monitor) -> Result<ClassErrors, Error> {
        let subject = &job.architectures[task.subject];
        let kernel = subject.kernel.as_deref().and_then(AuditKernel::network);
        let (Some(kernel), Subjects::Images(images)) = (kernel, &job.subjects) else {
            unreachable!("checked when this was made");
        };
        let (settings, seeds) = (&job.settings, &self.set.seen);
        let Poses::Action(spec) = &task.poses else { unreachable!("checked when this was made") };
        let action = spec.resolve(images.image_shape())?;
        let images = images.images(seeds)?;
        let orbits =
            self.orbits((images, action), settings, kernel).map_err(|error| renamed(error, seeds))?;
        let limit = settings.memory_limit.clone().unwrap_or_else(MemoryLimit::detect);
        let labels = self.set.labels();
        let mut plan = self.plan((subject, settings.kernel), &limit, settings.solver)?;
        plan.plan().check(&limit)?;
        let store = settings.units.as_ref().map(UnitStore::open).transpose()?;
        let description = self.description(&orbits, settings.ridge, &labels);
        let journal = store.as_ref().map(|store| (store, &description));
        let (all, check) = (plan.plan().seconds, self.seconds_of_check(subject));
        let after = check + self.seconds_of_spectra(subject);
        let solving = monitor.part((all - after) / all, 1.0);
        let equations = (settings.ridge, &labels);
        let outcome = plan.run(&orbits, &self.together, equations, &limit, journal, &solving);
        let outcome = unless_singular_here(outcome)?;
        let lookalikes = orbits.lookalikes()?;
        let mut errors = self.collect(outcome.as_ref().ok(), &lookalikes);
        if let Ok(solution) = &outcome {
            let monitor = monitor.part(self.seconds_of_spectra(subject) / all, 1.0);
            let (classes, ridge) = (&self.set.class_of_seen, settings.ridge);
            let spectral = spectral_errors(&orbits, classes, &solution.places(), ridge, &monitor)?;
            errors.seeds.iter_mut().zip(spectral).for_each(|(seed, spectral)| seed.spectral = spectral);
            let some_fail = errors.seeds.iter().any(|seed| !seed.is_correct());
            errors.repair = Some(Repair::of_large(solution, self.set, task.order, some_fail)?);
            if let Some(shares) = &solution.shares {
                let own = |(place, class): (usize, &usize)| 1.0 - solution.predictions[[place, *class]];
                let own = classes.iter().enumerate().map(own).collect();
                let (slots, order) = (orbits.transform().irreps(), task.order);
                errors.irreps = IrrepParts::of_single_seeds(slots, order, shares, &own);
            }
        }
        match outcome {
            Ok(result) => {
                let count = if self.way == Way::Averages { CHECKED_SEEDS } else { CHECKED_ROWS };
                let rows = sample_rows(settings.seed, seeds.len(), task.order, count);
                let weights = (&result.dual_weights, &labels);
                let monitor = monitor.part(check / all, 1.0);
                let check = orbits.check_rows(&rows, weights, settings.ridge, &monitor)?;
                errors.invariance_defect = check.deviation;
                errors.largest_residual = Some(check.largest_residual);
                errors.condition_bound = result.condition_bound;
                errors.conjugate_gradients = result.conjugate_gradients;
                errors.corrupted = result.corrupted;
                if self.way == Way::Averages {
                    let (residual, silent) = (check.largest_single_residual, monitor.part(0.0, 1.0));
                    // The poses of all seeds are not needed any more.
                    drop(orbits);
                    errors.projection_effect =
                        projection_effect::measure(job, task, self.set, residual, &silent)?;
                }
            }
            Err(mut reason) => {
                let mut pairs = lookalikes.clone();
                // Two different seeds say more.
                pairs.sort_by_key(|&(s, t, _)| s == t);
                let layout = reason.layout;
                let rows = |(s, t, u)| (layout.row(s, self.action.group().identity()), layout.row(t, u));
                reason.duplicates = pairs.into_iter().map(rows).collect();
                errors.obstacle = Some(Obstacle::NotPositiveDefinite(reason));
            }
        }
        Ok(errors)
    }

    /// Everything that the units of this regression depend on.
    fn description(
        &self,
        orbits: &LargeOrbits<'_>,
        ridge: isotypic_gram::Ridge,
        labels: &Array2<f64>,
    ) -> ContentHash {
        let labels = ContentHash::of_array(labels.shape(), labels);
        let text = format!("{} {ridge:?} {labels} {:?}", orbits.content_hash(), self.together);
        ContentHash::of_bytes(text.as_bytes())
    }

    /// Seeds with their points.
    fn collect(&self, result: Option<&LargeSolution>, lookalikes: &[(usize, usize, usize)]) -> ClassErrors {
        let classes = &self.set.class_of_seen;
        let places = result.map_or_else(|| (0..classes.len()).collect(), LargeSolution::places);
        let of_seed = |(at, &place): (usize, &usize)| {
            let class = classes[place];
            let found = result.map(|result| (result.predictions.row(at), result.variance[at]));
            let found = found.ok_or(Status::NotPositiveDefinite);
            let mut point = ClassPoint::of(self.element, class, found);
            if result.is_some() {
                match self.status(place, lookalikes) {
                    Status::OrbitCollapse => point.set_status(Status::OrbitCollapse, Some(0.0)),
                    status => point.set_status(status, None),
                }
            }
            let others = lookalikes.iter().filter_map(|&(s, t, _)| match (s == t, s == place, t == place) {
                (false, true, _) => Some(t),
                (false, _, true) => Some(s),
                _ => None,
            });
            // One of another class matters most.
            let twin = others.min_by_key(|&other| (classes[other] == class, other));
            let mut seed = SeedErrors::of_point(place, class, twin, point);
            seed.projected = seed.errors(self.set.classes.len())[class];
            seed
        };
        let same_in_all: usize = {
            let of_seed = |seed: usize| -> BTreeSet<usize> {
                let own = lookalikes.iter().filter(|&&(s, t, _)| s == seed && t == seed);
                own.map(|&(_, _, u)| u).collect()
            };
            let first = of_seed(0);
            (1..classes.len()).fold(first, |common, seed| &common & &of_seed(seed)).len()
        };
        ClassErrors {
            seeds: places.iter().enumerate().map(of_seed).collect(),
            invariance_defect: 0.0,
            condition_number: None,
            indistinguishable_poses: 1 + same_in_all,
            obstacle: None,
            irreps: IrrepParts::default(),
            largest_residual: None,
            condition_bound: None,
            corrupted: Vec::new(),
            is_projected: self.way == Way::Averages,
            projection_effect: None,
            conjugate_gradients: None,
            repair: None,
        }
    }

    /// Whether a point that is observed is the same to the kernel as the held-out pose of a seed.
    fn status(&self, place: usize, lookalikes: &[(usize, usize, usize)]) -> Status {
        let classes = &self.set.class_of_seen;
        let range_of = |seed: usize| self.together.iter().find(|range| range.contains(&seed));
        let mut status = Status::Ok;
        for &(s, t, u) in lookalikes.iter().filter(|&&(s, t, _)| s == place || t == place) {
            if classes[s] != classes[t] {
                return Status::ConflictingLabels;
            }
            // Points at equal poses are held out together.
            if u != self.action.group().identity() || range_of(s) != range_of(t) {
                status = Status::OrbitCollapse;
            }
        }
        status
    }
}

/// Names an image by its place in the dataset.
fn renamed(error: Error, seeds: &[usize]) -> Error {
    match error {
        Error::Orbit(error) => rename_image(error, seeds),
        error => error,
    }
}

/// Rows that are checked, as (seed, element): of the seed of the settings, not of chance.
fn sample_rows(seed: u64, seeds: usize, order: usize, count: usize) -> Vec<(usize, usize)> {
    let mut state = seed;
    let mut next = |below: usize| {
        // splitmix64 (Steele, Lea & Flood 2014).
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % below as u64) as usize
    };
    (0..count).map(|_| (next(seeds), next(order))).collect()
}

/// Says so where single precision was asked for and does not apply.
pub(super) fn precision_note(job: &Job, task: &Task) -> Result<Option<String>, Error> {
    if job.settings.precision == Precision::F64 || LargeClasses::of(job, task)?.is_none() {
        return Ok(None);
    }
    let name = &job.architectures[task.subject].name;
    Ok(Some(format!(
        "{name}: evaluated in double precision, since what is solved block by block knows no other"
    )))
}

/// What is known before computing about the tasks of a job that are of this kind.
pub(super) fn plan_of(job: &Job, task: &Task) -> Result<Option<(Plan, String)>, Error> {
    let Some(large) = LargeClasses::of(job, task)? else { return Ok(None) };
    let limit = job.settings.memory_limit.clone().unwrap_or_else(MemoryLimit::detect);
    let subject = &job.architectures[task.subject];
    let mut plan = large.plan((subject, job.settings.kernel), &limit, job.settings.solver)?;
    let points = isotypic_work::human::thousands((large.set.seen.len() * task.order) as u64);
    let projected = if large.way == Way::Averages { ", after projection on the group average" } else { "" };
    let note =
        format!("{}: {points} points by {}{projected}", subject.name, plan.describe(large.set.seen.len()));
    Ok(Some((*plan.plan(), note)))
}

#[cfg(test)]
mod tests;
