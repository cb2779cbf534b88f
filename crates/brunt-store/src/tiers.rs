//! Which runs of a day to merge so that there are few of them and each row is written anew a few times only.
//!
//! Runs of similar size wait until there are [`RUNS_MAX`] of them, and become one of the next size.

use std::collections::BTreeMap;

use brunt_model::TableKind;

use crate::data_file::DataFile;

/// So many runs of similar size become one; sizes are similar within a factor of as many.
pub(crate) const RUNS_MAX: usize = 4;

/// Runs with fewer rows than four times these are all of one size: they are soon written.
const LEAST_ROWS: u64 = 1 << 10;

/// A run of so many bytes is not small: less than what a full buffer of a large load becomes, which is not worth another
/// round.
const RUN_BYTES_MAX: u64 = 4 << 20;

/// Runs of similar size with more bytes than this together come from a large load, and wait for `optimize`.
const MERGED_BYTES_MAX: u64 = RUNS_MAX as u64 * RUN_BYTES_MAX;

/// Runs of a derived table that reach into the day's last hour of rows are merged among themselves: sessions under way
/// are written again and again, and what is over should not be written with them.
const UNDER_WAY_MICROS: i64 = 3_600_000_000;

/// Runs that are, or could be, one.
#[derive(Debug, Default)]
struct Group {
    files: Vec<DataFile>,
    n_runs: usize,
    n_rows: u64,
    n_bytes: u64,
    under_way: bool,
}

/// The files of a day to merge, in groups that become a run each.
pub(crate) fn groups_to_merge(kind: TableKind, files: &[DataFile]) -> Vec<Vec<DataFile>> {
    let newest = files.iter().map(|file| file.ts_max.0).max().unwrap_or_default();
    let mut runs: BTreeMap<&str, Group> = BTreeMap::new();
    for file in files {
        let run = runs.entry(file.run()).or_default();
        run.files.push(file.clone());
        run.n_runs = 1;
        run.n_rows += file.n_rows;
        run.n_bytes += file.size_bytes;
        run.under_way |=
            kind == TableKind::Derived && file.ts_max.0 >= newest.saturating_sub(UNDER_WAY_MICROS);
    }
    let mut tiers: BTreeMap<(u32, bool), Vec<Group>> = BTreeMap::new();
    for run in runs.into_values().filter(|run| run.n_bytes < RUN_BYTES_MAX) {
        tiers.entry(run.tier()).or_default().push(run);
    }
    // The least tier first, since what it becomes may fill a greater one.
    while let Some(full) = tiers.iter().find(|(_, runs)| are_due(runs)).map(|(tier, _)| *tier) {
        let mut merged = Group::default();
        for run in tiers.remove(&full).unwrap_or_default() {
            merged.files.extend(run.files);
            merged.n_runs += run.n_runs;
            merged.n_rows += run.n_rows;
            merged.n_bytes += run.n_bytes;
            merged.under_way |= run.under_way;
        }
        tiers.entry(merged.tier()).or_default().push(merged);
    }
    let merged = tiers.into_values().flatten().filter(|group| group.n_runs > 1);
    merged.map(|group| group.files).collect()
}

fn are_due(runs: &[Group]) -> bool {
    runs.len() >= RUNS_MAX && runs.iter().map(|run| run.n_bytes).sum::<u64>() <= MERGED_BYTES_MAX
}

impl Group {
    fn tier(&self) -> (u32, bool) {
        ((self.n_rows / LEAST_ROWS).max(1).ilog(RUNS_MAX as u64), self.under_way)
    }
}

#[cfg(test)]
mod tests {
    use brunt_model::{Day, Ts};

    use super::*;

    fn file(run: u64, n_rows: u64, minute: i64) -> DataFile {
        let ts = Ts(minute * 60_000_000);
        DataFile {
            path: format!("spans/day=1970-01-01/{run:08}-00000-content.parquet"),
            size_bytes: 1,
            day: Day(0),
            n_rows,
            ts_min: ts,
            ts_max: ts,
        }
    }

    /// Many loads of a minute each, merged after each: the files at the end, how many there ever were, and how often a row
    /// was written anew.
    fn after(n_loads: i64, kind: TableKind) -> (Vec<DataFile>, usize, u64) {
        let (mut files, mut most, mut n_written): (Vec<DataFile>, usize, u64) = (vec![], 0, 0);
        let mut run = 0;
        for minute in 0..n_loads {
            run += 1;
            files.push(file(run, 100, minute));
            for group in groups_to_merge(kind, &files) {
                let n_rows = group.iter().map(|file| file.n_rows).sum();
                let last = group.iter().map(|file| file.ts_max.0).max().unwrap();
                files.retain(|file| !group.contains(file));
                run += 1;
                files.push(file(run, n_rows, last / 60_000_000));
                n_written += n_rows;
            }
            most = most.max(files.len());
        }
        (files, most, n_written / (100 * n_loads.unsigned_abs()))
    }

    #[test]
    fn a_day_of_minutes_has_few_runs_and_each_row_is_written_a_few_times() {
        let (files, most, n_written) = after(1_440, TableKind::Base);
        assert!(files.len() <= 8 && most <= 12, "{} {most}", files.len());
        assert!(n_written <= 12, "{n_written}");
    }

    #[test]
    fn rows_under_way_are_not_written_with_those_that_are_over() {
        let (files, most, _) = after(1_440, TableKind::Derived);
        assert!(most <= 16, "{most}");
        for file in files.iter().filter(|file| file.ts_max.0 >= 1_380 * 60_000_000) {
            assert!(file.n_rows <= 8_000, "{}", file.n_rows);
        }
    }

    #[test]
    fn what_a_large_load_left_is_not_for_small_ones_to_merge() {
        let large = |run, size_bytes| DataFile { size_bytes, ..file(run, 100, 0) };
        let few: Vec<DataFile> = (0..8).map(|run| large(run, RUN_BYTES_MAX / 2)).collect();
        assert_eq!(groups_to_merge(TableKind::Base, &few).len(), 1);
        let many: Vec<DataFile> = (0..9).map(|run| large(run, RUN_BYTES_MAX / 2)).collect();
        assert_eq!(groups_to_merge(TableKind::Base, &many).len(), 0);
        let whole: Vec<DataFile> = (0..4).map(|run| large(run, RUN_BYTES_MAX)).collect();
        assert_eq!(groups_to_merge(TableKind::Base, &whole).len(), 0);
    }

    #[test]
    fn what_a_merge_makes_may_be_merged_at_once() {
        let mut files: Vec<DataFile> = (0..3).map(|run| file(run, 4 * LEAST_ROWS, 0)).collect();
        files.extend((3..7).map(|run| file(run, LEAST_ROWS, 0)));
        let groups = groups_to_merge(TableKind::Base, &files);
        assert_eq!(groups.iter().map(Vec::len).collect::<Vec<_>>(), [7]);
        assert_eq!(groups_to_merge(TableKind::Base, &files[..3]), Vec::<Vec<DataFile>>::new());
    }
}
