//! The files of a snapshot: their statistics as columns, kept once, quick to look through when they are many.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::{Duration, Instant};

use arrow::array::{Array, AsArray, TimestampMicrosecondArray};
use arrow::compute::kernels::cmp::gt_eq;
use brunt_model::Day;
use bytes::Bytes;

use super::rows::{DAY, append_logs, at, table_of};
use crate::Store;
use crate::delta::{self, FileAction};
use crate::epoch::{CommitEntry, EpochFile};
use crate::protocol::Log;

#[tokio::test]
async fn a_file_is_known_by_the_range_of_its_keys() {
    let store = Store::in_memory(at(DAY, 0)).await.unwrap();
    append_logs(&store, &[(at(DAY, 5), "b", "x"), (at(DAY, 2), "a", "x")]).await.unwrap();
    append_logs(&store, &[(at(DAY, 9), &"long".repeat(100), "x")]).await.unwrap();
    let head = store.head().await.unwrap();
    let snapshot = store.snapshot(&head, "logs").await.unwrap();
    let statistics = snapshot.statistics();
    let long = snapshot.files.iter().position(|file| file.n_rows == 1).unwrap();
    let short = 1 - long;
    assert_eq!(statistics.n_rows.value(short), 2);

    let sessions = statistics.column("session_id").unwrap();
    assert_eq!(sessions.min.as_string::<i32>().value(short), "a");
    assert_eq!(sessions.max.as_string::<i32>().value(short), "b");
    // A long text has no range, so it prunes nothing.
    assert!(sessions.min.is_null(long) && sessions.max.is_null(long));
    let traces = statistics.column("trace_id").unwrap();
    assert!(traces.min.is_null(short));
    assert_eq!(traces.n_nulls.value(short), 2);
    let days = statistics.column("day").unwrap();
    assert_eq!(days.min.as_primitive::<arrow::datatypes::Date32Type>().values(), &[DAY.0, DAY.0]);
    assert!(statistics.column("body").is_none());
}

/// A store whose logs have a file for each minute of a hundred days, all in one commit; the files themselves are not there.
async fn store_of_many_files(n_days: i32, n_files_a_day: i64) -> Store {
    let store = Store::in_memory(at(DAY, 0)).await.unwrap();
    let head = store.head().await.unwrap();
    let mut commit = format!("{}\n", delta::transaction(1, at(DAY, 0)));
    let days: BTreeSet<Day> = (0..n_days).map(|day| DAY.plus(day)).collect();
    for day in &days {
        for minute in 0..n_files_a_day {
            let path = format!("day={day}/run{minute:04}-00000-content.parquet");
            let ts = delta::timestamp_text(at(*day, minute));
            let statistics = serde_json::json!({
                "numRecords": 1, "minValues": {"ts": ts}, "maxValues": {"ts": ts}, "nullCount": {"ts": 0},
            });
            let file = FileAction {
                path: &path,
                day: *day,
                size_bytes: 1,
                now: at(DAY, 0),
                data_change: true,
            };
            writeln!(commit, "{}", file.add(&statistics)).unwrap();
        }
    }
    let mut epoch = (*head).clone();
    epoch.number = 1;
    epoch.versions = BTreeMap::from([("logs".to_owned(), 1)]);
    epoch.commits =
        vec![CommitEntry { table: "logs".to_owned(), version: 1, size_bytes: commit.len(), days }];
    let commit = Bytes::from(commit);
    let log = store.location();
    log.put_epoch(&EpochFile { head: epoch.clone(), commits: vec![commit.clone()] }).await.unwrap();
    log.put_commit(&epoch.commits[0], commit).await.unwrap();
    store
}

#[tokio::test]
async fn one_day_of_ten_thousand_files_is_found_in_five_milliseconds() {
    let store = store_of_many_files(100, 100).await;
    let head = store.head().await.unwrap();
    assert_eq!(head.number, 1);
    let snapshot = store.snapshot(&head, "logs").await.unwrap();
    assert_eq!(snapshot.files.len(), 10_000);
    let again = store.snapshot(&head, "logs").await.unwrap();
    assert!(std::ptr::eq(&raw const *snapshot, &raw const *again), "a snapshot is made once");

    let day = DAY.plus(50);
    let noon = TimestampMicrosecondArray::new_scalar(at(day, 50).0);
    let noon = noon.into_inner().with_timezone("UTC");
    let noon = arrow::array::Scalar::new(noon);
    let look = || {
        let began = Instant::now();
        // As a query engine does: one comparison over all files, then those of the day.
        let late = gt_eq(&snapshot.statistics().column("ts").unwrap().max, &noon).unwrap();
        let of_day = snapshot.files_of(day);
        (late.true_count(), of_day.len(), began.elapsed())
    };
    let looks: Vec<_> = (0..5).map(|_| look()).collect();
    assert_eq!((looks[0].0, looks[0].1), (50 + 49 * 100, 100));
    let fastest = looks.iter().map(|look| look.2).min().unwrap();
    assert!(fastest < Duration::from_millis(5), "{fastest:?}");
    assert_eq!(table_of("logs").name, snapshot.table.name);
}
