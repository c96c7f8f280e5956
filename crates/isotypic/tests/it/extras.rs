//! Finite training times and simple metrics beside the errors of an audit.

use isotypic::data::{Features, Labels};
use isotypic::gram::Ridge;
use isotypic::report::AuditReport;
use isotypic::work::Monitor;
use isotypic::{
    AuditInput, AuditSettings, ClassSeeds, ClassSelection, Convention, PairSelection, PoseNumbers,
    QuestionSpec, Together, audit,
};
use ndarray::{Array1, Array2, Array3, Axis};

const POSES: usize = 5;

/// Noisy circles, whose poses are nearly turns of one another.
fn features() -> Array3<f64> {
    Array3::from_shape_fn((6, POSES, 3), |(seed, pose, k)| {
        let angle = std::f64::consts::TAU * pose as f64 / POSES as f64 + 0.4 * seed as f64;
        let noise = 0.2 * ((17 * seed + 5 * pose + 3 * k) as f64).sin();
        noise + [(1.0 + 0.1 * seed as f64) * angle.cos(), angle.sin(), 0.3 * (seed % 2) as f64][k]
    })
}

fn settings() -> AuditSettings {
    AuditSettings {
        input: AuditInput::LoadedFeatures(
            Features::new("features", features(), Labels::parse("a,b,a,b,a,b").unwrap()).unwrap(),
        ),
        question: Some(QuestionSpec {
            group: format!("cyclic:{POSES}"),
            poses: PoseNumbers::OfGroup,
            hold_out: "poses:0,2".into(),
        }),
        architectures: vec!["rbf:0.8".into()],
        pairs: PairSelection::List(vec![(0, 1), (2, 5), (4, 3)]),
        ridge: Ridge::Absolute(1e-3),
        training_times: Some(vec![3.0, 0.5]),
        metrics: true,
        ..AuditSettings::default()
    }
}

fn run(settings: &AuditSettings) -> AuditReport {
    audit(settings, &Monitor::silent()).unwrap()
}

/// The kernel of the observed points of a pair, across to the held-out ones, and the labels of both, written out.
fn matrices(pair: (usize, usize), held: usize) -> (Array2<f64>, Array2<f64>, Array1<f64>, Array1<f64>) {
    let all = features();
    let rows: Vec<(usize, usize)> =
        [pair.0, pair.1].into_iter().flat_map(|s| (0..POSES).map(move |p| (s, p))).collect();
    let is_held = |&(seed, pose): &(usize, usize)| seed == held && (pose == 0 || pose == 2);
    let (held, observed): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| is_held(row));
    let kernel = |a: &(usize, usize), b: &(usize, usize)| {
        let square: f64 = (0..3).map(|k| (all[[a.0, a.1, k]] - all[[b.0, b.1, k]]).powi(2)).sum();
        (-0.8 * square).exp()
    };
    let matrix = |first: &[(usize, usize)], second: &[(usize, usize)]| {
        Array2::from_shape_fn((first.len(), second.len()), |(i, j)| kernel(&first[i], &second[j]))
    };
    let labels =
        |rows: &[(usize, usize)]| rows.iter().map(|row| if row.0 == pair.0 { 1.0 } else { -1.0 }).collect();
    (matrix(&observed, &observed), matrix(&held, &observed), labels(&observed), labels(&held))
}

#[test]
fn predictions_after_a_time_are_those_of_small_steps() {
    let report = run(&settings());
    let training = report.training.as_ref().unwrap();
    assert_eq!(training.times, [0.5, 3.0]);
    // Three pairs, two seeds in turn, two poses each.
    assert_eq!(training.points.len(), 12);
    for (index, pair) in [(0, 1), (2, 5), (4, 3)].into_iter().enumerate() {
        for held in [pair.0, pair.1] {
            let (own, across, labels, held_labels) = matrices(pair, held);
            let own = own + Array2::<f64>::eye(labels.len()) * 1e-3;
            let after = |time: f64| {
                let run = |steps: usize| {
                    let mut weights = Array1::<f64>::zeros(labels.len());
                    for _ in 0..steps {
                        weights = &weights + &((&labels - &own.dot(&weights)) * (time / steps as f64));
                    }
                    across.dot(&weights)
                };
                let [one, two, four] = [1000, 2000, 4000].map(run);
                (4.0 * (2.0 * &four - &two) - (2.0 * &two - &one)) / 3.0
            };
            let expected = [after(0.5), after(3.0)];
            let points: Vec<_> =
                training.points.iter().filter(|point| point.pair == index && point.seed == held).collect();
            assert_eq!(points.iter().map(|point| point.element).collect::<Vec<_>>(), [0, 2]);
            for (at, point) in points.iter().enumerate() {
                for (time, expected) in expected.iter().enumerate() {
                    let (prediction, error) = (point.predictions[time].unwrap(), point.errors[time].unwrap());
                    assert!(
                        (prediction - expected[at]).abs() < 1e-7,
                        "{prediction} against {}",
                        expected[at]
                    );
                    assert!((error - (held_labels[at] - prediction).abs()).abs() < 1e-12);
                }
                // No time asked for, nor the end, is better than the best.
                let end = report
                    .points
                    .iter()
                    .find(|other| (other.pair, other.seed, other.element) == (index, held, point.element));
                let end = end.unwrap();
                let best = point.best_error.unwrap();
                let errors = point.errors.iter().flatten().chain(&end.error);
                assert!(errors.copied().all(|error| best <= error * (1.0 + 1e-6) + 2e-6));
                assert_eq!(point.correct_at_end, end.correct);
            }
        }
    }
    let row = &training.rows[0];
    let count = |right: &dyn Fn(&isotypic::report::TrainingPoint) -> bool| {
        training.points.iter().filter(|point| right(point)).count()
    };
    assert_eq!((row.points, row.poses, row.question), (12, POSES, 0));
    assert_eq!(row.fraction_correct_at_end, count(&|point| point.correct_at_end) as f64 / 12.0);
    assert_eq!(row.repaired, count(&|point| point.correct_at_best && !point.correct_at_end));
    for (at, &fraction) in row.fractions_correct.iter().enumerate() {
        let right = |point: &isotypic::report::TrainingPoint| {
            let sign = if [0, 2, 4].contains(&point.seed) { 1.0 } else { -1.0 };
            sign * point.predictions[at].unwrap() > 0.0
        };
        assert_eq!(fraction, count(&right) as f64 / 12.0);
    }
}

