//! `brunt load --explain`: what each file is taken for, before anything is written.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use brunt::{Code, Explanation, FieldUse, Input, LoadOptions, Store};
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
    let store = definitions_of(ctx).await?;
    for input in inputs {
        let explanation = match store.explain(input, options, now()).await {
            Ok(explanation) => explanation,
            // A folder may hold files that are no exports.
            Err(error) if inputs.len() == 1 => return Err(error.into()),
            Err(error) => {
                tell(&error.to_string());
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
    Ok(ExitStatus::Done)
}

/// The store, for its definitions; where there is none yet, one in memory that nothing is written to.
async fn definitions_of(ctx: &Context) -> Result<Store, Failure> {
    match Store::open_with(&ctx.store, ctx.options.clone()).await {
        Err(error) if error.code() == Code::StoreMissing => {
            Ok(Store::in_memory_with(ctx.options.clone(), now()).await?)
        }
        opened => Ok(opened?),
    }
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
    if !explanation.fields.is_empty() {
        print(&fields(&explanation.fields)?);
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
fn fields(fields: &[FieldUse]) -> Result<String, Failure> {
    let text = |of: &dyn Fn(&FieldUse) -> String| -> ArrayRef {
        Arc::new(fields.iter().map(|field| Some(of(field))).collect::<StringArray>())
    };
    let count = |of: fn(&FieldUse) -> u64| -> ArrayRef {
        Arc::new(fields.iter().map(|field| i64::try_from(of(field)).ok()).collect::<Int64Array>())
    };
    let mut columns = vec![
        ("table", text(&|field| field.table.to_owned())),
        ("column", text(&|field| field.column.to_owned())),
        ("key", text(&|field| field.key.clone())),
        ("level", text(&|field| field.level.to_owned())),
        ("values", count(|field| field.n_values)),
    ];
    // Most exports have none of these.
    if fields.iter().any(|field| field.n_unread > 0) {
        columns.push(("unread", count(|field| field.n_unread)));
    }
    if fields.iter().any(|field| field.n_conflicts > 0) {
        columns.push(("conflicts", count(|field| field.n_conflicts)));
    }
    columns.push(("examples", text(&|field| field.examples.join(" | "))));
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
