//! `isotypic data`: the datasets known by name.

use clap::{Args, Subcommand};
use isotypic::data::{CatalogueEntry, DataSource, DatasetCache, DatasetFetch, RemoteDataset, catalogue};
use isotypic::{Error, ErrorKind};
use serde::Serialize;

use crate::exit::{Failure, say};
use crate::output;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  isotypic data list
  isotypic data fetch mnist
  isotypic audit --data mnist --group rotation:16 --pairs 20";

const AFTER_FETCH: &str = "\
Each file comes from the first mirror that gives the right one, told by its SHA-256. What was fetched stays in the
folder `isotypic` among the caches of the user, or in that named by the environment variable ISOTYPIC_CACHE. A fetch
that was stopped or cut goes on where it was.";

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
    /// Fetch a dataset from a public mirror, check it and keep it
    #[command(after_help = AFTER_FETCH)]
    Fetch {
        /// The name
        name: String,
        /// A folder on a web server to fetch from, in place of the public ones; may be repeated
        #[arg(long, value_name = "URL")]
        mirror: Vec<String>,
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
    /// Where its files are, if they are not built in.
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
}

/// Lists or fetches.
pub(crate) fn run(args: &DataArgs, session: &Session) -> Result<(), Failure> {
    match &args.action {
        DataAction::List => list(session, catalogue()),
        DataAction::Fetch { name, mirror } => {
            let Some(entry) = catalogue().iter().find(|entry| entry.name == name) else {
                return Err(unknown(name));
            };
            let Some(remote) = RemoteDataset::named(name) else {
                return match session.json {
                    true => list(session, &[*entry]),
                    false => output::print(&format!("{name}: available, nothing to fetch\n")),
                };
            };
            fetch(entry, remote, mirror, session)
        }
    }
}

/// What is wrong with a name that is not in the catalogue.
fn unknown(name: &str) -> Failure {
    match DataSource::parse(name) {
        Ok(_) => Failure::error(
            format!("`{name}`: a path needs no fetching"),
            "`isotypic data list` lists the names",
        ),
        Err(error) => error.into(),
    }
}

fn fetch(
    entry: &CatalogueEntry,
    remote: RemoteDataset,
    mirrors: &[String],
    session: &Session,
) -> Result<(), Failure> {
    let remote = if mirrors.is_empty() { remote } else { remote.with_mirrors(mirrors.to_vec()) };
    let fetched = DatasetFetch::new(remote, DatasetCache::of_user()?)?.run(&session.monitor);
    session.monitor.finish();
    let fetched = fetched.map_err(|error| {
        let error = Error::from(error);
        if error.kind() == ErrorKind::Interrupted {
            say(&["what has arrived is kept; run the same command to go on"]);
        }
        Failure::from(error)
    })?;
    for (file, source) in &fetched.files {
        match source {
            Some(source) => say(&[&format!("{file}: from {source}")]),
            None => say(&[&format!("{file}: was there")]),
        }
    }
    match session.json {
        true => list(session, &[*entry]),
        false => output::print(&format!("{}: in `{}`\n", entry.name, fetched.folder.display())),
    }
}

fn list(session: &Session, entries: &[CatalogueEntry]) -> Result<(), Failure> {
    if session.json {
        let datasets = entries.iter().map(|entry| Dataset {
            name: entry.name,
            description: entry.description,
            available: entry.is_available(),
            folder: folder(entry),
        });
        return output::print_json(&DataDocument { schema: "isotypic.data/1", datasets: datasets.collect() });
    }
    let longest = entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    let line = |entry: &CatalogueEntry| {
        let state = match RemoteDataset::named(entry.name) {
            Some(_) if entry.is_available() => " (fetched)",
            Some(_) => " (not fetched yet)",
            None => "",
        };
        format!("{:<longest$}  {}{state}\n", entry.name, entry.description)
    };
    output::print(&entries.iter().map(line).collect::<String>())
}

/// Where the files of a dataset are, if it has been fetched.
fn folder(entry: &CatalogueEntry) -> Option<String> {
    let folder = DatasetCache::of_user().ok()?.find(&RemoteDataset::named(entry.name)?)?;
    Some(folder.display().to_string())
}
