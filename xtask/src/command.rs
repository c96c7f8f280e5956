//! A cargo command line that can be run, probed and printed as a person would type it.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// `cargo` with arguments and environment variables, run at the root of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cargo {
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(&'static str, &'static str)>,
}

impl Cargo {
    /// A command line from its words.
    pub(crate) fn new(line: &str) -> Self {
        let arguments = line.split_whitespace().map(str::to_owned).collect();
        Self { arguments, environment: Vec::new() }
    }

    pub(crate) fn with(mut self, variable: &'static str, value: &'static str) -> Self {
        self.environment.push((variable, value));
        self
    }

    /// Runs it with its output shown; whether it succeeded.
    pub(crate) fn run(&self) -> bool {
        self.command().status().is_ok_and(|status| status.success())
    }

    /// Runs it with nothing shown; whether it succeeded.
    pub(crate) fn probe(&self) -> bool {
        let mut command = self.command();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    fn command(&self) -> Command {
        // Cargo tells its subcommands which cargo is running.
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(&self.arguments).envs(self.environment.iter().copied()).current_dir(root());
        command
    }
}

impl fmt::Display for Cargo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (variable, value) in &self.environment {
            write!(f, "{variable}='{value}' ")?;
        }
        write!(f, "cargo {}", self.arguments.join(" "))
    }
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_prints_as_it_would_be_typed() {
        let line = Cargo::new("doc  --no-deps").with("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(line.to_string(), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps");
    }
}
