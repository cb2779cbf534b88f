//! Commands that answer with a tag: settings, transactions, and what was prepared or declared.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::sql::sqlparser::ast::DataType;

use super::Connection;
use crate::error::Report;
use crate::interrupt::Failure;
use crate::parameter;
use crate::query::on_cpu;
use crate::settings::OWN_PREFIX;
use crate::statement::Statement;

impl Connection {
    /// Does what the statement says; gives its command tag.
    pub(super) async fn command(&mut self, statement: Statement) -> Result<String, Failure> {
        let tag = match statement {
            Statement::Set { name, value, is_local } => {
                self.set(&name, value.as_deref(), is_local).await?;
                "SET"
            }
            Statement::Reset(name) => {
                self.set(&name, None, false).await?;
                "RESET"
            }
            Statement::ResetAll => {
                self.reset_all().await?;
                "RESET"
            }
            Statement::Discard { all } => {
                if all {
                    self.discard_all().await?;
                    "DISCARD ALL"
                } else {
                    "DISCARD PLANS"
                }
            }
            Statement::Begin
            | Statement::Commit { .. }
            | Statement::Rollback { .. }
            | Statement::Savepoint(_)
            | Statement::Release(_)
            | Statement::RollbackTo(_) => return self.transact(statement).await,
            Statement::Prepare { name, types, statement } => {
                self.prepare_named(name, &types, *statement).await?;
                "PREPARE"
            }
            Statement::Deallocate(None) => {
                self.statements.clear();
                "DEALLOCATE ALL"
            }
            Statement::Deallocate(Some(name)) => {
                self.prepared(&name)?;
                self.statements.remove(&name);
                "DEALLOCATE"
            }
            Statement::Declare { .. } => "DECLARE CURSOR",
            Statement::Close(None) => {
                self.portals.clear();
                "CLOSE CURSOR ALL"
            }
            Statement::Close(Some(name)) => {
                if self.portals.remove(&name).is_none() {
                    return Err(
                        Report::new("34000", format!("cursor \"{name}\" does not exist")).into()
                    );
                }
                "CLOSE CURSOR"
            }
            Statement::NoOp(tag) => tag,
            Statement::Query(_)
            | Statement::Copy(_)
            | Statement::Execute { .. }
            | Statement::Fetch(_)
            | Statement::Show(_)
            | Statement::ShowAll => {
                return Err(Report::new("XX000", "a statement with rows is no command").into());
            }
        };
        Ok(tag.to_owned())
    }

    async fn prepare_named(
        &mut self,
        name: String,
        types: &[DataType],
        statement: Statement,
    ) -> Result<(), Failure> {
        if self.statements.contains_key(&name) {
            return Err(Report::new(
                "42P05",
                format!("prepared statement \"{name}\" already exists"),
            )
            .into());
        }
        let declared: Vec<u32> = types.iter().map(parameter::oid_of).collect();
        let prepared = self.prepare(Some(statement), &declared).await?;
        self.statements.insert(name, prepared);
        Ok(())
    }

    /// The rows of SHOW.
    pub(super) fn shown(&self, statement: &Statement) -> Result<RecordBatch, Report> {
        let settings = self.settings();
        let columns: Vec<(&str, Vec<String>)> = match statement {
            Statement::Show(name) if name.starts_with(OWN_PREFIX) => {
                let value = self.own_setting(name)?;
                vec![(name, vec![value])]
            }
            Statement::Show(name) => {
                let (name, value) = settings.show(name)?;
                vec![(name, vec![value.to_owned()])]
            }
            _ => {
                let all: Vec<_> = settings.all().collect();
                vec![
                    ("name", all.iter().map(|shown| shown.name.to_owned()).collect()),
                    ("setting", all.iter().map(|shown| shown.value.clone()).collect()),
                    ("description", all.iter().map(|shown| shown.doc.to_owned()).collect()),
                ]
            }
        };
        let columns = columns
            .into_iter()
            .map(|(name, values)| (name, Arc::new(StringArray::from(values)) as ArrayRef));
        RecordBatch::try_from_iter(columns).map_err(|error| Report::new("XX000", error.to_string()))
    }

    async fn set(
        &mut self,
        name: &str,
        value: Option<&str>,
        is_local: bool,
    ) -> Result<(), Failure> {
        if name.starts_with(OWN_PREFIX) {
            let statement = match value {
                Some(value) => format!("SET {name} = '{}'", value.replace('\'', "''")),
                None => format!("RESET {name}"),
            };
            return self.engine(statement).await;
        }
        let origin = self.origin.clone();
        self.settings().set(name, value, &origin)?;
        if !is_local {
            self.transaction.keep(|kept| {
                // The value was found good a line above.
                let _ = kept.set(name, value, &origin);
            });
        }
        self.apply_zone().await
    }

