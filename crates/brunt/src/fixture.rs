//! Small stores for the tests of this crate: rows as JSON lines in, answers as lines of text out.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::json::ReaderBuilder;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use brunt_ingest::{Input, Options, Redacted, Reject, Sink};
use brunt_model::{TableKind, Ts, day_of, table};
use brunt_store::{LoadEntry, Store};
use serde_json::Value;

use crate::error::Error;
use crate::session::{Answer, Engine, EngineOptions, Session};

/// 2025-10-29 01:06:40 UTC.
pub(crate) const NOW: Ts = Ts(1_761_700_000_000_000);

pub(crate) async fn empty_store() -> Store {
    Store::in_memory(NOW).await.unwrap()
}

/// Adds rows to a base table as one load, or makes them the whole of a derived table.
pub(crate) async fn put(store: &Store, table_name: &str, lines: &str) {
    let of = table(table_name).unwrap();
    if of.kind == TableKind::Derived {
        let rows = derived_rows(of, lines);
        store
            .write::<_, brunt_store::Error>(NOW, async |tx| {
                tx.replace_table(of.name, vec![rows.clone()]).await
            })
            .await
            .unwrap();
        return;
    }
    let load_id = format!("load-{}-{}", of.name, store.head().await.unwrap().number);
    let mut options = Options::new(NOW, &load_id);
    options.table = Some(of);
    let mut sink = Rows::default();
    let input = Input { name: "rows.jsonl", reader: &mut lines.as_bytes(), reopen: None };
    brunt_ingest::ingest(input, &options, &mut sink).unwrap();
    store
        .write::<_, brunt_store::Error>(NOW, async |tx| {
            for rows in &sink.0 {
                tx.append(rows).await?;
            }
            tx.add_load(LoadEntry {
                load_id: load_id.clone(),
                key: load_id.clone(),
                input: "rows.jsonl".to_owned(),
            });
            Ok(())
        })
        .await
        .unwrap();
}

pub(crate) async fn engine(store: &Store) -> Arc<Engine> {
    let options = EngineOptions { target_partitions: Some(2), ..EngineOptions::default() };
    Engine::new(store.clone(), &options).unwrap()
}

pub(crate) async fn session(store: &Store) -> Session {
    engine(store).await.session().await.unwrap()
}

/// The rows of an answer, values joined by `|`, NULL as `NULL`.
pub(crate) async fn ask(session: &Session, sql: &str) -> Vec<String> {
    match try_ask(session, sql).await {
        Ok(rows) => rows,
        Err(error) => panic!("{sql}\n{error} {:?} {:?}", error.hint(), error.detail()),
    }
}

pub(crate) async fn try_ask(session: &Session, sql: &str) -> Result<Vec<String>, Error> {
    let batches = session.sql(sql).await?.collect().await?;
    Ok(batches.iter().flat_map(lines).collect())
}

pub(crate) async fn fails(session: &Session, sql: &str) -> Error {
    match try_ask(session, sql).await {
        Ok(rows) => panic!("{sql}\nanswered {rows:?}"),
        Err(error) => error,
    }
}

/// The physical plan as text, one operator a line.
pub(crate) async fn explain(session: &Session, sql: &str) -> String {
    ask(session, &format!("EXPLAIN FORMAT INDENT {sql}")).await.join("\n")
}

/// The plan with what it counted while it ran.
pub(crate) async fn explain_analyze(session: &Session, sql: &str) -> String {
    let answer: Answer = session.sql(&format!("EXPLAIN ANALYZE {sql}")).await.unwrap();
    answer.collect().await.unwrap().iter().flat_map(lines).collect::<Vec<_>>().join("\n")
}

fn lines(batch: &RecordBatch) -> Vec<String> {
    let options = FormatOptions::default().with_null("NULL");
    let columns: Vec<ArrayFormatter<'_>> = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column, &options).unwrap())
        .collect();
    (0..batch.num_rows())
        .map(|row_idx| {
            let values: Vec<String> =
                columns.iter().map(|column| column.value(row_idx).to_string()).collect();
            values.join("|")
        })
        .collect()
}

/// `day` need not be given.
fn derived_rows(of: &'static brunt_model::Table, lines: &str) -> RecordBatch {
    let mut with_day = String::new();
    for line in lines.lines() {
        let mut row: Value = serde_json::from_str(line).unwrap();
        let ts = chrono::DateTime::parse_from_rfc3339(row["ts"].as_str().unwrap()).unwrap();
        row["day"] = Value::String(day_of(Ts(ts.timestamp_micros())).to_string());
        writeln!(with_day, "{row}").unwrap();
    }
    let mut reader = ReaderBuilder::new(of.schema()).build(with_day.as_bytes()).unwrap();
    reader.next().map_or_else(|| RecordBatch::new_empty(of.schema()), Result::unwrap)
}

#[derive(Default)]
struct Rows(Vec<Redacted>);

impl Sink for Rows {
    fn rows(&mut self, rows: Redacted) -> Result<(), brunt_ingest::Error> {
        self.0.push(rows);
        Ok(())
    }

    fn reject(&mut self, reject: Reject) -> Result<(), brunt_ingest::Error> {
        panic!("line {}: {}", reject.line, reject.reason)
    }
}
