//! Facts of `spans`: the tree, the operation of those that can be activities, and the errors that they record.

use arrow::array::{Array, Int32Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use brunt_model::{Day, Ts};

use super::columns::{
    COMMON, Common, KeyHasher, Texts, bigint, column, int, span_bits, text, with_common,
};
use super::records::{Beside, Place, Told, given, record};
use super::{Collected, Known};
use crate::derive::exceptions::{SpanException, span_exceptions};
use crate::derive::facts::{Answer, Record, Row, RowKind, Says, Span, SpanKind, Status, signal};
use crate::derive::numbers::Perhaps;
use crate::derive::op::{Tried, request_op};
use crate::derive::symbols::Sym;
use crate::error::Error;

const OWN: [&str; 17] = [
    "parent_span_id",
    "span_name",
    "span_kind",
    "status_code",
    "status_message",
    "duration_ns",
    "error_type",
    "error_fingerprint",
    "exception_type",
    "exception_message",
    "exception_stacktrace",
    "http_request_method",
    "http_route",
    "http_response_status_code",
    "url_path",
    "rpc_method",
    "span_events",
];

/// The columns that [`collect`] reads.
pub(super) const COLUMNS: &[&str] = &with_common::<{ COMMON.len() + OWN.len() }>(&OWN);

#[derive(Debug)]
struct Columns<'a> {
    parent: &'a StringArray,
    name: Texts<'a>,
    kind: &'a StringArray,
    status: &'a StringArray,
    status_message: Texts<'a>,
    duration_ns: &'a Int64Array,
    error_type: Texts<'a>,
    fingerprint: Texts<'a>,
    exception_type: Texts<'a>,
    exception_message: Texts<'a>,
    exception_stacktrace: Texts<'a>,
    http_method: Texts<'a>,
    http_route: Texts<'a>,
    http_status: &'a Int32Array,
    url_path: Texts<'a>,
    rpc_method: Texts<'a>,
    span_events: &'a StringArray,
    has_span_events: bool,
}

/// Takes in the spans of a batch.
///
/// # Errors
/// Where a column is absent or of another type.
pub(super) fn collect(collected: &mut Collected<'_>, batch: &RecordBatch) -> Result<(), Error> {
    let mut common = Common::new(batch)?;
    let mut columns = Columns::new(batch)?;
    let mut op = String::new();
    for row_idx in 0..batch.num_rows() {
        let mut row = common.row(row_idx, RowKind::Span, collected.known);
        let known = &mut *collected.known;
        let parent = span_bits(columns.parent, row_idx);
        let kind = SpanKind::parse(text(columns.kind, row_idx));
        let can_be_activity = parent == 0 || kind == SpanKind::Server;
        let named = can_be_activity && request_op(&columns.tried(row_idx), &mut op);
        let span = Span {
            parent,
            duration_ns: Perhaps::new(bigint(columns.duration_ns, row_idx)),
            observed_at: Perhaps::new(common.observed_at(row_idx)),
            name: columns.name.sym(row_idx, &mut known.symbols),
            op: if named { known.symbols.intern(&op) } else { Sym::NONE },
            kind,
            status: Status::parse(text(columns.status, row_idx)),
            answer: int(columns.http_status, row_idx)
                .map_or(Answer::Fine, |http_status| kind.answer(http_status)),
            weight: common.weight(row_idx),
        };
        row.key = KeyHasher::new()
            .row(&row, known)
            .number(parent)
            .number(kind as u64)
            .number(known.symbols.hash(span.name))
            .signed(span.duration_ns.get())
            .finish();
        row.detail = u32::try_from(collected.spans.len()).unwrap_or(u32::MAX);
        let place = Place {
            row: collected.next_row(),
            batch_row: row_idx,
            part: 0,
            ts: row.ts,
            signals: signal::SPAN,
            weight: span.weight,
        };
        let known = &mut *collected.known;
        columns.records(row_idx, &row, &span, place, known, &mut collected.records);
        collected.rows.push(row);
        collected.spans.push(span);
    }
    Ok(())
}

impl<'a> Columns<'a> {
    fn new(batch: &'a RecordBatch) -> Result<Self, Error> {
        let texts = |name: &str| Texts::new(batch, name);
        let span_events: &StringArray = column(batch, "span_events")?;
        Ok(Self {
            parent: column(batch, "parent_span_id")?,
            name: texts("span_name")?,
            kind: column(batch, "span_kind")?,
            status: column(batch, "status_code")?,
            status_message: texts("status_message")?,
            duration_ns: column(batch, "duration_ns")?,
            error_type: texts("error_type")?,
            fingerprint: texts("error_fingerprint")?,
            exception_type: texts("exception_type")?,
            exception_message: texts("exception_message")?,
            exception_stacktrace: texts("exception_stacktrace")?,
            http_method: texts("http_request_method")?,
            http_route: texts("http_route")?,
            http_status: column(batch, "http_response_status_code")?,
            url_path: texts("url_path")?,
            rpc_method: texts("rpc_method")?,
            span_events,
            has_span_events: span_events.null_count() < span_events.len(),
        })
    }

