//! brunt inside another program: a store in memory, a file loaded, a question asked.
#![allow(clippy::print_stdout, reason = "an example shows what it got")]

use brunt::{Input, LoadOptions, Store};
use brunt_model::Ts;

/// Two requests of one session, one of which failed.
const LOGS: &str = r#"{"ts":"2025-10-28T14:21:13Z","level":"info","message":"GET /cart","session.id":"s1","service":"shop"}
{"ts":"2025-10-28T14:21:20Z","level":"error","message":"payment 8123 timed out","session.id":"s1","service":"shop"}
"#;

#[tokio::main]
async fn main() -> Result<(), brunt::Error> {
    // Time comes in as an argument, so that the same program gives the same answer tomorrow.
    let now = Ts(1_761_700_000_000_000);
    let store = Store::in_memory(now).await?;
    let inputs = [Input::from_bytes("logs.jsonl", LOGS.as_bytes())];
    let options = LoadOptions { table: Some("logs".to_owned()), ..LoadOptions::default() };
    let summary = store.load(&inputs, &options, now, &|_| ()).await?;
    println!("{} rows, {} rejects", summary.n_rows(), summary.n_rejects());

    let answer = store.sql("SELECT title, n_occurrences, n_sessions FROM error_groups").await?;
    for batch in answer.collect().await? {
        for row_idx in 0..batch.num_rows() {
            println!("{:?}", batch.slice(row_idx, 1).columns());
        }
    }
    Ok(())
}
