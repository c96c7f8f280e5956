//! Whole classes: several seeds each, several held-out poses, seeds that training never saw.

use std::fs::File;
use std::path::PathBuf;

use isotypic::report::{AuditReport, SeedResult, Status};
use isotypic::work::Monitor;
use isotypic::{
    AuditInput, AuditSettings, ClassSeeds, ClassSelection, Convention, PoseNumbers, QuestionSpec, Together,
    audit,
};
use ndarray::{Array1, Array2, Array3};
use ndarray_npy::NpzReader;

fn ask(group: &str, hold_out: &str, classes: ClassSelection) -> AuditSettings {
    AuditSettings {
        question: Some(QuestionSpec {
            group: group.into(),
            poses: PoseNumbers::OfGroup,
            hold_out: hold_out.into(),
        }),
        architectures: vec!["mlp".into()],
        classes: Some(classes),
        ..AuditSettings::default()
    }
}

fn first(classes: &[&str], seeds: usize, unseen_per_class: usize, together: Together) -> ClassSelection {
    ClassSelection {
        classes: classes.iter().map(ToString::to_string).collect(),
        seeds: ClassSeeds::PerClass(seeds),
        unseen_per_class,
        together,
    }
}

fn run(settings: &AuditSettings) -> AuditReport {
    audit(settings, &Monitor::silent()).unwrap()
}

fn seeds(report: &AuditReport) -> Vec<&SeedResult> {
    report.results.iter().map(|result| result.as_seed().unwrap()).collect()
}

#[test]
fn thirteen_seeds_a_class_are_predicted_as_by_the_authors() {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut npz =
        NpzReader::new(File::open(fixtures.join("multiple_seeds/ms_h1_N4_float64.npz")).unwrap()).unwrap();
    let origins: Vec<i64> = std::fs::read_to_string(fixtures.join("pairs/digits/train-indices.json"))
        .unwrap()
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .map(|digits| digits.parse().unwrap())
        .collect();
    let place = |index: &i64| origins.iter().position(|origin| origin == index).unwrap();
    let (class_a, class_b): (Array1<i64>, Array1<i64>) =
        (npz.by_name("class_a").unwrap(), npz.by_name("class_b").unwrap());
    let (index_a, index_b): (Array2<i64>, Array2<i64>) =
        (npz.by_name("idx_a").unwrap(), npz.by_name("idx_b").unwrap());
    let (mean_a, mean_b): (Array2<f64>, Array2<f64>) =
        (npz.by_name("pred_a").unwrap(), npz.by_name("pred_b").unwrap());
    let spectral: Array3<f64> = npz.by_name("spectral_error_pairs").unwrap();
    for run_index in 0..class_a.len() {
        let a: Vec<usize> = index_a.row(run_index).iter().map(place).collect();
        let b: Vec<usize> = index_b.row(run_index).iter().map(place).collect();
        let classes = ClassSelection {
            classes: vec![class_a[run_index].to_string(), class_b[run_index].to_string()],
            seeds: ClassSeeds::List([a.clone(), b.clone()].concat()),
            unseen_per_class: 0,
            together: Together::Class,
        };
        let report = run(&AuditSettings {
            input: AuditInput::Data(fixtures.join("pairs/digits").display().to_string()),
            convention: Convention::Paper,
            ..ask("rotation:4", "pose:0", classes)
        });
        for (side, (members, expected)) in [(&a, &mean_a), (&b, &mean_b)].into_iter().enumerate() {
            for (at, seed) in members.iter().enumerate() {
                let point = report.points.iter().find(|point| point.seed == *seed).unwrap();
                let found = point.predictions[side].unwrap();
                let expected = expected[[run_index, at]];
                assert!(
                    (found - expected).abs() < 1e-9,
                    "run {run_index}, seed {seed}: {found} and {expected}"
                );
                let result = seeds(&report).into_iter().find(|result| result.seed == *seed).unwrap();
                // Axis 1 counts the seeds of b, axis 2 those of a.
                let of_seed = if side == 0 {
                    spectral.slice(ndarray::s![run_index, .., at])
                } else {
                    spectral.slice(ndarray::s![run_index, at, ..])
                };
                let mean = of_seed.mean().unwrap();
                assert!(
                    (result.spectral_error.unwrap() - mean).abs() < 1e-6 * mean,
                    "run {run_index}, seed {seed}"
                );
            }
        }
    }
}

