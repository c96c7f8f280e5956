//! Stages of a test run: run one after another until one fails, timed, skipped where a tool is missing.

use std::env;
use std::time::Instant;

use crate::Failure;
use crate::command::Cargo;

/// Set to `1`, a skipped stage is a failed one.
const REQUIRE_ALL: &str = "ISOTYPIC_REQUIRE_ALL";

/// One step of a test run.
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) command: Cargo,
    /// What must be installed besides the compiler, if anything.
    pub(crate) tool: Option<Tool>,
}

/// Something that not every machine has.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    /// Succeeds when it is there.
    pub(crate) probe: Cargo,
}

/// A stage that was run or skipped.
struct Record {
    name: &'static str,
    outcome: Outcome,
}

enum Outcome {
    Passed { seconds: f64 },
    Skipped { missing: &'static str },
}

/// Runs all stages in order; the first failure ends the run.
pub(crate) fn run_all(stages: &[Stage]) -> Result<(), Failure> {
    let require_all = env::var_os(REQUIRE_ALL).is_some_and(|value| value == "1");
    let mut records = Vec::new();
    for stage in stages {
        let record = run(stage, require_all)?;
        println!("xtask: {}", line(&record));
        records.push(record);
    }
    println!("\n{}", summary(&records));
    Ok(())
}

fn run(stage: &Stage, require_all: bool) -> Result<Record, Failure> {
    let name = stage.name;
    if let Some(tool) = stage.tool.as_ref().filter(|tool| !tool.probe.probe()) {
        return match require_all {
            false => Ok(Record { name, outcome: Outcome::Skipped { missing: tool.name } }),
            true => Err(Failure::Failed(format!(
                "stage `{name}` needs {}, which is not installed, and {REQUIRE_ALL} is set",
                tool.name
            ))),
        };
    }
    println!("xtask: {name}: {}", stage.command);
    let start = Instant::now();
    if !stage.command.run() {
        return Err(Failure::Failed(format!("stage `{name}` failed: {}", stage.command)));
    }
    Ok(Record { name, outcome: Outcome::Passed { seconds: start.elapsed().as_secs_f64() } })
}

fn line(record: &Record) -> String {
    let name = record.name;
    match record.outcome {
        Outcome::Passed { seconds } => format!("{name:<8} {seconds:>7.1} s"),
        Outcome::Skipped { missing } => format!("{name:<8} skipped, {missing} is not installed"),
    }
}

/// All records, then how many passed, how many were skipped and the seconds together.
fn summary(records: &[Record]) -> String {
    let (mut passed, mut seconds, mut text) = (0, 0.0, String::new());
    for record in records {
        if let Outcome::Passed { seconds: own } = record.outcome {
            passed += 1;
            seconds += own;
        }
        text.push_str(&line(record));
        text.push('\n');
    }
    text + &format!("{passed} passed, {} skipped, {seconds:.1} s", records.len() - passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(command: &str, tool: Option<&str>) -> Stage {
        let tool = tool.map(|probe| Tool { name: "a tool", probe: Cargo::new(probe) });
        Stage { name: "some", command: Cargo::new(command), tool }
    }

    fn failure(result: Result<Record, Failure>) -> Option<String> {
        match result {
            Err(Failure::Failed(message)) => Some(message),
            _ => None,
        }
    }

    #[test]
    fn the_summary_counts_what_was_skipped() {
        let records = [
            Record { name: "format", outcome: Outcome::Passed { seconds: 0.26 } },
            Record { name: "lints", outcome: Outcome::Skipped { missing: "clippy" } },
            Record { name: "tests", outcome: Outcome::Passed { seconds: 12.0 } },
        ];
        let expected = "\
format       0.3 s
lints    skipped, clippy is not installed
tests       12.0 s
2 passed, 1 skipped, 12.3 s";
        assert_eq!(summary(&records), expected);
    }

    #[test]
    fn a_failure_names_the_command_line() {
        let message = failure(run(&stage("no-such-subcommand", None), false));
        assert_eq!(message.as_deref(), Some("stage `some` failed: cargo no-such-subcommand"));
    }

    #[test]
    fn a_missing_tool_skips_unless_all_stages_are_required() {
        let stage = stage("--version", Some("no-such-tool"));
        let record = run(&stage, false);
        assert!(matches!(record, Ok(Record { outcome: Outcome::Skipped { missing: "a tool" }, .. })));
        let message = failure(run(&stage, true)).unwrap();
        assert!(message.starts_with("stage `some` needs a tool"), "{message}");
    }
}
