//! A write and what readers see of it.

use std::collections::BTreeSet;

use arrow::array::BooleanArray;
use brunt_model::Day;

use super::rows::{DAY, append_logs, at, batch, logs, sessions, table_of, texts, texts_in_order};
use crate::{Error, LoadEntry, Share, Store, StoreOptions};

fn load(key: &str) -> LoadEntry {
    LoadEntry { load_id: format!("id-{key}"), key: key.to_owned(), input: format!("{key}.jsonl") }
}

#[tokio::test]
async fn a_new_store_has_every_table_empty() {
    let store = Store::in_memory(at(DAY, 0)).await.unwrap();
    let head = store.head().await.unwrap();
    assert_eq!((head.number, head.parent), (0, None));
    for table in brunt_model::tables() {
        assert_eq!(head.versions[table.name], 0);
        let snapshot = store.snapshot(&head, table.name).await.unwrap();
        assert_eq!((snapshot.n_rows(), snapshot.version), (0, Some(0)), "{}", table.name);
    }
}

#[tokio::test]
async fn rows_of_several_days_come_back_sorted_from_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("my store");
    let place = place.to_str().unwrap();
    let options = StoreOptions::default();
    let store = Store::create(place, &options, at(DAY, 0)).await.unwrap();
    let next = DAY.plus(1);
    let rows = [
        (at(next, 5), "s1", "g"),
        (at(DAY, 70), "s1", "d"),
        (at(DAY, 59), "s2", "c"),
        (at(DAY, 58), "s1", "b"),
        (at(DAY, 2), "s1", "a"),
        (at(DAY, 90), "s1", "e"),
        (at(DAY, 61), "s2", "f"),
    ];
    append_logs(&store, &rows).await.unwrap();

    let store = Store::open(place, &options).await.unwrap();
    let head = store.head().await.unwrap();
    assert_eq!(head.number, 1);
    // By hour, then session, then time.
    assert_eq!(
        texts_in_order(&store, &head, "logs", "body").await,
        ["a", "b", "c", "d", "e", "f", "g"]
    );
    let snapshot = store.snapshot(&head, "logs").await.unwrap();
    assert_eq!(snapshot.days(), [DAY, next]);
    let file = &snapshot.files_of(DAY)[0];
    assert_eq!((file.n_rows, file.ts_min, file.ts_max), (6, at(DAY, 2), at(DAY, 90)));
    assert!(file.path.starts_with("logs/day=2025-10-28/"), "{}", file.path);
    let batches = store.read(file, None).await.unwrap();
    assert_eq!(batches[0].schema(), table_of("logs").schema());
}

#[tokio::test]
async fn a_missing_store_a_second_create_and_a_newer_format_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    let options = StoreOptions::default();
    let err = Store::open(place, &options).await.unwrap_err();
    assert_eq!(err.to_string(), format!("no store at \"file://{place}/\""));
    Store::create(place, &options, at(DAY, 0)).await.unwrap();
    let err = Store::create(place, &options, at(DAY, 0)).await.unwrap_err();
    assert!(matches!(err, Error::StoreExists { .. }), "{err}");
    std::fs::write(folder.path().join("_brunt/store.json"), r#"{"format": 2}"#).unwrap();
    let err = Store::open_or_create(place, &options, at(DAY, 0)).await.unwrap_err();
    assert_eq!(
        err.to_string(),
        format!("store \"file://{place}/\" has format 2, newer than format 1")
    );
}

