//! From the fields that were offered to a row's typed columns, by the rules of the tables.

mod agent;
pub(crate) mod colours;
pub(crate) mod flags;
pub(crate) mod form;
pub(crate) mod html;
pub(crate) mod number;
pub(crate) mod route;
pub(crate) mod rpc;
pub(crate) mod rules;
pub(crate) mod severity;
pub(crate) mod thrown;
pub(crate) mod time;
pub(crate) mod words;

use brunt_model::Ts;

use crate::chunk::Chunk;
use crate::feed::Feeds;
use crate::normalize::form::{Cell, Form};
use crate::normalize::rules::Rules;
use crate::normalize::time::TimeForm;
use crate::row::{Level, N_EXTRA, Offer, Row};
use crate::traffic::{TableTraffic, Traffic};
use crate::value::Scalar;

/// How a row's time turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowTime {
    Sane(Ts),
    /// `missing zero absurd`: the row waits for the time of its span or trace.
    Lost(&'static str),
}

/// What the rows of one table need to be finished.
#[derive(Debug)]
pub(crate) struct Normalizer {
    rules: Rules,
    traffic: TableTraffic,
    synthetic_idx: usize,
    attributes_idx: usize,
    resource_attributes_idx: usize,
}

impl Normalizer {
    pub(crate) fn new(rules: Rules, traffic: &Traffic) -> Self {
        let table = rules.table();
        let idx = |name| table.column_idx(name).unwrap_or(usize::MAX);
        Self {
            traffic: traffic.of(table),
            synthetic_idx: idx("synthetic_type"),
            attributes_idx: idx("attributes"),
            resource_attributes_idx: idx("resource_attributes"),
            rules,
        }
    }

    /// The row's time, after the rules that look at several columns have run. To be asked once a row.
    pub(crate) fn settle(&self, row: &mut Row<'_>, now: Ts, feeds: &mut Feeds) -> RowTime {
        let n_columns = row.table.columns.len();
        for column_idx in n_columns..n_columns + N_EXTRA {
            if let Some(Offer { key, value, form, rank, .. }) = row.value(column_idx) {
                feeds.value(column_idx, key, *rank, value, *form);
            }
        }
        self.rules.apply(row);
        if row.value(self.synthetic_idx).is_none() && self.traffic.is_internal(row) {
            let value = Scalar::text("internal");
            rules::set(row, self.synthetic_idx, "traffic.toml", value, Form::Text);
        }
        row_time(row, now, feeds)
    }

    /// Writes the row's columns into the chunk; what a column cannot hold goes to the attributes under its own key.
    pub(crate) fn write(&self, row: &mut Row<'_>, chunk: &mut Chunk, feeds: &mut Feeds) {
        for (column_idx, Offer { key, form, rank, .. }) in row.conflicts() {
            feeds.conflict(*column_idx, key, *rank, *form);
        }
        // What the source said itself, before what no column can hold joins it.
        feeds.attributes(self.attributes_idx, &row.attributes, Level::Record);
        feeds.attributes(self.resource_attributes_idx, &row.resource_attributes, Level::Resource);
        let mut n = 0;
        while let Some(column_idx) = row.touched(n) {
            n += 1;
            let Some(Offer { key, value, form, kept, rank }) = row.take(column_idx) else {
                continue;
            };
            feeds.value(column_idx, &key, rank, &value, form);
            match form.read(value) {
                Ok(cell) => chunk.set(column_idx, &cell),
                Err(value) => {
                    feeds.unread(column_idx, &key, rank, form);
                    if !kept && !matches!(value, Scalar::Null) {
                        row.give_back(&key, &value);
                    }
                }
            }
        }
        chunk.set_object(self.attributes_idx, &row.attributes);
        chunk.set_object(self.resource_attributes_idx, &row.resource_attributes);
    }
}

/// Takes the row's `ts`, which is column 0. One that makes no sense keeps its text in the attributes.
fn row_time(row: &mut Row<'_>, now: Ts, feeds: &mut Feeds) -> RowTime {
    let Some(Offer { key, value, form, rank, .. }) = row.take(0) else {
        return RowTime::Lost("missing");
    };
    feeds.value(0, &key, rank, &value, form);
    let form = if matches!(form, Form::Time(_)) { form } else { Form::Time(TimeForm::Any) };
    let quality = match form.read(value.clone()) {
        Ok(Cell::Time(micros)) if time::is_sane(micros, now) => return RowTime::Sane(Ts(micros)),
        Ok(Cell::Time(0)) if is_zero(&value) => "zero",
        Ok(_) | Err(_) => "absurd",
    };
    feeds.unread(0, &key, rank, form);
    row.give_back(&key, &value);
    RowTime::Lost(quality)
}

fn is_zero(value: &Scalar<'_>) -> bool {
    let text = value.as_str().unwrap_or_default();
    number::double(text) == Some(0.0) || time::parse(text, TimeForm::Any) == Some(0)
}
