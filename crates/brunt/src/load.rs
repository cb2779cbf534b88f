//! Loading: inputs are decoded, told from duplicates, appended, and what they can reach is derived, in one epoch.
//!
//! ```text
//! input ─► decode (own thread) ─► judge duplicates ─► append ─► derive the days within reach ─► epoch
//! ```

mod aliases;
mod decode;
mod doubts;
mod duplicates;
mod explain;
mod feeds;
mod forget;
mod held;
mod input;
mod job;
mod late;
#[cfg(test)]
mod laws;
mod remote;
mod retention;
mod run;
mod seen;
mod stored;
mod summary;
mod touched;
mod transaction;
mod unload;

#[cfg(test)]
mod tests;

use brunt_ingest::{Format, Mapping, Options, Policy, Traffic, UserAliases, formats, table_named};
use brunt_model::{Table, Ts};

use crate::check::Finding;
use crate::code::Code;
use crate::definitions::{ALIASES_FILE, Definitions, REDACTION_FILE, TRAFFIC_FILE};
use crate::error::{Error, Fault};
use crate::nearest::nearest;
use crate::store::Store;

pub use explain::Explanation;
pub(crate) use feeds::StoredFeed;
pub(crate) use forget::run as forget;
pub use forget::{ForgetOptions, ForgottenRows, Receipt, Subject};
pub use input::Input;
pub use retention::Expired;
pub(crate) use retention::run as apply_retention;
pub use summary::{FileOutcome, FileSummary, LoadSummary, TableCounts};
pub(crate) use transaction::{add_system_rows, is_frozen};
pub use unload::Unloaded;
pub(crate) use unload::run as unload;

/// How inputs are read.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// Read every input as this format; found out from name and content where `None`.
    pub format: Option<String>,
    /// The table that the rows go to, in the word that people use: `logs spans events tickets accounts orders releases`.
    pub table: Option<String>,
    /// A mapping file: its name, for messages, and its text.
    pub mapping: Option<(String, String)>,
    /// The secret of `hash` rules; without one, fields that should be hashed are dropped, with a warning.
    pub secret: Option<String>,
    /// Take back first what was loaded from inputs of the same names or contents.
    pub replace: bool,
}

/// How far a load is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Progress {
    /// An input is read, and its rows are told from duplicates.
    Reading {
        input: String,
        /// From 0.
        file_idx: usize,
        n_files: usize,
        /// Rows and rejects of this input so far.
        n_records: u64,
        /// Bytes of all inputs that were read so far, and that there are.
        n_bytes: u64,
        n_bytes_all: u64,
    },
    /// Sessions, traces, errors and the rest follow from what was read.
    Deriving {
        /// Days in which rows came or went.
        n_days: usize,
    },
    /// The epoch is put: from here on the load may be in the store, even if its caller hears nothing more.
    Committing,
}

/// What all inputs of a load share.
pub(crate) struct Plan {
    pub(crate) format: Option<Format>,
    pub(crate) table: Option<&'static Table>,
    pub(crate) mapping: Option<Mapping>,
    /// Part of what a load is known by.
    pub(crate) mapping_text: String,
    pub(crate) policy: Policy,
    pub(crate) aliases: UserAliases,
    pub(crate) traffic: Traffic,
    pub(crate) replace: bool,
    pub(crate) definitions: Definitions,
    pub(crate) now: Ts,
    /// By connected rows is derived where these are less than one in so many of the days' rows.
    pub(crate) part_of_days: u64,
}

/// Rows of a batch: enough for good runs, few enough that several wait in little memory.
const BATCH_ROWS_MAX: usize = 16_384;

impl Plan {
    /// How an input of a load is to be read.
    fn ingest(&self, load_id: &str) -> Options {
        Options {
            format: self.format,
            table: self.table,
            mapping: self.mapping.clone(),
            policy: self.policy.clone(),
            aliases: self.aliases.clone(),
            traffic: self.traffic.clone(),
            batch_rows_max: BATCH_ROWS_MAX,
            n_threads: std::thread::available_parallelism().map_or(1, usize::from),
            ..Options::new(self.now, load_id)
        }
    }
}

/// What a load would make of an input.
pub(crate) async fn explain(
    store: &Store,
    input: &Input,
    options: &LoadOptions,
    now: Ts,
) -> Result<Explanation, Error> {
    let plan = plan(store.definitions().await?, options, now)?;
    let read = input.clone();
    let explained = tokio::task::spawn_blocking(move || explain::explain(&read, &plan)).await;
    explained.unwrap_or_else(|error| {
        let path = input.name().to_owned();
        Err(Error::Io { action: "read", path, source: std::io::Error::other(error) })
    })
}

