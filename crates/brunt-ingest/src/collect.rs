//! Pieces of rows become batches: few rows are joined, in the order of the input; handed to the sink, and counted.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::TimestampMicrosecondType;
use arrow::error::ArrowError;
use brunt_model::Table;

use crate::chunk::with_times;
use crate::error::Error;
use crate::feed::Feeds;
use crate::load::{CHUNK_BYTES_MAX, Task};
use crate::normalize::time::is_sane;
use crate::redact::Redacted;
use crate::redact::policy::Redactor;
use crate::redact::tally::Tally;
use crate::reject::Reject;
use crate::times::{Noted, Times};
use crate::{Format, Sink, Summary};

/// Rows without a time wait for the end of the load, but no more than this many batches of them.
const N_TIMELESS_BATCHES_MAX: usize = 4;

/// Pieces that are smaller than this share of a batch wait for others, unless they hold that much text.
const FEW: usize = 8;
const FEW_BYTES_MAX: usize = 1024 * 1024;

/// Something that a part of an input gives.
pub(crate) enum Piece {
    /// Rows, no more than a batch may have, and how much text they hold.
    Rows {
        rows: Redacted,
        n_bytes: usize,
    },
    /// Rows that wait for a time, not redacted yet, and how much text they hold.
    Timeless {
        table: &'static Table,
        rows: RecordBatch,
        n_bytes: usize,
    },
    Times(Vec<Noted>),
    Reject(Reject),
    Feeds(Feeds),
    Remarks(Remarks),
}

/// What a part gives, in its order.
pub(crate) type Pieces = Vec<Piece>;

#[derive(Debug, Default)]
pub(crate) struct Remarks {
    pub(crate) warnings: BTreeSet<String>,
    pub(crate) tally: Tally,
    pub(crate) unsupported: BTreeMap<&'static str, u64>,
}

/// Takes pieces in the order of the input.
pub(crate) trait Take {
    fn take(&mut self, piece: Piece) -> Result<(), Error>;
}

pub(crate) struct Collect<'s> {
    task: Task<'s>,
    sink: &'s mut dyn Sink,
    redactor: Redactor,
    waiting: BTreeMap<&'static str, Waiting>,
    times: Times,
    n_rows: BTreeMap<&'static str, u64>,
    n_rejects: u64,
    feeds: BTreeMap<&'static str, Feeds>,
    remarks: Remarks,
}

/// Rows of a table that were not handed to the sink yet.
#[derive(Default)]
struct Waiting {
    few: Vec<Redacted>,
    n_few: usize,
    n_few_bytes: usize,
    timeless: Vec<RecordBatch>,
    n_timeless: usize,
    n_timeless_bytes: usize,
}

impl<'s> Collect<'s> {
    pub(crate) fn new(task: Task<'s>, sink: &'s mut dyn Sink) -> Self {
        Self {
            task,
            sink,
            redactor: Redactor::new(task.options.policy.clone()),
            waiting: BTreeMap::new(),
            times: Times::default(),
            n_rows: BTreeMap::new(),
            n_rejects: 0,
            feeds: BTreeMap::new(),
            remarks: Remarks::default(),
        }
    }

    /// Hands on what is left, and says what was counted.
    pub(crate) fn finish(
        mut self,
        format: Format,
        records: &'static str,
    ) -> Result<Summary, Error> {
        let tables: Vec<_> = self.waiting.keys().copied().filter_map(brunt_model::table).collect();
        for table in tables {
            self.join_few(table)?;
            self.release(table)?;
        }
        Ok(Summary {
            format,
            n_records: self.n_rows.values().sum::<u64>() + self.n_rejects,
            n_rows: self.n_rows,
            n_rejects: self.n_rejects,
            unsupported: self.remarks.unsupported,
            feeds: self.feeds.into_values().flat_map(Feeds::into_feeds).collect(),
            redactions: self.remarks.tally.into_redactions(),
            warnings: self.remarks.warnings.into_iter().collect(),
            records,
        })
    }

    fn batch_rows_max(&self) -> usize {
        self.task.options.batch_rows_max.max(1)
    }

    fn waiting_of(&mut self, table: &'static Table) -> &mut Waiting {
        self.waiting.entry(table.name).or_default()
    }

    fn rows(&mut self, rows: Redacted, n_bytes: usize) -> Result<(), Error> {
        let (table, n_rows, n_max) = (rows.table(), rows.batch().num_rows(), self.batch_rows_max());
        if self.waiting_of(table).n_few + n_rows > n_max {
            self.join_few(table)?;
        }
        let waiting = self.waiting_of(table);
        waiting.few.push(rows);
        waiting.n_few += n_rows;
        waiting.n_few_bytes += n_bytes;
        if waiting.n_few >= n_max.div_ceil(FEW) || waiting.n_few_bytes >= FEW_BYTES_MAX {
            return self.join_few(table);
        }
        Ok(())
    }