    fn tried(&self, row: usize) -> Tried<'a> {
        Tried {
            method: self.http_method.text(row),
            route: self.http_route.text(row),
            path: self.url_path.text(row),
            rpc_method: self.rpc_method.text(row),
            span_name: self.name.text(row),
        }
    }

    /// The errors of a span: its exception events; without one, the exception in its columns; without that, its
    /// error status. A span with both an exception event and error status is one record with two signals, the last.
    fn records(
        &mut self,
        row_idx: usize,
        row: &Row,
        span: &Span,
        place: Place,
        known: &mut Known,
        records: &mut Vec<Record>,
    ) {
        let failed = span.status == Status::Error;
        let columns = [&self.exception_type, &self.exception_message, &self.exception_stacktrace]
            .map(|texts| given(texts.text(row_idx)));
        let from_events = if self.has_span_events {
            text(self.span_events, row_idx).map(span_exceptions).unwrap_or_default()
        } else {
            Vec::new()
        };
        if !failed && from_events.is_empty() && columns.iter().all(Option::is_none) {
            return;
        }
        let beside = self.beside(row_idx, known);
        let [exception_type, message, stacktrace] = columns;
        let service = known.contexts.context(row.context).service();
        let client_fingerprint = self.fingerprint.text(row_idx);
        let told = Told { exception_type, message, stacktrace, service, client_fingerprint };
        if from_events.is_empty() && columns.iter().all(Option::is_none) {
            records.push(self.bare_record(row_idx, &told, &beside, place, known));
            return;
        }
        if from_events.is_empty() {
            records.push(record(&told, &beside, place, known));
            return;
        }
        let n_events = from_events.len();
        for (part, event) in (0_u32..).zip(from_events) {
            let is_last = part as usize + 1 == n_events;
            let signals = signal::SPAN_EVENT | if failed && is_last { signal::SPAN } else { 0 };
            let place = Place { part, ts: event_ts(&event, row.ts), signals, ..place };
            let told = Told {
                exception_type: event.exception_type.as_deref(),
                message: event.message.as_deref(),
                stacktrace: event.stacktrace.as_deref(),
                client_fingerprint: event.fingerprint.as_deref().or(told.client_fingerprint),
                ..told
            };
            records.push(record(&told, &beside, place, known));
        }
    }

    /// An error status alone: grouped by its message, else by what was tried and how it ended.
    fn bare_record(
        &self,
        row_idx: usize,
        told: &Told<'_>,
        beside: &Beside,
        place: Place,
        known: &mut Known,
    ) -> Record {
        let error_type = known.symbols.text(beside.error_type).map(str::to_owned);
        let status = beside.http_status.map(|status| status.to_string());
        let ended = error_type.as_deref().or(status.as_deref());
        let message = given(self.status_message.text(row_idx));
        let mut op = String::new();
        let named = message.is_none() && request_op(&self.tried(row_idx), &mut op);
        let fallback = named.then(|| format!("{op} {}", ended.unwrap_or("failed")));
        // What was tried is a name and not a message: masking its path would join all endpoints of a service.
        let client_fingerprint = given(told.client_fingerprint).or(fallback.as_deref());
        let told = Told {
            exception_type: ended,
            message: message.or(fallback.as_deref()),
            client_fingerprint,
            ..*told
        };
        let says = if message.is_some() { Says::Status } else { Says::Nothing };
        Record { says, exception_type: Sym::NONE, ..record(&told, beside, place, known) }
    }

    fn beside(&mut self, row: usize, known: &mut Known) -> Beside {
        let symbols = &mut known.symbols;
        Beside {
            error_type: self.error_type.sym(row, symbols),
            http_method: self.http_method.sym(row, symbols),
            http_route: self.http_route.sym(row, symbols),
            http_status: int(self.http_status, row),
            url_path: self.url_path.sym(row, symbols),
            severity: 0,
            handled: None,
        }
    }
}

/// The event's own time, but on the day of its span, so that a day's errors come from its own rows.
fn event_ts(event: &SpanException, span_ts: i64) -> i64 {
    let day: Day = brunt_model::day_of(Ts(span_ts));
    let last = day.plus(1).start().0 - 1;
    event.ts.map_or(span_ts, |ts| ts.clamp(day.start().0, last))
}