#[test]
fn every_seed_is_asked_about_and_unseen_ones_too() {
    let report = run(&ask("rotation:4", "poses:0,1", first(&["3", "5", "8"], 4, 2, Together::Class)));
    let all = seeds(&report);
    assert_eq!((all.len(), report.points.len()), (3 * 4 + 3 * 2, 2 * (3 * 4 + 3 * 2)));
    assert_eq!(all.iter().filter(|seed| seed.unseen).count(), 6);
    for (at, seed) in all.iter().enumerate() {
        let points: Vec<_> = report.points.iter().filter(|point| point.pair == at).collect();
        assert_eq!(points.len(), 2);
        assert_eq!((seed.error.len(), points[0].predictions.len()), (3, 3));
        let class = report.settings.classes.iter().position(|class| *class == seed.label).unwrap();
        let mean =
            points.iter().map(|point| (1.0 - point.predictions[class].unwrap()).abs()).sum::<f64>() / 2.0;
        assert!((seed.exact_error.unwrap() - mean).abs() < 1e-12);
        let margin = points.iter().map(|point| point.margin.unwrap()).fold(f64::INFINITY, f64::min);
        assert_eq!((seed.margin, seed.correct), (Some(margin), margin > 0.0));
        let probability = points.iter().map(|point| point.probability.unwrap()).fold(f64::INFINITY, f64::min);
        assert_eq!(seed.probability, Some(probability));
    }
    let row = &report.summary[0];
    assert_eq!((row.seeds, row.unseen_seeds, row.pairs), (12, 6, 0));
    assert!(row.fraction_correct_unseen.is_some() && row.median_unseen_error.is_some());
    // Shares of all irreps of C4 add up to one, and so do the weights; excesses to the error minus one.
    let sum = |field: fn(&isotypic::report::IrrepRow) -> Option<f64>| {
        row.irreps.iter().map(|irrep| field(irrep).unwrap()).sum::<f64>()
    };
    assert!((sum(|irrep| irrep.share) - 1.0).abs() < 1e-12);
    assert!((sum(|irrep| irrep.weight) - 1.0).abs() < 1e-12);
}

#[test]
fn one_pose_of_one_seed_needs_no_others_of_its_class() {
    let together = run(&ask("rotation:4", "pose:0", first(&["3", "5"], 3, 0, Together::Class)));
    let alone = run(&ask("rotation:4", "pose:0", first(&["3", "5"], 3, 0, Together::Seed)));
    let mean =
        |report: &AuditReport| seeds(report).iter().map(|seed| seed.exact_error.unwrap()).sum::<f64>() / 6.0;
    // With the other seeds of the class at hand the missing pose is easier.
    assert!(mean(&alone) < mean(&together), "{} and {}", mean(&alone), mean(&together));
}

#[test]
fn two_seeds_of_two_classes_are_a_pair() {
    let pair = run(&AuditSettings {
        classes: None,
        pairs: isotypic::PairSelection::List(vec![(0, 1)]),
        ..ask("rotation:8", "pose:0", first(&[], 1, 0, Together::Class))
    });
    let classes = ClassSelection {
        classes: Vec::new(),
        seeds: ClassSeeds::List(vec![0, 1]),
        unseen_per_class: 0,
        together: Together::Class,
    };
    let both = run(&ask("rotation:8", "pose:0", classes));
    let pair = pair.results[0].as_pair().unwrap();
    let error = |seed: usize| seeds(&both).into_iter().find(|r| r.seed == seed).unwrap().exact_error.unwrap();
    assert!((pair.exact_error_a.unwrap() - error(0)).abs() < 1e-9);
    assert!((pair.exact_error_b.unwrap() - error(1)).abs() < 1e-9);
}

