//! The one door to base tables: what passes here has no secrets left, and nothing else makes a [`Redacted`].

pub(crate) mod contact;
pub(crate) mod field;
pub(crate) mod mask;
pub(crate) mod policy;
pub(crate) mod sample;
pub(crate) mod scan;
pub(crate) mod tally;
pub(crate) mod tree;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, ListBuilder, RecordBatch, StringArray, StringBuilder,
    UInt32Array, new_null_array,
};
use arrow::compute::{concat_batches, filter_record_batch, take_record_batch};
use arrow::error::ArrowError;
use brunt_model::{Column, ColumnType, Table};

use crate::redact::field::Action;
use crate::redact::mask::{Kind, Masks};
use crate::redact::policy::Redactor;
use crate::redact::tally::{Done, Spot, Tally};

/// Rows of one base table with all its columns, redacted.
///
/// Later stages may drop, join and order rows, and that is all; there is no way to make one but to ingest an input:
/// ```compile_fail
/// use brunt_ingest::Redacted;
///
/// let logs = brunt_model::table("logs").unwrap();
/// let batch = arrow::array::RecordBatch::new_empty(logs.schema());
/// let rows = Redacted { table: logs, batch };
/// ```
#[derive(Debug, Clone)]
pub struct Redacted {
    table: &'static Table,
    batch: RecordBatch,
}

/// Columns that hold ids: masking them would make one of many. A rule may hash or drop them.
const IDS: &[&str] = &[
    "trace_id",
    "span_id",
    "parent_span_id",
    "session_id",
    "session_previous_id",
    "user_id",
    "user_pseudo_id",
    "account_id",
    "event_id",
    "view_id",
    "order_id",
    "ticket_id",
    "requester_id",
    "organization_id",
    "commit_id",
    "load_id",
    "ts_quality",
];

impl Redacted {
    pub fn table(&self) -> &'static Table {
        self.table
    }

    /// The rows, with exactly the schema of their table.
    pub fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    /// The rows at these places, in this order.
    ///
    /// # Errors
    /// A place that there is not.
    pub fn take(&self, row_idxs: &UInt32Array) -> Result<Self, ArrowError> {
        Ok(Self { table: self.table, batch: take_record_batch(&self.batch, row_idxs)? })
    }

    /// The rows for which `keep` is true.
    ///
    /// # Errors
    /// A `keep` of another length.
    pub fn filter(&self, keep: &BooleanArray) -> Result<Self, ArrowError> {
        Ok(Self { table: self.table, batch: filter_record_batch(&self.batch, keep)? })
    }

    /// All rows of several, which must be of one table, in their order; `None` of none.
    pub(crate) fn joined(mut several: Vec<Self>) -> Result<Option<Self>, ArrowError> {
        if several.len() <= 1 {
            return Ok(several.pop());
        }
        let Some(Self { table, .. }) = several.first() else { return Ok(None) };
        let batch = concat_batches(&table.schema(), several.iter().map(|rows| &rows.batch))?;
        Ok(Some(Self { table, batch }))
    }
}

impl Redactor {
    /// Applies the rules and masks to the rows; what was done is counted, and what could not be done as asked is said in
    /// `warnings`.
    pub(crate) fn redact(
        &self,
        table: &'static Table,
        batch: &RecordBatch,
        tally: &mut Tally,
        warnings: &mut BTreeSet<String>,
    ) -> Redacted {
        let columns = table
            .columns
            .iter()
            .zip(batch.columns())
            .map(|(column, values)| {
                self.redact_column(column, values, &mut tally.at(table.name, column.name), warnings)
            })
            .collect();
        #[expect(clippy::expect_used, reason = "every column kept its type and length")]
        let batch = RecordBatch::try_new(table.schema(), columns)
            .expect("a redacted batch has the columns of its table");
        Redacted { table, batch }
    }

    fn redact_column(
        &self,
        column: &Column,
        values: &ArrayRef,
        spot: &mut Spot<'_>,
        warnings: &mut BTreeSet<String>,
    ) -> ArrayRef {
        if values.null_count() == values.len() {
            return Arc::clone(values);
        }
        let action = self.column_action(spot.table, column.name);
        let n_values = values.len() - values.null_count();
        #[expect(clippy::match_same_arms, reason = "each arm says why")]
        match (action, column.ty) {
            (Some(Action::Keep), _) => Arc::clone(values),
            (Some(Action::Drop | Action::Hash), _) if !column.nullable => {
                warnings.insert(format!("column {:?} is needed and was kept", column.name));
                Arc::clone(values)
            }
            (Some(Action::Hash), ColumnType::Text) if self.has_secret() => {
                spot.note_all(Done::Hashed, n_values);
                map_texts(values.as_string(), |text| self.hash(text))
            }
            (Some(Action::Hash), _) => {
                let why =
                    if self.has_secret() { "holds no text" } else { "has no secret to hash with" };
                warnings.insert(format!("column {:?} {why} and was dropped", column.name));
                spot.note_all(Done::Dropped, n_values);
                new_null_array(values.data_type(), values.len())
            }
            (Some(Action::Drop), _) => {
                spot.note_all(Done::Dropped, n_values);
                new_null_array(values.data_type(), values.len())
            }
            (None, ColumnType::Text) if IDS.contains(&column.name) => {
                if self.masks().contains(Kind::Email) && any_email(values.as_string()) {
                    warnings.insert(format!(
                        "column {:?} holds e-mail addresses; a rule with action \"hash\" would hide them",
                        column.name
                    ));
                }
                Arc::clone(values)
            }
            (Some(Action::Mask) | None, ColumnType::Text) => {
                self.redact_rows(values, |text| self.redact_text(text, spot))
            }
            (Some(Action::Mask) | None, ColumnType::Json) => {
                self.redact_rows(values, |text| self.redact_json(text, spot))
            }
            (Some(Action::Mask) | None, ColumnType::TextArray) => self.redact_lists(values, spot),
            (Some(Action::Mask) | None, _) => Arc::clone(values),
        }
    }

