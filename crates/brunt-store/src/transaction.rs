//! A write in the making: what it read, the files it adds and removes, the loads it brings.

mod draft;
mod encoding;
mod retention;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Date32Type;
use brunt_ingest::Redacted;
use brunt_model::{Day, Table, TableKind, Ts};
use bytes::Bytes;
use futures::stream::BoxStream;
use uuid::Uuid;

pub(crate) use draft::{WriteDraft, first_epoch};
pub use encoding::Share;
use encoding::Then;

use crate::data_file::DataFile;
use crate::delta::FileAction;
use crate::epoch::{Epoch, LoadEntry};
use crate::error::Error;
use crate::layout::split_by_day;
use crate::load_index::LoadIndex;
use crate::location::Location;
use crate::lookup::Wanted;
use crate::protocol::Reads;
use crate::read::{read_wanted, stream_files};
use crate::requests::{DEFINITIONS, table_folder, table_named, table_of};
use crate::runs::{Buffers, Encoding, NewFile, Run};
use crate::snapshot::Snapshot;
use crate::store::Store;
use crate::waiting::Waiting;

/// A write in the making; see [`Store::write`].
///
/// What it reads through [`read_days`](Self::read_days), [`read_table`](Self::read_table), and the days that it drops
/// rows from or replaces, must not have been changed by anybody else when it commits.
#[derive(Debug)]
pub struct Transaction {
    store: Store,
    base: Arc<Epoch>,
    now: Ts,
    reads: Reads,
    changes: BTreeMap<&'static str, Changes>,
    buffers: Buffers,
    /// Runs that are on their way into files while the write goes on, and what becomes of them; the oldest first.
    encodings: VecDeque<(Encoding, Then)>,
    /// Files of days that are replaced, which no share of their day has given again yet.
    replaced: BTreeMap<(&'static str, Day), Vec<DataFile>>,
    unloads: Vec<LoadEntry>,
    waiting: Waiting,
    loads: Vec<LoadEntry>,
    definitions_hash: Option<String>,
    /// Where retention went further than in the base.
    first_days: BTreeMap<String, Day>,
    /// The first file that was put: by it the store's clock tells how long the write has taken.
    first_file: Option<String>,
}

/// What happens to the files of a table.
#[derive(Debug, Default, Clone)]
struct Changes {
    added: Vec<NewFile>,
    /// By path, with the `remove` action.
    removed: BTreeMap<String, (Day, String)>,
}

impl Transaction {
    pub(crate) fn new(store: Store, base: Arc<Epoch>, now: Ts) -> Self {
        let reads = Reads { definitions_hash: base.definitions_hash.clone(), ..Reads::default() };
        let definitions_hash = base.definitions_hash.clone();
        Self {
            store,
            base,
            now,
            reads,
            changes: BTreeMap::new(),
            buffers: Buffers::default(),
            encodings: VecDeque::new(),
            replaced: BTreeMap::new(),
            unloads: Vec::new(),
            waiting: Waiting::default(),
            loads: Vec::new(),
            definitions_hash,
            first_days: BTreeMap::new(),
            first_file: None,
        }
    }

    /// The newest whole epoch when the write began, on which everything here stands.
    pub fn base(&self) -> &Arc<Epoch> {
        &self.base
    }

    /// The files of a table in the base, without what this write has changed; nothing is marked as read.
    pub async fn snapshot(&self, table: &str) -> Result<Arc<Snapshot>, Error> {
        self.store.snapshot(&self.base, table).await
    }

