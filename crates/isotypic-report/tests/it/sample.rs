//! A small report with something of everything. The numbers are made up.

use std::collections::BTreeMap;

use isotypic_report::{
    AuditDetails, AuditReport, ClassCurve, CurvePoint, ErrorSpread, ExampleResult, ExampleRole, GramPicture,
    IrrepRow, MetricScore, MetricTurn, MetricsReport, OrbitStrip, PairResult, PointResult, RepairRow,
    ReportedImages, ReportedQuestion, ReportedResult, ReportedSettings, SamplingPoint, SamplingReport,
    SamplingRow, SeedResult, SeedSheet, SpectrumBlock, Status, SummaryRow, TrainedScore, TrainedTurn,
    TrainingPoint, TrainingReport, TrainingRow, Verdict, VerdictRow,
};

pub(crate) fn report() -> AuditReport {
    let summary = vec![
        row(0, "mlp", 2, 1.3824, 1.21, 0.125),
        row(0, "mlp", 8, 1.02, 1.004, 0.5),
        row(0, "mlp", 16, 0.4207, 0.398, 0.996),
        row(0, "cnn-gap:12", 2, 0.9, 0.91, 1.0),
        SummaryRow {
            median_exact_error: Some(3.14e-12),
            median_spectral_error: None,
            median_invariance_defect: Some(0.0),
            statuses: BTreeMap::from([(Status::Ok, 0), (Status::OrbitCollapse, 4)]),
            ..row(1, "cnn-gap:12", 7, 0.0, 0.0, 1.0)
        },
    ];
    AuditReport {
        schema: AuditReport::SCHEMA.to_owned(),
        version: "0.1.0".to_owned(),
        settings: ReportedSettings {
            data: "pictures.npz".to_owned(),
            data_sha256: "ba7816bf8f01cfea".to_owned(),
            kernel: "ntk".to_owned(),
            precision: "f64".to_owned(),
            normalization: "center,sphere".to_owned(),
            ridge: "rel:1e-10".to_owned(),
            convention: "exact".to_owned(),
            seed: 0,
            classes: Vec::new(),
            together: None,
            architectures: vec!["mlp".to_owned(), "cnn-gap:12".to_owned()],
        },
        questions: vec![
            question("rotation", &[2, 8, 16], "rotations, one pose held out"),
            question("translation-x:7", &[7], "shifts along x, one pose held out"),
        ],
        summary,
        verdicts: vec![
            verdict(0, "mlp", Verdict::FailsBelow { poses: 16 }, &[2, 8, 16]),
            verdict(0, "cnn-gap:12", Verdict::Succeeds, &[2]),
            verdict(1, "cnn-gap:12", Verdict::OrbitCollapse, &[7]),
        ],
        conclusion: vec![
            "`mlp` needs 16 poses of each object before it recognises one that it has not seen.".to_owned(),
        ],
        class_curves: vec![
            curve(&["cat", "dog"], Some(16)),
            curve(&["cat", "cow"], Some(8)),
            curve(&["cow", "dog"], None),
        ],
        results: vec![ReportedResult::Pair(pair()), ReportedResult::Seed(seed())],
        points: vec![point()],
        notes: vec!["`cnn-gap:12` was given fewer pairs.".to_owned()],
        details: Some(details()),
        training: None,
        metrics: None,
        networks: None,
        sampling: None,
        warnings: Vec::new(),
    }
}

/// One black pixel.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==";

pub(crate) fn details() -> AuditDetails {
    let spread = |median: f64| ErrorSpread {
        results: 4,
        quantiles: Some([0.5 * median, 0.8 * median, median, 1.1 * median, 1.3 * median]),
        all_right: 2,
        all_right_interval: Some([0.15, 0.85]),
    };
    let repair = |question, arch: &str, fails, enough| RepairRow {
        question,
        arch: arch.to_owned(),
        poses: 8,
        fails,
        enough_poses: enough,
        other_architectures: vec!["cnn-gap:12".to_owned()],
        averaged_error: Some(0.01),
        averaged_correct: Some(1.0),
        separation_factor: Some(1.5),
        failing: 3,
        asked: 4,
    };
    let block = |irrep: &str, eigenvalues: Vec<f64>| SpectrumBlock {
        irrep: irrep.to_owned(),
        dimension: 1,
        multiplicity: 1,
        eigenvalues,
    };
    AuditDetails {
        command: "isotypic audit --data pictures.npz".to_owned(),
        spreads: vec![spread(1.3824), spread(1.02), spread(0.4207), spread(0.9), spread(0.0)],
        repairs: vec![
            repair(0, "mlp", true, Some(16)),
            repair(0, "cnn-gap:12", false, Some(2)),
            repair(1, "cnn-gap:12", false, Some(7)),
        ],
        examples: vec![ExampleResult {
            question: 0,
            arch: "mlp".to_owned(),
            poses: 16,
            role: ExampleRole::Worst,
            error: Some(1.25),
            seeds: vec![17, 3],
            labels: vec!["cat".to_owned(), "<script>alert(1)</script>".to_owned()],
            gram: GramPicture {
                side: 2,
                seeds: 2,
                poses: vec![0],
                minimum: Some(0.5),
                maximum: Some(2.0),
                levels: "/wAA/w==".to_owned(),
            },
            spectrum: vec![block("k=0", vec![0.5, 3.0]), block("k=1", vec![1e-20, 0.25])],
            blocks_left_out: 0,
            label_power: Some(0.75),
        }],
        images: Some(ReportedImages {
            seeds: SeedSheet { indices: vec![17], columns: 1, width: 1, height: 1, png: PNG.to_owned() },
            orbits: vec![OrbitStrip {
                question: 0,
                seed: 17,
                label: "cat".to_owned(),
                group: "rotation:16".to_owned(),
                poses: 16,
                elements: vec![0, 8],
                held_out: vec![0],
                width: 1,
                height: 1,
                png: PNG.to_owned(),
            }],
        }),
        planned_seconds: vec![Some(1.5), None],
    }
}

