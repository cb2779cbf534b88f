//! What is left of somebody who was forgotten: nothing, in no table, no epoch and no file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

use super::{ForgetOptions, Receipt, Subject};
use crate::fixture::NOW;
use crate::load::{Input, LoadOptions};
use crate::store::Store;

const EVENTS: &str = r#"
{"ts":"2025-10-28T10:00:00Z","event_kind":"page_view","event_id":"e1","session_id":"visit-a","user_pseudo_id":"device-a","url_path":"/"}
{"ts":"2025-10-28T10:01:00Z","event_kind":"click","event_id":"e2","session_id":"visit-a","user_pseudo_id":"device-a","user_id":"ann-7"}
{"ts":"2025-10-27T09:00:00Z","event_kind":"page_view","event_id":"e3","session_id":"visit-before","user_pseudo_id":"device-a"}
{"ts":"2025-10-28T10:00:00Z","event_kind":"page_view","event_id":"e4","session_id":"visit-b","user_pseudo_id":"device-shared","user_id":"bob-8"}
{"ts":"2025-10-28T10:02:00Z","event_kind":"custom","event_id":"e5","session_id":"visit-b","user_pseudo_id":"device-shared","user_id":"bob-8","attributes":{"invited_by":"ann-7","n":1}}
{"ts":"2025-10-28T12:00:00Z","event_kind":"page_view","event_id":"e6","session_id":"visit-shared","user_pseudo_id":"device-shared","user_id":"ann-7"}
{"ts":"2025-10-28T12:01:00Z","event_kind":"page_view","event_id":"e7","session_id":"visit-shared","user_pseudo_id":"device-shared","user_id":"bob-8"}
{"ts":"2025-10-28T12:02:00Z","event_kind":"click","event_id":"e8","session_id":"visit-shared"}
"#;

const SPANS: &str = r#"
{"ts":"2025-10-28T10:01:00Z","trace_id":"0000000000000000000000000000000a","span_id":"000000000000000a","span_name":"GET /cart","session_id":"visit-a","span_kind":"SERVER"}
{"ts":"2025-10-28T10:01:01Z","trace_id":"0000000000000000000000000000000a","span_id":"000000000000000b","span_name":"SELECT","parent_span_id":"000000000000000a"}
{"ts":"2025-10-28T10:02:00Z","trace_id":"0000000000000000000000000000000b","span_id":"000000000000000c","span_name":"GET /","user_id":"bob-8"}
"#;

const LOGS: &str = r#"
{"ts":"2025-10-28T10:01:01Z","message":"cart is empty","trace_id":"0000000000000000000000000000000a"}
{"ts":"2025-10-28T10:02:00Z","message":"bob-8 follows ann-7, not ann-77","trace_id":"0000000000000000000000000000000b"}
{"ts":"2025-10-28T10:03:00Z","message":"started"}
"#;

const TICKETS: &str = r#"
{"ts":"2025-10-28T11:00:00Z","kind":"ticket","source":"desk","ticket_id":"9","requester_id":"ann-7","message":"My cart is empty"}
{"ts":"2025-10-28T11:30:00Z","kind":"comment","source":"desk","ticket_id":"9","message":"We are looking into it"}
{"ts":"2025-10-28T11:00:00Z","kind":"ticket","source":"desk","ticket_id":"10","requester_id":"bob-8","message":"Hello"}
"#;

async fn load(store: &Store, name: &str, table: &str, lines: &str) {
    let options = LoadOptions {
        table: Some(table.to_owned()),
        secret: Some("pepper".to_owned()),
        ..LoadOptions::default()
    };
    let input = Input::from_bytes(name, lines.trim().as_bytes());
    let summary = store.load(&[input], &options, NOW, &|_| ()).await.unwrap();
    assert!(summary.epoch.is_some(), "{}", summary.to_json());
}

async fn shop(folder: &Path) -> Store {
    let store = Store::open_or_create(folder.to_str().unwrap(), NOW).await.unwrap();
    load(&store, "exports/ann-7.jsonl", "events", EVENTS).await;
    load(&store, "spans.jsonl", "spans", SPANS).await;
    load(&store, "logs.jsonl", "logs", LOGS).await;
    load(&store, "tickets.jsonl", "tickets", TICKETS).await;
    // Rows that are stored already, some with less in them, and a record that is refused.
    let again = EVENTS.replace(r#""url_path":"/""#, r#""view_name":null"#);
    load(&store, "again.jsonl", "events", &again).await;
    let broken = "{\"ts\":\"2025-10-28T09:00:00Z\",\"message\":\"fine\"}\n{\"ts\":\"2025-10-28T10:00:00Z\",\"message\":\"of ann-7";
    load(&store, "broken.jsonl", "logs", broken).await;
    store
}

async fn ask(store: &Store, sql: &str) -> Vec<String> {
    crate::fixture::ask(&store.session().await.unwrap(), sql).await
}

/// Every file of the store as text, with the rows of Parquet files decoded.
fn everything(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut texts = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts.extend(everything(&path));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        if path.extension().is_some_and(|ending| ending == "parquet") {
            let rows = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes));
            for batch in rows.unwrap().build().unwrap() {
                text.push_str(&format!("{:?}", batch.unwrap().columns()));
            }
        }
        texts.insert(path, text);
    }
    texts
}

