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
    let paper = AuditSettings { convention: Convention::Paper, ..settings() };
    refused(paper.clone(), "training times: expected convention `exact`");
    refused(AuditSettings { training_times: None, ..paper }, "metrics: expected convention `exact`");
    refused(
        AuditSettings { solver: "conjugate-gradients".parse().unwrap(), ..settings() },
        "training times: expected a Gram matrix that is held, got the solver `conjugate-gradients:",
    );
    // 13 seeds of each of ten digits at 64 turns; nothing is computed before.
    let large = AuditSettings {
        input: AuditInput::Data("mini-mnist".into()),
        question: Some(QuestionSpec {
            group: "rotation:64".into(),
            poses: PoseNumbers::OfGroup,
            hold_out: "pose:0".into(),
        }),
        architectures: vec!["mlp".into()],
        classes: classes(13, Together::Class),
        training_times: None,
        ..settings()
    };
    refused(large, "metrics: expected at most 4096 points of all seeds together, got 8320");
}

fn classes(per_class: usize, together: Together) -> Option<ClassSelection> {
    let seeds = ClassSeeds::PerClass(per_class);
    Some(ClassSelection { classes: Vec::new(), seeds, unseen_per_class: 0, together })
}

/// Three classes of two seeds each.
const CLASS_OF: [usize; 6] = [0, 1, 2, 0, 1, 2];

fn three_classes(together: Together) -> AuditSettings {
    let labels = Labels::parse("a,b,c,a,b,c").unwrap();
    AuditSettings {
        input: AuditInput::LoadedFeatures(Features::new("features", features(), labels).unwrap()),
        classes: classes(2, together),
        ..settings()
    }
}

/// The squared distance in feature space of two poses, written out.
fn squared_distance(a: (usize, usize), b: (usize, usize)) -> f64 {
    let all = features();
    let square: f64 = (0..3).map(|k| (all[[a.0, a.1, k]] - all[[b.0, b.1, k]]).powi(2)).sum();
    2.0 - 2.0 * (-0.8 * square).exp()
}

/// What is observed while poses 0 and 2 of `held` are not.
fn observed(held: &[usize]) -> Vec<(usize, usize)> {
    let all = (0..6).flat_map(|seed| (0..POSES).map(move |pose| (seed, pose)));
    all.filter(|(seed, pose)| !(held.contains(seed) && [0, 2].contains(pose))).collect()
}

fn held_together(seed: usize, together: Together) -> Vec<usize> {
    match together {
        Together::Seed => vec![seed],
        Together::Class => (0..6).filter(|&other| CLASS_OF[other] == CLASS_OF[seed]).collect(),
    }
}

/// Small steps on all observed points, one output after the other.
#[test]
fn seeds_of_classes_are_predicted_after_a_time_as_by_small_steps() {
    for together in [Together::Class, Together::Seed] {
        let report = run(&three_classes(together));
        let training = report.training.as_ref().unwrap();
        assert_eq!(training.points.len(), 12);
        let mut compared = 0;
        for point in &training.points {
            let observed = observed(&held_together(point.seed, together));
            let kernel = |a, b| 1.0 - 0.5 * squared_distance(a, b);
            let count = observed.len();
            let own = Array2::from_shape_fn((count, count), |(i, j)| kernel(observed[i], observed[j]))
                + Array2::<f64>::eye(count) * 1e-3;
            let across: Array1<f64> =
                observed.iter().map(|&row| kernel((point.seed, point.element), row)).collect();
            let after = |time: f64, class: usize| {
                let labels: Array1<f64> =
                    observed.iter().map(|row| if CLASS_OF[row.0] == class { 1.0 } else { -1.0 }).collect();
                let run = |steps: usize| {
                    let mut weights = Array1::<f64>::zeros(count);
                    for _ in 0..steps {
                        weights = &weights + &((&labels - &own.dot(&weights)) * (time / steps as f64));
                    }
                    across.dot(&weights)
                };
                // Steps well below the inverse of the largest eigenvalue.
                let fewest = 500.max((100.0 * time) as usize);
                let [one, two, four] = [fewest, 2 * fewest, 4 * fewest].map(run);
                (4.0 * (2.0 * four - two) - (2.0 * two - one)) / 3.0
            };
            let class = CLASS_OF[point.seed];
            for (at, time) in [0.5, 3.0].into_iter().enumerate() {
                let outputs = [0, 1, 2].map(|class| after(time, class));
                assert!((point.predictions[at].unwrap() - outputs[class]).abs() < 1e-6);
                assert!((point.errors[at].unwrap() - (1.0 - outputs[class]).abs()).abs() < 1e-6);
                let largest = (0..3).max_by(|&a, &b| outputs[a].total_cmp(&outputs[b])).unwrap();
                assert_eq!(point.correct[at], largest == class, "{outputs:?}");
            }
            let result = report.results[point.pair].as_seed().unwrap();
            assert_eq!(result.seed, point.seed);
            let end = report
                .points
                .iter()
                .find(|end| (end.pair, end.element) == (point.pair, point.element))
                .unwrap();
            assert_eq!(point.correct_at_end, end.correct);
            let distance = |outputs: &[f64]| {
                let label = |at| if at == class { 1.0 } else { -1.0 };
                let squares = outputs.iter().enumerate().map(|(at, output)| (label(at) - output).powi(2));
                squares.sum::<f64>().sqrt()
            };
            let at_end: Vec<f64> = end.predictions.iter().map(|value| value.unwrap()).collect();
            let best = match point.best_time {
                None => at_end.clone(),
                Some(time) if time <= 20.0 => [0, 1, 2].map(|class| after(time, class)).to_vec(),
                // Small steps would be too many.
                Some(_) => continue,
            };
            compared += 1;
            assert!((point.best_error.unwrap() - (1.0 - best[class]).abs()).abs() < 1e-6);
            let others = [0.0, 0.5, 3.0].map(|time| [0, 1, 2].map(|class| after(time, class)).to_vec());
            for other in others.iter().chain([&at_end]) {
                assert!(distance(&best) <= distance(other) + 1e-5, "{best:?} against {other:?}");
            }
        }
        assert!(compared > 5, "{compared}");
        let row = &training.rows[0];
        let right = training.points.iter().filter(|point| point.correct[1]).count();
        assert_eq!((row.points, row.fractions_correct[1]), (12, right as f64 / 12.0));
    }
}

