//! `brunt load --explain`: what each file is taken for, before anything is written.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use brunt::{Explanation, Feed, Input, LoadOptions};
use brunt_notebook::draw;

use super::super::{Context, now};
use crate::args::Load;
use crate::failure::{ExitStatus, Failure};
use crate::output::{layout, print, tell};

pub(super) async fn run(
    ctx: &Context,
    args: &Load,
    inputs: &[Input],
    options: &LoadOptions,
) -> Result<ExitStatus, Failure> {
    if args.write_mapping.is_some() && inputs.len() != 1 {
        return Err(Failure::usage("--write-mapping is for one file"));
    }
    let store = ctx.open_for_definitions().await?;
    let mut status = ExitStatus::Done;
    for input in inputs {
        let explanation = match store.explain(input, options, now()).await {
            Ok(explanation) => explanation,
            Err(error) if inputs.len() == 1 => return Err(error.into()),
            Err(error) => {
                tell(&error.to_string());
                // A folder may hold files that are no exports; a file that somebody named was meant to be one.
                if input.is_named() {
                    status = ExitStatus::Refused;
                }
                continue;
            }
        };
        if ctx.json {
            print(&format!("{}\n", explanation.to_json()));
        } else {
            show(&explanation)?;
        }
        if let Some(path) = &args.write_mapping {
            write_mapping(&explanation, path)?;
        }
    }
    Ok(status)
}

fn show(explanation: &Explanation) -> Result<(), Failure> {
    let Explanation { input, format, is_part, n_rows, n_rejects, .. } = explanation;
    let tables: Vec<String> =
        n_rows.iter().map(|(table, n_rows)| format!("{n_rows} rows of {table}")).collect();
    let tables = if tables.is_empty() { "no rows".to_owned() } else { tables.join(", ") };
    let rejects = match n_rejects {
        0 => String::new(),
        n_rejects => format!(", {n_rejects} records refused"),
    };
    let part = if *is_part { "; more follow" } else { "" };
    print(&format!("{input}: {format}, {tables}{rejects}{part}\n"));
    if !explanation.feeds.is_empty() {
        print(&keys(&explanation.feeds)?);
    }
    for (line, reason) in &explanation.rejects {
        tell(&format!("line {line}: {reason}"));
    }
    for (signal, n_records) in &explanation.unsupported {
        tell(&format!(
            "warning: {n_records} records of {signal} would be passed over: brunt has no table for them"
        ));
    }
    for warning in &explanation.warnings {
        tell(&format!("warning: {warning}"));
    }
    Ok(())
}

/// A line for each key: what feeds which column, and what no column takes.
fn keys(feeds: &[Feed]) -> Result<String, Failure> {
    let text = |of: &dyn Fn(&Feed) -> String| -> ArrayRef {
        Arc::new(feeds.iter().map(|feed| Some(of(feed))).collect::<StringArray>())
    };
    let count = |of: fn(&Feed) -> u64| -> ArrayRef {
        Arc::new(feeds.iter().map(|feed| i64::try_from(of(feed)).ok()).collect::<Int64Array>())
    };
    let mut columns = vec![
        ("table", text(&|feed| feed.table.to_owned())),
        ("column", text(&|feed| feed.column.to_owned())),
        ("key", text(&|feed| feed.key.clone())),
        ("level", text(&|feed| feed.level.to_owned())),
        ("values", count(|feed| feed.n_values)),
    ];
    // Most exports have none of these.
    if feeds.iter().any(|feed| feed.n_unread > 0) {
        columns.push(("unread", count(|feed| feed.n_unread)));
    }
    if feeds.iter().any(|feed| feed.n_conflicts > 0) {
        columns.push(("conflicts", count(|feed| feed.n_conflicts)));
    }
    columns.push(("examples", text(&|feed| feed.examples.join(" | "))));
    let rows = RecordBatch::try_from_iter(columns)
        .map_err(|error| Failure::system("draw an answer", &error))?;
    Ok(draw(&rows.schema(), std::slice::from_ref(&rows), &layout(false))?)
}

fn write_mapping(explanation: &Explanation, path: &Path) -> Result<(), Failure> {
    let Some(mapping) = &explanation.mapping else {
        return Err(Failure::refused(format!(
            "\"{}\" needs no mapping: {} says itself what feeds what",
            explanation.input, explanation.format
        ))
        .hint("Mappings are for the formats json, jsonl, csv, text, parquet and arrow."));
    };
    std::fs::write(path, mapping).map_err(|error| {
        Failure::refused(format!("mapping \"{}\" cannot be written: {error}", path.display()))
    })?;
    tell(&format!("wrote {}", path.display()));
    Ok(())
}
