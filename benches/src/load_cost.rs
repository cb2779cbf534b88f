//! A day in loads of a minute beside the same rows loaded at once: what each load takes, what queries take then, and
//! how many files there are.

mod report;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use brunt::{FileOutcome, Input, LoadOptions, Session, Store};
use brunt_model::Ts;
use brunt_testkit::ShopOptions;
use serde_json::Value;

use crate::answers::difference;
use crate::error::Error;
use crate::machine::Machine;
use crate::minutes::{self, Minute};
use crate::question::{self, Question};
use crate::serve;
use crate::settings::{Settings, number};

/// Days of the shop, of which the last is loaded; a shop has no fewer.
const N_DAYS: u16 = 3;
/// Loads that are shown by themselves, and made again into an empty store.
const N_STRETCH: usize = 10;
/// How often a question is asked of each store.
const N_ROUNDS: usize = 7;
/// Questions over every table that a load changes.
const QUESTIONS: [&str; 7] = [
    "error_ranking",
    "error_rate",
    "good_sessions_per_day",
    "impact_all_groups",
    "log_search",
    "session_timeline",
    "trace_by_id",
];

/// What the benchmark found out.
#[derive(Debug)]
pub(crate) struct LoadCost {
    pub(crate) settings: Settings,
    pub(crate) machine: Machine,
    pub(crate) n_bytes: usize,
    pub(crate) n_rows: u64,
    /// Each load, in order.
    pub(crate) loads: Vec<Loaded>,
    /// Some loads in a row, in the day and again into an empty store.
    pub(crate) stretches: Vec<Stretch>,
    /// Milliseconds of the one load of all.
    pub(crate) at_once: f64,
    pub(crate) questions: Vec<Asked>,
    /// Files, rows and bytes by table: after many loads, after one.
    pub(crate) files: BTreeMap<String, [[i64; 3]; 2]>,
}

/// A load: milliseconds and rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loaded {
    pub(crate) ms: f64,
    pub(crate) n_rows: u64,
}

/// Loads in a row.
#[derive(Debug)]
pub(crate) struct Stretch {
    pub(crate) name: &'static str,
    pub(crate) in_day: Vec<Loaded>,
    pub(crate) in_empty: Vec<Loaded>,
}

/// A question put to both stores.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) name: String,
    /// Milliseconds of each round, after many loads and after one.
    pub(crate) times: [Vec<f64>; 2],
    /// How the answers differ.
    pub(crate) difference: Option<String>,
}

/// Loads the day both ways below a folder for temporary files and asks.
pub(crate) async fn measure(scratch: &Path) -> Result<LoadCost, Error> {
    let settings = Settings::read_with(60_000)?;
    let n_loads_max = number("BRUNT_BENCH_LOADS", 1_440)? as usize;
    fs::create_dir_all(scratch).map_err(Error::io("make", scratch))?;
    let folder = tempfile::tempdir_in(scratch).map_err(Error::io("make", scratch))?;
    let exports = folder.path().join("exports");
    let options =
        ShopOptions { days: N_DAYS, ..ShopOptions::bench(settings.seed, settings.n_sessions) };
    let all = minutes::of_last_day(&exports, options)?;
    let journeys = exports.join("definitions/journeys.toml");
    let journeys = fs::read_to_string(&journeys).map_err(Error::io("read", &journeys))?;
    let minutes: Vec<(Ts, Minute)> = all.into_iter().take(n_loads_max).collect();

    let many = folder.path().join("many").display().to_string();
    let once = folder.path().join("once").display().to_string();
    let mut cost = LoadCost {
        settings,
        machine: Machine::look(),
        n_bytes: minutes.iter().map(|(_, minute)| minute.n_bytes()).sum(),
        n_rows: 0,
        loads: Vec::with_capacity(minutes.len()),
        stretches: Vec::new(),
        at_once: 0.0,
        questions: Vec::new(),
        files: BTreeMap::new(),
    };
    let mut last = Ts(0);
    for (number, (minute, records)) in minutes.iter().enumerate() {
        last = Ts(minute.0 + 60_000_000);
        let done = load(&many, &journeys, &records.inputs(&format!("{number:04}")), last).await?;
        cost.loads.push(done);
        cost.n_rows += done.n_rows;
        if number % 60 == 59 {
            crate::say(&format!("{} loads, the last in {:.0} ms", number + 1, done.ms));
        }
    }
    for (name, first) in cost.stretches_to_repeat() {
        let store = folder.path().join(name).display().to_string();
        let mut in_empty = Vec::new();
        for (number, (minute, records)) in minutes.iter().enumerate().skip(first).take(N_STRETCH) {
            let inputs = records.inputs(&format!("{number:04}"));
            in_empty.push(load(&store, &journeys, &inputs, Ts(minute.0 + 60_000_000)).await?);
        }
        let in_day = cost.loads.iter().skip(first).take(N_STRETCH).copied().collect();
        cost.stretches.push(Stretch { name, in_day, in_empty });
    }
    let inputs: Vec<Input> = minutes
        .iter()
        .enumerate()
        .flat_map(|(number, (_, records))| records.inputs(&format!("{number:04}")))
        .collect();
    cost.at_once = load(&once, &journeys, &inputs, last).await?.ms;
    let sessions = [session(&many).await?, session(&once).await?];
    cost.files = files(&sessions).await?;
    let questions = Path::new(env!("CARGO_MANIFEST_DIR")).join("questions");
    for question in question::read_all(&questions)? {
        if QUESTIONS.contains(&question.name.as_str()) {
            cost.questions.push(ask(question, &sessions).await?);
        }
    }
    Ok(cost)
}