#[tokio::test]
async fn a_write_sees_its_own_changes_and_readers_none_before_its_end() {
    let store = Store::in_memory(at(DAY, 0)).await.unwrap();
    append_logs(&store, &[(at(DAY, 0), "s", "old"), (at(DAY, 1), "s", "twice")]).await.unwrap();
    let days = BTreeSet::from([DAY]);
    let committed = store
        .write(at(DAY, 1), async |tx| {
            let files = tx.read_days("logs", &days).await?;
            let keep = BooleanArray::from(vec![true, false]);
            tx.drop_rows(&files[0], &keep).await?;
            tx.append_rows(table_of("logs"), &logs(&[(at(DAY, 2), "s", "new")])).await?;
            tx.replace_day("sessions", DAY, vec![sessions(DAY, &["s"])]).await?;
            assert_eq!(store.head().await?.number, 1);
            let files = tx.read_days("logs", &days).await?;
            Ok::<_, Error>(files.iter().map(|file| file.n_rows).sum::<u64>())
        })
        .await
        .unwrap();
    assert_eq!(committed.value, 2);
    assert!(committed.upkeep_error.is_none());
    let head = store.head().await.unwrap();
    assert_eq!(texts(&store, &head, "logs", "body").await, ["new", "old"]);
    assert_eq!(texts(&store, &head, "sessions", "session_id").await, ["s"]);
    let past = store.epoch_at(1).await.unwrap();
    assert_eq!(texts(&store, &past, "logs", "body").await, ["old", "twice"]);
    let err = store.epoch_at(3).await.unwrap_err();
    assert_eq!(err.to_string(), "epoch 3 is not in the store, whose newest is 2");
}

#[tokio::test]
async fn a_day_replaced_by_the_same_rows_makes_no_epoch() {
    let store = Store::in_memory(at(DAY, 0)).await.unwrap();
    let replace = async |ids: &[&str]| {
        let rows = sessions(DAY, ids);
        let write = store.write(at(DAY, 0), async |tx| {
            tx.replace_day("sessions", DAY, vec![rows.clone()]).await
        });
        write.await.unwrap()
    };
    assert!(replace(&["a", "b"]).await.is_new);
    let again = replace(&["a", "b"]).await;
    assert_eq!((again.is_new, again.epoch.number), (false, 1));
    assert!(replace(&["a", "c"]).await.is_new);
    assert!(replace(&[]).await.is_new);
    let head = store.head().await.unwrap();
    assert_eq!(store.snapshot(&head, "sessions").await.unwrap().files, []);
}

#[tokio::test]
async fn a_day_has_the_rows_of_all_shares_and_shares_that_came_again_keep_their_files() {
    let store = Store::in_memory(at(DAY, 0)).await.unwrap();
    let replace = async |shares: &[&[&str]]| {
        let write = store.write(at(DAY, 0), async |tx| {
            for (share_idx, ids) in shares.iter().enumerate() {
                let share =
                    Share { is_first: share_idx == 0, is_last: share_idx + 1 == shares.len() };
                tx.replace_share("sessions", DAY, vec![sessions(DAY, ids)], share).await?;
            }
            Ok::<_, Error>(())
        });
        write.await.unwrap().is_new
    };
    let files = async || {
        let head = store.head().await.unwrap();
        let ids = texts(&store, &head, "sessions", "session_id").await;
        (ids, store.snapshot(&head, "sessions").await.unwrap().files.clone())
    };
    assert!(replace(&[&["z"]]).await);
    assert!(replace(&[&["a", "b"], &[], &["c"]]).await);
    let (ids, first) = files().await;
    assert_eq!((ids.join(" ").as_str(), first.len()), ("a b c", 2), "what was there went");
    assert!(!replace(&[&["c"], &["a", "b"]]).await, "the order of shares is nothing");
    assert!(replace(&[&["c"], &["a"]]).await);
    let (ids, second) = files().await;
    assert_eq!(ids, ["a", "c"]);
    assert_eq!(second.iter().filter(|file| first.contains(file)).count(), 1);
}

#[tokio::test]
async fn a_table_replaced_whole_loses_the_days_that_are_not_in_it() {
    let store = Store::in_memory(at(DAY, 0)).await.unwrap();
    let (first, second) = (sessions(DAY, &["a"]), sessions(DAY.plus(1), &["b"]));
    for rows in [vec![first.clone(), second.clone()], vec![second]] {
        store
            .write(at(DAY, 0), async |tx| tx.replace_table("sessions", rows.clone()).await)
            .await
            .unwrap();
    }
    let head = store.head().await.unwrap();
    assert_eq!(texts(&store, &head, "sessions", "session_id").await, ["b"]);
}

