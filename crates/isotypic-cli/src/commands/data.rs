//! `isotypic data`: the datasets known by name.

use clap::{Args, Subcommand};
use isotypic::data::{CatalogueEntry, DataSource, catalogue};
use serde::Serialize;

use crate::exit::Failure;
use crate::output;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  isotypic data list
  isotypic audit --data mini-mnist
  isotypic audit --data folder-of-idx-files --split test";

/// Arguments of `data`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DataArgs {
    #[command(subcommand)]
    action: DataAction,
}

#[derive(Debug, Subcommand)]
enum DataAction {
    /// List the names that `--data` takes besides paths
    List,
    /// Make a dataset available
    Fetch {
        /// The name
        name: String,
    },
}

#[derive(Serialize)]
struct DataDocument {
    schema: &'static str,
    datasets: Vec<Dataset>,
}

#[derive(Serialize)]
struct Dataset {
    name: &'static str,
    description: &'static str,
    available: bool,
}

/// Lists or fetches.
pub(crate) fn run(args: &DataArgs, session: &Session) -> Result<(), Failure> {
    match &args.action {
        DataAction::List => list(session, catalogue()),
        DataAction::Fetch { name } => {
            // What cannot be read as it is cannot be fetched either; the error says what to pass instead.
            DataSource::parse(name)?;
            let fetched: Vec<_> = catalogue().iter().filter(|entry| entry.name == name).copied().collect();
            match session.json {
                true => list(session, &fetched),
                false => output::print(&format!("{name}: available, nothing to fetch\n")),
            }
        }
    }
}

fn list(session: &Session, entries: &[CatalogueEntry]) -> Result<(), Failure> {
    if session.json {
        let datasets = entries.iter().map(|entry| Dataset {
            name: entry.name,
            description: entry.description,
            available: entry.available,
        });
        return output::print_json(&DataDocument { schema: "isotypic.data/1", datasets: datasets.collect() });
    }
    let longest = entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    let line = |entry: &CatalogueEntry| format!("{:<longest$}  {}\n", entry.name, entry.description);
    output::print(&entries.iter().map(line).collect::<String>())
}