/// The files that have a word.
fn files_with<'a>(files: &'a BTreeMap<PathBuf, String>, word: &str) -> Vec<&'a PathBuf> {
    files.iter().filter(|(_, text)| names(text, word)).map(|(path, _)| path).collect()
}

/// Whether a text has the word, and not only as a part of a longer one.
fn names(text: &str, word: &str) -> bool {
    text.match_indices(word)
        .any(|(at, _)| !text[at + word.len()..].chars().next().is_some_and(char::is_alphanumeric))
}

async fn forget(store: &Store, subject: Subject) -> Receipt {
    let options = ForgetOptions { secret: Some("pepper".to_owned()), dry_run: false };
    store.forget(&subject, &options, NOW).await.unwrap()
}

fn counts(receipt: &Receipt) -> Vec<(&str, u64, u64)> {
    receipt.tables.iter().map(|it| (it.table.as_str(), it.n_deleted, it.n_masked)).collect()
}

#[tokio::test]
async fn no_byte_of_somebody_who_was_forgotten_is_left() {
    let folder = TempDir::new().unwrap();
    let store = shop(folder.path()).await;
    let before = everything(folder.path());
    for word in ["ann-7", "device-a", "visit-before", "My cart is empty"] {
        assert!(!files_with(&before, word).is_empty(), "{word}");
    }
    let dry = ForgetOptions { dry_run: true, ..ForgetOptions::default() };
    let planned = store.forget(&Subject::User("ann-7".to_owned()), &dry, NOW).await.unwrap();
    assert!(planned.dry_run && planned.epoch.is_none() && planned.id_hash.is_none());
    let changed = everything(folder.path());
    let changed = changed.iter().filter(|(path, text)| before.get(*path) != Some(text));
    assert_eq!(changed.map(|(path, _)| path).collect::<Vec<_>>(), Vec::<&PathBuf>::new());

    let receipt = forget(&store, Subject::User("ann-7".to_owned())).await;
    assert_eq!(counts(&receipt), counts(&planned));
    assert_eq!((receipt.n_files_left, receipt.mentions_searched), (0, true));
    assert!(!names(&receipt.to_json(), "ann-7"));
    let after = everything(folder.path());
    for word in
        ["ann-7", "device-a", "visit-a", "visit-before", "My cart is empty", "cart is empty"]
    {
        assert_eq!(files_with(&after, word), Vec::<&PathBuf>::new(), "{word}");
    }
    // The same by a store that is opened anew: her trace is gone with her, and what is others' is there.
    let store = Store::open(folder.path().to_str().unwrap()).await.unwrap();
    assert_eq!(
        ask(&store, "SELECT event_id FROM events ORDER BY 1").await,
        ["e4", "e5", "e7", "e8"]
    );
    assert_eq!(ask(&store, "SELECT span_id FROM spans").await, ["000000000000000c"]);
    assert_eq!(
        ask(&store, "SELECT body FROM logs ORDER BY ts").await,
        ["fine", "bob-8 follows [forgotten], not ann-77", "started"]
    );
    assert_eq!(
        ask(&store, "SELECT attributes ->> 'invited_by' FROM events WHERE event_id = 'e5'").await,
        ["[forgotten]"]
    );
    assert_eq!(ask(&store, "SELECT ticket_id FROM tickets").await, ["10"]);
    assert_eq!(ask(&store, "SELECT DISTINCT user_id FROM sessions").await, ["bob-8"]);
    let epoch = receipt.epoch.unwrap();
    assert_eq!(ask(&store, "SELECT min(epoch) FROM system.epochs").await, [epoch.to_string()]);
    let past = store.session().await.unwrap();
    let error = past.sql(&format!("SET brunt.epoch = {}", epoch - 1)).await.unwrap_err();
    assert_eq!(error.code(), crate::Code::UndefinedObject);
}

#[tokio::test]
async fn derived_tables_are_those_of_the_rows_that_are_left() {
    let folder = TempDir::new().unwrap();
    let store = shop(folder.path()).await;
    forget(&store, Subject::User("ann-7".to_owned())).await;
    let tables = ["sessions", "traces", "activities", "errors", "tickets"];
    let mut found = Vec::new();
    for table in tables {
        found.push(sorted(&store, table).await);
    }
    store.derive_all(NOW).await.unwrap();
    for (table, found) in tables.into_iter().zip(found) {
        assert_eq!(sorted(&store, table).await, found, "{table}");
    }
}

async fn sorted(store: &Store, table: &str) -> Vec<String> {
    let mut rows = ask(store, &format!("SELECT * FROM {table}")).await;
    rows.sort();
    rows
}

