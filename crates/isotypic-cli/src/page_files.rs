//! The files of a page, and a browser to look at them.

use std::path::Path;

use isotypic::report::Page;
use isotypic::work::OutputDirectory;

use crate::exit::Failure;

/// Name of the page beside `results.json`.
pub(crate) const PAGE: &str = "report.html";

/// The names and contents of a page and its figures.
pub(crate) fn files(page: &Page) -> impl Iterator<Item = (String, Vec<u8>)> {
    let figures = page
        .figures
        .iter()
        .map(|figure| (format!("figures/{}", figure.file), figure.standalone().into_bytes()));
    std::iter::once((PAGE.to_owned(), page.html.clone().into_bytes())).chain(figures)
}

/// Keeps them for the end of a run.
pub(crate) fn stage(directory: &mut OutputDirectory, page: &Page) -> Result<(), Failure> {
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
