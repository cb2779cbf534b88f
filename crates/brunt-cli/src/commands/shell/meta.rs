//! The backslash commands.

use brunt_notebook::{Format, Layout};

use super::super::quote;
use super::super::rows::{fetch, show};
use super::Shell;
use crate::failure::Failure;
use crate::output::{tell, width_max};

/// A command as `\?` lists it.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) name: &'static str,
    arguments: &'static str,
    does: &'static str,
}

pub(super) const COMMANDS: &[Command] = &[
    Command {
        name: "\\d",
        arguments: "[NAME]",
        does: "list tables and views, or the columns of one",
    },
    Command { name: "\\dt", arguments: "", does: "list tables" },
    Command { name: "\\dv", arguments: "", does: "list views" },
    Command {
        name: "\\df",
        arguments: "[TEXT]",
        does: "list functions, or those whose name holds the text",
    },
    Command { name: "\\i", arguments: "FILE", does: "run the queries of a file" },
    Command { name: "\\timing", arguments: "", does: "switch the printing of times on or off" },
    Command { name: "\\x", arguments: "", does: "switch between tables and one column a line" },
    Command { name: "\\?", arguments: "", does: "show this list" },
    Command { name: "\\q", arguments: "", does: "leave" },
];

/// What the shell does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum After {
    GoOn,
    Leave,
}

impl Shell<'_> {
    pub(super) async fn meta(&mut self, line: &str) -> Result<After, Failure> {
        let (name, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let argument = argument.trim().trim_end_matches(';');
        match name {
            "\\q" => return Ok(After::Leave),
            "\\d" if argument.is_empty() => self.list(&["BASE TABLE", "VIEW"]).await?,
            "\\d" => self.describe(argument).await?,
            "\\dt" => self.list(&["BASE TABLE"]).await?,
            "\\dv" => self.list(&["VIEW"]).await?,
            "\\df" => self.list_functions(argument).await?,
            "\\i" => self.include(argument).await?,
            "\\timing" => {
                self.is_timing = !self.is_timing;
                tell(if self.is_timing { "Timing is on." } else { "Timing is off." });
            }
            "\\x" => {
                self.layout.format =
                    if self.is_expanded() { Format::Table } else { Format::Expanded };
                tell(if self.is_expanded() {
                    "Expanded display is on."
                } else {
                    "Expanded display is off."
                });
            }
            "\\?" => {
                for Command { name, arguments, does } in COMMANDS {
                    tell(&format!("  {:<16} {does}", format!("{name} {arguments}")));
                }
            }
            _ => {
                return Err(Failure::usage(format!("there is no command \"{name}\""))
                    .hint("\\? lists all of them."));
            }
        }
        Ok(After::GoOn)
    }

    async fn list(&self, kinds: &[&str]) -> Result<(), Failure> {
        let kinds: Vec<String> = kinds.iter().map(|kind| quote(kind)).collect();
        let sql = format!(
            "SELECT table_schema AS schema, table_name AS name, lower(table_type) AS kind FROM information_schema.tables \
             WHERE table_schema IN ('public', 'system') AND table_type IN ({}) ORDER BY 1, 2",
            kinds.join(", ")
        );
        self.show(&sql).await
    }

    async fn describe(&self, name: &str) -> Result<(), Failure> {
        let (schema, table) = name.split_once('.').unwrap_or(("public", name));
        let sql = format!(
            "SELECT column_name AS column, data_type AS type, is_nullable AS nullable FROM information_schema.columns \
             WHERE table_schema = {} AND table_name = {} ORDER BY ordinal_position",
            quote(schema),
            quote(table)
        );
        if fetch(self.session, &sql).await?.len() == 0 {
            // Planning it gives the message with the nearest name.
            self.session.sql(&format!("SELECT * FROM {schema}.\"{table}\" LIMIT 0")).await?;
        }
        self.show(&sql).await
    }

    async fn list_functions(&self, text: &str) -> Result<(), Failure> {
        let sql = format!(
            "SELECT name, arguments, returns FROM system.functions WHERE strpos(name, {}) > 0 ORDER BY name",
            quote(text)
        );
        self.show(&sql).await
    }

    async fn include(&mut self, path: &str) -> Result<(), Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::refused(format!("file \"{path}\" cannot be read: {error}"))
        })?;
        let rest = self.run_complete(&format!("{text}\n;")).await;
        debug_assert!(rest.is_empty(), "a closing semicolon leaves nothing open");
        Ok(())
    }

    async fn show(&self, sql: &str) -> Result<(), Failure> {
        let layout = Layout { format: Format::Table, width_max: width_max(), rows_max: None };
        show(self.session, sql, &layout).await.map(|_| ())
    }
}
