//! The SQL shell: history, completion of names, and the backslash commands that hands know from psql.

mod completion;
mod meta;

use std::path::PathBuf;
use std::time::Instant;

use brunt::Session;
use brunt_notebook::{Format, Layout};
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{Config, Editor};

use super::{sql, statements};
use crate::failure::{ExitStatus, Failure};
use crate::output::{tell, width_max};
use completion::Completion;
use meta::After;

/// What the backslash commands switch.
#[derive(Debug)]
pub(super) struct Shell<'s> {
    session: &'s Session,
    layout: Layout,
    is_timing: bool,
}

pub(super) async fn run(session: &Session, layout: &Layout) -> Result<ExitStatus, Failure> {
    let mut shell = Shell { session, layout: *layout, is_timing: false };
    let mut editor = editor(session).await?;
    let history = history_path();
    if let Some(path) = &history {
        // The first shell has no history yet.
        let _ = editor.load_history(path);
    }
    tell("brunt shell: end queries with a semicolon, \\? for help, \\q to leave");
    let mut open = String::new();
    loop {
        let prompt = if open.is_empty() { "brunt> " } else { "   ...> " };
        match editor.readline(prompt) {
            Ok(line) => {
                // A history that cannot be kept is no reason to stop.
                let _ = editor.add_history_entry(line.as_str());
                if open.is_empty() && line.trim_start().starts_with('\\') {
                    match shell.meta(line.trim()).await {
                        Ok(After::GoOn) => {}
                        Ok(After::Leave) => break,
                        Err(failure) => {
                            failure.report();
                        }
                    }
                    continue;
                }
                open.push_str(&line);
                open.push('\n');
                open = shell.run_complete(&open).await;
            }
            Err(ReadlineError::Interrupted) => open.clear(),
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

impl Shell<'_> {
    /// Runs the statements that are complete and returns the rest.
    async fn run_complete(&mut self, text: &str) -> String {
        let (queries, rest) = statements::split(text);
        for query in queries {
            self.run_one(query).await;
        }
        if statements::is_blank(rest) { String::new() } else { format!("{rest}\n") }
    }

    /// Runs a statement; Ctrl-C ends it, and an error leaves the shell as it was.
    async fn run_one(&mut self, query: &str) {
        let started_at = Instant::now();
        let layout = Layout { width_max: width_max(), ..self.layout };
        let shown = async { sql::show(self.session.sql(query).await?, &layout).await };
        tokio::select! {
            shown = shown => {
                if let Err(failure) = shown {
                    failure.report();
                }
            }
            _ = tokio::signal::ctrl_c() => tell("query cancelled"),
        }
        if self.is_timing {
            tell(&format!("Time: {:.3} ms", started_at.elapsed().as_secs_f64() * 1_000.0));
        }
    }

    fn is_expanded(&self) -> bool {
        self.layout.format == Format::Expanded
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
