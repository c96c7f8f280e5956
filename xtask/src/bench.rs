//! `cargo xtask bench`: the benches of all crates, found as `crates/*/benches/*.rs`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Failure;
use crate::command::{Cargo, root};

/// A bench target.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Bench {
    package: String,
    name: String,
}

/// Runs the benches with the given names, all if there are none.
pub(crate) fn run(names: &[String]) -> Result<(), Failure> {
    let benches = find(&root());
    if let Some(unknown) = names.iter().find(|name| !benches.iter().any(|bench| bench.name == **name)) {
        let known: Vec<_> = benches.iter().map(|bench| format!("`{}`", bench.name)).collect();
        let hint = match known.is_empty() {
            true => "there are no benches".to_owned(),
            false => format!("benches are {}", known.join(", ")),
        };
        return Err(Failure::Usage(format!("unknown bench `{unknown}`"), hint));
    }
    let chosen = |bench: &&Bench| names.is_empty() || names.contains(&bench.name);
    for bench in benches.iter().filter(chosen) {
        // Of the whole workspace, so that features and builds of the dependencies are those of all other stages.
        let command = Cargo::new(&format!("bench --workspace --bench {}", bench.name));
        println!("xtask: {command}");
        if !command.run() {
            return Err(Failure::Failed(format!("bench `{}` failed: {command}", bench.name)));
        }
    }
    Ok(())
}

/// All benches below the root of a workspace, in alphabetical order. Packages are called as their folders.
fn find(root: &Path) -> Vec<Bench> {
    let mut benches = Vec::new();
    for package in entries(&root.join("crates")) {
        for file in entries(&package.join("benches")) {
            let stem = |path: &Path| Some(path.file_stem()?.to_str()?.to_owned());
            if file.extension().is_some_and(|extension| extension == "rs")
                && let (Some(package), Some(name)) = (stem(&package), stem(&file))
            {
                benches.push(Bench { package, name });
            }
        }
    }
    benches.sort();
    benches
}

/// What is in a folder; nothing if there is none.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn benches_are_found_by_their_files() {
        let root = std::env::temp_dir().join(format!("xtask-benches-{}", std::process::id()));
        for file in ["b/benches/gram.rs", "a/benches/kernel.rs", "a/benches/README.md", "a/src/lib.rs"] {
            let path = root.join("crates").join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = find(&root);
        fs::remove_dir_all(&root).unwrap();
        let bench = |package: &str, name: &str| Bench { package: package.into(), name: name.into() };
        assert_eq!(found, [bench("a", "kernel"), bench("b", "gram")]);
        assert_eq!(find(Path::new("/no/such/folder")), []);
    }
}
