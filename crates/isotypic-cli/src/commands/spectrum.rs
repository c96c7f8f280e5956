//! `isotypic spectrum`: the irreducible representations in a Gram matrix.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use isotypic::SpectrumSettings;
use isotypic::orbit::RowOrder;
use isotypic::report::render_spectrum;

use crate::exit::Failure;
use crate::output;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  isotypic spectrum --gram K.npy --group cyclic:16 --seeds 2 --labels=+1,-1
  isotypic spectrum --gram K.npy --group cyclic:8 --seeds 5 --labels labels.npy --layout pose-major --json

Row (s, g) of the Gram matrix is pose g of seed s.";

/// Arguments of `spectrum`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SpectrumArgs {
    /// A Gram matrix over all poses of all seeds
    #[arg(long, value_name = "K.npy")]
    gram: PathBuf,
    /// The group that the poses come from, such as `cyclic:16`
    #[arg(long, value_name = "SPEC")]
    group: String,
    /// Number of orbits
    #[arg(long, value_name = "S")]
    seeds: usize,
    /// Which of pose and seed runs fastest in the rows
    #[arg(long, default_value = "seed-major")]
    layout: LayoutChoice,
    /// One label per seed, `--labels=+1,-1,…`, or a file
    #[arg(long, value_name = "LIST|FILE", allow_hyphen_values = true)]
    labels: String,
    /// Added to the diagonal of the Gram matrix: X, or rel:X relative to its mean
    #[arg(long, value_name = "X|rel:X", default_value = "rel:1e-10", allow_hyphen_values = true)]
    ridge: String,
}

/// The order of the rows.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum LayoutChoice {
    /// All poses of the first seed, then those of the second: the pose runs fastest
    SeedMajor,
    /// The first pose of all seeds, then the second: the seed runs fastest
    PoseMajor,
}

/// Computes and prints.
pub(crate) fn run(args: SpectrumArgs, session: &Session) -> Result<(), Failure> {
    let settings = SpectrumSettings {
        gram: args.gram,
        group: args.group,
        seeds: args.seeds,
        row_order: args.layout.into(),
        labels: args.labels,
        ridge: args.ridge.parse().map_err(isotypic::Error::Gram)?,
    };
    let report = isotypic::spectrum(&settings)?;
    match session.json {
        true => output::print(&report.to_json()?),
        false => output::print(&render_spectrum(&report, output::width())),
    }
}

impl From<LayoutChoice> for RowOrder {
    fn from(choice: LayoutChoice) -> Self {
        match choice {
            LayoutChoice::SeedMajor => Self::SeedMajor,
            LayoutChoice::PoseMajor => Self::PoseMajor,
        }
    }
}
