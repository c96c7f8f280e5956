//! Data and networks that a program holds in memory give the numbers of files and names.

use isotypic::architecture::{Architecture, Parameterization};
use isotypic::data::{Features, GramMatrix, LabelledImages, Labels, mini_mnist};
use isotypic::gram::Ridge;
use isotypic::orbit::RowOrder;
use isotypic::report::AuditReport;
use isotypic::work::Monitor;
use isotypic::{
    AuditInput, AuditSettings, PairSelection, PoseNumbers, QuestionSpec, SpectrumSettings, audit, audit_of,
    plan_audit_of, spectrum, spectrum_of,
};
use ndarray::{Array2, Array3};
use ndarray_npy::write_npy;

fn settings(input: AuditInput, group: &str) -> AuditSettings {
    AuditSettings {
        input,
        question: Some(QuestionSpec {
            group: group.into(),
            poses: PoseNumbers::OfGroup,
            hold_out: "pose:0".into(),
        }),
        pairs: PairSelection::Count(2),
        ridge: Ridge::RelativeToMeanDiagonal(1e-6),
        ..AuditSettings::default()
    }
}

fn digits() -> LabelledImages {
    mini_mnist().unwrap()
}

fn features() -> Array3<f64> {
    Array3::from_shape_fn((4, 3, 5), |(seed, pose, k)| {
        ((3 * seed + 7 * pose) as f64 + 0.7 * k as f64 * seed as f64).sin()
    })
}

fn run(settings: &AuditSettings) -> AuditReport {
    audit(settings, &Monitor::silent()).unwrap()
}

#[test]
fn images_in_memory_are_the_dataset_of_the_same_pixels() {
    let named = AuditSettings {
        architectures: vec!["mlp".into()],
        ..settings(AuditInput::Data("mini-mnist".into()), "rotation:4")
    };
    let held = AuditSettings { input: AuditInput::LoadedImages(digits()), ..named.clone() };
    let [named, held] = [named, held].map(|settings| {
        let mut report = run(&settings);
        // Data that were never in a file have another command line.
        let command = report.details.as_mut().map(|details| std::mem::take(&mut details.command));
        (command.unwrap(), report)
    });
    assert!(held.0.contains("--data images.npz") && !named.0.contains("--data"));
    assert_eq!(named.1, held.1);
}

#[test]
fn features_and_gram_matrices_in_memory_are_those_of_files() {
    let folder = tempfile::tempdir().unwrap();
    let labels = || Labels::parse("0,1,0,1").unwrap();
    let file = folder.path().join("f.npy");
    write_npy(&file, &features()).unwrap();
    let from_file =
        AuditSettings { labels: Some("0,1,0,1".into()), ..settings(AuditInput::Features(file), "cyclic:3") };
    let loaded = Features::new("features", features(), labels()).unwrap();
    let from_memory = settings(AuditInput::LoadedFeatures(loaded), "cyclic:3");
    assert_eq!(run(&from_file).points, run(&from_memory).points);

    let rows = features().into_shape_with_order((12, 5)).unwrap();
    let matrix: Array2<f64> = rows.dot(&rows.t()) + Array2::<f64>::eye(12);
    let file = folder.path().join("k.npy");
    write_npy(&file, &matrix).unwrap();
    let from_file = AuditSettings {
        labels: Some("0,1,0,1".into()),
        ..settings(AuditInput::Gram(file.clone()), "cyclic:3")
    };
    let loaded = GramMatrix::new("gram", matrix).unwrap();
    let from_memory = settings(AuditInput::LoadedGram(loaded.clone(), labels()), "cyclic:3");
    assert_eq!(run(&from_file).points, run(&from_memory).points);

    let settings = SpectrumSettings {
        gram: file,
        group: "cyclic:3".into(),
        seeds: 4,
        row_order: RowOrder::SeedMajor,
        labels: "0,1,0,1".into(),
        ridge: Ridge::Absolute(1e-3),
    };
    assert_eq!(spectrum(&settings).unwrap(), spectrum_of(&loaded, labels(), &settings).unwrap());
}

#[test]
fn networks_of_the_program_stand_after_those_named() {
    let settings = AuditSettings {
        architectures: vec!["mlp".into()],
        ..settings(AuditInput::Data("mini-mnist".into()), "rotation:4")
    };
    let own =
        Architecture::new(Parameterization::Ntk, Architecture::named("mlp").unwrap().layers).with_name("own");
    let report = audit_of(&settings, std::slice::from_ref(&own), &Monitor::silent()).unwrap();
    let names: Vec<_> = report.summary.iter().map(|row| row.arch.as_str()).collect();
    assert_eq!(names, ["mlp", "own"]);
    assert_eq!(report.summary[0].median_exact_error, report.summary[1].median_exact_error);

    let twice = [own.clone(), own];
    let error = plan_audit_of(&settings, &twice).unwrap_err();
    assert_eq!(error.to_string(), "architecture `own`: given twice");
    let gram = GramMatrix::new("gram", Array2::eye(8)).unwrap();
    let given = AuditSettings {
        input: AuditInput::LoadedGram(gram, Labels::parse("0,1").unwrap()),
        architectures: Vec::new(),
        ..settings
    };
    let error = plan_audit_of(&given, &twice[..1]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "architecture `own`: a Gram matrix is given, so there is nothing to evaluate"
    );
}
