//! A write that meets a bad answer, or its end, at each of its puts in turn.

use std::sync::Arc;

use object_store::memory::InMemory;
use url::Url;

use super::faults::{Fault, FaultStore, SURVIVABLE};
use super::rows::{DAY, at, logs, sessions, table_of, texts};
use crate::{Error, LoadEntry, Store};

/// Loads one input into a base and a derived table, once: whether it is there is asked by its key, as a load does.
async fn load(store: &Store) -> Result<bool, Error> {
    let committed = store
        .write(at(DAY, 0), async |tx| {
            if tx.find_load("key").await?.is_some() {
                return Ok(());
            }
            let rows = logs(&[(at(DAY, 0), "s", "new"), (at(DAY.plus(1), 0), "s", "newer")]);
            tx.append_rows(table_of("logs"), &rows).await?;
            tx.replace_day("sessions", DAY, vec![sessions(DAY, &["s"])]).await?;
            tx.add_load(LoadEntry { load_id: "1".into(), key: "key".into(), input: "a".into() });
            Ok::<_, Error>(())
        })
        .await?;
    Ok(committed.is_new)
}

/// All rows or none, in every table.
async fn check_all_or_nothing(store: &Store) -> bool {
    let head = store.head().await.unwrap();
    let rows = (
        texts(store, &head, "logs", "body").await,
        texts(store, &head, "sessions", "session_id").await,
    );
    let is_there = store.find_load("key").await.unwrap().is_some();
    let all = (vec!["new".to_owned(), "newer".to_owned()], vec!["s".to_owned()]);
    let expected = if is_there { all } else { (Vec::new(), Vec::new()) };
    assert_eq!(rows, expected, "in epoch {}", head.number);
    is_there
}

async fn new_store() -> (Arc<FaultStore>, Store) {
    let faults = FaultStore::new(Arc::new(InMemory::new()));
    let store = reopen(&faults).await;
    (faults, store)
}

async fn reopen(faults: &Arc<FaultStore>) -> Store {
    let url = Url::parse("memory:///store/").unwrap();
    Store::on(Arc::clone(faults) as _, &url, at(DAY, 0)).await.unwrap()
}

/// How many puts creating takes, and how many with a load.
async fn count_puts() -> (usize, usize) {
    let (faults, store) = new_store().await;
    let n_created = faults.puts().len();
    assert!(load(&store).await.unwrap());
    (n_created, faults.puts().len())
}

#[tokio::test]
async fn a_writer_that_dies_at_any_put_leaves_all_or_nothing_and_the_next_load_completes_it() {
    let (n_created, n_puts) = count_puts().await;
    let mut n_there = 0;
    for fault in [Fault::Died, Fault::LandedThenDied] {
        for number in n_created..n_puts {
            let (faults, store) = new_store().await;
            faults.at_put(number, fault);
            let loaded = load(&store).await;
            let path = faults.puts()[number].clone();
            faults.revive().await;
            let store = reopen(&faults).await;
            n_there += usize::from(check_all_or_nothing(&store).await);
            // What readers cannot see yet, the next writer finishes; what was forgotten is loaded.
            let again = load(&store).await.unwrap();
            assert!(check_all_or_nothing(&store).await, "{fault:?} at {path}");
            assert!(!(again && loaded.is_ok()), "{fault:?} at {path}: loaded twice");
        }
    }
    assert!(n_there > 0, "no death came after the load was whole");
}

#[tokio::test]
async fn a_load_survives_any_one_bad_answer_and_is_there_once() {
    let (n_created, n_puts) = count_puts().await;
    for fault in SURVIVABLE {
        for number in n_created..n_puts {
            let (faults, store) = new_store().await;
            faults.at_put(number, fault);
            assert!(load(&store).await.unwrap(), "{fault:?} at {}", faults.puts()[number]);
            faults.revive().await;
            assert!(check_all_or_nothing(&reopen(&faults).await).await);
        }
    }
}

#[tokio::test]
async fn a_store_whose_creation_died_can_be_created_again() {
    let (n_created, _) = count_puts().await;
    for fault in [Fault::Died, Fault::LandedThenDied] {
        for number in 0..n_created {
            let faults = FaultStore::new(Arc::new(InMemory::new()));
            faults.at_put(number, fault);
            let url = Url::parse("memory:///store/").unwrap();
            Store::on(Arc::clone(&faults) as _, &url, at(DAY, 0)).await.unwrap_err();
            faults.revive().await;
            let store = reopen(&faults).await;
            assert!(load(&store).await.unwrap());
            assert!(check_all_or_nothing(&store).await);
        }
    }
}

#[tokio::test]
async fn a_store_that_never_answers_the_commit_leaves_it_uncertain() {
    let (n_created, _) = count_puts().await;
    let (faults, store) = new_store().await;
    let epoch_put = {
        let (faults, store) = new_store().await;
        load(&store).await.unwrap();
        let puts = faults.puts();
        n_created
            + puts[n_created..].iter().position(|path| path.contains("_brunt/epochs/0")).unwrap()
    };
    faults.at_put(epoch_put, Fault::Died);
    let err = load(&store).await.unwrap_err();
    assert_eq!(
        err.to_string(),
        "commit epoch 1: the store did not say whether it took it",
        "{err:?}"
    );
    assert!(err.hint().contains("Run the same load again"), "{}", err.hint());
}
