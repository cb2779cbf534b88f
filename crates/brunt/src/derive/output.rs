//! Derived rows as a batch of their table: column by column, in the order of the table's layout.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int16Array, Int32Array,
    Int64Array, ListBuilder, StringArray, StringBuilder, TimestampMicrosecondArray, new_null_array,
};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use brunt_model::{MONEY_PRECISION, MONEY_SCALE, Table, Ts, day_of};

use super::context;
use super::fill::{Ids, Source};
use super::symbols::{Sym, Symbols};
use crate::code::Code;
use crate::error::Error;

/// A batch while its columns are set; a column that is not set is NULL, `day` follows from `ts`.
#[derive(Debug)]
pub(super) struct Columns {
    table: &'static Table,
    n_rows: usize,
    arrays: Vec<Option<ArrayRef>>,
    failure: Option<String>,
}

/// The correlation block of a derived row.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Correlation {
    pub(super) trace: Sym,
    /// 0 where there is none.
    pub(super) span: u64,
    pub(super) ids: Ids,
}

/// What orders rows in the files of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct LayoutKey {
    pub(super) ts: i64,
    /// The columns of the table's sort key; [`Sym::NONE`] for one that it has not.
    pub(super) keys: [Sym; 2],
    /// Orders rows that are equal so far, by their content.
    pub(super) tie: u128,
}

/// 32 hexadecimal digits.
pub(super) fn hex(id: u128) -> String {
    format!("{id:032x}")
}

/// Puts rows into the order of the table's layout: hour, key with NULLs last, time, then what tells them apart.
pub(super) fn sort_by_layout<R>(rows: &mut [R], symbols: &Symbols, key: impl Fn(&R) -> LayoutKey) {
    rows.sort_by(|a, b| {
        let (a, b) = (key(a), key(b));
        let hours = Ts(a.ts).hour().cmp(&Ts(b.ts).hour());
        hours
            .then_with(|| compare(symbols, a.keys[0], b.keys[0]))
            .then_with(|| compare(symbols, a.keys[1], b.keys[1]))
            .then(a.ts.cmp(&b.ts))
            .then(a.tie.cmp(&b.tie))
    });
}

