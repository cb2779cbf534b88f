//! `optimize`: makes one run of the runs of each day, so that a scan of a day reads sorted rows from few files.

use std::collections::{BTreeMap, BTreeSet};

use brunt_model::{Day, Ts};

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
        self.optimize_with(now, table, days, async || Ok(())).await
    }

    /// The same, with something to happen between the merge and the commit, where tests let others write.
    pub(crate) async fn optimize_with(
        &self,
        now: Ts,
        table: &str,
        days: Option<&BTreeSet<Day>>,
        mut merged_first: impl AsyncFnMut() -> Result<(), Error>,
    ) -> Result<Optimized, Error> {
        let table = table_named(table)?;
        let mut merged: Option<BTreeMap<Day, MergedDay>> = None;
        let mut n_days_dropped = 0;
        let committed = self
            .write(now, async |tx| {
                let snapshot = tx.snapshot(table.name).await?;
                let mut of_days = if let Some(merged) = merged.take() {
                    merged
                } else {
                    let mut of_days = BTreeMap::new();
                    let wanted = |day: &Day| days.is_none_or(|days| days.contains(day));
                    for day in snapshot.days().into_iter().filter(wanted) {
                        let before = snapshot.files_of(day).to_vec();
                        if n_runs(&before) > 1 {
                            let file_bytes_max = FILE_BYTES_MAX;
                            let input = DayFiles { table, day, files: &before, file_bytes_max };
                            let after = merge_day(self.location(), &input, now).await?;
                            of_days.insert(day, MergedDay { before, after });
                        }
                    }
                    merged_first().await?;
                    of_days
                };
                let n_days = of_days.len();
                of_days.retain(|day, merged| snapshot.files_of(*day) == merged.before);
                n_days_dropped += n_days - of_days.len();
                tx.read_days(table.name, &of_days.keys().copied().collect()).await?;
                let mut done =
                    Optimized { n_days: of_days.len(), n_days_dropped, ..Optimized::default() };
                for day in of_days.values() {
                    tx.exchange_files(table, &day.before, &day.after);
                    done.n_files_before += day.before.len();
                    done.n_files_after += day.after.len();
                }
                merged = Some(of_days);
                Ok::<_, Error>(done)
            })
            .await?;
        Ok(committed.value)
    }
}

fn n_runs(files: &[DataFile]) -> usize {
    files.iter().map(DataFile::run).collect::<BTreeSet<_>>().len()
}
