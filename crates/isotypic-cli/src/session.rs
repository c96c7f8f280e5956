//! What a verb needs besides its arguments: a way to print, to report progress and to be stopped.

use std::io::{IsTerminal, stderr};
use std::sync::Arc;

use isotypic::work::{Cancel, MemoryLimit, Monitor, Plan, TerminalProgress};
use serde::Serialize;

use crate::args::{GlobalOptions, MemoryOptions};
use crate::byte_size::memory_limit;
use crate::exit::{Failure, say};
use crate::output;

/// Plans that take longer are announced also where nobody watches.
const WORTH_ANNOUNCING_SECONDS: f64 = 2.0;

/// One run of the program.
pub(crate) struct Session {
    /// Whether to print JSON.
    pub(crate) json: bool,
    /// Progress on a terminal; stops on SIGINT and SIGTERM.
    pub(crate) monitor: Monitor,
}

impl Session {
    /// Sets up threads, signals and progress.
    pub(crate) fn start(options: &GlobalOptions) -> Result<Self, Failure> {
        if let Some(threads) = options.threads {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into());
            pool.build_global().map_err(|error| Failure::Error {
                message: format!("cannot start {threads} threads: {error}"),
                hint: Some("pass a smaller `--threads`".into()),
            })?;
        }
        let monitor = Monitor::new(Arc::new(TerminalProgress::new()), Cancel::on_signals()?);
        Ok(Self { json: options.json, monitor })
    }

    /// Holds a plan against the memory there is, and announces it. `false`: printing it was all that was asked for.
    pub(crate) fn accepts(&self, plan: &Plan, options: &MemoryOptions) -> Result<bool, Failure> {
        let limit = memory_limit(options.memory_limit.as_deref())?;
        if options.plan {
            self.print_plan(plan, &limit)?;
            plan.check(&limit)?;
            return Ok(false);
        }
        plan.check(&limit)?;
        if plan.seconds > WORTH_ANNOUNCING_SECONDS || stderr().is_terminal() {
            say(&[&format!("plan: {plan}")]);
        }
        Ok(true)
    }

    fn print_plan(&self, plan: &Plan, limit: &MemoryLimit) -> Result<(), Failure> {
        if !self.json {
            return output::print(&format!("{plan}\n"));
        }
        output::print_json(&PlanDocument {
            schema: "isotypic.plan/1",
            entries: plan.entries,
            bytes: plan.bytes,
            seconds: plan.seconds,
            memory_limit: limit.limit(),
        })
    }
}

/// What `--plan --json` prints.
#[derive(Serialize)]
struct PlanDocument {
    schema: &'static str,
    entries: u64,
    bytes: u64,
    seconds: f64,
    memory_limit: Option<u64>,
}
