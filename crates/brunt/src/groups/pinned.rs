//! The base rows of an epoch as derivation reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use brunt_model::{Day, Table, table};

use crate::code::Code;
use crate::derive::Tables;
use crate::error::Error;
use crate::load::{DERIVED_FROM, is_frozen};
use crate::session::Pin;

/// Reads, and refuses to write.
#[derive(Debug)]
pub(super) struct Pinned(pub(super) Arc<Pin>);

impl Pinned {
    /// The days whose errors can be derived again: those of base rows, where retention left all that decides them.
    pub(super) async fn days(&self) -> Result<BTreeSet<Day>, Error> {
        let mut days = BTreeSet::new();
        for base in DERIVED_FROM.iter().filter_map(|name| table(name)) {
            days.extend(self.0.snapshot(base).await?.days());
        }
        let first_days = &self.0.epoch().first_days;
        if let Some(errors) = table("errors") {
            days.retain(|day| !is_frozen(|name| first_days.get(name).copied(), errors, *day));
        }
        Ok(days)
    }
}

impl Tables for Pinned {
    async fn rows(
        &mut self,
        table: &'static Table,
        day: Day,
        columns: &[&'static str],
    ) -> Result<Vec<RecordBatch>, Error> {
        let mut rows = Vec::new();
        for file in self.0.snapshot(table).await?.files_of(day) {
            rows.extend(self.0.store().read(file, Some(columns)).await?);
        }
        Ok(rows)
    }

    async fn replace(
        &mut self,
        table: &'static Table,
        _: Day,
        _: Vec<RecordBatch>,
    ) -> Result<(), Error> {
        Err(read_only(table))
    }

    async fn replace_all(
        &mut self,
        table: &'static Table,
        _: BTreeMap<Day, Vec<RecordBatch>>,
    ) -> Result<(), Error> {
        Err(read_only(table))
    }
}

fn read_only(table: &Table) -> Error {
    Error::statement(Code::Internal, format!("\"{}\" is only read here", table.name))
}
