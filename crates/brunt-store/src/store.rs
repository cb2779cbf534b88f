//! A store: opened or created at a place, read by epoch, written by transactions.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use brunt_model::Ts;
use bytes::Bytes;
use futures::FutureExt;
use futures::stream::BoxStream;
use object_store::ObjectStore;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::data_file::DataFile;
use crate::epoch::{Epoch, LoadEntry};
use crate::error::Error;
use crate::load_index::{LOAD_INDEX_EPOCHS, LoadIndex};
use crate::location::{Location, StoreOptions};
use crate::protocol::{self, Log};
use crate::read::{read_file, stream_files};
use crate::requests::{DEFINITIONS, EPOCHS, LATEST_FILE, STORE_FILE, table_named};
use crate::snapshot::Snapshot;
use crate::table_log::{KernelLog, TableLog};
use crate::transaction::{Transaction, WriteDraft, first_epoch};
use crate::writing::{Committed, Writing};

/// The format of stores that this version writes, and the newest that it reads.
const FORMAT: u64 = 1;

/// A write that began longer ago gives up: vacuum deletes files that nothing names after twice that.
pub(crate) const WRITE_HOURS_MAX: i64 = 12;

/// A table gets a Delta checkpoint at each so many versions.
const CHECKPOINT_VERSIONS: u64 = 10;

/// States of a table that are kept in memory: the newest, and what running queries pinned.
const SNAPSHOTS_KEPT: usize = 4;

/// A store. Clones are the same store.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    location: Location,
    log: Arc<dyn TableLog>,
    /// The newest epoch that is known to be whole.
    whole: Mutex<Arc<Epoch>>,
    snapshots: Mutex<HashMap<&'static str, Vec<Arc<Snapshot>>>>,
    loads: tokio::sync::Mutex<Option<LoadIndex>>,
}

/// `_brunt/store.json`.
#[derive(Debug, Serialize, Deserialize)]
struct StoreFile {
    format: u64,
}

/// `_brunt/epochs/_latest`: an epoch that is whole.
#[derive(Debug, Serialize, Deserialize)]
struct LatestFile {
    epoch: u64,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("url", &self.url().as_str()).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store at a folder's path or a URL (`file://`, `s3://`).
    ///
    /// # Errors
    /// [`Error::NoStore`] where there is none, [`Error::StoreTooNew`] where a newer brunt made it.
    pub async fn open(place: &str, options: &StoreOptions) -> Result<Self, Error> {
        Self::open_at(Location::open(place, options)?).await
    }

    /// Creates a store with all tables, empty.
    ///
    /// # Errors
    /// [`Error::StoreExists`] where there is one.
    pub async fn create(place: &str, options: &StoreOptions, now: Ts) -> Result<Self, Error> {
        let location = Location::open(place, options)?;
        if read_format(&location).await?.is_some() {
            return Err(Error::StoreExists { url: location.url.to_string() });
        }
        Self::create_at(location, now).await
    }

    /// Opens the store, or creates it where there is none.
    pub async fn open_or_create(
        place: &str,
        options: &StoreOptions,
        now: Ts,
    ) -> Result<Self, Error> {
        Self::open_or_create_at(Location::open(place, options)?, now).await
    }

    /// A new store in memory, gone with its last clone.
    pub async fn in_memory(now: Ts) -> Result<Self, Error> {
        Self::create_at(Location::in_memory()?, now).await
    }

    /// Opens or creates a store on an object store that the caller brings; `url` says which folder of it.
    pub async fn on(objects: Arc<dyn ObjectStore>, url: &Url, now: Ts) -> Result<Self, Error> {
        Self::open_or_create_at(Location::new(objects, url.clone())?, now).await
    }

    /// The store's root; ends with `/`.
    pub fn url(&self) -> &Url {
        &self.inner.location.url
    }

