//! Features and Gram matrices from anywhere give the same answers as the pipeline that made them.

use isotypic::kernel::{CompiledKernel, FeatureKernel, Outputs};
use isotypic::report::AuditReport;
use isotypic::work::Monitor;
use isotypic::{
    AuditInput, AuditSettings, PairSelection, PoseNumbers, QuestionSpec, SpectrumSettings, audit, spectrum,
};
use ndarray::{Array2, Array3};
use ndarray_npy::write_npy;

/// Points on noisy circles: `[seeds, poses, 3]`, invariant under the cyclic group up to the noise.
fn features(noise: f64) -> Array3<f64> {
    Array3::from_shape_fn((4, 8, 3), |(seed, pose, axis)| {
        let angle = (pose as f64 / 8.0 + 0.07 * seed as f64) * std::f64::consts::TAU;
        let wobble = noise * ((seed * 31 + pose * 7 + axis * 3) as f64 * 1.7).sin();
        wobble + [angle.cos(), angle.sin(), 0.4 * seed as f64 - 0.5][axis]
    })
}

fn audit_of(input: AuditInput, architectures: Vec<String>) -> AuditReport {
    let settings = AuditSettings {
        input,
        labels: Some("+1,-1,+1,-1".into()),
        question: Some(QuestionSpec {
            group: "cyclic:8".into(),
            poses: PoseNumbers::List(vec![4, 8]),
            hold_out: "pose:0".into(),
        }),
        architectures,
        pairs: PairSelection::List(vec![(0, 1), (2, 3)]),
        ..AuditSettings::default()
    };
    audit(&settings, &Monitor::silent()).unwrap()
}

#[test]
fn a_gram_matrix_gives_the_errors_of_the_features_it_came_from() {
    let folder = tempfile::tempdir().unwrap();
    let (features_file, gram_file) = (folder.path().join("f.npy"), folder.path().join("k.npy"));
    let features = features(0.05);
    write_npy(&features_file, &features).unwrap();
    let points: Array2<f64> = features.to_shape((32, 3)).unwrap().to_owned();
    let kernel = CompiledKernel::on_features("rbf:0.5".parse::<FeatureKernel>().unwrap(), 3);
    let prepared = kernel.prepare(points.view()).unwrap();
    let gram = kernel.symmetric(&prepared, Outputs::Nngp, &Monitor::silent()).unwrap().nngp;
    write_npy(&gram_file, &gram).unwrap();

    let from_features = audit_of(AuditInput::Features(features_file), vec!["rbf:0.5".into()]);
    let from_gram = audit_of(AuditInput::Gram(gram_file), Vec::new());
    assert_eq!(from_features.results.len(), 4);
    for (a, b) in from_features.results.iter().zip(&from_gram.results) {
        let (a, b) = (a.as_pair().unwrap(), b.as_pair().unwrap());
        assert_eq!((a.exact_error, a.spectral_error, a.poses), (b.exact_error, b.spectral_error, b.poses));
        assert!(a.delta_squared_input.is_some() && b.delta_squared_input.is_none());
    }
}

#[test]
fn the_spectrum_of_two_orbits_agrees_with_their_audit() {
    let folder = tempfile::tempdir().unwrap();
    let gram_file = folder.path().join("k.npy");
    let points: Array2<f64> =
        features(0.0).slice_move(ndarray::s![..2, .., ..]).to_shape((16, 3)).unwrap().to_owned();
    let kernel = CompiledKernel::on_features(FeatureKernel::Rbf { gamma: 0.5 }, 3);
    let prepared = kernel.prepare(points.view()).unwrap();
    write_npy(&gram_file, &kernel.symmetric(&prepared, Outputs::Nngp, &Monitor::silent()).unwrap().nngp)
        .unwrap();
    let report = spectrum(&SpectrumSettings {
        gram: gram_file.clone(),
        group: "cyclic:8".into(),
        seeds: 2,
        row_order: isotypic::orbit::RowOrder::SeedMajor,
        labels: "+1,-1".into(),
        ridge: isotypic::gram::Ridge::default(),
    })
    .unwrap();
    assert_eq!(
        report.blocks.iter().map(|block| block.multiplicity * block.eigenvalues.len()).sum::<usize>(),
        16
    );
    let settings = AuditSettings {
        input: AuditInput::Gram(gram_file),
        labels: Some("+1,-1".into()),
        pairs: PairSelection::List(vec![(0, 1)]),
        ..AuditSettings::default()
    };
    let audited = audit(&settings, &Monitor::silent()).unwrap();
    let pair = audited.results[0].as_pair().unwrap();
    assert!((report.exact_error[0].unwrap().abs() - pair.exact_error_a.unwrap()).abs() < 1e-12);
    assert_eq!(report.spectral_error, pair.spectral_error);
}

#[test]
fn features_without_labels_or_with_the_wrong_number_of_poses_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("f.npy");
    write_npy(&file, &features(0.0)).unwrap();
    let settings = AuditSettings { input: AuditInput::Features(file), ..AuditSettings::default() };
    let error = audit(&settings, &Monitor::silent()).unwrap_err();
    assert!(error.to_string().contains("labels"), "{error}");
    let group =
        QuestionSpec { group: "cyclic:6".into(), poses: PoseNumbers::OfGroup, hold_out: "pose:0".into() };
    let settings = AuditSettings { labels: Some("a,b,a,b".into()), question: Some(group), ..settings };
    let error = audit(&settings, &Monitor::silent()).unwrap_err();
    assert!(error.to_string().contains("expected 6 poses"), "{error}");
    let settings = AuditSettings { architectures: vec!["cnn".into()], question: None, ..settings };
    let error = audit(&settings, &Monitor::silent()).unwrap_err();
    assert!(error.to_string().contains("architecture `cnn`"), "{error}");
}
