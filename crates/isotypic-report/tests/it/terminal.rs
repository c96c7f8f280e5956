use std::collections::BTreeMap;

use isotypic_report::{Status, render_terminal};

use crate::sample;

#[test]
fn a_report_fits_eighty_columns() {
    let text = render_terminal(&sample::report(), 80);
    assert_eq!(text, include_str!("../fixtures/audit_80.txt"));
    assert!(text.lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn no_line_ends_in_a_blank() {
    for width in [40, 80, 120] {
        let text = render_terminal(&sample::report(), width);
        assert!(text.lines().all(|line| line.trim_end() == line), "{text}");
    }
}

#[test]
fn a_wide_terminal_has_each_verdict_on_one_line() {
    let text = render_terminal(&sample::report(), 140);
    assert!(
        text.contains("  fails below 16 poses\n") && text.contains("  right: orbit collapse\n"),
        "{text}"
    );
}

#[test]
fn a_narrow_terminal_loses_nothing() {
    let words = |width| {
        let text = render_terminal(&sample::report(), width);
        let mut words: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
        words.retain(|word| !word.starts_with("--"));
        words.sort();
        words
    };
    assert_eq!(words(20), words(80));
}

#[test]
fn an_empty_report_has_no_table() {
    let text = render_terminal(&sample::empty(), 80);
    let expected = "\
isotypic 0.1.0

data      pictures.npz (sha256 ba7816bf8f01)
networks  mlp, cnn-gap:12
kernel    ntk, ridge rel:1e-10, convention exact, normalization center,sphere,
          seed 0
";
    assert_eq!(text, expected);
}

#[test]
fn a_question_without_results_says_so() {
    let mut report = sample::report();
    report.summary.clear();
    assert_eq!(render_terminal(&report, 80).matches("no results\n").count(), 2);
}

#[test]
fn numbers_that_do_not_exist_are_a_dash() {
    let mut report = sample::report();
    report.summary[0].median_exact_error = Some(f64::NAN);
    report.summary[0].median_spectral_error = None;
    let text = render_terminal(&report, 80);
    assert!(!text.contains("NaN"));
    let cells: Vec<_> =
        text.lines().find(|line| line.contains("  mlp  ")).unwrap().split_whitespace().collect();
    assert_eq!(cells[..5], ["mlp", "2", "4", "-", "-"]);
}

#[test]
fn statuses_are_explained_where_they_occur() {
    let mut report = sample::report();
    let text = render_terminal(&report, 80);
    assert!(text.contains("\n   orbit collapse  ") && !text.contains("conflicting"), "{text}");
    report.summary[0].statuses = BTreeMap::from([(Status::Ok, 3), (Status::ConflictingLabels, 1)]);
    let text = render_terminal(&report, 80);
    assert!(text.contains("   mlp: conflicting labels in 1 of 4 pairs at 2 poses\n"), "{text}");
    assert!(text.contains("\n   conflicting labels  "), "{text}");
}

#[test]
fn an_audit_of_classes_counts_seeds_and_shows_those_that_training_never_saw() {
    let mut report = sample::report();
    report.settings.classes = vec!["cat".to_owned(), "dog".to_owned()];
    report.settings.together = Some("class".to_owned());
    for row in &mut report.summary {
        (row.pairs, row.seeds, row.unseen_seeds) = (0, 26, 6);
        row.fraction_correct_unseen = Some(0.25);
    }
    report.summary[2].hidden_failures = 3;
    report.summary[2].indistinguishable_poses = 2;
    let text = render_terminal(&report, 80);
    for part in [
        "classes   cat, dog; held out together: all poses asked of a class\n",
        "seeds",
        "   mlp: in 3 of 26 seeds a pose is misclassified although the spectral error, an\n",
        "   mlp: 2 of 16 poses look the same to the network: a part of the symmetry is\n",
        "   unseen right    ",
        "  25 %",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("pairs  exact"), "{text}");
}

#[test]
fn training_times_and_metrics_have_sections_of_their_own_where_asked_for() {
    let plain = render_terminal(&sample::report(), 80);
    assert!(!plain.contains("Training time") && !plain.contains("Metrics"));
    let text = render_terminal(&sample::with_extras(), 120);
    for part in [
        "   question  network  poses  t = 0.5  t = 20  at the end  best times  repaired   (median)\n",
        "          1  mlp          8    100 %    75 %        50 %       100 %    2 of 4     3.3e-2\n",
        "would repair 2 of the 2 held-out",
        "          1  mlp      SVM margin          8     0.750   -0.500  0.875\n",
        "          1  all      spectral error      8     0.750   -0.500      -\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn metrics_are_held_against_trained_networks_where_some_were_trained() {
    let text = render_terminal(&sample::with_trained_metrics(), 140);
    let row = "          1  mlp      SVM margin          8     0.750   -0.500  0.875         7     0.625        -  0.938\n";
    assert!(text.contains(row) && text.contains("The last four columns hold it against"), "{text}");
}
