use crate::workplace::Workplace;

#[test]
fn datasets_are_listed_with_what_they_hold() {
    let place = Workplace::empty();
    let text = place.run("data list").stdout();
    assert!(text.starts_with("mini-mnist  "), "{text}");
    let document = place.json("data list");
    assert_eq!(document["schema"], "isotypic.data/1");
    let datasets = document["datasets"].as_array().unwrap();
    assert_eq!(datasets.len(), text.lines().count());
    for (dataset, line) in datasets.iter().zip(text.lines()) {
        assert!(line.ends_with(dataset["description"].as_str().unwrap()), "{line}");
    }
}

#[test]
fn what_is_built_in_needs_no_fetching() {
    let place = Workplace::empty();
    assert_eq!(place.run("data fetch mini-mnist").stdout(), "mini-mnist: available, nothing to fetch\n");
    assert_eq!(place.json("data fetch mini-mnist")["datasets"][0]["name"], "mini-mnist");
}

#[test]
fn what_cannot_be_fetched_says_what_to_pass_instead() {
    let run = Workplace::empty().run("data fetch mnist");
    assert_eq!((run.code(), run.stdout()), (2, String::new()));
    assert!(run.stderr().contains("\nhint: pass a folder with its IDX files"), "{}", run.stderr());
}
