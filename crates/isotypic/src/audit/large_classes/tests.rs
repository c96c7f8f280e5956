//! Large audits against those that hold everything.

use isotypic_gram::Ridge;
use ndarray_npy::write_npy;

use super::*;
use crate::audit::AnsweredSeeds;
use crate::audit::audit_gram::AuditGram;
use crate::audit::class_audit;
use crate::audit::settings::{AuditInput, ClassSeeds, ClassSelection, PoseNumbers, QuestionSpec};

fn settings(group: &str, classes: &[&str], seeds: usize, together: Together) -> AuditSettings {
    AuditSettings {
        question: Some(QuestionSpec {
            group: group.into(),
            poses: PoseNumbers::OfGroup,
            hold_out: "pose:1".into(),
        }),
        architectures: vec!["mlp:2".into()],
        classes: Some(ClassSelection {
            classes: classes.iter().map(ToString::to_string).collect(),
            seeds: ClassSeeds::PerClass(seeds),
            unseen_per_class: 0,
            together,
        }),
        ridge: Ridge::RelativeToMeanDiagonal(1e-6),
        ..AuditSettings::default()
    }
}

/// The repairs of a large audit are those of the matrix that is held, projected.
fn repairs_agree(found: &ClassErrors, training: &AuditGram, set: &ClassSeedSet, job: &Job) {
    let sets = class_audit::sets(set, training, &job.questions[0].hold_out).unwrap();
    let some_fail = found.seeds.iter().any(|seed| !seed.is_correct());
    let ridge = job.settings.ridge;
    let expected = Repair::of_classes(&training.invariant, set, &sets, ridge, some_fail).unwrap();
    let found = found.repair.as_ref().unwrap();
    assert_eq!(found.averaged_right, expected.averaged_right);
    assert_eq!(found.averaged_errors.len(), expected.averaged_errors.len());
    for (found, expected) in found.averaged_errors.iter().zip(&expected.averaged_errors) {
        assert!((found - expected).abs() < 1e-8, "{found} and {expected}");
    }
    assert_eq!(found.separation_factor.is_some(), expected.separation_factor.is_some());
    if let (Some(found), Some(expected)) = (found.separation_factor, expected.separation_factor) {
        // Both are known to the precision of one bisection.
        assert!((found - expected).abs() < 1e-6 * expected, "{found} and {expected}");
    }
}

/// Block by block and by the audit that holds everything; sorted statuses of all seeds.
fn agrees(settings: &AuditSettings, residual: f64) -> Vec<Status> {
    let job = Job::prepare(settings, &[]).unwrap();
    let task = &job.tasks[0];
    assert!(LargeClasses::of(&job, task).unwrap().is_none(), "a small audit holds everything");
    let large = LargeClasses::structured(&job, task).unwrap().unwrap();
    let found = large.examine(&job, task, &Monitor::silent()).unwrap();
    let kernel = job.architectures[0].kernel.as_deref().map(|kernel| (kernel, settings.kernel));
    let set = job.units.classes().unwrap();
    let all = job.units.seeds(0);
    let orbits =
        job.subjects.orbits(&all, &task.poses, &settings.normalization, kernel, &Monitor::silent()).unwrap();
    let training = class_audit::training(&orbits.gram, set).unwrap();
    let sets = class_audit::sets(set, &training, &job.questions[0].hold_out).unwrap();
    let (ridge, convention) = (settings.ridge, settings.convention);
    let expected = class_audit::examine(&orbits.gram, set, (&training, &sets), ridge, convention).unwrap();
    assert_eq!(found.seeds.len(), expected.seeds.len());
    assert_eq!(found.indistinguishable_poses, expected.indistinguishable_poses);
    let largest = found.largest_residual.unwrap();
    assert!(largest < residual, "{largest:e}");
    assert!(found.condition_bound.unwrap() >= expected.condition_number.unwrap());
    for (found, expected) in found.seeds.iter().zip(&expected.seeds) {
        assert_eq!((found.place, found.class, found.twin), (expected.place, expected.class, expected.twin));
        assert_eq!(found.status, expected.status);
        if found.status == Status::OrbitCollapse {
            assert!((found.limit.unwrap() - expected.limit.unwrap()).abs() < 1e-6);
        }
        let near = |found: f64, expected: f64| {
            assert!((found - expected).abs() < 1e-8 * expected.abs().max(1.0), "{found} and {expected}");
        };
        near(found.projected.unwrap(), expected.projected.unwrap());
        assert_eq!(found.spectral.is_some(), expected.spectral.is_some());
        near(found.spectral.unwrap_or(0.0), expected.spectral.unwrap_or(0.0));
        let (found, expected) = (&found.points[0], &expected.points[0]);
        assert_eq!(found.element, expected.element);
        near(found.variance.unwrap(), expected.variance.unwrap());
        near(found.margin.unwrap(), expected.margin.unwrap());
        near(found.probability.unwrap(), expected.probability.unwrap());
        let (found, expected) = (found.predictions.as_ref(), expected.predictions.as_ref());
        found.unwrap().iter().zip(expected.unwrap()).for_each(|(&found, &expected)| near(found, expected));
    }
    if set.together == Together::Seed && statuses_are_ok(&found) {
        let (shares, expected) = (found.irreps.rows(), expected.irreps.rows());
        assert_eq!(shares.len(), expected.len());
        for (found, expected) in shares.iter().zip(&expected) {
            assert_eq!(found.irrep, expected.irrep);
            for (found, expected) in [(found.share, expected.share), (found.excess, expected.excess)] {
                assert!((found.unwrap() - expected.unwrap()).abs() < 1e-8, "{found:?} and {expected:?}");
            }
        }
    }
    let mut statuses: Vec<Status> = found.seeds.iter().map(|seed| seed.status).collect();
    // Where labels conflict answers for vanishing ridge are rounding.
    if !statuses.contains(&Status::ConflictingLabels) {
        repairs_agree(&found, &training, set, &job);
    }
    statuses.sort();
    statuses
}

