//! `vacuum`: deletes what no epoch that is kept can need.
//!
//! Ages are told by the store's own clock: when an object was written, against the time of an object written now.

use std::collections::BTreeSet;
use std::sync::Arc;

use brunt_model::{Table, tables};
use chrono::{DateTime, TimeDelta, Utc};
use object_store::ObjectMeta;

use crate::delta;
use crate::disk::is_staged;
use crate::epoch::{Epoch, EpochFile};
use crate::error::Error;
use crate::protocol::Log;
use crate::requests::{DEFINITIONS, EPOCHS, epoch_file, table_folder};
use crate::store::{Store, WRITE_HOURS_MAX};

/// Epochs are kept for so long.
const EPOCH_DAYS_MIN: i64 = 7;

/// So many of the newest epochs are kept however old they are.
const EPOCHS_MIN: usize = 10;

/// Younger files are kept, because a write that has not been committed yet may have made them.
const FILE_HOURS_MIN: i64 = 2 * WRITE_HOURS_MAX;

/// What `vacuum` deleted, or would delete.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vacuumed {
    /// Relative to the store's root.
    pub paths: Vec<String>,
    pub n_bytes: u64,
    /// The oldest epoch that can still be read.
    pub oldest_epoch: u64,
    /// Files that no epoch names and that stay all the same, because a write that is under way may have made them.
    pub n_files_left: usize,
}

/// A vacuum on its way.
struct Vacuum<'a> {
    store: &'a Store,
    newest: Arc<Epoch>,
    /// Epoch files before this number go.
    first_number: u64,
    /// The oldest epoch that can be read now.
    oldest: Arc<Epoch>,
    /// The oldest epoch that can be read afterwards.
    kept: Arc<Epoch>,
    /// Whether what commits named goes at once, however young it is.
    drops_history: bool,
    /// Objects written before this moment are old.
    old_before: DateTime<Utc>,
    found: Vacuumed,
}

impl Store {
    /// Deletes data files that no kept epoch names, epochs that are not kept, and Delta commits that no kept epoch
    /// reads; with `dry_run` only says which.
    ///
    /// Epochs are kept for seven days and at least the newest ten; files for at least 24 hours.
    pub async fn vacuum(&self, dry_run: bool) -> Result<Vacuumed, Error> {
        let mut vacuum = Vacuum::new(self).await?;
        vacuum.find().await?;
        let (newest, found) = (vacuum.newest, vacuum.found);
        if !dry_run && !found.paths.is_empty() {
            // Epochs that go take their loads with them.
            self.write_load_index(&newest).await?;
            self.delete(&found).await?;
        }
        Ok(found)
    }

    /// Deletes at once all that the newest epoch does not need, so that nothing that it took out of the store can be
    /// read any more: by an epoch's number, from a file, or from the ranges that logs tell of the files. Of the epochs
    /// before it the heads stay, by which writers find out that they came too late. Where `rename` has another name for
    /// a load's input, that takes its place.
    ///
    /// Files that no commit ever named stay until they are 24 hours old, since a write that is under way may have made
    /// them. Whoever still reads an earlier epoch, or writes on top of one, fails and has to begin anew.
    pub async fn drop_history(
        &self,
        rename: &(dyn Fn(&str) -> Option<String> + Send + Sync),
    ) -> Result<Vacuumed, Error> {
        let mut vacuum = Vacuum::new(self).await?;
        vacuum.kept = Arc::clone(&vacuum.newest);
        vacuum.drops_history = true;
        self.checkpoint_all(&vacuum.newest).await?;
        vacuum.find().await?;
        self.rewrite_load_index(&vacuum.newest, rename).await?;
        // Epochs first: what is left half done must not leave an epoch without its files.
        for number in vacuum.first_number..vacuum.newest.number {
            self.drop_epoch(number, rename).await?;
        }
        self.delete(&vacuum.found).await?;
        Ok(vacuum.found)
    }

