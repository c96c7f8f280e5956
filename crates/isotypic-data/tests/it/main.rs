//! What this crate promises about files: good ones give the numbers they hold, bad ones a clear error.

mod array_files;
mod embedded;
mod idx_files;
mod support;
