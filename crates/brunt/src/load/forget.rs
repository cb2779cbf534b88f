//! Erasing a person: what is theirs goes, what names them is made to forget them, and nothing of it is left on disk.
//!
//! ```text
//! id ─► person (ids, devices, sessions, traces, tickets) ─► base rows: deleted, or the name taken out
//!        ─► duplicates, rejects, loads, redactions ─► derive ─► epoch ─► drop history ─► receipt
//! ```

mod mentions;
mod person;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::iter::zip;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use arrow::error::ArrowError;
use brunt_ingest::{Identity, Policy, identity};
use brunt_model::{Day, Table, TableKind, Ts, tables};
use brunt_store::{DataFile, Transaction, Vacuumed};
use serde::Serialize;

use self::mentions::Mentions;
use self::person::Person;
use super::held::{self, Held};
use super::policy;
use super::touched::{PART_OF_DAYS, Touched};
use super::transaction::{WHOLE_FROM, derive_all, derive_whole, outlives_base, pin_definitions};
use crate::code::Code;
use crate::definitions::Definitions;
use crate::error::{Error, Fault};
use crate::store::Store;

/// Whom or what a store is to forget, by its id as exports have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A person: what they did, wrote and met, known or not yet known by name.
    User(String),
    /// An account with all its users' rows that say or are known to be of it.
    Account(String),
    /// One visit.
    Session(String),
}

/// How to forget.
#[derive(Debug, Clone, Default)]
pub struct ForgetOptions {
    /// The secret of `hash` rules, by which ids were stored.
    pub secret: Option<String>,
    /// Only count what would be deleted.
    pub dry_run: bool,
}

/// What was forgotten; it holds no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Receipt {
    /// `user`, `account` or `session`.
    pub subject: &'static str,
    /// HMAC-SHA256 of the id under `salt`, in hexadecimal, so that whoever knows the id can tell that the receipt is for
    /// it; `None` of a dry run.
    pub id_hash: Option<String>,
    /// The key of `id_hash`, new for each receipt.
    pub salt: Option<String>,
    /// Microseconds since 1970-01-01 UTC.
    pub forgotten_at: i64,
    pub dry_run: bool,
    /// Tables that changed, but for those that were derived again.
    pub tables: Vec<ForgottenRows>,
    /// False where the id is too short to be told from other words, so that only rows of its own were looked for.
    pub mentions_searched: bool,
    /// Files of base and system tables that were written again without what is forgotten.
    pub n_files_rewritten: u64,
    /// Files that were deleted from the store, logs and files of derived tables among them.
    pub n_files_deleted: u64,
    /// Files that no epoch names and that were left, because a write that was under way may have made them; `vacuum`
    /// deletes them once they are 24 hours old.
    pub n_files_left: u64,
    /// The epoch without what is forgotten, and the oldest that can be read; `None` of a dry run.
    pub epoch: Option<u64>,
}

/// What became of the rows of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ForgottenRows {
    pub table: String,
    /// Rows that are gone.
    pub n_deleted: u64,
    /// Rows of others in which `[forgotten]` stands where the id stood.
    pub n_masked: u64,
}

impl Receipt {
    /// One JSON object.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Subject {
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::User(id) | Self::Account(id) | Self::Session(id) => id,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Account(_) => "account",
            Self::Session(_) => "session",
        }
    }

    /// The columns that hold such ids; a row belongs to whom the first names.
    fn columns(&self) -> &'static [&'static str] {
        match self {
            Self::User(_) => &["user_id", "requester_id", "user_pseudo_id"],
            Self::Account(_) => &["account_id", "organization_id"],
            Self::Session(_) => &["session_id"],
        }
    }

    /// The id as it may be stored: as it is, and hashed.
    fn forms(&self, policy: &Policy) -> Result<BTreeSet<String>, Error> {
        if self.id().trim().is_empty() {
            return Err(Error::statement(Code::Usage, "the id is empty"));
        }
        let hash = policy.hash(self.id());
        let hashed = self.columns().iter().find(|column| policy.hashes(column));
        if let (Some(column), None) = (hashed, &hash) {
            let message = format!("column \"{column}\" holds hashes, and there is no secret");
            let hint = "Set BRUNT_SECRET to the secret with which the ids were hashed.";
            return Err(Fault::new(Code::Usage, message).with_hint(hint).into());
        }
        Ok(std::iter::once(self.id().to_owned()).chain(hash).collect())
    }
}

