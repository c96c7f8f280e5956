use isotypic_report::{ReportError, SpectrumBlock, SpectrumReport, Status, render_spectrum};
use serde_json::Value;

fn block(irrep: &str, multiplicity: usize, eigenvalues: &[f64]) -> SpectrumBlock {
    SpectrumBlock { irrep: irrep.to_owned(), dimension: 1, multiplicity, eigenvalues: eigenvalues.to_vec() }
}

fn report() -> SpectrumReport {
    SpectrumReport {
        schema: SpectrumReport::SCHEMA.to_owned(),
        group: "cyclic:4".to_owned(),
        seeds: 2,
        blocks: vec![
            block("k=0", 1, &[1.0, 5.0]),
            block("k=1", 2, &[0.125, 0.375]),
            block("k=2", 1, &[0.5, 0.5]),
        ],
        exact_error: vec![Some(1.25), Some(-0.5)],
        spectral_error: Some(0.8),
        invariance_defect: Some(2.2e-16),
        condition_number: Some(40.0),
        status: Status::Ok,
    }
}

#[test]
fn a_spectrum_is_a_line_per_block_and_the_errors() {
    let expected = "\
Gram matrix of 2 seeds under `cyclic:4`

   block  dimension  times  smallest   largest  share
   -----  ---------  -----  --------  --------  -----
   k=0            1      1   1.000e0   5.000e0  0.750
   k=1            1      2  1.250e-1  3.750e-1  0.125
   k=2            1      1  5.000e-1  5.000e-1  0.125

   exact error     1.250 -0.500
   spectral error  0.800
   defect          2.2e-16
   condition       4.000e1
   status          ok

Each eigenvalue of a block stands `times` times in the Gram matrix; `share` is
the part of the trace in the block. An exact error is label minus prediction
with one pose of the seed held out: 0 is perfect, beyond 1 in size the wrong
class.
";
    assert_eq!(render_spectrum(&report(), 80), expected);
}

#[test]
fn a_singular_matrix_says_why_there_is_no_number() {
    let report = SpectrumReport {
        exact_error: vec![None, None],
        spectral_error: None,
        condition_number: None,
        status: Status::NotPositiveDefinite,
        ..report()
    };
    let text = render_spectrum(&report, 80);
    assert!(text.contains(
        "status          not positive definite\n   The matrix cannot be inverted at this ridge.\n"
    ));
    assert!(text.contains("exact error     - -\n") && !text.contains("condition"), "{text}");
    let json: Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    assert_eq!(json["exact_error"], serde_json::json!([null, null]));
    assert_eq!(json["status"], "not_positive_definite");
}

#[test]
fn a_spectrum_reads_back() {
    let json = report().to_json().unwrap();
    assert!(json.starts_with("{\n  \"schema\": \"isotypic.spectrum/1\",\n"));
    assert_eq!(serde_json::from_str::<SpectrumReport>(&json).unwrap(), report());
}

#[test]
fn an_eigenvalue_exists() {
    let mut report = report();
    report.blocks[1].eigenvalues[1] = f64::INFINITY;
    assert!(matches!(report.to_json(), Err(ReportError::NotFinite { .. })));
}
