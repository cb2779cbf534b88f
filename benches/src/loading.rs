//! How fast exports become a store, in how much memory, and how soon the command answers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use brunt_model::Ts;
use serde_json::{Value, json};

use crate::engines;
use crate::error::Error;
use crate::exports::Exports;
use crate::settings::Settings;

/// How much telemetry the load of OTLP JSON is measured with, at most.
const TELEMETRY_BYTES_MAX: u64 = 1_000_000_000;
const N_COLD_STARTS: usize = 20;

/// What a load took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Load {
    pub(crate) ms: f64,
    /// The most memory that its process had; 0 where that is not known.
    pub(crate) peak_bytes: u64,
}

/// The same OTLP JSON loaded with everything derived, and by a peer turned into Parquet alone.
#[derive(Debug, Clone)]
pub(crate) struct Throughput {
    pub(crate) n_bytes: u64,
    pub(crate) brunt: Load,
    /// Or why there is none.
    pub(crate) duckdb: Result<Load, String>,
}

/// Loads files and folders into a new store, in a process of its own.
pub(crate) fn load(
    store: &Path,
    files: &[PathBuf],
    journeys: &str,
    now: Ts,
) -> Result<Load, Error> {
    let given = json!({ "store": store, "files": files, "journeys": journeys, "now": now.0 });
    Ok(Load::of(&engines::brunt()?.ask("load", &given)?))
}

/// Loads the exports' telemetry here, then converts it there.
pub(crate) fn throughput(
    exports: &Exports,
    settings: &Settings,
    folder: &Path,
    now: Ts,
) -> Result<Throughput, Error> {
    let (files, n_bytes) = exports.telemetry(TELEMETRY_BYTES_MAX)?;
    beside_duckdb(&files, n_bytes, &exports.journeys()?, settings, folder, now)
}

/// Loads files of traces and of logs here, then converts them there.
pub(crate) fn beside_duckdb(
    [traces, logs]: &[Vec<PathBuf>; 2],
    n_bytes: u64,
    journeys: &str,
    settings: &Settings,
    folder: &Path,
    now: Ts,
) -> Result<Throughput, Error> {
    let (store, converted) = (folder.join("throughput"), folder.join("converted"));
    let brunt = load(&store, &[traces.clone(), logs.clone()].concat(), journeys, now)?;
    fs::remove_dir_all(&store).map_err(Error::io("remove", &store))?;
    fs::create_dir_all(&converted).map_err(Error::io("make", &converted))?;
    let given = json!({ "folder": converted, "files": { "traces": traces, "logs": logs } });
    let convert =
        || -> Result<Value, Error> { engines::duckdb(settings, "native")?.ask("convert", &given) };
    let duckdb = convert().map(|reply| Load::of(&reply)).map_err(|error| error.chain());
    fs::remove_dir_all(&converted).map_err(Error::io("remove", &converted))?;
    Ok(Throughput { n_bytes, brunt, duckdb })
}

/// Milliseconds that `brunt sql 'SELECT 1'` takes on the store, process and all, each time; or why that is not known.
pub(crate) fn cold_start(settings: &Settings, store: &Path) -> Result<Vec<f64>, String> {
    let command =
        settings.command.as_ref().ok_or("the command `brunt` is not built in this profile")?;
    (0..N_COLD_STARTS)
        .map(|_| {
            let mut asked = Command::new(command);
            asked
                .arg("--store")
                .arg(store)
                .args(["sql", "SELECT 1"])
                .stdin(Stdio::null())
                .stdout(Stdio::null());
            let start = Instant::now();
            let status = asked.status().map_err(|error| error.to_string())?;
            let ms = start.elapsed().as_secs_f64() * 1_000.0;
            if status.success() { Ok(ms) } else { Err(format!("`brunt sql` ended with {status}")) }
        })
        .collect()
}

impl Load {
    fn of(reply: &Value) -> Self {
        Self {
            ms: reply["ms"].as_f64().unwrap_or_default(),
            peak_bytes: reply["peak_bytes"].as_u64().unwrap_or_default(),
        }
    }
}
