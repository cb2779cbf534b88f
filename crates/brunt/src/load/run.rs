//! The inputs of one call, in one epoch.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::zip;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::Date32Type;
use brunt_ingest::{Redacted, Reject, identity};
use brunt_model::{Day, Table, TableKind, table, tables};
use brunt_store::{LoadEntry, Transaction};

use super::decode::{Decoded, Decoding};
use super::doubts::{Undated, doubts};
use super::duplicates::{Duplicates, Verdict};
use super::held::{Held, Holding, rows_as_json};
use super::job::{Job, digest};
use super::late::Late;
use super::stored::Stored;
use super::touched::Touched;
use super::transaction::{
    LoadRecord, WHOLE_FROM, add_load_rows, add_redactions, add_rejects, derive_all, derive_whole,
    pin_definitions,
};
use super::unload::{Unloaded, take_back};
use super::{FileOutcome, FileSummary, Input, LoadSummary, Plan, Progress, TableCounts};
use crate::error::Error;
use crate::store::Store;

/// The tables that nearly every load reads or changes.
const READ_BY_LOADS: [&str; 8] =
    ["spans", "logs", "events", "sessions", "traces", "activities", "errors", "journey_steps"];

/// Rejects that wait in memory before they are written.
const REJECTS_WAITING_MAX: usize = 4_096;

/// What a round of the write did.
#[derive(Default)]
struct Done {
    outcomes: BTreeMap<usize, FileOutcome>,
    replaced: Vec<Unloaded>,
}

/// Why a round of the write ended early.
enum Stop {
    /// A file turned out to be refused after rows of it were written: the write starts over without it.
    WithoutFile {
        file_idx: usize,
        outcome: FileOutcome,
    },
    Failed(Error),
}

pub(super) async fn run(
    store: &Store,
    inputs: &[Input],
    plan: &Plan,
    on_progress: &(dyn Fn(&Progress) + Send + Sync),
) -> Result<LoadSummary, Error> {
    let mut refused: BTreeMap<usize, FileOutcome> = BTreeMap::new();
    let mut jobs = Vec::with_capacity(inputs.len());
    for (file_idx, input) in inputs.iter().enumerate() {
        match digest(input).await {
            Ok((content, size_bytes)) => {
                jobs.push(Job::new(input, file_idx, content, size_bytes, plan));
            }
            Err(error) => {
                refused.insert(file_idx, failed(&error));
            }
        }
    }
    let mut writing = store.tables().writing(plan.now);
    loop {
        let mut tx = writing.begin().await?;
        tx.read_ahead(&READ_BY_LOADS).await;
        let load = Load {
            tx: &mut tx,
            plan,
            on_progress,
            n_files: inputs.len(),
            n_bytes_before: 0,
            n_bytes_all: jobs.iter().map(|job| job.size_bytes).sum(),
            duplicates: Duplicates::default(),
            holding: Holding::default(),
            stored: Stored::default(),
            touched: Touched::default(),
            late: Late::default(),
            undated: Undated::default(),
            tables: BTreeSet::new(),
            taken_back: Vec::new(),
        };
        let done = match load.run(&jobs, &refused).await {
            Ok(done) => done,
            Err(Stop::WithoutFile { file_idx, outcome }) => {
                refused.insert(file_idx, outcome);
                writing = store.tables().writing(plan.now);
                continue;
            }
            Err(Stop::Failed(error)) => return Err(error),
        };
        on_progress(&Progress::Committing);
        let Some(committed) = writing.offer(tx, done).await? else { continue };
        if committed.is_new {
            // The load is in the store whether or not this succeeds, and a later one merges what is left.
            let _ = store.tables().merge_system_runs(plan.now, &committed.epoch).await;
        }
        let Done { mut outcomes, replaced } = committed.value;
        outcomes.extend(refused);
        let files = inputs.iter().enumerate().filter_map(|(file_idx, input)| {
            let outcome = outcomes.remove(&file_idx)?;
            Some(FileSummary { input: input.name().to_owned(), outcome })
        });
        let files = files.collect();
        return Ok(LoadSummary {
            files,
            replaced,
            epoch: committed.is_new.then_some(committed.epoch.number),
        });
    }
}

/// A load as its transaction sees it.
struct Load<'a> {
    tx: &'a mut Transaction,
    plan: &'a Plan,
    on_progress: &'a (dyn Fn(&Progress) + Send + Sync),
    n_files: usize,
    /// Bytes of the inputs before the one that is read now, and of all.
    n_bytes_before: u64,
    n_bytes_all: u64,
    duplicates: Duplicates,
    holding: Holding,
    stored: Stored,
    /// Base rows that came or went, and the tables to which they did.
    touched: Touched,
    tables: BTreeSet<&'static str>,
    /// Loads that were taken back, for these to take their place.
    taken_back: Vec<LoadEntry>,
    /// Of the file that is read now, as is the next.
    late: Late,
    undated: Undated,
}