#[test]
fn metrics_stand_beside_the_errors_they_are_compared_with() {
    let report = run(&settings());
    let metrics = report.metrics.as_ref().unwrap();
    assert_eq!((metrics.turns.len(), metrics.scores.len()), (6, 8));
    for turn in &metrics.turns {
        let pair = report.results[turn.pair].as_pair().unwrap();
        let (error, correct) = if turn.seed == pair.a {
            (pair.exact_error_a, pair.correct_a)
        } else {
            (pair.exact_error_b, pair.correct_b)
        };
        assert_eq!((turn.exact_error, turn.correct), (error, correct));
        assert_eq!(turn.metrics["spectral_error"], pair.spectral_error);
        // Over the two orbits as they are; features only nearly turn, so that the projection differs.
        let all = features();
        let points = [pair.a, pair.b].map(|seed| all.index_axis(Axis(0), seed).to_owned());
        let kernel = |a: &Array2<f64>, b: &Array2<f64>| {
            let sum: f64 = a
                .rows()
                .into_iter()
                .flat_map(|x| {
                    b.rows().into_iter().map(move |y| (-0.8 * (&x - &y).mapv(|d| d * d).sum()).exp())
                })
                .sum();
            sum / (POSES * POSES) as f64
        };
        let delta = kernel(&points[0], &points[0]) + kernel(&points[1], &points[1])
            - 2.0 * kernel(&points[0], &points[1]);
        assert!((turn.metrics["delta_squared"].unwrap() - delta).abs() < 1e-12);
    }
    for score in &metrics.scores {
        assert_eq!((score.turns, score.arch.as_deref()), (6, Some("rbf:0.8")));
    }
}

#[test]
fn they_are_absent_unless_asked_for_and_change_nothing_else() {
    let plain = AuditSettings { training_times: None, metrics: false, ..settings() };
    let (with, without) = (run(&settings()), run(&plain));
    assert!(without.training.is_none() && without.metrics.is_none());
    assert!(!without.to_json().unwrap().contains("best_time"));
    assert_eq!(
        (&with.results, &with.points, &with.summary),
        (&without.results, &without.points, &without.summary)
    );
    let command = |report: &AuditReport| report.details.as_ref().unwrap().command.clone();
    assert!(command(&with).contains(" --training-time 3,0.5 --metrics"), "{}", command(&with));
    let best = AuditSettings { training_times: Some(Vec::new()), ..settings() };
    let best = run(&best);
    assert!(command(&best).contains("--training-time best"));
    let points = &best.training.unwrap().points;
    assert!(points.iter().all(|point| point.predictions.is_empty() && point.best_error.is_some()));
}

#[test]
fn what_they_cannot_be_asked_of_is_refused() {
    let refused = |settings: AuditSettings, part: &str| {
        let error = audit(&settings, &Monitor::silent()).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        assert!(error.hint().is_some());
    };
    for time in [0.0, -1.0, f64::INFINITY, f64::NAN] {
        refused(
            AuditSettings { training_times: Some(vec![1.0, time]), ..settings() },
            "training time: expected a positive",
        );
    }
    let classes = Some(ClassSelection {
        classes: Vec::new(),
        seeds: ClassSeeds::PerClass(2),
        unseen_per_class: 0,
        together: Together::default(),
    });
    refused(
        AuditSettings { classes: classes.clone(), ..settings() },
        "training times: expected an audit of pairs",
    );
    refused(
        AuditSettings { classes, training_times: None, ..settings() },
        "metrics: expected an audit of pairs",
    );
    refused(AuditSettings { convention: Convention::Paper, ..settings() }, "expected convention `exact`");
}
