//! Rows that are decoded ahead come whole and in the order of their files, or with an error.

use std::collections::BTreeSet;

use arrow::array::{AsArray, RecordBatch};
use futures::TryStreamExt;

use super::rows::{DAY, at, logs, table_of};
use crate::{DataFile, Error, Store};

/// More rows than are decoded ahead.
const N_ROWS: usize = 40_000;

/// A store with two files of a day, and their bodies in order.
async fn two_files() -> (Store, Vec<DataFile>, Vec<String>) {
    let store = Store::in_memory(at(DAY, 0)).await.unwrap();
    let bodies: Vec<String> = (0..N_ROWS).map(|row| format!("{row:05}")).collect();
    let ts = |row: usize| brunt_model::Ts(at(DAY, 0).0 + i64::try_from(row).unwrap());
    for half in 0..2 {
        let rows: Vec<_> = (0..bodies.len())
            .filter(|row| row / (bodies.len() / 2) == half)
            .map(|row| (ts(row), "s", bodies[row].as_str()))
            .collect();
        let write = async |tx: &mut crate::Transaction| {
            tx.append_rows(table_of("logs"), &logs(&rows)).await
        };
        store.write(at(DAY, 0), write).await.unwrap();
    }
    let head = store.head().await.unwrap();
    let mut files = store.snapshot(&head, "logs").await.unwrap().files_of(DAY).to_vec();
    files.sort_by_key(|file| file.ts_min);
    assert_eq!(files.len(), 2);
    (store, files, bodies)
}

#[tokio::test]
async fn all_rows_come_in_order_as_a_write_sees_them() {
    let (store, files, bodies) = two_files().await;
    let batches: Vec<_> = store.stream(files, &["day", "body"]).try_collect().await.unwrap();
    let read: Vec<&str> = batches
        .iter()
        .flat_map(|batch| batch.column(1).as_string::<i32>().iter().flatten())
        .collect();
    assert_eq!(read, bodies);

    let n_rows = store
        .write(at(DAY, 0), async |tx| {
            tx.append_rows(table_of("logs"), &logs(&[(at(DAY, 5), "s", "new")])).await?;
            let rows = tx.rows_of_day("logs", DAY, &["body"]).await?;
            let batches: Vec<_> = rows.try_collect().await?;
            assert!(tx.read_days("logs", &BTreeSet::from([DAY])).await?.len() > 2);
            Ok::<_, Error>(batches.iter().map(RecordBatch::num_rows).sum::<usize>())
        })
        .await
        .unwrap();
    assert_eq!(n_rows.value, N_ROWS + 1);
}

#[tokio::test]
async fn rows_that_cannot_be_read_are_an_error_and_not_the_end() {
    let (store, mut files, _) = two_files().await;
    files[1].path = files[1].path.replace("logs/", "logs/gone-");
    let mut rows = store.stream(files, &["body"]);
    let mut n_rows = 0;
    let error = loop {
        match rows.try_next().await {
            Ok(Some(batch)) => n_rows += batch.num_rows(),
            Ok(None) => panic!("the rows ended after {n_rows}"),
            Err(error) => break error,
        }
    };
    assert_eq!(n_rows, N_ROWS / 2);
    assert!(error.to_string().contains("gone-"), "{error}");
}
