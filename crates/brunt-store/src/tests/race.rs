//! Writers at the same time, on memory, on disk, and on a store that answers badly.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::join_all;
use object_store::memory::InMemory;
use tempfile::TempDir;
use tokio::sync::Barrier;
use url::Url;

use super::faults::FaultStore;
use super::rows::{DAY, append_logs, at, logs, sessions, table_of, texts, texts_in_order};
use crate::disk::{DiskStore, SystemDisk};
use crate::optimize::Merged;
use crate::{Error, LoadEntry, Store};

/// The places where each race is run.
struct Place {
    name: String,
    store: Store,
    faults: Option<Arc<FaultStore>>,
    _folder: Option<TempDir>,
}

impl Place {
    /// Another process on the same store.
    async fn open(&self) -> Store {
        Store::on(self.store.object_store(), self.store.url(), at(DAY, 0)).await.unwrap()
    }
}

/// Memory, disk, and three seeds of bad answers, each with a new store.
async fn places() -> Vec<Place> {
    let mut places = Vec::new();
    let memory = Url::parse("memory:///").unwrap();
    let store = Store::on(Arc::new(InMemory::new()), &memory, at(DAY, 0)).await.unwrap();
    places.push(Place { name: "memory".into(), store, faults: None, _folder: None });

    let folder = tempfile::tempdir().unwrap();
    let url = Url::from_directory_path(folder.path()).unwrap();
    let disk = Arc::new(DiskStore::new(Arc::new(SystemDisk)));
    let store = Store::on(disk, &url, at(DAY, 0)).await.unwrap();
    places.push(Place { name: "disk".into(), store, faults: None, _folder: Some(folder) });

    for seed in [11, 12, 13] {
        let faults = FaultStore::new(Arc::new(InMemory::new()));
        let objects = Arc::clone(&faults) as _;
        let store = Store::on(objects, &memory, at(DAY, 0)).await.unwrap();
        faults.at_random(seed, 8);
        let name = format!("faults, seed {seed}");
        places.push(Place { name, store, faults: Some(faults), _folder: None });
    }
    places
}

/// Runs writes so that all of them read the same epoch before any commits.
struct Start {
    barrier: Barrier,
}

impl Start {
    fn of(n_writers: usize) -> Arc<Self> {
        Arc::new(Self { barrier: Barrier::new(n_writers) })
    }

    /// Waits in the first run of a closure only.
    async fn wait(&self, is_first: &mut bool) {
        if std::mem::take(is_first) {
            self.barrier.wait().await;
        }
    }
}

