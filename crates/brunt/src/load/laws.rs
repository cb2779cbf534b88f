//! The law of taking back: loads less one are as if that one had never been, whatever they share.

use brunt_model::Ts;
use proptest::prelude::*;

use super::{FileOutcome, Input, LoadOptions};
use crate::fixture::{NOW, ask};
use crate::store::Store;

/// One minute after another, so that loads have an order.
fn at(load_idx: usize) -> Ts {
    Ts(NOW.0 + 60_000_000 * i64::try_from(load_idx).unwrap())
}

/// Lines that files are made of: rows told by their content, by a key with one content, and by a key with three.
fn line(number: u8) -> (&'static str, String) {
    let second = number % 3;
    match number / 3 {
        0 => ("logs", format!(r#"{{"ts":"2025-10-28T10:00:0{second}Z","message":"a","session.id":"s{second}"}}"#)),
        1 => (
            "events",
            format!(r#"{{"ts":"2025-10-28T10:00:0{second}Z","event_id":"e{second}","event_name":"view","session.id":"s{second}","user.id":"u1"}}"#),
        ),
        // One span, seen half, whole, and whole with another end.
        2 => (
            "spans",
            match second {
                0 => r#"{"ts":"2025-10-28T10:00:00Z","trace_id":"000000000000000000000000000000a1","span_id":"00000000000000b1","span_kind":"SERVER","span_name":"pay"}"#.to_owned(),
                1 => r#"{"ts":"2025-10-28T10:00:00Z","trace_id":"000000000000000000000000000000a1","span_id":"00000000000000b1","span_kind":"SERVER","span_name":"pay","duration_ns":5000000,"session.id":"s1"}"#.to_owned(),
                _ => r#"{"ts":"2025-10-28T23:59:59Z","trace_id":"000000000000000000000000000000a1","span_id":"00000000000000b1","span_kind":"SERVER","span_name":"pay","duration_ns":7000000,"session.id":"s2","status_code":"ERROR"}"#.to_owned(),
            },
        ),
        _ => ("accounts", format!(r#"{{"ts":"2025-10-28T0{second}:00:00Z","account_id":"a1","mrr":"1{second}.50","account_name":"n"}}"#)),
    }
}

/// A file of one table.
fn input(numbers: &[u8], table: &str, load_idx: usize) -> Option<Input> {
    let lines: Vec<String> = numbers
        .iter()
        .map(|number| line(*number))
        .filter(|(of, _)| *of == table)
        .map(|(_, text)| text)
        .collect();
    let name = format!("{load_idx}-{table}.jsonl");
    (!lines.is_empty()).then(|| Input::from_bytes(name, lines.join("\n").into_bytes()))
}

async fn load(store: &Store, numbers: &[u8], load_idx: usize) {
    for table in ["logs", "events", "spans", "accounts"] {
        if let Some(input) = input(numbers, table, load_idx) {
            let options = LoadOptions { table: Some(table.to_owned()), ..LoadOptions::default() };
            store.load(&[input], &options, at(load_idx), &|_| ()).await.unwrap();
        }
    }
}

async fn contents(store: &Store) -> Vec<String> {
    let session = store.session().await.unwrap();
    let mut contents = Vec::new();
    for table in [
        "logs",
        "events",
        "spans",
        "account_updates",
        "sessions",
        "traces",
        "activities",
        "errors",
        "accounts",
    ] {
        let mut rows = ask(&session, &format!("SELECT * FROM {table}")).await;
        rows.sort();
        contents.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
    }
    contents
}

/// Loads that hold something else than one another, since equal files are one load.
fn loads() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(0_u8..12, 1..8), 2..5)
}

/// The store with all loads of which one was taken back, and the store without that one.
async fn taken_back(loads: &[Vec<u8>], taken: usize) -> (Vec<String>, Vec<String>) {
    let store = Store::in_memory(NOW).await.unwrap();
    for (load_idx, numbers) in loads.iter().enumerate() {
        load(&store, numbers, load_idx).await;
    }
    let session = store.session().await.unwrap();
    let of_taken =
        format!("SELECT DISTINCT load_id FROM system.loads WHERE input LIKE '{taken}-%'");
    for load_id in ask(&session, &of_taken).await {
        store.unload(&load_id, at(9)).await.unwrap();
    }
    let without = Store::in_memory(NOW).await.unwrap();
    for (load_idx, numbers) in loads.iter().enumerate().filter(|(load_idx, _)| *load_idx != taken) {
        for table in ["logs", "events", "spans", "accounts"] {
            // A file that the taken load had as well was no load of its own.
            let digest =
                |one: usize| input(&loads[one], table, 0).map(|input| input.digest().unwrap());
            let is_copy = load_idx > taken && digest(load_idx) == digest(taken);
            if let Some(input) = input(numbers, table, load_idx).filter(|_| !is_copy) {
                let options =
                    LoadOptions { table: Some(table.to_owned()), ..LoadOptions::default() };
                without.load(&[input], &options, at(load_idx), &|_| ()).await.unwrap();
            }
        }
    }
    (contents(&store).await, contents(&without).await)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn loads_less_one_are_as_if_it_had_never_been(loads in loads(), taken in any::<prop::sample::Index>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (with, without) = runtime.block_on(taken_back(&loads, taken.index(loads.len())));
        prop_assert_eq!(with, without);
    }
}

/// Cases that the law was once broken by.
#[tokio::test]
async fn rows_go_back_to_the_load_that_would_have_them() {
    let copies_of_three_loads: [(&[&[u8]], usize); 4] = [
        // The half span of the first load, which the second had, too, and the third replaced.
        (&[&[6, 6], &[6], &[7]], 2),
        // The second copy of a line is the second load's alone.
        (&[&[1], &[1, 1], &[1, 0]], 1),
        (&[&[1], &[1, 1, 1], &[1, 1, 0]], 1),
        (&[&[1, 1], &[1], &[1, 1, 1]], 0),
    ];
    for (loads, taken) in copies_of_three_loads {
        let loads: Vec<Vec<u8>> = loads.iter().map(|numbers| numbers.to_vec()).collect();
        let (with, without) = taken_back(&loads, taken).await;
        assert_eq!(with, without, "{loads:?} less {taken}");
    }
}

#[tokio::test]
async fn a_replaced_file_is_one_load() {
    let store = Store::in_memory(NOW).await.unwrap();
    let file = |text: &str| Input::from_bytes("logs.jsonl", text.as_bytes());
    let options =
        LoadOptions { table: Some("logs".to_owned()), replace: true, ..LoadOptions::default() };
    let one = r#"{"ts":"2025-10-28T10:00:00Z","message":"one"}"#;
    let two = r#"{"ts":"2025-10-28T10:00:00Z","message":"two"}"#;
    for text in [one, two, two] {
        let summary = store.load(&[file(text)], &options, NOW, &|_| ()).await.unwrap();
        assert_eq!(summary.n_rows(), 1);
        let session = store.session().await.unwrap();
        assert_eq!(ask(&session, "SELECT count(*) FROM system.loads").await, ["1"]);
        assert_eq!(ask(&session, "SELECT body FROM logs").await, [&text[40..43]]);
    }
}

#[tokio::test]
async fn what_a_refused_file_would_replace_stays() {
    let store = Store::in_memory(NOW).await.unwrap();
    let load = async |files: &[(&str, &[u8])]| {
        let inputs: Vec<Input> =
            files.iter().map(|(name, bytes)| Input::from_bytes(*name, *bytes)).collect();
        let options =
            LoadOptions { table: Some("logs".to_owned()), replace: true, ..LoadOptions::default() };
        store.load(&inputs, &options, NOW, &|_| ()).await.unwrap()
    };
    let line = |body: &str| format!(r#"{{"ts":"2025-10-28T10:00:00Z","message":"{body}"}}"#);
    load(&[("a.jsonl", line("a").as_bytes()), ("b.jsonl", line("b").as_bytes())]).await;
    let broken = &b"\x1f\x8bno archive"[..];
    let summary = load(&[("a.jsonl", broken), ("b.jsonl", line("other").as_bytes())]).await;
    assert!(matches!(summary.files[0].outcome, FileOutcome::Failed { .. }), "{summary:?}");
    let replaced: Vec<_> =
        summary.replaced.iter().map(|load| (&*load.input, load.n_rows_dropped)).collect();
    assert_eq!(replaced, [("b.jsonl", 1)]);
    let session = store.session().await.unwrap();
    assert_eq!(ask(&session, "SELECT body FROM logs ORDER BY body").await, ["a", "other"]);
    assert_eq!(ask(&session, "SELECT count(*) FROM system.loads").await, ["2"]);
}

#[tokio::test]
async fn a_load_that_is_not_there_is_said() {
    let store = Store::in_memory(NOW).await.unwrap();
    let error = store.unload("no-such", NOW).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no load \"no-such\"");
}
