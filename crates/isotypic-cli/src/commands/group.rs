//! `isotypic group`: what a group looks like.

use clap::Args;
use isotypic::report::render_group;

use crate::exit::Failure;
use crate::output;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  isotypic group octahedral
  isotypic group dihedral:6*cyclic:3 --json
  isotypic group permutation:generators.json
      the file holds {\"generators\": [[1, 2, 0, 3], [0, 1, 3, 2]]}: images of 0, 1, 2, …
  isotypic group table:products.json
      the file holds {\"table\": [[0, 1], [1, 0]]}: row g lists the products g·0, g·1, …";

/// Arguments of `group`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct GroupArgs {
    /// A group or an action, such as `symmetric:4`, `p4m:6` or `rotation:16`
    #[arg(value_name = "SPEC")]
    group: String,
}

/// Computes and prints.
pub(crate) fn run(args: &GroupArgs, session: &Session) -> Result<(), Failure> {
    let report = isotypic::group_facts(&args.group)?;
    match session.json {
        true => output::print(&report.to_json()?),
        false => output::print(&render_group(&report, output::width())),
    }
}