#[tokio::test]
async fn a_load_is_found_by_its_key_across_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    let store = Store::create(place, &StoreOptions::default(), at(DAY, 0)).await.unwrap();
    for number in 0..103 {
        let add = async |tx: &mut crate::Transaction| {
            tx.add_load(load(&format!("k{number}")));
            Ok::<_, Error>(())
        };
        assert!(store.write(at(DAY, 0), add).await.unwrap().upkeep_error.is_none());
    }
    assert!(folder.path().join("_brunt/epochs/00000000000000000100.checkpoint.parquet").exists());
    let store = Store::open(place, &StoreOptions::default()).await.unwrap();
    for number in [0, 99, 100, 102] {
        let key = format!("k{number}");
        assert_eq!(store.find_load(&key).await.unwrap(), Some(load(&key)));
    }
    assert_eq!(store.find_load("k103").await.unwrap(), None);
}

#[tokio::test]
async fn rows_of_the_wrong_table_kind_or_day_are_refused() {
    let store = Store::in_memory(at(DAY, 0)).await.unwrap();
    let err = store
        .write(at(DAY, 0), async |tx| tx.replace_day("logs", DAY, vec![]).await)
        .await
        .unwrap_err();
    assert_eq!(err.to_string(), "table \"logs\" does not take this: it is not a derived table");
    let rows = sessions(Day(1), &["a"]);
    let err = store
        .write(at(DAY, 0), async |tx| tx.replace_day("sessions", DAY, vec![rows.clone()]).await)
        .await
        .unwrap_err();
    assert_eq!(
        err.to_string(),
        "table \"sessions\" does not take this: rows that are not of 2025-10-28"
    );
    assert_eq!(store.head().await.unwrap().number, 0);
}

#[tokio::test]
async fn definitions_are_kept_with_the_epoch_that_used_them() {
    let store = Store::in_memory(at(DAY, 0)).await.unwrap();
    let files = [("journeys.toml".to_owned(), "a".into()), ("slo.yaml".to_owned(), "b".into())];
    store.write(at(DAY, 0), async |tx| tx.set_definitions("h1", &files).await).await.unwrap();
    let head = store.head().await.unwrap();
    assert_eq!(head.definitions_hash.as_deref(), Some("h1"));
    assert_eq!(store.definitions("h1").await.unwrap(), files);
}

#[tokio::test]
async fn delta_checkpoints_are_written_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    let store = Store::create(place, &StoreOptions::default(), at(DAY, 0)).await.unwrap();
    let bodies: Vec<String> = (10..33).map(|it| it.to_string()).collect();
    for body in &bodies {
        append_logs(&store, &[(at(DAY, 0), "s", body)]).await.unwrap();
    }
    for version in [10, 20] {
        let name = format!("logs/_delta_log/{version:020}.checkpoint.parquet");
        assert!(folder.path().join(&name).exists(), "{name}");
    }
    let store = Store::open(place, &StoreOptions::default()).await.unwrap();
    let head = store.head().await.unwrap();
    assert_eq!(texts(&store, &head, "logs", "body").await, bodies);
    let past = store.epoch_at(15).await.unwrap();
    assert_eq!(texts(&store, &past, "logs", "body").await, bodies[..15]);
}

#[tokio::test]
async fn system_rows_are_kept_by_day() {
    let store = Store::in_memory(at(DAY, 0)).await.unwrap();
    let rows = batch("rejects", &[at(DAY, 3)], &std::collections::HashMap::new());
    store
        .write(at(DAY, 3), async |tx| tx.add_system_rows("rejects", rows.clone()).await)
        .await
        .unwrap();
    let head = store.head().await.unwrap();
    let snapshot = store.snapshot(&head, "rejects").await.unwrap();
    assert!(snapshot.files[0].path.starts_with("_brunt/rejects/day=2025-10-28/"));
    assert_eq!(store.read(&snapshot.files[0], None).await.unwrap(), [rows]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_can_be_spawned() {
    let store = Store::in_memory(at(DAY, 0)).await.unwrap();
    let task = tokio::spawn(async move {
        let written = store
            .write(at(DAY, 0), async |tx| {
                tx.append_rows(table_of("logs"), &logs(&[(at(DAY, 2), "s", "new")])).await
            })
            .await;
        written.map(|committed| committed.epoch.number)
    });
    assert_eq!(task.await.unwrap().unwrap(), 1);
}
