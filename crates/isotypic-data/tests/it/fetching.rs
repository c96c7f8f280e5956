//! Datasets from a server on the loopback interface: whole and right, or not there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use isotypic_data::{DataError, DatasetCache, DatasetFetch, Fetched, RemoteDataset, RemoteFile};
use isotypic_work::{Cancel, Monitor, ProgressSink};
use sha2::{Digest, Sha256};

use crate::loopback::{Answer, Request, Server};
use crate::support::{Folder, gzip};

/// Bytes without much pattern, so that packing leaves most of them.
fn content(bytes: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..bytes).map(|_| next()).collect()
}

const LARGE: usize = 300_000;

fn packed(name: &str) -> Vec<u8> {
    gzip(&content(if name.contains("large") { LARGE } else { 100 }))
}

/// What a good server answers.
fn good(request: &Request, _number: usize) -> Answer {
    Answer::File(packed(&request.path))
}

fn dataset(mirrors: &[&Server]) -> RemoteDataset {
    let file = |name: &str, bytes: usize| RemoteFile {
        name: name.into(),
        bytes: bytes as u64,
        sha256: Sha256::digest(content(bytes)).iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    RemoteDataset {
        name: "numbers".into(),
        mirrors: mirrors.iter().map(|server| server.url()).collect(),
        files: vec![file("large", LARGE), file("small", 100)],
    }
}

fn fetch_with(dataset: RemoteDataset, place: &Folder, monitor: &Monitor) -> Result<Fetched, DataError> {
    DatasetFetch::new(dataset, DatasetCache::at(place.path())).unwrap().run(monitor)
}

fn fetch(dataset: RemoteDataset, place: &Folder) -> Result<Fetched, DataError> {
    fetch_with(dataset, place, &Monitor::silent())
}

/// All files in the cache.
fn files(place: &Folder) -> BTreeSet<String> {
    fn collect(folder: &Path, root: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, root, found);
            } else {
                found.insert(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    let mut found = BTreeSet::new();
    collect(place.path(), place.path(), &mut found);
    found
}

fn whole() -> BTreeSet<String> {
    ["numbers/large", "numbers/small"].map(str::to_owned).into()
}

#[test]
fn files_arrive_unpacked_and_are_not_fetched_twice() {
    let (server, place) = (Server::start(good), Folder::new());
    let fetched = fetch(dataset(&[&server]), &place).unwrap();
    assert_eq!(fetched.folder, place.path().join("numbers"));
    assert_eq!(std::fs::read(fetched.folder.join("large")).unwrap(), content(LARGE));
    assert_eq!(files(&place), whole());
    assert!(!fetched.folder.join("partial").exists());
    let asked: Vec<_> = server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(asked, ["/mnist/large.gz", "/mnist/small.gz"]);

    let again = fetch(dataset(&[&server]), &place).unwrap();
    assert!(again.files.iter().all(|(_, source)| source.is_none()));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_damaged_file_in_the_cache_is_fetched_again() {
    let (server, place) = (Server::start(good), Folder::new());
    fetch(dataset(&[&server]), &place).unwrap();
    let path = place.path().join("numbers/small");
    std::fs::write(&path, [0; 100]).unwrap();
    let again = fetch(dataset(&[&server]), &place).unwrap();
    assert!(again.files[0].1.is_none() && again.files[1].1.is_some());
    assert_eq!(std::fs::read(&path).unwrap(), content(100));
}

#[test]
fn a_cut_connection_goes_on_where_it_was() {
    let cuts = [100_000, 200_000];
    let server = Server::start(move |request, number| match cuts.get(number) {
        Some(&until) => Answer::Cut(packed(&request.path), until),
        None => good(request, number),
    });
    let place = Folder::new();
    fetch(dataset(&[&server]), &place).unwrap();
    let from: Vec<_> = server.requests().into_iter().map(|request| request.from).collect();
    assert_eq!(from, [None, Some(100_000), Some(200_000), None]);
    assert_eq!(files(&place), whole());
}

#[test]
fn a_server_that_always_cuts_gives_way_to_the_next_and_is_gone_on_with_later() {
    let broken = Server::start(|request, _| Answer::Cut(packed(&request.path), 1000));
    let missing = Server::start(|_, _| Answer::Missing);
    let place = Folder::new();
    let error = fetch(dataset(&[&broken, &missing]), &place).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("dataset `numbers`: no mirror gave `large`: http://127.0.0.1:"), "{text}");
    assert!(text.contains("/mnist/large.gz: ") && text.ends_with("HTTP status 404"), "{text}");
    assert!(error.hint().unwrap().starts_with("the same command goes on where it stopped"));
    // Only what arrived is kept, under a name that is not the file's.
    let kept = files(&place);
    assert!(kept.len() == 1 && kept.first().unwrap().starts_with("numbers/partial/"), "{kept:?}");

    let number = broken.requests().len();
    drop(fetch(dataset(&[&broken]), &place).unwrap_err());
    assert_eq!(broken.requests()[number].from, Some(1000));
}

#[test]
fn the_next_mirror_is_asked_where_a_file_is_missing_or_wrong() {
    let missing = Server::start(|_, _| Answer::Missing);
    let wrong = Server::start(|_, _| Answer::File(gzip(&[7; LARGE])));
    let page = Server::start(|_, _| Answer::Whole(b"<html>please log in</html>".to_vec()));
    let server = Server::start(good);
    for other in [&missing, &wrong, &page] {
        let place = Folder::new();
        let fetched = fetch(dataset(&[other, &server]), &place).unwrap();
        assert!(fetched.files.iter().all(|(_, source)| source.as_ref().unwrap().starts_with(&server.url())));
        assert_eq!(files(&place), whole());
    }
}

#[test]
fn a_wrong_file_leaves_nothing() {
    let wrong = Server::start(|_, _| Answer::File(gzip(&[7; LARGE])));
    let place = Folder::new();
    let error = fetch(dataset(&[&wrong]), &place).unwrap_err();
    assert!(error.to_string().contains(": expected sha256 "), "{error}");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn a_server_that_sends_without_end_is_stopped() {
    let endless = Server::start(|_, _| Answer::Whole(content(LARGE + (2 << 20))));
    let place = Folder::new();
    let error = fetch(dataset(&[&endless]), &place).unwrap_err();
    assert!(error.to_string().contains("sends more than the 300000 bytes"), "{error}");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn beginnings_of_another_file_are_forgotten() {
    let server = Server::start(good);
    let place = Folder::new();
    // What an earlier run received from this address, before the file there changed.
    let address = format!("{}large.gz", server.url());
    let name: String = Sha256::digest(address).iter().map(|byte| format!("{byte:02x}")).collect();
    let partial = place.path().join("numbers/partial");
    for stale in [vec![1; 500], vec![1; LARGE + 5000], packed("large")] {
        std::fs::create_dir_all(&partial).unwrap();
        std::fs::write(partial.join(format!("{name}.part")), stale).unwrap();
        fetch(dataset(&[&server]), &place).unwrap();
        assert_eq!(files(&place), whole());
        std::fs::remove_dir_all(place.path().join("numbers")).unwrap();
    }
}

#[test]
fn servers_without_ranges_or_with_other_ones_begin_anew() {
    for other_part in [false, true] {
        let server = Server::start(move |request, number| match (number, other_part) {
            (0, _) => Answer::Cut(packed(&request.path), 1000),
            (1, true) => Answer::OtherPart(packed(&request.path)),
            _ => Answer::Whole(packed(&request.path)),
        });
        let place = Folder::new();
        fetch(dataset(&[&server]), &place).unwrap();
        assert_eq!(server.requests()[1].from, Some(1000));
        assert_eq!(files(&place), whole());
    }
}

/// Asks to stop once something has arrived.
struct StopAfter(Cancel, AtomicUsize);

impl ProgressSink for StopAfter {
    fn stage(&self, _name: &str, _total: f64) {}
    fn progress(&self, done: f64, total: f64) {
        if self.1.fetch_add(1, Ordering::SeqCst) == 1 {
            assert!(done > 0.0 && done < total);
            self.0.cancel();
        }
    }
    fn finish(&self) {}
}

#[test]
fn a_stopped_fetch_goes_on_where_it_was() {
    let (server, place) = (Server::start(good), Folder::new());
    let cancel = Cancel::new();
    let monitor = Monitor::new(Arc::new(StopAfter(cancel.clone(), AtomicUsize::new(0))), cancel);
    let error = fetch_with(dataset(&[&server]), &place, &monitor).unwrap_err();
    assert!(matches!(error, DataError::Interrupted(_)), "{error}");
    let fetched = fetch(dataset(&[&server]), &place).unwrap();
    assert!(server.requests()[1].from.is_some_and(|from| from > 0));
    assert_eq!(std::fs::read(fetched.folder.join("large")).unwrap(), content(LARGE));
}

#[test]
fn addresses_that_are_none_are_refused_before_anything_is_done() {
    for mirror in ["mnist", "ftp://host/", "http://", "https:///x", "http://a b/"] {
        let remote = RemoteDataset::mnist().with_mirrors(vec![mirror.into()]);
        let error = DatasetFetch::new(remote, DatasetCache::at("nowhere")).unwrap_err();
        assert!(matches!(error, DataError::BadMirror { .. }), "{mirror}: {error}");
        assert!(error.hint().unwrap().contains("https://"));
    }
    assert!(!Path::new("nowhere").exists());
}

#[test]
fn without_encryption_public_mirrors_are_refused_with_the_command_that_builds_it() {
    if cfg!(feature = "download") {
        return; // it would ask them
    }
    let place = Folder::new();
    let error = fetch(RemoteDataset::mnist(), &place).unwrap_err();
    assert!(matches!(error, DataError::NoEncryption { .. }), "{error}");
    assert!(
        error.hint().unwrap().starts_with("`cargo run --release --features download -- data fetch mnist`")
    );
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn what_is_there_needs_no_connection() {
    let (server, place) = (Server::start(good), Folder::new());
    fetch(dataset(&[&server]), &place).unwrap();
    let encrypted = dataset(&[]).with_mirrors(vec!["https://127.0.0.1:1/".into()]);
    let again = fetch(encrypted, &place).unwrap();
    assert!(again.files.iter().all(|(_, source)| source.is_none()));
}
