//! What stays on disk, what is refused, and what stops a computation.

#![allow(clippy::unwrap_used)]

mod atomic;
mod memory_limit;
mod output_directory;
mod signals;
mod unit_store;

use std::path::Path;

/// The names of everything in a folder, hidden files included, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
