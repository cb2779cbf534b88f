//! Delta readers of other make see the same rows: the Python packages `deltalake` and `polars`.
//!
//! Where the machine has them not, the test says so.

use std::path::Path;
use std::process::Command;

use brunt_testkit::needs::python_with;

use super::rows::{DAY, append_logs, at, sessions, table_of, texts};
use crate::{Store, StoreOptions};

/// Ends a script that came to its end: now and then the threads of its packages abort the interpreter when it tidies up.
const END: &str = "
import os
sys.stdout.flush()
os._exit(0)
";

fn run(python: &str, script: &str, folder: &Path) -> String {
    let script = format!("{script}{END}");
    let output = Command::new(python).arg("-c").arg(script).arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Prints session, body, day and microseconds of all logs, by body.
const DELTALAKE: &str = "
import sys, deltalake
table = deltalake.DeltaTable(sys.argv[1])
assert table.protocol().min_reader_version == 1 and table.protocol().min_writer_version == 2
assert table.metadata().partition_columns == ['day']
rows = table.to_pyarrow_table().to_pylist()
for row in sorted(rows, key=lambda row: row['body']):
    print(row['session_id'], row['body'], row['day'], row['ts'].isoformat())
";

const POLARS: &str = "
import sys, polars
rows = polars.read_delta(sys.argv[1]).sort('body').to_dicts()
for row in rows:
    print(row['session_id'], row['body'], row['day'], row['ts'].isoformat())
";

/// Opens each table of the store and prints its name and its number of rows.
const ALL_TABLES: &str = "
import pathlib, sys, deltalake
for log in sorted(pathlib.Path(sys.argv[1]).rglob('_delta_log')):
    print(log.parent.name, deltalake.DeltaTable(str(log.parent)).to_pyarrow_table().num_rows)
";

#[tokio::test]
async fn other_readers_of_delta_see_the_same_rows() {
    let Some(python) = python_with("deltalake, polars, pyarrow") else { return };
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    let store = Store::create(place, &StoreOptions::default(), at(DAY, 0)).await.unwrap();
    // More versions than one checkpoint, two days, an optimized day, and a derived table.
    for number in 10..25 {
        let day = DAY.plus(number % 2);
        append_logs(&store, &[(at(day, i64::from(number)), "s", &number.to_string())])
            .await
            .unwrap();
    }
    store.optimize(at(DAY, 0), "logs", None).await.unwrap();
    let rows = sessions(DAY, &["a", "b"]);
    store
        .write(at(DAY, 0), async |tx| tx.replace_day("sessions", DAY, vec![rows.clone()]).await)
        .await
        .unwrap();

    let head = store.head().await.unwrap();
    let bodies = texts(&store, &head, "logs", "body").await;
    assert_eq!(bodies.len(), 15);
    let expected: String = bodies
        .iter()
        .map(|body| {
            let number: i32 = body.parse().unwrap();
            let day = DAY.plus(number % 2);
            format!("s {body} {day} {day}T00:{number:02}:00+00:00\n")
        })
        .collect();
    for script in [DELTALAKE, POLARS] {
        assert_eq!(run(&python, script, &folder.path().join("logs")), expected, "{script}");
    }

    let mut counts = Vec::new();
    for table in brunt_model::tables() {
        let n_rows = store.snapshot(&head, table_of(table.name).name).await.unwrap().n_rows();
        counts.push(format!("{} {n_rows}", table.name));
    }
    counts.sort();
    let printed = run(&python, ALL_TABLES, folder.path());
    let mut printed: Vec<&str> = printed.lines().collect();
    printed.sort_unstable();
    assert_eq!(printed, counts);
}