    /// Leaves of an epoch its head.
    async fn drop_epoch(
        &self,
        number: u64,
        rename: &(dyn Fn(&str) -> Option<String> + Send + Sync),
    ) -> Result<(), Error> {
        let Some(head) = self.location().head(number).await? else { return Ok(()) };
        let mut head = Arc::unwrap_or_clone(head);
        head.is_dropped = true;
        for load in head.loads.iter_mut().chain(&mut head.unloads) {
            if let Some(name) = rename(&load.input) {
                load.input = name;
            }
        }
        let path = epoch_file(number);
        let file = EpochFile { head, commits: Vec::new() };
        let bytes = file.encode().map_err(|err| Error::storage("encode", &path, err))?;
        self.location().write(&path, bytes).await
    }

    async fn delete(&self, found: &Vacuumed) -> Result<(), Error> {
        for path in &found.paths {
            self.location().remove(path).await?;
        }
        Ok(())
    }

    /// The epochs that are there, in order, with the time at which each was put.
    async fn epochs_written_at(&self) -> Result<Vec<(u64, DateTime<Utc>)>, Error> {
        let listed = self.location().list(EPOCHS).await?;
        let mut epochs: Vec<_> = listed
            .into_iter()
            .filter_map(|(name, meta)| {
                Some((name.strip_suffix(".json")?.parse().ok()?, meta.last_modified))
            })
            .collect();
        epochs.sort_unstable();
        Ok(epochs)
    }
}

impl<'a> Vacuum<'a> {
    async fn new(store: &'a Store) -> Result<Self, Error> {
        let newest = store.finish_newest().await?;
        let now = store.location().time().await?;
        let epochs = store.epochs_written_at().await?;
        let mut kept = epochs.iter().rev().enumerate().take_while(|(age, (_, written_at))| {
            *age < EPOCHS_MIN || now - *written_at < TimeDelta::days(EPOCH_DAYS_MIN)
        });
        let first_number = kept.by_ref().last().map_or(newest.number, |(_, (number, _))| *number);
        let mut oldest = Arc::clone(&newest);
        for number in first_number..newest.number {
            let none = Error::NoEpoch { number, newest: newest.number };
            let head = store.location().head(number).await?.ok_or(none)?;
            if !head.is_dropped {
                oldest = head;
                break;
            }
        }
        Ok(Self {
            store,
            newest,
            first_number,
            kept: Arc::clone(&oldest),
            oldest,
            drops_history: false,
            old_before: now - TimeDelta::hours(FILE_HOURS_MIN),
            found: Vacuumed::default(),
        })
    }

    async fn find(&mut self) -> Result<(), Error> {
        self.found.oldest_epoch = self.kept.number;
        // Epochs first: what is left half done must not leave an epoch without its files.
        self.find_in_epochs().await?;
        for table in tables() {
            self.find_in_table(table).await?;
        }
        self.find_definitions().await
    }

    /// Data files that no kept epoch names, and the part of the Delta log before the oldest kept version's checkpoint.
    async fn find_in_table(&mut self, table: &'static Table) -> Result<(), Error> {
        let named = self.named_files(table, &self.kept).await?;
        let folder = table_folder(table);
        let mut listed = self.store.location().list(&folder).await?;
        // Rows before logs: what is left half done must know again which files commits named.
        listed.sort_by_key(|(name, _)| log_version(name).is_some());
        let mut committed = BTreeSet::new();
        if self.drops_history {
            committed = self.committed_files(table, &listed).await?;
        }
        let oldest_version = self.kept.versions.get(table.name).copied();
        let is_checkpoint = |name: &str| name.ends_with(".checkpoint.parquet");
        let kept_from = listed
            .iter()
            .filter(|(name, _)| is_checkpoint(name))
            .filter_map(|(name, _)| log_version(name))
            .filter(|version| oldest_version.is_some_and(|oldest| *version <= oldest))
            .max();
        for (name, meta) in &listed {
            let path = format!("{folder}/{name}");
            let in_log = log_version(name);
            let useless = match in_log {
                Some(version) => kept_from.is_some_and(|kept_from| version < kept_from),
                None => name.starts_with("day=") && !named.contains(&path) || is_staged(name),
            };
            let is_dropped = self.drops_history && (in_log.is_some() || committed.contains(&path));
            if useless && (is_dropped || meta.last_modified < self.old_before) {
                self.push(path, meta);
            } else if useless && in_log.is_none() {
                self.found.n_files_left += 1;
            }
        }
        Ok(())
    }