/// Deletes and rewrites in one epoch, then deletes what only earlier epochs need.
pub(crate) async fn run(
    store: &Store,
    subject: &Subject,
    options: &ForgetOptions,
    now: Ts,
) -> Result<Receipt, Error> {
    let definitions = store.definitions().await?;
    let forms = subject.forms(&policy(&definitions, options.secret.as_deref())?)?;
    let mut writing = store.tables().writing(now);
    let (done, mentions, epoch) = loop {
        let mut tx = writing.begin().await?;
        let person = Person::find(store, tx.base().number, subject, &forms).await?;
        let mentions = Mentions::of(person.ids());
        let mut erasing = Erasing::new(&mut tx, &person, &mentions, options.dry_run);
        erasing.erase().await?;
        let (done, touched, touched_tables) = erasing.finish();
        if options.dry_run {
            return Ok(receipt(subject, now, done, &mentions));
        }
        derive(&mut tx, &definitions, touched, &touched_tables, now).await?;
        if let Some(committed) = writing.offer(tx, done).await? {
            break (committed.value, mentions, committed.epoch);
        }
    };
    let dropped = store.tables().drop_history(&|input: &str| mentions.replaced(input)).await?;
    let receipt = receipt(subject, now, done, &mentions);
    Ok(signed(receipt, subject, &epoch.writer, epoch.number, &dropped))
}

async fn derive(
    tx: &mut Transaction,
    definitions: &Definitions,
    touched: Touched,
    tables: &BTreeSet<&'static str>,
    now: Ts,
) -> Result<(), Error> {
    if pin_definitions(tx, definitions).await? {
        derive_all(tx, definitions, now).await?;
        return Ok(());
    }
    touched.derive(tx, definitions, PART_OF_DAYS).await?;
    if WHOLE_FROM.iter().any(|name| tables.contains(name)) {
        derive_whole(tx).await?;
    }
    Ok(())
}

fn receipt(subject: &Subject, now: Ts, done: Done, mentions: &Mentions) -> Receipt {
    Receipt {
        subject: subject.kind(),
        id_hash: None,
        salt: None,
        forgotten_at: now.0,
        dry_run: true,
        tables: done.rows.into_values().collect(),
        mentions_searched: mentions.is_searched(),
        n_files_rewritten: done.n_files_rewritten,
        n_files_deleted: 0,
        n_files_left: 0,
        epoch: None,
    }
}

/// A receipt for what is done. The write's own id, which is random, is the salt.
fn signed(
    receipt: Receipt,
    subject: &Subject,
    salt: &str,
    epoch: u64,
    dropped: &Vacuumed,
) -> Receipt {
    let keyed = Policy::default().with_secret(salt.as_bytes().to_vec());
    Receipt {
        id_hash: keyed.hash(subject.id()),
        salt: Some(salt.to_owned()),
        dry_run: false,
        n_files_deleted: dropped.paths.len() as u64,
        n_files_left: dropped.n_files_left as u64,
        epoch: Some(epoch),
        ..receipt
    }
}

/// What was done so far.
#[derive(Debug, Default)]
struct Done {
    rows: BTreeMap<&'static str, ForgottenRows>,
    n_files_rewritten: u64,
}

/// A row by its table, its day and its key.
type Place = (&'static str, Day, u128);

/// Takes a person out of all tables but those that are derived again.
struct Erasing<'a> {
    tx: &'a mut Transaction,
    person: &'a Person,
    mentions: &'a Mentions,
    dry_run: bool,
    touched: Touched,
    tables: BTreeSet<&'static str>,
    gone: HashSet<Place>,
    /// Rows that say something else than before: their content then, and what tells them now.
    edited: HashMap<Place, (u128, Identity)>,
    done: Done,
}

/// What becomes of a batch.
struct Erased {
    /// All rows, without the names.
    rows: RecordBatch,
    is_gone: Vec<bool>,
    is_edited: Vec<bool>,
}

