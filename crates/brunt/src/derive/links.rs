//! What connects base rows: rows that share one of these ids, however indirectly, can decide each other's derived rows;
//! rows that do not share any cannot.
//!
//! Traces, sessions and orders are what derivation puts together; users, known or anonymous, because an error without
//! an activity of its own is carried by its user's, and because the silence of a user makes sessions. A row without any of
//! these ids stands alone, but its equals count it, to tell each other apart: they have its time.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray, BooleanArray, StringArray};
use arrow::datatypes::TimestampMicrosecondType;
use arrow::record_batch::RecordBatch;
use brunt_model::{Table, TraceId};
use brunt_store::Wanted;

/// The column that some exporters know half of.
pub(super) const TRACE: &str = "trace_id";

/// The columns by which rows are connected; `order_id` is a column of events alone.
const IDS: [&str; 5] = [TRACE, "session_id", "user_id", "user_pseudo_id", "order_id"];

/// Values that connect rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Links {
    ids: BTreeMap<&'static str, BTreeSet<String>>,
    /// Lower halves of traces' ids of which some row knows no more: rows with any such id are connected.
    halves: BTreeSet<String>,
    /// Times of rows without any id.
    alone: BTreeSet<i64>,
}

/// The columns that tell what connects the rows of a table.
pub(crate) fn link_columns(table: &Table) -> Vec<&'static str> {
    let ids = IDS.into_iter().filter(|name| table.column(name).is_some());
    std::iter::once("ts").chain(ids).collect()
}

impl Links {
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn len(&self) -> usize {
        let n_ids: usize = self.ids.values().map(BTreeSet::len).sum();
        self.alone.len() + self.halves.len() + n_ids
    }

    /// Takes in what connects those rows of which `wanted` is true.
    pub(crate) fn add(&mut self, batch: &RecordBatch, wanted: impl Fn(usize) -> bool) {
        let columns = Columns::of(batch);
        for row_idx in (0..batch.num_rows()).filter(|row_idx| wanted(*row_idx)) {
            let mut is_alone = true;
            for (name, texts) in &columns.ids {
                if texts.is_valid(row_idx) {
                    is_alone = false;
                    self.add_id(name, texts.value(row_idx));
                }
            }
            if is_alone {
                self.alone.extend(columns.ts(row_idx));
            }
        }
    }

    fn add_id(&mut self, name: &'static str, text: &str) {
        let halves = if name == TRACE { TraceId::halves(text) } else { None };
        if let Some((TraceId::UNKNOWN_HALF, lower)) = halves
            && !self.halves.contains(lower)
        {
            self.halves.insert(lower.to_owned());
        }
        let values = self.ids.entry(name).or_default();
        if values.contains(text) {
            return;
        }
        values.insert(text.to_owned());
        // Rows that know the lower half alone are found by it as by any id.
        values.extend(halves.map(|(_, lower)| format!("{}{lower}", TraceId::UNKNOWN_HALF)));
    }

    fn holds_id(&self, name: &'static str, text: &str) -> bool {
        let by_half = || {
            let lower = TraceId::halves(text).map(|(_, lower)| lower);
            lower.is_some_and(|lower| self.halves.contains(lower))
        };
        self.ids.get(name).is_some_and(|values| values.contains(text))
            || (name == TRACE && !self.halves.is_empty() && by_half())
    }

    /// Which rows are connected by one of these.
    pub(crate) fn holds(&self, batch: &RecordBatch) -> BooleanArray {
        let columns = Columns::of(batch);
        (0..batch.num_rows())
            .map(|row_idx| {
                let (mut is_alone, mut is_held) = (true, false);
                for (name, texts) in &columns.ids {
                    if texts.is_valid(row_idx) {
                        is_alone = false;
                        is_held |= self.holds_id(name, texts.value(row_idx));
                    }
                }
                let by_time = || columns.ts(row_idx).is_some_and(|ts| self.alone.contains(&ts));
                Some(is_held || (is_alone && by_time()))
            })
            .collect()
    }

    /// Takes those of the others that are not here yet, and returns them.
    pub(crate) fn take_new(&mut self, others: Self) -> Self {
        let mut new = Self::default();
        for (name, values) in others.ids {
            let known = self.ids.entry(name).or_default();
            let unknown: BTreeSet<String> =
                values.into_iter().filter(|value| !known.contains(value)).collect();
            known.extend(unknown.iter().cloned());
            new.ids.insert(name, unknown);
        }
        new.halves = others.halves.difference(&self.halves).cloned().collect();
        self.halves.extend(new.halves.iter().cloned());
        new.alone = others.alone.difference(&self.alone).copied().collect();
        self.alone.extend(&new.alone);
        new
    }

    /// What to look for in a table's files; some of what is found may not be connected.
    pub(crate) fn wanted(&self, table: &Table) -> Wanted {
        let mut wanted = Wanted::default();
        for (name, values) in self.ids.iter().filter(|(name, _)| table.column(name).is_some()) {
            for value in values {
                wanted.text(name, value);
            }
        }
        for lower in &self.halves {
            wanted.lower_half(TRACE, lower);
        }
        for ts in &self.alone {
            wanted.time(*ts);
        }
        wanted
    }
}

/// The columns of a batch that connect its rows.
pub(super) struct Columns<'a> {
    times: Option<&'a arrow::array::TimestampMicrosecondArray>,
    pub(super) ids: Vec<(&'static str, &'a StringArray)>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(batch: &'a RecordBatch) -> Self {
        let column =
            |name: &'static str| Some((name, batch.column_by_name(name)?.as_string_opt::<i32>()?));
        let times = batch.column_by_name("ts");
        Self {
            times: times.and_then(|times| times.as_primitive_opt::<TimestampMicrosecondType>()),
            ids: IDS.into_iter().filter_map(column).collect(),
        }
    }

    pub(super) fn ts(&self, row_idx: usize) -> Option<i64> {
        self.times.map(|times| times.value(row_idx))
    }
}
