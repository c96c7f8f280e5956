use crate::workplace::Workplace;

#[test]
fn figures_are_listed_by_name() {
    let place = Workplace::empty();
    let text = place.run("reproduce list").stdout();
    let document = place.json("reproduce list");
    let figures = document["figures"].as_array().unwrap();
    assert_eq!(figures.len(), text.lines().count());
    for (figure, line) in figures.iter().zip(text.lines()) {
        assert!(line.starts_with(figure["name"].as_str().unwrap()), "{line}");
    }
    assert!(text.contains("figure-1"));
    assert_eq!(text.contains("--features train -- reproduce"), !cfg!(feature = "train"));
}

/// Of a program without networks: the figure that needs them is listed, and not run.
#[cfg(not(feature = "train"))]
#[test]
fn a_folder_holds_page_pictures_and_numbers_and_is_not_written_twice() {
    let place = Workplace::empty();
    let line = "reproduce toy-poses figure-1 --quick --out made";
    let run = place.run(line);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert!(run.stdout().contains("toy-poses  reproduced"), "{}", run.stdout());
    assert!(
        run.stderr().contains("wrote README.md, 2 pictures and results.json to `made`"),
        "{}",
        run.stderr()
    );
    let page = place.read("made/README.md");
    assert!(page.contains("![") && page.contains("(figures/toy-poses-errors.svg)"));
    assert!(place.read("made/figures/toy-poses-errors.svg").starts_with("<?xml"));
    let results: serde_json::Value = serde_json::from_str(&place.read("made/results.json")).unwrap();
    assert_eq!(results["schema"], "isotypic.reproduction/1");
    assert_eq!(results["figures"][0]["verdict"], "not_run");
    assert_eq!(results["figures"][1]["verdict"], "reproduced");
    assert!(!place.path("made/units").exists());

    let again = place.run(line);
    assert_eq!(again.code(), 2);
    assert!(again.stderr().contains("hint: pass `--force`"), "{}", again.stderr());
    // Pictures of another figure go.
    assert_eq!(place.run("reproduce toy-separation --quick --out made --force").code(), 0);
    assert!(!place.path("made/figures/toy-poses-errors.svg").exists());
}

#[test]
fn what_makes_no_sense_is_refused_and_leaves_nothing() {
    let place = Workplace::empty();
    for (line, message, hint) in [
        ("reproduce figure-7 --out made", "figure `figure-7`: no figure of this name", "known are `all`"),
        ("reproduce mlp", "figures need a folder", "`isotypic reproduce mlp --out figures`"),
        ("reproduce list mlp", "`list` stands alone", "leave out"),
        (
            "reproduce mlp --pairs 1 --out made",
            "pairs: expected at least 2, got 1",
            "figures show how errors of many pairs are related; pass `--pairs 48`",
        ),
        (
            "reproduce mlp --data mnist --out made",
            "dataset `mnist` has not been fetched yet",
            "`isotypic data fetch",
        ),
    ] {
        let run = place.run(line);
        assert_eq!((run.code(), run.stdout()), (2, String::new()), "{line}");
        let expected = [format!("error: {message}"), format!("hint: {hint}")];
        assert!(expected.iter().all(|part| run.stderr().contains(part)), "{}", run.stderr());
        assert!(place.content().is_empty(), "{line}: {:?}", place.content());
    }
}
