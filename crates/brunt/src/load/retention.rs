//! Retention: rows older than their table keeps them are dropped, day by day; what was derived from them stays as it is
//! until its own time is over.
//!
//! A ticket is as old as its last update and goes as a whole. Rows without a time are as old as their load.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use brunt_model::{Day, Table, TableKind, Ts, day_of};
use brunt_store::Transaction;
use serde::Serialize;

use super::held::{self, Held};
use super::touched::{PART_OF_DAYS, Touched};
use super::transaction::derive_whole;
use crate::definitions::{Definitions, Retention};
use crate::error::Error;
use crate::store::Store;

/// What was past its retention in a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Expired {
    pub table: String,
    /// The first day that is kept, `YYYY-MM-DD`.
    pub first_day: String,
    /// Rows that were dropped, or would be.
    pub n_rows: u64,
}

/// A ticket's source and id.
type Ticket = (Option<String>, String);

/// Applies the rules in one epoch.
pub(crate) async fn run(store: &Store, dry_run: bool, now: Ts) -> Result<Vec<Expired>, Error> {
    let definitions = store.definitions().await?;
    let mut writing = store.tables().writing(now);
    loop {
        let mut tx = writing.begin().await?;
        let mut expiring =
            Expiring { tx: &mut tx, dry_run, touched: Touched::default(), tickets: HashSet::new() };
        let mut expired = Vec::new();
        for Retention { table, keep_days } in &definitions.retentions {
            let first = day_of(now).plus(-keep_days);
            let n_rows = expiring.expire(table, first).await?;
            if n_rows > 0 {
                let (table, first_day) = (table.name.to_owned(), first.to_string());
                expired.push(Expired { table, first_day, n_rows });
            }
        }
        if dry_run {
            return Ok(expired);
        }
        expiring.finish(&definitions).await?;
        if let Some(committed) = writing.offer(tx, expired).await? {
            return Ok(committed.value);
        }
    }
}

/// A retention at work.
struct Expiring<'a> {
    tx: &'a mut Transaction,
    dry_run: bool,
    /// Rows without a time that went.
    touched: Touched,
    /// Tickets that went.
    tickets: HashSet<Ticket>,
}

impl Expiring<'_> {
    /// Drops the rows of a table before a day; returns how many.
    async fn expire(&mut self, table: &'static Table, first: Day) -> Result<u64, Error> {
        if table.name == "ticket_updates" {
            return self.expire_tickets(table, first).await;
        }
        let n_undated = match table.kind {
            TableKind::Base => self.expire_undated(table, first).await?,
            TableKind::Derived | TableKind::System => 0,
        };
        // In a dry run the transaction is never offered.
        Ok(n_undated + self.tx.drop_days_before(table.name, first).await?)
    }

    /// Rows without a time, by the time of their load.
    async fn expire_undated(&mut self, table: &'static Table, first: Day) -> Result<u64, Error> {
        let files = self.tx.read_days(table.name, &BTreeSet::from([Day::UNDATED])).await?;
        if files.is_empty() {
            return Ok(0);
        }
        let old = self.loads_before(first).await?;
        let mut n_rows = 0;
        for file in files {
            let batches = self.tx.read(&file, None).await?;
            let mut keep = Vec::new();
            for batch in &batches {
                let ids = batch.column_by_name("load_id").and_then(|it| it.as_string_opt::<i32>());
                let is_old = |row_idx: usize| {
                    ids.is_some_and(|ids| ids.is_valid(row_idx) && old.contains(ids.value(row_idx)))
                };
                keep.extend((0..batch.num_rows()).map(|row_idx| !is_old(row_idx)));
                let days = vec![Day::UNDATED; batch.num_rows()];
                self.touched.add(table, batch, &days, is_old);
            }
            let keep = BooleanArray::from(keep);
            n_rows += (keep.len() - keep.true_count()) as u64;
            if !self.dry_run {
                self.tx.drop_rows(&file, &keep).await?;
            }
        }
        Ok(n_rows)
    }

    /// The loads before a day.
    async fn loads_before(&mut self, first: Day) -> Result<HashSet<String>, Error> {
        let mut loads = HashSet::new();
        for file in self.tx.read_table("loads").await?.iter().filter(|file| file.day < first) {
            for batch in self.tx.read(file, Some(&["load_id"])).await? {
                let ids = batch.column(0).as_string_opt::<i32>().into_iter().flatten();
                loads.extend(ids.flatten().map(str::to_owned));
            }
        }
        Ok(loads)
    }

    /// Tickets whose last update is too long ago, with all their updates; without an id each update is one.
    async fn expire_tickets(&mut self, table: &'static Table, first: Day) -> Result<u64, Error> {
        let columns = ["source", "ticket_id", "ts"];
        let files = self.tx.read_table(table.name).await?;
        let mut newest: HashMap<Ticket, i64> = HashMap::new();
        for file in &files {
            for batch in self.tx.read(file, Some(&columns)).await? {
                for (ticket, ts) in tickets(&batch) {
                    if let Some(ticket) = ticket {
                        let newest = newest.entry(ticket).or_insert(ts);
                        *newest = (*newest).max(ts);
                    }
                }
            }
        }
        let mut n_rows = 0;
        for file in &files {
            let batches = self.tx.read(file, Some(&columns)).await?;
            let keep: BooleanArray = batches
                .iter()
                .flat_map(tickets)
                .map(|(ticket, ts)| {
                    let last = ticket.and_then(|ticket| newest.get(&ticket).copied()).unwrap_or(ts);
                    Some(last >= first.start().0 || file.day == Day::UNDATED)
                })
                .collect();
            n_rows += (keep.len() - keep.true_count()) as u64;
            if !self.dry_run {
                self.tx.drop_rows(file, &keep).await?;
            }
        }
        if n_rows > 0 && !self.dry_run {
            derive_whole(self.tx).await?;
        }
        newest.retain(|_, last| *last < first.start().0);
        self.tickets = newest.into_keys().collect();
        Ok(n_rows)
    }

    /// What follows from rows without a time, and the copies that loads had of rows that are gone.
    async fn finish(self, definitions: &Definitions) -> Result<(), Error> {
        if !self.touched.days.is_empty() {
            self.touched.derive(self.tx, definitions, PART_OF_DAYS).await?;
        }
        let first_days: BTreeMap<&str, Day> = definitions
            .retentions
            .iter()
            .filter_map(|of| Some((of.table.name, self.tx.first_day(of.table.name)?)))
            .collect();
        let mut held = held::read(self.tx).await?;
        let n_held = held.len();
        held.retain(|held| {
            let first = first_days.get(held.table.as_str());
            let is_young = held.day == Day::UNDATED || first.is_none_or(|first| held.day >= *first);
            is_young && !self.tickets.iter().any(|ticket| is_of(held, ticket))
        });
        if held.len() < n_held {
            for file in self.tx.read_table("duplicates").await? {
                self.tx.replace_rows(&file, Vec::new()).await?;
            }
            held::write(self.tx, &held).await?;
        }
        Ok(())
    }
}

