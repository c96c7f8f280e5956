//! Bad input gets one clear error and a hint, and nothing is written.

use std::io::Write;
use std::path::Path;

use ndarray::{Array2, Array3, Array4};

use crate::support::{gram, images, refuse, save, save_images};

fn audit<'a>(more: &[&'a str]) -> Vec<&'a str> {
    ["audit", "--out", "results"].into_iter().chain(more.iter().copied()).collect()
}

/// IDX files of `images` images of 4 × 4 pixels and `labels` labels, under the names of the training set.
fn idx(folder: &Path, images: u32, labels: u32, pixels: usize) {
    std::fs::create_dir_all(folder).unwrap();
    let mut bytes = Vec::new();
    for word in [0x0000_0803_u32, images, 4, 4] {
        bytes.extend(word.to_be_bytes());
    }
    bytes.extend((0..pixels).map(|i| (i * 37 % 251) as u8));
    std::fs::File::create(folder.join("train-images-idx3-ubyte")).unwrap().write_all(&bytes).unwrap();
    let mut bytes = Vec::new();
    for word in [0x0000_0801_u32, labels] {
        bytes.extend(word.to_be_bytes());
    }
    bytes.extend((0..labels).map(|i| (i % 2) as u8));
    std::fs::File::create(folder.join("train-labels-idx1-ubyte")).unwrap().write_all(&bytes).unwrap();
}

#[test]
fn files_that_are_not_what_they_should_be() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    idx(&at("truncated"), 6, 6, 5 * 16 + 3);
    idx(&at("counts"), 6, 5, 6 * 16);
    idx(&at("magic"), 6, 6, 6 * 16);
    std::fs::write(at("magic").join("train-images-idx3-ubyte"), [0, 0, 8, 9, 0, 0, 0, 6]).unwrap();
    idx(&at("foreign"), 6, 6, 6 * 16);
    std::fs::write(at("foreign").join("train-images-idx3-ubyte"), "these are not images at all").unwrap();
    std::fs::create_dir(at("empty")).unwrap();
    let question = ["--group=rotation:2", "--arch=mlp"];
    for (data, message) in [
        ("truncated", "train-images-idx3-ubyte"),
        ("counts", "6 images, but 5 labels"),
        ("magic", "train-images-idx3-ubyte"),
        ("foreign", "train-images-idx3-ubyte"),
        ("empty", "empty"),
        ("no-such-folder", "no-such-folder"),
        ("mini-mnits", "mini-mnits"),
    ] {
        refuse(folder.path(), &audit(&[&["--data", data], &question[..]].concat()), message);
    }
}

#[test]
fn pixels_that_are_no_numbers_or_all_equal() {
    let folder = tempfile::tempdir().unwrap();
    let labels = format!("--labels={}", save_images(folder.path()));
    let (good, _) = images();
    let save_with = |name: &str, change: &dyn Fn(&mut Array4<f64>)| {
        let mut images = good.clone();
        change(&mut images);
        save(folder.path(), name, &images);
    };
    save_with("nan.npy", &|images| images[[2, 1, 3, 0]] = f64::NAN);
    save_with("inf.npy", &|images| images[[4, 0, 0, 0]] = f64::INFINITY);
    save_with("flat.npy", &|images| images.index_axis_mut(ndarray::Axis(0), 3).fill(0.25));
    let question = ["--group=rotation:2", "--arch=mlp", "--pairs=36"];
    for (file, message) in [("nan.npy", "2"), ("inf.npy", "4"), ("flat.npy", "image 3")] {
        refuse(folder.path(), &audit(&[&["--data", file, &labels], &question[..]].concat()), message);
    }
}

#[test]
fn pairs_and_labels_that_do_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("same.csv", "a,b\n0,0\n");
    write("range.csv", "a,b\n0,100000\n");
    write("header.csv", "x,y\n0,1\n");
    write("words.csv", "a,b\n0,one\n");
    for (file, message) in [
        ("same.csv", "same class"),
        ("range.csv", "out of range"),
        ("header.csv", "a,b"),
        ("words.csv", "one"),
        ("none.csv", "none.csv"),
    ] {
        refuse(folder.path(), &audit(&["--group=rotation:2", "--arch=mlp", "--pairs", file]), message);
    }
    save(folder.path(), "f.npy", &Array3::<f64>::from_elem((3, 4, 2), 0.5));
    refuse(folder.path(), &audit(&["--features", "f.npy"]), "labels");
    refuse(folder.path(), &audit(&["--features", "f.npy", "--labels=1,2"]), "3 seeds, but 2 labels");
    refuse(folder.path(), &audit(&["--features", "f.npy", "--labels=1,2,1", "--group=cyclic:5"]), "poses");
    save(folder.path(), "flat.npy", &Array2::<f64>::zeros((3, 4)));
    refuse(folder.path(), &audit(&["--features", "flat.npy", "--labels=1,2,1"]), "flat.npy");
}

