//! Derives many days in two ranges at a time, each on a thread of its own with a window of its own.
//!
//! ```text
//! days 1 to 7  ─ window ─► rows of a day ─┐
//! days 8 to 14 ─ window ─► rows of a day ─┴─► whoever has the tables, who also reads what the windows ask for
//! ```
//! The days where the ranges meet are read twice.

use std::collections::{BTreeMap, BTreeSet};

use arrow::record_batch::RecordBatch;
use brunt_model::{Day, Table};
use brunt_store::Share;
use futures::executor::block_on;
use tokio::sync::{mpsc, oneshot};

use super::{
    REACH_DAYS, RowStream, Rows, Tables, derive_on, n_rows_in_reach, n_rows_of_window,
    nobody_waits, worker,
};
use crate::definitions::Definitions;
use crate::error::Error;

/// Base rows of all days that are worth a second thread.
const ROWS_MIN: u64 = 200_000;

/// Base rows of two windows, each of the five days that decide a day, that there is memory for: they take about 100 bytes
/// each.
const WINDOWS_ROWS_MAX: u64 = 2_000_000;

/// The days in two ranges of about as many rows; `None` where one thread is enough, or where two windows are too much.
pub(super) fn split(
    days: &BTreeSet<Day>,
    n_rows: &BTreeMap<Day, u64>,
) -> Option<[BTreeSet<Day>; 2]> {
    let n_all = n_rows_in_reach(days, n_rows);
    if n_all < ROWS_MIN {
        return None;
    }
    let mut n_before = 0;
    let first_of_second = days.iter().find(|day| {
        let is_half = n_before * 2 >= n_all;
        n_before += n_rows.get(day).copied().unwrap_or_default();
        is_half
    })?;
    let ranges = [days.range(..first_of_second), days.range(first_of_second..)];
    let ranges = ranges.map(|range| range.copied().collect::<BTreeSet<Day>>());
    // What is read twice must be worth it.
    let is_long = |range: &BTreeSet<Day>| range.len() > usize::try_from(REACH_DAYS).unwrap_or(0);
    let n_windows: u64 = ranges.iter().map(|range| n_rows_of_window(range, n_rows)).sum();
    let is_room = n_windows <= WINDOWS_ROWS_MAX;
    (is_room && ranges.iter().all(is_long)).then_some(ranges)
}

/// Derives ranges of days as [`super::derive_days`] does, at the same time.
///
/// # Errors
/// Those of `tables`, and of a journey's expression that fails on a row.
pub(super) async fn derive_ranges(
    tables: &mut impl Tables,
    ranges: [BTreeSet<Day>; 2],
    definitions: &Definitions,
) -> Result<(), Error> {
    let (sender, mut asked) = mpsc::channel(1);
    let mut workers = Vec::new();
    for days in ranges {
        let (mut remote, definitions) = (Remote(sender.clone()), definitions.clone());
        workers.push(worker::spawn(move || {
            if let Err(error) = block_on(derive_on(&mut remote, &days, &definitions, 1)) {
                // Where nobody listens any more, the other range failed first.
                let _ = remote.0.blocking_send(Ask::GiveUp(error));
            }
        })?);
    }
    drop(sender);
    while let Some(ask) = asked.recv().await {
        match ask {
            Ask::Rows { table, day, columns, answer } => {
                // Who asked may be gone because of an error, which is the one that counts.
                let _ = answer.send(tables.rows(table, day, &columns).await);
            }
            Ask::Replace { table, day, rows } => {
                tables.replace(table, day, rows, Share::WHOLE).await?;
            }
            // Nobody answers the other range from here on, which ends it.
            Ask::GiveUp(error) => return Err(error),
        }
    }
    for worker in workers {
        worker::end_of(worker).await?;
    }
    Ok(())
}

/// What a range asks of whoever has the tables.
enum Ask {
    Rows {
        table: &'static Table,
        day: Day,
        columns: Vec<&'static str>,
        answer: oneshot::Sender<Result<RowStream, Error>>,
    },
    Replace {
        table: &'static Table,
        day: Day,
        rows: Vec<RecordBatch>,
    },
    /// The range cannot be derived.
    GiveUp(Error),
}

/// The tables, from another thread.
struct Remote(mpsc::Sender<Ask>);

impl Remote {
    async fn ask(&self, ask: Ask) -> Result<(), Error> {
        self.0.send(ask).await.map_err(|_| nobody_waits())
    }
}

impl Rows for Remote {
    async fn rows(
        &mut self,
        table: &'static Table,
        day: Day,
        columns: &[&'static str],
    ) -> Result<RowStream, Error> {
        let (answer, answered) = oneshot::channel();
        self.ask(Ask::Rows { table, day, columns: columns.to_vec(), answer }).await?;
        answered.await.map_err(|_| nobody_waits())?
    }
}

impl Tables for Remote {
    async fn replace(
        &mut self,
        table: &'static Table,
        day: Day,
        rows: Vec<RecordBatch>,
        _share: Share,
    ) -> Result<(), Error> {
        self.ask(Ask::Replace { table, day, rows }).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::internal;
    use super::super::testing::days;
    use super::*;

    #[test]
    fn days_are_split_where_half_of_their_rows_are() {
        let even: BTreeMap<Day, u64> = (0..14).map(|day| (Day(day), 100_000)).collect();
        assert_eq!(split(&days(0..14), &even), Some([days(0..7), days(7..14)]));
        let mut uneven = even.clone();
        uneven.insert(Day(2), 400_000);
        assert_eq!(split(&days(0..14), &uneven), Some([days(0..6), days(6..14)]));
    }

    #[test]
    fn one_thread_derives_few_days_few_rows_and_great_days() {
        let of = |n_rows: u64| (0..14).map(|day| (Day(day), n_rows)).collect();
        assert_eq!(split(&days(0..14), &of(1_000)), None);
        assert_eq!(split(&days(0..4), &of(100_000)), None);
        assert_eq!(split(&days(0..14), &of(201_000)), None);
        assert_eq!(split(&days([]), &of(100_000)), None);
    }

    /// Tables that cannot be read on a day.
    struct Broken(Day);

    impl Rows for Broken {
        async fn rows(
            &mut self,
            _: &'static Table,
            day: Day,
            _: &[&'static str],
        ) -> Result<RowStream, Error> {
            if day == self.0 {
                return Err(internal(&"the disk is gone"));
            }
            Ok(Box::pin(futures::stream::empty()))
        }
    }

    impl Tables for Broken {
        async fn replace(
            &mut self,
            _: &'static Table,
            _: Day,
            _: Vec<RecordBatch>,
            _: Share,
        ) -> Result<(), Error> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_range_that_fails_ends_the_other() {
        for broken in [Day(2), Day(9)] {
            let ranges = [days(0..5), days(5..1_000)];
            let derived = derive_ranges(&mut Broken(broken), ranges, &Definitions::default()).await;
            assert!(derived.unwrap_err().to_string().contains("the disk is gone"));
        }
    }
}
