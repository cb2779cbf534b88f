//! From the fields that were offered to a row's typed columns, by the rules of the tables.

mod agent;
pub(crate) mod flags;
pub(crate) mod form;
pub(crate) mod html;
pub(crate) mod number;
pub(crate) mod route;
pub(crate) mod rules;
pub(crate) mod severity;
pub(crate) mod thrown;
pub(crate) mod time;
pub(crate) mod words;

use brunt_model::Ts;

use crate::chunk::Chunk;
use crate::normalize::form::{Cell, Form};
use crate::normalize::rules::Rules;
use crate::normalize::time::TimeForm;
use crate::row::{Offer, Row};
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
    attributes_idx: usize,
    resource_attributes_idx: usize,
}

impl Normalizer {
    pub(crate) fn new(rules: Rules) -> Self {
        let table = rules.table();
        let idx = |name| table.column_idx(name).unwrap_or(usize::MAX);
        Self {
            attributes_idx: idx("attributes"),
            resource_attributes_idx: idx("resource_attributes"),
            rules,
        }
    }

    /// The row's time, after the rules that look at several columns have run. To be asked once a row.
    pub(crate) fn settle(&self, row: &mut Row<'_>, now: Ts) -> RowTime {
        self.rules.apply(row);
        row_time(row, now)
    }

    /// Writes the row's columns into the chunk; what a column cannot hold goes to the attributes under its own key.
    pub(crate) fn write(&self, row: &mut Row<'_>, chunk: &mut Chunk) {
        let mut n = 0;
        while let Some(column_idx) = row.touched(n) {
            n += 1;
            let Some(Offer { key, value, form, kept, .. }) = row.take(column_idx) else { continue };
            match form.read(value) {
                Ok(cell) => chunk.set(column_idx, &cell),
                Err(value) if !kept && !matches!(value, Scalar::Null) => {
                    row.attribute(&key, &value);
                }
                Err(_) => {}
            }
        }
        chunk.set_object(self.attributes_idx, &row.attributes);
        chunk.set_object(self.resource_attributes_idx, &row.resource_attributes);
    }
}

/// Takes the row's `ts`, which is column 0. One that makes no sense keeps its text in the attributes.
fn row_time(row: &mut Row<'_>, now: Ts) -> RowTime {
    let Some(Offer { key, value, form, .. }) = row.take(0) else { return RowTime::Lost("missing") };
    let form = if matches!(form, Form::Time(_)) { form } else { Form::Time(TimeForm::Any) };
    let quality = match form.read(value.clone()) {
        Ok(Cell::Time(micros)) if time::is_sane(micros, now) => return RowTime::Sane(Ts(micros)),
        Ok(Cell::Time(0)) if is_zero(&value) => "zero",
        Ok(_) | Err(_) => "absurd",
    };
    row.attribute(&key, &value);
    RowTime::Lost(quality)
}

fn is_zero(value: &Scalar<'_>) -> bool {
    let text = value.as_str().unwrap_or_default();
    number::double(text) == Some(0.0) || time::parse(text, TimeForm::Any) == Some(0)
}