pub(crate) fn row(
    question: usize,
    arch: &str,
    poses: usize,
    exact: f64,
    spectral: f64,
    correct: f64,
) -> SummaryRow {
    SummaryRow {
        question,
        arch: arch.to_owned(),
        group: format!("rotation:{poses}"),
        hold_out: "pose:0".to_owned(),
        poses,
        pairs: 4,
        seeds: 0,
        unseen_seeds: 0,
        median_exact_error: Some(exact),
        median_spectral_error: Some(spectral),
        median_projected_error: Some(exact),
        fraction_correct: correct,
        fraction_correct_unseen: None,
        median_unseen_error: None,
        hidden_failures: 0,
        lookalikes: vec![],
        obstacle: None,
        median_invariance_defect: Some(0.0312),
        maximum_condition_number: Some(4.6e8),
        spectral_exact_correlation: Some(0.98),
        indistinguishable_poses: 1,
        irreps: vec![irrep("k=0", 0.5, 0.1, 0.6), irrep("k=1", 0.5, 0.9, -0.22)],
        statuses: BTreeMap::from([(Status::Ok, 4)]),
        largest_residual: None,
        condition_number_bound: None,
        projection_effect: None,
        conjugate_gradients: None,
    }
}

pub(crate) fn pair() -> PairResult {
    PairResult {
        arch: "mlp".to_owned(),
        group: "rotation:2".to_owned(),
        poses: 2,
        hold_out: "poses:0,1".to_owned(),
        a: 17,
        b: 3,
        label_a: "cat \"Tom\"".to_owned(),
        label_b: "dog".to_owned(),
        spectral_error: Some(1.0 / 3.0),
        spectral_error_minimum: Some(0.25),
        spectral_error_maximum: None,
        exact_error: Some(1e-20),
        exact_error_a: Some(2.0),
        exact_error_b: Some(0.5),
        correct_a: false,
        correct_b: true,
        projected_error: None,
        invariance_defect: Some(0.0),
        condition_number: Some(1e17),
        delta_squared_input: None,
        delta_squared_kernel: None,
        indistinguishable_poses: 1,
        limit_error: None,
        status: Status::Ok,
        trained: None,
    }
}

pub(crate) fn seed() -> SeedResult {
    SeedResult {
        arch: "mlp".to_owned(),
        group: "rotation:2".to_owned(),
        poses: 2,
        hold_out: "pose:0".to_owned(),
        seed: 41,
        label: "dog".to_owned(),
        unseen: true,
        error: vec![Some(1.25), None],
        exact_error: Some(1.25),
        projected_error: None,
        spectral_error: None,
        margin: Some(-0.5),
        probability: Some(0.125),
        correct: false,
        invariance_defect: Some(0.0),
        condition_number: Some(1e9),
        limit_error: None,
        twin: Some(3),
        status: Status::Ok,
        trained: None,
    }
}

fn irrep(name: &str, weight: f64, share: f64, excess: f64) -> IrrepRow {
    IrrepRow {
        irrep: name.to_owned(),
        dimension: 1,
        weight: Some(weight),
        share: Some(share),
        excess: Some(excess),
    }
}

fn curve(classes: &[&str], enough_poses: Option<usize>) -> ClassCurve {
    let point = |poses, fraction_correct| CurvePoint {
        poses,
        results: 2,
        median_exact_error: Some(1.5 - 0.1 * poses as f64),
        fraction_correct: Some(fraction_correct),
    };
    ClassCurve {
        question: 0,
        arch: "mlp".to_owned(),
        classes: classes.iter().map(ToString::to_string).collect(),
        enough_poses,
        curve: vec![point(2, 0.25), point(8, 0.5), point(16, 1.0)],
    }
}

