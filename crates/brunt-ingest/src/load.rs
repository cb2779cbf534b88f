//! What decoders give their records to: rows are normalised into chunks, chunks are redacted, and all of it is handed on.

use std::borrow::Cow;
use std::mem::take;

use brunt_model::{Table, Ts};

use crate::Options;
use crate::aliases::UserAliases;
use crate::chunk::Chunk;
use crate::collect::{Piece, Pieces, Remarks, Take};
use crate::error::Error;
use crate::feed::Feeds;
use crate::normalize::form::{Cell, Form};
use crate::normalize::rules::Rules;
use crate::normalize::{Normalizer, RowTime};
use crate::redact::mask::Masks;
use crate::redact::policy::Redactor;
use crate::reject::Reject;
use crate::row::{N_EXTRA, Row};
use crate::times::Notes;
use crate::traffic::Traffic;

/// A chunk with more text than this is handed on before it is full.
pub(crate) const CHUNK_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Where a record stands, for its reject.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) line: u64,
    pub(crate) column: Option<u64>,
}

/// The input that is loaded, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task<'o> {
    pub(crate) input: &'o str,
    pub(crate) options: &'o Options,
}

pub(crate) struct Load<'s> {
    task: Task<'s>,
    redactor: Redactor,
    tables: Vec<TableLoad>,
    notes: Notes,
    remarks: Remarks,
    n_rows_left: Option<u64>,
    collect: Option<&'s mut (dyn Take + 's)>,
    /// What waits where nobody collects it.
    pieces: Pieces,
}

struct TableLoad {
    table: &'static Table,
    normalizer: Normalizer,
    columns: Columns,
    chunk: Chunk,
    /// Rows without a time of their own.
    timeless: Chunk,
    feeds: Feeds,
}

/// Places of the columns that every base table has and a load looks at.
#[derive(Debug, Clone, Copy)]
struct Columns {
    trace_id: usize,
    span_id: usize,
    load_id: usize,
    ts_quality: usize,
}

impl<'s> Load<'s> {
    /// A load whose pieces are collected at once.
    pub(crate) fn new(task: Task<'s>, collect: &'s mut (dyn Take + 's)) -> Self {
        Self { collect: Some(collect), ..Self::of_parts(task) }
    }

    /// A load of some parts of an input, whose pieces wait for their turn.
    pub(crate) fn of_parts(task: Task<'s>) -> Self {
        Self {
            task,
            redactor: Redactor::new(task.options.policy.clone()),
            tables: Vec::new(),
            notes: Notes::default(),
            remarks: Remarks::default(),
            n_rows_left: task.options.n_rows_max,
            collect: None,
            pieces: Pieces::new(),
        }
    }

    pub(crate) fn task(&self) -> Task<'s> {
        self.task
    }

    /// The time of the load.
    pub(crate) fn now(&self) -> Ts {
        self.task.options.now
    }

