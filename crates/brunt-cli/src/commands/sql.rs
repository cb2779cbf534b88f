//! `brunt sql`: queries from arguments, a file or standard input; without any, the shell.

mod destination;

use std::io::{IsTerminal, Read, stdin};

use super::{Context, shell};
use crate::args::{OutputFormat, Sql};
use crate::failure::{ExitStatus, Failure};
pub(super) use destination::Destination;

pub(super) async fn run(ctx: &mut Context, args: &Sql) -> Result<ExitStatus, Failure> {
    ctx.options.memory_limit = args.memory_limit.as_deref().map(parse_size).transpose()?;
    let texts = read_texts(args)?;
    let asked = if ctx.json { Some(OutputFormat::Ndjson) } else { args.format };
    let destination = Destination::new(asked, args.output.clone())?;
    let session = ctx.open().await?.session().await?.with_local_files();
    if let Some(epoch) = args.epoch {
        session.sql(&format!("SET brunt.epoch = {epoch}")).await?;
    }
    if texts.is_empty() {
        return shell::run(&session, destination).await;
    }
    shell::run_texts(&session, destination, &texts).await
}

/// The texts to run; none where a person sits at the terminal and asked for nothing.
fn read_texts(args: &Sql) -> Result<Vec<String>, Failure> {
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
    Ok(texts)
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
