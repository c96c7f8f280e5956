//! How the program ends: exit codes, and the lines `error:` and `hint:` on standard error.

use std::io::{self, Write};
use std::process::ExitCode;

use isotypic::ErrorKind;
use isotypic::work::INTERRUPTED_EXIT_CODE;

use crate::output;

const CHECK_FAILED: u8 = 1;
const ERROR: u8 = 2;

/// Why the program does not simply succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A check that the user asked for failed.
    Check { message: String },
    /// Something cannot be done.
    Error { message: String, hint: Option<String> },
    /// The user stopped the computation.
    Interrupted { message: String },
    /// Nobody reads standard output any more, which is their right.
    ClosedOutput,
}

impl Failure {
    /// An error that something can be done about.
    pub(crate) fn error(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Error { message: message.into(), hint: Some(hint.into()) }
    }

    /// Says on standard error what happened; returns the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        match self {
            Self::Check { message } => say(&[message]),
            Self::Error { message, hint: None } => say(&[&format!("error: {message}")]),
            Self::Error { message, hint: Some(hint) } => {
                say(&[&format!("error: {message}"), &format!("hint: {hint}")]);
            }
            Self::Interrupted { message } => say(&[message]),
            Self::ClosedOutput => {}
        }
        match self {
            Self::Check { .. } => ExitCode::from(CHECK_FAILED),
            Self::Error { .. } => ExitCode::from(ERROR),
            Self::Interrupted { .. } => ExitCode::from(INTERRUPTED_EXIT_CODE as u8),
            Self::ClosedOutput => ExitCode::SUCCESS,
        }
    }
}

impl<E: Into<isotypic::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let message = error.to_string();
        match error.kind() {
            ErrorKind::Interrupted => Self::Interrupted { message },
            _ => Self::Error { message, hint: error.hint() },
        }
    }
}

/// Lines on standard error. When that is closed nobody can be told so.
pub(crate) fn say(lines: &[&str]) {
    let mut stderr = io::stderr().lock();
    for line in lines {
        let _ = writeln!(stderr, "{line}");
    }
}

/// What to do when clap returns no arguments: print the help asked for, or say what is wrong with the command line.
pub(crate) fn usage(error: &clap::Error) -> Result<(), Failure> {
    let text = error.render().to_string();
    if !error.use_stderr() {
        return output::print(&text);
    }
    if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Err(Failure::error("`isotypic` requires a subcommand", "`isotypic help` lists the verbs"));
    }
    let (message, hint) = message_and_hint(&text);
    Err(Failure::error(
        message,
        hint.unwrap_or_else(|| "`isotypic --help` and `isotypic help VERB` list what there is".into()),
    ))
}

/// The first paragraph of clap's message as one line, and its first tip.
fn message_and_hint(text: &str) -> (String, Option<String>) {
    let mut paragraphs = text.split("\n\n");
    let one_line = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let first = one_line(paragraphs.next().unwrap_or_default());
    let message = first.strip_prefix("error: ").unwrap_or(&first).to_owned();
    let tip = paragraphs.find_map(|paragraph| {
        let tip = paragraph.trim_start().lines().next()?.strip_prefix("tip: ")?;
        Some(one_line(tip))
    });
    (message, tip)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Cli;

    fn usage_of(line: &str) -> (String, Option<String>) {
        let error = Cli::try_parse_from(line.split_whitespace()).unwrap_err();
        message_and_hint(&error.render().to_string())
    }

    #[test]
    fn an_unknown_option_comes_with_the_near_one() {
        let (message, hint) = usage_of("isotypic audit --arhc mlp");
        assert_eq!(message, "unexpected argument '--arhc' found");
        assert_eq!(hint.as_deref(), Some("a similar argument exists: '--arch'"));
    }

    #[test]
    fn possible_values_are_part_of_the_message() {
        let (message, _) = usage_of("isotypic audit --kernel foo");
        assert_eq!(message, "invalid value 'foo' for '--kernel <KERNEL>' [possible values: ntk, nngp]");
    }

    #[test]
    fn missing_options_stand_on_the_same_line() {
        let (message, hint) = usage_of("isotypic kernel --x x.npy");
        assert_eq!(
            message,
            "the following required arguments were not provided: --arch <NAME|FILE> --out <K.npy>"
        );
        assert_eq!(hint, None);
    }

    #[test]
    fn errors_of_the_library_keep_their_hint() {
        let error = "anything".parse::<isotypic::KernelKind>().unwrap_err();
        let hint = error.hint();
        match Failure::from(error) {
            Failure::Error { hint: kept, .. } => assert_eq!(kept, hint),
            other => panic!("{other:?}"),
        }
    }
}