/// Whether a row that a load had is an update of this ticket.
fn is_of(held: &Held, (source, ticket_id): &Ticket) -> bool {
    let row = held.row.as_deref().filter(|_| held.table == "ticket_updates");
    let Some(Ok(row)) = row.map(serde_json::from_str::<serde_json::Value>) else { return false };
    let text = |name: &str| row.get(name).and_then(serde_json::Value::as_str);
    text("source") == source.as_deref() && text("ticket_id") == Some(ticket_id)
}

/// Source and id of each row's ticket, and the row's time.
fn tickets(batch: &RecordBatch) -> Vec<(Option<Ticket>, i64)> {
    let text = |column_idx: usize, row_idx: usize| {
        let column = batch.column(column_idx).as_string_opt::<i32>()?;
        column.is_valid(row_idx).then(|| column.value(row_idx).to_owned())
    };
    let times = batch.column(2).as_primitive_opt::<TimestampMicrosecondType>();
    (0..batch.num_rows())
        .map(|row_idx| {
            let ticket = text(1, row_idx).map(|ticket| (text(0, row_idx), ticket));
            (ticket, times.map_or(0, |times| times.value(row_idx)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::NOW;
    use crate::load::{FileOutcome, Input, LoadOptions};

    const DAY_MICROS: i64 = 86_400_000_000;

    /// Returns the warnings.
    async fn load(store: &Store, name: &str, table: &str, lines: &str, now: Ts) -> Vec<String> {
        let options = LoadOptions { table: Some(table.to_owned()), ..LoadOptions::default() };
        let input = Input::from_bytes(name, lines.trim().as_bytes());
        let summary = store.load(&[input], &options, now, &|_| ()).await.unwrap();
        assert_eq!(summary.n_rejects(), 0, "{}", summary.to_json());
        match summary.files.into_iter().next().unwrap().outcome {
            FileOutcome::Loaded { warnings, .. } => warnings,
            other => panic!("{other:?}"),
        }
    }

    async fn ask(store: &Store, sql: &str) -> Vec<String> {
        crate::fixture::ask(&store.session().await.unwrap(), sql).await
    }

    fn event(day: u32, session: &str) -> String {
        format!(
            r#"{{"ts":"2025-10-{day:02}T10:00:00Z","event_kind":"click","session_id":"{session}"}}"#
        )
    }

    async fn with_rules(rules: &[(&str, &str)]) -> Store {
        let store = Store::in_memory(NOW).await.unwrap();
        let rules: Vec<String> = rules
            .iter()
            .map(|(table, keep)| format!("[[retention]]\ntable = \"{table}\"\nkeep = \"{keep}\"\n"))
            .collect();
        store.write_definition("retention.toml", &rules.concat()).await.unwrap();
        store
    }

    #[tokio::test]
    async fn what_is_derived_outlives_base_rows_and_is_kept_as_it_is() {
        let store = with_rules(&[("events", "10 days"), ("sessions", "20 days")]).await;
        let events: Vec<String> =
            [5, 12, 18, 20, 28].map(|day| event(day, &format!("s{day}"))).into();
        load(&store, "events.jsonl", "events", &events.join("\n"), NOW).await;
        // NOW is the 29th.
        let planned = store.apply_retention(true, NOW).await.unwrap();
        let dropped = store.apply_retention(false, NOW).await.unwrap();
        assert_eq!(planned, dropped);
        let said: Vec<_> = dropped
            .iter()
            .map(|it| (it.table.as_str(), it.first_day.as_str(), it.n_rows))
            .collect();
        assert_eq!(said, [("events", "2025-10-19", 3), ("sessions", "2025-10-09", 1)]);
        let sessions = "SELECT session_id FROM sessions ORDER BY ts";
        assert_eq!(ask(&store, "SELECT count(*) FROM events").await, ["2"]);
        assert_eq!(ask(&store, sessions).await, ["s12", "s18", "s20", "s28"]);

        // Neither deriving again nor late rows change what cannot be derived any more.
        store.derive_all(NOW).await.unwrap();
        let late = load(&store, "late.jsonl", "events", &event(18, "s18-late"), NOW).await;
        assert_eq!(ask(&store, sessions).await, ["s12", "s18", "s20", "s28"]);
        assert_eq!(
            late,
            [
                "1 row is of days before 2025-10-21, of which retention left too little of events: stored, but nothing is derived"
            ]
        );
        let new = load(&store, "new.jsonl", "events", &event(22, "s22"), NOW).await;
        assert_eq!(new, Vec::<String>::new());
        assert_eq!(ask(&store, sessions).await, ["s12", "s18", "s20", "s22", "s28"]);
        assert_eq!(store.apply_retention(false, NOW).await.unwrap()[0].n_rows, 1);
        let epoch = store.tables().head().await.unwrap().number;
        assert_eq!(store.apply_retention(false, NOW).await.unwrap(), []);
        assert_eq!(
            store.tables().head().await.unwrap().number,
            epoch,
            "nothing to do makes no epoch"
        );
    }

    #[tokio::test]
    async fn a_ticket_is_as_old_as_its_last_update() {
        let store = with_rules(&[("ticket_updates", "10 days")]).await;
        let update = |day: u32, ticket: &str, text: &str| {
            format!(
                r#"{{"ts":"2025-10-{day:02}T10:00:00Z","kind":"ticket","source":"desk","ticket_id":"{ticket}","message":"{text}"}}"#
            )
        };
        let lines =
            [update(1, "1", "a"), update(2, "1", "b"), update(1, "2", "c"), update(28, "2", "d")];
        load(&store, "tickets.jsonl", "tickets", &lines.join("\n"), NOW).await;
        let dropped = store.apply_retention(false, NOW).await.unwrap();
        assert_eq!((dropped.len(), dropped[0].n_rows), (1, 2));
        assert_eq!(ask(&store, "SELECT message FROM ticket_updates ORDER BY ts").await, ["c", "d"]);
        assert_eq!(ask(&store, "SELECT ticket_id FROM tickets").await, ["2"]);
    }

    #[tokio::test]
    async fn rows_without_a_time_are_as_old_as_their_load() {
        let store = with_rules(&[("logs", "10 days")]).await;
        load(&store, "logs.jsonl", "logs", r#"{"message":"when?"}"#, NOW).await;
        assert_eq!(ask(&store, "SELECT day FROM logs").await, ["1970-01-01"]);
        let after = |days: i64| Ts(NOW.0 + days * DAY_MICROS);
        assert_eq!(store.apply_retention(false, after(10)).await.unwrap(), []);
        let dropped = store.apply_retention(false, after(11)).await.unwrap();
        assert_eq!((dropped[0].table.as_str(), dropped[0].n_rows), ("logs", 1));
        assert_eq!(ask(&store, "SELECT count(*) FROM logs").await, ["0"]);
    }
}
