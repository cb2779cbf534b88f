//! Stored rows that may be equal to new ones: found by what the identity of a table rests on, so that a small load
//! reads little of a day, and a day as a whole where a load brings much of it.

use std::collections::{BTreeSet, HashMap};

use arrow::array::{AsArray, RecordBatch, StringArray};
use arrow::datatypes::TimestampMicrosecondType;
use brunt_ingest::{Identity, Redacted, identity};
use brunt_model::{Day, Table};
use brunt_store::{DataFile, Transaction, Wanted};

use super::duplicates::Duplicates;
use crate::error::Error;

/// A load that brings more than one row for so many that a day holds reads the day once, instead of looking for each.
const WHOLE_DAY_SHARE: u64 = 8;

/// How far a load has looked.
#[derive(Debug, Default)]
pub(super) struct Stored {
    /// The write has taken loads back, so what was stored before it is not what is stored now.
    pub(super) is_changed: bool,
    looked_at: HashMap<(&'static str, Day), Looked>,
    /// What finds the copies that richer ones replaced.
    superseded: HashMap<(&'static str, Day), Wanted>,
}

#[derive(Debug, Default)]
struct Looked {
    n_rows: u64,
    /// All rows that were stored before this load are known.
    whole: bool,
}

impl Stored {
    /// Makes known what is stored under the identities of new rows of a day; `None` for rows of other days.
    pub(super) async fn know(
        &mut self,
        tx: &mut Transaction,
        duplicates: &mut Duplicates,
        rows: &Redacted,
        day: Day,
        of_day: &[Option<&Identity>],
    ) -> Result<(), Error> {
        let table = rows.table();
        let looked = self.looked_at.entry((table.name, day)).or_default();
        if looked.whole {
            return Ok(());
        }
        // What this load has added is known already, and is not worth being written out for.
        let days = BTreeSet::from([day]);
        let files = if self.is_changed {
            tx.read_days(table.name, &days).await?
        } else {
            tx.read_days_before(table.name, &days).await?
        };
        looked.n_rows += of_day.iter().flatten().count() as u64;
        let n_stored: u64 = files.iter().map(|file| file.n_rows).sum();
        looked.whole = looked.n_rows.saturating_mul(WHOLE_DAY_SHARE) >= n_stored;
        let mut stored = Vec::new();
        if looked.whole {
            for file in files {
                for batch in tx.read(&file, None).await? {
                    stored.extend(identity(&batch, table));
                }
            }
        } else {
            let mut unknown: Vec<Option<&Identity>> = of_day.to_vec();
            for of in &mut unknown {
                if let Some(row) = of
                    && duplicates.is_known(table, day, row.key)?
                {
                    *of = None;
                }
            }
            let keys: BTreeSet<u128> = unknown.iter().flatten().map(|of| of.key).collect();
            let wanted = wanted(rows, &unknown);
            for file in files.iter().filter(|_| !keys.is_empty()) {
                for batch in tx.read_wanted(file, None, &wanted).await? {
                    let found = identity(&batch, table);
                    stored.extend(found.into_iter().filter(|of| keys.contains(&of.key)));
                }
            }
        }
        duplicates.know(table, day, stored)
    }

    /// Remembers how to find the copy that a new row replaces.
    pub(super) fn supersede(&mut self, rows: &Redacted, day: Day, row_idx: usize) {
        let wanted = self.superseded.entry((rows.table().name, day)).or_default();
        if let Some((name, column)) = key_of(rows) {
            wanted.text(name, column.value(row_idx));
        }
    }

    /// The rows of a file among which copies that are replaced may be.
    pub(super) async fn read_superseded(
        &self,
        tx: &Transaction,
        table: &'static Table,
        file: &DataFile,
    ) -> Result<Vec<RecordBatch>, Error> {
        match self.superseded.get(&(table.name, file.day)) {
            Some(wanted) => Ok(tx.read_wanted(file, None, wanted).await?),
            None => Ok(Vec::new()),
        }
    }
}

/// The column whose value all rows of one key share; rows without a key are equal in everything, so in time too.
fn key_column(table: &Table) -> Option<&'static str> {
    match table.name {
        "spans" => Some("trace_id"),
        "events" => Some("event_id"),
        "ticket_updates" => Some("ticket_id"),
        _ => None,
    }
}

fn key_of(rows: &Redacted) -> Option<(&'static str, &StringArray)> {
    let name = key_column(rows.table())?;
    Some((name, rows.batch().column_by_name(name)?.as_string_opt::<i32>()?))
}

fn wanted(rows: &Redacted, unknown: &[Option<&Identity>]) -> Wanted {
    let mut wanted = Wanted::default();
    let key = key_of(rows);
    let times = rows.batch().column_by_name(rows.table().time_column());
    let times = times.and_then(|times| times.as_primitive_opt::<TimestampMicrosecondType>());
    for (row_idx, of) in unknown.iter().enumerate() {
        match (of, key, times) {
            (Some(Identity { by_content: false, .. }), Some((name, texts)), _) => {
                wanted.text(name, texts.value(row_idx));
            }
            (Some(_), _, Some(times)) => wanted.time(times.value(row_idx)),
            _ => {}
        }
    }
    wanted
}
