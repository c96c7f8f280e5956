//! The other verbs, and help.

use ndarray::{Array2, Array5};
use ndarray_npy::read_npy;

use crate::support::{gram, isotypic, save, save_images, succeed, text};

#[test]
fn every_verb_explains_itself_with_examples() {
    let folder = tempfile::tempdir().unwrap();
    assert!(succeed(folder.path(), &["--help"]).contains("audit"));
    for verb in ["audit", "kernel", "spectrum", "orbit", "data", "completions"] {
        let help = succeed(folder.path(), &[verb, "--help"]);
        assert!(help.contains("Examples:"), "{verb}: {help}");
        assert!(help.contains("--threads") && help.contains("--json"), "{verb}: {help}");
    }
    assert!(succeed(folder.path(), &["--version"]).starts_with("isotypic "));
}

#[test]
fn kernel_writes_a_symmetric_matrix_and_its_part_against_other_inputs() {
    let folder = tempfile::tempdir().unwrap();
    save_images(folder.path());
    succeed(folder.path(), &["kernel", "--arch", "cnn:2", "--x", "x.npy", "--out", "k.npy"]);
    let k: Array2<f64> = read_npy(folder.path().join("k.npy")).unwrap();
    assert_eq!(k.dim(), (12, 12));
    assert_eq!(k, k.t());
    let json = succeed(
        folder.path(),
        &[
            "kernel", "--arch", "cnn:2", "--x", "x.npy", "--y", "x.npy", "--get", "nngp", "--out", "n.npy",
            "--json",
        ],
    );
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["shape"], serde_json::json!([12, 12]));
    let n: Array2<f64> = read_npy(folder.path().join("n.npy")).unwrap();
    assert_eq!(n, n.t());
    assert!(n[[0, 0]] < k[[0, 0]]);
}

#[test]
fn kernel_reads_architecture_files() {
    let folder = tempfile::tempdir().unwrap();
    save_images(folder.path());
    std::fs::write(
        folder.path().join("net.toml"),
        "layers = [\"flatten\", {dense = {b_std = 1.0}}, \"relu\", {dense = {b_std = 1.0}}]\n",
    )
    .unwrap();
    succeed(folder.path(), &["kernel", "--arch", "net.toml", "--x", "x.npy", "--out", "a.npy"]);
    succeed(folder.path(), &["kernel", "--arch", "mlp", "--x", "x.npy", "--out", "b.npy"]);
    assert_eq!(
        std::fs::read(folder.path().join("a.npy")).unwrap(),
        std::fs::read(folder.path().join("b.npy")).unwrap()
    );
}

#[test]
fn spectrum_counts_every_eigenvalue_and_agrees_in_either_row_order() {
    let folder = tempfile::tempdir().unwrap();
    let seed_major = gram();
    let order: Vec<usize> = (0..8).map(|row| row % 2 * 4 + row / 2).collect();
    save(folder.path(), "k.npy", &seed_major);
    let pose_major = seed_major.select(ndarray::Axis(0), &order).select(ndarray::Axis(1), &order);
    save(folder.path(), "p.npy", &pose_major);
    let run = |file: &str, layout: &str| -> serde_json::Value {
        let arguments = [
            "spectrum",
            "--gram",
            file,
            "--group",
            "cyclic:4",
            "--seeds",
            "2",
            "--labels=+1,-1",
            "--layout",
            layout,
            "--json",
        ];
        serde_json::from_str(&succeed(folder.path(), &arguments)).unwrap()
    };
    let report = run("k.npy", "seed-major");
    assert_eq!(report, run("p.npy", "pose-major"));
    let blocks = report["blocks"].as_array().unwrap();
    let total: u64 = blocks
        .iter()
        .map(|block| {
            block["multiplicity"].as_u64().unwrap() * block["eigenvalues"].as_array().unwrap().len() as u64
        })
        .sum();
    assert_eq!(total, 8);
    assert_eq!(blocks[0]["irrep"], "k=0");
    let trace: f64 = blocks
        .iter()
        .flat_map(|block| {
            let weight = block["multiplicity"].as_f64().unwrap();
            block["eigenvalues"].as_array().unwrap().iter().map(move |value| weight * value.as_f64().unwrap())
        })
        .sum();
    assert!((trace - seed_major.diag().sum()).abs() < 1e-12);
    assert_eq!(report["exact_error"].as_array().unwrap().len(), 2);
}

#[test]
fn orbit_writes_every_pose() {
    let folder = tempfile::tempdir().unwrap();
    let arguments =
        ["orbit", "--group", "rotation:4", "--indices", "3,1", "--normalize", "none", "--out", "o.npy"];
    succeed(folder.path(), &arguments);
    let orbits: Array5<f64> = read_npy(folder.path().join("o.npy")).unwrap();
    assert_eq!(orbits.dim(), (2, 4, 28, 28, 1));
    // The half turn of the half turn.
    for y in 0..28 {
        for x in 0..28 {
            assert_eq!(orbits[[0, 2, y, x, 0]], orbits[[0, 0, 27 - y, 27 - x, 0]]);
        }
    }
}

#[test]
fn data_lists_what_is_known_and_completions_are_scripts() {
    let folder = tempfile::tempdir().unwrap();
    assert!(succeed(folder.path(), &["data", "list"]).contains("mini-mnist"));
    let json: serde_json::Value =
        serde_json::from_str(&succeed(folder.path(), &["data", "list", "--json"])).unwrap();
    assert!(json.to_string().contains("mini-mnist"));
    assert!(succeed(folder.path(), &["completions", "bash"]).contains("isotypic"));
    let output = isotypic(folder.path(), &["data", "fetch", "mnist"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
}
