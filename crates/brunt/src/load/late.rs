//! Rows that came after retention had dropped what would be derived from them.

use std::collections::BTreeMap;

use brunt_model::Day;
use brunt_store::Transaction;

use crate::derive::DERIVED_FROM;
use crate::derive::REACH_DAYS;

/// Of a file, by table: how many rows, and the first day from which anything is derived.
#[derive(Debug, Default)]
pub(super) struct Late(BTreeMap<&'static str, (u64, Day)>);

impl Late {
    /// Counts those of a table's rows, given by their days, that are too late.
    pub(super) fn add(
        &mut self,
        tx: &Transaction,
        table: &'static str,
        days: impl Iterator<Item = Day>,
    ) {
        let first = if DERIVED_FROM.contains(&table) {
            let firsts = DERIVED_FROM.iter().filter_map(|name| tx.first_day(name));
            firsts.max().map(|first| first.plus(REACH_DAYS))
        } else {
            tx.first_day(table)
        };
        let Some(first) = first else { return };
        let n_late = days.filter(|day| *day < first && *day != Day::UNDATED).count() as u64;
        if n_late > 0 {
            self.0.entry(table).or_insert((0, first)).0 += n_late;
        }
    }

    /// What to tell of them; they count as told.
    pub(super) fn take_warnings(&mut self) -> Vec<String> {
        let told = std::mem::take(&mut self.0).into_iter().map(|(table, (n_late, first))| {
            let are = if n_late == 1 { "row is" } else { "rows are" };
            format!(
                "{n_late} {are} of days before {first}, of which retention left too little of {table}: stored, but nothing \
                 is derived"
            )
        });
        told.collect()
    }
}