fn statuses_are_ok(found: &ClassErrors) -> bool {
    found.seeds.iter().all(|seed| seed.status == Status::Ok)
}

#[test]
fn conjugate_gradients_answer_some_seeds_as_factors_of_blocks_answer_all() {
    for (group, network, together) in [
        ("translation:4x7", "mlp:2", Together::Seed),
        ("p4:4", "mlp", Together::Class),
        ("translation-x:14", "cnn", Together::Seed),
        ("rotation:8", "mlp:2", Together::Seed),
    ] {
        let blocks = AuditSettings {
            architectures: vec![network.into()],
            ridge: Ridge::RelativeToMeanDiagonal(1e-4),
            ..settings(group, &["3", "5", "8"], 3, together)
        };
        let few = Solver::ConjugateGradients(AnsweredSeeds::Count(3));
        let few = AuditSettings { solver: few, ..blocks.clone() };
        let jobs = [few, blocks].map(|settings| Job::prepare(&settings, &[]).unwrap());
        // Small as it is, it is asked for.
        assert!(LargeClasses::of(&jobs[0], &jobs[0].tasks[0]).unwrap().is_some());
        let [found, expected] = jobs.each_ref().map(|job| {
            let large = LargeClasses::structured(job, &job.tasks[0]).unwrap().unwrap();
            large.examine(job, &job.tasks[0], &Monitor::silent()).unwrap()
        });
        let places: Vec<usize> = found.seeds.iter().map(|seed| seed.place).collect();
        let spread = if together == Together::Seed { [0, 3, 6] } else { [0, 1, 2] };
        assert_eq!(places, spread);
        let solution = found.conjugate_gradients.unwrap();
        assert_eq!((solution.answered, solution.seeds), (3, 9));
        assert!(solution.largest_residual <= solution.tolerance && expected.conjugate_gradients.is_none());
        assert!(found.largest_residual.unwrap() < 1e-7, "{:?}", found.largest_residual);
        for seed in &found.seeds {
            let other = &expected.seeds[seed.place];
            assert_eq!((seed.class, seed.status), (other.class, other.status));
            let (found, expected) = (&seed.points[0], &other.points[0]);
            assert_eq!(found.element, expected.element);
            let variance = (found.variance.unwrap(), expected.variance.unwrap());
            assert!((variance.0 - variance.1).abs() < 1e-8 * variance.1, "{group}: {variance:?}");
            let found = found.predictions.as_ref().unwrap();
            for (found, expected) in found.iter().zip(expected.predictions.as_ref().unwrap()) {
                assert!((found - expected).abs() < 1e-6, "{group} {network}: {found} and {expected}");
            }
            assert_eq!(seed.spectral, other.spectral);
        }
        // Of all sets that are held out those that are answered.
        let sets: &[usize] = if together == Together::Seed { &[0, 3, 6] } else { &[0] };
        let (found, expected) = (found.repair.unwrap(), expected.repair.unwrap());
        assert_eq!(found.averaged_errors.len(), sets.len());
        for (found, &set) in found.averaged_errors.iter().zip(sets) {
            let expected = expected.averaged_errors[set];
            assert!((found - expected).abs() < 1e-6, "{group} {network}: {found} and {expected}");
        }
        assert_eq!(found.averaged_right.1, 3);
    }
}

