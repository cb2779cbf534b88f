//! Laws of deriving, on random rows planted around midnights: nothing depends on order, batches, or other days.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::needless_pass_by_value,
    reason = "small numbers of a test"
)]

use std::collections::{BTreeMap, BTreeSet, HashSet};

use arrow::array::AsArray;
use arrow::record_batch::RecordBatch;
use brunt_model::{Day, Table};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::parts::derive_in_parts;
use super::ranges::derive_ranges;
use super::read::base_table;
use super::testing::{Memory, batch, journeys};
use super::{Found, Links, Versions, derive_touched};
use crate::definitions::Definitions;
use crate::error::Error;

const TABLES: [&str; 5] = ["sessions", "traces", "activities", "errors", "journey_steps"];
const FIRST_DAY: i32 = 20_000;

/// A row before its ids have names.
#[derive(Debug, Clone)]
pub(crate) struct Planted {
    table: usize,
    day: i32,
    minute: i64,
    /// Trace, session, user, account, anonymous user; 0 is none.
    ids: [u8; 5],
    /// Chooses among the variants of each table.
    variant: u8,
}

pub(crate) fn planted() -> impl Strategy<Value = Planted> {
    let ids = (0..5_u8, 0..4_u8, 0..4_u8, 0..3_u8, 0..3_u8);
    planted_with(ids.prop_map(|ids| [ids.0, ids.1, ids.2, ids.3, ids.4]), any::<u8>())
}

/// Rows with few ids each, out of many, and many orders: most are connected with few others, and by one id alone.
fn loosely_connected() -> impl Strategy<Value = Planted> {
    let one = (0..5_usize, 1..4_u8).prop_map(|(kind, id)| {
        let mut ids = [0; 5];
        ids[kind] = id;
        ids
    });
    let two = (0..6_u8, 0..6_u8, 0..6_u8, 0..2_u8, 0..4_u8)
        .prop_map(|ids| [ids.0, ids.1, ids.2, ids.3, ids.4]);
    // Orders and errors.
    let variant = prop_oneof![any::<u8>(), Just(3), Just(9), Just(4), Just(12)];
    planted_with(prop_oneof![3 => one, 1 => two], variant)
}

fn planted_with(
    ids: impl Strategy<Value = [u8; 5]>,
    variant: impl Strategy<Value = u8>,
) -> impl Strategy<Value = Planted> {
    // Near midnight, or every hour and a half, so that both quiet and never quiet days happen.
    let minute =
        prop_oneof![0..20_i64, 1_420..1_440_i64, (0..16_i64).prop_map(|n| n * 90), 0..1_440_i64];
    (0..3_usize, 0..6_i32, minute, ids, variant)
        .prop_map(|(table, day, minute, ids, variant)| Planted { table, day, minute, ids, variant })
}

fn plant(all: &[Planted]) -> Memory {
    let mut memory = Memory::default();
    for (table, row) in as_json(all) {
        memory.add(table, &[row]);
    }
    memory
}

/// The rows with the names of their tables.
pub(crate) fn as_json(all: &[Planted]) -> Vec<(&'static str, Value)> {
    let mut rows = Vec::new();
    for (number, row) in all.iter().enumerate() {
        let ts = Day(FIRST_DAY + row.day).start().0 + row.minute * 60_000_000;
        let ts = chrono::DateTime::from_timestamp_micros(ts).unwrap().to_rfc3339();
        let mut object = Map::new();
        object.insert("ts".to_owned(), json!(ts));
        let names = ["trace_id", "session_id", "user_id", "account_id", "user_pseudo_id"];
        for (name, id) in names.iter().zip(row.ids).filter(|(_, id)| *id > 0) {
            // Some know the lower half of a trace's id, some all of it, and a few traces share theirs.
            let upper = [0, 0, 0, 10, 10, 10, 11][usize::from(row.variant) % 7];
            let text = if *name == "trace_id" {
                format!("{upper:016x}{id:016x}")
            } else {
                format!("{name}-{id}")
            };
            object.insert((*name).to_owned(), json!(text));
        }
        object
            .insert("service_name".to_owned(), json!(["web", "pay"][usize::from(row.variant) % 2]));
        object.insert(
            "device_type".to_owned(),
            json!(["mobile", "desktop"][usize::from(row.variant) / 2 % 2]),
        );
        let more = match row.table {
            0 => span(row, number, all),
            1 => log(row, number),
            _ => event(row, number),
        };
        object.extend(more.as_object().unwrap().clone());
        rows.push((["spans", "logs", "events"][row.table], Value::Object(object)));
    }
    rows
}

