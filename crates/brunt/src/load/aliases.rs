//! Where the errors of each group go when everything is derived again, as `system.error_aliases` keeps it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use brunt_model::Ts;
use brunt_store::Transaction;

use super::transaction::add_system_rows;
use crate::error::Error;

/// What is read of the errors of a day.
pub(super) const COLUMNS: [&str; 2] = ["error_id", "error_group_id"];

/// Numbers of errors by the group that they had and the one that they have.
#[derive(Debug, Default)]
pub(super) struct Aliases(BTreeMap<String, BTreeMap<String, i64>>);

impl Aliases {
    /// Takes in the errors of a day, as they were and as they are; those that are not in both say nothing.
    pub(super) fn add(&mut self, before: &[RecordBatch], after: &[RecordBatch]) {
        let before: HashMap<&str, &str> = before.iter().flat_map(groups).collect();
        for (error, new) in after.iter().flat_map(groups) {
            let Some(old) = before.get(error) else { continue };
            let to = self.0.entry((*old).to_owned()).or_default();
            *to.entry(new.to_owned()).or_default() += 1;
        }
    }

    /// Adds a row for each way that errors went, of the groups that lost errors to others or gained some: so that who
    /// reads them can tell a group that was there before from one that is new.
    pub(super) async fn write(mut self, tx: &mut Transaction, now: Ts) -> Result<(), Error> {
        let moved = self.0.iter().flat_map(|(old, to)| to.keys().map(move |new| (old, new)));
        let touched: BTreeSet<String> = moved
            .filter(|(old, new)| old != new)
            .flat_map(|(old, new)| [old.clone(), new.clone()])
            .collect();
        self.0.retain(|old, _| touched.contains(old));
        let ways: Vec<(&str, &str, i64, f64)> = self
            .0
            .iter()
            .flat_map(|(old, to)| {
                let n_all: i64 = to.values().sum();
                let share = move |n: i64| n as f64 / n_all as f64;
                to.iter().map(move |(new, n)| (old.as_str(), new.as_str(), *n, share(*n)))
            })
            .collect();
        let texts = |of: fn(&(&str, &str, i64, f64)) -> String| -> ArrayRef {
            Arc::new(ways.iter().map(|way| Some(of(way))).collect::<StringArray>())
        };
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("old_id", texts(|way| way.0.to_owned())),
            ("new_id", texts(|way| way.1.to_owned())),
            ("n_occurrences", Arc::new(ways.iter().map(|way| way.2).collect::<Int64Array>())),
            ("share", Arc::new(ways.iter().map(|way| way.3).collect::<Float64Array>())),
        ];
        add_system_rows(tx, "error_aliases", now, ways.len(), columns).await
    }
}

/// Each error with its group.
fn groups(rows: &RecordBatch) -> Vec<(&str, &str)> {
    let texts = |name| rows.column_by_name(name)?.as_any().downcast_ref::<StringArray>();
    let (Some(errors), Some(groups)) = (texts(COLUMNS[0]), texts(COLUMNS[1])) else {
        return Vec::new();
    };
    errors.iter().zip(groups).filter_map(|(error, group)| Some((error?, group?))).collect()
}
