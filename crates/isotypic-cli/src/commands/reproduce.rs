//! `isotypic reproduce`: the figures of the paper, made again.

use std::path::PathBuf;

use clap::Args;
use isotypic::report::{render_reproduction, render_reproduction_page};
use isotypic::work::{OutputDirectory, WorkError};
use isotypic::{ErrorKind, PaperFigure, ReproductionSettings, paper_figures, reproduce};
use serde::Serialize;

use crate::exit::{Failure, say};
use crate::output;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  isotypic reproduce list
  isotypic reproduce all --quick --out figures
      all figures at smaller counts, in a quarter of an hour on two cores
  isotypic reproduce mlp cnn-shifts --data mnist --out figures
      two figures with the paper's counts; stopped, the same command goes on

DIR/README.md shows every figure beside what the paper states, DIR/figures holds the pictures, DIR/results.json the
numbers. The verdict, reproduced or differs, follows from the expectations and tolerances that stand there.";

/// The name that lists figures in place of making some.
const LIST: &str = "list";

/// The page in the output folder.
const PAGE: &str = "README.md";

/// The folder in the output folder in which finished units of work wait for the others.
const UNITS: &str = "units";

/// The folder of pictures in the output folder.
const FIGURES: &str = "figures";

/// Arguments of `reproduce`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReproduceArgs {
    /// Names of figures, `all`, or `list` to show the names
    #[arg(value_name = "FIGURE", required = true)]
    figures: Vec<String>,
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Fewer pairs and poses than the paper; each figure says so
    #[arg(long)]
    quick: bool,
    /// A dataset by name or path [default: mnist if it was fetched, else mini-mnist; with --quick mini-mnist]
    #[arg(long, value_name = "NAME|PATH")]
    data: Option<String>,
    /// Pairs of digits at each number of poses [default: 512; with --quick 48]
    #[arg(long, value_name = "K")]
    pairs: Option<usize>,
    /// The largest number of poses [default: 64; with --quick 16]
    #[arg(long, value_name = "N")]
    largest_poses: Option<usize>,
    /// Replace results in the folder
    #[arg(long, requires = "out")]
    force: bool,
}

/// Lists figures, or makes them and writes page, pictures and numbers.
pub(crate) fn run(args: ReproduceArgs, session: &Session) -> Result<(), Failure> {
    if args.figures.iter().any(|name| name == LIST) {
        if args.figures.len() > 1 {
            return Err(Failure::error("`list` stands alone", "leave out the other names, or `list`"));
        }
        return list(session);
    }
    let Some(out) = args.out else {
        return Err(Failure::error(
            "figures need a folder to be written to",
            format!("`isotypic reproduce {} --out figures`", args.figures.join(" ")),
        ));
    };
    paper_figures(&args.figures)?;
    let settings = ReproductionSettings {
        figures: args.figures,
        is_quick: args.quick,
        data: args.data,
        pairs: args.pairs,
        largest_poses: args.largest_poses,
        units: Some(out.join(UNITS)),
    };
    let mut directory = OutputDirectory::create(&out, args.force)?;
    let made = reproduce(&settings, &session.monitor);
    session.monitor.finish();
    let made = made.inspect_err(|error| {
        let has_units = std::fs::read_dir(out.join(UNITS)).is_ok_and(|mut units| units.next().is_some());
        match has_units && error.kind() == ErrorKind::Interrupted {
            true => say(&["what is finished is kept; run the same command to go on"]),
            // An empty folder of units would keep the output folder, which was made for this run.
            false => drop(std::fs::remove_dir(out.join(UNITS))),
        }
    })?;
    directory.replace_earlier(FIGURES, is_picture)?;
    for picture in &made.pictures {
        directory.write(&format!("{FIGURES}/{}", picture.file), picture.standalone().as_bytes())?;
    }
    directory.write(PAGE, render_reproduction_page(&made.report).as_bytes())?;
    let json = made.report.to_json()?;
    directory.finish(json.as_bytes())?;
    let units = out.join(UNITS);
    if units.is_dir() {
        std::fs::remove_dir_all(&units).map_err(|cause| WorkError::CannotWrite { path: units, cause })?;
    }
    say(&[&format!(
        "wrote {PAGE}, {} pictures and results.json to `{}`",
        made.pictures.len(),
        out.display()
    )]);
    match session.json {
        true => output::print(&json),
        false => output::print(&render_reproduction(&made.report, output::width())),
    }
}

/// Whether a name is one that pictures of some figure have.
fn is_picture(name: &str) -> bool {
    let of_figure = |figure: &PaperFigure| {
        name.strip_prefix(figure.name).is_some_and(|rest| rest.starts_with('-') && rest.ends_with(".svg"))
    };
    PaperFigure::all().iter().any(of_figure)
}

#[derive(Serialize)]
struct ListDocument {
    schema: &'static str,
    figures: Vec<ListedFigure>,
}

#[derive(Serialize)]
struct ListedFigure {
    name: &'static str,
    title: &'static str,
    paper: &'static str,
    /// Whether it takes a program that was built with the cargo feature `train`.
    trained: bool,
}

fn list(session: &Session) -> Result<(), Failure> {
    let figures = PaperFigure::all();
    if session.json {
        let listed = figures.iter().map(|figure| ListedFigure {
            name: figure.name,
            title: figure.title,
            paper: figure.paper,
            trained: figure.is_trained(),
        });
        let document = ListDocument { schema: "isotypic.reproduction-list/1", figures: listed.collect() };
        return output::print_json(&document);
    }
    let longest = figures.iter().map(|figure| figure.name.len()).max().unwrap_or(0);
    let line = |figure: &PaperFigure| {
        let needs = match figure.is_trained() && !cfg!(feature = "train") {
            true => ": `cargo run --release --features train -- reproduce …`",
            false => "",
        };
        format!("{:<longest$}  {}{needs}\n", figure.name, figure.title)
    };
    output::print(&figures.iter().map(line).collect::<String>())
}