impl<'a> Erasing<'a> {
    fn new(
        tx: &'a mut Transaction,
        person: &'a Person,
        mentions: &'a Mentions,
        dry_run: bool,
    ) -> Self {
        Self {
            tx,
            person,
            mentions,
            dry_run,
            touched: Touched::default(),
            tables: BTreeSet::new(),
            gone: HashSet::new(),
            edited: HashMap::new(),
            done: Done::default(),
        }
    }

    fn finish(self) -> (Done, Touched, BTreeSet<&'static str>) {
        (self.done, self.touched, self.tables)
    }

    async fn erase(&mut self) -> Result<(), Error> {
        for table in tables() {
            for file in self.tx.read_table(table.name).await? {
                match table.kind {
                    TableKind::Base => self.erase_in(table, &file).await?,
                    // What is derived again knows only what is left in the base tables.
                    TableKind::Derived if outlives_base(self.tx, table, file.day) => {
                        self.erase_in(table, &file).await?;
                    }
                    TableKind::Derived => {}
                    TableKind::System => self.mask_in(table, &file).await?,
                }
            }
        }
        self.erase_held().await
    }

    /// Deletes the person's rows from a file, and takes their name out of the others.
    async fn erase_in(&mut self, table: &'static Table, file: &DataFile) -> Result<(), Error> {
        let batches = self.tx.read(file, None).await?;
        let mut kept = Vec::with_capacity(batches.len());
        let (mut n_deleted, mut n_masked) = (0, 0);
        for batch in &batches {
            let erased = self.erased(table, batch).map_err(|error| mismatch(table, &error))?;
            n_deleted += count(&erased.is_gone);
            n_masked += count(&erased.is_edited);
            if table.kind == TableKind::Base {
                self.note(table, file.day, batch, &erased);
            }
            let keep: BooleanArray = erased.is_gone.iter().map(|gone| Some(!gone)).collect();
            let rows = filter_record_batch(&erased.rows, &keep);
            kept.push(rows.map_err(|error| mismatch(table, &error))?);
        }
        self.count(table, n_deleted, n_masked);
        if n_deleted + n_masked > 0 && !self.dry_run {
            self.tx.replace_rows(file, kept).await?;
        }
        Ok(())
    }

    fn erased(&self, table: &Table, batch: &RecordBatch) -> Result<Erased, ArrowError> {
        let is_gone = self.person.owns(batch);
        let (rows, mut is_edited) = self.mentions.taken_out(table, batch)?;
        for (edited, gone) in zip(&mut is_edited, &is_gone) {
            *edited &= !gone;
        }
        Ok(Erased { rows, is_gone, is_edited })
    }

    /// Remembers what has to be derived again, and what is to be done with copies of the rows.
    fn note(&mut self, table: &'static Table, day: Day, batch: &RecordBatch, erased: &Erased) {
        let Erased { rows, is_gone, is_edited } = erased;
        let changed = || zip(is_gone, is_edited).map(|(gone, edited)| *gone || *edited);
        if !changed().any(|changed| changed) {
            return;
        }
        let days = vec![day; batch.num_rows()];
        let changed: Vec<bool> = changed().collect();
        self.touched.add(table, batch, &days, |row_idx| changed[row_idx]);
        self.touched.add(table, rows, &days, |row_idx| is_edited[row_idx]);
        self.tables.insert(table.name);
        let (before, after) = (identity(batch, table), identity(rows, table));
        for (row_idx, (before, after)) in zip(before, after).enumerate() {
            let place = (table.name, day, before.key);
            if is_gone[row_idx] {
                self.gone.insert(place);
            } else if is_edited[row_idx] {
                self.edited.insert(place, (before.content, after));
            }
        }
    }

    /// Takes the name out of a system table's file. Of a refused record that names the person nothing is kept.
    async fn mask_in(&mut self, table: &'static Table, file: &DataFile) -> Result<(), Error> {
        // What loads had twice is looked at row by row.
        if table.name == "duplicates" {
            return Ok(());
        }
        let mut kept = Vec::new();
        let mut n_masked = 0;
        for batch in self.tx.read(file, None).await? {
            let (rows, is_edited) = self
                .mentions
                .taken_out(table, &batch)
                .and_then(|(rows, is_edited)| self.without_samples(&batch, rows, is_edited))
                .map_err(|error| mismatch(table, &error))?;
            n_masked += count(&is_edited);
            kept.push(rows);
        }
        self.count(table, 0, n_masked);
        if n_masked > 0 && !self.dry_run {
            self.tx.replace_rows(file, kept).await?;
        }
        Ok(())
    }