    async fn reset_all(&mut self) -> Result<(), Failure> {
        let origin = self.origin.clone();
        *self.settings() = origin.clone();
        self.transaction.keep(|kept| *kept = origin);
        for name in ["brunt.epoch", "brunt.confidence"] {
            self.engine(format!("RESET {name}")).await?;
        }
        self.apply_zone().await
    }

    async fn discard_all(&mut self) -> Result<(), Failure> {
        if self.transaction.is_open() {
            return Err(
                Report::new("25001", "DISCARD ALL cannot run inside a transaction block").into()
            );
        }
        self.portals.clear();
        self.statements.clear();
        self.reset_all().await
    }

    async fn transact(&mut self, statement: Statement) -> Result<String, Failure> {
        let tag = match statement {
            Statement::Begin => {
                if self.transaction.is_open() {
                    self.warn("25001", "there is already a transaction in progress")?;
                } else {
                    self.pin().await?;
                    let settings = self.settings().clone();
                    self.transaction.begin(&settings);
                }
                "BEGIN"
            }
            Statement::Commit { chain } => {
                let tag = if self.transaction.has_failed() { "ROLLBACK" } else { "COMMIT" };
                self.end_transaction(true, chain).await?;
                tag
            }
            Statement::Rollback { chain } => {
                self.end_transaction(false, chain).await?;
                "ROLLBACK"
            }
            Statement::Savepoint(name) => {
                self.transaction.savepoint(&name)?;
                "SAVEPOINT"
            }
            Statement::Release(name) => {
                self.transaction.release(&name)?;
                "RELEASE"
            }
            Statement::RollbackTo(name) => {
                self.transaction.rollback_to(&name)?;
                "ROLLBACK"
            }
            _ => return Err(Report::new("XX000", "not a transaction command").into()),
        };
        Ok(tag.to_owned())
    }

    async fn end_transaction(&mut self, commit: bool, chain: bool) -> Result<(), Failure> {
        match self.transaction.end(commit) {
            Some(settings) => *self.settings() = settings,
            None if chain => {
                return Err(Report::new(
                    "25P01",
                    "AND CHAIN can only be used in transaction blocks",
                )
                .into());
            }
            None => self.warn("25P01", "there is no transaction in progress")?,
        }
        self.close_portals();
        self.apply_zone().await?;
        if chain {
            self.pin().await?;
            let settings = self.settings().clone();
            self.transaction.begin(&settings);
        }
        Ok(())
    }

    /// Tells the engine the time zone by which it cuts days and reads times without one.
    pub(super) async fn apply_zone(&mut self) -> Result<(), Failure> {
        let zone = self.settings().zone().engine_name();
        self.engine(format!("SET timezone = '{zone}'")).await
    }

    async fn engine(&mut self, statement: String) -> Result<(), Failure> {
        let session = Arc::clone(&self.session);
        let done =
            on_cpu(&self.server.cpu, async move { session.sql(&statement).await.map(|_| ()) });
        self.interrupt.guard(done).await??.map_err(Report::from)?;
        Ok(())
    }

    fn own_setting(&self, name: &str) -> Result<String, Report> {
        let options = self.session.options();
        match name {
            "brunt.epoch" => Ok(options.epoch.to_string()),
            "brunt.confidence" => Ok(options.confidence.to_string()),
            _ => Err(Report::new(
                "42704",
                format!("unrecognized configuration parameter \"{name}\""),
            )),
        }
    }

    fn warn(&mut self, code: &str, message: &str) -> Result<(), Report> {
        self.output.put(&Report::warning(code, message).into_notice())
    }
}

/// The settings in a startup's `options`: `-c name=value` and `--name=value`, with backslashes before spaces.
pub(super) fn options(text: &str) -> Vec<(String, String)> {
    let mut words = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let Some(word) = words.last_mut() else { break };
        match character {
            '\\' => word.extend(characters.next()),
            ' ' => words.push(String::new()),
            other => word.push(other),
        }
    }
    words
        .iter()
        .map(|word| word.strip_prefix("-c").or_else(|| word.strip_prefix("--")).unwrap_or(word))
        .filter_map(|word| word.split_once('='))
        .map(|(name, value)| (name.replace('-', "_"), value.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn startup_options_are_read_in_both_forms() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            options("-c statement_timeout=5s --search-path=a -csearch_path=b\\ c"),
            [pair("statement_timeout", "5s"), pair("search_path", "a"), pair("search_path", "b c")]
        );
        assert!(options("").is_empty());
    }
}
