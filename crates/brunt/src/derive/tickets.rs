//! `tickets`: each support ticket in its latest state, from all its exported updates.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{Array, StringArray};
use arrow::record_batch::RecordBatch;
use brunt_model::{Day, Ts, day_of};

use super::Rows;
use super::facts::UNKNOWN_DAY;
use super::output::Columns;
use super::read::base_table;
use super::whole::{States, micros, text};
use crate::error::Error;

/// What one ticket's rows are known by: its source and id; without an id every row is a ticket.
type Key = (Option<String>, Result<String, u32>);

/// The tickets of all days. Its time is its first; its columns are the newest values of its states, and where no state
/// has one, of its comments. Ids are its own: what belongs to its trace or user is joined when asked.
///
/// # Errors
/// Those of reading.
pub(super) async fn derive(
    tables: &mut impl Rows,
    days: &BTreeSet<Day>,
) -> Result<BTreeMap<Day, Vec<RecordBatch>>, Error> {
    let base = base_table("ticket_updates")?;
    let states = States::read(tables, base, days.iter().copied(), state_time).await?;
    let mut by_ticket: HashMap<Key, Vec<u32>> = HashMap::new();
    for row in (0_u32..).take(states.rows.num_rows()) {
        let id = text(&states.rows, "ticket_id", row as usize).map(str::to_owned).ok_or(row);
        let source = text(&states.rows, "source", row as usize).map(str::to_owned);
        by_ticket.entry((source, id)).or_default().push(row);
    }
    let mut by_day: BTreeMap<Day, Vec<Ticket>> = BTreeMap::new();
    for rows in by_ticket.into_values() {
        let ticket = Ticket::new(&states.rows, rows);
        by_day.entry(day_of(Ts(ticket.ts))).or_default().push(ticket);
    }
    let mut batches = BTreeMap::new();
    for (day, tickets) in by_day {
        batches.insert(day, write(&states, tickets)?);
    }
    Ok(batches)
}

/// A ticket's rows, each kind by time.
#[derive(Debug)]
struct Ticket {
    ts: i64,
    states: Vec<u32>,
    comments: Vec<u32>,
}

impl Ticket {
    fn new(all: &RecordBatch, rows: Vec<u32>) -> Self {
        let time = |row: &u32| micros(all, "ts", *row as usize);
        let known = rows.iter().map(time).filter(|ts| day_of(Ts(*ts)) != UNKNOWN_DAY).min();
        let ts = known.or_else(|| rows.iter().map(time).min()).unwrap_or_default();
        let is_comment = |row: &u32| text(all, "kind", *row as usize) == Some("comment");
        let (comments, states) = rows.into_iter().partition(is_comment);
        Self { ts, states, comments }
    }

    /// The row with the newest value of a column.
    fn newest(&self, states: &States, name: &str) -> Result<Option<u32>, Error> {
        match states.newest(name, &self.states)? {
            Some(row) => Ok(Some(row)),
            None => states.newest(name, &self.comments),
        }
    }

    fn first_message<'a>(&self, all: &'a RecordBatch) -> Option<&'a str> {
        self.states.iter().chain(&self.comments).find_map(|row| text(all, "message", *row as usize))
    }
}

fn write(states: &States, mut tickets: Vec<Ticket>) -> Result<Vec<RecordBatch>, Error> {
    let table = base_table("tickets")?;
    // By layout: hour, account, time; then by the order of their rows, which is that of their content.
    let newest = |ticket: &Ticket, name| ticket.newest(states, name).ok().flatten();
    tickets.sort_by_cached_key(|ticket| {
        let account = newest(ticket, "account_id");
        let account = account.and_then(|row| text(&states.rows, "account_id", row as usize));
        let first = ticket.states.first().or(ticket.comments.first()).copied();
        (Ts(ticket.ts).hour(), account.is_none(), account.map(str::to_owned), ticket.ts, first)
    });
    let mut columns = Columns::new(table, tickets.len());
    for column in &table.columns {
        if states.rows.column_by_name(column.name).is_some() {
            let rows: Vec<Option<u32>> = tickets
                .iter()
                .map(|ticket| ticket.newest(states, column.name))
                .collect::<Result<_, _>>()?;
            columns.set(column.name, states.take(column.name, &rows)?);
        }
    }
    for name in ["session_id", "user_id", "account_id"] {
        let sources: StringArray =
            tickets.iter().map(|ticket| newest(ticket, name).map(|_| "own")).collect();
        columns.set(&format!("{name}_source"), Arc::new(sources));
    }
    columns.times(&tickets.iter().map(|ticket| ticket.ts).collect::<Vec<_>>());
    columns.text("first_message", tickets.iter().map(|ticket| ticket.first_message(&states.rows)));
    let n = |rows: &[u32]| i64::try_from(rows.len()).ok();
    columns.bigint("n_updates", tickets.iter().map(|ticket| n(&ticket.states)));
    columns.bigint("n_comments", tickets.iter().map(|ticket| n(&ticket.comments)));
    columns.finish()
}

/// When a state was written.
fn state_time(rows: &RecordBatch, row: usize) -> i64 {
    let updated = rows.column_by_name("updated_at").is_some_and(|array| array.is_valid(row));
    micros(rows, if updated { "updated_at" } else { "ts" }, row)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::derive::testing::Memory;

    fn updates() -> [Value; 4] {
        [
            json!({"ts": "2025-01-06T10:00:00Z", "source": "desk", "kind": "ticket", "ticket_id": "1",
                   "message": "It broke", "status": "open", "user_id": "u", "labels": ["a", "b"], "load_id": "x"}),
            json!({"ts": "2025-01-07T10:00:00Z", "source": "desk", "kind": "comment", "ticket_id": "1",
                   "message": "Looking", "topic": "checkout"}),
            json!({"ts": "2025-01-08T10:00:00Z", "source": "desk", "kind": "ticket", "ticket_id": "1",
                   "message": "It broke again", "status": "solved", "updated_at": "2025-01-08T11:00:00Z"}),
            json!({"ts": "2025-01-06T10:00:00Z", "source": "chat", "kind": "chat", "ticket_id": "1"}),
        ]
    }

    #[test]
    fn a_ticket_is_its_latest_state_at_its_first_time() {
        let mut memory = Memory::default();
        memory.add("ticket_updates", &updates()).derive_whole();
        let tickets = memory.rows("tickets");
        assert_eq!(tickets.len(), 2);
        let ticket = tickets.iter().find(|row| row["source"] == "desk").unwrap();
        assert_eq!(ticket["ts"], "2025-01-06T10:00:00Z");
        for (name, value) in [
            ("message", json!("It broke again")),
            ("first_message", json!("It broke")),
            ("status", json!("solved")),
            ("topic", json!("checkout")),
            ("kind", json!("ticket")),
            ("labels", json!(["a", "b"])),
            ("n_updates", json!(2)),
            ("n_comments", json!(1)),
            ("user_id", json!("u")),
            ("user_id_source", json!("own")),
        ] {
            assert_eq!(ticket[name], value, "{name}");
        }
        assert_eq!(ticket.get("session_id_source"), None);
    }

    #[test]
    fn the_order_of_updates_does_not_matter() {
        let mut memory = Memory::default();
        memory.add("ticket_updates", &updates());
        let mut shuffled = memory.shuffled(7, 1);
        assert_eq!(memory.derive_whole().rows("tickets"), shuffled.derive_whole().rows("tickets"));
    }
}
