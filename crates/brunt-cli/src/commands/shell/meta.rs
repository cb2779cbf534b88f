//! The backslash commands.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::Field;
use brunt::{Statement, sql_type_name};
use brunt_notebook::{Format, Layout, draw};

use super::super::quote;
use super::super::rows::show;
use super::{After, Shell};
use crate::args::OutputFormat;
use crate::failure::Failure;
use crate::output::{print, tell, width_max};

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
            "\\i" => return Box::pin(self.include(argument)).await,
            "\\timing" => {
                self.is_timing = !self.is_timing;
                tell(if self.is_timing { "Timing is on." } else { "Timing is off." });
            }
            "\\x" => {
                self.destination.format =
                    if self.is_expanded() { OutputFormat::Table } else { OutputFormat::Expanded };
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
        // Planned and never run: the plan knows the columns, or the nearest name of a table that is not there.
        let mut statements = Statement::parse(&format!("SELECT * FROM {schema}.\"{table}\""))?;
        let Some(statement) = statements.pop() else { return Ok(()) };
        let columns = self.session.prepare(statement).await?.schema();
        let column = |text: fn(&Field) -> String| -> ArrayRef {
            Arc::new(
                columns.fields().iter().map(|field| Some(text(field))).collect::<StringArray>(),
            )
        };
        let described = RecordBatch::try_from_iter([
            ("column", column(|field| field.name().clone())),
            ("type", column(|field| sql_type_name(field.data_type()))),
            (
                "nullable",
                column(|field| if field.is_nullable() { "" } else { "not null" }.to_owned()),
            ),
        ])
        .map_err(|error| Failure::system("draw an answer", &error))?;
        print(&draw(&described.schema(), &[described], &table_layout())?);
        Ok(())
    }

    async fn list_functions(&self, text: &str) -> Result<(), Failure> {
        let sql = format!(
            "SELECT name, arguments, returns FROM system.functions WHERE strpos(name, {}) > 0 ORDER BY name",
            quote(text)
        );
        self.show(&sql).await
    }

    async fn include(&mut self, path: &str) -> Result<After, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::refused(format!("file \"{path}\" cannot be read: {error}"))
        })?;
        self.text(&text).await
    }

    async fn show(&self, sql: &str) -> Result<(), Failure> {
        show(self.session, sql, &table_layout()).await.map(|_| ())
    }
}

fn table_layout() -> Layout {
    Layout { format: Format::Table, width_max: width_max(), rows_max: None }
}