fn span(row: &Planted, number: usize, all: &[Planted]) -> Value {
    let earlier =
        all[..number].iter().rposition(|other| other.table == 0 && other.ids[0] == row.ids[0]);
    let parent = match row.variant % 4 {
        0 => None,
        1 => Some(format!("{:016x}", 0xdead_beef_u64)),
        _ => earlier.map(|idx| format!("{:016x}", idx + 1)),
    };
    let failed = row.variant.is_multiple_of(3);
    json!({
        "span_id": format!("{:016x}", number + 1),
        "parent_span_id": parent,
        "span_name": (["pay", "ship"][usize::from(row.variant) % 2]),
        "span_kind": (["SERVER", "CLIENT", "INTERNAL"][usize::from(row.variant) % 3]),
        "status_code": if failed { "ERROR" } else { "OK" },
        "duration_ns": i64::from(row.variant) * 1_000_000_000,
        "span_events": row.variant.is_multiple_of(6).then(|| json!([
            {"name": "exception", "attributes": {"exception.type": "Timeout", "exception.message": "slow"}}
        ]).to_string()),
    })
}

fn log(row: &Planted, number: usize) -> Value {
    json!({
        "severity_number": if row.variant.is_multiple_of(2) { 17 } else { 9 },
        "body": "slow",
        "exception_type": row.variant.is_multiple_of(4).then_some("Timeout"),
        // Some rows are equal in everything, as lines of a log are.
        "span_id": row.variant.is_multiple_of(5).then(|| format!("{number:016x}")),
    })
}

fn event(row: &Planted, number: usize) -> Value {
    let kinds = ["page_view", "click", "step", "purchase", "error", "frustration"];
    let names = ["cart", "buy", "session.start", "cart", "buy", "session.end"];
    json!({
        "event_kind": kinds[usize::from(row.variant) % 6],
        "event_id": row.variant.is_multiple_of(2).then(|| format!("event-{number}")),
        "event_name": names[usize::from(row.variant) / 3 % 6],
        "exception_type": (row.variant % 6 == 4).then_some("TypeError"),
        "order_id": (row.variant % 6 == 3).then(|| format!("order-{}", row.variant % 4)),
        "order_value": (row.variant % 6 == 3).then_some("12.5"),
        "currency": (["EUR", "USD"][usize::from(row.variant) / 7 % 2]),
    })
}

/// A journey with a step of each kind.
pub(crate) const JOURNEYS: &str = r#"
[[journey]]
name = "checkout"
[[journey.step]]
name = "cart"
table = "events"
where = "event_name = 'cart'"
[[journey.step]]
name = "pay"
table = "spans"
where = "span_name = 'pay'"
[[journey.step]]
name = "buy"
table = "orders"
value = "order_value"
"#;

fn definitions() -> Definitions {
    journeys(JOURNEYS)
}

fn all_rows(memory: &Memory) -> BTreeMap<&'static str, Vec<Value>> {
    TABLES.iter().map(|name| (*name, memory.rows(name))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn order_and_batches_do_not_matter(
        rows in prop::collection::vec(planted(), 1..60),
        seed in any::<u64>(),
        batch_rows in 1..9_usize,
    ) {
        let definitions = definitions();
        let mut memory = plant(&rows);
        let mut shuffled = memory.shuffled(seed, batch_rows);
        prop_assert_eq!(
            all_rows(memory.derive(&definitions)),
            all_rows(shuffled.derive(&definitions))
        );
    }

    #[test]
    fn a_day_depends_on_two_days_on_each_side_and_on_nothing_else(
        rows in prop::collection::vec(planted(), 1..60),
    ) {
        let definitions = definitions();
        let memory = plant(&rows);
        let mut whole = memory.clone();
        whole.derive(&definitions);
        for day in memory.days() {
            let mut near = memory.only(day.plus(-2), day.plus(2));
            near.derive_only(&BTreeSet::from([day]), &definitions);
            for name in TABLES {
                prop_assert_eq!(whole.rows_on(name, day), near.rows_on(name, day), "{} on {}", name, day);
            }
        }
    }

    #[test]
    fn derived_tables_agree_with_each_other(rows in prop::collection::vec(planted(), 1..60)) {
        let mut memory = plant(&rows);
        memory.derive(&definitions());
        let key = |row: &Value| (row["session_id"].to_string(), row["session_started_at"].to_string());
        let sessions = memory.rows("sessions");
        let known: HashSet<(String, String)> =
            sessions.iter().map(|row| (row["session_id"].to_string(), row["ts"].to_string())).collect();
        prop_assert_eq!(known.len(), sessions.len());
        for name in ["traces", "activities", "errors", "journey_steps"] {
            for row in memory.rows(name).iter().filter(|row| row.get("session_id").is_some()) {
                prop_assert!(known.contains(&key(row)), "{} {:#}", name, row);
            }
        }
        let activities = memory.rows("activities");
        let ids: HashSet<String> = activities.iter().map(|row| row["activity_id"].to_string()).collect();
        prop_assert_eq!(ids.len(), activities.len());
        let errors = memory.rows("errors");
        let error_ids: HashSet<String> = errors.iter().map(|row| row["error_id"].to_string()).collect();
        prop_assert_eq!(error_ids.len(), errors.len());
        for row in &errors {
            prop_assert!(ids.contains(&row["activity_id"].to_string()), "{:#}", row);
        }
        let n_errors = |rows: &[Value]| rows.iter().filter_map(|row| row["n_errors"].as_i64()).sum::<i64>();
        prop_assert_eq!(n_errors(&activities), errors.len() as i64);
        let in_sessions = errors.iter().filter(|row| row.get("session_id").is_some()).count();
        prop_assert_eq!(n_errors(&sessions), in_sessions as i64);
        let in_traces = errors.iter().filter(|row| row.get("trace_id").is_some()).count();
        prop_assert_eq!(n_errors(&memory.rows("traces")), in_traces as i64);
    }
}