    /// The object store, in which the store is the folder that [`url`](Self::url)'s path names.
    pub fn object_store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.inner.location.objects)
    }

    /// The newest whole epoch. Reads only, and finishes nothing that a dead writer left.
    pub async fn head(&self) -> Result<Arc<Epoch>, Error> {
        let log = &self.inner.location;
        let newest = match protocol::newest_whole(log, self.known_whole()).await? {
            Some(newest) => newest,
            // What this process knew has been vacuumed while it slept, so it looks afresh.
            None => match protocol::newest_whole(log, find_whole(log).await?).await? {
                Some(newest) => newest,
                None => return Err(Error::damaged(EPOCHS, "epochs vanish while they are read")),
            },
        };
        self.remember(&newest);
        Ok(newest)
    }

    /// An epoch of the past, or the newest whole one.
    pub async fn epoch_at(&self, number: u64) -> Result<Arc<Epoch>, Error> {
        let newest = self.head().await?;
        if number == newest.number {
            return Ok(newest);
        }
        let none = Error::NoEpoch { number, newest: newest.number };
        if number > newest.number {
            return Err(none);
        }
        self.inner.location.head(number).await?.filter(|epoch| !epoch.is_dropped).ok_or(none)
    }

    /// The files of a table in an epoch.
    pub async fn snapshot(&self, epoch: &Epoch, table: &str) -> Result<Arc<Snapshot>, Error> {
        let table = table_named(table)?;
        let Some(version) = epoch.versions.get(table.name).copied() else {
            return Ok(Arc::new(Snapshot::empty(table, None)));
        };
        let kept = |snapshots: &HashMap<_, Vec<Arc<Snapshot>>>| {
            snapshots.get(table.name)?.iter().find(|it| it.version == Some(version)).cloned()
        };
        if let Some(snapshot) = kept(&lock(&self.inner.snapshots)) {
            return Ok(snapshot);
        }
        let snapshot = Arc::new(match self.inner.log.files(table, version).await? {
            Some(listing) => Snapshot::from_listing(table, version, &listing)?,
            None => Snapshot::empty(table, Some(version)),
        });
        let mut snapshots = lock(&self.inner.snapshots);
        let of_table = snapshots.entry(table.name).or_default();
        if of_table.len() == SNAPSHOTS_KEPT {
            of_table.remove(0);
        }
        of_table.push(Arc::clone(&snapshot));
        Ok(snapshot)
    }

    /// Reads the logs of several tables at a time, so that their snapshots are there when they are asked for.
    pub(crate) async fn read_ahead(&self, epoch: &Arc<Epoch>, tables: &[&'static str]) {
        let mut reads = Vec::with_capacity(tables.len());
        for table in tables {
            let (store, epoch) = (self.clone(), Arc::clone(epoch));
            reads.push(async move { store.snapshot(&epoch, table).await }.boxed());
        }
        // What cannot be read is said when it is asked for.
        futures::future::join_all(reads).await;
    }

    /// The rows of a file: the asked columns in the asked order, all columns of the table without `projection`.
    pub async fn read(
        &self,
        file: &DataFile,
        projection: Option<&[&str]>,
    ) -> Result<Vec<RecordBatch>, Error> {
        read_file(self, file, projection).await
    }

    /// The rows of files, one after the other, with the asked columns in the asked order; decoded ahead of who takes them.
    ///
    /// `day` is filled in; columns that a file does not have yet are NULL.
    pub fn stream(
        &self,
        files: Vec<DataFile>,
        columns: &[&'static str],
    ) -> BoxStream<'static, Result<RecordBatch, Error>> {
        stream_files(self, files, columns)
    }

    /// The load of this key, if the newest whole epoch has it.
    pub async fn find_load(&self, key: &str) -> Result<Option<LoadEntry>, Error> {
        let head = self.head().await?;
        self.look_at_loads(&head, |loads| loads.find(key).cloned()).await
    }

    /// The definitions of this hash as [`Transaction::set_definitions`] kept them: names and contents, by name.
    pub async fn definitions(&self, hash: &str) -> Result<Vec<(String, Bytes)>, Error> {
        let folder = format!("{DEFINITIONS}/{hash}");
        let mut files = Vec::new();
        for (name, _) in self.inner.location.list(&folder).await? {
            let path = format!("{folder}/{name}");
            let bytes = self.inner.location.read(&path).await?;
            files.push((
                name,
                bytes.ok_or_else(|| Error::damaged(&path, "it was there a moment ago"))?,
            ));
        }
        files.sort();
        Ok(files)
    }

    /// Begins a write; the time bounds how long it may take and becomes the time of its epoch.
    pub fn writing(&self, now: Ts) -> Writing {
        Writing::new(self.clone(), now)
    }

    /// Runs `work` and commits what it did, all of it or nothing: [`Store::writing`] as one call. Its future is not
    /// `Send`, which no bound on a closure can ask for yet.
    ///
    /// `work` runs again where another writer came first and changed what it had read, so it must be repeatable.
    ///
    /// # Errors
    /// Those of [`Writing::offer`].
    pub async fn write<T, E: From<Error>>(
        &self,
        now: Ts,
        mut work: impl AsyncFnMut(&mut Transaction) -> Result<T, E>,
    ) -> Result<Committed<T>, E> {
        let mut writing = self.writing(now);
        loop {
            let mut transaction = writing.begin().await?;
            let value = work(&mut transaction).await?;
            if let Some(committed) = writing.offer(transaction, value).await? {
                return Ok(committed);
            }
        }
    }

    /// The newest epoch, finished if a writer died before it could.
    pub(crate) async fn finish_newest(&self) -> Result<Arc<Epoch>, Error> {
        let log = &self.inner.location;
        let newest = match protocol::finish_newest(log, self.known_whole()).await? {
            Some(newest) => newest,
            None => match protocol::finish_newest(log, find_whole(log).await?).await? {
                Some(newest) => newest,
                None => return Err(Error::damaged(EPOCHS, "epochs vanish while they are read")),
            },
        };
        self.remember(&newest);
        Ok(newest)
    }

    pub(crate) fn location(&self) -> &Location {
        &self.inner.location
    }

    /// Looks at the loads of an epoch.
    pub(crate) async fn look_at_loads<T>(
        &self,
        epoch: &Epoch,
        look: impl FnOnce(&LoadIndex) -> T,
    ) -> Result<T, Error> {
        let mut loads = self.inner.loads.lock().await;
        let index = match loads.as_mut() {
            Some(index) => index,
            None => loads.insert(LoadIndex::open(&self.inner.location, epoch).await?),
        };
        index.advance(&self.inner.location, epoch).await?;
        Ok(look(index))
    }

    async fn open_at(location: Location) -> Result<Self, Error> {
        match read_format(&location).await? {
            None => Err(Error::NoStore { url: location.url.to_string() }),
            Some(found) if found > FORMAT => {
                let url = location.url.to_string();
                Err(Error::StoreTooNew { url, found, supported: FORMAT })
            }
            Some(_) => {
                let whole = find_whole(&location).await?;
                Self::new(location, whole)
            }
        }
    }

    async fn open_or_create_at(location: Location, now: Ts) -> Result<Self, Error> {
        match Self::open_at(location.clone()).await {
            Err(Error::NoStore { .. }) => Self::create_at(location, now).await,
            opened => opened,
        }
    }

    /// The first epoch comes before the file that says that there is a store, so that a store always has a whole epoch.
    async fn create_at(location: Location, now: Ts) -> Result<Self, Error> {
        let first = protocol::found(&location, first_epoch(now)).await?;
        location.write(STORE_FILE, to_json(&StoreFile { format: FORMAT })?).await?;
        Self::new(location, first)
    }

    fn new(location: Location, whole: Arc<Epoch>) -> Result<Self, Error> {
        let log = Arc::new(KernelLog::new(&location)?);
        let inner = Inner {
            location,
            log,
            whole: Mutex::new(whole),
            snapshots: Mutex::default(),
            loads: tokio::sync::Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    fn known_whole(&self) -> Arc<Epoch> {
        Arc::clone(&lock(&self.inner.whole))
    }

    pub(crate) fn remember(&self, epoch: &Arc<Epoch>) {
        let mut whole = lock(&self.inner.whole);
        if epoch.number > whole.number {
            *whole = Arc::clone(epoch);
        }
    }

    /// Asks the store's own clock, because the machine's stands still while it sleeps.
    pub(crate) async fn refuse_if_old(&self, draft: &WriteDraft) -> Result<(), Error> {
        let Some(first_file) = &draft.first_file else { return Ok(()) };
        let began_at = self.inner.location.written_at(first_file).await?;
        let age = self.inner.location.time().await? - began_at;
        if age > chrono::TimeDelta::hours(WRITE_HOURS_MAX) {
            return Err(Error::WriteTooOld { hours_max: WRITE_HOURS_MAX });
        }
        Ok(())
    }

    /// What makes later reads cheap; the commit holds without it.
    pub(crate) async fn keep_up(&self, epoch: &Epoch) -> Result<(), Error> {
        let latest = to_json(&LatestFile { epoch: epoch.number })?;
        self.inner.location.write(LATEST_FILE, latest).await?;
        let mut checkpoints = Vec::new();
        for commit in &epoch.commits {
            if commit.version > 0 && commit.version % CHECKPOINT_VERSIONS == 0 {
                let (table, version) = (table_named(&commit.table)?, commit.version);
                let log = Arc::clone(&self.inner.log);
                checkpoints.push(async move { log.checkpoint(table, version).await }.boxed());
            }
        }
        for done in futures::future::join_all(checkpoints).await {
            done?;
        }
        if epoch.number > 0 && epoch.number.is_multiple_of(LOAD_INDEX_EPOCHS) {
            self.write_load_index(epoch).await?;
        }
        Ok(())
    }

    /// Writes a checkpoint of each table at this epoch, so that no earlier part of its log is needed.
    pub(crate) async fn checkpoint_all(&self, epoch: &Epoch) -> Result<(), Error> {
        for (table, version) in epoch.versions.iter().filter(|(_, version)| **version > 0) {
            self.inner.log.checkpoint(table_named(table)?, *version).await?;
        }
        Ok(())
    }

    /// Writes the keys of all loads up to an epoch down in one file, in the place of all such files, with other names
    /// of inputs where `rename` has one.
    pub(crate) async fn rewrite_load_index(
        &self,
        epoch: &Epoch,
        rename: &(dyn Fn(&str) -> Option<String> + Send + Sync),
    ) -> Result<(), Error> {
        let location = &self.inner.location;
        let mut index = LoadIndex::open(location, epoch).await?;
        index.advance(location, epoch).await?;
        index.rename_inputs(rename);
        index.write(location).await?;
        for (name, _) in location.list(EPOCHS).await? {
            let number = name.strip_suffix(".checkpoint.parquet").and_then(|it| it.parse().ok());
            if number.is_some_and(|number: u64| number < epoch.number) {
                location.remove(&format!("{EPOCHS}/{name}")).await?;
            }
        }
        *self.inner.loads.lock().await = None;
        Ok(())
    }

    /// Writes the keys of all loads up to an epoch down in one file.
    pub(crate) async fn write_load_index(&self, epoch: &Epoch) -> Result<(), Error> {
        let mut index = LoadIndex::open(&self.inner.location, epoch).await?;
        index.advance(&self.inner.location, epoch).await?;
        index.write(&self.inner.location).await
    }
}

/// The format of the store here, if there is a store.
async fn read_format(location: &Location) -> Result<Option<u64>, Error> {
    let Some(bytes) = location.read(STORE_FILE).await? else { return Ok(None) };
    let file: StoreFile =
        serde_json::from_slice(&bytes).map_err(|err| Error::damaged(STORE_FILE, err))?;
    Ok(Some(file.format))
}

/// An epoch that is whole: the one that the hint names, or the last but one that is listed.
async fn find_whole(location: &Location) -> Result<Arc<Epoch>, Error> {
    if let Some(bytes) = location.read(LATEST_FILE).await?
        && let Ok(latest) = serde_json::from_slice::<LatestFile>(&bytes)
        && let Some(epoch) = location.head(latest.epoch).await?
    {
        return Ok(epoch);
    }
    let listed = location.list(EPOCHS).await?;
    let mut numbers: Vec<u64> =
        listed.iter().filter_map(|(name, _)| name.strip_suffix(".json")?.parse().ok()).collect();
    numbers.sort_unstable();
    // Only the newest can be unfinished, and the first of all is finished before there is a store.
    let number = numbers.iter().rev().nth(1).or(numbers.last());
    let missing = || Error::damaged(EPOCHS, "there is no epoch");
    location.head(*number.ok_or_else(missing)?).await?.ok_or_else(missing)
}

fn to_json(value: &impl Serialize) -> Result<Bytes, Error> {
    let bytes =
        serde_json::to_vec(value).map_err(|err| Error::storage("encode", STORE_FILE, err))?;
    Ok(bytes.into())
}

/// What is locked is never left half changed, so a panic elsewhere does not matter.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
