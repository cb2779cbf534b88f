//! Derived tables as a pure function of base rows and definitions, day by day.
//!
//! ```text
//! base rows of a day ─ read ─► facts ─┐
//!         (five days, D-2 to D+2)     ├─ cut ─► fill ─► sessions, traces, activities, errors, journey_steps of day D
//! definitions ────────────────────────┘
//! all ticket_updates, account_updates ─► tickets, accounts
//! ```
//! Nothing here knows where rows are stored, what was derived before, or what time it is.

use std::collections::{BTreeMap, BTreeSet};

use arrow::record_batch::RecordBatch;
use brunt_model::{Day, Table};

use crate::error::Error;

/// How many days before and after a day decide what is derived for it.
pub(crate) const REACH_DAYS: i32 = 2;

/// Where base rows come from and derived rows go to.
pub(crate) trait Tables {
    /// The rows of a base table on a day, each once, in any order and split anywhere.
    ///
    /// Every batch has the asked columns in the asked order, with the types of [`Table::schema`];
    /// a day without rows gives no batch.
    async fn rows(
        &mut self,
        table: &'static Table,
        day: Day,
        columns: &[&'static str],
    ) -> Result<Vec<RecordBatch>, Error>;

    /// Makes these the only rows of a derived table on a day; none empties the day.
    ///
    /// Batches have all columns of the table and are in the order of its layout.
    async fn replace(
        &mut self,
        table: &'static Table,
        day: Day,
        rows: Vec<RecordBatch>,
    ) -> Result<(), Error>;

    /// Makes these the only rows of a derived table; days that are not named are emptied.
    async fn replace_all(
        &mut self,
        table: &'static Table,
        days: BTreeMap<Day, Vec<RecordBatch>>,
    ) -> Result<(), Error>;
}

/// The days whose derived rows can change when base rows of these days do.
pub(crate) fn reach(days: &BTreeSet<Day>) -> BTreeSet<Day> {
    days.iter().flat_map(|day| (-REACH_DAYS..=REACH_DAYS).map(|n| day.plus(n))).collect()
}
