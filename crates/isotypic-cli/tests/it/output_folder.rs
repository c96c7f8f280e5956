use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::workplace::Workplace;

const SMALL: &str = "audit --data images.npz --group rotation:4 --arch mlp --pairs 3";

#[test]
fn a_folder_holds_the_document_and_a_table_of_it() {
    let place = Workplace::with_images();
    let run = place.run(&format!("{SMALL} --out runs/first --json"));
    assert_eq!(run.code(), 0);
    assert_eq!(run.stderr(), "wrote report.html, figures, results.csv and results.json to `runs/first`\n");
    assert_eq!(place.read("runs/first/results.json"), run.stdout());
    let csv = place.read("runs/first/results.csv");
    assert_eq!(csv.lines().count(), 4);
    assert!(csv.starts_with("arch,group,poses,"), "{csv}");
    assert!(place.read("runs/first/report.html").starts_with("<!DOCTYPE html>"));
    assert!(place.read("runs/first/figures/q1-errors.svg").starts_with("<?xml"));
    // The page again from the results alone, to the byte.
    let again = place.json("report runs/first/results.json --out again");
    assert_eq!(again["page"], "again/report.html");
    assert_eq!(place.read("again/report.html"), place.read("runs/first/report.html"));
    for figure in again["figures"].as_array().unwrap() {
        let figure = figure.as_str().unwrap();
        assert_eq!(place.read(&format!("again/{figure}")), place.read(&format!("runs/first/{figure}")));
    }
}

#[test]
fn two_audits_are_put_side_by_side() {
    let place = Workplace::with_images();
    place.run(&format!("{SMALL} --out a"));
    place.run(&format!("{SMALL} --ridge 1e-6 --out b"));
    let line = "compare a/results.json b/results.json";
    let document = place.json(line);
    assert_eq!(document["schema"], "isotypic.comparison/1");
    assert_eq!(document["differences"][0][0], "ridge");
    let text = place.run(line).stdout();
    assert!(text.contains("ridge: rel:1e-10 | 1e-6") && text.contains("Verdicts"), "{text}");
    assert_eq!(place.run(&format!("{line} --out both")).code(), 0);
    assert!(place.read("both/comparison.html").contains("Two audits side by side"));
    place.write("other.json", "{\"schema\": \"isotypic.spectrum/1\"}");
    let refused = place.run("compare a/results.json other.json");
    assert_eq!(refused.code(), 2);
    assert!(refused.stderr().contains("`other.json`: report has schema"), "{}", refused.stderr());
}

#[test]
fn a_page_without_a_browser_is_an_error_that_says_so() {
    let place = Workplace::with_images();
    place.run(&format!("{SMALL} --out a"));
    let output = place.command("report a/results.json --open").env("PATH", "").output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains("no browser could be started"), "{message}");
}

#[test]
fn results_are_replaced_only_by_force() {
    let place = Workplace::with_images();
    place.run(&format!("{SMALL} --out run"));
    let first = place.read("run/results.json");
    let again = format!("{SMALL} --seed 1 --out run");
    let refused = place.run(&again);
    assert_eq!((refused.code(), refused.stdout()), (2, String::new()));
    assert!(
        refused.stderr().contains("already holds `results.json`\nhint: pass `--force`"),
        "{}",
        refused.stderr()
    );
    assert_eq!(place.read("run/results.json"), first);
    assert_eq!(place.run(&format!("{again} --force")).code(), 0);
    assert_ne!(place.read("run/results.json"), first);
}

#[test]
fn figures_of_an_earlier_audit_do_not_stay() {
    let place = Workplace::with_images();
    place.run(&format!("{SMALL} --out run"));
    place.write("run/figures/q7-errors.svg", "of a seventh question");
    place.write("run/figures/mine.svg", "not of an audit");
    assert_eq!(place.run(&format!("{SMALL} --out run --force")).code(), 0);
    let has = |name: &str| place.path(&format!("run/figures/{name}")).exists();
    assert!(has("q1-errors.svg") && has("mine.svg"));
    assert!(!has("q7-errors.svg"));
}

#[test]
fn a_failed_check_keeps_the_results() {
    let place = Workplace::with_images();
    assert_eq!(place.run(&format!("{SMALL} --out run --fail-above 0")).code(), 1);
    assert!(place.path("run/results.json").exists());
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let place = Workplace::with_images();
    for line in [SMALL, "audit --help", "completions bash", "data list"] {
        // With a reader that takes nothing, and with one that takes a line.
        for lines in [0, 1] {
            let assert_cmd = place.command(line);
            let mut command = std::process::Command::new(assert_cmd.get_program());
            command.args(assert_cmd.get_args()).current_dir(assert_cmd.get_current_dir().unwrap());
            let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let mut stdout = BufReader::new(child.stdout.take().unwrap());
            for _ in 0..lines {
                stdout.read_line(&mut String::new()).unwrap();
            }
            drop(stdout);
            let output = child.wait_with_output().unwrap();
            assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()), "{line}");
        }
    }
}
