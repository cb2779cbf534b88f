//! Optimize and vacuum.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use object_store::memory::InMemory;
use url::Url;

use super::faults::FaultStore;
use super::rows::{DAY, append_logs, at, logs, table_of, texts, texts_in_order};
use crate::data_file::DataFile;
use crate::merge::{DayFiles, merge_day};
use crate::{Error, Store};

async fn on(faults: &Arc<FaultStore>) -> Store {
    let url = Url::parse("memory:///").unwrap();
    Store::on(Arc::clone(faults) as _, &url, at(DAY, 0)).await.unwrap()
}

async fn aging_store() -> (Arc<FaultStore>, Store) {
    let faults = FaultStore::new(Arc::new(InMemory::new()));
    let store = on(&faults).await;
    (faults, store)
}

#[tokio::test]
async fn optimize_makes_one_sorted_run_of_each_day_and_then_has_nothing_to_do() {
    let store = Store::in_memory(at(DAY, 0)).await.unwrap();
    // Minutes 0, 7, 14, … of a day in a scrambled order, over ten runs and two sessions.
    for run in 0..10 {
        let rows: Vec<_> = (0..20)
            .map(|row| (row * 10 + run) * 13 % 200 * 7)
            .map(|minute| {
                (at(DAY, minute), if minute % 2 == 0 { "s1" } else { "s2" }, format!("{minute:04}"))
            })
            .collect();
        let rows: Vec<_> = rows.iter().map(|row| (row.0, row.1, row.2.as_str())).collect();
        append_logs(&store, &rows).await.unwrap();
    }
    let before = store.head().await.unwrap();
    let expected = texts(&store, &before, "logs", "body").await;
    let done = store.optimize(at(DAY, 0), "logs", None).await.unwrap();
    assert_eq!((done.n_days, done.n_files_before, done.n_files_after), (1, 10, 1));
    let head = store.head().await.unwrap();
    let mut in_order = texts_in_order(&store, &head, "logs", "body").await;
    assert!(in_order.is_sorted_by_key(|body| {
        let minute: i64 = body.parse().unwrap();
        (minute / 60, minute % 2, minute)
    }));
    in_order.sort();
    assert_eq!(in_order, expected);
    let again = store.optimize(at(DAY, 0), "logs", Some(&BTreeSet::from([DAY]))).await.unwrap();
    assert_eq!(again, crate::Optimized::default());
    assert_eq!(store.head().await.unwrap().number, head.number);
}

#[tokio::test]
async fn a_run_that_is_too_large_for_a_file_goes_on_in_the_next() {
    let store = Store::in_memory(at(DAY, 0)).await.unwrap();
    let mut expected = Vec::new();
    for run in 0..3 {
        let rows: Vec<_> = (0..9000).map(|row| (at(DAY, 0), format!("{row:05}-{run}"))).collect();
        let rows: Vec<_> = rows.iter().map(|row| (row.0, row.1.as_str(), row.1.as_str())).collect();
        append_logs(&store, &rows).await.unwrap();
        expected.extend(rows.iter().map(|row| row.2.to_owned()));
    }
    expected.sort();
    let head = store.head().await.unwrap();
    let files = store.snapshot(&head, "logs").await.unwrap().files.clone();
    let input = DayFiles {
        table: table_of("logs"),
        day: DAY,
        files: &files,
        file_bytes_max: 1,
        data_change: false,
    };
    let merged = merge_day(store.location(), &input, at(DAY, 0)).await.unwrap();
    assert!(merged.len() > 1, "{}", merged.len());
    let mut bodies = Vec::new();
    for file in &merged {
        assert_eq!(file.file.run(), merged[0].file.run());
        for batch in store.read(&file.file, Some(&["body"])).await.unwrap() {
            let values = arrow::array::AsArray::as_string::<i32>(batch.column(0)).clone();
            bodies.extend(values.iter().flatten().map(str::to_owned));
        }
    }
    assert_eq!(bodies, expected);
}

#[tokio::test]
async fn vacuum_keeps_what_kept_epochs_name_and_what_is_young() {
    let (faults, store) = aging_store().await;
    let mut bodies = Vec::new();
    for number in 10..30 {
        append_logs(&store, &[(at(DAY, number), "s", &number.to_string())]).await.unwrap();
        bodies.push(number.to_string());
    }
    store.optimize(at(DAY, 0), "logs", None).await.unwrap();
    let n_files = async || {
        store
            .location()
            .list("logs")
            .await
            .unwrap()
            .iter()
            .filter(|it| it.0.starts_with("day="))
            .count()
    };
    assert_eq!(n_files().await, 21);

    // All are young.
    assert_eq!(store.vacuum(false).await.unwrap().paths, Vec::<String>::new());

    // The files that the optimizer replaced are still named by epochs that are kept, for seven days.
    faults.pass(TimeDelta::days(6));
    assert_eq!(store.vacuum(false).await.unwrap().paths, Vec::<String>::new());
    let past = store.epoch_at(5).await.unwrap();
    assert_eq!(texts(&store, &past, "logs", "body").await, bodies[..5]);

    // Then ten epochs stay, so that the oldest is the one with the first twelve rows.
    faults.pass(TimeDelta::days(2));
    let found = store.vacuum(true).await.unwrap();
    assert_eq!(found.oldest_epoch, 12);
    let deleted = store.vacuum(false).await.unwrap();
    assert_eq!(deleted, found);
    assert_eq!(n_files().await, 21, "all twenty are named by an epoch that is kept");
    let store = on(&faults).await;
    for number in 12..=20 {
        let epoch = store.epoch_at(number).await.unwrap();
        let n_rows = usize::try_from(number).unwrap();
        assert_eq!(texts(&store, &epoch, "logs", "body").await, bodies[..n_rows]);
    }
    assert!(matches!(store.epoch_at(11).await, Err(Error::NoEpoch { number: 11, newest: 21 })));

    // Ten more epochs, and nothing names the twenty files any more.
    for number in 30..40 {
        append_logs(&store, &[(at(DAY.plus(1), number), "s", &number.to_string())]).await.unwrap();
    }
    faults.pass(TimeDelta::days(8));
    append_logs(&store, &[(at(DAY.plus(2), 0), "s", "last")]).await.unwrap();
    let deleted = store.vacuum(false).await.unwrap();
    assert_eq!(deleted.oldest_epoch, 23);
    assert_eq!(n_files().await, 1 + 10 + 1);
    let head = on(&faults).await.head().await.unwrap();
    assert_eq!(texts(&store, &head, "logs", "body").await.len(), 31);
}

