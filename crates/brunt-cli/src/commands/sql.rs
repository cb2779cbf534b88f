//! `brunt sql`: queries from arguments, a file or standard input; without any, the shell.

use std::io::{IsTerminal, Read, stdin};
use std::sync::Arc;

use arrow::array::RecordBatch;
use brunt::Answer;
use brunt_notebook::{Format, Layout, draw};
use futures::TryStreamExt;

use super::{Context, shell, statements};
use crate::args::Sql;
use crate::failure::{ExitStatus, Failure};
use crate::output::{layout_of, print, tell};

/// Rows that are drawn of an answer in the shell and as a table; the others are counted.
const ROWS_DRAWN_MAX: usize = 10_000;

pub(super) async fn run(ctx: &mut Context, args: &Sql) -> Result<ExitStatus, Failure> {
    ctx.options.memory_limit = args.memory_limit.as_deref().map(parse_size).transpose()?;
    let text = read_text(args)?;
    let session = ctx.open().await?.session().await?;
    if let Some(epoch) = args.epoch {
        session.sql(&format!("SET brunt.epoch = {epoch}")).await?;
        session.pin().await?;
    }
    let format = if ctx.json { crate::args::OutputFormat::Json } else { args.format };
    let Some(text) = text else {
        return shell::run(&session, &layout_of(format)).await;
    };
    let (mut queries, rest) = statements::split(&text);
    if !statements::is_blank(rest) {
        queries.push(rest);
    }
    for query in queries {
        if !show(session.sql(query).await?, &layout_of(format)).await? {
            break;
        }
    }
    Ok(ExitStatus::Done)
}

/// Prints an answer; CSV and JSON stream, so that any size takes little memory. Returns false where the reader has gone.
pub(super) async fn show(mut answer: Answer, layout: &Layout) -> Result<bool, Failure> {
    let schema = Arc::clone(&answer.schema);
    if schema.fields().is_empty() {
        return Ok(true);
    }
    for notice in &answer.notices {
        tell(notice);
    }
    if !matches!(layout.format, Format::Csv | Format::Json) {
        let mut drawn: Vec<RecordBatch> = Vec::new();
        let mut n_rows = 0;
        while let Some(batch) = answer.stream.try_next().await? {
            n_rows += batch.num_rows();
            if n_rows - batch.num_rows() < ROWS_DRAWN_MAX {
                drawn.push(batch);
            }
        }
        let drawn_text =
            draw(&schema, &drawn, &Layout { rows_max: Some(ROWS_DRAWN_MAX), ..*layout })?;
        let left_out = n_rows.saturating_sub(ROWS_DRAWN_MAX);
        let note = if left_out > 0 {
            format!("({n_rows} rows in all; --format csv prints every one)\n")
        } else {
            String::new()
        };
        return Ok(print(&drawn_text) && print(&note));
    }
    let mut is_first = true;
    while let Some(batch) = answer.stream.try_next().await? {
        let text = draw(&schema, &[batch], layout)?;
        let body = if is_first || layout.format == Format::Json {
            text.as_str()
        } else {
            after_header(&text)
        };
        if !print(body) {
            return Ok(false);
        }
        is_first = false;
    }
    if is_first {
        print(&draw(&schema, &[], layout)?);
    }
    Ok(true)
}

/// CSV without its first line; the header has no line breaks of its own.
fn after_header(csv: &str) -> &str {
    csv.split_once('\n').map_or("", |(_, rows)| rows)
}

/// The queries to run; `None` where a person sits at the terminal and asked for none.
fn read_text(args: &Sql) -> Result<Option<String>, Failure> {
    let mut texts: Vec<String> = args.query.iter().chain(&args.command).cloned().collect();
    if let Some(path) = &args.file {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::refused(format!("file \"{}\" cannot be read: {error}", path.display()))
        })?;
        texts.push(text);
    }
    if texts.is_empty() && !stdin().is_terminal() {
        let mut text = String::new();
        let read = stdin().lock().read_to_string(&mut text);
        read.map_err(|error| {
            Failure::refused(format!("standard input cannot be read as text: {error}"))
        })?;
        texts.push(text);
    }
    Ok((!texts.is_empty()).then(|| texts.join(";\n")))
}

/// Parses `512MB`, `4GiB`, `1000000`.
fn parse_size(text: &str) -> Result<u64, Failure> {
    let wrong = || {
        Failure::usage(format!("size \"{text}\" is not understood"))
            .hint("Write it like 512MB or 4GB.")
    };
    let n_digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..n_digits].parse().map_err(|_| wrong())?;
    let unit = match text[n_digits..].trim().to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "K" | "KB" | "KIB" => 1 << 10,
        "M" | "MB" | "MIB" => 1 << 20,
        "G" | "GB" | "GIB" => 1 << 30,
        _ => return Err(wrong()),
    };
    number.checked_mul(unit).ok_or_else(wrong)
}
