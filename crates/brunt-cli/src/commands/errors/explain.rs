//! `brunt errors explain`: why an error is in its group, part by part and frame by frame.

use std::io::Read;

use brunt::{ErrorExplanation, ExplainedFrame, StoredGroup};

use super::super::Context;
use crate::args::ExplainError;
use crate::failure::{ExitStatus, Failure};
use crate::output::print;

pub(super) async fn run(ctx: &Context, args: &ExplainError) -> Result<ExitStatus, Failure> {
    let explained = match (&args.id, &args.text) {
        (_, Some(file)) => {
            let text = read(file)?;
            let store = ctx.open_for_definitions().await?;
            store.explain_stack(&text, args.service.as_deref()).await?
        }
        (Some(id), None) => ctx.open().await?.explain_error(id).await.map_err(Failure::of_id)?,
        (None, None) => return Err(Failure::usage("give an id, or a file with --text")),
    };
    let text = if ctx.json { explained.to_json() + "\n" } else { draw(&explained) };
    print(&text);
    Ok(ExitStatus::Done)
}

/// The text of a file, or of standard input for `-`; bytes that are no UTF-8 are replaced.
fn read(file: &str) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = match file {
        "-" => std::io::stdin().read_to_end(&mut bytes).map(|_| ()),
        file => std::fs::read(file).map(|all| bytes = all),
    };
    read.map_err(|error| Failure::refused(format!("text \"{file}\" cannot be read: {error}")))?;
    if bytes.trim_ascii().is_empty() {
        return Err(Failure::refused(format!("text \"{file}\" is empty"))
            .hint("Give a stack trace, or a message."));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn draw(explained: &ErrorExplanation) -> String {
    let mut text = format!("{}\n\n", explained.title);
    let mut line = |name: &str, value: &str| text.push_str(&format!("{name:<8} {value}\n"));
    line("group", &explained.error_group_id);
    line("site", &explained.error_site_id);
    line("variant", &explained.error_variant_id);
    if let Some(culprit) = &explained.culprit {
        let place = place(explained.culprit_file.as_deref(), explained.culprit_line);
        line("culprit", &format!("{culprit}{place}"));
    }
    line("quality", explained.quality);
    if let Some(stored) = &explained.stored {
        line("seen", &seen(stored));
        let service = stored.service_name.as_deref().map_or(String::new(), |it| format!(", {it}"));
        line("error", &format!("{} ({}{service})", stored.error_id, stored.ts));
    }
    for rule in &explained.rules {
        line("rule", rule);
    }
    text.push_str("\nparts of the key\n");
    let parts = explained.why.iter();
    let parts = parts.map(|it| [mark(it.used), it.part, it.reason, it.value.as_str()]);
    text.push_str(&columns(&parts.collect::<Vec<_>>()));
    text.push_str(&stack(&explained.frames));
    text
}

fn seen(stored: &StoredGroup) -> String {
    let StoredGroup { n_occurrences, n_sites, n_variants, n_sessions, .. } = stored;
    let [occurrences, sessions, sites, variants] = [
        (n_occurrences, "occurrence"),
        (n_sessions, "session"),
        (n_sites, "site"),
        (n_variants, "variant"),
    ]
    .map(|(n, what)| format!("{n} {what}{}", if *n == 1 { "" } else { "s" }));
    let mut seen = format!("{occurrences} in {sessions}; {sites}, {variants}");
    if let (Some(first), Some(last)) = (&stored.first_seen_at, &stored.last_seen_at) {
        seen.push_str(&format!("; {first} to {last}"));
    }
    seen
}

/// The frames below the type of their exception.
fn stack(frames: &[ExplainedFrame]) -> String {
    let mut text = String::new();
    for of in frames.chunk_by(|a, b| a.exception_type == b.exception_type) {
        let name = of.first().map(|frame| frame.exception_type.as_str()).unwrap_or_default();
        text.push_str(&format!(
            "\nframes of {}\n",
            if name.is_empty() { "the stack" } else { name }
        ));
        let symbols: Vec<String> = of
            .iter()
            .map(|frame| format!("{}{}", frame.symbol, place(Some(&frame.file), frame.line)))
            .collect();
        let lines = of.iter().zip(&symbols);
        let lines = lines.map(|(it, symbol)| [mark(it.used), it.role, it.reason, symbol.as_str()]);
        text.push_str(&columns(&lines.collect::<Vec<_>>()));
    }
    text
}

/// ` (FILE:LINE)`, as much of it as is known.
fn place(file: Option<&str>, line: Option<u32>) -> String {
    match (file.filter(|file| !file.is_empty()), line) {
        (Some(file), Some(line)) => format!(" ({file}:{line})"),
        (Some(file), None) => format!(" ({file})"),
        (None, _) => String::new(),
    }
}

fn mark(used: bool) -> &'static str {
    if used { "+" } else { " " }
}

/// Lines whose fields stand below each other; the last may be as long as it is.
fn columns(lines: &[[&str; 4]]) -> String {
    let width = |idx: usize| lines.iter().map(|line| line[idx].chars().count()).max().unwrap_or(0);
    let (first, second) = (width(1), width(2));
    lines
        .iter()
        .map(|[mark, a, b, last]| {
            let line = format!("  {mark} {a:<first$}  {b:<second$}  {}", last.replace('\n', " "));
            line.trim_end().to_owned() + "\n"
        })
        .collect()
}
