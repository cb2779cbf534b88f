//! DECLARE, FETCH, MOVE and CLOSE.

use super::{Statement, Words, query};
use crate::error::Report;

/// Rows to take from a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fetch {
    pub(crate) cursor: String,
    /// `None` for all that are left.
    pub(crate) n_rows: Option<usize>,
    pub(crate) motion: Motion,
}

/// Whether the rows are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Motion {
    Fetch,
    Move,
}

pub(super) fn declare(mut words: Words) -> Result<Statement, Report> {
    words.next();
    let name = words.name()?;
    let mut binary = false;
    loop {
        match words.next().as_deref() {
            Some("binary") => binary = true,
            Some("insensitive" | "asensitive") => {}
            Some("no") => words.expect("scroll")?,
            Some("scroll") => return Err(no_scroll()),
            Some("cursor") => break,
            Some(other) => {
                return Err(Report::syntax(format!("syntax error at or near \"{other}\"")));
            }
            None => return Err(Report::syntax("syntax error at end of input")),
        }
    }
    let hold = if words.take("with") {
        words.expect("hold")?;
        true
    } else {
        if words.take("without") {
            words.expect("hold")?;
        }
        false
    };
    words.expect("for")?;
    Ok(Statement::Declare { name, hold, binary, query: query(words)? })
}

pub(super) fn fetch(mut words: Words, motion: Motion) -> Result<Statement, Report> {
    words.next();
    let mut n_rows = Some(1);
    let word = words.peek().unwrap_or_default();
    match word.as_str() {
        "next" => drop(words.next()),
        "all" => {
            words.next();
            n_rows = None;
        }
        "forward" => {
            words.next();
            match words.peek().as_deref() {
                Some("all") => {
                    words.next();
                    n_rows = None;
                }
                Some(count) if count.parse::<usize>().is_ok() => {
                    n_rows = words.next().and_then(|n| n.parse().ok());
                }
                _ => {}
            }
        }
        "backward" | "prior" | "first" | "last" | "absolute" | "relative" | "-" => {
            return Err(no_scroll());
        }
        count if count.parse::<usize>().is_ok() => {
            n_rows = words.next().and_then(|n| n.parse().ok());
        }
        _ => {}
    }
    if !words.take("from") {
        words.take("in");
    }
    let cursor = words.name()?;
    words.end()?;
    Ok(Statement::Fetch(Fetch { cursor, n_rows, motion }))
}

pub(super) fn close(mut words: Words) -> Result<Statement, Report> {
    words.next();
    let name = if words.take("all") { None } else { Some(words.name()?) };
    words.end()?;
    Ok(Statement::Close(name))
}

fn no_scroll() -> Report {
    Report::new("0A000", "cursors only move forward")
        .hint("Declare the cursor again to read from the start.")
}
