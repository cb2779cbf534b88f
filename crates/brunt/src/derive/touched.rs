//! Derives again only what a write touched.
//!
//! Derived rows depend on base rows that are connected with each other ([`Links`]), and on no others. So the rows that are
//! connected with what a write added or took away are derived twice, as they were and as they are, and the difference
//! is what has to change. Nobody needs to know which derived row comes from which base row.
//!
//! ```text
//! ids of the rows that came and went ─► rows with these ids, their ids, … until nothing new is found
//!      ├─ as they were ─► derive ─► rows that may go ──┐
//!      └─ as they are  ─► derive ─► rows that may come ┴─► difference, day by day
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::compute::filter_record_batch;
use arrow::record_batch::RecordBatch;
use brunt_model::{Day, Table};
use brunt_store::Share;
use futures::stream::{self, StreamExt};

use super::links::{Links, link_columns};
use super::read::{DERIVED_FROM, base_table};
use super::{RowStream, Rows, Tables, derive_on, reach};
use crate::code::Code;
use crate::definitions::Definitions;
use crate::error::Error;

/// Rows that a write did not change have both.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) rows: RecordBatch,
    pub(crate) before: bool,
    pub(crate) after: bool,
}

/// A store in the middle of a write: as it was before, as it is now.
pub(crate) trait Versions {
    /// The rows of a base table on a day that have one of the links, and perhaps others; each once.
    async fn linked(
        &mut self,
        table: &'static Table,
        day: Day,
        columns: &[&'static str],
        links: &Links,
    ) -> Result<Vec<Found>, Error>;

    /// Takes rows that are in `before` only out of a derived table's day and puts in those that are in `after` only.
    /// False where the day has not all that should go; it is as it was then.
    async fn change(
        &mut self,
        table: &'static Table,
        day: Day,
        before: Vec<RecordBatch>,
        after: Vec<RecordBatch>,
    ) -> Result<bool, Error>;
}

/// Brings the derived tables up to date after base rows with these links came and went on these days.
///
/// False where that is no gain, because more than `n_rows_max` rows are connected, or where the derived tables are not
/// what the rows before the write give; then whole days have to be derived.
///
/// # Errors
/// Those of `versions`, and of a journey's expression that fails on a row.
pub(crate) async fn derive_touched(
    versions: &mut impl Versions,
    days: &BTreeSet<Day>,
    links: Links,
    n_rows_max: usize,
    definitions: &Definitions,
) -> Result<bool, Error> {
    let days = reach(days);
    let Some(links) = close(versions, &reach(&days), links, n_rows_max).await? else {
        return Ok(false);
    };
    let mut part = Part {
        versions,
        links: &links,
        found: HashMap::new(),
        is_after: false,
        derived: [const { BTreeMap::new() }; 2],
    };
    for is_after in [false, true] {
        part.is_after = is_after;
        derive_on(&mut part, &days, definitions, 2).await?;
    }
    let [mut before, after] = part.derived;
    for ((name, day), after) in after {
        let before = before.remove(&(name, day)).unwrap_or_default();
        if !versions.change(base_table(name)?, day, before, after).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// All links of the rows that are connected by these; `None` where the rows are too many.
async fn close(
    versions: &mut impl Versions,
    days: &BTreeSet<Day>,
    links: Links,
    n_rows_max: usize,
) -> Result<Option<Links>, Error> {
    let mut all = Links::default();
    let mut new = all.take_new(links);
    let mut n_rows = 0;
    while !new.is_empty() {
        let mut found = Links::default();
        for name in DERIVED_FROM {
            let table = base_table(name)?;
            for day in days {
                for Found { rows, .. } in
                    versions.linked(table, *day, &link_columns(table), &new).await?
                {
                    let held = new.holds(&rows);
                    n_rows += held.true_count();
                    found.add(&rows, |row_idx| held.value(row_idx));
                }
                if n_rows > n_rows_max {
                    return Ok(None);
                }
            }
        }
        new = all.take_new(found);
    }
    Ok(Some(all))
}

/// The connected rows alone, as if there were no others.
struct Part<'a, V> {
    versions: &'a mut V,
    links: &'a Links,
    /// What was found for the first time of two.
    found: HashMap<(&'static str, Day), Vec<Found>>,
    is_after: bool,
    /// As they were, as they are.
    derived: [BTreeMap<(&'static str, Day), Vec<RecordBatch>>; 2],
}

impl<V: Versions> Rows for Part<'_, V> {
    async fn rows(
        &mut self,
        table: &'static Table,
        day: Day,
        columns: &[&'static str],
    ) -> Result<RowStream, Error> {
        if !self.found.contains_key(&(table.name, day)) {
            let mut found = Vec::new();
            for mut one in self.versions.linked(table, day, columns, self.links).await? {
                one.rows = filter_record_batch(&one.rows, &self.links.holds(&one.rows))
                    .map_err(|error| Error::statement(Code::Internal, error.to_string()))?;
                found.push(one);
            }
            self.found.insert((table.name, day), found);
        }
        let found = self.found.get(&(table.name, day)).into_iter().flatten();
        let wanted = found.filter(|one| if self.is_after { one.after } else { one.before });
        let rows: Vec<_> = wanted.map(|one| Ok(one.rows.clone())).collect();
        Ok(stream::iter(rows).boxed())
    }
}

impl<V: Versions> Tables for Part<'_, V> {
    async fn replace(
        &mut self,
        table: &'static Table,
        day: Day,
        rows: Vec<RecordBatch>,
        _share: Share,
    ) -> Result<(), Error> {
        self.derived[usize::from(self.is_after)].insert((table.name, day), rows);
        Ok(())
    }
}
