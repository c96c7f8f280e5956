use ndarray::{Array2, Array3, Axis};

use crate::workplace::{SEEDS, Workplace, images};

const SMALL: &str = "audit --data images.npz --group rotation --poses 2,4 --arch mlp,cnn-gap --pairs 3";

#[test]
fn a_person_gets_a_table_and_a_conclusion() {
    let run = Workplace::with_images().run(SMALL);
    let text = run.stdout();
    assert_eq!((run.code(), run.stderr()), (0, String::new()));
    for part in
        ["data      images.npz (sha256 ", "1. Rotations, one pose held out\n", "verdict", "\nConclusion\n - "]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn a_program_gets_one_document() {
    let report = Workplace::with_images().json(SMALL);
    assert_eq!(report["schema"], "isotypic.audit/1");
    let results = report["results"].as_array().unwrap();
    // Two networks, two numbers of poses, three pairs, and one held-out pose of each of two seeds.
    assert_eq!((results.len(), report["points"].as_array().unwrap().len()), (12, 24));
    assert!(results.iter().all(|result| result["kind"] == "pair" && result["label_a"] != result["label_b"]));
    let poses: Vec<_> =
        report["summary"].as_array().unwrap().iter().map(|row| row["poses"].as_u64().unwrap()).collect();
    assert_eq!(poses, [2, 4, 2, 4]);
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let place = Workplace::with_images();
    let one = place.json(&format!("{SMALL} --threads 1"));
    assert_eq!(place.json(&format!("{SMALL} --threads 3")), one);
}

#[test]
fn networks_may_be_repeated_files_and_comma_separated() {
    let place = Workplace::with_images();
    place.write("net.json", r#"{"layers": ["flatten", {"dense": {"b_std": 1.0}}, "erf", {"dense": {}}]}"#);
    place.write("net.toml", "[[layers]]\nconv = { filter = [3, 3], padding = \"circular\" }\n[[layers]]\nrelu = {}\n[[layers]]\nflatten = {}\n[[layers]]\ndense = {}\n");
    let report =
        place.json("audit --data images.npz --group flip --arch mlp,net.json --arch net.toml --pairs 1");
    assert_eq!(report["settings"]["architectures"], serde_json::json!(["mlp", "net.json", "net.toml"]));
}

#[test]
fn a_network_with_the_symmetry_says_orbit_collapse() {
    let place = Workplace::with_images();
    let line = "audit --data images.npz --group translation-x:6 --arch cnn-gap --pairs 3";
    let text = place.run(line).stdout();
    assert!(text.contains("orbit collapse") && !text.contains("NaN"), "{text}");
    for result in place.json(line)["results"].as_array().unwrap() {
        assert_eq!(result["status"], "orbit_collapse");
        assert_eq!(result["limit_error"], 0.0);
        assert_eq!((&result["correct_a"], &result["correct_b"]), (&true.into(), &true.into()));
    }
}

#[test]
fn pairs_of_a_file_keep_their_order() {
    let place = Workplace::with_images();
    place.write("pairs.csv", "a,b\n5,2\n0,7\n2,5\n");
    let report = place.json("audit --data images.npz --group rotation:4 --arch mlp --pairs pairs.csv");
    let pairs: Vec<_> =
        report["results"].as_array().unwrap().iter().map(|r| (r["a"].as_u64(), r["b"].as_u64())).collect();
    assert_eq!(pairs, [(Some(5), Some(2)), (Some(0), Some(7)), (Some(2), Some(5))]);
}

#[test]
fn the_seed_chooses_the_pairs() {
    let place = Workplace::with_images();
    let pairs = |seed: u64| {
        let line = format!("audit --data images.npz --group flip --arch mlp --pairs 4 --seed {seed}");
        let report = place.json(&line);
        let results = report["results"].as_array().unwrap().clone();
        results.into_iter().map(|r| (r["a"].clone(), r["b"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(pairs(1), pairs(1));
    assert_ne!(pairs(1), pairs(2));
}

#[test]
fn the_authors_convention_is_a_setting() {
    let place = Workplace::with_images();
    let line = "audit --data images.npz --group rotation:4 --arch mlp --pairs 1";
    let (exact, paper) = (place.json(line), place.json(&format!("{line} --convention paper")));
    assert_eq!(paper["settings"]["convention"], "paper");
    assert_ne!(exact["results"][0]["spectral_error"], paper["results"][0]["spectral_error"]);
}

#[test]
fn features_of_any_network_are_audited() {
    let place = Workplace::empty();
    let features = Array3::from_shape_fn((4, 6, 5), |(s, g, i)| ((s * 31 + g * 17 + i * i * 7) % 23) as f64);
    place.write_array("f.npy", &features);
    let report =
        place.json("audit --features f.npy --labels=cat,dog,cat,dog --arch linear,rbf:0.01 --group cyclic:6");
    assert_eq!(report["settings"]["architectures"], serde_json::json!(["linear", "rbf:0.01"]));
    assert_eq!(report["settings"]["normalization"], "none");
    assert_eq!(report["results"][0]["poses"], 6);
}

#[test]
fn a_check_that_fails_exits_with_one_and_names_the_worst() {
    let place = Workplace::with_images();
    let run = place.run(&format!("{SMALL} --fail-above 0"));
    let message = run.stderr();
    assert_eq!(run.code(), 1);
    assert!(
        message.starts_with("check failed: 24 of 24 held-out errors are above 0; the worst is "),
        "{message}"
    );
    assert_eq!(message.lines().count(), 1);
    assert!(run.stdout().contains("Conclusion"));
    assert_eq!(place.run(&format!("{SMALL} --fail-above 1e6")).code(), 0);
}

#[test]
fn the_worst_error_is_that_of_the_report() {
    let place = Workplace::with_images();
    let run = place.run(&format!("{SMALL} --fail-above 0 --json"));
    let report: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
    let errors = report["points"].as_array().unwrap().iter().map(|point| point["error"].as_f64().unwrap());
    let worst = errors.fold(0.0, f64::max);
    assert!(run.stderr().contains(&format!("the worst is {worst:.4} (")), "{}", run.stderr());
}

#[test]
fn a_point_without_an_error_fails_every_check() {
    let place = Workplace::empty();
    // Rank 2, so that nothing can be inverted without a ridge.
    let gram = Array2::from_shape_fn((8, 8), |(i, j)| if i / 4 == j / 4 { 1.0 } else { 0.0 });
    place.write_array("k.npy", &gram);
    let line = "audit --gram k.npy --labels=+1,-1 --group cyclic:4 --ridge 0 --fail-above 1e9";
    let run = place.run(line);
    let has_errors = |report: &serde_json::Value| {
        report["points"].as_array().unwrap().iter().all(|p| p["error"].is_number())
    };
    let report: serde_json::Value =
        serde_json::from_str(&place.run(&format!("{line} --json")).stdout()).unwrap();
    assert_eq!(run.code(), if has_errors(&report) { 0 } else { 1 }, "{}", run.stderr());
    assert!(!run.stdout().contains("NaN"));
}

#[test]
fn a_plan_computes_nothing() {
    let place = Workplace::with_images();
    let before = place.content();
    let run = place.run(&format!("{SMALL} --plan --out results"));
    assert_eq!((run.code(), run.stdout().lines().count()), (0, 1));
    assert!(run.stdout().contains(" entries, "), "{}", run.stdout());
    let document = place.json(&format!("{SMALL} --plan"));
    assert_eq!(document["schema"], "isotypic.plan/1");
    assert!(document["entries"].as_u64().unwrap() > 0 && document["bytes"].as_u64().unwrap() > 0);
    assert_eq!(place.content(), before);
}

#[test]
fn all_seeds_are_at_hand() {
    let place = Workplace::with_images();
    let most = SEEDS / 2 * (SEEDS / 2);
    let report = place.json(&format!("audit --data images.npz --group flip --arch mlp --pairs {most}"));
    assert_eq!(report["results"].as_array().unwrap().len(), most);
}

#[test]
fn seeds_that_look_the_same_are_named_and_so_is_a_sufficient_ridge() {
    let place = Workplace::with_images();
    let mut images = images();
    let copied = images.index_axis(Axis(0), 1).to_owned();
    images.index_axis_mut(Axis(0), 5).assign(&copied);
    place.write_array("x.npy", &images);
    let audit = "audit --data x.npy --labels=a,a,a,a,b,b,b,b --group flip --arch mlp --classes all --seeds-per-class 4";
    let words = |line: &str| {
        let run = place.run(line);
        assert_eq!(run.code(), 0, "{}", run.stderr());
        run.stdout().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let text = words(audit);
    assert!(text.contains("these seeds look the same but differ in class: 1 (a) and 5 (b)"), "{text}");
    let text = words(&format!("{audit} --ridge 0"));
    assert!(text.contains("the gram matrix is not positive definite: irrep `k="), "{text}");
    assert!(text.contains("seeds 1 and 5 are identical; drop one, or pass `--ridge 1e-"), "{text}");
    let pairs = "audit --data x.npy --labels=a,a,a,a,b,b,b,b --group flip --arch mlp --pairs 16 --ridge 0";
    assert!(words(pairs).contains("seeds 1 and 5 are identical"), "{}", words(pairs));
}

#[test]
fn training_times_and_metrics_are_printed_and_written_where_asked_for() {
    let place = Workplace::with_images();
    let report = place.json(&format!("{SMALL} --training-time 0.5,50 --metrics"));
    assert_eq!(report["training"]["times"], serde_json::json!([0.5, 50.0]));
    assert_eq!(report["training"]["points"].as_array().unwrap().len(), 24);
    assert_eq!(report["metrics"]["turns"].as_array().unwrap().len(), 24);
    let text = place.run(&format!("{SMALL} --training-time best --metrics")).stdout();
    for part in ["\nTraining time\n", "\nMetrics\n", "nearest neighbour margin", "Stopping early"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let classes =
        "audit --data images.npz --group rotation:4 --arch mlp,cnn --classes all --seeds-per-class 3";
    let report = place.json(&format!("{classes} --training-time 0.5,50 --metrics"));
    // Six seeds and two networks.
    assert_eq!(report["training"]["points"].as_array().unwrap().len(), 12);
    assert_eq!(report["metrics"]["turns"].as_array().unwrap().len(), 12);
    assert_eq!(report["metrics"]["scores"].as_array().unwrap().len(), 3 * 8);
    assert_eq!(place.run(&format!("{classes} --training-time best --metrics --out run")).code(), 0);
    let page = place.read("run/report.html");
    assert!(page.contains("<section id=\"metrics\"") && page.contains("<section id=\"training-time\""));
    let run = place.run(&format!("{SMALL} --training-time soon"));
    assert_eq!(run.code(), 2);
    assert!(
        run.stderr().contains("error: training time: expected `best` or numbers, got `soon`\nhint: "),
        "{}",
        run.stderr()
    );
}
