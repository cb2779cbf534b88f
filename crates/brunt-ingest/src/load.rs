//! One load at work: rows are normalised into chunks, chunks are redacted, sorted and handed on, and everything is counted.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use brunt_model::{Table, Ts};

use crate::aliases::UserAliases;
use crate::chunk::Chunk;
use crate::error::Error;
use crate::feed::{Feed, Feeds};
use crate::normalize::form::{Cell, Form};
use crate::normalize::rules::Rules;
use crate::normalize::time::is_sane;
use crate::normalize::{Normalizer, RowTime};
use crate::redact::mask::Masks;
use crate::redact::policy::Redactor;
use crate::redact::tally::{Redaction, Tally};
use crate::reject::Reject;
use crate::row::{N_EXTRA, Row};
use crate::times::Times;
use crate::traffic::Traffic;
use crate::{Options, Sink};

/// A chunk with more text than this is handed on before it is full.
const CHUNK_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Rows without a time wait for the end of the load, but no more than this many chunks of them.
const N_WAITING_MAX: usize = 4;

/// Where a record stands, for its reject.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) line: u64,
    pub(crate) column: Option<u64>,
}

pub(crate) struct Load<'s> {
    input: String,
    now: Ts,
    load_id: String,
    batch_rows_max: usize,
    aliases: UserAliases,
    traffic: Traffic,
    n_rows_left: Option<u64>,
    has_examples: bool,
    redactor: Redactor,
    sink: &'s mut dyn Sink,
    tables: Vec<TableLoad>,
    times: Times,
    tally: Tally,
    pub(crate) counts: Counts,
    warnings: BTreeSet<String>,
}

/// What a load counted.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) n_rows: BTreeMap<&'static str, u64>,
    pub(crate) n_rejects: u64,
    pub(crate) unsupported: BTreeMap<&'static str, u64>,
    pub(crate) feeds: Vec<Feed>,
}

struct TableLoad {
    table: &'static Table,
    normalizer: Normalizer,
    columns: Columns,
    chunk: Chunk,
    /// Rows without a time of their own.
    timeless: Chunk,
    feeds: Feeds,
    waiting: Vec<RecordBatch>,
}

/// Places of the columns that every base table has and a load looks at.
#[derive(Debug, Clone, Copy)]
struct Columns {
    trace_id: usize,
    span_id: usize,
    load_id: usize,
    ts_quality: usize,
    observed_at: usize,
}

impl<'s> Load<'s> {
    pub(crate) fn new(input: &str, options: &Options, sink: &'s mut dyn Sink) -> Self {
        Self {
            input: input.to_owned(),
            now: options.now,
            load_id: options.load_id.clone(),
            batch_rows_max: options.batch_rows_max.max(1),
            aliases: options.aliases.clone(),
            traffic: options.traffic.clone(),
            n_rows_left: options.n_rows_max,
            has_examples: options.examples,
            redactor: Redactor::new(options.policy.clone()),
            sink,
            tables: Vec::new(),
            times: Times::default(),
            tally: Tally::default(),
            counts: Counts::default(),
            warnings: BTreeSet::new(),
        }
    }

    /// The time of the load.
    pub(crate) fn now(&self) -> Ts {
        self.now
    }

    /// The user's own names of columns.
    pub(crate) fn aliases(&self) -> &UserAliases {
        &self.aliases
    }

