//! The binary as people use it: output, files, exit codes, and what it says about bad input.

#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

mod audit;
mod bad_input;
mod support;
mod verbs;
