//! `isotypic audit`.

use std::io::Read;
use std::process::{Command, Stdio};

use crate::support::{files, gram, isotypic, refuse, save, save_images, succeed, text};

const QUICK: [&str; 7] = ["audit", "--group=rotation:4", "--arch", "mlp", "--pairs", "2", "--threads=2"];

fn quick<'a>(more: &[&'a str]) -> Vec<&'a str> {
    QUICK.iter().copied().chain(more.iter().copied()).collect()
}

#[test]
fn a_table_and_a_conclusion_for_people() {
    let folder = tempfile::tempdir().unwrap();
    let output = succeed(folder.path(), &quick(&[]));
    for part in ["Rotations, one pose held out", "mlp", "exact", "spectral", "Conclusion"] {
        assert!(output.contains(part), "`{part}` is missing from\n{output}");
    }
    assert!(output.lines().all(|line| line.chars().count() <= 100), "too wide:\n{output}");
}

#[test]
fn nothing_but_the_plan_on_standard_error_when_it_is_no_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let output = isotypic(folder.path(), &quick(&[]));
    let stderr = text(&output.stderr);
    assert!(!stderr.contains('\u{1b}') && !stderr.contains('\r'), "{stderr:?}");
}

#[test]
fn json_has_what_the_contract_promises() {
    let folder = tempfile::tempdir().unwrap();
    let json: serde_json::Value = serde_json::from_str(&succeed(folder.path(), &quick(&["--json"]))).unwrap();
    assert_eq!(json["schema"], "isotypic.audit/1");
    let pair = &json["results"][0];
    for key in [
        "kind",
        "arch",
        "group",
        "poses",
        "a",
        "b",
        "label_a",
        "label_b",
        "spectral_error",
        "exact_error",
        "exact_error_a",
        "exact_error_b",
        "correct_a",
        "correct_b",
        "projected_error",
        "invariance_defect",
        "condition_number",
        "delta_squared_input",
        "delta_squared_kernel",
        "status",
    ] {
        assert!(!pair[key].is_null(), "`{key}` is missing from {pair}");
    }
    assert_eq!((pair["kind"].as_str(), pair["status"].as_str()), (Some("pair"), Some("ok")));
    let point = &json["points"][0];
    for key in [
        "arch",
        "group",
        "poses",
        "seed",
        "element",
        "label",
        "predictions",
        "error",
        "variance",
        "correct",
        "status",
    ] {
        assert!(!point[key].is_null(), "`{key}` is missing from {point}");
    }
    let mean = (pair["exact_error_a"].as_f64().unwrap() + pair["exact_error_b"].as_f64().unwrap()) / 2.0;
    assert!((pair["exact_error"].as_f64().unwrap() - mean).abs() < 1e-15);
}

#[test]
fn a_folder_of_results_is_complete_and_protected() {
    let folder = tempfile::tempdir().unwrap();
    succeed(folder.path(), &quick(&["--out", "results"]));
    let out = folder.path().join("results");
    let names: Vec<String> =
        files(&out).iter().map(|path| path.rsplit('/').next().unwrap().to_owned()).collect();
    assert_eq!(names, ["results.csv", "results.json"]);
    let before = std::fs::read(out.join("results.json")).unwrap();
    refuse(folder.path(), &quick(&["--out", "results", "--seed", "5"]), "results");
    assert_eq!(std::fs::read(out.join("results.json")).unwrap(), before);
    succeed(folder.path(), &quick(&["--out", "results", "--seed", "5", "--force"]));
    assert_ne!(std::fs::read(out.join("results.json")).unwrap(), before);
}

#[test]
fn the_same_command_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let first = succeed(folder.path(), &quick(&["--json"]));
    let arguments: Vec<&str> =
        quick(&["--json"]).into_iter().map(|a| if a == "--threads=2" { "--threads=1" } else { a }).collect();
    assert_eq!(first, succeed(folder.path(), &arguments));
}

#[test]
fn a_failed_check_is_exit_code_one() {
    let folder = tempfile::tempdir().unwrap();
    let output = isotypic(folder.path(), &quick(&["--fail-above", "1e-6"]));
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("Conclusion"));
    succeed(folder.path(), &quick(&["--fail-above", "1e6"]));
}

#[test]
fn a_network_that_has_the_symmetry_says_orbit_collapse() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["audit", "--group", "translation-x:7", "--arch", "cnn-gap", "--pairs", "2"];
    let output = succeed(folder.path(), &arguments);
    assert!(output.contains("orbit collapse"), "{output}");
    assert!(!output.contains("NaN") && !output.contains("inf"), "{output}");
}

#[test]
fn images_features_and_gram_matrices_of_ones_own() {
    let folder = tempfile::tempdir().unwrap();
    let labels = format!("--labels={}", save_images(folder.path()));
    let group = "--group=rotation:4";
    succeed(folder.path(), &["audit", "--data", "x.npy", &labels, group, "--arch", "cnn", "--pairs", "3"]);
    let features = ndarray::Array3::from_shape_fn((2, 4, 3), |(s, p, d)| ((s * 5 + p * 3 + d) as f64).sin());
    save(folder.path(), "f.npy", &features);
    let output =
        succeed(folder.path(), &["audit", "--features", "f.npy", "--labels=a,b", "--arch", "linear,rbf:2"]);
    assert!(output.contains("rbf:2"), "{output}");
    save(folder.path(), "k.npy", &gram());
    succeed(
        folder.path(),
        &["audit", "--gram", "k.npy", "--labels=+1,-1", "--group", "cyclic:4", "--pairs", "1"],
    );
}

#[test]
fn pairs_come_from_a_file_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pairs.csv"), "a,b\n7,3\n0,1\n").unwrap();
    let arguments = ["audit", "--group=rotation:2", "--arch=mlp", "--pairs", "pairs.csv", "--json"];
    let json: serde_json::Value = serde_json::from_str(&succeed(folder.path(), &arguments)).unwrap();
    assert_eq!((json["results"][0]["a"].as_u64(), json["results"][0]["b"].as_u64()), (Some(7), Some(3)));
    assert_eq!(json["results"].as_array().unwrap().len(), 2);
}

#[test]
fn the_plan_alone_computes_nothing_and_a_small_limit_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let output = isotypic(folder.path(), &["audit", "--plan", "--out", "results"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(!folder.path().join("results").exists());
    refuse(
        folder.path(),
        &quick(&["--memory-limit", "1KiB", "--out", "results"]),
        "exceeds the limit of 1 KiB",
    );
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin("isotypic"))
        .current_dir(folder.path())
        .args(quick(&["--json"]))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{stderr}");
    assert!(!stderr.contains("error"), "{stderr}");
}

#[test]
fn an_interrupt_ends_with_130_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin("isotypic"))
        .current_dir(folder.path())
        .args(["audit", "--out", "results"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(800));
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{stderr}");
    assert!(stderr.contains("interrupted"), "{stderr}");
    assert!(files(folder.path()).is_empty(), "{:?}", files(folder.path()));
}
