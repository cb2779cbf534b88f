//! What a load writes besides base rows: derived days, its own counts, its redactions, its rejects.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{
    ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use brunt_ingest::{Feed, Kind, Redaction, Reject};
use brunt_model::{Day, Table, Ts, day_of, table};
use brunt_store::{Share, Transaction};
use futures::{StreamExt, TryStreamExt};

use super::TableCounts;
use super::aliases::{self, Aliases};
use super::feeds::StoredFeed;
use super::run::all_days;
use crate::definitions::Definitions;
use crate::derive::{self, DERIVED_FROM, REACH_DAYS};
use crate::error::Error;

/// The base tables of which derived tables are made anew as a whole.
pub(super) const WHOLE_FROM: [&str; 2] = ["ticket_updates", "account_updates"];

/// A load as `system.loads` shows it.
pub(super) struct LoadRecord<'a> {
    pub(super) load_id: &'a str,
    pub(super) input: &'a str,
    pub(super) format: &'a str,
    pub(super) tables: &'a [TableCounts],
    pub(super) feeds: &'a [Feed],
    pub(super) size_bytes: u64,
    pub(super) duration: Duration,
    pub(super) definitions_hash: Option<String>,
}

/// Keeps the definitions with the epoch; returns whether they differ from those of the epoch before.
pub(super) async fn pin_definitions(
    tx: &mut Transaction,
    definitions: &Definitions,
) -> Result<bool, Error> {
    let hash = definitions.hash();
    if tx.base().definitions_hash == hash {
        return Ok(false);
    }
    let files: Vec<_> = definitions
        .files
        .iter()
        .map(|file| (file.name.clone(), file.text.clone().into()))
        .collect();
    tx.set_definitions(&hash.unwrap_or_default(), &files).await?;
    Ok(true)
}

/// [`is_frozen`] in the middle of a write.
pub(super) fn outlives_base(tx: &Transaction, table: &Table, day: Day) -> bool {
    is_frozen(|name| tx.first_day(name), table, day)
}

/// Whether a derived day is kept as it is, because retention took base rows that decide it, or took the day itself;
/// `first_day` is the first whole day of a table. Rows without a time have no age.
pub(crate) fn is_frozen(first_day: impl Fn(&str) -> Option<Day>, table: &Table, day: Day) -> bool {
    let first_of_base =
        DERIVED_FROM.iter().filter_map(|name| first_day(name)).map(|first| first.plus(REACH_DAYS));
    let first = first_of_base.chain(first_day(table.name)).max();
    day != Day::UNDATED && first.is_some_and(|first| day < first)
}

/// Derives what rows of these days can reach; `n_rows` as [`rows_by_day`] says, of all that decides those days.
pub(super) async fn derive_days(
    tx: &mut Transaction,
    days: &BTreeSet<Day>,
    n_rows: &BTreeMap<Day, u64>,
    definitions: &Definitions,
) -> Result<(), Error> {
    tx.flush().await?;
    let mut tables = TransactionTables { tx, aliases: None };
    derive::derive_days(&mut tables, &derive::reach(days), n_rows, definitions).await
}

/// How many base rows of these days there are to derive from.
pub(super) async fn rows_by_day(
    tx: &mut Transaction,
    days: &BTreeSet<Day>,
) -> Result<BTreeMap<Day, u64>, Error> {
    let mut n_rows = BTreeMap::new();
    for name in DERIVED_FROM {
        for file in tx.read_days(name, days).await? {
            *n_rows.entry(file.day).or_default() += file.n_rows;
        }
    }
    Ok(n_rows)
}

/// Derives the tables that are made anew as a whole.
pub(super) async fn derive_whole(tx: &mut Transaction) -> Result<(), Error> {
    let mut days = BTreeSet::new();
    for name in WHOLE_FROM {
        days.extend(tx.read_table(name).await?.iter().map(|file| file.day));
    }
    derive::derive_whole(&mut TransactionTables { tx, aliases: None }, &days).await
}

/// Derives all days, empties those that have no base rows, and keeps where errors went whose group has another id;
/// returns how many days it derived.
pub(super) async fn derive_all(
    tx: &mut Transaction,
    definitions: &Definitions,
    now: Ts,
) -> Result<usize, Error> {
    tx.flush().await?;
    let days = all_days(tx).await?;
    let n_rows = rows_by_day(tx, &derive::reach(&days)).await?;
    let mut tables = TransactionTables { tx: &mut *tx, aliases: Some(Aliases::default()) };
    derive::derive_days(&mut tables, &days, &n_rows, definitions).await?;
    let aliases = tables.aliases.unwrap_or_default();
    aliases.write(tx, now).await?;
    derive_whole(tx).await?;
    Ok(days.len())
}

/// One row of `loads` for each table.
pub(super) async fn add_load_rows(
    tx: &mut Transaction,
    now: Ts,
    record: &LoadRecord<'_>,
) -> Result<(), Error> {
    let n_rows = record.tables.len();
    let same = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text; n_rows])) };
    let count = |of: fn(&TableCounts) -> u64| -> ArrayRef {
        Arc::new(
            record
                .tables
                .iter()
                .map(|counts| i64::try_from(of(counts)).ok())
                .collect::<Int64Array>(),
        )
    };
    let constant = |value: u128| -> ArrayRef {
        Arc::new(Int64Array::from(vec![i64::try_from(value).ok(); n_rows]))
    };
    let table_names =
        record.tables.iter().map(|counts| counts.table.as_deref()).collect::<StringArray>();
    let hashes = StringArray::from(vec![record.definitions_hash.as_deref(); n_rows]);
    let mappings = record.tables.iter().map(|counts| {
        let table = counts.table.as_deref()?;
        StoredFeed::write(record.feeds, table)
    });
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("load_id", same(record.load_id)),
        ("input", same(record.input)),
        ("format", same(record.format)),
        ("table_name", Arc::new(table_names)),
        ("n_records", count(|counts| counts.n_records)),
        ("n_rows", count(|counts| counts.n_rows)),
        ("n_duplicates", count(|counts| counts.n_duplicates)),
        ("n_rejects", count(|counts| counts.n_rejects)),
        ("size_bytes", constant(record.size_bytes.into())),
        ("duration_ns", constant(record.duration.as_nanos())),
        ("definitions_hash", Arc::new(hashes)),
        ("mappings", Arc::new(mappings.collect::<StringArray>())),
    ];
    add_system_rows(tx, "loads", now, n_rows, columns).await
}

