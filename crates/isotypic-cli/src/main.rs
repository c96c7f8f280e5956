//! The program `isotypic`: will your network learn that symmetry?
//!
//! Data goes to standard output, progress and messages to standard error. Exit codes: 0 success, 1 a check that was
//! asked for failed, 2 an error, 130 interrupted. Everything that counts is done by the library `isotypic`; here
//! command lines become its settings, and its findings files and text.

mod args;
mod byte_size;
mod commands;
mod exit;
mod output;
mod output_file;
mod page_files;
mod pairs_file;
mod session;

use std::process::ExitCode;

use clap::Parser;

use args::Cli;
use exit::Failure;
use session::Session;

/// Training makes and drops many tensors: with this allocator networks train up to a third faster.
#[cfg(feature = "train")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run() -> Result<(), Failure> {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    let session = Session::start(&cli.global)?;
    commands::run(cli.command, &session)
}
