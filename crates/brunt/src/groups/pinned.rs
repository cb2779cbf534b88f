//! The base rows of an epoch as derivation reads them.

use std::collections::BTreeSet;
use std::sync::Arc;

use brunt_model::{Day, Table, table};
use futures::{StreamExt, TryStreamExt};

use crate::derive::DERIVED_FROM;
use crate::derive::{RowStream, Rows};
use crate::error::Error;
use crate::load::is_frozen;
use crate::session::Pin;

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

impl Rows for Pinned {
    async fn rows(
        &mut self,
        table: &'static Table,
        day: Day,
        columns: &[&'static str],
    ) -> Result<RowStream, Error> {
        let files = self.0.snapshot(table).await?.files_of(day).to_vec();
        Ok(self.0.store().stream(files, columns).map_err(Error::from).boxed())
    }
}