impl LoadCost {
    /// Names and first loads: the begin, the most rows, the end.
    fn stretches_to_repeat(&self) -> [(&'static str, usize); 3] {
        let rows = |first: &usize| -> u64 {
            self.loads.iter().skip(*first).take(N_STRETCH).map(|load| load.n_rows).sum()
        };
        let last = self.loads.len().saturating_sub(N_STRETCH);
        let busiest = (0..=last).max_by_key(rows).unwrap_or_default();
        [("first", 0), ("busiest", busiest), ("last", last)]
    }
}

/// Opens the store, as each run of the command does, and loads.
async fn load(store: &str, journeys: &str, inputs: &[Input], now: Ts) -> Result<Loaded, Error> {
    if !Path::new(store).exists() {
        Store::open_or_create(store, now)
            .await?
            .write_definition("journeys.toml", journeys)
            .await?;
    }
    let start = Instant::now();
    let store = Store::open(store).await?;
    let summary = store.load(inputs, &LoadOptions::default(), now, &|_| ()).await?;
    let ms = serve::milliseconds(start);
    let is_loaded = |outcome: &FileOutcome| matches!(outcome, FileOutcome::Loaded { .. });
    let n_failed = summary.files.iter().filter(|file| !is_loaded(&file.outcome)).count() as u64;
    if n_failed > 0 || summary.n_rejects() > 0 {
        return Err(Error::Load { n_failed, n_rejects: summary.n_rejects() });
    }
    Ok(Loaded { ms, n_rows: summary.n_rows() })
}

async fn session(store: &str) -> Result<Session, Error> {
    Ok(Store::open(store).await?.session().await?)
}

/// Files, rows and bytes of each table in both stores.
async fn files(sessions: &[Session; 2]) -> Result<BTreeMap<String, [[i64; 3]; 2]>, Error> {
    let sql =
        "SELECT table_name, count(*), sum(n_rows), sum(size_bytes) FROM system.files GROUP BY 1";
    let mut files: BTreeMap<String, [[i64; 3]; 2]> = BTreeMap::new();
    for (store_idx, session) in sessions.iter().enumerate() {
        let reply = serve::run(session, sql).await?;
        for row in reply["rows"].as_array().into_iter().flatten() {
            let name = row[0].as_str().unwrap_or_default().to_owned();
            let number = |idx: usize| {
                row[idx].as_i64().or_else(|| row[idx].as_str()?.parse().ok()).unwrap_or_default()
            };
            files.entry(name).or_default()[store_idx] = [number(1), number(2), number(3)];
        }
    }
    Ok(files)
}

/// Asks both in turn, after each has answered once.
async fn ask(mut question: Question, sessions: &[Session; 2]) -> Result<Asked, Error> {
    for (name, query) in question.lets.clone() {
        let reply = serve::run(&sessions[1], &query).await?;
        question.bind(&name, reply["rows"][0][0].as_str().unwrap_or_default());
    }
    let sql = question.text("brunt");
    let mut asked = Asked { name: question.name.clone(), ..Asked::default() };
    let mut answers: Vec<Vec<Value>> = Vec::new();
    for session in sessions {
        let reply = serve::run(session, sql).await?;
        answers.push(reply["rows"].as_array().cloned().unwrap_or_default());
    }
    asked.difference = difference(&answers[0], &answers[1], question.is_ordered);
    for _ in 0..N_ROUNDS {
        for (session, times) in sessions.iter().zip(&mut asked.times) {
            times.push(serve::run(session, sql).await?["ms"].as_f64().unwrap_or(f64::NAN));
        }
    }
    Ok(asked)
}
