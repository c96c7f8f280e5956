//! Audits of whole classes that are computed block by block.

use crate::workplace::Workplace;

const LARGE: &str = "audit --group translation:28x28 --arch mlp --together seed";

#[test]
fn a_number_of_seeds_alone_means_all_classes() {
    let report = Workplace::empty().json("audit --group flip --arch mlp --seeds-per-class 2 --together seed");
    let results = report["results"].as_array().unwrap();
    let labels: Vec<&str> = results.iter().map(|seed| seed["label"].as_str().unwrap()).collect();
    let expected: Vec<String> = (0..10).flat_map(|digit| [digit.to_string(), digit.to_string()]).collect();
    assert_eq!(labels, expected);
    // What holds everything has nothing to say about blocks.
    assert!(report["summary"][0].get("largest_residual").is_none());
}

#[test]
fn the_plan_of_a_large_audit_says_how_many_passes_a_limit_asks_for() {
    let place = Workplace::empty();
    let entries = |passes: u64| passes * 1000 * 1001 / 2 * 784;
    let plan = |limit: &str, passes: u64, words: &str| {
        let run = place.run(&format!("{LARGE} --seeds-per-class 100 --memory-limit {limit} --plan --json"));
        assert_eq!(run.code(), 0, "{}", run.stderr());
        assert_eq!(
            run.stderr(),
            format!("mlp: 784,000 points by 394 blocks of up to 1,000 rows, in {words}\n")
        );
        let plan: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
        assert_eq!(plan["entries"], entries(passes));
        assert!(plan["bytes"].as_u64().unwrap() <= plan["memory_limit"].as_u64().unwrap());
    };
    plan("16GiB", 1, "one pass");
    plan("950MiB --threads 2", 4, "4 passes");
}

#[test]
fn a_limit_too_small_for_any_number_of_passes_is_refused_and_leaves_nothing() {
    let place = Workplace::empty();
    let run = place.run(&format!("{LARGE} --seeds-per-class 100 --memory-limit 60MiB --out run"));
    assert_eq!(run.code(), 2);
    let stderr = run.stderr();
    assert!(stderr.contains("error: estimated memory") && stderr.contains("exceeds the limit of 60 MiB"));
    assert!(stderr.contains("hint: ask for fewer seeds"), "{stderr}");
    assert!(place.content().is_empty(), "{:?}", place.content());
}

#[test]
fn impossible_numbers_of_seeds_and_shifts_are_refused_with_hints() {
    let place = Workplace::empty();
    for (line, message) in [
        (format!("{LARGE} --seeds-per-class 0"), "expected at least 1, got 0"),
        (format!("{LARGE} --seeds-per-class 101"), "101"),
        (
            LARGE.replace("28x28", "28x27") + " --seeds-per-class 100",
            "do not divide the image width of 28 pixels",
        ),
    ] {
        let run = place.run(&line);
        assert_eq!(run.code(), 2, "{line}");
        assert!(run.stderr().contains(message) && run.stderr().contains("hint: "), "{}", run.stderr());
    }
}
