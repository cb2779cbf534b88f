//! `optimize`: makes one run of the runs of each day, so that a scan of a day reads sorted rows from few files; and what
//! a load does of it at once.

use std::collections::BTreeSet;

use brunt_model::{Day, Table, TableKind, Ts};
use futures::{FutureExt, StreamExt, TryStreamExt};

use crate::data_file::DataFile;
use crate::epoch::Epoch;
use crate::error::Error;
use crate::layout::FILE_BYTES_MAX;
use crate::merge::{DayFiles, merge_day};
use crate::requests::table_named;
use crate::runs::NewFile;
use crate::store::Store;
use crate::tiers::{RUNS_MAX, groups_to_merge};
use crate::transaction::Transaction;

/// Small merges that are under way at a time, since each waits for the disk.
const MERGES_MAX: usize = 4;

/// Fewer bytes than this take little memory to merge; each of what is larger is merged by itself.
const SMALL_BYTES_MAX: u64 = 1 << 20;

/// What `optimize` did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Optimized {
    /// Days that have one run now and had several.
    pub n_days: usize,
    /// Days that others changed meanwhile, and that were left as the others made them.
    pub n_days_dropped: usize,
    pub n_files_before: usize,
    pub n_files_after: usize,
}

/// Files of several days and tables with the runs that were made of them.
#[derive(Default)]
pub(crate) struct Merged {
    groups: Vec<MergedGroup>,
}

/// Files of one day, and the one run of the same rows.
struct MergedGroup {
    table: &'static Table,
    day: Day,
    before: Vec<DataFile>,
    after: Vec<NewFile>,
}

impl Store {
    /// Merges the runs of each day of a table into one, of these days or of all.
    ///
    /// Days that have one run are left alone. Days that others change meanwhile are dropped, and the rest is committed.
    pub async fn optimize(
        &self,
        now: Ts,
        table: &str,
        days: Option<&BTreeSet<Day>>,
    ) -> Result<Optimized, Error> {
        Merged::of(self, now, table, days).await?.commit(self, now).await
    }

    /// Merges small runs of system tables in the days that an epoch changed, in an epoch of their own: what only adds rows
    /// should lose no race.
    pub async fn merge_system_runs(&self, now: Ts, changed_by: &Epoch) -> Result<Optimized, Error> {
        let mut merged = Merged::default();
        for commit in &changed_by.commits {
            let table = table_named(&commit.table)?;
            // A look at each so many commits is often enough.
            let is_due = commit.version.is_multiple_of(RUNS_MAX as u64);
            if table.kind != TableKind::System || !is_due {
                continue;
            }
            let newest = self.finish_newest().await?;
            let snapshot = self.snapshot(&newest, table.name).await?;
            for day in &commit.days {
                for files in groups_to_merge(table.kind, snapshot.files_of(*day)) {
                    merged.groups.push(MergedGroup::of(self, now, table, *day, files).await?);
                }
            }
        }
        if merged.groups.is_empty() {
            return Ok(Optimized::default());
        }
        merged.commit(self, now).await
    }
}

impl Transaction {
    /// Merges small runs, where there are several of similar size, in the days of base and derived tables that this
    /// write changed.
    pub async fn merge_small_runs(&mut self) -> Result<(), Error> {
        self.flush().await?;
        let (mut small, mut large) = (Vec::new(), Vec::new());
        for (table, day) in self.changed_days() {
            if table.kind == TableKind::System {
                continue;
            }
            let files = self.files_of_day(table, day).await?;
            for files in groups_to_merge(table.kind, &files) {
                let (location, now) = (self.location().clone(), self.now());
                let n_bytes: u64 = files.iter().map(|file| file.size_bytes).sum();
                let merge = async move {
                    let input = DayFiles {
                        table,
                        day,
                        files: &files,
                        file_bytes_max: FILE_BYTES_MAX,
                        data_change: true,
                    };
                    let after = merge_day(&location, &input, now).await?;
                    Ok::<_, Error>((table, files, after))
                };
                let merging = if n_bytes < SMALL_BYTES_MAX { &mut small } else { &mut large };
                merging.push(merge.boxed());
            }
        }
        for (merging, n_max) in [(small, MERGES_MAX), (large, 1)] {
            let merged: Vec<_> =
                futures::stream::iter(merging).buffered(n_max).try_collect().await?;
            for (table, before, after) in merged {
                self.exchange_files(table, &before, &after, true);
            }
        }
        Ok(())
    }
}

impl MergedGroup {
    async fn of(
        store: &Store,
        now: Ts,
        table: &'static Table,
        day: Day,
        before: Vec<DataFile>,
    ) -> Result<Self, Error> {
        let input = DayFiles {
            table,
            day,
            files: &before,
            file_bytes_max: FILE_BYTES_MAX,
            data_change: false,
        };
        let after = merge_day(store.location(), &input, now).await?;
        Ok(Self { table, day, before, after })
    }
}

impl Merged {
    /// Writes the merged files of the days as they are now; nothing names them yet.
    pub(crate) async fn of(
        store: &Store,
        now: Ts,
        table: &str,
        days: Option<&BTreeSet<Day>>,
    ) -> Result<Self, Error> {
        let table = table_named(table)?;
        let snapshot = store.snapshot(&*store.finish_newest().await?, table.name).await?;
        let mut merged = Self::default();
        let wanted = |day: &Day| days.is_none_or(|days| days.contains(day));
        for day in snapshot.days().into_iter().filter(wanted) {
            let files = snapshot.files_of(day);
            if n_runs(files) > 1 {
                let group = MergedGroup::of(store, now, table, day, files.to_vec()).await?;
                merged.groups.push(group);
            }
        }
        Ok(merged)
    }

    /// Puts the merged files in place of those that they were made of, where those are all there still.
    pub(crate) async fn commit(mut self, store: &Store, now: Ts) -> Result<Optimized, Error> {
        let mut done = Optimized::default();
        let mut writing = store.writing(now);
        loop {
            let mut tx = writing.begin().await?;
            let n_days = self.n_days();
            let mut kept = Vec::with_capacity(self.groups.len());
            for group in std::mem::take(&mut self.groups) {
                let snapshot = tx.snapshot(group.table.name).await?;
                let there = snapshot.files_of(group.day);
                if group.before.iter().all(|file| there.contains(file)) {
                    tx.read_days(group.table.name, &BTreeSet::from([group.day])).await?;
                    tx.exchange_files(group.table, &group.before, &group.after, false);
                    kept.push(group);
                }
            }
            self.groups = kept;
            done.n_days_dropped += n_days - self.n_days();
            if writing.offer(tx, ()).await?.is_some() {
                done.n_days = self.n_days();
                done.n_files_before = self.groups.iter().map(|group| group.before.len()).sum();
                done.n_files_after = self.groups.iter().map(|group| group.after.len()).sum();
                return Ok(done);
            }
        }
    }

    fn n_days(&self) -> usize {
        let days = self.groups.iter().map(|group| (group.table.name, group.day));
        days.collect::<BTreeSet<_>>().len()
    }
}

fn n_runs(files: &[DataFile]) -> usize {
    files.iter().map(DataFile::run).collect::<BTreeSet<_>>().len()
}
