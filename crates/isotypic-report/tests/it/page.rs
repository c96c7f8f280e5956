//! The page: what is drawn, what is escaped, how large it gets.

use isotypic_report::{
    AuditReport, ComparisonReport, Page, PairResult, ReportedResult, Status, TrainedResult,
    render_comparison_page, render_page,
};

use crate::sample;

fn page(report: &AuditReport) -> Page {
    render_page(report).unwrap()
}

/// The text between two marks.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let from = text.find(start).unwrap() + start.len();
    &text[from..from + text[from..].find(end).unwrap()]
}

#[test]
fn every_kind_of_figure_is_drawn_as_before() {
    let page = page(&sample::report());
    for kind in
        ["q1-errors", "q2-errors", "q1-1-irreps", "q1-1-gram-worst", "q1-1-spectrum-worst", "q1-orbit-17"]
    {
        let figure = page.figures.iter().find(|figure| figure.file == format!("{kind}.svg")).unwrap();
        insta::assert_snapshot!(kind, figure.svg);
        assert!(page.html.contains(&figure.svg));
        assert!(figure.standalone().contains("prefers-color-scheme: dark"));
    }
    let report = AuditReport {
        results: vec![ReportedResult::Pair(PairResult {
            group: "rotation:2".to_owned(),
            hold_out: "pose:0".to_owned(),
            ..sample::pair()
        })],
        ..sample::report()
    };
    let page = render_page(&report).unwrap();
    let scatter = page.figures.iter().find(|figure| figure.file == "q1-spectral-exact.svg").unwrap();
    insta::assert_snapshot!("q1-spectral-exact", scatter.svg);
}

#[test]
fn networks_stand_against_what_was_predicted_for_them() {
    let result = |predicted, trained_error, trained_correct| {
        let trained = TrainedResult {
            trained_error: Some(trained_error),
            trained_correct,
            finite_time_error: Some(predicted),
            trained_loss: Some(0.0),
        };
        ReportedResult::Pair(PairResult {
            group: "rotation:2".to_owned(),
            hold_out: "pose:0".to_owned(),
            trained: Some(trained),
            ..sample::pair()
        })
    };
    let report =
        AuditReport { results: vec![result(0.5, 0.75, true), result(1.25, 1.0, false)], ..sample::report() };
    let page = page(&report);
    let figure = page.figures.iter().find(|figure| figure.file == "q1-trained.svg").unwrap();
    assert_eq!(figure.description, "2 results; networks are at most 0.250 off what the kernel predicts.");
    // One mark of each shape; halfway of the larger axis for the first: errors up to 1.5 between 56 and 440.
    assert_eq!(
        (figure.svg.matches("<circle").count(), figure.svg.matches("class=\"mark wrong\"").count()),
        (1, 1)
    );
    assert!(figure.svg.contains("<circle cx=\"184\" cy=\"197\""), "{}", figure.svg);
    insta::assert_snapshot!("q1-trained", figure.svg);
    assert!(page.html.contains("Trained against predicted") && page.html.contains(&figure.svg));
    let without = render_page(&sample::report()).unwrap();
    assert!(!without.html.contains("Trained against predicted"));
}

#[test]
fn whole_classes_are_shown_as_they_are_held_out() {
    let mut report = sample::report();
    assert!(page(&report).html.contains("held out, one object at a time"));
    assert!(!page(&report).html.contains(" more</span>"));
    report.settings.together = Some("class".to_owned());
    let example = &mut report.details.as_mut().unwrap().examples[0];
    example.seeds = (100..130).collect();
    example.labels = (0..30).map(|seed| (seed / 10).to_string()).collect();
    let html = page(&report).html;
    assert!(html.contains("held out, one class at a time") && html.contains("and 18 more</span>"));
    // Evenly chosen: the last is of the last class.
    assert!(html.contains("image 127 of class 2") && !html.contains("image 101 of class 0"));
}

#[test]
fn a_network_that_nothing_is_known_of_has_no_closer_look() {
    let mut report = sample::report();
    assert!(page(&report).html.contains("A closer look at each network"));
    report.details.as_mut().unwrap().examples.clear();
    report.summary.iter_mut().for_each(|row| row.irreps.clear());
    assert!(!page(&report).html.contains("A closer look at each network"));
}

#[test]
fn names_from_users_are_never_markup() {
    let mut report = sample::report();
    report.settings.data = "<script>alert(1)</script>".to_owned();
    report.settings.architectures[0] = "</script><img src=x>".to_owned();
    if let ReportedResult::Pair(pair) = &mut report.results[0] {
        pair.label_a = "</script><script>alert(2)//".to_owned();
    }
    let html = page(&report).html;
    // The data and the program, and no other.
    assert_eq!(html.matches("<script").count(), 2);
    assert!(!html.contains("alert(1)<") && !html.contains("<img src=x"));
    assert!(html.contains("&lt;script&gt;alert(1)"));
}

