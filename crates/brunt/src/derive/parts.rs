//! Derives days that are too many rows for memory in parts that nothing connects, two at a time.
//!
//! ```text
//! ids of all rows ─ connect ─► which part each row is of
//! all rows ─ spill ─► a temporary file a part ─► derive ─► rows of a day ─┐
//!                     a temporary file a part ─► derive ─► rows of a day ─┴─► all rows of the day
//! ```
//! Rows that are not connected ([`super::links`]) do not decide each other's derived rows, so that the parts together
//! give what all rows give at once.

mod connected;
mod spill;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::record_batch::RecordBatch;
use brunt_model::{Day, Table};
use brunt_store::Share;
use futures::TryStreamExt;
use futures::executor::block_on;
use tokio::sync::mpsc;

use self::connected::Connected;
use self::spill::{PartFile, spill};
use super::links::link_columns;
use super::read::{DERIVED_FROM, base_table};
use super::{
    RowStream, Rows, Tables, derive_on, n_rows_in_reach, n_rows_of_window, nobody_waits, reach,
    worker,
};
use crate::definitions::Definitions;
use crate::error::Error;

/// Base rows of a part, in the five days that decide a day; up to twice as many are derived without parts.
pub(crate) const PART_ROWS: u64 = 600_000;

/// Each is an open file.
const PARTS_MAX: u64 = 128;

/// Parts that are derived at a time. Each takes some 100 MB, whatever the number of cores is.
const WORKERS_MAX: usize = 2;

/// Rows that are in temporary files at a time, at about 320 bytes each, where a day does not have more.
const SPILLED_ROWS_MAX: u64 = 8_000_000;

/// Days that are derived in one go, and in how many parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Task {
    pub(super) days: BTreeSet<Day>,
    pub(super) n_parts: usize,
}

/// The days in tasks that memory is enough for; `n_rows` says how many base rows each day has.
pub(super) fn tasks(
    days: &BTreeSet<Day>,
    n_rows: &BTreeMap<Day, u64>,
    part_rows: u64,
) -> Vec<Task> {
    let n_parts = |days: &BTreeSet<Day>| -> usize {
        let n_parts = n_rows_of_window(days, n_rows).div_ceil(part_rows).min(PARTS_MAX);
        // Two parts would be in memory together as one. Powers of two, so that a day that grows a little keeps the parts
        // that did not change, and with them its files.
        usize::try_from(n_parts)
            .ok()
            .filter(|n_parts| *n_parts > 2)
            .map_or(1, usize::next_power_of_two)
    };
    if n_parts(days) == 1 {
        return vec![Task { days: days.clone(), n_parts: 1 }];
    }
    let mut together: Vec<BTreeSet<Day>> = Vec::new();
    for day in days {
        let with_day = together.last().map(|last| last | &BTreeSet::from([*day]));
        match (together.last_mut(), with_day) {
            (Some(last), Some(days)) if n_rows_in_reach(&days, n_rows) <= SPILLED_ROWS_MAX => {
                *last = days;
            }
            _ => together.push(BTreeSet::from([*day])),
        }
    }
    together.into_iter().map(|days| Task { n_parts: n_parts(&days), days }).collect()
}

/// Derives days as [`super::derive_days`] does, in so many parts.
///
/// # Errors
/// Those of `tables`, of a journey's expression that fails on a row, and of temporary files.
pub(super) async fn derive_in_parts(
    tables: &mut impl Tables,
    days: &BTreeSet<Day>,
    definitions: &Definitions,
    n_parts: usize,
) -> Result<(), Error> {
    let decisive = reach(days);
    let mut connected = Connected::default();
    for day in &decisive {
        for name in DERIVED_FROM {
            let table = base_table(name)?;
            let mut rows = tables.rows(table, *day, &link_columns(table)).await?;
            while let Some(batch) = rows.try_next().await? {
                connected.add(&batch);
            }
        }
    }
    let parts = connected.into_parts(n_parts);
    let files = spill(tables, &decisive, definitions, &parts).await?;
    drop(parts);
    derive_files(tables, days, definitions, files).await
}

/// Derives each part on its own, some at a time, and puts their rows together.
async fn derive_files(
    tables: &mut impl Tables,
    days: &BTreeSet<Day>,
    definitions: &Definitions,
    files: Vec<PartFile>,
) -> Result<(), Error> {
    let n_parts = files.len();
    let (sender, mut derived) = mpsc::channel(1);
    let files = Arc::new(Mutex::new(files));
    let mut workers = Vec::new();
    for _ in 0..WORKERS_MAX.min(n_parts) {
        let (files, sender) = (Arc::clone(&files), sender.clone());
        let (days, definitions) = (days.clone(), definitions.clone());
        workers.push(worker::spawn(move || {
            let files = || files.lock().unwrap_or_else(PoisonError::into_inner);
            let next = || files().pop();
            while let Some(file) = next() {
                let mut part = Part { file, derived: sender.clone() };
                if let Err(error) = block_on(derive_on(&mut part, &days, &definitions, 1)) {
                    // The others need not go on.
                    files().clear();
                    return Err(error);
                }
            }
            Ok(())
        })?);
    }
    drop(sender);
    let mut n_came: HashMap<(&str, Day), usize> = HashMap::new();
    while let Some((table, day, rows)) = derived.recv().await {
        let n_before = n_came.entry((table.name, day)).or_default();
        let share = Share { is_first: *n_before == 0, is_last: *n_before + 1 == n_parts };
        *n_before += 1;
        tables.replace(table, day, rows, share).await?;
    }
    for worker in workers {
        worker::end_of(worker).await??;
    }
    Ok(())
}

/// A part as if there were no other rows.
struct Part {
    file: PartFile,
    derived: mpsc::Sender<(&'static Table, Day, Vec<RecordBatch>)>,
}

impl Rows for Part {
    async fn rows(
        &mut self,
        table: &'static Table,
        day: Day,
        _columns: &[&'static str],
    ) -> Result<RowStream, Error> {
        self.file.rows(table, day)
    }
}

impl Tables for Part {
    async fn replace(
        &mut self,
        table: &'static Table,
        day: Day,
        rows: Vec<RecordBatch>,
        _share: Share,
    ) -> Result<(), Error> {
        let sent = self.derived.send((table, day, rows)).await;
        sent.map_err(|_| nobody_waits())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::days;
    use super::*;

    #[test]
    fn what_fits_into_memory_is_derived_at_once() {
        let n_rows = (0..100).map(|day| (Day(day), 40)).collect();
        assert_eq!(
            tasks(&days(0..100), &n_rows, 100),
            [Task { days: days(0..100), n_parts: 1 }],
            "five days of forty rows are two parts of a hundred"
        );
        assert_eq!(tasks(&days([]), &n_rows, 100).len(), 1);
    }

    #[test]
    fn a_great_day_is_parted_and_does_not_fill_the_disk() {
        const PART: u64 = 1_000_000;
        let mut n_rows: BTreeMap<Day, u64> = (0..10).map(|day| (Day(day), 1)).collect();
        n_rows.insert(Day(4), 5 * PART);
        let of_one = tasks(&days(0..10), &n_rows, PART);
        assert_eq!(of_one, [Task { days: days(0..10), n_parts: 8 }]);
        n_rows.insert(Day(9), 7 * PART);
        let of_two = tasks(&days(0..10), &n_rows, PART);
        let expected =
            [Task { days: days(0..7), n_parts: 8 }, Task { days: days(7..10), n_parts: 8 }];
        assert_eq!(of_two, expected, "day 7 is the first that reaches day 9");
    }
}
