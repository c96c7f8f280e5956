//! The authors' numbers from the authors' Gram matrices.
//!
//! `fixtures/pairs`: Gram matrices of pairs of digits and the errors that the program of arXiv 2412.11521
//! gives (neural-tangents in f64; the two files of shifts in f32); `fixtures/toy`: its toy model. Rows are
//! A0, B0, A1, B1, … with labels +1, −1, ….

use isotypic_gram::{DenseGram, SymmetricOperator, symmetric_least_squares};
use isotypic_group::FiniteGroup;
use isotypic_orbit::RowOrder;
use isotypic_predict::CircularSpectrum;
use isotypic_predict::paper::{EXACT_RIDGE_RATIO, SPECTRAL_RIDGE_RATIO, pair_regression, spectral_error};
use ndarray::{Array1, Array2, Array3, ArrayRef2, Axis};

use crate::fixtures::Fixture;

/// Name and how exact the authors' arithmetic was.
const PAIRS: [(&str, f64); 11] = [
    ("mlp_1_N2_float64", f64::EPSILON),
    ("mlp_1_N8_float64", f64::EPSILON),
    ("mlp_1_N32_float64", f64::EPSILON),
    ("mlp_5_N4_float64", f64::EPSILON),
    ("mlp_5_N16_float64", f64::EPSILON),
    ("cntk_fc_3_N4_float64", f64::EPSILON),
    ("cntk_fc_3_N16_float64", f64::EPSILON),
    ("cntk_shift_fc__N7_float32", f32::EPSILON as f64),
    ("cntk_shift_fc__N28_float32", f32::EPSILON as f64),
    ("closed_form/cntk_gap_3_N4_float64", f64::EPSILON),
    ("closed_form/cntk_shift_gap_N4_float64", f64::EPSILON),
];

fn gram(interleaved: &ArrayRef2<f64>) -> DenseGram {
    let group = FiniteGroup::cyclic(interleaved.nrows() / 2).unwrap();
    // Matrices that were stored in single precision are symmetric only to that precision.
    let symmetric = (interleaved.to_owned() + interleaved.t()) * 0.5;
    DenseGram::from_row_order(&symmetric, RowOrder::PoseMajor, 2, group).unwrap()
}

/// The condition number, in the Frobenius norm, of the matrix that is solved when one point is left out.
/// Under a kernel that is invariant but for rounding it may be indefinite, so there is no Cholesky factor to
/// ask.
fn condition_number(gram: &DenseGram, left_out: usize) -> f64 {
    let observed: Vec<usize> = (0..gram.dim()).filter(|&row| row != left_out).collect();
    let matrix = gram.block(&observed, &observed).unwrap();
    let identity = Array2::<f64>::eye(observed.len());
    let shifted = &matrix + &(&identity * (EXACT_RIDGE_RATIO * matrix.diag().sum()));
    let inverse = symmetric_least_squares(&shifted, &identity).unwrap();
    let norm = |matrix: &Array2<f64>| matrix.iter().map(|value| value * value).sum::<f64>().sqrt();
    norm(&shifted) * norm(&inverse)
}

#[test]
fn spectral_errors_of_the_pairs_are_reproduced() {
    for (name, epsilon) in PAIRS {
        let mut fixture = Fixture::open(&format!("pairs/{name}.npz"));
        let (poses, rows): (i64, Array2<f64>) = (fixture.integer("N"), fixture.floats("circ_row0"));
        assert_eq!(rows.ncols() as i64, 2 * poses);
        let mut ratios = vec![("spectral_error", SPECTRAL_RIDGE_RATIO), ("spectral_error_reg1e_10", 1e-10)];
        if !name.starts_with("closed_form") {
            ratios.push(("spectral_error_reg0", 0.0));
        }
        for (key, ratio) in ratios {
            let expected: Array1<f64> = fixture.floats(key);
            for (row, expected) in rows.rows().into_iter().zip(&expected) {
                let spectrum = CircularSpectrum::from_first_row(row.to_vec()).unwrap();
                let error = spectral_error(&spectrum, ratio).unwrap();
                // Rounding of the first row, relative to the smallest eigenvalue.
                let smallest =
                    spectrum.eigenvalues().iter().fold(f64::INFINITY, |low, value| low.min(value.abs()));
                let noise = epsilon * row[0] / (smallest + ratio * row[0] * row.len() as f64);
                let difference = (error / expected - 1.0).abs();
                assert!(
                    difference < 1e-12 + 16.0 * noise,
                    "{name}, {key}: {error} and {expected}, noise {noise:e}"
                );
                if epsilon == f64::EPSILON && noise < 1e-8 {
                    assert!(difference < 1e-6, "{name}, {key}");
                }
            }
        }
    }
}

