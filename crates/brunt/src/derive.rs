//! Derived tables as a pure function of base rows and definitions, day by day.
//!
//! ```text
//! base rows of a day ─ read ─► facts ─┐
//!         (five days, D-2 to D+2)     ├─ cut ─► fill ─► sessions, traces, activities, errors, journey_steps of day D
//! definitions ────────────────────────┘
//! all ticket_updates, account_updates ─► tickets, accounts
//! ```
//! Nothing here knows where rows are stored, what was derived before, or what time it is. Many days are derived in two
//! ranges at a time ([`ranges`]), days of more rows than fit into memory in parts ([`parts`]), which wait in temporary files.

mod accounts;
mod activities;
mod carry;
mod class;
mod context;
mod cut;
mod errors;
mod evidence;
mod exceptions;
mod facts;
mod failing;
mod fill;
mod gaps;
mod gave_up;
mod grouping;
mod halves;
mod incidents;
mod journey_steps;
mod links;
mod members;
mod numbers;
mod occurrences;
mod op;
mod orders;
mod output;
mod parts;
mod ranges;
mod read;
mod recorded;
mod regroup;
mod sessions;
mod symbols;
mod tickets;
mod touched;
mod traces;
mod tree;
mod units;
mod whole;
mod window;
mod worker;

#[cfg(test)]
mod testing;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet};

use arrow::record_batch::RecordBatch;
use brunt_model::{Day, Table};
use brunt_stats::threads::both;
use brunt_store::Share;
use futures::stream::BoxStream;

pub(crate) use self::links::Links;
pub(crate) use self::parts::PART_ROWS;
use self::read::base_table;
pub(crate) use self::read::{DERIVED_FROM, attribute};
pub(crate) use self::recorded::Recorded;
pub(crate) use self::regroup::{Regroup, Regrouped};
pub(crate) use self::touched::{Found, Versions, derive_touched};
use self::window::Window;
use crate::code::Code;
use crate::definitions::Definitions;
use crate::error::Error;

/// How many days before and after a day decide what is derived for it.
pub(crate) const REACH_DAYS: i32 = 2;

/// Days with fewer rows are not worth a second thread.
const ROWS_A_THREAD: usize = 32_768;

/// Rows as they come.
pub(crate) type RowStream = BoxStream<'static, Result<RecordBatch, Error>>;

/// Where rows come from.
pub(crate) trait Rows {
    /// The rows of a table on a day, each once, in any order and split anywhere.
    ///
    /// Every batch has the asked columns in the asked order, with the types of [`Table::schema`];
    /// a day without rows gives no batch.
    async fn rows(
        &mut self,
        table: &'static Table,
        day: Day,
        columns: &[&'static str],
    ) -> Result<RowStream, Error>;
}

/// Where base rows come from and derived rows go to.
pub(crate) trait Tables: Rows {
    /// Makes these the only rows of a derived table on a day, together with the day's other shares; none empties the day.
    ///
    /// Batches have all columns of the table and are in the order of its layout.
    async fn replace(
        &mut self,
        table: &'static Table,
        day: Day,
        rows: Vec<RecordBatch>,
        share: Share,
    ) -> Result<(), Error>;
}

/// Where derived tables go that are made anew as a whole.
pub(crate) trait WholeTables: Rows {
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

/// Base rows of all days that these days can depend on.
fn n_rows_in_reach(days: &BTreeSet<Day>, n_rows: &BTreeMap<Day, u64>) -> u64 {
    reach(days).iter().filter_map(|day| n_rows.get(day)).sum()
}

/// Base rows of the five days that decide a day, where they are most.
fn n_rows_of_window(days: &BTreeSet<Day>, n_rows: &BTreeMap<Day, u64>) -> u64 {
    let of_windows = days.iter().map(|day| n_rows_in_reach(&BTreeSet::from([*day]), n_rows));
    of_windows.max().unwrap_or_default()
}

/// What was derived has nobody to go to: who asked for it went away because of an error, which is the one that counts.
fn nobody_waits() -> Error {
    internal(&"nobody waits for what is derived")
}

fn internal(reason: &dyn std::fmt::Display) -> Error {
    Error::statement(Code::Internal, reason.to_string())
}

/// Derives `sessions`, `traces`, `activities`, `errors` and `journey_steps` of these days.
///
/// The rows of a day depend on the base rows from two days before to two days after and on the definitions alone:
/// not on the order in which they come, on their batches, or on which other days are asked for. Base rows of a day are
/// read once where days come close together, but where two [`ranges`] of them meet. `n_rows` says how many base rows each
/// day has; where they are too many for memory they are derived in [`parts`].
///
/// # Errors
/// Those of `tables`, of a journey's expression that fails on a row, and of temporary files.
pub(crate) async fn derive_days(
    tables: &mut impl Tables,
    days: &BTreeSet<Day>,
    n_rows: &BTreeMap<Day, u64>,
    definitions: &Definitions,
) -> Result<(), Error> {
    for parts::Task { days, n_parts } in parts::tasks(days, n_rows, PART_ROWS) {
        match (n_parts, ranges::split(&days, n_rows)) {
            (1, None) => derive_on(tables, &days, definitions, 2).await?,
            (1, Some(ranges)) => ranges::derive_ranges(tables, ranges, definitions).await?,
            _ => parts::derive_in_parts(tables, &days, definitions, n_parts).await?,
        }
    }
    Ok(())
}

/// Derives days at once, on so many threads.
async fn derive_on(
    tables: &mut impl Tables,
    days: &BTreeSet<Day>,
    definitions: &Definitions,
    n_threads_max: usize,
) -> Result<(), Error> {
    let mut window = Window::new(definitions.grouper(), false);
    for day in days {
        window.move_to(tables, *day, definitions).await?;
        let carried = carry::carry(&window, *day);
        let orders = orders::orders(&window, *day);
        let is_small = window.facts(*day).rows.len() < ROWS_A_THREAD;
        let n_threads = if is_small { 1 } else { n_threads_max };
        let mut replace =
            async |name, rows| tables.replace(base_table(name)?, *day, rows, Share::WHOLE).await;
        // Two at a time, so that no more wait to be written.
        let (of_sessions, of_traces) = both(
            n_threads,
            || sessions::derive(&window, *day, &carried, &orders),
            || traces::derive(&window, *day),
        );
        replace("sessions", of_sessions?).await?;
        replace("traces", of_traces?).await?;
        let (of_activities, of_errors) = both(
            n_threads,
            || activities::derive(&window, *day, &carried),
            || errors::derive(&window, *day, &carried),
        );
        replace("activities", of_activities?).await?;
        replace("errors", of_errors?).await?;
        let of_steps = journey_steps::derive(&window, *day, definitions, &orders)?;
        replace("journey_steps", of_steps).await?;
    }
    Ok(())
}

/// Derives `tickets` and `accounts`, which are small and made anew as a whole; `days` are those on which
/// `ticket_updates` or `account_updates` have rows.
///
/// # Errors
/// Those of `tables`.
pub(crate) async fn derive_whole(
    tables: &mut impl WholeTables,
    days: &BTreeSet<Day>,
) -> Result<(), Error> {
    let of_tickets = tickets::derive(tables, days).await?;
    tables.replace_all(base_table("tickets")?, of_tickets).await?;
    let of_accounts = accounts::derive(tables, days).await?;
    tables.replace_all(base_table("accounts")?, of_accounts).await
}