    /// Withholds samples of refused records that name the person, however short the name.
    fn without_samples(
        &self,
        before: &RecordBatch,
        rows: RecordBatch,
        mut is_edited: Vec<bool>,
    ) -> Result<(RecordBatch, Vec<bool>), ArrowError> {
        let Some((column_idx, _)) = before.schema_ref().column_with_name("sample") else {
            return Ok((rows, is_edited));
        };
        let Some(samples) = before.column(column_idx).as_string_opt::<i32>() else {
            return Ok((rows, is_edited));
        };
        let mut withheld = Vec::with_capacity(samples.len());
        for (edited, sample) in zip(&mut is_edited, samples) {
            let names = sample.is_some_and(|sample| self.mentions.names(sample));
            *edited |= names;
            withheld.push(if names { Some("(forgotten)") } else { sample });
        }
        let mut columns: Vec<ArrayRef> = rows.columns().to_vec();
        columns[column_idx] = Arc::new(StringArray::from(withheld));
        Ok((RecordBatch::try_new(rows.schema(), columns)?, is_edited))
    }

    /// The same for rows that loads had and others' copies of which are stored.
    async fn erase_held(&mut self) -> Result<(), Error> {
        let mut kept = Vec::new();
        let (mut n_deleted, mut n_masked) = (0, 0);
        for held in held::read(self.tx).await? {
            match self.erased_held(&held)? {
                None => n_deleted += 1,
                Some(other) => {
                    n_masked += u64::from(other.row != held.row);
                    kept.push(other);
                }
            }
        }
        let Some(table) = brunt_model::table("duplicates") else { return Ok(()) };
        let is_changed = n_deleted + n_masked > 0 || !self.edited.is_empty();
        self.count(table, n_deleted, n_masked);
        if is_changed && !self.dry_run {
            for file in self.tx.read_table(table.name).await? {
                self.tx.replace_rows(&file, Vec::new()).await?;
            }
            held::write(self.tx, &kept).await?;
        }
        Ok(())
    }

    /// `None` where it goes.
    fn erased_held(&self, held: &Held) -> Result<Option<Held>, Error> {
        let Some(table) = brunt_model::table(&held.table) else { return Ok(Some(held.clone())) };
        let place = (table.name, held.day, held.key);
        if self.gone.contains(&place) {
            return Ok(None);
        }
        let Some(row) = &held.row else {
            let edited = self.edited.get(&place).filter(|(before, _)| *before == held.content);
            return Ok(Some(match edited {
                Some((_, now)) => Held { key: now.key, content: now.content, ..held.clone() },
                None => held.clone(),
            }));
        };
        let batch = held::rows_from_json(table, std::slice::from_ref(row))?;
        let erased = self.erased(table, &batch).map_err(|error| mismatch(table, &error))?;
        if erased.is_gone.contains(&true) {
            return Ok(None);
        }
        let row = held::rows_as_json(&erased.rows, &[0])?.into_iter().next();
        let now = identity(&erased.rows, table).into_iter().next();
        Ok(Some(match now.filter(|_| erased.is_edited.contains(&true)) {
            Some(now) => Held { key: now.key, content: now.content, row, ..held.clone() },
            None => held.clone(),
        }))
    }

    fn count(&mut self, table: &'static Table, n_deleted: u64, n_masked: u64) {
        if n_deleted + n_masked == 0 {
            return;
        }
        let rows = self.done.rows.entry(table.name).or_default();
        rows.table = match table.kind {
            TableKind::System => format!("system.{}", table.name),
            _ => table.name.to_owned(),
        };
        rows.n_deleted += n_deleted;
        rows.n_masked += n_masked;
        self.done.n_files_rewritten += 1;
    }
}

fn count(flags: &[bool]) -> u64 {
    flags.iter().filter(|flag| **flag).count() as u64
}

fn mismatch(table: &Table, error: &ArrowError) -> Error {
    let reason = error.to_string();
    brunt_store::Error::TableMismatch { table: table.name.to_owned(), reason }.into()
}

#[cfg(test)]
mod tests;
