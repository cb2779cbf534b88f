//! brunt and its peers, each in a process, with the store's rows in the form that it likes best.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::SERVE;
use crate::error::Error;
use crate::measure::Engine;
use crate::process::Process;
use crate::say;
use crate::settings::Settings;

pub(crate) const BRUNT: &str = "brunt";
pub(crate) const DUCKDB: &str = "DuckDB";
pub(crate) const CHDB: &str = "chDB";
/// `DuckDB` over brunt's own Parquet files.
pub(crate) const DUCKDB_PARQUET: &str = "DuckDB on Parquet";

/// What an engine said when it was ready.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub(crate) engine: &'static str,
    pub(crate) version: String,
    /// Milliseconds that its tables took, which brunt's had already.
    pub(crate) ms: f64,
    /// Bytes on disk by table, where the tables are its own.
    pub(crate) n_bytes: BTreeMap<String, u64>,
    /// Rows by table; brunt counts them.
    pub(crate) n_rows: BTreeMap<String, u64>,
    /// Why it takes no part.
    pub(crate) absent: Option<String>,
}

/// This program again, as brunt.
pub(crate) fn brunt() -> Result<Process, Error> {
    let own =
        env::current_exe().map_err(|source| Error::Start { engine: BRUNT.to_owned(), source })?;
    Process::start(BRUNT, Command::new(own).arg(SERVE))
}

/// `DuckDB` with tables of its own (`native`) or views of files (`parquet`).
pub(crate) fn duckdb(settings: &Settings, mode: &str) -> Result<Process, Error> {
    peer(settings, DUCKDB, "duckdb_peer.py", &[mode])
}

/// Opens the store with brunt, then fills each peer that can be had; the first engine is brunt.
pub(crate) fn start(
    settings: &Settings,
    store: &Path,
    folder: &Path,
) -> Result<(Vec<Engine>, Vec<Prepared>), Error> {
    let mut process = brunt()?;
    let reply = process.ask("prepare", &json!({ "store": store }))?;
    let mut prepared = vec![Prepared::of(BRUNT, &reply)];
    let mut engines = vec![Engine { name: BRUNT, dialect: "brunt", process }];
    let peers: [(&'static str, &'static str, Result<Process, Error>); 3] = [
        (DUCKDB, "duckdb", duckdb(settings, "native")),
        (CHDB, "chdb", peer(settings, CHDB, "chdb_peer.py", &[])),
        (DUCKDB_PARQUET, "duckdb", duckdb(settings, "parquet")),
    ];
    for (name, dialect, process) in peers {
        say(&format!("filling {name}"));
        let own = folder.join(name.replace(' ', "-"));
        fs::create_dir_all(&own).map_err(Error::io("make", &own))?;
        let given = json!({ "folder": own, "tables": reply["tables"] });
        let filled = process.and_then(|mut process| {
            let reply = process.ask("prepare", &given)?;
            Ok((process, reply))
        });
        match filled {
            Ok((process, reply)) => {
                prepared.push(Prepared::of(name, &reply));
                engines.push(Engine { name, dialect, process });
            }
            Err(error) => {
                let absent = Some(error.chain());
                prepared.push(Prepared { absent, ..Prepared::of(name, &Value::Null) });
            }
        }
    }
    Ok((engines, prepared))
}

fn peer(settings: &Settings, name: &str, script: &str, args: &[&str]) -> Result<Process, Error> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(script);
    // No byte code is left in the tree.
    Process::start(name, Command::new(&settings.python).arg("-B").arg(script).args(args))
}

impl Prepared {
    fn of(engine: &'static str, reply: &Value) -> Self {
        let counts = |key: &str| -> BTreeMap<String, u64> {
            let counts = reply[key].as_object().into_iter().flatten();
            counts.filter_map(|(table, n)| Some((table.clone(), n.as_u64()?))).collect()
        };
        Self {
            engine,
            version: reply["version"].as_str().unwrap_or_default().to_owned(),
            ms: reply["ms"].as_f64().unwrap_or_default(),
            n_bytes: counts("bytes"),
            n_rows: counts("rows"),
            absent: None,
        }
    }
}
