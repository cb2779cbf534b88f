//! Rows of days that say less than others: those that came after retention had dropped what would be derived from them,
//! and those without a usable time.

use std::collections::BTreeMap;

use brunt_model::Day;
use brunt_store::Transaction;

use crate::derive::DERIVED_FROM;
use crate::derive::REACH_DAYS;

/// How many rows of a file, by table.
#[derive(Debug, Default)]
pub(super) struct Late {
    /// With the first day from which anything is derived.
    late: BTreeMap<&'static str, (u64, Day)>,
    undated: BTreeMap<&'static str, u64>,
}

impl Late {
    /// Counts those of a table's rows, given by their days, that are too late or have no day.
    pub(super) fn add(
        &mut self,
        tx: &Transaction,
        table: &'static str,
        days: impl Iterator<Item = Day> + Clone,
    ) {
        let n_undated = days.clone().filter(|day| *day == Day::UNDATED).count() as u64;
        if n_undated > 0 {
            *self.undated.entry(table).or_default() += n_undated;
        }
        let first = if DERIVED_FROM.contains(&table) {
            let firsts = DERIVED_FROM.iter().filter_map(|name| tx.first_day(name));
            firsts.max().map(|first| first.plus(REACH_DAYS))
        } else {
            tx.first_day(table)
        };
        let Some(first) = first else { return };
        let n_late = days.filter(|day| *day < first && *day != Day::UNDATED).count() as u64;
        if n_late > 0 {
            self.late.entry(table).or_insert((0, first)).0 += n_late;
        }
    }

    /// What to tell of them; they count as told.
    pub(super) fn take_warnings(&mut self) -> Vec<String> {
        let Self { late, undated } = std::mem::take(self);
        let undated = undated.into_iter().map(|(table, n_undated)| {
            let (rows, have) = if n_undated == 1 { ("row", "has") } else { ("rows", "have") };
            format!(
                "{n_undated} {rows} of {table} {have} no time that could be read: stored under 1970-01-01, and ts_quality \
                 says why"
            )
        });
        let late = late.into_iter().map(|(table, (n_late, first))| {
            let are = if n_late == 1 { "row is" } else { "rows are" };
            format!(
                "{n_late} {are} of days before {first}, of which retention left too little of {table}: stored, but nothing \
                 is derived"
            )
        });
        late.chain(undated).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::NOW;
    use crate::{FileOutcome, Input, LoadOptions, Store};

    #[tokio::test]
    async fn rows_without_a_readable_time_are_told() {
        let store = Store::in_memory(NOW).await.unwrap();
        let lines = "{\"ts\":\"2025-10-28T10:00:00Z\",\"message\":\"a\"}\n{\"message\":\"b\"}\n\
            {\"ts\":\"28 Oct 10:00 IST\",\"message\":\"c\"}\n";
        let options = LoadOptions { table: Some("logs".to_owned()), ..LoadOptions::default() };
        let input = Input::from_bytes("a.jsonl", lines.as_bytes());
        let mut summary = store.load(&[input], &options, NOW, &|_| ()).await.unwrap();
        let FileOutcome::Loaded { warnings, .. } = summary.files.remove(0).outcome else {
            panic!("it was not loaded");
        };
        let told = "2 rows of logs have no time that could be read: stored under 1970-01-01, and ts_quality says why";
        assert_eq!(warnings, [told]);
    }
}