impl Load<'_> {
    async fn run(
        mut self,
        jobs: &[Job<'_>],
        refused: &BTreeMap<usize, FileOutcome>,
    ) -> Result<Done, Stop> {
        let mut done = Done::default();
        if self.plan.replace {
            done.replaced = self.take_back(jobs, refused).await?;
        }
        let outcomes = &mut done.outcomes;
        for job in jobs.iter().filter(|job| !refused.contains_key(&job.file_idx)) {
            let outcome = match self.tx.find_load(&job.key).await? {
                Some(_) => FileOutcome::AlreadyLoaded,
                None => self.load(job).await?,
            };
            self.n_bytes_before += job.size_bytes;
            outcomes.insert(job.file_idx, outcome);
        }
        let has_new =
            outcomes.values().any(|outcome| matches!(outcome, FileOutcome::Loaded { .. }));
        if !has_new && self.touched.days.is_empty() {
            return Ok(done);
        }
        self.drop_superseded().await?;
        self.holding.write(self.tx).await?;
        (self.on_progress)(&Progress::Deriving { n_days: self.touched.days.len() });
        let definitions_changed = pin_definitions(self.tx, &self.plan.definitions).await?;
        if definitions_changed {
            derive_all(self.tx, &self.plan.definitions, self.plan.now).await?;
        } else {
            let Plan { definitions, part_of_days, .. } = self.plan;
            self.touched.derive(self.tx, definitions, *part_of_days).await?;
            if WHOLE_FROM.iter().any(|name| self.tables.contains(name)) {
                derive_whole(self.tx).await?;
            }
        }
        self.tx.merge_small_runs().await?;
        Ok(done)
    }

    /// Takes back what was loaded from inputs of the same names or contents; of one that was refused nothing, as nothing
    /// takes its place.
    async fn take_back(
        &mut self,
        jobs: &[Job<'_>],
        refused: &BTreeMap<usize, FileOutcome>,
    ) -> Result<Vec<Unloaded>, Stop> {
        let is_replaced = |load: &LoadEntry| {
            let mut jobs = jobs.iter().filter(|job| !refused.contains_key(&job.file_idx));
            jobs.any(|job| job.takes_place_of(load))
        };
        let mut replaced = Vec::new();
        for load in self.tx.find_loads(is_replaced).await? {
            let (touched, tables) = (&mut self.touched, &mut self.tables);
            self.taken_back.push(load.clone());
            replaced.push(take_back(self.tx, load, touched, tables).await?);
            self.stored.is_changed = true;
        }
        Ok(replaced)
    }

    async fn load(&mut self, job: &Job<'_>) -> Result<FileOutcome, Stop> {
        let started_at = Instant::now();
        let n_read = Arc::new(AtomicU64::new(0));
        let mut decoding =
            Decoding::start(job.input, Arc::clone(&n_read), self.plan.ingest(&job.load_id))?;
        let mut counts: BTreeMap<Option<&'static str>, TableCounts> = BTreeMap::new();
        let mut rejects: Vec<Reject> = Vec::new();
        let mut n_rejects = 0;
        let mut n_rows = 0;
        while let Some(item) = decoding.items.recv().await {
            match item {
                Decoded::Rows(rows) => {
                    n_rows += rows.batch().num_rows() as u64;
                    self.append(job, rows, &mut counts).await?;
                }
                Decoded::Reject(reject) => {
                    n_rejects += 1;
                    rejects.push(reject);
                    if rejects.len() >= REJECTS_WAITING_MAX {
                        add_rejects(
                            self.tx,
                            self.plan.now,
                            &job.load_id,
                            &std::mem::take(&mut rejects),
                        )
                        .await?;
                    }
                }
            }
            self.report(job, n_rows + n_rejects, &n_read);
        }
        let summary = match decoding.finish().await {
            Ok(summary) => summary,
            Err(error) => {
                let outcome = refusal(job.input, &error);
                if n_rows + n_rejects == 0
                    && !self.taken_back.iter().any(|load| job.takes_place_of(load))
                {
                    return Ok(outcome);
                }
                return Err(Stop::WithoutFile { file_idx: job.file_idx, outcome });
            }
        };
        add_rejects(self.tx, self.plan.now, &job.load_id, &rejects).await?;
        if n_rejects > 0 {
            let of_no_table =
                TableCounts { n_records: n_rejects, n_rejects, ..TableCounts::default() };
            counts.insert(None, of_no_table);
        }
        self.record(job, counts.into_values().collect(), summary, started_at).await
    }

    /// Writes down what a load did.
    async fn record(
        &mut self,
        job: &Job<'_>,
        tables: Vec<TableCounts>,
        summary: brunt_ingest::Summary,
        started_at: Instant,
    ) -> Result<FileOutcome, Stop> {
        self.tx.add_load(LoadEntry {
            load_id: job.load_id.clone(),
            key: job.key.clone(),
            input: job.input.name().to_owned(),
        });
        let format = summary.format.name().to_owned();
        let record = LoadRecord {
            load_id: &job.load_id,
            input: job.input.name(),
            format: &format,
            tables: &tables,
            feeds: &summary.feeds,
            size_bytes: job.size_bytes,
            duration: started_at.elapsed(),
            definitions_hash: self.plan.definitions.hash(),
        };
        add_load_rows(self.tx, self.plan.now, &record).await?;
        add_redactions(self.tx, self.plan.now, &job.load_id, &summary.redactions).await?;
        let mut warnings = summary.warnings;
        let undated = std::mem::take(&mut self.undated);
        warnings.extend(doubts(&tables, summary.format, &summary.feeds, undated));
        warnings.extend(self.late.take_warnings());
        for (signal, n_records) in summary.unsupported {
            warnings.push(format!(
                "{n_records} records of {signal} were passed over: brunt has no table for them"
            ));
        }
        Ok(FileOutcome::Loaded { load_id: job.load_id.clone(), format, tables, warnings })
    }

    /// Appends the rows of a batch that are new.
    async fn append(
        &mut self,
        job: &Job<'_>,
        rows: Redacted,
        counts: &mut BTreeMap<Option<&'static str>, TableCounts>,
    ) -> Result<(), Stop> {
        let table = rows.table();
        let days = days_of(&rows);
        let identities = identity(rows.batch(), table);
        for day in days.iter().copied().collect::<BTreeSet<_>>() {
            let of_day = zip(&days, &identities)
                .map(|(other, identity)| (*other == day).then_some(identity));
            self.stored
                .know(self.tx, &mut self.duplicates, &rows, day, &of_day.collect::<Vec<_>>())
                .await?;
        }
        self.tables.insert(table.name);
        let counts = counts.entry(Some(table.name)).or_default();
        counts.table = Some(table.name.to_owned());
        let load_idx = u32::try_from(job.file_idx).unwrap_or(u32::MAX - 1);
        let mut keep = Vec::with_capacity(days.len());
        let mut new_on = Vec::with_capacity(days.len());
        let mut poorer: Vec<(u32, Held)> = Vec::new();
        for (row_idx, (day, identity)) in zip(0.., zip(&days, identities)) {
            let verdict = self.duplicates.judge(table, *day, load_idx, identity)?;
            counts.n_records += 1;
            match verdict {
                // Of a replaced row of the same load, the poorer copy was counted as stored; it is the duplicate now.
                Verdict::Duplicate { .. } | Verdict::Replace { same_load: true } => {
                    counts.n_duplicates += 1;
                }
                Verdict::Store | Verdict::Replace { same_load: false } => {
                    counts.n_rows += 1;
                    new_on.push(*day);
                }
            }
            match verdict {
                Verdict::Duplicate { same_load: false, same_content } => {
                    let held = Held::new(table, *day, &job.load_id, self.plan.now, &identity);
                    if same_content {
                        self.holding.push(self.tx, held).await?;
                    } else {
                        poorer.push((row_idx, held));
                    }
                }
                Verdict::Replace { .. } => self.stored.supersede(&rows, *day, keep.len()),
                _ => {}
            }
            keep.push(!matches!(verdict, Verdict::Duplicate { .. }));
        }
        self.hold(rows.batch(), poorer).await?;
        self.touched.add(table, rows.batch(), &days, |row_idx| keep[row_idx]);
        self.late.add(self.tx, table.name, new_on.iter().copied());
        self.undated.add(table.name, &new_on);
        if keep.iter().all(|keep| *keep) {
            self.tx.append(&rows).await?;
        } else if keep.contains(&true) {
            self.tx.append(&rows.filter(&BooleanArray::from(keep)).map_err(not_of(table))?).await?;
        }
        Ok(())
    }

    /// Keeps rows whose stored copies say something else.
    async fn hold(&mut self, batch: &RecordBatch, poorer: Vec<(u32, Held)>) -> Result<(), Stop> {
        let rows: Vec<u32> = poorer.iter().map(|(row_idx, _)| *row_idx).collect();
        for (row, (_, held)) in rows_as_json(batch, &rows)?.into_iter().zip(poorer) {
            self.holding.push(self.tx, Held { row: Some(row), ..held }).await?;
        }
        Ok(())
    }

    /// Takes away the copies that richer ones replaced.
    async fn drop_superseded(&mut self) -> Result<(), Stop> {
        for ((name, day), copies) in std::mem::take(&mut self.duplicates).into_superseded() {
            let Some(table) = table(name) else { continue };
            let superseded = |batch: &RecordBatch| {
                identity(batch, table)
                    .iter()
                    .map(|row| copies.contains(&(row.key, row.content)))
                    .collect::<Vec<bool>>()
            };
            for file in self.tx.read_days(name, &BTreeSet::from([day])).await? {
                let perhaps = self.stored.read_superseded(self.tx, table, &file).await?;
                if !perhaps.iter().any(|batch| superseded(batch).contains(&true)) {
                    continue;
                }
                let mut keep = Vec::new();
                for batch in self.tx.read(&file, None).await? {
                    let mut goes = Vec::new();
                    let mut gone = Vec::new();
                    for (row_idx, row) in zip(0.., identity(&batch, table)) {
                        let is_gone = copies.contains(&(row.key, row.content));
                        if is_gone {
                            let load_id = load_id_of(&batch, row_idx as usize);
                            let held = Held::new(table, day, load_id, self.plan.now, &row);
                            gone.push((row_idx, held));
                        }
                        goes.push(is_gone);
                    }
                    let days = vec![day; goes.len()];
                    self.touched.add(table, &batch, &days, |row_idx| goes[row_idx]);
                    keep.extend(goes.iter().map(|goes| !goes));
                    self.hold(&batch, gone).await?;
                }
                self.tx.drop_rows(&file, &BooleanArray::from(keep)).await?;
            }
        }
        Ok(())
    }

    fn report(&self, job: &Job<'_>, n_records: u64, n_read: &AtomicU64) {
        (self.on_progress)(&Progress::Reading {
            input: job.input.name().to_owned(),
            file_idx: job.file_idx,
            n_files: self.n_files,
            n_records,
            n_bytes: self.n_bytes_before + n_read.load(Ordering::Relaxed).min(job.size_bytes),
            n_bytes_all: self.n_bytes_all,
        });
    }
}

fn load_id_of(batch: &RecordBatch, row_idx: usize) -> &str {
    let ids = batch.column_by_name("load_id").and_then(|ids| ids.as_string_opt::<i32>());
    ids.map_or("", |ids| ids.value(row_idx))
}

/// The partition of each row.
fn days_of(rows: &Redacted) -> Vec<Day> {
    let days = rows.table().column_idx("day").map(|column_idx| rows.batch().column(column_idx));
    let days = days.and_then(|column| column.as_primitive_opt::<Date32Type>());
    days.map(|days| days.values().iter().map(|day| Day(*day)).collect()).unwrap_or_default()
}

fn not_of(table: &'static Table) -> impl Fn(arrow::error::ArrowError) -> brunt_store::Error {
    move |error| brunt_store::Error::TableMismatch {
        table: table.name.to_owned(),
        reason: error.to_string(),
    }
}

/// Why an input was refused, for who knows which.
pub(super) fn reason(input: &Input, error: &brunt_ingest::Error) -> String {
    let reason = error.to_string();
    match reason.strip_prefix(&format!("input {:?} ", input.name())) {
        Some(rest) => format!("it {rest}"),
        None => reason,
    }
}

fn refusal(input: &Input, error: &brunt_ingest::Error) -> FileOutcome {
    let reason = reason(input, error);
    match error {
        brunt_ingest::Error::NotAnExport { reason, .. } => {
            FileOutcome::Skipped { reason: reason.clone() }
        }
        // A folder may hold tables that are nobody's: people's names, time zones, what a test expects.
        brunt_ingest::Error::UnknownTable { .. } if !input.is_named() => {
            FileOutcome::Skipped { reason: format!("{reason}; a mapping file can say") }
        }
        _ => FileOutcome::Failed { error: reason, hint: error.hint().map(str::to_owned) },
    }
}

fn failed(error: &Error) -> FileOutcome {
    FileOutcome::Failed { error: error.to_string(), hint: error.hint() }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<brunt_store::Error> for Stop {
    fn from(error: brunt_store::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// The days of all base and derived tables, which a full derivation makes or empties.
pub(super) async fn all_days(tx: &mut Transaction) -> Result<BTreeSet<Day>, Error> {
    let mut days = BTreeSet::new();
    for table in tables().iter().filter(|table| table.kind != TableKind::System) {
        days.extend(tx.read_table(table.name).await?.iter().map(|file| file.day));
    }
    Ok(days)
}
