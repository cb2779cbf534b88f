//! The only place that writes: data to standard output, words for people to standard error.
#![expect(clippy::print_stderr, reason = "this is the door to the terminal")]

use std::io::{IsTerminal, Write, stderr, stdout};

use brunt_notebook::{Format, Layout};

/// Prints data; the text has its own line breaks. Returns false where the reader has gone (`| head`).
pub(crate) fn print(text: &str) -> bool {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok()
}

/// Whether standard output is a terminal.
pub(crate) fn is_terminal() -> bool {
    stdout().is_terminal()
}

/// Prints a line for people.
pub(crate) fn tell(line: &str) {
    eprintln!("{line}");
}

/// Shows progress in place on a terminal; elsewhere nothing, since each step's result is told anyway.
pub(crate) fn tell_progress(line: &str) {
    if stderr().is_terminal() {
        eprint!("\r\x1b[2K{line}");
        let _ = stderr().flush();
    }
}

/// Takes the progress line away again.
pub(crate) fn end_progress() {
    tell_progress("");
}

/// Characters a line on standard output; `None` where it is no terminal.
pub(crate) fn width_max() -> Option<usize> {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns.or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)))
}

/// Whether colours and other marks are wanted on standard output.
pub(crate) fn is_colour() -> bool {
    is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The layout of a canned answer: a table, or JSON where asked.
pub(crate) fn layout(json: bool) -> Layout {
    let format = if json { Format::Json } else { Format::Table };
    Layout { format, width_max: width_max(), rows_max: None }
}
