//! `isotypic compare`: two audits side by side.

use std::path::PathBuf;

use clap::Args;
use isotypic::report::{ComparisonReport, render_comparison, render_comparison_page};
use isotypic::work::WorkError;

use super::report::{read_audit, write};
use crate::exit::{Failure, say};
use crate::output;
use crate::page_files;
use crate::session::Session;

/// Name of the page.
const PAGE: &str = "comparison.html";

const EXAMPLES: &str = "\
Examples:
  isotypic compare before/results.json after/results.json
  isotypic compare ntk/results.json nngp/results.json --out comparison --open";

/// Arguments of `compare`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompareArgs {
    /// The `results.json` of one audit
    #[arg(value_name = "A.json")]
    first: PathBuf,
    /// The `results.json` of another
    #[arg(value_name = "B.json")]
    second: PathBuf,
    /// Write comparison.html and comparison.json to this folder; existing ones are replaced
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Show the page in a browser
    #[arg(long, requires = "out")]
    open: bool,
}

/// Reads, compares, writes and prints.
pub(crate) fn run(args: &CompareArgs, session: &Session) -> Result<(), Failure> {
    let (first, second) = (read_audit(&args.first)?, read_audit(&args.second)?);
    let names = [&args.first, &args.second].map(|path| path.display().to_string());
    let comparison = ComparisonReport::of(names, [&first, &second]);
    let json = comparison.to_json()?;
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder)
            .map_err(|cause| WorkError::CannotWrite { path: folder.clone(), cause })?;
        write(&folder.join(PAGE), render_comparison_page(&comparison)?.as_bytes())?;
        write(&folder.join("comparison.json"), json.as_bytes())?;
        say(&[&format!("wrote {PAGE} and comparison.json to `{}`", folder.display())]);
    }
    match session.json {
        true => output::print(&json)?,
        false => output::print(&render_comparison(&comparison, output::width()))?,
    }
    match &args.out {
        Some(folder) if args.open => page_files::open(&folder.join(PAGE)),
        _ => Ok(()),
    }
}