#[tokio::test]
async fn vacuum_deletes_what_a_dead_writer_left_after_a_day() {
    let (faults, store) = aging_store().await;
    let refused = store
        .write(at(DAY, 0), async |tx| {
            tx.append_rows(table_of("logs"), &logs(&[(at(DAY, 0), "s", "lost")])).await?;
            tx.flush().await?;
            Err::<(), _>(Error::mismatch("logs", "the input ends in the middle"))
        })
        .await;
    refused.unwrap_err();
    faults.pass(TimeDelta::hours(23));
    assert_eq!(store.vacuum(false).await.unwrap().paths.len(), 0);
    faults.pass(TimeDelta::hours(2));
    let deleted = store.vacuum(false).await.unwrap();
    assert_eq!(deleted.paths.len(), 1);
    assert!(deleted.paths[0].starts_with("logs/day=2025-10-28/"), "{:?}", deleted.paths);
    assert!(deleted.n_bytes > 0);
}

#[tokio::test]
async fn loads_are_known_and_sleepers_wake_up_after_a_vacuum() {
    let (faults, store) = aging_store().await;
    let sleeper = on(&faults).await;
    for number in 0..12 {
        let load = crate::LoadEntry {
            load_id: number.to_string(),
            key: format!("k{number}"),
            input: "a".to_owned(),
        };
        let add = async |tx: &mut crate::Transaction| {
            tx.add_load(load.clone());
            Ok::<_, Error>(())
        };
        store.write(at(DAY, 0), add).await.unwrap();
    }
    faults.pass(TimeDelta::days(8));
    let deleted = store.vacuum(false).await.unwrap();
    assert_eq!(deleted.paths.len(), 3, "{:?}", deleted.paths);
    // This one last looked when the store was new, and all epochs that it knows are gone.
    assert_eq!(sleeper.head().await.unwrap().number, 12);
    assert_eq!(append_logs(&sleeper, &[(at(DAY, 0), "s", "awake")]).await.unwrap(), 13);
    for store in [store, on(&faults).await] {
        assert!(store.find_load("k0").await.unwrap().is_some());
        assert_eq!(store.head().await.unwrap().number, 13);
    }
}

#[tokio::test]
async fn the_log_before_the_oldest_kept_epoch_goes_once_a_checkpoint_stands_for_it() {
    let (faults, store) = aging_store().await;
    for number in 10..35 {
        append_logs(&store, &[(at(DAY, number), "s", &number.to_string())]).await.unwrap();
    }
    faults.pass(TimeDelta::days(8));
    append_logs(&store, &[(at(DAY, 35), "s", "35")]).await.unwrap();
    store.vacuum(false).await.unwrap();
    let commits: Vec<String> = store
        .location()
        .list("logs/_delta_log")
        .await
        .unwrap()
        .into_iter()
        .filter_map(|(name, _)| name.strip_suffix(".json").map(str::to_owned))
        .collect();
    // The oldest kept epoch is 17, so the checkpoint at 10 is where its snapshot begins.
    assert_eq!(commits.len(), 17, "{commits:?}");
    let store = on(&faults).await;
    let oldest = store.epoch_at(17).await.unwrap();
    assert_eq!(texts(&store, &oldest, "logs", "body").await.len(), 17);
    let head = store.head().await.unwrap();
    assert_eq!(texts(&store, &head, "logs", "body").await.len(), 26);
}

#[tokio::test]
async fn a_write_that_took_too_long_gives_up() {
    let (faults, store) = aging_store().await;
    let slow = async |hours: i64| {
        store
            .write(at(DAY, 0), async |tx| {
                tx.append_rows(table_of("logs"), &logs(&[(at(DAY, 0), "s", "slow")])).await?;
                tx.flush().await?;
                faults.pass(TimeDelta::hours(hours));
                Ok::<_, Error>(())
            })
            .await
    };
    let err = slow(13).await.unwrap_err();
    assert_eq!(err.to_string(), "the write began more than 12 hours ago");
    assert_eq!(store.head().await.unwrap().number, 0);
    assert!(slow(11).await.is_ok());
}

/// A data file is known again by what it is, wherever the listing has it.
#[test]
fn a_file_tells_its_run_and_its_content() {
    let file = DataFile {
        path: "logs/day=2025-10-28/abc-00002-def.parquet".to_owned(),
        size_bytes: 1,
        day: DAY,
        n_rows: 1,
        ts_min: at(DAY, 0),
        ts_max: at(DAY, 0),
    };
    assert_eq!((file.run(), file.content()), ("abc", "def"));
}