/// A load that stores rows unless they are there, as the first to write a day would.
async fn load_once(
    store: Store,
    start: Arc<Start>,
    key: &str,
    rows: Vec<(brunt_model::Ts, String)>,
) -> Result<(), Error> {
    let mut is_first = true;
    store
        .write(at(DAY, 0), async |tx| {
            let known = tx.find_load(key).await?.is_some();
            let days: BTreeSet<_> = rows.iter().map(|row| brunt_model::day_of(row.0)).collect();
            let mut there = BTreeSet::new();
            for file in tx.read_days("logs", &days).await? {
                for batch in tx.read(&file, Some(&["body"])).await? {
                    let bodies = arrow::array::AsArray::as_string::<i32>(batch.column(0)).clone();
                    there.extend(bodies.iter().flatten().map(str::to_owned));
                }
            }
            start.wait(&mut is_first).await;
            if known {
                return Ok(());
            }
            let new: Vec<_> = rows.iter().filter(|row| !there.contains(&row.1)).collect();
            let new: Vec<_> = new.iter().map(|row| (row.0, "s", row.1.as_str())).collect();
            if !new.is_empty() {
                tx.append_rows(table_of("logs"), &logs(&new)).await?;
            }
            tx.add_load(LoadEntry { load_id: key.into(), key: key.into(), input: key.into() });
            Ok::<_, Error>(())
        })
        .await
        .map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn loads_of_different_files_all_land() {
    for place in places().await {
        let start = Start::of(4);
        let loads = (0..4).map(|number: i32| {
            let start = Arc::clone(&start);
            let place = &place;
            async move {
                let rows = vec![(at(DAY.plus(number), 0), number.to_string())];
                load_once(place.open().await, start, &format!("k{number}"), rows).await
            }
        });
        for loaded in join_all(loads).await {
            loaded.unwrap();
        }
        let head = place.open().await.head().await.unwrap();
        assert_eq!(head.number, 4, "{}", place.name);
        assert_eq!(texts(&place.store, &head, "logs", "body").await, ["0", "1", "2", "3"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_first_writes_of_a_day_store_each_row_once() {
    for place in places().await {
        let start = Start::of(2);
        let rows: Vec<_> = (0..3).map(|minute| (at(DAY, minute), minute.to_string())).collect();
        let loads = ["a", "b"].map(|key| {
            let (start, rows, place) = (Arc::clone(&start), rows.clone(), &place);
            async move { load_once(place.open().await, start, key, rows).await }
        });
        for loaded in join_all(loads).await {
            loaded.unwrap();
        }
        let head = place.store.head().await.unwrap();
        assert_eq!(
            texts(&place.store, &head, "logs", "body").await,
            ["0", "1", "2"],
            "{}",
            place.name
        );
        for key in ["a", "b"] {
            assert!(place.store.find_load(key).await.unwrap().is_some());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_load_twice_at_once_is_one() {
    for place in places().await {
        let start = Start::of(2);
        let loads = [1, 2].map(|_| {
            let (start, place) = (Arc::clone(&start), &place);
            async move {
                load_once(place.open().await, start, "a", vec![(at(DAY, 0), "x".into())]).await
            }
        });
        for loaded in join_all(loads).await {
            loaded.unwrap();
        }
        let head = place.store.head().await.unwrap();
        assert_eq!((head.number, head.loads.len()), (1, 1), "{}", place.name);
    }
}

/// Three runs in one day, and two in the next.
async fn fill(store: &Store) {
    let next = DAY.plus(1);
    for (minute, body) in [(50, "c"), (10, "a"), (30, "b")] {
        append_logs(store, &[(at(DAY, minute), "s", body)]).await.unwrap();
    }
    for (minute, body) in [(20, "e"), (10, "d")] {
        append_logs(store, &[(at(next, minute), "s", body)]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_optimizers_lose_and_double_nothing() {
    for place in places().await {
        fill(&place.store).await;
        let optimizers = [1, 2].map(|_| async {
            place.open().await.optimize(at(DAY, 0), "logs", None).await.unwrap()
        });
        let done = join_all(optimizers).await;
        let head = place.store.head().await.unwrap();
        let bodies = texts_in_order(&place.store, &head, "logs", "body").await;
        assert_eq!(bodies, ["a", "b", "c", "d", "e"], "{}: {done:?}", place.name);
        let snapshot = place.store.snapshot(&head, "logs").await.unwrap();
        assert_eq!(snapshot.files.len(), 2, "{}: {done:?}", place.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_optimizer_leaves_a_day_to_those_who_replaced_it_meanwhile() {
    for place in places().await {
        for ids in [["a", "b"], ["c", "d"]] {
            // Two writes of one day's sessions, joined by hand into two runs.
            place
                .store
                .write(at(DAY, 0), async |tx| {
                    tx.append_rows(table_of("sessions"), &sessions(DAY, &ids)).await?;
                    tx.append_rows(table_of("sessions"), &sessions(DAY.plus(1), &ids)).await
                })
                .await
                .unwrap();
        }
        let other = place.open().await;
        let merged = Merged::of(&place.store, at(DAY, 0), "sessions", None).await.unwrap();
        let rows = sessions(DAY, &["z"]);
        other
            .write(at(DAY, 0), async |tx| tx.replace_day("sessions", DAY, vec![rows.clone()]).await)
            .await
            .unwrap();
        let optimized = merged.commit(&place.store, at(DAY, 0)).await.unwrap();
        assert_eq!((optimized.n_days, optimized.n_days_dropped), (1, 1), "{}", place.name);
        let head = place.store.head().await.unwrap();
        let ids = texts_in_order(&place.store, &head, "sessions", "session_id").await;
        assert_eq!(ids, ["z", "a", "b", "c", "d"], "{}", place.name);
    }
}

/// Lets `other` write while a write that reads `DAY` of `logs` is on its way; returns how often that ran, and its epoch.
async fn write_beside(
    store: &Store,
    other: impl AsyncFn(&mut crate::Transaction) -> Result<(), Error>,
) -> (usize, u64) {
    let second = Store::on(store.object_store(), store.url(), at(DAY, 0)).await.unwrap();
    let mut n_runs = 0;
    let committed = store
        .write(at(DAY, 0), async |tx| {
            n_runs += 1;
            tx.read_days("logs", &BTreeSet::from([DAY])).await?;
            tx.append_rows(table_of("logs"), &logs(&[(at(DAY, 1), "s", "ours")])).await?;
            if n_runs == 1 {
                second.write(at(DAY, 0), &other).await?;
            }
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    (n_runs, committed.epoch.number)
}

#[tokio::test]
async fn a_write_runs_again_only_where_the_winner_changed_what_it_had_read() {
    let new = async || Store::in_memory(at(DAY, 0)).await.unwrap();
    let append = async |tx: &mut crate::Transaction, day| {
        tx.append_rows(table_of("logs"), &logs(&[(at(day, 0), "s", "theirs")])).await
    };

    let store = new().await;
    assert_eq!(write_beside(&store, async |tx| append(tx, DAY.plus(1)).await).await, (1, 2));
    let store = new().await;
    let other_table = async |tx: &mut crate::Transaction| {
        tx.replace_day("sessions", DAY, vec![sessions(DAY, &["a"])]).await
    };
    assert_eq!(write_beside(&store, other_table).await, (1, 2));

    let store = new().await;
    assert_eq!(write_beside(&store, async |tx| append(tx, DAY).await).await, (2, 2));
    let head = store.head().await.unwrap();
    assert_eq!(texts(&store, &head, "logs", "body").await, ["ours", "theirs"]);
    let store = new().await;
    let definitions = async |tx: &mut crate::Transaction| tx.set_definitions("new", &[]).await;
    assert_eq!(write_beside(&store, definitions).await, (2, 2));
    assert_eq!(store.head().await.unwrap().definitions_hash.as_deref(), Some("new"));
}

#[tokio::test]
async fn a_commit_of_another_program_stops_writers_and_not_readers() {
    let store = Store::in_memory(at(DAY, 0)).await.unwrap();
    append_logs(&store, &[(at(DAY, 0), "s", "ours")]).await.unwrap();
    let path = "logs/_delta_log/00000000000000000002.json";
    store.location().write(path, r#"{"commitInfo":{}}"#.into()).await.unwrap();
    for _ in 0..2 {
        let err = append_logs(&store, &[(at(DAY, 1), "s", "more")]).await.unwrap_err();
        assert_eq!(err.to_string(), "table \"logs\" has a version 2 that brunt did not write");
    }
    let head = store.head().await.unwrap();
    assert_eq!(texts(&store, &head, "logs", "body").await, ["ours"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_race_on_bad_answers_did_meet_some() {
    let mut n_puts = 0;
    for place in places().await {
        fill(&place.store).await;
        n_puts += place.faults.map_or(0, |faults| faults.puts().len());
    }
    assert!(n_puts > 3 * 40, "with one bad answer in eight, so many puts meet some: {n_puts}");
}
