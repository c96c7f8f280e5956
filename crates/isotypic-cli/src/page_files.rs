//! The files of a page, and a browser to look at them.

use std::path::Path;

use isotypic::report::Page;
use isotypic::work::OutputDirectory;

use crate::exit::Failure;

/// Name of the page beside `results.json`.
pub(crate) const PAGE: &str = "report.html";

/// The folder of figures beside it.
const FIGURES: &str = "figures";

/// The names and contents of a page and its figures.
pub(crate) fn files(page: &Page) -> impl Iterator<Item = (String, Vec<u8>)> {
    let figures = page
        .figures
        .iter()
        .map(|figure| (format!("{FIGURES}/{}", figure.file), figure.standalone().into_bytes()));
    std::iter::once((PAGE.to_owned(), page.html.clone().into_bytes())).chain(figures)
}

/// Whether a name is one that figures have: `q1-errors.svg`.
fn is_figure(name: &str) -> bool {
    let Some((question, kind)) = name.strip_prefix('q').and_then(|rest| rest.split_once('-')) else {
        return false;
    };
    !question.is_empty() && question.bytes().all(|byte| byte.is_ascii_digit()) && kind.ends_with(".svg")
}

/// Keeps them for the end of a run, in place of the figures of an earlier one.
pub(crate) fn stage(directory: &mut OutputDirectory, page: &Page) -> Result<(), Failure> {
    directory.replace_earlier(FIGURES, is_figure)?;
    for (name, content) in files(page) {
        directory.write(&name, &content)?;
    }
    Ok(())
}

/// Opens a page in the browser of the desktop.
pub(crate) fn open(path: &Path) -> Result<(), Failure> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    open::that_detached(&absolute).map_err(|cause| {
        Failure::error(
            format!("`{}`: no browser could be started: {cause}", path.display()),
            "open the file by hand; it needs nothing else",
        )
    })
}