#[test]
fn an_invariant_network_collapses_every_class_and_new_seeds_need_no_pose() {
    let report = run(&AuditSettings {
        architectures: vec!["cnn-gap".into()],
        ..ask("translation-x:4", "pose:0", first(&["0", "1"], 3, 2, Together::Class))
    });
    for seed in seeds(&report).into_iter().filter(|seed| !seed.unseen) {
        assert_eq!((seed.status, seed.limit_error), (Status::OrbitCollapse, Some(0.0)));
        assert!(seed.correct && seed.exact_error.unwrap() < 1e-5);
    }
    assert_eq!(report.summary[0].indistinguishable_poses, 4);
}

#[test]
fn every_divisor_is_asked_and_every_pair_of_classes_has_its_curve() {
    let report = run(&AuditSettings {
        classes: None,
        pairs: isotypic::PairSelection::Count(6),
        question: Some(QuestionSpec {
            group: "rotation:12".into(),
            poses: PoseNumbers::Divisors,
            hold_out: "pose:0".into(),
        }),
        ..ask("rotation:12", "pose:0", first(&[], 1, 0, Together::Class))
    });
    assert_eq!(report.questions[0].poses, [2, 3, 4, 6, 12]);
    let mut results = 0;
    for curve in &report.class_curves {
        assert_eq!(curve.classes.len(), 2);
        assert_eq!(curve.curve.iter().map(|point| point.poses).collect::<Vec<_>>(), [2, 3, 4, 6, 12]);
        results += curve.curve[0].results;
        let last_failure = curve.curve.iter().rposition(|point| point.fraction_correct.unwrap() < 0.9);
        let expected = match last_failure {
            None => Some(2),
            Some(4) => None,
            Some(at) => Some(curve.curve[at + 1].poses),
        };
        assert_eq!(curve.enough_poses, expected);
    }
    assert_eq!(results, 6);
}

#[test]
fn failures_that_the_average_hides_are_counted_and_said() {
    // Among many pairs at a middling number of poses the averaged formula hides some failing classes.
    let report = run(&AuditSettings {
        classes: None,
        pairs: isotypic::PairSelection::Count(60),
        ..ask("rotation:16", "pose:0", first(&[], 1, 0, Together::Class))
    });
    let hidden = report.results.iter().filter_map(|result| result.as_pair()).filter(|pair| {
        pair.spectral_error.unwrap() < 1.0
            && pair.exact_error_a.unwrap().max(pair.exact_error_b.unwrap()) > 1.0
    });
    let count = hidden.count();
    assert!(count > 0, "no example among these pairs");
    assert_eq!(report.summary[0].hidden_failures, count);
    assert!(report.conclusion.iter().any(|sentence| sentence.contains("trust the exact error")));
}

#[test]
fn what_cannot_be_asked_of_classes_is_refused() {
    let message = |settings: &AuditSettings| {
        let error = audit(settings, &Monitor::silent()).unwrap_err();
        assert!(error.hint().is_some(), "{error}");
        error.to_string()
    };
    let together_seed = ask("rotation:4", "pose:0", first(&["3", "5"], 3, 1, Together::Seed));
    assert!(message(&together_seed).starts_with("unseen seeds: every class shows every pose"));
    let paper = AuditSettings {
        convention: Convention::Paper,
        ..ask("rotation:4", "pose:0", first(&["3", "5"], 3, 0, Together::Seed))
    };
    assert!(message(&paper).starts_with("convention `paper`"));
    assert!(
        message(&ask("rotation:4", "pose:0", first(&["3"], 3, 0, Together::Class))).contains("at least 2")
    );
}
