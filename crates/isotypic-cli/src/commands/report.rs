//! `isotypic report`: the page of an audit again, from its saved results.

use std::path::{Path, PathBuf};

use clap::Args;
use isotypic::report::{AuditReport, render_page};
use isotypic::work::{WorkError, write_atomically};
use serde::Serialize;

use crate::exit::{Failure, say};
use crate::output;
use crate::page_files::{self, PAGE};
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  isotypic report results/results.json
      writes results/report.html and results/figures
  isotypic report results/results.json --out page --open
      writes page/report.html and shows it";

/// Arguments of `report`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReportArgs {
    /// The `results.json` of an audit
    #[arg(value_name = "RESULTS.json")]
    results: PathBuf,
    /// The folder to write to; existing files of the same names are replaced [default: that of the results]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Show the page in a browser
    #[arg(long)]
    open: bool,
}

#[derive(Serialize)]
struct ReportDocument {
    schema: &'static str,
    page: String,
    figures: Vec<String>,
}

/// Reads, makes the page, writes.
pub(crate) fn run(args: &ReportArgs, session: &Session) -> Result<(), Failure> {
    let page = render_page(&read_audit(&args.results)?)?;
    let folder = args.out.clone().unwrap_or_else(|| {
        let parent = args.results.parent().unwrap_or(Path::new(""));
        if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent.to_owned() }
    });
    let figures = folder.join("figures");
    for path in [&folder, &figures] {
        std::fs::create_dir_all(path)
            .map_err(|cause| WorkError::CannotWrite { path: path.clone(), cause })?;
    }
    // The page last: it is whole or as it was.
    let mut files: Vec<(String, Vec<u8>)> = page_files::files(&page).collect();
    files.rotate_left(1);
    for (name, content) in &files {
        write(&folder.join(name), content)?;
    }
    let place = folder.join(PAGE);
    match session.json {
        true => output::print_json(&ReportDocument {
            schema: "isotypic.page/1",
            page: place.display().to_string(),
            figures: page.figures.iter().map(|figure| format!("figures/{}", figure.file)).collect(),
        })?,
        false => say(&[&format!("wrote `{}` and {} figures", place.display(), page.figures.len())]),
    }
    if args.open { page_files::open(&place) } else { Ok(()) }
}

/// An audit from its results.
pub(super) fn read_audit(path: &Path) -> Result<AuditReport, Failure> {
    let text = std::fs::read_to_string(path).map_err(|cause| Failure::Error {
        message: format!("`{}`: cannot be read: {cause}", path.display()),
        hint: Some("give the `results.json` that `isotypic audit --out DIR` wrote".into()),
    })?;
    AuditReport::from_json(&text).map_err(|error| {
        let hint = error.hint().unwrap_or_else(|| "give the `results.json` of an audit".into());
        Failure::error(format!("`{}`: {error}", path.display()), hint)
    })
}

/// Writes one file whole or not at all.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    write_atomically(path, |file| std::io::Write::write_all(file, content))?;
    Ok(())
}