    /// The user's own names of columns.
    pub(crate) fn aliases(&self) -> &'s UserAliases {
        &self.task.options.aliases
    }

    pub(crate) fn warn(&mut self, warning: impl Into<String>) {
        self.remarks.warnings.insert(warning.into());
    }

    /// Counts records of a signal that has no table.
    pub(crate) fn unsupported(&mut self, signal: &'static str, n: u64) {
        if n > 0 {
            *self.remarks.unsupported.entry(signal).or_default() += n;
        }
    }

    /// Normalises a record into its table's chunk, and hands the chunk on when it is full. The row is empty afterwards.
    pub(crate) fn append(&mut self, row: &mut Row<'_>) -> Result<(), Error> {
        let table_idx = self.table_idx(row.table);
        let Some(table) = self.tables.get_mut(table_idx) else { return Ok(()) };
        let Options { now, load_id, batch_rows_max, .. } = self.task.options;
        let load_id = Cell::Text(Cow::Borrowed(load_id));
        match table.normalizer.settle(row, *now, &mut table.feeds) {
            RowTime::Sane(ts) => {
                table.note_time(row, ts, &mut self.notes);
                table.normalizer.write(row, &mut table.chunk, &mut table.feeds);
                table.chunk.set(table.columns.load_id, &load_id);
                table.chunk.end_row(ts);
            }
            RowTime::Lost(quality) => {
                table.normalizer.write(row, &mut table.timeless, &mut table.feeds);
                table.timeless.set(table.columns.load_id, &load_id);
                table.timeless.set(table.columns.ts_quality, &Cell::Text(Cow::Borrowed(quality)));
                table.timeless.end_row(Ts(0));
            }
        }
        row.clear();
        let n_rows = table.chunk.n_rows().max(table.timeless.n_rows());
        let n_bytes = table.chunk.n_bytes().max(table.timeless.n_bytes());
        if n_rows >= *batch_rows_max || n_bytes >= CHUNK_BYTES_MAX {
            self.hand_on(table_idx)?;
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
        let sample = self.redactor.sample(table.map_or("", |table| table.name), record);
        self.give(Piece::Reject(Reject {
            input: self.task.input.to_owned(),
            line: place.line,
            column: place.column,
            reason: reason.to_owned(),
            code,
            sample,
        }))
    }

    /// Ends a part of the input: all that it gave is handed on.
    pub(crate) fn end_part(&mut self) -> Result<(), Error> {
        for table_idx in 0..self.tables.len() {
            self.hand_on(table_idx)?;
            let feeds = self.tables.get_mut(table_idx).map(|table| table.feeds.take());
            feeds.into_iter().try_for_each(|feeds| self.give(Piece::Feeds(feeds)))?;
        }
        let remarks = take(&mut self.remarks);
        self.give(Piece::Remarks(remarks))
    }

    /// What waits since this was last asked.
    pub(crate) fn take_pieces(&mut self) -> Pieces {
        take(&mut self.pieces)
    }

    /// Adds what parts gave elsewhere.
    pub(crate) fn add(&mut self, pieces: Pieces) -> Result<(), Error> {
        pieces.into_iter().try_for_each(|piece| self.give(piece))
    }

    fn hand_on(&mut self, table_idx: usize) -> Result<(), Error> {
        let noted = self.notes.take();
        self.give(Piece::Times(noted))?;
        let Some(TableLoad { table, chunk, timeless, .. }) = self.tables.get_mut(table_idx) else {
            return Ok(());
        };
        let (table, n_bytes) = (*table, chunk.n_bytes());
        let n_timeless_bytes = timeless.n_bytes();
        let take = |chunk: &mut Chunk| (chunk.n_rows() > 0).then(|| chunk.take());
        let (dated, timeless) = (take(chunk), take(timeless));
        if let Some(dated) = dated {
            let Remarks { tally, warnings, .. } = &mut self.remarks;
            let rows = self.redactor.redact(table, &dated, tally, warnings);
            self.give(Piece::Rows { rows, n_bytes })?;
        }
        if let Some(timeless) = timeless {
            self.give(Piece::Timeless { table, rows: timeless, n_bytes: n_timeless_bytes })?;
        }
        Ok(())
    }

    fn give(&mut self, piece: Piece) -> Result<(), Error> {
        if let Some(collect) = &mut self.collect {
            return collect.take(piece);
        }
        self.pieces.push(piece);
        Ok(())
    }

    fn table_idx(&mut self, table: &'static Table) -> usize {
        // By name, so that every thread has them in the same order.
        match self.tables.binary_search_by_key(&table.name, |held| held.table.name) {
            Ok(table_idx) => table_idx,
            Err(table_idx) => {
                let examples = self.task.options.examples.then(|| self.redactor.masks());
                let new = TableLoad::new(table, &self.task.options.traffic, examples);
                self.tables.insert(table_idx, new);
                table_idx
            }
        }
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
        };
        Self {
            table,
            normalizer: Normalizer::new(Rules::new(table), traffic),
            columns,
            chunk: Chunk::new(table),
            timeless: Chunk::new(table),
            feeds: Feeds::new(table, table.columns.len() + N_EXTRA, examples),
        }
    }

    fn note_time(&self, row: &Row<'_>, ts: Ts, notes: &mut Notes) {
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
            notes.note(&trace_id, span_id.as_deref(), ts.0);
        }
    }
}

impl std::fmt::Debug for Load<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Load").field("task", &self.task).finish_non_exhaustive()
    }
}