    /// The files of the oldest epoch, and all that commits up to the newest added, as far as these are still there: no
    /// write that is under way made them.
    async fn committed_files(
        &self,
        table: &'static Table,
        listed: &[(String, ObjectMeta)],
    ) -> Result<BTreeSet<String>, Error> {
        let folder = table_folder(table);
        let newest = self.newest.versions.get(table.name).copied();
        let mut files = self.named_files(table, &self.oldest).await?;
        for (name, _) in listed {
            // Whoever came later knows what they need.
            let is_before = log_version(name).is_some_and(|version| Some(version) <= newest);
            if is_before && name.strip_suffix(".json").is_some() {
                let commit = self.store.location().read(&format!("{folder}/{name}")).await?;
                let added = delta::added_paths(&commit.unwrap_or_default());
                files.extend(added.iter().map(|path| format!("{folder}/{path}")));
            }
        }
        Ok(files)
    }

    /// The files of an epoch, and all that were added since.
    async fn named_files(
        &self,
        table: &'static Table,
        first: &Epoch,
    ) -> Result<BTreeSet<String>, Error> {
        let folder = table_folder(table);
        let oldest = self.store.snapshot(first, table.name).await?;
        let mut named: BTreeSet<String> =
            oldest.files.iter().map(|file| file.path.clone()).collect();
        let first = oldest.version.map_or(0, |version| version + 1);
        let end = self.newest.versions.get(table.name).map_or(0, |version| version + 1);
        for version in first..end {
            let path = format!("{folder}/_delta_log/{version:020}.json");
            let commit = self.store.location().read(&path).await?;
            let commit = commit.ok_or_else(|| Error::damaged(&path, "it is gone"))?;
            named.extend(delta::added_paths(&commit).iter().map(|path| format!("{folder}/{path}")));
        }
        Ok(named)
    }

    /// Epochs before the oldest that is kept, in order, so that what is left never has a gap; and what writers left.
    async fn find_in_epochs(&mut self) -> Result<(), Error> {
        let mut listed = self.store.location().list(EPOCHS).await?;
        listed.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, meta) in &listed {
            let number = name.split('.').next().and_then(|number| number.parse::<u64>().ok());
            let is_before = number.is_some_and(|number| number < self.first_number);
            if is_before || is_staged(name) && meta.last_modified < self.old_before {
                self.push(format!("{EPOCHS}/{name}"), meta);
            }
        }
        Ok(())
    }

    /// Definitions that no kept epoch was made with.
    async fn find_definitions(&mut self) -> Result<(), Error> {
        let listed = self.store.location().list(DEFINITIONS).await?;
        if listed.is_empty() {
            return Ok(());
        }
        let mut used = BTreeSet::new();
        for number in self.kept.number..=self.newest.number {
            let head = self.store.location().head(number).await?;
            used.extend(head.and_then(|head| head.definitions_hash.clone()));
        }
        for (name, meta) in listed {
            let hash = name.split('/').next().unwrap_or(&name);
            if !used.contains(hash) && meta.last_modified < self.old_before {
                self.push(format!("{DEFINITIONS}/{name}"), &meta);
            }
        }
        Ok(())
    }

    fn push(&mut self, path: String, meta: &ObjectMeta) {
        self.found.n_bytes += meta.size;
        self.found.paths.push(path);
    }
}

/// The version of a commit or checkpoint, by its path in the table's folder.
fn log_version(name: &str) -> Option<u64> {
    name.strip_prefix("_delta_log/")?.split('.').next()?.parse().ok()
}