#[test]
fn groups_that_do_not_exist_or_do_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    for (group, message) in [
        ("rotatoin:8", "rotatoin"),
        ("translation-x:5", "5"),
        ("rotation:0", "rotation:0"),
        ("rotation:x", "rotation:x"),
        ("dihedral:4", "dihedral"),
        ("rotation:4*translation:28x28", "rotation:4*translation:28x28"),
    ] {
        refuse(folder.path(), &audit(&["--group", group, "--arch=mlp"]), message);
    }
    for hold_out in ["pose:9", "arc:90", "pole:1", "missing.json"] {
        refuse(
            folder.path(),
            &audit(&["--group=rotation:4", "--arch=mlp", "--hold-out", hold_out]),
            "hold-out",
        );
    }
}

#[test]
fn architectures_that_do_not_exist_or_do_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("filter.json", r#"{"layers": ["relu", {"dense": {}}]}"#);
    write("large.json", r#"{"layers": [{"conv": {"filter": [40, 3]}}, "relu", "flatten", {"dense": {}}]}"#);
    write("pool.json", r#"{"layers": [{"max_pool": {"window": [2, 2]}}]}"#);
    write("open.json", r#"{"layers": [{"conv": {"filter": [3, 3]}}]}"#);
    write("broken.json", r#"{"layers": ["#);
    for (arch, message) in [
        ("mpl", "mpl"),
        ("mlp:0", "mlp:0"),
        ("rbf:-2", "rbf:-2"),
        ("filter.json", "layer 1"),
        ("large.json", "layer 1"),
        ("pool.json", "max_pool"),
        ("open.json", "open.json"),
        ("broken.json", "broken.json"),
        ("missing.toml", "missing.toml"),
    ] {
        refuse(folder.path(), &audit(&["--group=rotation:2", "--arch", arch]), message);
    }
}

#[test]
fn gram_matrices_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut lopsided = gram();
    lopsided[[0, 5]] += 0.1;
    save(folder.path(), "lopsided.npy", &lopsided);
    save(folder.path(), "oblong.npy", &Array2::<f64>::ones((8, 7)));
    save(folder.path(), "k.npy", &gram());
    for (file, group, message) in [
        ("lopsided.npy", "cyclic:4", "symmetric"),
        ("oblong.npy", "cyclic:4", "square"),
        ("k.npy", "cyclic:3", "8"),
    ] {
        let group = format!("--group={group}");
        refuse(folder.path(), &audit(&["--gram", file, "--labels=+1,-1", &group]), message);
        refuse(folder.path(), &["spectrum", "--gram", file, "--labels=+1,-1", "--seeds=2", &group], message);
    }
}

#[test]
fn outputs_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    save_images(folder.path());
    std::fs::write(folder.path().join("file"), "in the way").unwrap();
    refuse(
        folder.path(),
        &["audit", "--group=rotation:2", "--arch=mlp", "--pairs=1", "--out", "file"],
        "file",
    );
    refuse(
        folder.path(),
        &["audit", "--group=rotation:2", "--arch=mlp", "--pairs=1", "--out", "file/below"],
        "file",
    );
    refuse(
        folder.path(),
        &["kernel", "--arch=mlp", "--x=x.npy", "--out", "no/such/folder/k.npy"],
        "no/such/folder",
    );
    refuse(folder.path(), &["kernel", "--arch=mlp", "--x=missing.npy", "--out=k.npy"], "missing.npy");
    refuse(folder.path(), &["kernel", "--arch=mlp", "--x=x.npy", "--dtype=f32", "--out=k.npy"], "f32");
}

#[test]
fn command_lines_that_make_no_sense() {
    let folder = tempfile::tempdir().unwrap();
    refuse(folder.path(), &["adit"], "adit");
    refuse(folder.path(), &audit(&["--no-such-option"]), "--no-such-option");
    refuse(folder.path(), &audit(&["--ridge", "big", "--group=rotation:2"]), "big");
    refuse(folder.path(), &audit(&["--ridge=-1", "--group=rotation:2", "--arch=mlp"]), "-1");
    refuse(folder.path(), &audit(&["--pairs=0", "--group=rotation:2", "--arch=mlp"]), "0");
    refuse(folder.path(), &audit(&["--fail-above=nan", "--group=rotation:2", "--arch=mlp"]), "NaN");
}
