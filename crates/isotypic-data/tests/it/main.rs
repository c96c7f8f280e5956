//! What this crate promises about files: good ones give the numbers they hold, bad ones a clear error.

#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

mod array_files;
mod embedded;
mod fetching;
mod idx_files;
mod loopback;
mod support;
