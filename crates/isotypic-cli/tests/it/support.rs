//! Running the binary, and small inputs for it.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use ndarray::{Array, Array2, Array4, Dimension};
use ndarray_npy::{WritableElement, write_npy};

/// Runs the binary with these arguments in a folder.
pub(crate) fn isotypic(folder: &Path, arguments: &[&str]) -> Output {
    Command::cargo_bin("isotypic").unwrap().current_dir(folder).args(arguments).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs and expects success; gives standard output.
pub(crate) fn succeed(folder: &Path, arguments: &[&str]) -> String {
    let output = isotypic(folder, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Runs and expects exit code 2, one line `error: …` that contains `message`, a line `hint: …`, nothing on standard output and no
/// new file in the folder.
pub(crate) fn refuse(folder: &Path, arguments: &[&str], message: &str) {
    let before = files(folder);
    let output = isotypic(folder, arguments);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
    let errors: Vec<&str> = stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "{arguments:?}: {stderr}");
    assert!(errors[0].contains(message), "{arguments:?}: `{}` does not say `{message}`", errors[0]);
    assert!(stderr.lines().any(|line| line.starts_with("hint: ")), "{arguments:?} has no hint: {stderr}");
    assert!(output.stdout.is_empty(), "{arguments:?} wrote to standard output");
    assert_eq!(files(folder), before, "{arguments:?} left files behind");
}

/// Everything below a folder, sorted.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            all.push(path.display().to_string());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    all.sort();
    all
}

pub(crate) fn save<T: WritableElement, D: Dimension>(folder: &Path, name: &str, array: &Array<T, D>) {
    write_npy(folder.join(name), array).unwrap();
}

/// Twelve images `[12, 6, 6, 1]` of two kinds, and their labels.
pub(crate) fn images() -> (Array4<f64>, Vec<i64>) {
    let images = Array4::from_shape_fn((12, 6, 6, 1), |(i, y, x, _)| {
        let phase = i as f64 * 0.37;
        if i % 2 == 0 { (y as f64 * 0.9 + phase).sin() } else { (x as f64 * 1.7 - y as f64 + phase).cos() }
    });
    (images, (0..12).map(|i| i % 2).collect())
}

/// Saves the images as `x.npy`, with labels as text.
pub(crate) fn save_images(folder: &Path) -> String {
    let (images, labels) = images();
    save(folder, "x.npy", &images);
    labels.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}

/// A Gram matrix `[2·4, 2·4]` that is invariant under a cyclic group of order 4.
pub(crate) fn gram() -> Array2<f64> {
    Array2::from_shape_fn((8, 8), |(i, j)| {
        let (s, g, t, h) = (i / 4, i % 4, j / 4, j % 4);
        let turn = (h + 4 - g) % 4;
        let distance = turn.min(4 - turn) as f64;
        let across = if s == t { 1.0 } else { 0.3 };
        across * (-0.8 * distance).exp() + if i == j { 0.5 } else { 0.0 }
    })
}
