//! A load that dies at each of its writes in turn: what is there afterwards is all of it or nothing, and the next load
//! completes it.

use std::sync::Arc;

use brunt::{Input, LoadOptions, OpenOptions, Store};
use object_store::ObjectStore;
use object_store::memory::InMemory;
use url::Url;

use crate::faults::{Fault, FaultStore};
use crate::small::{NOW, folder};

/// What the store holds, in numbers that every table of a load takes part in.
const HOLDS: &str = "SELECT (SELECT count(*) FROM logs) AS logs, (SELECT count(*) FROM spans) AS spans, \
    (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM sessions) AS sessions, \
    (SELECT count(*) FROM traces) AS traces, (SELECT count(*) FROM errors) AS errors, \
    (SELECT count(*) FROM activities) AS activities, (SELECT count(*) FROM journey_steps) AS steps, \
    (SELECT count(*) FROM tickets) AS tickets, (SELECT count(*) FROM system.loads) AS loads";

async fn open(objects: Arc<dyn ObjectStore>) -> Store {
    let url = Url::parse("memory:///").unwrap();
    let tables = brunt_store::Store::on(objects, &url, NOW).await.unwrap();
    let definitions = Some(folder().join("definitions"));
    Store::over(tables, OpenOptions { definitions, ..OpenOptions::default() }).unwrap()
}

async fn load(store: &Store) -> Result<(), brunt::Error> {
    let inputs = Input::find(&folder().to_string_lossy()).unwrap();
    store.load(&inputs, &LoadOptions::default(), NOW, &|_| ()).await.map(drop)
}

async fn holds(store: &Store) -> String {
    let batches = store.sql(HOLDS).await.unwrap().collect().await.unwrap();
    arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_dies_at_any_write_is_whole_or_absent() {
    let empty = holds(&open(Arc::new(InMemory::new())).await).await;
    let store = open(Arc::new(InMemory::new())).await;
    load(&store).await.unwrap();
    let whole = holds(&store).await;
    assert_ne!(empty, whole);

    for fault in [Fault::Died, Fault::LandedThenDied] {
        let mut outcomes = [0, 0];
        for n_writes in 0.. {
            let objects = Arc::new(InMemory::new());
            let faulty = FaultStore::new(Arc::clone(&objects) as Arc<dyn ObjectStore>);
            let store = open(Arc::clone(&faulty) as Arc<dyn ObjectStore>).await;
            faulty.at_put(faulty.puts().len() + n_writes, fault);
            if load(&store).await.is_ok() {
                assert!(n_writes > 10, "a load has more writes than {n_writes}");
                break;
            }
            drop(store);
            // Another process, after the one that died.
            let store = open(Arc::clone(&objects) as Arc<dyn ObjectStore>).await;
            let held = holds(&store).await;
            assert!(held == empty || held == whole, "{fault:?} at write {n_writes}:\n{held}");
            outcomes[usize::from(held == whole)] += 1;
            load(&store).await.unwrap();
            assert_eq!(holds(&store).await, whole, "{fault:?} at write {n_writes}, loaded again");
        }
        assert!(outcomes[0] > 0, "{fault:?}: every load was whole");
    }
}