pub(super) async fn add_rejects(
    tx: &mut Transaction,
    now: Ts,
    load_id: &str,
    rejects: &[Reject],
) -> Result<(), Error> {
    if rejects.is_empty() {
        return Ok(());
    }
    let text = |of: fn(&Reject) -> &str| -> ArrayRef {
        Arc::new(rejects.iter().map(|reject| Some(of(reject))).collect::<StringArray>())
    };
    let number = |of: fn(&Reject) -> Option<u64>| -> ArrayRef {
        Arc::new(
            rejects
                .iter()
                .map(|reject| of(reject).and_then(|number| i64::try_from(number).ok()))
                .collect::<Int64Array>(),
        )
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("load_id", Arc::new(StringArray::from(vec![load_id; rejects.len()]))),
        ("input", text(|reject| &reject.input)),
        ("line", number(|reject| Some(reject.line))),
        ("column", number(|reject| reject.column)),
        ("reason", text(|reject| &reject.reason)),
        ("code", text(|reject| reject.code)),
        ("sample", text(|reject| &reject.sample)),
    ];
    add_system_rows(tx, "rejects", now, rejects.len(), columns).await
}

pub(super) async fn add_redactions(
    tx: &mut Transaction,
    now: Ts,
    load_id: &str,
    redactions: &[Redaction],
) -> Result<(), Error> {
    let text = |of: fn(&Redaction) -> Option<&str>| -> ArrayRef {
        Arc::new(redactions.iter().map(of).collect::<StringArray>())
    };
    let counts = redactions.iter().map(|redaction| i64::try_from(redaction.n_redacted).ok());
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("load_id", Arc::new(StringArray::from(vec![load_id; redactions.len()]))),
        ("table_name", text(|redaction| Some(redaction.table))),
        ("field", text(|redaction| Some(&redaction.field))),
        ("action", text(|redaction| Some(redaction.action))),
        ("kind", text(|redaction| redaction.kind.map(Kind::name))),
        ("n_redacted", Arc::new(counts.collect::<Int64Array>())),
    ];
    add_system_rows(tx, "redactions", now, redactions.len(), columns).await
}

/// Adds rows to a system table: all columns but the time and day of the write, by name.
pub(crate) async fn add_system_rows(
    tx: &mut Transaction,
    name: &'static str,
    now: Ts,
    n_rows: usize,
    columns: Vec<(&str, ArrayRef)>,
) -> Result<(), Error> {
    let Some(table) = table(name) else { return Ok(()) };
    if n_rows == 0 {
        return Ok(());
    }
    let times = TimestampMicrosecondArray::from(vec![now.0; n_rows]).with_timezone("UTC");
    let mut by_name: BTreeMap<&str, ArrayRef> = columns.into_iter().collect();
    by_name.insert("loaded_at", Arc::new(times));
    by_name.insert("day", Arc::new(Date32Array::from(vec![day_of(now).0; n_rows])));
    let arrays = table.columns.iter().filter_map(|column| by_name.remove(column.name)).collect();
    let rows = RecordBatch::try_new(table.schema(), arrays).map_err(|error| {
        brunt_store::Error::TableMismatch { table: name.to_owned(), reason: error.to_string() }
    })?;
    Ok(tx.add_system_rows(name, rows).await?)
}

/// The tables of a store as derivation sees them, in the middle of a write.
struct TransactionTables<'a> {
    tx: &'a mut Transaction,
    /// Where errors go, where all of them are derived again.
    aliases: Option<Aliases>,
}

impl derive::Rows for TransactionTables<'_> {
    async fn rows(
        &mut self,
        table: &'static Table,
        day: Day,
        columns: &[&'static str],
    ) -> Result<derive::RowStream, Error> {
        let rows = self.tx.rows_of_day(table.name, day, columns).await?;
        Ok(rows.map_err(Error::from).boxed())
    }
}

impl derive::Tables for TransactionTables<'_> {
    async fn replace(
        &mut self,
        table: &'static Table,
        day: Day,
        rows: Vec<RecordBatch>,
        share: Share,
    ) -> Result<(), Error> {
        if outlives_base(self.tx, table, day) {
            return Ok(());
        }
        if let Some(aliases) = self.aliases.as_mut().filter(|_| table.name == "errors") {
            let mut before = Vec::new();
            for file in self.tx.read_days_before(table.name, &BTreeSet::from([day])).await? {
                before.extend(self.tx.read(&file, Some(&aliases::COLUMNS)).await?);
            }
            aliases.add(&before, &rows);
        }
        Ok(self.tx.replace_share(table.name, day, rows, share).await?)
    }
}

impl derive::WholeTables for TransactionTables<'_> {
    async fn replace_all(
        &mut self,
        table: &'static Table,
        days: BTreeMap<Day, Vec<RecordBatch>>,
    ) -> Result<(), Error> {
        let rows = days.into_values().flatten().collect();
        Ok(self.tx.replace_table(table.name, rows).await?)
    }
}