#[test]
fn each_day_is_read_once() {
    let rows: Vec<Planted> = (0..6)
        .map(|day| Planted { table: 1, day, minute: 600, ids: [1, 1, 1, 1, 1], variant: 0 })
        .collect();
    let mut memory = plant(&rows);
    memory.derive(&definitions());
    let distinct: HashSet<_> = memory.read.iter().collect();
    assert_eq!(distinct.len(), memory.read.len());
}

/// Rows before and after a write, and what is derived from them so far.
struct Write {
    /// Table, row, whether it was there before, whether it is there after.
    rows: Vec<(&'static str, Value, bool, bool)>,
    derived: BTreeMap<(&'static str, Day), Vec<String>>,
    n_changed: usize,
}

fn lines(rows: &[RecordBatch]) -> Vec<String> {
    let mut writer = arrow::json::LineDelimitedWriter::new(Vec::new());
    for batch in rows {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap();
    let text = String::from_utf8(writer.into_inner()).unwrap();
    text.lines().map(str::to_owned).collect()
}

impl Write {
    /// The rows on one side, derived on all days.
    fn memory(&self, is_after: bool) -> Memory {
        let mut memory = Memory::default();
        for (table, row, before, after) in &self.rows {
            if if is_after { *after } else { *before } {
                memory.add(table, std::slice::from_ref(row));
            }
        }
        memory.derive(&definitions());
        memory
    }

    fn expected(&self, is_after: bool) -> BTreeMap<(&'static str, Day), Vec<String>> {
        let memory = self.memory(is_after);
        let mut all = BTreeMap::new();
        for (name, day) in
            TABLES.iter().flat_map(|name| memory.days().into_iter().map(move |day| (*name, day)))
        {
            let mut rows: Vec<String> =
                memory.rows_on(name, day).iter().map(Value::to_string).collect();
            rows.sort();
            if !rows.is_empty() {
                all.insert((name, day), rows);
            }
        }
        all
    }
}

impl Versions for Write {
    async fn linked(
        &mut self,
        table: &'static Table,
        day: Day,
        columns: &[&'static str],
        links: &Links,
    ) -> Result<Vec<Found>, Error> {
        let idxs: Vec<usize> = columns.iter().map(|name| table.column_idx(name).unwrap()).collect();
        let mut found = Vec::new();
        for (name, row, before, after) in &self.rows {
            if *name == table.name {
                let rows = batch(table, std::slice::from_ref(row));
                let days = rows.column_by_name("day").unwrap();
                let days = days.as_primitive::<arrow::datatypes::Date32Type>();
                if days.value(0) == day.0 && links.holds(&rows).value(0) {
                    let rows = rows.project(&idxs).unwrap();
                    found.push(Found { rows, before: *before, after: *after });
                }
            }
        }
        Ok(found)
    }

    async fn change(
        &mut self,
        table: &'static Table,
        day: Day,
        before: Vec<RecordBatch>,
        after: Vec<RecordBatch>,
    ) -> Result<bool, Error> {
        let as_json = |line: String| serde_json::from_str::<Value>(&line).unwrap().to_string();
        let rows = self.derived.entry((table.name, day)).or_default();
        for row in lines(&before).into_iter().map(as_json) {
            let Some(idx) = rows.iter().position(|other| *other == row) else { return Ok(false) };
            rows.remove(idx);
            self.n_changed += 1;
        }
        rows.extend(lines(&after).into_iter().map(as_json));
        rows.sort();
        if rows.is_empty() {
            self.derived.remove(&(table.name, day));
        }
        Ok(true)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn deriving_in_parts_gives_what_deriving_at_once_gives(
        rows in prop::collection::vec(prop_oneof![planted(), loosely_connected()], 1..60),
        n_parts in 2..6_usize,
    ) {
        let definitions = definitions();
        let mut whole = plant(&rows);
        let mut parted = whole.clone();
        whole.derive(&definitions);
        let days = parted.days();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let derived = derive_in_parts(&mut parted, &days, &definitions, n_parts);
        runtime.block_on(derived).unwrap();
        for name in TABLES {
            for day in &days {
                let sorted = |memory: &Memory| {
                    let mut rows: Vec<String> =
                        memory.rows_on(name, *day).iter().map(Value::to_string).collect();
                    rows.sort();
                    rows
                };
                prop_assert_eq!(sorted(&whole), sorted(&parted), "{} on {}", name, day);
            }
        }
    }

    #[test]
    fn deriving_in_ranges_gives_what_deriving_at_once_gives(
        rows in prop::collection::vec(planted(), 1..60),
        first_of_second in 0..6_i32,
    ) {
        let definitions = definitions();
        let mut whole = plant(&rows);
        let mut ranged = whole.clone();
        whole.derive(&definitions);
        let days = ranged.days();
        let first_of_second = Day(FIRST_DAY + first_of_second);
        let ranges = [days.range(..first_of_second), days.range(first_of_second..)];
        let ranges = ranges.map(|range| range.copied().collect());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(derive_ranges(&mut ranged, ranges, &definitions)).unwrap();
        for name in TABLES {
            for day in &days {
                let rows = [&whole, &ranged].map(|memory| memory.rows_on(name, *day));
                prop_assert_eq!(&rows[0], &rows[1], "{} on {}", name, day);
            }
        }
    }

    #[test]
    fn deriving_what_is_connected_with_a_write_gives_what_deriving_all_gives(
        rows in prop::collection::vec((prop_oneof![planted(), loosely_connected()], 0..8_u8), 1..50),
    ) {
        let planted: Vec<Planted> = rows.iter().map(|(row, _)| row.clone()).collect();
        let mut write = Write { rows: Vec::new(), derived: BTreeMap::new(), n_changed: 0 };
        let (mut links, mut days) = (Links::default(), BTreeSet::new());
        for ((table, row), (of, side)) in as_json(&planted).into_iter().zip(&rows) {
            // Some come, fewer go, most stay.
            let (before, after) = (*side != 0 && *side != 1, *side != 2);
            if before != after {
                links.add(&batch(base_table(table).unwrap(), std::slice::from_ref(&row)), |_| true);
                days.insert(Day(FIRST_DAY + of.day));
            }
            write.rows.push((table, row, before, after));
        }
        write.derived = write.expected(false);
        let definitions = definitions();
        let done = derive_touched(&mut write, &days, links, usize::MAX, &definitions);
        prop_assert!(futures::executor::block_on(done).unwrap());
        prop_assert_eq!(&write.derived, &write.expected(true));
    }
}

#[test]
fn what_is_connected_with_nothing_is_left_alone() {
    let row = |user: u8, variant| Planted {
        table: 2,
        day: 1,
        minute: 600,
        ids: [0, user, user, 0, 0],
        variant,
    };
    let planted: Vec<Planted> = (1..4).map(|user| row(user, 0)).collect();
    let all = as_json(&planted);
    let mut write = Write {
        rows: all
            .iter()
            .zip([true, true, false])
            .map(|((table, row), before)| (*table, row.clone(), before, true))
            .collect(),
        derived: BTreeMap::new(),
        n_changed: 0,
    };
    write.derived = write.expected(false);
    let mut links = Links::default();
    links.add(&batch(base_table("events").unwrap(), &[all[2].1.clone()]), |_| true);
    let days = BTreeSet::from([Day(FIRST_DAY + 1)]);
    let definitions = definitions();
    let done = derive_touched(&mut write, &days, links, usize::MAX, &definitions);
    assert!(futures::executor::block_on(done).unwrap());
    assert_eq!(write.n_changed, 0);
    assert_eq!(write.derived, write.expected(true));
}