#[test]
fn the_policy_allows_nothing_from_elsewhere() {
    let html = page(&sample::report()).html;
    let policy = between(&html, "Content-Security-Policy\" content=\"", "\"");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"));
    for outside in ["src=\"http", "href=\"http", "url(", "@import", "style=\"", "onclick"] {
        assert!(!html.contains(outside), "{outside}");
    }
}

#[test]
fn the_verdict_of_the_page_is_that_of_the_report() {
    let report = sample::report();
    let html = page(&report).html;
    for row in &report.verdicts {
        let item = format!(
            "data-question=\"{}\" data-arch=\"{}\" data-verdict=\"{}\"",
            row.question + 1,
            row.arch,
            row.text
        );
        assert!(html.contains(&item), "{item}");
    }
}

#[test]
fn ten_thousand_pairs_stay_below_six_megabytes() {
    let mut report = sample::report();
    report.points.clear();
    report.results = (0..10_000)
        .map(|at| {
            ReportedResult::Pair(PairResult {
                hold_out: "pose:0".to_owned(),
                a: at,
                b: 10_000 + at,
                exact_error: Some((at as f64).sin().abs() * 2.0),
                spectral_error: Some((at as f64).cos().abs()),
                ..sample::pair()
            })
        })
        .collect();
    let html = page(&report).html;
    assert!(html.len() < 6_000_000, "{}", html.len());
    let data: serde_json::Value = serde_json::from_str(between(&html, "id=\"data\">", "</script>")).unwrap();
    assert_eq!(data["rows"].as_array().unwrap().len(), 10_000);
}

#[test]
fn reports_without_numbers_or_details_still_give_a_page() {
    let mut report = sample::report();
    report.details = None;
    assert!(page(&report).html.contains("kept no figures"));
    let mut report = sample::report();
    for row in &mut report.summary {
        row.median_exact_error = None;
        row.irreps.clear();
    }
    for result in &mut report.results {
        if let ReportedResult::Pair(pair) = result {
            (pair.exact_error, pair.spectral_error, pair.status) = (None, None, Status::NotPositiveDefinite);
        }
    }
    let details = report.details.as_mut().unwrap();
    details.images = None;
    details.spreads.iter_mut().for_each(|spread| spread.quantiles = None);
    details.examples[0].label_power = None;
    details.examples[0].gram.levels = "not base64".to_owned();
    let page = page(&report);
    assert!(!page.html.contains("NaN") && !page.html.contains(">inf"));
    assert_eq!(
        page.figures.iter().map(|figure| figure.file.as_str()).collect::<Vec<_>>(),
        ["q1-1-spectrum-worst.svg"]
    );
}

#[test]
fn two_audits_differ_where_they_differ() {
    let (first, mut second) = (sample::report(), sample::report());
    second.settings.ridge = "1e-8".to_owned();
    second.summary[0].median_exact_error = Some(0.3824);
    second.verdicts[0].text = "fails".to_owned();
    let names = ["a.json".to_owned(), "<b>.json".to_owned()];
    let comparison = ComparisonReport::of(names, [&first, &second]);
    assert_eq!(comparison.differences.len(), 1);
    assert_eq!(comparison.rows.len(), 5);
    assert_eq!(comparison.rows[0].change, Some(0.3824 - 1.3824));
    assert_eq!(
        comparison.verdicts.iter().map(|verdict| verdict.same).collect::<Vec<_>>(),
        [false, true, true]
    );
    let html = render_comparison_page(&comparison).unwrap();
    assert!(html.contains("&lt;b&gt;.json") && html.contains("-1.000"));
}

#[test]
fn training_times_and_metrics_are_tables_of_the_page() {
    let plain = page(&sample::report()).html;
    assert!(!plain.contains("id=\"metrics\"") && !plain.contains("id=\"training-time\""));
    let html = page(&sample::with_trained_metrics()).html;
    let section = |id: &str| between(&html, &format!("<section id=\"{id}\""), "</section>").to_owned();
    let (training, metrics) = (section("training-time"), section("metrics"));
    assert!(training.contains("<th scope=\"col\">right t = 0.5</th>"), "{training}");
    assert!(
        training.contains("<td>2 of 4</td>") && training.contains("would repair 2 of the 2"),
        "{training}"
    );
    for part in [
        "<th scope=\"col\" class=\"words\">metric</th>",
        "<td class=\"words\">SVM margin</td>",
        "<th scope=\"col\">trained: turns</th>",
        "<td>0.938</td>",
    ] {
        assert!(metrics.contains(part), "{part}: {metrics}");
    }
}
