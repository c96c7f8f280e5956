//! `cargo xtask python`: the Python package in a fresh virtual environment, built as a wheel and tested by pytest.
//!
//! The wheel is built with the profile, the folder and the features of all other stages, so what they have compiled is used again.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Failure;
use crate::command::{Cargo, root};

/// Set to `1`, the tests with PyTorch may not be skipped.
const REQUIRE_ALL: &str = "ISOTYPIC_REQUIRE_ALL";

/// Succeeds where PyTorch is installed and virtual environments can be made.
const TORCH_PROBE: &str = "import torch, venv, ensurepip";

/// The interpreter to use in place of `python3`.
const INTERPRETER: &str = "ISOTYPIC_PYTHON";

/// Succeeds with a Python from 3.10 on that can make virtual environments.
const PROBE: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";

/// Says by its exit code whether there is a suitable Python; nothing is printed.
pub(crate) fn probe() -> Result<(), Failure> {
    match succeeds(&interpreter(), PROBE) {
        true => Ok(()),
        false => Err(Failure::Failed("no Python from 3.10 on with `venv` was found".to_owned())),
    }
}

/// Builds and tests; what it makes is under `target/python`.
pub(crate) fn run() -> Result<(), Failure> {
    let folder = root().join("target").join("python");
    let (environment, wheels) = (folder.join("venv"), folder.join("wheels"));
    remove(&environment)?;
    remove(&wheels)?;
    step(Command::new(interpreter()).args(["-m", "venv"]).arg(&environment))?;
    let python = program(&environment, "python");
    step(&mut pip(&python, &["maturin>=1.9.4,<2"]))?;
    let mut build = Command::new(program(&environment, "maturin"));
    build.args(["build", "--quiet", "--release", "--locked", "--out"]).arg(&wheels);
    step(&mut build)?;
    let wheel = wheel(&wheels)?;
    step(&mut pip(&python, &[&format!("{}[test]", wheel.display())]))?;
    // The program that the package is compared with.
    let binary = root().join("target").join("release").join("isotypic");
    if !binary.exists() && !Cargo::new("build --release --workspace --bins").run() {
        return Err(Failure::Failed("the command line could not be built".to_owned()));
    }
    step(Command::new(&python).args(["-m", "pytest"]).env("ISOTYPIC_CLI", &binary))?;
    step(Command::new(&python).args(["-m", "mypy"]))?;
    // The stub of the compiled module against what it has.
    step(Command::new(&python).args([
        "-m",
        "mypy.stubtest",
        "--ignore-disjoint-bases",
        "isotypic._isotypic",
    ]))?;
    with_torch(&folder.join("venv-torch"), &wheel)
}

/// The tests of what feeds on PyTorch, with the one that the system has: the package index only has builds of gigabytes.
fn with_torch(environment: &Path, wheel: &Path) -> Result<(), Failure> {
    let interpreters = [interpreter(), "/usr/bin/python3".into()];
    let Some(interpreter) = interpreters.iter().find(|interpreter| succeeds(interpreter, TORCH_PROBE)) else {
        if env::var_os(REQUIRE_ALL).is_some_and(|value| value == "1") {
            return Err(Failure::Failed(format!("PyTorch is not installed, and {REQUIRE_ALL} is set")));
        }
        println!("xtask: tests with PyTorch skipped, it is not installed");
        return Ok(());
    };
    remove(environment)?;
    step(Command::new(interpreter).args(["-m", "venv", "--system-site-packages"]).arg(environment))?;
    let python = program(environment, "python");
    step(&mut pip(&python, &[&wheel.display().to_string(), "pytest"]))?;
    step(Command::new(&python).args(["-m", "pytest", "python/tests/test_torch.py"]))
}

fn pip(python: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(python);
    command.args(["-m", "pip", "--disable-pip-version-check", "install", "--quiet"]).args(arguments);
    command
}

fn remove(folder: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(folder) {
        Err(error) if folder.exists() => {
            Err(Failure::Failed(format!("cannot remove `{}`: {error}", folder.display())))
        }
        _ => Ok(()),
    }
}

/// Whether a program of one line succeeds, with nothing shown.
fn succeeds(interpreter: &OsString, program: &str) -> bool {
    let mut command = Command::new(interpreter);
    command.args(["-c", program]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Runs one command at the root of the workspace, its line printed before.
fn step(command: &mut Command) -> Result<(), Failure> {
    let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).collect();
    let line = words.join(&OsString::from(" ")).to_string_lossy().into_owned();
    println!("xtask: {line}");
    match command.current_dir(root()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::Failed(format!("{status}: {line}"))),
        Err(error) => Err(Failure::Failed(format!("{error}: {line}"))),
    }
}

fn interpreter() -> OsString {
    env::var_os(INTERPRETER).unwrap_or_else(|| "python3".into())
}

/// A program of a virtual environment.
fn program(environment: &Path, name: &str) -> PathBuf {
    match cfg!(windows) {
        true => environment.join("Scripts").join(format!("{name}.exe")),
        false => environment.join("bin").join(name),
    }
}

/// The one wheel in a folder.
fn wheel(folder: &Path) -> Result<PathBuf, Failure> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let wheels: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "whl")).collect();
    match wheels.as_slice() {
        [one] => Ok(one.clone()),
        _ => {
            Err(Failure::Failed(format!("`{}`: expected one wheel, got {}", folder.display(), wheels.len())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_wheel_of_a_folder_is_found() {
        let folder = env::temp_dir().join(format!("xtask-wheels-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("notes.txt"), "").unwrap();
        assert!(matches!(wheel(&folder), Err(Failure::Failed(message)) if message.ends_with("got 0")));
        fs::write(folder.join("a.whl"), "").unwrap();
        let found = wheel(&folder).ok();
        fs::write(folder.join("b.whl"), "").unwrap();
        let two = wheel(&folder).err();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found, Some(folder.join("a.whl")));
        assert!(matches!(two, Some(Failure::Failed(message)) if message.ends_with("got 2")));
    }

    #[test]
    fn a_command_that_fails_is_named() {
        let Err(Failure::Failed(message)) = step(&mut Command::new("no-such-program-at-all")) else {
            panic!("it was found");
        };
        assert!(message.ends_with(": no-such-program-at-all"), "{message}");
    }
}
