//! `cargo xtask`: tests and benches of the workspace. Needs only Rust.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people at a terminal")]

mod bench;
mod browser;
mod command;
mod python;
mod stage;
mod test;

use std::process::ExitCode;

const HELP: &str = "\
Tests and benches of the workspace.

Usage: cargo xtask <VERB>

  test [--quick]   format, lints, docs, all tests, a fuzzer, the page in a browser, finite networks and the Python package; --quick leaves out docs and the last three
  python           build the Python package as a wheel and test it in a fresh virtual environment
  browser          test the page of an audit in a headless Chromium
  bench [NAME…]    run all benches, or those named
  help             print this

Python is `python3`, or ISOTYPIC_PYTHON if that is set.
Stages whose tools are not installed are skipped and counted. With ISOTYPIC_REQUIRE_ALL=1 a skip fails.
The fuzzer runs for ISOTYPIC_FUZZ_SECONDS seconds, 5 if that is not set.
Exit codes: 0 success, 1 a stage failed, 2 the command line is wrong.";

/// Why a verb did not succeed.
enum Failure {
    /// Something that was run failed, or was skipped where that is not allowed.
    Failed(String),
    /// The command line makes no sense; the second string is a hint.
    Usage(String, String),
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Failed(message)) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
        Err(Failure::Usage(message, hint)) => {
            eprintln!("error: {message}");
            eprintln!("hint: {hint}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Failure> {
    let usage = |message| Err(Failure::Usage(message, "`cargo xtask help` lists what there is".to_owned()));
    let Some((verb, rest)) = arguments.split_first() else {
        return usage("no verb given".to_owned());
    };
    match (verb.as_str(), rest) {
        ("test", []) => test::run(false),
        ("test", [flag]) if flag == "--quick" => test::run(true),
        ("test", _) => usage(format!("`test` takes only `--quick`, got `{}`", rest.join(" "))),
        ("python", []) => python::run(),
        // What the stage of that name asks before it starts.
        ("python", [flag]) if flag == "--probe" => python::probe(),
        ("python", _) => usage(format!("`python` takes nothing, got `{}`", rest.join(" "))),
        ("browser", []) => browser::run(),
        // What the stage of that name asks before it starts.
        ("browser", [flag]) if flag == "--probe" => browser::probe(),
        ("browser", _) => usage(format!("`browser` takes nothing, got `{}`", rest.join(" "))),
        ("bench", names) => bench::run(names),
        ("help" | "--help" | "-h", _) => {
            println!("{HELP}");
            Ok(())
        }
        _ => usage(format!("unknown verb `{verb}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage_error(arguments: &[&str]) -> String {
        let arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
        match run(&arguments) {
            Err(Failure::Usage(message, _)) => message,
            _ => panic!("{arguments:?} was accepted"),
        }
    }

    #[test]
    fn wrong_command_lines_are_told_from_failures() {
        assert_eq!(usage_error(&[]), "no verb given");
        assert_eq!(usage_error(&["tset"]), "unknown verb `tset`");
        assert_eq!(usage_error(&["test", "--fast"]), "`test` takes only `--quick`, got `--fast`");
        let unknown = usage_error(&["bench", "no-such-bench"]);
        assert_eq!(unknown, "unknown bench `no-such-bench`");
    }
}