fn compare(symbols: &Symbols, a: Sym, b: Sym) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    match (symbols.text(a), symbols.text(b)) {
        (Some(a), Some(b)) => a.cmp(b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

impl Columns {
    pub(super) fn new(table: &'static Table, n_rows: usize) -> Self {
        Self { table, n_rows, arrays: vec![None; table.columns.len()], failure: None }
    }

    pub(super) fn text<'a>(&mut self, name: &str, values: impl Iterator<Item = Option<&'a str>>) {
        self.set(name, Arc::new(values.collect::<StringArray>()));
    }

    pub(super) fn owned_text(&mut self, name: &str, values: impl Iterator<Item = Option<String>>) {
        self.set(name, Arc::new(values.collect::<StringArray>()));
    }

    pub(super) fn sym<'a>(
        &mut self,
        name: &str,
        symbols: &'a Symbols,
        values: impl Iterator<Item = Sym> + 'a,
    ) {
        self.text(name, values.map(|sym| symbols.text(sym)));
    }

    /// An empty list is NULL.
    pub(super) fn texts(&mut self, name: &str, lists: impl Iterator<Item = Vec<String>>) {
        let mut builder = ListBuilder::new(StringBuilder::new());
        for list in lists {
            let is_some = !list.is_empty();
            for text in list {
                builder.values().append_value(text);
            }
            builder.append(is_some);
        }
        self.set(name, Arc::new(builder.finish()));
    }

    pub(super) fn bigint(&mut self, name: &str, values: impl Iterator<Item = Option<i64>>) {
        self.set(name, Arc::new(values.collect::<Int64Array>()));
    }

    pub(super) fn int(&mut self, name: &str, values: impl Iterator<Item = Option<i32>>) {
        self.set(name, Arc::new(values.collect::<Int32Array>()));
    }

    pub(super) fn smallint(&mut self, name: &str, values: impl Iterator<Item = Option<i16>>) {
        self.set(name, Arc::new(values.collect::<Int16Array>()));
    }

    pub(super) fn double(&mut self, name: &str, values: impl Iterator<Item = Option<f64>>) {
        self.set(name, Arc::new(values.collect::<Float64Array>()));
    }

    pub(super) fn boolean(&mut self, name: &str, values: impl Iterator<Item = Option<bool>>) {
        self.set(name, Arc::new(values.collect::<BooleanArray>()));
    }

    pub(super) fn timestamp(&mut self, name: &str, values: impl Iterator<Item = Option<i64>>) {
        let array = values.collect::<TimestampMicrosecondArray>().with_timezone("UTC");
        self.set(name, Arc::new(array));
    }

    /// Amounts in ten-thousandths; one that does not fit its 18 digits is NULL.
    pub(super) fn numeric(&mut self, name: &str, values: impl Iterator<Item = Option<i128>>) {
        let fits = |units: &i128| brunt_model::Money::from_units(*units).is_some();
        let array: Decimal128Array = values.map(|units| units.filter(fits)).collect();
        match array.with_precision_and_scale(MONEY_PRECISION, MONEY_SCALE) {
            Ok(array) => self.set(name, Arc::new(array)),
            Err(error) => self.failure = Some(error.to_string()),
        }
    }

    /// `ts` and the day that follows from it.
    pub(super) fn times(&mut self, values: &[i64]) {
        self.timestamp("ts", values.iter().map(|ts| Some(*ts)));
        let days: Date32Array = values.iter().map(|ts| Some(day_of(Ts(*ts)).0)).collect();
        self.set("day", Arc::new(days));
    }

    /// Those columns of the correlation block, and of its sources, that the table has.
    pub(super) fn correlation<R>(
        &mut self,
        rows: &[R],
        symbols: &Symbols,
        of: impl Fn(&R) -> &Correlation,
    ) {
        let source = |source: Option<Source>| source.map(Source::text);
        if self.has("span_id") {
            let ids = rows.iter().map(|row| of(row).span);
            self.owned_text("span_id", ids.map(|span| (span != 0).then(|| format!("{span:016x}"))));
        }
        if self.has("trace_id") {
            self.sym("trace_id", symbols, rows.iter().map(|row| of(row).trace));
        }
        if self.has("session_started_at") {
            self.timestamp(
                "session_started_at",
                rows.iter().map(|row| of(row).ids.session_started_at),
            );
        }
        self.sym("session_id", symbols, rows.iter().map(|row| of(row).ids.session));
        self.sym("user_id", symbols, rows.iter().map(|row| of(row).ids.user));
        self.sym("user_pseudo_id", symbols, rows.iter().map(|row| of(row).ids.pseudo));
        self.sym("account_id", symbols, rows.iter().map(|row| of(row).ids.account));
        self.text("session_id_source", rows.iter().map(|row| source(of(row).ids.session_source)));
        self.text("user_id_source", rows.iter().map(|row| source(of(row).ids.user_source)));
        self.text("account_id_source", rows.iter().map(|row| source(of(row).ids.account_source)));
        for (idx, name) in context::COLUMNS.into_iter().enumerate() {
            self.sym(name, symbols, rows.iter().map(|row| of(row).ids.context.0[idx]));
        }
    }

    /// The batch.
    ///
    /// # Errors
    /// [`Code::Internal`] where a column was set that the table has not, or with another type or length.
    pub(super) fn finish(self) -> Result<Vec<RecordBatch>, Error> {
        let internal = |reason: String| Error::statement(Code::Internal, reason);
        if let Some(failure) = self.failure {
            return Err(internal(failure));
        }
        if self.n_rows == 0 {
            return Ok(Vec::new());
        }
        let schema = self.table.schema();
        let arrays = self.arrays.into_iter().zip(schema.fields()).map(|(array, field)| {
            array.unwrap_or_else(|| new_null_array(field.data_type(), self.n_rows))
        });
        let arrays: Vec<ArrayRef> = arrays.collect();
        let batch: Result<RecordBatch, ArrowError> = RecordBatch::try_new(schema, arrays);
        Ok(vec![
            batch.map_err(|error| internal(format!("table \"{}\": {error}", self.table.name)))?,
        ])
    }

    pub(super) fn set(&mut self, name: &str, array: ArrayRef) {
        match self.table.column_idx(name) {
            Some(idx) => self.arrays[idx] = Some(array),
            None => {
                self.failure =
                    Some(format!("table \"{}\" has no column \"{name}\"", self.table.name));
            }
        }
    }

    fn has(&self, name: &str) -> bool {
        self.table.column_idx(name).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_ordered_by_hour_then_key_with_nulls_last_then_time() {
        let mut symbols = Symbols::default();
        let (b, a) = (symbols.intern("b"), symbols.intern("a"));
        let hour = 3_600_000_000;
        let row = |ts, key, tie| (ts, key, tie);
        let mut rows = [
            row(hour, a, 0),
            row(5, Sym::NONE, 0),
            row(7, b, 0),
            row(9, a, 0),
            row(3, a, 2),
            row(3, a, 1),
        ];
        sort_by_layout(&mut rows, &symbols, |(ts, key, tie)| LayoutKey {
            ts: *ts,
            keys: [*key, Sym::NONE],
            tie: *tie,
        });
        let expected = [
            row(3, a, 1),
            row(3, a, 2),
            row(9, a, 0),
            row(7, b, 0),
            row(5, Sym::NONE, 0),
            row(hour, a, 0),
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn columns_that_are_not_set_are_null_and_foreign_ones_fail() {
        let table = brunt_model::table("traces").unwrap();
        let mut columns = Columns::new(table, 1);
        columns.times(&[86_400_000_000]);
        columns.texts("service_names", std::iter::once(vec![]));
        let batch = columns.finish().unwrap().remove(0);
        assert_eq!(batch.schema(), table.schema());
        assert_eq!(batch.column_by_name("service_names").unwrap().null_count(), 1);
        let mut columns = Columns::new(table, 1);
        columns.bigint("no_such", std::iter::once(Some(1)));
        assert!(columns.finish().is_err());
    }
}
