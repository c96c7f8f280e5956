//! `--convention paper` against the authors' own program (fixtures/pairs), pair by pair.

use std::fs::File;
use std::path::PathBuf;

use isotypic::report::{PairResult, ReportedResult};
use isotypic::work::Monitor;
use isotypic::{AuditInput, AuditSettings, Convention, PairSelection, PoseNumbers, QuestionSpec, audit};
use ndarray::{Array1, ArrayD};
use ndarray_npy::NpzReader;

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/pairs")
}

fn reals(npz: &mut NpzReader<File>, name: &str) -> Vec<f64> {
    match npz.by_name::<ndarray::OwnedRepr<f64>, ndarray::IxDyn>(name) {
        Ok(values) => values.iter().copied().collect(),
        Err(_) => {
            let values: ArrayD<f32> = npz.by_name(name).unwrap();
            values.iter().map(|&value| f64::from(value)).collect()
        }
    }
}

/// Places in the folder of digits of the given indices into the 60,000 training images.
fn places(indices: &[i32]) -> Vec<usize> {
    let text = std::fs::read_to_string(fixtures().join("digits/train-indices.json")).unwrap();
    let origins: Vec<i32> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .map(|digits| digits.parse().unwrap())
        .collect();
    indices.iter().map(|index| origins.iter().position(|origin| origin == index).unwrap()).collect()
}

/// What the authors' program computed for the pairs of one file.
struct Reference {
    spectral: Vec<f64>,
    exact: Vec<f64>,
    pairs: Vec<PairResult>,
}

fn run(file: &str, arch: &str, group: &str) -> Reference {
    let mut npz = NpzReader::new(File::open(fixtures().join(file)).unwrap()).unwrap();
    let index = |npz: &mut NpzReader<File>, name: &str| -> Vec<usize> {
        let values: Array1<i32> = npz.by_name(name).unwrap();
        places(&values.to_vec())
    };
    let pairs = index(&mut npz, "idx_A").into_iter().zip(index(&mut npz, "idx_B")).collect();
    let settings = AuditSettings {
        input: AuditInput::Data(fixtures().join("digits").display().to_string()),
        question: Some(QuestionSpec {
            group: group.into(),
            poses: PoseNumbers::OfGroup,
            hold_out: "pose:0".into(),
        }),
        architectures: vec![arch.into()],
        pairs: PairSelection::List(pairs),
        convention: Convention::Paper,
        ..AuditSettings::default()
    };
    let report = audit(&settings, &Monitor::silent()).unwrap();
    let pairs = report
        .results
        .iter()
        .map(|result| match result {
            ReportedResult::Pair(pair) => pair.clone(),
            _ => unreachable!("an audit of pairs"),
        })
        .collect();
    Reference { spectral: reals(&mut npz, "spectral_error"), exact: reals(&mut npz, "exact_error"), pairs }
}

/// Spectral errors to 1e-6, or to the reference's own precision.
///
/// The ridge r·trace bounds the condition number of the authors' regression by 1/r = 1e10 only. Two Gram matrices that agree to a relative
/// 1e-9 (how far a closed form and neural-tangents differ on nearly parallel patches) then need not have the same exact error to
/// 1e-5. `exact_tolerance` is that precision times what the condition of the case makes of it.
fn check(file: &str, arch: &str, group: &str, spectral_tolerance: f64, exact_tolerance: f64) {
    let reference = run(file, arch, group);
    assert_eq!(reference.pairs.len(), reference.spectral.len(), "{file}");
    for (at, pair) in reference.pairs.iter().enumerate() {
        let close = |got: Option<f64>, expected: f64, tolerance: f64, what: &str| {
            let got = got.unwrap();
            assert!(
                (got - expected).abs() <= tolerance * expected.abs().max(1e-3),
                "{file}, pair {at}, {what}: {got} against {expected}"
            );
        };
        close(pair.spectral_error, reference.spectral[at], spectral_tolerance, "spectral");
        close(pair.exact_error, reference.exact[at], exact_tolerance, "exact");
    }
}

#[test]
fn fully_connected_networks_of_one_hidden_layer() {
    check("mlp_1_N2_float64.npz", "mlp", "rotation:2", 1e-6, 1e-5);
    check("mlp_1_N8_float64.npz", "mlp", "rotation:8", 1e-6, 1e-5);
    check("mlp_1_N32_float64.npz", "mlp", "rotation:32", 1e-6, 1e-5);
}

#[test]
fn fully_connected_networks_of_five_hidden_layers() {
    check("mlp_5_N4_float64.npz", "mlp:5", "rotation:4", 1e-6, 1e-5);
    check("mlp_5_N16_float64.npz", "mlp:5", "rotation:16", 1e-6, 1e-5);
}

#[test]
fn convolutional_networks_under_rotations() {
    check("cntk_fc_3_N4_float64.npz", "cnn", "rotation:4", 1e-6, 1e-5);
    check("cntk_fc_3_N16_float64.npz", "cnn", "rotation:16", 1e-6, 1e-5);
}

#[test]
fn convolutional_networks_under_shifts_to_the_single_precision_of_the_reference() {
    check("cntk_shift_fc__N7_float32.npz", "cnn", "translation-x:7", 6e-3, 6e-3);
    check("cntk_shift_fc__N28_float32.npz", "cnn", "translation-x:28", 6e-3, 6e-3);
}

#[test]
fn global_average_pooling_under_rotations_and_shifts() {
    // Pooling leaves all but the trivial block nearly empty, at the height of the ridge (1e-5 of the trace), so the errors are near 0 and
    // the 1e-9 by which the reference's arc cosine of rounded cosines is off weighs up to 1e4 times.
    check("closed_form/cntk_gap_3_N4_float64.npz", "cnn-gap", "rotation:4", 1e-5, 1e-5);
    // Shifts collapse the orbits (condition number 1e17): both exact errors are rounding below 1e-6.
    check("closed_form/cntk_shift_gap_N4_float64.npz", "cnn-gap", "translation-x:4", 1e-5, 1e-3);
}