    /// Redacts the texts that may hold something; a column without any is passed on as it is.
    fn redact_rows(
        &self,
        values: &ArrayRef,
        mut redact: impl FnMut(&str) -> Option<String>,
    ) -> ArrayRef {
        let texts = values.as_string::<i32>();
        let suspects = self.suspects(texts);
        let redacted: Vec<(usize, String)> = suspects
            .into_iter()
            .filter_map(|row_idx| redact(texts.value(row_idx)).map(|text| (row_idx, text)))
            .collect();
        if redacted.is_empty() {
            return Arc::clone(values);
        }
        let mut redacted = redacted.into_iter().peekable();
        let mut builder = StringBuilder::with_capacity(texts.len(), texts.value_data().len());
        for (row_idx, text) in texts.iter().enumerate() {
            match redacted.next_if(|(redacted_idx, _)| *redacted_idx == row_idx) {
                Some((_, text)) => builder.append_value(text),
                None => builder.append_option(text),
            }
        }
        Arc::new(builder.finish())
    }

    fn redact_lists(&self, values: &ArrayRef, spot: &mut Spot<'_>) -> ArrayRef {
        let lists = values.as_list::<i32>();
        if self.suspects(lists.values().as_string()).is_empty() {
            return Arc::clone(values);
        }
        let mut builder = ListBuilder::new(StringBuilder::new());
        for list in lists.iter() {
            for text in
                list.iter().flat_map(|list| list.as_string::<i32>().iter().collect::<Vec<_>>())
            {
                let masked =
                    text.map(|text| self.mask(text, spot).unwrap_or_else(|| text.to_owned()));
                builder.values().append_option(masked);
            }
            builder.append(list.is_some());
        }
        Arc::new(builder.finish())
    }

    /// Rows of a column in which a mask or rule may find something. A text that repeats the one before it, as those of a
    /// resource do, is not looked at again.
    fn suspects(&self, texts: &StringArray) -> Vec<usize> {
        if self.has_field_rules() {
            return (0..texts.len()).filter(|row_idx| texts.is_valid(*row_idx)).collect();
        }
        let text = |row_idx: usize| texts.is_valid(row_idx).then(|| texts.value(row_idx));
        let repeats = |row_idx: &usize| text(*row_idx) == text(row_idx - 1);
        let mut suspects = Vec::new();
        let mut first = 0;
        while first < texts.len() {
            let end = (first + 1..texts.len()).find(repeats).unwrap_or(texts.len());
            self.suspects_among(texts, first..end, &mut suspects);
            let is_suspect = suspects.last() == Some(&(end - 1));
            first = (end..texts.len()).find(|row_idx| !repeats(row_idx)).unwrap_or(texts.len());
            suspects.extend((end..first).filter(|_| is_suspect));
        }
        suspects
    }

    /// The same for some rows, in one sweep over their bytes.
    fn suspects_among(&self, texts: &StringArray, rows: Range<usize>, suspects: &mut Vec<usize>) {
        let offsets = texts.value_offsets();
        let start_of =
            |row_idx: usize| offsets.get(row_idx).and_then(|start| usize::try_from(*start).ok());
        let mut at = start_of(rows.start).unwrap_or_default();
        let end = start_of(rows.end).unwrap_or_default();
        let bytes = texts.value_data().get(..end).unwrap_or_default();
        while let Some(found) = self.masks().find_suspect(bytes, at) {
            // The last row that starts at or before the place; empty and NULL rows before it start there too.
            let n_started =
                offsets.partition_point(|start| usize::try_from(*start).is_ok_and(|s| s <= found));
            let row_idx = n_started.saturating_sub(1);
            if texts.is_valid(row_idx) && rows.contains(&row_idx) {
                suspects.push(row_idx);
            }
            match start_of(row_idx + 1) {
                Some(next) if next > at => at = next,
                _ => break,
            }
        }
    }
}

fn map_texts(texts: &StringArray, map: impl Fn(&str) -> Option<String>) -> ArrayRef {
    Arc::new(texts.iter().map(|text| text.and_then(&map)).collect::<StringArray>())
}

fn any_email(texts: &StringArray) -> bool {
    let masks = Masks::of(&[Kind::Email]);
    let is_email = |text: &str| text.contains('@') && masks.apply(text, &mut |_, _| {}).is_some();
    texts.iter().flatten().any(is_email)
}
