//! A store in memory for tests of deriving: base rows from JSON, derived rows back as JSON.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::needless_pass_by_value,
    reason = "small numbers of a test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::Schema;
use arrow::json::{LineDelimitedWriter, ReaderBuilder};
use arrow::record_batch::RecordBatch;
use brunt_model::{Day, Table, Ts, day_of, table};
use brunt_store::Share;
use futures::stream::{self, StreamExt};
use serde_json::{Value, json};

use super::{RowStream, Rows, Tables, WholeTables, derive_on, derive_whole};
use crate::definitions::{DefinitionFile, Definitions};
use crate::error::Error;

pub(super) fn days(days: impl IntoIterator<Item = i32>) -> BTreeSet<Day> {
    days.into_iter().map(Day).collect()
}

/// Base and derived tables in memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    base: BTreeMap<(&'static str, Day), Vec<RecordBatch>>,
    derived: BTreeMap<(&'static str, Day), Vec<RecordBatch>>,
    /// What was read, in order.
    pub(super) read: Vec<(&'static str, Day)>,
}

/// A span; times without a date are of 2025-01-06, parent 0 is none, and what `more` says wins.
pub(super) fn span(time: &str, trace: u8, id: u8, parent: u8, more: Value) -> Value {
    let parent = (parent > 0).then(|| format!("{parent:016x}"));
    let row = json!({
        "trace_id": format!("{trace:032x}"), "span_id": format!("{id:016x}"), "parent_span_id": parent,
        "span_name": "work", "span_kind": "SERVER", "status_code": "OK", "service_name": "shop",
    });
    row_at(time, row, more)
}

/// A span event list with one exception.
pub(super) fn thrown(exception_type: &str, message: &str) -> String {
    let attributes = json!({"exception.type": exception_type, "exception.message": message});
    json!([{"name": "exception", "attributes": attributes}]).to_string()
}

/// A log; trace 0 is none.
pub(super) fn log(time: &str, trace: u8, more: Value) -> Value {
    let trace = (trace > 0).then(|| format!("{trace:032x}"));
    row_at(time, json!({"trace_id": trace, "service_name": "shop"}), more)
}

/// A session event; the empty session is none.
pub(super) fn event(time: &str, session: &str, more: Value) -> Value {
    let session = (!session.is_empty()).then_some(session);
    row_at(time, json!({"session_id": session, "event_kind": "click"}), more)
}

fn row_at(time: &str, mut row: Value, more: Value) -> Value {
    let ts = if time.contains('T') { time.to_owned() } else { format!("2025-01-06T{time}Z") };
    row["ts"] = json!(ts);
    for (key, value) in more.as_object().unwrap() {
        row[key] = value.clone();
    }
    row
}

/// Definitions of one file.
pub(super) fn journeys(toml: &str) -> Definitions {
    let file = DefinitionFile { name: "journeys.toml".to_owned(), text: toml.to_owned() };
    Definitions::parse(vec![file]).unwrap()
}

/// A batch of a base table, its rows as JSON objects; columns that they leave out are NULL.
pub(super) fn batch(table: &'static Table, rows: &[Value]) -> RecordBatch {
    let schema = table.schema();
    let fields: Vec<_> =
        schema.fields().iter().filter(|field| field.name() != "day").cloned().collect();
    let mut decoder = ReaderBuilder::new(Arc::new(Schema::new(fields)))
        .with_batch_size(rows.len().max(1))
        .build_decoder()
        .unwrap();
    decoder.serialize(rows).unwrap();
    let decoded = decoder.flush().unwrap().unwrap();
    let days = decoded.column_by_name("ts").unwrap();
    let days = arrow::compute::cast(days, &arrow::datatypes::DataType::Date32).unwrap();
    let columns: Vec<ArrayRef> = schema
        .fields()
        .iter()
        .map(|field| decoded.column_by_name(field.name()).unwrap_or(&days))
        .map(Arc::clone)
        .collect();
    RecordBatch::try_new(schema, columns).unwrap()
}

impl Memory {
    /// Adds rows of one base table.
    pub(super) fn add(&mut self, name: &str, rows: &[Value]) -> &mut Self {
        let table = table(name).unwrap();
        for row in rows {
            let ts = chrono::DateTime::parse_from_rfc3339(row["ts"].as_str().unwrap()).unwrap();
            let day = day_of(Ts(ts.timestamp_micros()));
            let batch = batch(table, std::slice::from_ref(row));
            self.base.entry((table.name, day)).or_default().push(batch);
        }
        self
    }

    /// The same rows in another order, in batches of another size.
    pub(super) fn shuffled(&self, seed: u64, batch_rows: usize) -> Self {
        let mut state = seed | 1;
        let mut shuffled = Self::default();
        for (key, batches) in &self.base {
            let schema = batches[0].schema();
            let all = arrow::compute::concat_batches(&schema, batches).unwrap();
            let mut order: Vec<u32> = (0..all.num_rows() as u32).collect();
            for idx in (1..order.len()).rev() {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                order.swap(idx, (state % (idx as u64 + 1)) as usize);
            }
            let all = take_record_batch(&all, &UInt32Array::from(order)).unwrap();
            let n = all.num_rows();
            let parts = (0..n).step_by(batch_rows).map(|at| all.slice(at, batch_rows.min(n - at)));
            shuffled.base.insert(*key, parts.collect());
        }
        shuffled
    }

    /// The rows of these days alone.
    pub(super) fn only(&self, from: Day, until: Day) -> Self {
        let kept = self.base.iter().filter(|((_, day), _)| (from..=until).contains(day));
        Self { base: kept.map(|(key, rows)| (*key, rows.clone())).collect(), ..Self::default() }
    }

    /// The days that base rows can reach.
    pub(super) fn days(&self) -> BTreeSet<Day> {
        super::reach(&self.base.keys().map(|(_, day)| *day).collect())
    }

    /// Derives all days that base rows can reach.
    pub(super) fn derive(&mut self, definitions: &Definitions) -> &mut Self {
        let days = self.days();
        self.derive_only(&days, definitions)
    }

    pub(super) fn derive_only(
        &mut self,
        days: &BTreeSet<Day>,
        definitions: &Definitions,
    ) -> &mut Self {
        futures::executor::block_on(derive_on(self, days, definitions, 2)).unwrap();
        self
    }

    pub(super) fn derive_whole(&mut self) -> &mut Self {
        let days = self.base.keys().map(|(_, day)| *day).collect();
        futures::executor::block_on(derive_whole(self, &days)).unwrap();
        self
    }

    /// Derives everything, without journeys.
    pub(super) fn derived(&mut self) -> &mut Self {
        self.derive(&Definitions::default())
    }

    /// All rows of a derived table, as objects without NULLs, in the order in which they were given.
    pub(super) fn rows(&self, name: &str) -> Vec<Value> {
        let days: BTreeSet<Day> = self.derived.keys().map(|(_, day)| *day).collect();
        days.into_iter().flat_map(|day| self.rows_on(name, day)).collect()
    }

    pub(super) fn rows_on(&self, name: &str, day: Day) -> Vec<Value> {
        let key = (table(name).unwrap().name, day);
        let mut writer = LineDelimitedWriter::new(Vec::new());
        for batch in self.derived.get(&key).into_iter().flatten() {
            writer.write(batch).unwrap();
        }
        writer.finish().unwrap();
        let text = String::from_utf8(writer.into_inner()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The only row of a derived table.
    pub(super) fn row(&self, name: &str) -> Value {
        let mut rows = self.rows(name);
        assert_eq!(rows.len(), 1, "{rows:#?}");
        rows.remove(0)
    }
}

impl Rows for Memory {
    async fn rows(
        &mut self,
        table: &'static Table,
        day: Day,
        columns: &[&'static str],
    ) -> Result<RowStream, Error> {
        self.read.push((table.name, day));
        let batches = self.base.get(&(table.name, day)).into_iter().flatten();
        let idxs: Vec<usize> = columns.iter().map(|name| table.column_idx(name).unwrap()).collect();
        let rows: Vec<_> = batches.map(|batch| Ok(batch.project(&idxs).unwrap())).collect();
        Ok(stream::iter(rows).boxed())
    }
}

impl Tables for Memory {
    async fn replace(
        &mut self,
        table: &'static Table,
        day: Day,
        rows: Vec<RecordBatch>,
        share: Share,
    ) -> Result<(), Error> {
        for batch in &rows {
            assert_eq!(batch.schema(), table.schema());
        }
        let of_day = self.derived.entry((table.name, day)).or_default();
        if share.is_first {
            of_day.clear();
        }
        of_day.extend(rows);
        Ok(())
    }
}

impl WholeTables for Memory {
    async fn replace_all(
        &mut self,
        table: &'static Table,
        days: BTreeMap<Day, Vec<RecordBatch>>,
    ) -> Result<(), Error> {
        self.derived.retain(|(name, _), _| *name != table.name);
        for (day, rows) in days {
            self.replace(table, day, rows, Share::WHOLE).await?;
        }
        Ok(())
    }
}