#[tokio::test]
async fn the_loads_stay_loaded_and_can_be_taken_back() {
    let folder = TempDir::new().unwrap();
    let store = shop(folder.path()).await;
    forget(&store, Subject::User("ann-7".to_owned())).await;
    let input = Input::from_bytes("exports/ann-7.jsonl", EVENTS.trim().as_bytes());
    let options = LoadOptions { table: Some("events".to_owned()), ..LoadOptions::default() };
    let summary = store.load(&[input], &options, NOW, &|_| ()).await.unwrap();
    assert_eq!(summary.epoch, None, "{}", summary.to_json());
    let loads = ask(
        &store,
        "SELECT load_id FROM system.loads WHERE table_name = 'events' ORDER BY loaded_at",
    )
    .await;
    for load_id in loads {
        store.unload(&load_id, NOW).await.unwrap();
    }
    assert_eq!(ask(&store, "SELECT count(*) FROM events").await, ["0"]);
    assert_eq!(ask(&store, "SELECT count(*) FROM system.duplicates").await, ["0"]);
}

#[tokio::test]
async fn hashed_ids_are_found_by_the_id_that_was_hashed() {
    let folder = TempDir::new().unwrap();
    let store = Store::open_or_create(folder.path().to_str().unwrap(), NOW).await.unwrap();
    let rule = "[[rule]]\nfield = \"user_id\"\naction = \"hash\"\n";
    store.write_definition("redaction.toml", rule).await.unwrap();
    load(&store, "events.jsonl", "events", EVENTS).await;
    let users = ask(&store, "SELECT DISTINCT user_id FROM events WHERE event_id = 'e2'").await;
    assert_eq!(users[0].len(), 64);
    let without = ForgetOptions::default();
    let subject = Subject::User("ann-7".to_owned());
    let error = store.forget(&subject, &without, NOW).await.unwrap_err();
    assert_eq!(error.to_string(), "column \"user_id\" holds hashes, and there is no secret");
    let receipt = forget(&store, subject).await;
    assert_eq!(counts(&receipt)[0], ("events", 4, 1));
    let after = everything(folder.path());
    for word in [&users[0], "ann-7"] {
        assert_eq!(files_with(&after, word), Vec::<&PathBuf>::new(), "{word}");
    }
}

#[tokio::test]
async fn an_account_or_a_session_is_forgotten_too() {
    let rows = r#"
{"ts":"2025-10-28T10:00:00Z","event_kind":"click","event_id":"e1","session_id":"visit-1","account_id":"acme-1","user_id":"u-1"}
{"ts":"2025-10-28T10:01:00Z","event_kind":"click","event_id":"e2","session_id":"visit-1"}
{"ts":"2025-10-28T10:00:00Z","event_kind":"click","event_id":"e3","session_id":"visit-2","account_id":"beta-2","user_id":"u-2"}
{"ts":"2025-10-28T11:00:00Z","event_kind":"click","event_id":"e4","session_id":"visit-3","account_id":"beta-2","user_id":"u-2"}
"#;
    for (subject, left) in [
        (Subject::Account("acme-1".to_owned()), vec!["e3", "e4"]),
        (Subject::Session("visit-2".to_owned()), vec!["e1", "e2", "e4"]),
        (Subject::User("nobody".to_owned()), vec!["e1", "e2", "e3", "e4"]),
    ] {
        let folder = TempDir::new().unwrap();
        let store = Store::open_or_create(folder.path().to_str().unwrap(), NOW).await.unwrap();
        load(&store, "events.jsonl", "events", rows).await;
        forget(&store, subject.clone()).await;
        assert_eq!(ask(&store, "SELECT event_id FROM events ORDER BY 1").await, left);
        let after = everything(folder.path());
        assert_eq!(files_with(&after, subject.id()), Vec::<&PathBuf>::new(), "{subject:?}");
    }
    let empty = Subject::User(" ".to_owned());
    let store = Store::in_memory(NOW).await.unwrap();
    let error = store.forget(&empty, &ForgetOptions::default(), NOW).await.unwrap_err();
    assert_eq!(error.code(), crate::Code::Usage);
}

/// What outlives its base rows cannot be derived again, and is forgotten as it stands.
#[tokio::test]
async fn derived_days_that_outlive_their_base_rows_forget_too() {
    let folder = TempDir::new().unwrap();
    let store = shop(folder.path()).await;
    let rules = ["events", "spans", "logs"]
        .map(|table| format!("[[retention]]\ntable = \"{table}\"\nkeep = \"1 day\"\n"));
    store.write_definition("retention.toml", &rules.concat()).await.unwrap();
    let later = brunt_model::Ts(NOW.0 + 10 * 86_400_000_000);
    assert_eq!(store.apply_retention(false, later).await.unwrap().len(), 3);
    assert_eq!(ask(&store, "SELECT count(*) FROM events").await, ["0"]);
    let sessions = "SELECT session_id FROM sessions WHERE session_id_source = 'own' ORDER BY 1";
    assert_eq!(ask(&store, sessions).await, ["visit-a", "visit-b", "visit-before", "visit-shared"]);
    forget(&store, Subject::User("ann-7".to_owned())).await;
    assert_eq!(ask(&store, sessions).await, ["visit-b", "visit-shared"]);
    let after = everything(folder.path());
    for word in ["ann-7", "device-a", "visit-a"] {
        assert_eq!(files_with(&after, word), Vec::<&PathBuf>::new(), "{word}");
    }
}
