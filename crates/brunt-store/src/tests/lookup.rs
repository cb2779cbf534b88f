//! Rows found by wanted values are those that a look at every row finds.

use std::collections::BTreeSet;

use arrow::array::AsArray;

use super::rows::{DAY, at, logs, table_of};
use crate::{Error, Store, Wanted};

/// Several pages of rows, some without a session.
const N_ROWS: usize = 60_000;

async fn found(store: &Store, wanted: &Wanted) -> Vec<String> {
    let mut found = Vec::new();
    store
        .write(at(DAY, 0), async |tx| {
            for file in tx.read_days_before("logs", &BTreeSet::from([DAY])).await? {
                for batch in tx.read_wanted(&file, Some(&["body"]), wanted).await? {
                    let bodies = batch.column(0).as_string::<i32>();
                    found.extend(bodies.iter().flatten().map(str::to_owned));
                }
            }
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    found.sort();
    found
}

fn texts(values: &[&str]) -> Wanted {
    let mut wanted = Wanted::default();
    for value in values {
        wanted.text("session_id", value);
    }
    wanted
}

#[tokio::test]
async fn rows_are_found_by_ids_and_times_and_no_others() {
    let store = Store::in_memory(at(DAY, 0)).await.unwrap();
    let sessions: Vec<String> = (0..N_ROWS).map(|row| format!("s{}", row * 7919 % 6_000)).collect();
    let bodies: Vec<String> = (0..N_ROWS).map(|row| row.to_string()).collect();
    let rows: Vec<_> = (0..N_ROWS)
        .zip((0..1_440).cycle())
        .map(|(row, minute)| (at(DAY, minute), sessions[row].as_str(), bodies[row].as_str()))
        .collect();
    let batch = logs(&rows);
    store
        .write(at(DAY, 0), async |tx| tx.append_rows(table_of("logs"), &batch).await)
        .await
        .unwrap();
    let expected = |holds: &dyn Fn(usize) -> bool| {
        let mut bodies: Vec<String> =
            (0..N_ROWS).filter(|row| holds(*row)).map(|row| bodies[row].clone()).collect();
        bodies.sort();
        bodies
    };

    let wanted = texts(&["s17", "s5999", "none"]);
    let by_session = expected(&|row| ["s17", "s5999"].contains(&sessions[row].as_str()));
    assert_eq!(by_session.len(), 20);
    assert_eq!(found(&store, &wanted).await, by_session);

    let mut both = texts(&["s17"]);
    both.time(at(DAY, 3).0);
    both.time(at(DAY.plus(4), 0).0);
    let either = expected(&|row| sessions[row] == "s17" || row % 1_440 == 3);
    assert_eq!(found(&store, &both).await, either);

    for nothing in [texts(&["none"]), Wanted::default()] {
        assert_eq!(found(&store, &nothing).await, Vec::<String>::new());
    }
    let mut other = Wanted::default();
    other.text("trace_id", "s17");
    assert_eq!(found(&store, &other).await, Vec::<String>::new());
}