    /// Reads the logs of several tables at a time, so that their files are known when they are asked for.
    pub async fn read_ahead(&self, tables: &[&'static str]) {
        self.store.read_ahead(&self.base, tables).await;
    }

    /// The load of this key, if it is in the store or was added here.
    pub async fn find_load(&self, key: &str) -> Result<Option<LoadEntry>, Error> {
        match self.loads.iter().find(|load| load.key == key) {
            Some(load) => Ok(Some(load.clone())),
            None if self.unloads.iter().any(|load| load.key == key) => Ok(None),
            None => self.store.look_at_loads(&self.base, |loads| loads.find(key).cloned()).await,
        }
    }

    /// The loads of the base for which `wanted` is true, by key.
    pub async fn find_loads(
        &self,
        wanted: impl Fn(&LoadEntry) -> bool,
    ) -> Result<Vec<LoadEntry>, Error> {
        let find = |loads: &LoadIndex| loads.all().filter(|load| wanted(load)).cloned().collect();
        self.store.look_at_loads(&self.base, find).await
    }

    /// The files of these days as they stand now: without those that this write has removed, with those it has added.
    ///
    /// The days count as read, those without files too.
    pub async fn read_days(
        &mut self,
        table: &str,
        days: &BTreeSet<Day>,
    ) -> Result<Vec<DataFile>, Error> {
        let table = table_named(table)?;
        self.reads.days.entry(table.name.to_owned()).or_default().extend(days);
        self.files(table, |day| days.contains(&day)).await
    }

    /// The files of all days as [`read_days`](Self::read_days) gives them; days that anybody adds later count as read too.
    pub async fn read_table(&mut self, table: &str) -> Result<Vec<DataFile>, Error> {
        let table = table_named(table)?;
        self.reads.whole_tables.insert(table.name.to_owned());
        self.files(table, |_| true).await
    }

    /// The rows of a file: the asked columns in the asked order, all columns of the table without `projection`.
    ///
    /// `day` is filled in; columns that the file does not have yet are NULL.
    pub async fn read(
        &self,
        file: &DataFile,
        projection: Option<&[&str]>,
    ) -> Result<Vec<RecordBatch>, Error> {
        self.store.read(file, projection).await
    }

    /// The rows of a table on a day as they stand now, with the asked columns in the asked order. The day counts as read.
    pub async fn rows_of_day(
        &mut self,
        table: &str,
        day: Day,
        columns: &[&'static str],
    ) -> Result<BoxStream<'static, Result<RecordBatch, Error>>, Error> {
        let files = self.read_days(table, &BTreeSet::from([day])).await?;
        Ok(stream_files(&self.store, files, columns))
    }

    /// The rows of a file that have a wanted value, as [`read`](Self::read) gives them.
    pub async fn read_wanted(
        &self,
        file: &DataFile,
        projection: Option<&[&str]>,
        wanted: &Wanted,
    ) -> Result<Vec<RecordBatch>, Error> {
        read_wanted(&self.store, file, projection, wanted).await
    }

    /// The files of these days in the base, without what this write has changed. The days count as read.
    pub async fn read_days_before(
        &mut self,
        table: &str,
        days: &BTreeSet<Day>,
    ) -> Result<Vec<DataFile>, Error> {
        let table = table_named(table)?;
        self.reads.days.entry(table.name.to_owned()).or_default().extend(days);
        let snapshot = self.snapshot(table.name).await?;
        Ok(days.iter().flat_map(|day| snapshot.files_of(*day)).cloned().collect())
    }

    /// Appends rows to a base table. They wait for more of their day and become sorted files, at the latest when the write ends.
    pub async fn append(&mut self, rows: &Redacted) -> Result<(), Error> {
        self.append_rows(rows.table(), rows.batch()).await
    }

    /// Appends rows that the store held before, as a load that is taken back gives them back to another.
    pub async fn restore(&mut self, table: &str, rows: &RecordBatch) -> Result<(), Error> {
        let table = table_of_kind(table, TableKind::Base)?;
        self.append_rows(table, rows).await
    }

    /// Puts other rows of the same day in the place of a file's.
    pub async fn replace_rows(
        &mut self,
        file: &DataFile,
        rows: Vec<RecordBatch>,
    ) -> Result<(), Error> {
        let table = table_of(&file.path)?;
        self.reads.days.entry(table.name.to_owned()).or_default().insert(file.day);
        self.remove_file(table, file, true);
        self.put_run(Run { table, day: file.day, rows }).await
    }

    /// Drops all rows of a file but those of which `keep` is true, in the order in which [`read`](Self::read) gives them.
    pub async fn drop_rows(&mut self, file: &DataFile, keep: &BooleanArray) -> Result<(), Error> {
        let table = table_of(&file.path)?;
        if keep.len() as u64 != file.n_rows {
            let reason = format!("{} flags for the {} rows of a file", keep.len(), file.n_rows);
            return Err(Error::mismatch(table.name, reason));
        }
        self.reads.days.entry(table.name.to_owned()).or_default().insert(file.day);
        if keep.true_count() == keep.len() {
            return Ok(());
        }
        let mut kept = Vec::new();
        let mut row_idx = 0;
        for batch in self.read(file, None).await? {
            let part = keep.slice(row_idx, batch.num_rows());
            row_idx += batch.num_rows();
            let batch = filter_record_batch(&batch, &part);
            kept.push(batch.map_err(|err| Error::mismatch(table.name, err))?);
        }
        self.replace_rows(file, kept).await
    }

    /// Makes these the rows of a derived table's day, in any order; no rows leave the day empty.
    ///
    /// A day whose rows are the same already keeps its files.
    pub async fn replace_day(
        &mut self,
        table: &str,
        day: Day,
        rows: Vec<RecordBatch>,
    ) -> Result<(), Error> {
        self.replace_share(table, day, rows, Share::WHOLE).await
    }

    /// [`replace_day`](Self::replace_day) where not all rows of the day are in memory at once: after the last share the day
    /// has the rows of all shares and no others. Each share becomes files of its own.
    pub async fn replace_share(
        &mut self,
        table: &str,
        day: Day,
        rows: Vec<RecordBatch>,
        share: Share,
    ) -> Result<(), Error> {
        let table = table_of_kind(table, TableKind::Derived)?;
        if rows.iter().any(|batch| !all_of_day(batch, day)) {
            return Err(Error::mismatch(table.name, format!("rows that are not of {day}")));
        }
        self.reads.days.entry(table.name.to_owned()).or_default().insert(day);
        self.encode(Run { table, day, rows }, Then::Replace(share)).await
    }

    /// Makes these the rows of a derived table, of all its days.
    pub async fn replace_table(
        &mut self,
        table: &str,
        rows: Vec<RecordBatch>,
    ) -> Result<(), Error> {
        let table = table_of_kind(table, TableKind::Derived)?;
        self.reads.whole_tables.insert(table.name.to_owned());
        let mut by_day: BTreeMap<Day, Vec<RecordBatch>> = BTreeMap::new();
        for batch in &rows {
            let parts = split_by_day(table, batch);
            for (day, part) in parts.map_err(|err| Error::mismatch(table.name, err))? {
                by_day.entry(day).or_default().push(part);
            }
        }
        for file in self.files(table, |_| true).await? {
            by_day.entry(file.day).or_default();
        }
        for (day, rows) in by_day {
            self.replace_day(table.name, day, rows).await?;
        }
        Ok(())
    }

    /// Appends rows to a system table.
    pub async fn add_system_rows(&mut self, table: &str, rows: RecordBatch) -> Result<(), Error> {
        let table = table_of_kind(table, TableKind::System)?;
        self.append_rows(table, &rows).await
    }

    /// Makes known that this write brings a load. Nobody else may have brought one of the same key when it commits.
    pub fn add_load(&mut self, load: LoadEntry) {
        self.reads.load_keys.insert(load.key.clone());
        self.loads.push(load);
    }

    /// Makes known that this write takes a load back; its rows are the caller's to drop.
    pub fn remove_load(&mut self, load: LoadEntry) {
        self.reads.load_keys.insert(load.key.clone());
        self.unloads.push(load);
    }

    /// Keeps the definitions that derived tables are made with from here on; `hash` names them, and is empty where there
    /// are none.
    pub async fn set_definitions(
        &mut self,
        hash: &str,
        files: &[(String, Bytes)],
    ) -> Result<(), Error> {
        for (name, bytes) in files {
            let path = format!("{DEFINITIONS}/{hash}/{name}");
            self.store.location().write(&path, bytes.clone()).await?;
        }
        self.definitions_hash = Some(hash.to_owned()).filter(|hash| !hash.is_empty());
        Ok(())
    }

    /// Writes all rows that wait for more of their day into files.
    pub async fn flush(&mut self) -> Result<(), Error> {
        for key in self.buffers.keys() {
            if let Some(run) = self.buffers.take(key) {
                self.put_run(run).await?;
            }
        }
        self.settle().await?;
        self.write_waiting(|_| true).await
    }

    /// Puts other files in the place of some of a day, with the same rows.
    pub(crate) fn exchange_files(
        &mut self,
        table: &'static Table,
        before: &[DataFile],
        after: &[NewFile],
        data_change: bool,
    ) {
        for file in before {
            self.remove_file(table, file, data_change);
        }
        for file in after {
            self.add_file(table, file.clone());
        }
    }

    /// What to offer; `None` where nothing was changed.
    pub(crate) async fn into_draft(mut self) -> Result<Option<WriteDraft>, Error> {
        self.flush().await?;
        if let Some((table, day)) = self.replaced.keys().next() {
            return Err(Error::mismatch(table, format!("the last share of {day} is missing")));
        }
        self.changes.retain(|_, changes| !changes.added.is_empty() || !changes.removed.is_empty());
        let same_definitions = self.definitions_hash == self.base.definitions_hash;
        let same_loads = self.loads.is_empty() && self.unloads.is_empty();
        let same_days = self.first_days.is_empty();
        if self.changes.is_empty() && same_loads && same_definitions && same_days {
            return Ok(None);
        }
        Ok(Some(WriteDraft {
            writer: Uuid::new_v4().simple().to_string(),
            now: self.now,
            reads: self.reads,
            changes: self.changes,
            unloads: self.unloads,
            loads: self.loads,
            definitions_hash: self.definitions_hash,
            first_days: self.first_days,
            first_file: self.first_file,
        }))
    }

    /// The door behind [`append`](Self::append), for system tables, and for tests, which cannot make redacted rows.
    pub(crate) async fn append_rows(
        &mut self,
        table: &'static Table,
        rows: &RecordBatch,
    ) -> Result<(), Error> {
        let parts = split_by_day(table, rows).map_err(|err| Error::mismatch(table.name, err))?;
        for (day, part) in parts {
            if let Some(run) = self.buffers.push(table, day, part) {
                self.put_run(run).await?;
            }
        }
        Ok(())
    }

    pub(crate) fn location(&self) -> &Location {
        self.store.location()
    }

    pub(crate) fn now(&self) -> Ts {
        self.now
    }

    /// The days in which files came or went.
    pub(crate) fn changed_days(&self) -> Vec<(&'static Table, Day)> {
        let mut days = BTreeSet::new();
        for (name, changes) in &self.changes {
            let added = changes.added.iter().map(|added| added.file.day);
            let removed = changes.removed.values().map(|(day, _)| *day);
            days.extend(added.chain(removed).map(|day| (*name, day)));
        }
        let named =
            days.into_iter().filter_map(|(name, day)| Some((brunt_model::table(name)?, day)));
        named.collect()
    }

    /// The files of one day as they stand now; the day counts as read.
    pub(crate) async fn files_of_day(
        &mut self,
        table: &'static Table,
        day: Day,
    ) -> Result<Vec<DataFile>, Error> {
        self.read_days(table.name, &BTreeSet::from([day])).await
    }

    async fn files(
        &mut self,
        table: &'static Table,
        wanted: impl Fn(Day) -> bool,
    ) -> Result<Vec<DataFile>, Error> {
        for key in self.buffers.keys() {
            if key.0 == table.name
                && wanted(key.1)
                && let Some(run) = self.buffers.take(key)
            {
                self.put_run(run).await?;
            }
        }
        if self.encodings.iter().any(|(encoding, _)| encoding.table.name == table.name) {
            self.settle().await?;
        }
        // Whoever asks for files may read them.
        self.write_waiting(|waiting| waiting.name == table.name).await?;
        self.files_so_far(table, wanted).await
    }

    /// The files without those that are still in the making.
    async fn files_so_far(
        &mut self,
        table: &'static Table,
        wanted: impl Fn(Day) -> bool,
    ) -> Result<Vec<DataFile>, Error> {
        let snapshot = self.snapshot(table.name).await?;
        let changes = self.changes.entry(table.name).or_default();
        let base = snapshot.files.iter().filter(|file| !changes.removed.contains_key(&file.path));
        let added = changes.added.iter().map(|added| &added.file);
        Ok(base.chain(added).filter(|file| wanted(file.day)).cloned().collect())
    }

    fn add_file(&mut self, table: &'static Table, file: NewFile) {
        self.first_file.get_or_insert_with(|| file.file.path.clone());
        self.changes.entry(table.name).or_default().added.push(file);
    }

    pub(crate) fn remove_file(
        &mut self,
        table: &'static Table,
        file: &DataFile,
        data_change: bool,
    ) {
        let changes = self.changes.entry(table.name).or_default();
        let n_added = changes.added.len();
        changes.added.retain(|added| added.file.path != file.path);
        // What was added here and is taken back is in no commit; vacuum finds it, if it was put.
        self.waiting.forget(&file.path);
        if changes.added.len() == n_added {
            let action = FileAction {
                path: file
                    .path
                    .strip_prefix(&format!("{}/", table_folder(table)))
                    .unwrap_or(&file.path),
                day: file.day,
                size_bytes: file.size_bytes,
                now: self.now,
                data_change,
            };
            changes.removed.insert(file.path.clone(), (file.day, action.remove()));
        }
    }
}

pub(crate) fn table_of_kind(name: &str, kind: TableKind) -> Result<&'static Table, Error> {
    let table = table_named(name)?;
    if table.kind == kind {
        return Ok(table);
    }
    Err(Error::mismatch(name, format!("it is not a {kind:?} table").to_lowercase()))
}

fn all_of_day(batch: &RecordBatch, day: Day) -> bool {
    let days = batch.column_by_name("day").and_then(|days| days.as_primitive_opt::<Date32Type>());
    days.is_some_and(|days| days.iter().all(|it| it == Some(day.0)))
}