#[test]
fn circularised_rows_follow_from_the_gram_matrices() {
    for (name, epsilon) in PAIRS {
        let mut fixture = Fixture::open(&format!("pairs/{name}.npz"));
        let (grams, rows): (Array3<f64>, Array2<f64>) = (fixture.floats("gram"), fixture.floats("circ_row0"));
        for (matrix, row) in grams.axis_iter(Axis(0)).zip(rows.rows()) {
            let spectrum = CircularSpectrum::of(&gram(&matrix).project().unwrap().gram, 0).unwrap();
            for (value, expected) in spectrum.first_row().iter().zip(row) {
                assert!((value - expected).abs() < 4.0 * epsilon * row[0], "{name}: {value} and {expected}");
            }
        }
    }
}

/// The rule: a prediction is good to a small multiple of the machine epsilon times the condition number of
/// what is solved, in units of the labels. So errors agree to 1e-5 relative wherever 8 ε · cond < 1e-5 ·
/// error.
#[test]
fn exact_errors_of_the_pairs_are_reproduced_as_far_as_the_condition_number_allows() {
    for (name, epsilon) in PAIRS {
        let mut fixture = Fixture::open(&format!("pairs/{name}.npz"));
        let grams: Array3<f64> = fixture.floats("gram");
        let (errors, predictions): (Array1<f64>, Array2<f64>) =
            (fixture.floats("exact_error"), fixture.floats("exact_pred"));
        for ((matrix, expected), predicted) in grams.axis_iter(Axis(0)).zip(&errors).zip(predictions.rows()) {
            let gram = gram(&matrix);
            let result = pair_regression(&gram, [1.0, -1.0], 0, EXACT_RIDGE_RATIO).unwrap();
            let condition = [0, 1].map(|seed| condition_number(&gram, gram.layout().row(seed, 0)));
            for seed in 0..2 {
                let difference = (result.predictions[seed] - predicted[seed]).abs();
                let bound = 8.0 * epsilon * condition[seed];
                assert!(difference < bound, "{name}, seed {seed}: off by {difference:e}, bound {bound:e}");
            }
            let bound = 8.0 * epsilon * condition[0].max(condition[1]);
            let difference = (result.error - expected).abs();
            assert!(difference < bound, "{name}: off by {difference:e}, bound {bound:e}");
            if bound < 1e-5 * expected {
                assert!(difference < 1e-5 * expected, "{name}");
            }
        }
    }
}

#[test]
fn the_toy_model_is_reproduced() {
    let toy = [
        ("toy/toy_errorN_float64.npz", [("gram_N4", 0), ("gram_N8", 1)]),
        ("toy/toy_errorDelta_float64.npz", [("gram_first", 0), ("gram_12", 12)]),
    ];
    for (path, keys) in toy {
        let mut fixture = Fixture::open(path);
        let (exact, spectral): (Array1<f64>, Array1<f64>) =
            (fixture.floats("exact_error"), fixture.floats("spectral_error"));
        for (key, index) in keys {
            let matrix: Array2<f64> = fixture.floats(key);
            let gram = gram(&matrix);
            // Row N // 2 of the interleaved points.
            let row = matrix.nrows() / 4;
            let result = pair_regression(&gram, [1.0, -1.0], row / 2, 1e-5).unwrap();
            assert!((result.errors[row % 2] / exact[index] - 1.0).abs() < 1e-10, "{key}");
            let spectrum = CircularSpectrum::of(&gram.project().unwrap().gram, 0).unwrap();
            let error = spectral_error(&spectrum, SPECTRAL_RIDGE_RATIO).unwrap();
            assert!((error / spectral[index] - 1.0).abs() < 1e-10, "{key}: {error} and {}", spectral[index]);
        }
    }
}