    /// Hands on the rows that wait for others.
    fn join_few(&mut self, table: &'static Table) -> Result<(), Error> {
        let waiting = self.waiting_of(table);
        let few = take(&mut waiting.few);
        (waiting.n_few, waiting.n_few_bytes) = (0, 0);
        let broken = |error: ArrowError| Error::Sink(Box::new(error));
        let joined = Redacted::joined(few).map_err(broken)?;
        joined.map_or(Ok(()), |rows| self.hand_on(rows))
    }

    fn hand_on(&mut self, rows: Redacted) -> Result<(), Error> {
        let n_rows = rows.batch().num_rows() as u64;
        *self.n_rows.entry(rows.table().name).or_default() += n_rows;
        self.sink.rows(rows)
    }

    fn timeless(
        &mut self,
        table: &'static Table,
        batch: RecordBatch,
        n_bytes: usize,
    ) -> Result<(), Error> {
        let n_max = N_TIMELESS_BATCHES_MAX * self.batch_rows_max();
        self.times.expect_some();
        let waiting = self.waiting_of(table);
        waiting.n_timeless += batch.num_rows();
        waiting.n_timeless_bytes += n_bytes;
        waiting.timeless.push(batch);
        if waiting.n_timeless >= n_max || waiting.n_timeless_bytes >= CHUNK_BYTES_MAX {
            return self.release(table);
        }
        Ok(())
    }

    /// Gives rows without a time that of their span or trace, else that of their collector, and hands them on.
    fn release(&mut self, table: &'static Table) -> Result<(), Error> {
        let waiting = self.waiting_of(table);
        (waiting.n_timeless, waiting.n_timeless_bytes) = (0, 0);
        for batch in take(&mut waiting.timeless) {
            let batch = self.date(table, &batch);
            let Remarks { tally, warnings, .. } = &mut self.remarks;
            let rows = self.redactor.redact(table, &batch, tally, warnings);
            self.hand_on(rows)?;
        }
        Ok(())
    }

    fn date(&mut self, table: &Table, batch: &RecordBatch) -> RecordBatch {
        let column = |name| batch.column_by_name(name);
        let texts = |name| column(name).map(AsArray::as_string::<i32>);
        let text = |texts: Option<&'_ StringArray>, row_idx: usize| {
            texts
                .filter(|texts| texts.is_valid(row_idx))
                .map(|texts| texts.value(row_idx).to_owned())
        };
        let (trace_ids, span_ids) = (texts("trace_id"), texts("span_id"));
        let observed = column("observed_at").map(AsArray::as_primitive::<TimestampMicrosecondType>);
        let now = self.task.options.now;
        let times: Vec<Option<i64>> = (0..batch.num_rows())
            .map(|row_idx| {
                let related = text(trace_ids, row_idx).and_then(|trace_id| {
                    self.times.find(&trace_id, text(span_ids, row_idx).as_deref())
                });
                let observed_at = observed
                    .filter(|column| column.is_valid(row_idx))
                    .map(|column| column.value(row_idx))
                    .filter(|micros| is_sane(*micros, now));
                related.or(observed_at)
            })
            .collect();
        let lost = texts("ts_quality");
        let qualities = times.iter().enumerate().map(|(row_idx, time)| match time {
            Some(_) => Some("inferred"),
            None => lost.filter(|lost| lost.is_valid(row_idx)).map(|lost| lost.value(row_idx)),
        });
        let quality_idx = table.column_idx("ts_quality").unwrap_or(usize::MAX);
        with_times(batch, &times, quality_idx, qualities)
    }
}

impl Take for Collect<'_> {
    fn take(&mut self, piece: Piece) -> Result<(), Error> {
        match piece {
            Piece::Rows { rows, n_bytes } => self.rows(rows, n_bytes)?,
            Piece::Timeless { table, rows, n_bytes } => self.timeless(table, rows, n_bytes)?,
            Piece::Times(noted) => self.times.add(&noted),
            Piece::Reject(reject) => {
                self.n_rejects += 1;
                self.sink.reject(reject)?;
            }
            Piece::Feeds(feeds) => match self.feeds.entry(feeds.table().name) {
                Entry::Occupied(mut held) => held.get_mut().merge(feeds),
                Entry::Vacant(place) => {
                    place.insert(feeds);
                }
            },
            Piece::Remarks(remarks) => {
                self.remarks.warnings.extend(remarks.warnings);
                self.remarks.tally.add(remarks.tally);
                for (signal, n) in remarks.unsupported {
                    *self.remarks.unsupported.entry(signal).or_default() += n;
                }
            }
        }
        Ok(())
    }
}
