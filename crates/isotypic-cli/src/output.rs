//! Standard output: one text or one JSON document.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::exit::Failure;

/// Lines are readable up to this width, and narrower than the other they would break after every word.
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=100;
const WIDTH_OF_FILES: usize = 80;

/// Prints text.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::ClosedOutput),
        Err(error) => {
            Err(Failure::Error { message: format!("cannot write to standard output: {error}"), hint: None })
        }
    }
}

/// Prints a JSON document.
pub(crate) fn print_json(document: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(document)
        .expect("documents of the program have no numbers that JSON lacks");
    print(&(text + "\n"))
}

/// How wide text may be: the terminal's width within reason, 80 when the output is a file or a pipe.
pub(crate) fn width() -> usize {
    if !io::stdout().is_terminal() {
        return WIDTH_OF_FILES;
    }
    let width = terminal_size::terminal_size().map_or(WIDTH_OF_FILES, |(width, _)| usize::from(width.0));
    width.clamp(*WIDTHS.start(), *WIDTHS.end())
}