pub(crate) fn point() -> PointResult {
    PointResult {
        arch: "mlp".to_owned(),
        group: "rotation:2".to_owned(),
        poses: 2,
        hold_out: "poses:0,1".to_owned(),
        pair: 0,
        seed: 17,
        element: 1,
        label: "cat \"Tom\"".to_owned(),
        unseen: false,
        predictions: vec![Some(-1.0), None],
        error: Some(2.0),
        variance: None,
        margin: Some(-1.5),
        probability: None,
        correct: false,
        status: Status::NotPositiveDefinite,
    }
}

/// The same with networks that were trained.
pub(crate) fn with_trained_metrics() -> AuditReport {
    let mut report = with_extras();
    if let Some(metrics) = &mut report.metrics {
        for score in &mut metrics.scores {
            score.trained = Some(TrainedScore {
                trained_turns: 7,
                trained_spearman: Some(0.625),
                trained_kendall: None,
                trained_area_under_curve: Some(0.9375),
            });
        }
        metrics.turns[0].trained = Some(TrainedTurn { trained_error: Some(1.25), trained_correct: false });
    }
    report
}

/// The report of an audit that was asked for finite training times and metrics too.
pub(crate) fn with_extras() -> AuditReport {
    let training = TrainingReport {
        times: vec![0.5, 20.0],
        rows: vec![TrainingRow {
            question: 0,
            arch: "mlp".to_owned(),
            poses: 8,
            points: 4,
            median_errors: vec![Some(0.98), None],
            fractions_correct: vec![1.0, 0.75],
            fraction_correct_at_end: 0.5,
            fraction_correct_at_best: 1.0,
            repaired: 2,
            median_best_time: Some(3.3e-2),
        }],
        points: vec![TrainingPoint {
            pair: 0,
            seed: 17,
            element: 0,
            predictions: vec![Some(0.02), Some(-0.1)],
            errors: vec![Some(0.98), Some(1.1)],
            correct: vec![true, false],
            correct_at_end: false,
            best_time: Some(0.4),
            best_error: Some(0.97),
            correct_at_best: true,
        }],
    };
    let score = |arch: Option<&str>, metric: &str, area: Option<f64>| MetricScore {
        question: 0,
        arch: arch.map(str::to_owned),
        metric: metric.to_owned(),
        turns: 8,
        spearman: Some(0.75),
        kendall: Some(-0.5),
        area_under_curve: area,
        trained: None,
    };
    let metrics = MetricsReport {
        scores: vec![score(Some("mlp"), "svm_margin", Some(0.875)), score(None, "spectral_error", None)],
        turns: vec![MetricTurn {
            pair: 0,
            seed: 17,
            exact_error: Some(1.38),
            correct: false,
            metrics: BTreeMap::from([
                ("svm_margin".to_owned(), Some(0.2)),
                ("orbit_radius".to_owned(), None),
            ]),
            trained: None,
        }],
    };
    let sampling = SamplingReport {
        samples: 256,
        replicates: 16,
        seed: 3,
        rows: vec![SamplingRow {
            question: 0,
            arch: "pooled".to_owned(),
            poses: 8,
            points: 4,
            undecided: 1,
            median_standard_error: Some(0.02),
            fraction_correct_at_least: 0.5,
            fraction_correct_at_most: 0.75,
        }],
        points: vec![SamplingPoint {
            pair: 0,
            seed: 3,
            element: 0,
            error_standard_error: Some(0.01),
            margin_standard_error: Some(0.01),
            undecided: false,
        }],
    };
    let (training, metrics, sampling) = (Some(training), Some(metrics), Some(sampling));
    AuditReport { training, metrics, sampling, ..report() }
}

/// A report in which nothing was asked.
pub(crate) fn empty() -> AuditReport {
    AuditReport {
        questions: Vec::new(),
        summary: Vec::new(),
        verdicts: Vec::new(),
        conclusion: Vec::new(),
        class_curves: Vec::new(),
        results: Vec::new(),
        points: Vec::new(),
        notes: Vec::new(),
        ..report()
    }
}

fn question(group: &str, poses: &[usize], title: &str) -> ReportedQuestion {
    ReportedQuestion {
        group: group.to_owned(),
        hold_out: "pose:0".to_owned(),
        poses: poses.to_vec(),
        pairs: BTreeMap::from([("mlp".to_owned(), 4), ("cnn-gap:12".to_owned(), 4)]),
        homomorphism_defect: Some(if group.starts_with("rotation") { 0.31 } else { 0.0 }),
        title: title.to_owned(),
    }
}

fn verdict(question: usize, arch: &str, verdict: Verdict, poses: &[usize]) -> VerdictRow {
    VerdictRow { question, arch: arch.to_owned(), verdict, text: verdict.describe(poses) }
}