pub(crate) async fn run(
    store: &Store,
    inputs: &[Input],
    options: &LoadOptions,
    now: Ts,
    on_progress: &(dyn Fn(&Progress) + Send + Sync),
) -> Result<LoadSummary, Error> {
    let plan = plan(store.definitions().await?, options, now)?;
    run::run(store, inputs, &plan, on_progress).await
}

pub(crate) async fn derive_all(store: &Store, now: Ts) -> Result<usize, Error> {
    let definitions = store.definitions().await?;
    let mut writing = store.tables().writing(now);
    loop {
        let mut tx = writing.begin().await?;
        transaction::pin_definitions(&mut tx, &definitions).await?;
        let n_days = transaction::derive_all(&mut tx, &definitions, now).await?;
        if let Some(committed) = writing.offer(tx, n_days).await? {
            return Ok(committed.value);
        }
    }
}

/// Everything wrong with a mapping file, as `brunt check --mapping` shows it; `file` is its name.
pub fn check_mapping(file: &str, text: &str) -> Vec<Finding> {
    Mapping::parse(text, file)
        .err()
        .map(|error| Finding::of_ingest(file, &error))
        .into_iter()
        .collect()
}

/// An input, or a file that says how to read it, that was refused as a whole.
fn refused(input: &str, error: &brunt_ingest::Error) -> Error {
    let hint = error.hint().map(str::to_owned);
    Error::Input { input: input.to_owned(), reason: error.to_string(), hint }
}

/// The redaction policy of the definitions.
pub(crate) fn policy(definitions: &Definitions, secret: Option<&str>) -> Result<Policy, Error> {
    let policy =
        Policy::parse(definitions.file(REDACTION_FILE).unwrap_or_default(), REDACTION_FILE)
            .map_err(|error| refused(REDACTION_FILE, &error))?;
    Ok(match secret {
        Some(secret) => policy.with_secret(secret.as_bytes().to_vec()),
        None => policy,
    })
}

fn plan(definitions: Definitions, options: &LoadOptions, now: Ts) -> Result<Plan, Error> {
    let policy = policy(&definitions, options.secret.as_deref())?;
    let aliases = definitions.file(ALIASES_FILE).unwrap_or_default();
    let aliases =
        UserAliases::parse(aliases, ALIASES_FILE).map_err(|error| refused(ALIASES_FILE, &error))?;
    let traffic = definitions.file(TRAFFIC_FILE).unwrap_or_default();
    let traffic =
        Traffic::parse(traffic, TRAFFIC_FILE).map_err(|error| refused(TRAFFIC_FILE, &error))?;
    let mapping = match &options.mapping {
        Some((file, text)) => {
            Some(Mapping::parse(text, file).map_err(|error| refused(file, &error))?)
        }
        None => None,
    };
    Ok(Plan {
        format: options.format.as_deref().map(parse_format).transpose()?,
        table: options.table.as_deref().map(parse_table).transpose()?,
        mapping,
        mapping_text: options.mapping.as_ref().map(|(_, text)| text.clone()).unwrap_or_default(),
        policy,
        aliases,
        traffic,
        replace: options.replace,
        definitions,
        now,
        part_of_days: touched::PART_OF_DAYS,
    })
}

fn parse_format(name: &str) -> Result<Format, Error> {
    let names: Vec<&str> = formats().map(Format::name).collect();
    Format::parse(name).ok_or_else(|| unknown("format", name, &names))
}

/// The words that people use for tables.
const TABLE_WORDS: &[&str] =
    &["logs", "spans", "events", "tickets", "accounts", "orders", "releases"];

fn parse_table(word: &str) -> Result<&'static Table, Error> {
    table_named(word).ok_or_else(|| unknown("table", word, TABLE_WORDS))
}

fn unknown(kind: &str, name: &str, names: &[&str]) -> Error {
    let hint = match nearest(name, names.iter().copied()) {
        Some(near) => format!("Did you mean \"{near}\"? All of them: {}.", names.join(", ")),
        None => format!("All of them: {}.", names.join(", ")),
    };
    Fault::new(Code::Usage, format!("there is no {kind} \"{name}\"")).with_hint(hint).into()
}
