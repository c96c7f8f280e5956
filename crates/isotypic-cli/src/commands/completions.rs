//! `isotypic completions`: a script for a shell.

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use serde::Serialize;

use crate::args::Cli;
use crate::exit::Failure;
use crate::output;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  isotypic completions bash > ~/.local/share/bash-completion/completions/isotypic
  isotypic completions fish > ~/.config/fish/completions/isotypic.fish";

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

#[derive(Serialize)]
struct CompletionsDocument {
    schema: &'static str,
    shell: String,
    script: String,
}

/// Prints the script.
pub(crate) fn run(args: &CompletionsArgs, session: &Session) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "isotypic", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    if !session.json {
        return output::print(&script);
    }
    let shell = args.shell.to_string();
    output::print_json(&CompletionsDocument { schema: "isotypic.completions/1", shell, script })
}
