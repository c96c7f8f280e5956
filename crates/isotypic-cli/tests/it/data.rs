use std::io::{Read, Write};
use std::net::TcpListener;

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
        assert!(line.contains(dataset["description"].as_str().unwrap()), "{line}");
    }
    assert_eq!(datasets[1]["available"], false);
    assert!(text.lines().nth(1).unwrap().ends_with("(not fetched yet)"));
}

#[test]
fn what_is_built_in_needs_no_fetching() {
    let place = Workplace::empty();
    assert_eq!(place.run("data fetch mini-mnist").stdout(), "mini-mnist: available, nothing to fetch\n");
    assert_eq!(place.json("data fetch mini-mnist")["datasets"][0]["name"], "mini-mnist");
}

#[test]
fn a_path_or_an_unknown_name_is_not_fetched() {
    let place = Workplace::with_images();
    for (name, message) in [("mnits", "unknown dataset `mnits`"), ("images.npz", "a path needs no fetching")]
    {
        let run = place.run(&format!("data fetch {name}"));
        assert_eq!((run.code(), run.stdout()), (2, String::new()));
        assert!(run.stderr().contains(message) && run.stderr().contains("\nhint: "), "{}", run.stderr());
    }
    assert!(!place.path("cache").exists());
}

#[test]
fn a_dataset_that_was_not_fetched_says_how_to_fetch_it() {
    let run = Workplace::empty().run("audit --data mnist");
    assert_eq!((run.code(), run.stdout()), (2, String::new()));
    let expected = "error: dataset `mnist` has not been fetched yet\nhint: `isotypic data fetch mnist` fetches it once; ";
    assert!(run.stderr().starts_with(expected), "{}", run.stderr());
}

#[test]
fn a_mirror_that_lacks_a_file_is_named_and_nothing_stays_behind() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let request = stream.read(&mut [0; 4096]).unwrap();
        stream
            .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .unwrap();
        request
    });
    let place = Workplace::empty();
    let run = place.run(&format!("data fetch mnist --mirror http://{address}/"));
    assert!(server.join().unwrap() > 0);
    assert_eq!((run.code(), run.stdout()), (2, String::new()));
    let expected = format!(
        "error: dataset `mnist`: no mirror gave `train-images-idx3-ubyte`: \
         http://{address}/train-images-idx3-ubyte.gz: HTTP status 404\nhint: the same command goes on"
    );
    assert!(run.stderr().starts_with(&expected), "{}", run.stderr());
    assert_eq!(std::fs::read_dir(place.path("cache")).unwrap().count(), 0);
}

#[test]
fn what_was_fetched_is_read_by_its_name() {
    let place = Workplace::empty();
    std::fs::create_dir_all(place.path("cache/mnist")).unwrap();
    let idx = |sizes: &[u32], data: &[u8]| {
        let mut bytes = vec![0, 0, 8, sizes.len() as u8];
        bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
        bytes.extend(data);
        bytes
    };
    let pixels: Vec<u8> = (0..4 * 36).map(|at| (at * at % 251) as u8).collect();
    for half in ["train", "t10k"] {
        place.write(&format!("cache/mnist/{half}-images-idx3-ubyte"), idx(&[4, 6, 6], &pixels));
        place.write(&format!("cache/mnist/{half}-labels-idx1-ubyte"), idx(&[4], &[1, 7, 1, 7]));
    }
    let document = place.json("audit --data mnist --group rotation:4 --arch mlp --pairs 2");
    assert_eq!(document["results"].as_array().unwrap().len(), 2);
    let listed = place.json("data list");
    assert_eq!(listed["datasets"][1]["available"], true);
    assert!(listed["datasets"][1]["folder"].as_str().unwrap().ends_with("mnist"));
    assert!(place.run("data list").stdout().contains("11 MiB, fetched once (fetched)"));
}