#[test]
fn conjugate_gradients_refuse_what_has_another_structure() {
    let mut settings = settings("translation-x:4", &["3", "5"], 2, Together::Seed);
    settings.solver = Solver::ConjugateGradients(AnsweredSeeds::All);
    settings.question.as_mut().unwrap().hold_out = "poses:0,1".into();
    let Err(error) = Job::prepare(&settings, &[]).map(|job| job.plan()).and_then(|plan| plan) else {
        panic!("two poses are held out")
    };
    assert!(error.to_string().starts_with("solver `conjugate-gradients`: ") && error.hint().is_some());
}

#[test]
fn digits_are_predicted_as_by_the_audit_that_holds_everything() {
    for (group, together) in [
        ("translation:4x7", Together::Seed),
        ("translation:7x4", Together::Class),
        ("translation-x:28", Together::Class),
        ("p4:4", Together::Class),
        ("p4m:2", Together::Seed),
    ] {
        let statuses = agrees(&settings(group, &["3", "5", "8"], 3, together), 1e-11);
        assert!(statuses.iter().all(|&status| status == Status::Ok));
    }
}

#[test]
fn convolutions_and_other_groups_are_predicted_as_by_the_audit_that_holds_everything() {
    let of = |group: &str, network: &str, together: Together| AuditSettings {
        architectures: vec![network.into()],
        ..settings(group, &["3", "5", "8"], 3, together)
    };
    let way = |settings: &AuditSettings| {
        let job = Job::prepare(settings, &[]).unwrap();
        LargeClasses::structured(&job, &job.tasks[0]).unwrap().unwrap().way
    };
    for settings in [
        of("translation:4x7", "cnn", Together::Seed),
        of("translation-x:14", "cnn:2", Together::Class),
        of("dihedral:4", "mlp", Together::Class),
    ] {
        assert_eq!(way(&settings), Way::Rows);
        let statuses = agrees(&settings, 1e-11);
        assert!(statuses.iter().all(|&status| status == Status::Ok));
    }
}

#[test]
fn kernels_that_are_not_invariant_are_predicted_as_by_projection_of_the_whole_matrix() {
    let mut has_failed = false;
    for (group, network, together) in [
        ("rotation:8", "mlp:2", Together::Seed),
        ("rotation:6", "cnn", Together::Class),
        ("rotation:9", "mlp", Together::Class),
    ] {
        let settings = AuditSettings {
            architectures: vec![network.into()],
            ..settings(group, &["3", "5", "8"], 3, together)
        };
        let job = Job::prepare(&settings, &[]).unwrap();
        let task = &job.tasks[0];
        let large = LargeClasses::structured(&job, task).unwrap().unwrap();
        assert_eq!(large.way, Way::Averages);
        let found = large.examine(&job, task, &Monitor::silent()).unwrap();
        let kernel = job.architectures[0].kernel.as_deref().map(|kernel| (kernel, settings.kernel));
        let (set, silent) = (job.units.classes().unwrap(), Monitor::silent());
        let seeds = job.units.seeds(0);
        let orbits =
            job.subjects.orbits(&seeds, &task.poses, &settings.normalization, kernel, &silent).unwrap();
        let training = class_audit::training(&orbits.gram, set).unwrap();
        assert!(!training.is_invariant());
        let sets = class_audit::sets(set, &training, &job.questions[0].hold_out).unwrap();
        let expected = training.regress_projected(settings.ridge, &set.labels(), &sets).unwrap();
        let Ok(expected) = expected else { panic!("it is positive definite") };
        for (held_out, turn) in sets.iter().zip(&expected.turns) {
            for (at, (place, element)) in held_out.points().enumerate() {
                let point = &found.seeds[place].points[0];
                assert_eq!(point.element, element);
                for (value, expected) in
                    point.predictions.as_ref().unwrap().iter().zip(turn.predictions.row(at))
                {
                    assert!((value - expected).abs() < 1e-8, "{group} {network}: {value} and {expected}");
                }
            }
        }
        // All rows of three of nine seeds are a sample of the defect.
        let (sampled, whole) = (found.invariance_defect, training.defect);
        assert!(sampled > 0.1 * whole && sampled < 10.0 * whole, "{sampled:e} and {whole:e}");
        assert!(found.largest_residual.unwrap() < 1e-9, "{:e}", found.largest_residual.unwrap());
        // So few seeds are all in the sample that is solved twice.
        let effect = found.projection_effect.clone().unwrap();
        let exact = training.regress(settings.ridge, &set.labels(), &sets, &[]).unwrap();
        let Ok(exact) = exact else { panic!("it is positive definite") };
        let largest = (exact.turns.iter().zip(&expected.turns))
            .flat_map(|(exact, projected)| exact.predictions.iter().zip(&projected.predictions))
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max);
        assert_eq!((effect.seeds, effect.points), (9, 9));
        assert_eq!(effect.largest_difference, largest);
        assert!(effect.single_row_residual > found.largest_residual.unwrap());
        assert!(found.is_projected && found.obstacle.is_none());
        repairs_agree(&found, &training, set, &job);
        has_failed |= found.repair.unwrap().separation_factor.is_some();
    }
    assert!(has_failed, "some classes would have to be further apart");
}

