//! brunt beside its peers on the product's own questions.
//!
//! ```text
//! shop ─► exports ─► load, in a child ─► store ─┬─► brunt, in a child ──┐
//!            └─► DuckDB's read_json ─► Parquet  ├─► DuckDB, native       ├─► answers compared ─► medians ─► report
//!                                               ├─► DuckDB, same files   │
//!                                               └─► chDB, MergeTree ─────┘
//! ```
//!
//! Every engine is a process that answers lines of JSON, brunt too (this program again), so that all are measured alike.

mod answers;
mod cells;
mod engines;
mod error;
mod exports;
mod load_cost;
mod load_speed;
mod loading;
mod machine;
mod measure;
mod minutes;
mod process;
mod question;
mod report;
mod serve;
mod settings;
mod targets;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use brunt_model::{Ts, day_of};

pub use crate::error::Error;

use crate::exports::Exports;
use crate::machine::Machine;
use crate::report::Run;
use crate::settings::Settings;

/// As in the command that users run.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The argument that makes this program an engine.
pub const SERVE: &str = "serve";

/// Answers lines of standard input as an engine.
pub fn serve() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.and_then(|runtime| serve::answer_lines(&runtime)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Runs the whole benchmark below a folder for temporary files, and writes `benches/runs/`.
///
/// The status is 1 where a question failed or its answers differed, 2 where the benchmark itself could not be run.
pub fn run(scratch: &Path) -> ExitCode {
    match bench(scratch) {
        Ok(run) if run.questions.iter().all(|question| question.faults.is_empty()) => {
            ExitCode::SUCCESS
        }
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            say(&error.chain());
            ExitCode::from(2)
        }
    }
}

/// Loads a day minute by minute below a folder for temporary files, and writes `benches/runs/`.
///
/// The status is 1 where answers differ from those after one load, 2 where the benchmark itself could not be run.
pub fn run_load_cost(scratch: &Path) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let measured = match runtime {
        Ok(runtime) => runtime.block_on(load_cost::measure(scratch)),
        Err(source) => Err(Error::Start { engine: "brunt".to_owned(), source }),
    };
    let written = measured.and_then(|cost| {
        let name = format!("{}-{}", day_of(now()), cost.name());
        write_run(&name, &[("md", &cost.markdown())])?;
        Ok(cost.questions.iter().all(|asked| asked.difference.is_none()))
    });
    match written {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&error.chain());
            ExitCode::from(2)
        }
    }
}

/// Loads OTLP JSON below a folder for temporary files, beside `DuckDB` where it can be had, and writes `benches/runs/`.
///
/// The status is 2 where the benchmark itself could not be run.
pub fn run_load_speed(scratch: &Path) -> ExitCode {
    let now = now();
    let written = load_speed::measure(scratch, now).and_then(|speed| {
        let name = format!("{}-{}", day_of(now), speed.name());
        write_run(&name, &[("md", &speed.markdown())])
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error.chain());
            ExitCode::from(2)
        }
    }
}

fn bench(scratch: &Path) -> Result<Run, Error> {
    let settings = Settings::read()?;
    let now = now();
    fs::create_dir_all(scratch).map_err(Error::io("make", scratch))?;
    let folder = tempfile::tempdir_in(scratch).map_err(Error::io("make", scratch))?;
    let path = |name: &str| folder.path().join(name);

    say(&format!("writing the exports of about {} sessions", settings.n_sessions));
    let exports = Exports::write(&path("exports"), settings.seed, settings.n_sessions)?;
    say(&format!("loading {} MB", exports.written.n_bytes / 1_000_000));
    let load = loading::load(&path("store"), &exports.all(), &exports.journeys()?, now)?;
    say("loading telemetry alone, here and elsewhere");
    let throughput = loading::throughput(&exports, &settings, folder.path(), now)?;
    let cold_start = loading::cold_start(&settings, &path("store"));

    let (mut engines, prepared) = engines::start(&settings, &path("store"), folder.path())?;
    let mut measured = Vec::new();
    for question in question::read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("questions"))? {
        say(&format!("asking {}", question.name));
        measured.push(measure::measure(question, &mut engines));
    }
    let run = Run {
        day: day_of(now),
        machine: Machine::look(),
        settings,
        written: exports.written,
        n_added: exports.n_added,
        load,
        throughput,
        cold_start,
        prepared,
        questions: measured,
    };
    write_report(&run)?;
    Ok(run)
}

fn write_report(run: &Run) -> Result<(), Error> {
    write_run(&run.name(), &[("md", &run.markdown()), ("csv", &run.csv())])
}

/// Writes a run's files, by their endings, and shows the first.
fn write_run(name: &str, files: &[(&str, &str)]) -> Result<(), Error> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("runs");
    fs::create_dir_all(&folder).map_err(Error::io("make", &folder))?;
    for (ending, text) in files {
        let path = folder.join(format!("{name}.{ending}"));
        fs::write(&path, text).map_err(Error::io("write", &path))?;
        say(&format!("wrote {}", path.display()));
    }
    // Where standard output is closed, the files are still there.
    let _ = std::io::stdout().write_all(files.first().map_or("", |(_, text)| text).as_bytes());
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the benchmark's door is where time comes from")]
fn now() -> Ts {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ts(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}

/// A line for whoever waits.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
