//! `brunt load`: exports into the store, with a summary of every record.

mod explain;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use brunt::{FileOutcome, Input, LoadOptions, LoadSummary, Progress};

use super::meter::Meter;
use super::unload::what_went;
use super::{Context, now, secret};
use crate::args::Load;
use crate::failure::{ExitStatus, Failure};
use crate::output::{end_progress, print, tell};

pub(super) async fn run(ctx: &Context, args: &Load) -> Result<ExitStatus, Failure> {
    let may_be_stored = Arc::new(AtomicBool::new(false));
    tokio::spawn(end_when_interrupted(Arc::clone(&may_be_stored)));
    let options = load_options(args)?;
    if args.replace && args.inputs.iter().any(|place| place == "-") {
        let message = "--replace knows by its name what to replace, and standard input has none";
        return Err(Failure::usage(message)
            .hint("Give a file, or take a load back by its id with `brunt unload`."));
    }
    let inputs = inputs(&args.inputs).await?;
    if args.explain {
        return explain::run(ctx, args, &inputs, &options).await;
    }
    let store = ctx.open_or_create().await?;
    let meter = Meter::start();
    let on_progress = |progress: &Progress| {
        may_be_stored.store(matches!(progress, Progress::Committing), Ordering::Relaxed);
        meter.show(progress);
    };
    let summary = store.load(&inputs, &options, now(), &on_progress).await;
    end_progress();
    let summary = summary?;
    show(&summary, ctx.json);
    let n_rejects = summary.n_rejects();
    if args.max_rejects.is_some_and(|n_rejects_max| n_rejects > n_rejects_max) {
        tell(&format!("error: {}, more than --max-rejects", refused(n_rejects)));
        return Ok(ExitStatus::Refused);
    }
    let failed =
        summary.files.iter().any(|file| matches!(file.outcome, FileOutcome::Failed { .. }));
    Ok(if failed { ExitStatus::Refused } else { ExitStatus::Done })
}

/// Ends the command at Ctrl-C, whatever it does, and says what that means for the store.
async fn end_when_interrupted(may_be_stored: Arc<AtomicBool>) {
    // Without a handler the signal ends the process by itself.
    if tokio::signal::ctrl_c().await.is_err() {
        return;
    }
    end_progress();
    let consequence = if may_be_stored.load(Ordering::Relaxed) {
        "it may be stored already; running the load again adds nothing twice"
    } else {
        "nothing was stored; the load can be run again"
    };
    Failure::interrupted(consequence).end()
}

fn load_options(args: &Load) -> Result<LoadOptions, Failure> {
    let mapping = match &args.mapping {
        None => None,
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                Failure::refused(format!("mapping \"{}\" cannot be read: {error}", path.display()))
            })?;
            Some((path.display().to_string(), text))
        }
    };
    Ok(LoadOptions {
        format: args.format.clone(),
        table: args.table.clone(),
        mapping,
        replace: args.replace,
        secret: secret()?,
    })
}

/// Files by path, folder or glob, objects by URL, and standard input.
async fn inputs(given: &[String]) -> Result<Vec<Input>, Failure> {
    let mut inputs = Vec::new();
    for place in given {
        if place == "-" {
            let input = Input::from_reader("-", &mut std::io::stdin().lock());
            inputs.push(input.map_err(|error| Failure::system("read standard input", &error))?);
        } else {
            inputs.extend(Input::open(place).await?);
        }
    }
    Ok(inputs)
}

/// Counts to standard output, remarks to standard error.
pub(super) fn show(summary: &LoadSummary, json: bool) {
    if json {
        print(&format!("{}\n", summary.to_json()));
        return;
    }
    print(&table(summary));
    for replaced in &summary.replaced {
        tell(&format!("replaced {}: {}", replaced.input, what_went(replaced)));
    }
    for file in &summary.files {
        match &file.outcome {
            FileOutcome::Loaded { warnings, .. } => {
                for warning in warnings {
                    tell(&format!("warning: {}: {warning}", file.input));
                }
            }
            FileOutcome::AlreadyLoaded => {
                tell(&format!("{}: loaded before, nothing to do", file.input));
            }
            FileOutcome::Skipped { reason } => tell(&format!("skipped {}: {reason}", file.input)),
            FileOutcome::Failed { error, hint } => {
                tell(&format!("error: {}: {error}", file.input));
                if let Some(hint) = hint {
                    tell(&format!("hint: {hint}"));
                }
            }
        }
    }
    if summary.n_rejects() > 0 {
        tell(&format!(
            "warning: {}; see: brunt sql 'SELECT input, line, reason, sample FROM system.rejects'",
            refused(summary.n_rejects())
        ));
    }
}

fn refused(n_rejects: u64) -> String {
    match n_rejects {
        1 => "1 record was refused".to_owned(),
        n => format!("{n} records were refused"),
    }
}

/// A line for each file and table, cut to nothing: paths are what a person looks for.
fn table(summary: &LoadSummary) -> String {
    let mut lines = vec![
        ["input", "format", "table", "records", "rows", "duplicates", "rejects"].map(str::to_owned),
    ];
    for file in &summary.files {
        let FileOutcome::Loaded { format, tables, .. } = &file.outcome else { continue };
        for counts in tables {
            lines.push([
                file.input.clone(),
                format.clone(),
                counts.table.clone().unwrap_or_default(),
                counts.n_records.to_string(),
                counts.n_rows.to_string(),
                counts.n_duplicates.to_string(),
                counts.n_rejects.to_string(),
            ]);
        }
    }
    if lines.len() == 1 {
        return String::new();
    }
    let width = |column_idx: usize| {
        lines.iter().map(|line| line[column_idx].chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..7).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        for (column_idx, cell) in line.iter().enumerate() {
            let padding = " ".repeat(widths[column_idx] - cell.chars().count());
            if column_idx < 3 {
                text.push_str(&format!("{cell}{padding}  "));
            } else {
                text.push_str(&format!("{padding}{cell}  "));
            }
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}
