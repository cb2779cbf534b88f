//! What a load touched, so that it derives that and no more.

use std::collections::BTreeSet;

use arrow::record_batch::RecordBatch;
use brunt_model::{Day, Table};
use brunt_store::Transaction;

use super::transaction::{derive_days, outlives_base, rows_by_day};
use crate::definitions::Definitions;
use crate::derive::{self, DERIVED_FROM, Found, Links, Versions};
use crate::error::Error;

/// More links than these touch so much that whole days are quicker.
const LINKS_MAX: usize = 50_000;

/// Where connected rows are more than one in so many of the days, whole days are quicker: they are derived once, not twice,
/// and read without being looked for.
pub(super) const PART_OF_DAYS: u64 = 4;

/// Base rows that came and went.
#[derive(Debug, Default)]
pub(super) struct Touched {
    pub(super) days: BTreeSet<Day>,
    n_rows: u64,
    links: Links,
    /// Too many links to keep.
    is_much: bool,
}

impl Touched {
    /// Takes in those rows of a batch of which `changed` is true.
    pub(super) fn add(
        &mut self,
        table: &Table,
        rows: &RecordBatch,
        days: &[Day],
        changed: impl Fn(usize) -> bool,
    ) {
        let changed_rows = || (0..rows.num_rows()).filter(|row_idx| changed(*row_idx));
        self.days.extend(changed_rows().filter_map(|row_idx| days.get(row_idx)));
        if self.is_much || !DERIVED_FROM.contains(&table.name) {
            return;
        }
        self.n_rows += changed_rows().count() as u64;
        self.links.add(rows, changed);
        if self.links.len() > LINKS_MAX {
            self.is_much = true;
            self.links = Links::default();
        }
    }

    /// Derives what these rows can reach; by connected rows where they are less than one in `part_of_days`, always for 0.
    pub(super) async fn derive(
        self,
        tx: &mut Transaction,
        definitions: &Definitions,
        part_of_days: u64,
    ) -> Result<(), Error> {
        tx.flush().await?;
        let n_rows = rows_by_day(tx, &derive::reach(&derive::reach(&self.days))).await?;
        let share = n_rows.values().sum::<u64>().checked_div(part_of_days);
        // They are in memory twice, and whole days are derived in parts.
        let n_rows_max = share.map_or(u64::MAX, |share| share.min(derive::PART_ROWS));
        if !self.is_much && self.n_rows <= n_rows_max {
            let n_rows_max = usize::try_from(n_rows_max).unwrap_or(usize::MAX);
            let mut versions = TransactionVersions { tx };
            let done = derive::derive_touched(
                &mut versions,
                &self.days,
                self.links,
                n_rows_max,
                definitions,
            );
            if done.await? {
                return Ok(());
            }
        }
        derive_days(tx, &self.days, &n_rows, definitions).await
    }
}

/// The tables of a store before a write and in the middle of it.
struct TransactionVersions<'a> {
    tx: &'a mut Transaction,
}

impl Versions for TransactionVersions<'_> {
    async fn linked(
        &mut self,
        table: &'static Table,
        day: Day,
        columns: &[&'static str],
        links: &Links,
    ) -> Result<Vec<Found>, Error> {
        let day = BTreeSet::from([day]);
        let before = self.tx.read_days_before(table.name, &day).await?;
        let after = self.tx.read_days(table.name, &day).await?;
        let added =
            after.iter().filter(|file| !before.contains(file)).map(|file| (file, false, true));
        let kept = before.iter().map(|file| (file, true, after.contains(file)));
        let wanted = links.wanted(table);
        let mut found = Vec::new();
        for (file, before, after) in kept.chain(added) {
            for rows in self.tx.read_wanted(file, Some(columns), &wanted).await? {
                found.push(Found { rows, before, after });
            }
        }
        Ok(found)
    }

    async fn change(
        &mut self,
        table: &'static Table,
        day: Day,
        before: Vec<RecordBatch>,
        after: Vec<RecordBatch>,
    ) -> Result<bool, Error> {
        if outlives_base(self.tx, table, day) {
            return Ok(true);
        }
        Ok(self.tx.change_day(table.name, day, &before, &after).await?)
    }
}
