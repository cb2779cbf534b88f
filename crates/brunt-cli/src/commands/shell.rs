//! The SQL shell: history, completion of names, and the backslash commands that hands know from psql.

mod completion;
mod meta;

use std::path::PathBuf;
use std::time::Instant;

use brunt::Session;
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{Config, Editor};

use super::sql::Destination;
use super::statements;
use crate::args::OutputFormat;
use crate::failure::{ExitStatus, Failure};
use crate::output::tell;
use completion::Completion;

/// What the backslash commands switch, and what was entered of a statement that has not ended yet.
#[derive(Debug)]
pub(super) struct Shell<'s> {
    session: &'s Session,
    destination: Destination,
    is_timing: bool,
    /// Whether somebody sits there who sees an error and goes on.
    is_interactive: bool,
    open: String,
}

/// What the shell does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    GoOn,
    Leave,
}

/// Talks to the person at the terminal until they leave; an error leaves the shell as it was.
pub(super) async fn run(
    session: &Session,
    destination: Destination,
) -> Result<ExitStatus, Failure> {
    let mut shell = Shell::new(session, destination, true);
    let mut editor = editor(session).await?;
    let history = history_path();
    if let Some(path) = &history {
        // The first shell has no history yet.
        let _ = editor.load_history(path);
    }
    tell("brunt shell: end queries with a semicolon, \\? for help, \\q to leave");
    loop {
        let prompt = if shell.open.is_empty() { "brunt> " } else { "   ...> " };
        if let Some(completion) = editor.helper_mut() {
            completion.set_open(&shell.open);
        }
        match editor.readline(prompt) {
            Ok(line) => {
                // A history that cannot be kept is no reason to stop.
                let _ = editor.add_history_entry(line.as_str());
                match shell.line(&line).await {
                    Ok(After::GoOn) => {}
                    Ok(After::Leave) => break,
                    Err(failure) => {
                        failure.report();
                    }
                }
            }
            Err(ReadlineError::Interrupted) => shell.open.clear(),
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(Failure::system("read the terminal", &error)),
        }
    }
    if let Some(path) = &history {
        // The same.
        let _ = editor.save_history(path);
    }
    Ok(ExitStatus::Done)
}

/// Runs texts of statements and backslash commands, the last statement of each with a semicolon or without, until one
/// fails.
pub(super) async fn run_texts(
    session: &Session,
    destination: Destination,
    texts: &[String],
) -> Result<ExitStatus, Failure> {
    let mut shell = Shell::new(session, destination, false);
    for text in texts {
        if shell.text(text).await? == After::Leave {
            break;
        }
    }
    Ok(ExitStatus::Done)
}

impl<'s> Shell<'s> {
    fn new(session: &'s Session, destination: Destination, is_interactive: bool) -> Self {
        Self { session, destination, is_timing: false, is_interactive, open: String::new() }
    }

    async fn text(&mut self, text: &str) -> Result<After, Failure> {
        for line in text.lines() {
            if self.line(line).await? == After::Leave {
                return Ok(After::Leave);
            }
        }
        let rest = std::mem::take(&mut self.open);
        if statements::is_blank(&rest) { Ok(After::GoOn) } else { self.query(&rest).await }
    }

    /// Takes one more line: a backslash command, or a part of a statement; runs what ends in it.
    async fn line(&mut self, line: &str) -> Result<After, Failure> {
        if self.open.is_empty() && line.trim_start().starts_with('\\') {
            return self.meta(line.trim()).await;
        }
        let text = format!("{}{line}\n", std::mem::take(&mut self.open));
        let (queries, rest) = statements::split(&text);
        if !statements::is_blank(rest) {
            rest.clone_into(&mut self.open);
        }
        for query in queries {
            if self.query(query).await? == After::Leave {
                return Ok(After::Leave);
            }
        }
        Ok(After::GoOn)
    }

    /// Runs a statement over the epoch that is newest now, and leaves where nobody reads its answer; Ctrl-C ends it.
    async fn query(&mut self, query: &str) -> Result<After, Failure> {
        let started_at = Instant::now();
        let Self { session, destination, .. } = self;
        let shown = async {
            session.pin().await?;
            destination.write(session.sql(query).await?).await
        };
        let shown = tokio::select! {
            shown = shown => shown,
            _ = tokio::signal::ctrl_c(), if self.is_interactive => {
                tell("query cancelled");
                Ok(true)
            }
        };
        let after = match shown {
            Ok(is_read) => {
                if is_read {
                    After::GoOn
                } else {
                    After::Leave
                }
            }
            Err(failure) if self.is_interactive => {
                failure.report();
                After::GoOn
            }
            Err(failure) => return Err(failure),
        };
        if self.is_timing {
            tell(&format!("Time: {:.3} ms", started_at.elapsed().as_secs_f64() * 1_000.0));
        }
        Ok(after)
    }

    fn is_expanded(&self) -> bool {
        self.destination.format == OutputFormat::Expanded
    }
}

async fn editor(session: &Session) -> Result<Editor<Completion, DefaultHistory>, Failure> {
    let config = Config::builder().history_ignore_space(true).auto_add_history(false).build();
    let mut editor = Editor::with_config(config)
        .map_err(|error| Failure::system("open the terminal", &error))?;
    editor.set_helper(Some(Completion::of(session).await?));
    Ok(editor)
}

fn history_path() -> Option<PathBuf> {
    std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".brunt_history"))
}
