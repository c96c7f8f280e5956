//! The default audit as a library call: `cargo run --release -p isotypic --example default_audit`.

#![allow(clippy::print_stdout)] // printing is what the example is for

use isotypic::report::render_terminal;
use isotypic::work::Monitor;
use isotypic::{AuditSettings, audit, plan_audit};

fn main() -> Result<(), isotypic::Error> {
    let settings = AuditSettings::default();
    println!("plan: {}", plan_audit(&settings)?.plan);
    let report = audit(&settings, &Monitor::silent())?;
    println!("{}", render_terminal(&report, 100));
    Ok(())
}
