//! brunt as one of the engines: this program again, which answers the lines that the peers answer too.

use std::io::{BufRead, Write, stdin, stdout};
use std::path::Path;
use std::time::Instant;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use brunt::{FileOutcome, Input, LoadOptions, Session, Store};
use brunt_model::Ts;
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;

use crate::cells;
use crate::error::Error;
use crate::machine;

/// Answers lines of standard input until there are no more.
pub(crate) fn answer_lines(runtime: &Runtime) -> std::io::Result<()> {
    let mut session = None;
    for line in stdin().lock().lines() {
        let reply = match runtime.block_on(answer(&mut session, &line?)) {
            Ok(reply) => reply,
            Err(error) => json!({ "error": error.chain() }),
        };
        let mut out = stdout().lock();
        writeln!(out, "{reply}")?;
        out.flush()?;
    }
    Ok(())
}

async fn answer(session: &mut Option<Session>, line: &str) -> Result<Value, Error> {
    let asked: Map<String, Value> =
        serde_json::from_str(line).map_err(|error| refusal(error.to_string()))?;
    match (asked.into_iter().next(), session) {
        (Some((verb, given)), _) if verb == "load" => load(&given).await,
        (Some((verb, given)), session) if verb == "prepare" => {
            let opened = Store::open(text(&given, "store")).await?.session().await?;
            let reply = prepare(&opened, Path::new(text(&given, "store"))).await?;
            *session = Some(opened);
            Ok(reply)
        }
        (Some((verb, given)), Some(session)) if verb == "run" => {
            run(session, given.as_str().unwrap_or_default()).await
        }
        (asked, _) => Err(refusal(format!("there is no answer to {asked:?} here"))),
    }
}

/// Loads `given["files"]` into `given["store"]`, which is made where it is missing.
async fn load(given: &Value) -> Result<Value, Error> {
    let mut inputs = Vec::new();
    for path in given["files"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        inputs.extend(Input::find(path)?);
    }
    let now = Ts(given["now"].as_i64().unwrap_or_default());
    let start = Instant::now();
    let store = Store::open_or_create(text(given, "store"), now).await?;
    store.write_definition("journeys.toml", text(given, "journeys")).await?;
    let summary = store.load(&inputs, &LoadOptions::default(), now, &|_| ()).await?;
    let ms = milliseconds(start);
    let n_failed = summary
        .files
        .iter()
        .filter(|file| !matches!(file.outcome, FileOutcome::Loaded { .. }))
        .count() as u64;
    if n_failed > 0 || summary.n_rejects() > 0 {
        return Err(Error::Load { n_failed, n_rejects: summary.n_rejects() });
    }
    Ok(json!({ "ms": ms, "n_rows": summary.n_rows(), "peak_bytes": machine::peak_bytes() }))
}

/// The files of the pinned epoch: their paths by table, in the order of days, with their rows and bytes.
async fn prepare(session: &Session, store: &Path) -> Result<Value, Error> {
    let files = "SELECT table_name, path, n_rows, size_bytes FROM system.files ORDER BY table_name, day, path";
    let (mut tables, mut n_rows, mut n_bytes) = (Map::new(), Map::new(), Map::new());
    for batch in session.sql(files).await?.collect().await? {
        let names = arrow::compute::cast(batch.column(0), &arrow::datatypes::DataType::Utf8)?;
        let paths = arrow::compute::cast(batch.column(1), &arrow::datatypes::DataType::Utf8)?;
        let counts = [2, 3].map(|idx| batch.column(idx).as_primitive::<Int64Type>());
        for row_idx in 0..batch.num_rows() {
            let name = names.as_string::<i32>().value(row_idx);
            let path = store.join(paths.as_string::<i32>().value(row_idx));
            if let Some(listed) = tables.entry(name).or_insert_with(|| json!([])).as_array_mut() {
                listed.push(path.display().to_string().into());
            }
            for (sums, counted) in [&mut n_rows, &mut n_bytes].into_iter().zip(&counts) {
                let sum = sums.entry(name).or_insert(json!(0));
                *sum = (sum.as_i64().unwrap_or_default() + counted.value(row_idx)).into();
            }
        }
    }
    Ok(
        json!({ "version": env!("CARGO_PKG_VERSION"), "tables": tables, "rows": n_rows, "bytes": n_bytes }),
    )
}

/// Runs a query as a door would, with a look for a newer epoch, until its last batch is there.
pub(crate) async fn run(session: &Session, sql: &str) -> Result<Value, Error> {
    let start = Instant::now();
    session.pin().await?;
    let batches = session.sql(sql).await?.collect().await?;
    let ms = milliseconds(start);
    Ok(json!({ "ms": ms, "rows": cells::rows(&batches)? }))
}

pub(crate) fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}

fn text<'a>(given: &'a Value, key: &str) -> &'a str {
    given[key].as_str().unwrap_or_default()
}

fn refusal(message: String) -> Error {
    Error::Engine { engine: "brunt".to_owned(), message }
}
