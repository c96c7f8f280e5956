//! A folder of results is complete or as it was before.

use std::fs;

use isotypic_work::{OutputDirectory, WorkError};

use crate::names;

#[test]
fn a_finished_run_leaves_its_files_and_nothing_else() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("deep/run");
    let mut output = OutputDirectory::create(&path, false).unwrap();
    output.write("results.csv", b"draft").unwrap();
    output.write("results.csv", b"a,b\n").unwrap();
    output.finish(b"{}").unwrap();
    assert_eq!(names(&path), ["results.csv", "results.json"]);
    assert_eq!(fs::read(path.join("results.csv")).unwrap(), b"a,b\n");
}

#[test]
fn an_unfinished_run_leaves_no_file_and_no_folder_it_made() {
    let place = tempfile::tempdir().unwrap();
    let mut output = OutputDirectory::create(place.path().join("deep/run"), false).unwrap();
    output.write("results.csv", b"a,b\n").unwrap();
    drop(output);
    assert!(names(place.path()).is_empty());
}

#[test]
fn a_folder_that_was_there_stays_when_the_run_fails() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    fs::create_dir(&path).unwrap();
    drop(OutputDirectory::create(&path, false).unwrap());
    assert!(path.is_dir());
}

#[test]
fn a_folder_made_by_the_run_stays_when_somebody_put_a_file_there() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    let output = OutputDirectory::create(&path, false).unwrap();
    fs::write(path.join("notes.txt"), "mine").unwrap();
    drop(output);
    assert_eq!(names(&path), ["notes.txt"]);
}

#[test]
fn a_complete_folder_is_refused_without_force() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("results.json"), "old").unwrap();
    let error = OutputDirectory::create(place.path(), false).unwrap_err();
    assert!(matches!(error, WorkError::AlreadyComplete { .. }));
    assert!(error.hint().unwrap().contains("`--force`"));
    assert_eq!(names(place.path()), ["results.json"]);
}

#[test]
fn with_force_the_old_results_stay_until_the_new_ones_are_ready() {
    let place = tempfile::tempdir().unwrap();
    let content = || {
        let read = |name| fs::read_to_string(place.path().join(name)).unwrap();
        (read("results.csv"), read("results.json"))
    };
    let run = |text: &str| {
        let mut output = OutputDirectory::create(place.path(), true).unwrap();
        output.write("results.csv", text.as_bytes()).unwrap();
        output
    };
    run("old").finish(b"old").unwrap();
    drop(run("new"));
    assert_eq!(content(), ("old".into(), "old".into()));
    run("new").finish(b"new").unwrap();
    assert_eq!(content(), ("new".into(), "new".into()));
    assert_eq!(names(place.path()), ["results.csv", "results.json"]);
}

#[test]
fn files_that_an_earlier_run_left_go_when_the_new_one_is_finished() {
    let place = tempfile::tempdir().unwrap();
    let run = |figures: &[&str]| {
        let mut output = OutputDirectory::create(place.path(), true).unwrap();
        output.replace_earlier("figures", |name| name.ends_with(".svg")).unwrap();
        figures.iter().for_each(|name| output.write(&format!("figures/{name}"), b"<svg/>").unwrap());
        output
    };
    run(&["a.svg", "b.svg"]).finish(b"{}").unwrap();
    let figures = place.path().join("figures");
    fs::write(figures.join("mine.txt"), "notes").unwrap();
    fs::create_dir(figures.join("folder.svg")).unwrap();
    drop(run(&["c.svg"]));
    assert_eq!(names(&figures), ["a.svg", "b.svg", "folder.svg", "mine.txt"]);
    run(&["b.svg", "c.svg"]).finish(b"{}").unwrap();
    assert_eq!(names(&figures), ["b.svg", "c.svg", "folder.svg", "mine.txt"]);
}

#[test]
fn a_run_that_fails_while_files_are_moved_leaves_none_of_them_and_no_results() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("results.json"), "old").unwrap();
    let mut output = OutputDirectory::create(place.path(), true).unwrap();
    output.write("a.csv", b"a").unwrap();
    output.write("b.csv", b"b").unwrap();
    // Comes into the way after the check.
    fs::create_dir_all(place.path().join("b.csv/full")).unwrap();
    assert!(matches!(output.finish(b"new"), Err(WorkError::CannotWrite { .. })));
    assert_eq!(names(place.path()), ["b.csv"]);
}

#[test]
fn a_file_in_place_of_the_folder_or_its_parent_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "").unwrap();
    let error = OutputDirectory::create(&file, true).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("output folder `{}`: it exists and is not a folder", file.display())
    );
    assert!(matches!(OutputDirectory::create(file.join("run"), true), Err(WorkError::CannotWrite { .. })));
    assert_eq!(names(place.path()), ["file"]);
}

#[test]
fn names_that_leave_the_folder_or_are_reserved_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let mut output = OutputDirectory::create(place.path(), false).unwrap();
    for name in ["", ".", "..", "a/b/c", "a/", "./a", "/a", "a/..", "../a", "a//b", "results.json"] {
        let error = output.write(name, b"").unwrap_err();
        assert!(matches!(error, WorkError::InvalidFileName { .. }), "{name}: {error}");
    }
    fs::create_dir(place.path().join("taken")).unwrap();
    assert!(matches!(output.write("taken", b""), Err(WorkError::NotAFile { .. })));
    drop(output);
    assert_eq!(names(place.path()), ["taken"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_refused_at_once() {
    let error = OutputDirectory::create("/proc/isotypic", false).unwrap_err();
    assert!(error.to_string().starts_with("cannot write `/proc/isotypic`: "), "{error}");
    let error = OutputDirectory::create("/proc", false).unwrap_err();
    assert!(error.to_string().starts_with("cannot write `/proc`: "), "{error}");
}

#[test]
fn a_folder_of_a_run_comes_and_goes_with_it() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("run");
    let mut output = OutputDirectory::create(&path, false).unwrap();
    output.write("figures/one.svg", b"<svg/>").unwrap();
    output.write("page.html", b"").unwrap();
    output.finish(b"{}").unwrap();
    assert_eq!(names(&path), ["figures", "page.html", "results.json"]);
    assert_eq!(fs::read(path.join("figures/one.svg")).unwrap(), b"<svg/>");
    // A run that fails takes back what it made, folders too, and leaves the files of others.
    let other = place.path().join("other");
    let mut output = OutputDirectory::create(&other, false).unwrap();
    output.write("figures/one.svg", b"").unwrap();
    output.write("late", b"").unwrap();
    fs::create_dir_all(other.join("late/in the way")).unwrap();
    assert!(output.finish(b"{}").is_err());
    assert_eq!(names(&other), ["late"]);
}
