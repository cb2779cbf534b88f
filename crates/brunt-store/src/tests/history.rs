//! What is left of a store whose history was dropped: its newest epoch, and nothing of what came before.

use std::sync::Arc;

use chrono::TimeDelta;
use object_store::memory::InMemory;
use url::Url;

use super::faults::FaultStore;
use super::rows::{DAY, append_logs, at, logs, table_of, texts};
use crate::{Error, LoadEntry, Store, Transaction};

fn url() -> Url {
    Url::parse("memory:///").unwrap()
}

/// Takes the row of a session out of the day's files.
async fn take_out(store: &Store, session_id: &str) {
    let work = async |tx: &mut Transaction| {
        for file in tx.read_table("logs").await? {
            let rows = tx.read(&file, Some(&["session_id"])).await?;
            let keep = rows.iter().flat_map(|batch| {
                let ids = arrow::array::AsArray::as_string::<i32>(batch.column(0)).clone();
                ids.iter().map(|id| Some(id != Some(session_id))).collect::<Vec<_>>()
            });
            tx.drop_rows(&file, &keep.collect()).await?;
        }
        Ok::<_, Error>(())
    };
    store.write(at(DAY, 1), work).await.unwrap();
}

/// All bytes of the store in one text, with those of its Parquet files decoded.
async fn everything(store: &Store) -> String {
    let mut text = String::new();
    for (name, _) in store.location().list("").await.unwrap() {
        text.push_str(&format!("\n{name}: "));
        let bytes = store.location().read(&name).await.unwrap().unwrap();
        text.push_str(&String::from_utf8_lossy(&bytes));
        if name.ends_with(".parquet") {
            let rows =
                parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(bytes);
            for batch in rows.unwrap().build().unwrap() {
                text.push_str(&format!("{:?}", batch.unwrap()));
            }
        }
    }
    text
}

#[tokio::test]
async fn what_the_newest_epoch_does_not_need_is_gone_at_once() {
    let faults = FaultStore::new(Arc::new(InMemory::new()));
    let on = async || Store::on(Arc::clone(&faults) as _, &url(), at(DAY, 0)).await.unwrap();
    let store = on().await;
    for number in 10..25 {
        append_logs(
            &store,
            &[(at(DAY, number), "visit-7", "a"), (at(DAY, number), "visit-8", "b")],
        )
        .await
        .unwrap();
    }
    let sleeper = on().await;
    assert_eq!(sleeper.head().await.unwrap().number, 15);
    take_out(&store, "visit-7").await;
    assert!(everything(&store).await.contains("visit-7"));

    let dropped = store.drop_history(&|_| None).await.unwrap();
    assert_eq!((dropped.oldest_epoch, dropped.n_files_left), (16, 0));
    assert!(!everything(&store).await.contains("visit-7"));
    assert!(matches!(store.epoch_at(15).await, Err(Error::NoEpoch { number: 15, newest: 16 })));
    for store in [&store, &sleeper, &on().await] {
        let head = store.head().await.unwrap();
        assert_eq!(texts(store, &head, "logs", "body").await, ["b"; 15]);
    }
    append_logs(&sleeper, &[(at(DAY, 30), "visit-9", "c")]).await.unwrap();
    let again = store.drop_history(&|_| None).await.unwrap();
    assert_eq!(again.oldest_epoch, 17);

    // The usual vacuum goes on from there.
    faults.pass(TimeDelta::days(8));
    for number in 31..45 {
        append_logs(&store, &[(at(DAY, number), "visit-9", "c")]).await.unwrap();
    }
    assert_eq!(store.vacuum(false).await.unwrap().oldest_epoch, 18);
    let store = on().await;
    let head = store.head().await.unwrap();
    assert_eq!(texts(&store, &head, "logs", "body").await.len(), 30);
}

/// Its number is taken, though nothing but the head is left of the epoch that took it.
#[tokio::test]
async fn a_writer_that_began_before_finds_out_that_others_came_first() {
    let store = Store::in_memory(at(DAY, 0)).await.unwrap();
    let mut writing = store.writing(at(DAY, 0));
    let mut tx = writing.begin().await.unwrap();
    tx.append_rows(table_of("logs"), &logs(&[(at(DAY, 1), "s", "late")])).await.unwrap();
    tx.flush().await.unwrap();
    for number in 10..15 {
        append_logs(&store, &[(at(DAY, number), "s", "early")]).await.unwrap();
    }
    let dropped = store.drop_history(&|_| None).await.unwrap();
    assert_eq!(dropped.n_files_left, 1, "the file of the write that is under way");
    let committed = writing.offer(tx, ()).await.unwrap().unwrap();
    assert_eq!(committed.epoch.number, 6);
    let bodies = texts(&store, &committed.epoch, "logs", "body").await;
    assert_eq!(bodies, ["early", "early", "early", "early", "early", "late"]);
}

#[tokio::test]
async fn inputs_get_other_names_and_their_loads_are_known_still() {
    let store = Store::in_memory(at(DAY, 0)).await.unwrap();
    let load = LoadEntry {
        load_id: "l".to_owned(),
        key: "k".to_owned(),
        input: "exports/ann.jsonl".to_owned(),
    };
    let add = async |tx: &mut Transaction| {
        tx.add_load(load.clone());
        Ok::<_, Error>(())
    };
    store.write(at(DAY, 0), add).await.unwrap();
    append_logs(&store, &[(at(DAY, 1), "s", "a")]).await.unwrap();
    store.drop_history(&|name| Some(name.replace("ann", "…"))).await.unwrap();
    assert!(!everything(&store).await.contains("ann.jsonl"));
    assert_eq!(store.find_load("k").await.unwrap().unwrap().input, "exports/….jsonl");
}

#[tokio::test]
async fn retention_drops_days_and_says_which_are_whole() {
    let store = Store::in_memory(at(DAY, 0)).await.unwrap();
    for n in 0..3 {
        append_logs(&store, &[(at(DAY.plus(n), 0), "s", &n.to_string())]).await.unwrap();
    }
    let drop = async |tx: &mut Transaction| tx.drop_days_before("logs", DAY.plus(2)).await;
    let dropped = store.write::<_, Error>(at(DAY, 1), drop).await.unwrap();
    assert_eq!(dropped.value, 2);
    assert_eq!(texts(&store, &dropped.epoch, "logs", "body").await, ["2"]);
    // It never goes back, and later epochs know it.
    let back = async |tx: &mut Transaction| tx.drop_days_before("logs", DAY).await;
    assert!(!store.write::<_, Error>(at(DAY, 1), back).await.unwrap().is_new);
    append_logs(&store, &[(at(DAY.plus(3), 0), "s", "3")]).await.unwrap();
    let head = store.head().await.unwrap();
    assert_eq!(head.first_days.get("logs"), Some(&DAY.plus(2)));
}
