//! `optimize`: makes one run of the runs of each day, so that a scan of a day reads sorted rows from few files.

use std::collections::{BTreeMap, BTreeSet};

use brunt_model::{Day, Table, Ts};

use crate::data_file::DataFile;
use crate::error::Error;
use crate::layout::FILE_BYTES_MAX;
use crate::merge::{DayFiles, merge_day};
use crate::requests::table_named;
use crate::runs::NewFile;
use crate::store::Store;

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

/// Days of a table with their merged files.
pub(crate) struct Merged {
    table: &'static Table,
    days: BTreeMap<Day, MergedDay>,
}

struct MergedDay {
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
        let mut merged = BTreeMap::new();
        let wanted = |day: &Day| days.is_none_or(|days| days.contains(day));
        for day in snapshot.days().into_iter().filter(wanted) {
            let before = snapshot.files_of(day).to_vec();
            if n_runs(&before) > 1 {
                let input = DayFiles { table, day, files: &before, file_bytes_max: FILE_BYTES_MAX };
                let after = merge_day(store.location(), &input, now).await?;
                merged.insert(day, MergedDay { before, after });
            }
        }
        Ok(Self { table, days: merged })
    }

    /// Puts the merged files in place of those that they were made of, for the days that still have them.
    pub(crate) async fn commit(mut self, store: &Store, now: Ts) -> Result<Optimized, Error> {
        let mut done = Optimized::default();
        let mut writing = store.writing(now);
        loop {
            let mut tx = writing.begin().await?;
            let snapshot = tx.snapshot(self.table.name).await?;
            let n_days = self.days.len();
            self.days.retain(|day, merged| snapshot.files_of(*day) == merged.before);
            done.n_days_dropped += n_days - self.days.len();
            tx.read_days(self.table.name, &self.days.keys().copied().collect()).await?;
            for day in self.days.values() {
                tx.exchange_files(self.table, &day.before, &day.after);
            }
            if writing.offer(tx, ()).await?.is_some() {
                done.n_days = self.days.len();
                done.n_files_before = self.days.values().map(|day| day.before.len()).sum();
                done.n_files_after = self.days.values().map(|day| day.after.len()).sum();
                return Ok(done);
            }
        }
    }
}

fn n_runs(files: &[DataFile]) -> usize {
    files.iter().map(DataFile::run).collect::<BTreeSet<_>>().len()
}
