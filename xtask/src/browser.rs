//! `cargo xtask browser`: the page of an audit in a headless Chromium, driven by its WebDriver.

use std::env;
use std::path::PathBuf;

use crate::Failure;
use crate::command::Cargo;

/// Names under which the browser is installed.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const DRIVER: &str = "chromedriver";

/// Says by its exit code whether browser and driver are installed; nothing is printed.
pub(crate) fn probe() -> Result<(), Failure> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let is_there = |name: &str| folders.iter().any(|folder| folder.join(name).is_file());
    match BROWSERS.into_iter().any(is_there) && is_there(DRIVER) {
        true => Ok(()),
        false => Err(Failure::Failed("chromium and chromedriver are not installed".to_owned())),
    }
}

/// Runs the checks, with the features of all other stages, so that what they have compiled is used again.
pub(crate) fn run() -> Result<(), Failure> {
    match Cargo::new("test --release --workspace --test browser").run() {
        true => Ok(()),
        false => Err(Failure::Failed("checks in the browser failed".to_owned())),
    }
}