    pub(crate) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.insert(warning.into());
    }

    /// Normalises a record into its table's chunk, and hands the chunk on when it is full. The row is empty afterwards.
    pub(crate) fn append(&mut self, row: &mut Row<'_>) -> Result<(), Error> {
        let table_idx = self.table_idx(row.table);
        let Some(table) = self.tables.get_mut(table_idx) else { return Ok(()) };
        match table.normalizer.settle(row, self.now, &mut table.feeds) {
            RowTime::Sane(ts) => {
                table.note_time(row, ts, &mut self.times);
                table.normalizer.write(row, &mut table.chunk, &mut table.feeds);
                table.chunk.set(table.columns.load_id, &Cell::Text(Cow::Borrowed(&self.load_id)));
                table.chunk.end_row(ts);
            }
            RowTime::Lost(quality) => {
                table.normalizer.write(row, &mut table.timeless, &mut table.feeds);
                table
                    .timeless
                    .set(table.columns.load_id, &Cell::Text(Cow::Borrowed(&self.load_id)));
                table.timeless.set(table.columns.ts_quality, &Cell::Text(Cow::Borrowed(quality)));
                table.timeless.end_row(Ts(0));
            }
        }
        row.clear();
        let full = |chunk: &Chunk| {
            chunk.n_rows() >= self.batch_rows_max || chunk.n_bytes() >= CHUNK_BYTES_MAX
        };
        if full(&table.chunk) {
            let batch = table.chunk.take();
            self.hand_on(row.table, &batch)?;
        } else if full(&table.timeless) {
            table.waiting.push(table.timeless.take());
            if table.waiting.len() >= N_WAITING_MAX {
                self.release(table_idx)?;
            }
        }
        if let Some(n_left) = &mut self.n_rows_left {
            *n_left = n_left.saturating_sub(1);
            if *n_left == 0 {
                return Err(Error::Sink("enough was read".into()));
            }
        }
        Ok(())
    }

    /// Whether as many rows were read as were asked for.
    pub(crate) fn has_enough(&self) -> bool {
        self.n_rows_left == Some(0)
    }

    /// Stores a reject in the record's stead.
    pub(crate) fn reject(
        &mut self,
        table: Option<&'static Table>,
        place: Place,
        code: &'static str,
        reason: &str,
        record: &[u8],
    ) -> Result<(), Error> {
        self.counts.n_rejects += 1;
        self.sink.reject(Reject {
            input: self.input.clone(),
            line: place.line,
            column: place.column,
            reason: reason.to_owned(),
            code,
            sample: self.redactor.sample(table.map_or("", |table| table.name), record),
        })
    }

    /// Counts records of a signal that has no table.
    pub(crate) fn unsupported(&mut self, signal: &'static str, n: u64) {
        *self.counts.unsupported.entry(signal).or_default() += n;
    }

    /// Hands on what is left, and returns counts, what was redacted, and warnings.
    pub(crate) fn finish(mut self) -> Result<(Counts, Vec<Redaction>, Vec<String>), Error> {
        for table_idx in 0..self.tables.len() {
            let Some(table) = self.tables.get_mut(table_idx) else { continue };
            let (of, batch) = (table.table, table.chunk.take());
            table.waiting.push(table.timeless.take());
            self.hand_on(of, &batch)?;
            self.release(table_idx)?;
        }
        let feeds = self.tables.into_iter().flat_map(|table| table.feeds.into_feeds());
        self.counts.feeds = feeds.collect();
        Ok((self.counts, self.tally.into_redactions(), self.warnings.into_iter().collect()))
    }

    /// Redacts, sorts, hands on.
    fn hand_on(&mut self, table: &'static Table, batch: &RecordBatch) -> Result<(), Error> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        *self.counts.n_rows.entry(table.name).or_default() += batch.num_rows() as u64;
        let redacted = self.redactor.redact(table, batch, &mut self.tally, &mut self.warnings);
        let sorted = redacted.sorted().map_err(|error| Error::Sink(Box::new(error)))?;
        self.sink.rows(sorted)
    }

    /// Gives waiting rows the time of their span or trace, else that of their collector, and hands them on.
    fn release(&mut self, table_idx: usize) -> Result<(), Error> {
        let Some(table) = self.tables.get_mut(table_idx) else { return Ok(()) };
        let (of, columns) = (table.table, table.columns);
        let waiting = std::mem::take(&mut table.waiting);
        for batch in waiting {
            let dated = self.date(&batch, columns);
            self.hand_on(of, &dated)?;
        }
        Ok(())
    }

    fn date(&self, batch: &RecordBatch, columns: Columns) -> RecordBatch {
        let text = |column_idx: usize| {
            batch.columns().get(column_idx).map(arrow::array::AsArray::as_string::<i32>)
        };
        let value = |column_idx: usize, row_idx: usize| {
            text(column_idx)
                .filter(|texts| texts.is_valid(row_idx))
                .map(|texts| texts.value(row_idx))
        };
        let observed = batch.columns().get(columns.observed_at);
        let times: Vec<Option<i64>> = (0..batch.num_rows())
            .map(|row_idx| {
                let related = value(columns.trace_id, row_idx).and_then(|trace_id| {
                    self.times.find(trace_id, value(columns.span_id, row_idx))
                });
                let observed_at = observed
                    .map(arrow::array::AsArray::as_primitive::<TimestampMicrosecondType>)
                    .filter(|column| column.is_valid(row_idx))
                    .map(|column| column.value(row_idx))
                    .filter(|micros| is_sane(*micros, self.now));
                related.or(observed_at)
            })
            .collect();
        let qualities = times.iter().enumerate().map(|(row_idx, time)| match time {
            Some(_) => Some("inferred"),
            None => value(columns.ts_quality, row_idx),
        });
        crate::chunk::with_times(batch, &times, columns.ts_quality, qualities)
    }

    fn table_idx(&mut self, table: &'static Table) -> usize {
        if let Some(table_idx) = self.tables.iter().position(|held| held.table.name == table.name) {
            return table_idx;
        }
        let examples = self.has_examples.then(|| self.redactor.masks());
        self.tables.push(TableLoad::new(table, &self.traffic, examples));
        self.tables.len() - 1
    }
}

impl TableLoad {
    fn new(table: &'static Table, traffic: &Traffic, examples: Option<Masks>) -> Self {
        let idx = |name| table.column_idx(name).unwrap_or(usize::MAX);
        let columns = Columns {
            trace_id: idx("trace_id"),
            span_id: idx("span_id"),
            load_id: idx("load_id"),
            ts_quality: idx("ts_quality"),
            observed_at: idx("observed_at"),
        };
        Self {
            table,
            normalizer: Normalizer::new(Rules::new(table), traffic),
            columns,
            chunk: Chunk::new(table),
            timeless: Chunk::new(table),
            feeds: Feeds::new(table, table.columns.len() + N_EXTRA, examples),
            waiting: Vec::new(),
        }
    }

    fn note_time(&self, row: &Row<'_>, ts: Ts, times: &mut Times) {
        let id = |column_idx: usize, form: Form| {
            let offer = row.value(column_idx)?;
            match offer
                .form
                .read(offer.value.clone())
                .ok()
                .or_else(|| form.read(offer.value.clone()).ok())?
            {
                Cell::Text(id) => Some(id),
                _ => None,
            }
        };
        if let Some(trace_id) = id(self.columns.trace_id, Form::TraceId) {
            let span_id =
                id(self.columns.span_id, Form::SpanId).filter(|_| self.table.name == "spans");
            times.note(&trace_id, span_id.as_deref(), ts.0);
        }
    }
}

impl std::fmt::Debug for Load<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Load")
            .field("input", &self.input)
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}
