//! One file per verb: arguments become settings of the library, findings become files and text.

pub(crate) mod audit;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod data;
mod fail_above;
pub(crate) mod group;
pub(crate) mod kernel;
pub(crate) mod orbit;
pub(crate) mod report;
pub(crate) mod reproduce;
pub(crate) mod spectrum;
pub(crate) mod train;
mod trained_audit;

use crate::args::Command;
use crate::exit::Failure;
use crate::session::Session;

/// Runs a verb.
pub(crate) fn run(command: Command, session: &Session) -> Result<(), Failure> {
    match command {
        Command::Audit(args) => audit::run(*args, session),
        Command::Kernel(args) => kernel::run(args, session),
        Command::Spectrum(args) => spectrum::run(args, session),
        Command::Orbit(args) => orbit::run(args, session),
        Command::Group(args) => group::run(&args, session),
        Command::Report(args) => report::run(&args, session),
        Command::Compare(args) => compare::run(&args, session),
        Command::Train(args) => train::run(args, session),
        Command::Reproduce(args) => reproduce::run(args, session),
        Command::Data(args) => data::run(&args, session),
        Command::Completions(args) => completions::run(&args, session),
    }
}