#[test]
fn classes_that_fail_would_have_to_be_as_far_apart_as_the_audit_that_holds_everything_says() {
    // Too few poses: whole classes fail, and single seeds. Classes are of different sizes.
    for (group, network, classes, together) in [
        ("translation-x:4", "mlp:2", &["3", "5", "8"][..], Together::Class),
        ("translation-x:4", "mlp", &["3", "5"], Together::Seed),
        ("translation-y:7", "cnn:2", &["4", "9", "7", "1"], Together::Class),
        ("flip", "mlp", &["3", "5"], Together::Class),
    ] {
        let settings = AuditSettings {
            architectures: vec![network.into()],
            ridge: Ridge::RelativeToMeanDiagonal(1e-5),
            ..settings(group, classes, 4, together)
        };
        let mut seeds = Job::prepare(&settings, &[]).unwrap().units.classes().unwrap().seen.clone();
        seeds.drain(1..3);
        let mut settings = settings;
        settings.classes.as_mut().unwrap().seeds = ClassSeeds::List(seeds);
        agrees(&settings, 1e-10);
        let job = Job::prepare(&settings, &[]).unwrap();
        let large = LargeClasses::structured(&job, &job.tasks[0]).unwrap().unwrap();
        let found = large.examine(&job, &job.tasks[0], &Monitor::silent()).unwrap();
        let factor = found.repair.unwrap().separation_factor.expect("some of these seeds fail");
        assert!(factor > 1.0, "{group} {network}: {factor}");
    }
}

#[test]
fn images_that_look_the_same_have_the_status_of_the_audit_that_holds_everything() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.npy");
    let value = |image: usize, y: usize, x: usize| {
        ((1 + image) as f64 + 1.3 * y as f64 + (2 + image) as f64 * x as f64).sin()
    };
    let images = Array4::from_shape_fn((8, 4, 6, 1), |(image, y, x, _)| match image {
        // A shifted copy of the same class, one of the other class, and one with two equal halves.
        1 => value(0, (y + 1) % 4, x),
        6 => value(2, y, (x + 3) % 6),
        7 => value(7, y, x % 3),
        _ => value(image, y, x),
    });
    write_npy(&file, &images).unwrap();
    for together in [Together::Seed, Together::Class] {
        let settings = AuditSettings {
            input: AuditInput::Data(file.display().to_string()),
            labels: Some("a,a,a,a,b,b,b,b".into()),
            ..settings("translation:4x6", &[], 4, together)
        };
        // Where labels conflict dual weights are of the size of the inverse ridge.
        let statuses = agrees(&settings, 1e-6);
        let count = |status: Status| statuses.iter().filter(|&&other| other == status).count();
        assert_eq!(count(Status::ConflictingLabels), 2);
        assert_eq!(count(Status::OrbitCollapse), 3);
    }
}

#[test]
fn single_precision_that_does_not_apply_is_said() {
    let mut settings = settings("translation:28x28", &["3", "5"], 75, Together::Seed);
    let notes = |settings: &AuditSettings| Job::prepare(settings, &[]).unwrap().notes;
    assert!(notes(&settings).is_empty());
    settings.precision = Precision::F32;
    let expected = "mlp:2: evaluated in double precision, since what is solved block by block knows no other";
    assert_eq!(notes(&settings), [expected]);
}

#[test]
fn what_has_another_structure_is_left_to_others() {
    let is_structured = |settings: &AuditSettings| {
        let job = Job::prepare(settings, &[]).unwrap();
        LargeClasses::structured(&job, &job.tasks[0]).unwrap().is_some()
    };
    let shifts = settings("translation-x:4", &["3", "5"], 2, Together::Seed);
    assert!(is_structured(&shifts));
    let with = |change: fn(&mut AuditSettings)| {
        let mut settings = shifts.clone();
        change(&mut settings);
        is_structured(&settings)
    };
    assert!(with(|settings| settings.architectures = vec!["cnn".into()]));
    assert!(with(|settings| settings.question.as_mut().unwrap().group = "rotation:8".into()));
    assert!(with(|settings| settings.question.as_mut().unwrap().group = "p4:2".into()));
    assert!(!with(|settings| settings.question.as_mut().unwrap().hold_out = "poses:0,1".into()));
    assert!(!with(|settings| settings.classes.as_mut().unwrap().unseen_per_class = 1));
    assert!(!with(|settings| settings.question.as_mut().unwrap().poses = PoseNumbers::Divisors));
}