#[test]
fn metrics_of_a_seed_see_its_class_against_the_rest() {
    for together in [Together::Class, Together::Seed] {
        let report = run(&three_classes(together));
        let metrics = report.metrics.as_ref().unwrap();
        assert_eq!((metrics.turns.len(), metrics.scores.len()), (6, 8));
        assert!(metrics.scores.iter().all(|score| score.turns == 6 && score.trained.is_none()));
        for turn in &metrics.turns {
            let seed = report.results[turn.pair].as_seed().unwrap();
            assert_eq!(
                (turn.seed, turn.exact_error, turn.correct),
                (seed.seed, seed.exact_error, seed.correct)
            );
            assert_eq!(turn.metrics["spectral_error"], seed.spectral_error);
            let class = CLASS_OF[turn.seed];
            let observed = observed(&held_together(turn.seed, together));
            let nearest = |pose: usize, own: bool| {
                let points = observed.iter().filter(|row| (CLASS_OF[row.0] == class) == own);
                let distances = points.map(|&row| squared_distance((turn.seed, pose), row).sqrt());
                distances.min_by(f64::total_cmp).unwrap()
            };
            let margin = |pose| {
                let (own, other) = (nearest(pose, true), nearest(pose, false));
                (other - own) / (other + own)
            };
            let expected = f64::min(margin(0), margin(2));
            assert!((turn.metrics["nearest_neighbour_margin"].unwrap() - expected).abs() < 1e-9);
            // Means of whole orbits, whatever is held out.
            let all = |own: bool| {
                let all = (0..6).flat_map(|seed| (0..POSES).map(move |pose| (seed, pose)));
                all.filter(|row| (CLASS_OF[row.0] == class) == own).collect::<Vec<_>>()
            };
            let mean = |a: &[(usize, usize)], b: &[(usize, usize)]| {
                let sum: f64 = a.iter().flat_map(|&x| b.iter().map(move |&y| squared_distance(x, y))).sum();
                sum / (a.len() * b.len()) as f64
            };
            let (own, rest) = (all(true), all(false));
            let delta = mean(&own, &rest) - 0.5 * (mean(&own, &own) + mean(&rest, &rest));
            assert!((turn.metrics["delta_squared"].unwrap() - delta).abs() < 1e-12);
            let orbit: Vec<_> = (0..POSES).map(|pose| (turn.seed, pose)).collect();
            let radius = (0.5 * mean(&orbit, &orbit)).sqrt();
            assert!((turn.metrics["orbit_radius"].unwrap() - radius).abs() < 1e-12);
        }
    }
}

/// A class of one seed against another is a pair; the second class has its own output in place of a sign.
#[test]
fn two_classes_of_one_seed_each_are_a_pair() {
    let pair = run(&AuditSettings { pairs: PairSelection::List(vec![(0, 1)]), ..settings() });
    for together in [Together::Class, Together::Seed] {
        let two = run(&AuditSettings { classes: classes(1, together), ..settings() });
        let points = |report: &AuditReport| report.training.clone().unwrap().points;
        let (of_pair, of_classes) = (points(&pair), points(&two));
        assert_eq!(of_pair.len(), of_classes.len());
        for (one, other) in of_pair.iter().zip(&of_classes) {
            assert_eq!((one.seed, one.element), (other.seed, other.element));
            for (a, b) in
                one.errors.iter().chain([&one.best_error]).zip(other.errors.iter().chain([&other.best_error]))
            {
                assert!((a.unwrap() - b.unwrap()).abs() < 1e-9);
            }
            assert_eq!(
                (&one.correct, one.correct_at_end, one.correct_at_best),
                (&other.correct, other.correct_at_end, other.correct_at_best)
            );
        }
        let turns = |report: &AuditReport| report.metrics.clone().unwrap().turns;
        for (one, other) in turns(&pair).iter().zip(&turns(&two)) {
            assert_eq!((one.seed, one.correct), (other.seed, other.correct));
            for (name, value) in &one.metrics {
                // Hulls are found to their own tolerance.
                let tolerance = if name == "svm_margin" { 1e-3 } else { 1e-9 };
                let (value, other) = (value.unwrap(), other.metrics[name].unwrap());
                assert!((value - other).abs() <= tolerance * value.abs(), "{name}: {value} and {other}");
            }
        }
    }
}

#[test]
fn seeds_that_training_never_sees_change_nothing() {
    let with_unseen = |unseen_per_class| {
        let mut settings = three_classes(Together::Class);
        let selection = settings.classes.as_mut().unwrap();
        (selection.seeds, selection.unseen_per_class) = (ClassSeeds::PerClass(1), unseen_per_class);
        run(&settings)
    };
    let (with, without) = (with_unseen(1), with_unseen(0));
    let (a, b) = (with.training.unwrap(), without.training.unwrap());
    assert_eq!(a.rows, b.rows);
    let values = |report: &isotypic::report::MetricsReport| {
        report.turns.iter().map(|turn| (turn.seed, turn.metrics.clone())).collect::<Vec<_>>()
    };
    assert_eq!(values(&with.metrics.unwrap()), values(&without.metrics.unwrap()));
}
