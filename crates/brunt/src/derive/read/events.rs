//! Facts of `events`: what people did, what they bought, and the errors that their client recorded.

use arrow::array::{BooleanArray, Decimal128Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;

use super::columns::{
    COMMON, Common, KeyHasher, Texts, bigint, boolean, column, decimal, text, with_common,
};
use super::records::{Beside, Place, Told, given, record};
use super::{Collected, Known};
use crate::derive::cut::Mark;
use crate::derive::facts::{Event, EventKind, Frustration, Row, RowKind, signal};
use crate::derive::numbers::{Amount, Perhaps};
use crate::derive::op::event_op;
use crate::derive::symbols::Sym;
use crate::error::Error;

const OWN: [&str; 20] = [
    "event_id",
    "sequence_no",
    "event_kind",
    "event_name",
    "view_name",
    "url_path",
    "action_target",
    "frustration",
    "error_type",
    "error_fingerprint",
    "exception_type",
    "exception_message",
    "exception_stacktrace",
    "handled",
    "duration_ns",
    "order_id",
    "order_value",
    "currency",
    "session_previous_id",
    "replay_url",
];

/// The columns that [`collect`] reads.
pub(super) const COLUMNS: &[&str] = &with_common::<{ COMMON.len() + OWN.len() }>(&OWN);

#[derive(Debug)]
struct Columns<'a> {
    event_id: &'a StringArray,
    sequence_no: &'a Int64Array,
    kind: &'a StringArray,
    name: &'a StringArray,
    view: &'a StringArray,
    url_path: Texts<'a>,
    target: &'a StringArray,
    frustration: &'a StringArray,
    error_type: Texts<'a>,
    fingerprint: &'a StringArray,
    exception: [&'a StringArray; 3],
    handled: &'a BooleanArray,
    duration_ns: &'a Int64Array,
    order: Texts<'a>,
    order_value: &'a Decimal128Array,
    currency: Texts<'a>,
    session_previous: Texts<'a>,
    replay_url: Texts<'a>,
}

/// Takes in the session events of a batch. An event is an error where its kind is `error`, or where it has an
/// exception's type, message or stack trace.
///
/// # Errors
/// Where a column is absent or of another type.
pub(super) fn collect(collected: &mut Collected<'_>, batch: &RecordBatch) -> Result<(), Error> {
    let mut common = Common::new(batch)?;
    let mut columns = Columns::new(batch)?;
    let mut op = String::new();
    for row_idx in 0..batch.num_rows() {
        let mut row = common.row(row_idx, RowKind::Event, collected.known);
        let known = &mut *collected.known;
        let event = columns.event(row_idx, &common, known, &mut op);
        row.key = columns.key(row_idx, &row, &event, known);
        row.detail = u32::try_from(collected.events.len()).unwrap_or(u32::MAX);
        let told = columns.exception.map(|array| given(text(array, row_idx)));
        if event.kind == EventKind::Error || told.iter().any(Option::is_some) {
            let place = Place {
                row: collected.next_row(),
                batch_row: row_idx,
                part: 0,
                ts: row.ts,
                signals: signal::EVENT,
                weight: event.weight,
            };
            let known = &mut *collected.known;
            let [exception_type, message, stacktrace] = told;
            let nameless = told.iter().all(Option::is_none);
            let told = Told {
                exception_type,
                // An error event without an exception is known by its name only.
                message: if nameless { given(text(columns.name, row_idx)) } else { message },
                stacktrace,
                service: known.contexts.context(row.context).service(),
                client_fingerprint: text(columns.fingerprint, row_idx),
            };
            let beside = Beside {
                error_type: columns.error_type.sym(row_idx, &mut known.symbols),
                url_path: columns.url_path.sym(row_idx, &mut known.symbols),
                handled: boolean(columns.handled, row_idx),
                ..Beside::default()
            };
            collected.records.push(record(&told, &beside, place, known));
        }
        collected.rows.push(row);
        collected.events.push(event);
    }
    Ok(())
}

impl<'a> Columns<'a> {
    fn new(batch: &'a RecordBatch) -> Result<Self, Error> {
        let texts = |name: &str| Texts::new(batch, name);
        Ok(Self {
            event_id: column(batch, "event_id")?,
            sequence_no: column(batch, "sequence_no")?,
            kind: column(batch, "event_kind")?,
            name: column(batch, "event_name")?,
            view: column(batch, "view_name")?,
            url_path: texts("url_path")?,
            target: column(batch, "action_target")?,
            frustration: column(batch, "frustration")?,
            error_type: texts("error_type")?,
            fingerprint: column(batch, "error_fingerprint")?,
            exception: [
                column(batch, "exception_type")?,
                column(batch, "exception_message")?,
                column(batch, "exception_stacktrace")?,
            ],
            handled: column(batch, "handled")?,
            duration_ns: column(batch, "duration_ns")?,
            order: texts("order_id")?,
            order_value: column(batch, "order_value")?,
            currency: texts("currency")?,
            session_previous: texts("session_previous_id")?,
            replay_url: texts("replay_url")?,
        })
    }

    fn event(
        &mut self,
        row: usize,
        common: &Common<'_>,
        known: &mut Known,
        op: &mut String,
    ) -> Event {
        let symbols = &mut known.symbols;
        let named =
            event_op(text(self.name, row), text(self.view, row), self.url_path.text(row), op);
        Event {
            kind: EventKind::parse(text(self.kind, row)),
            frustration: Frustration::parse(text(self.frustration, row)),
            mark: mark(text(self.name, row)),
            op: if named { symbols.intern(op) } else { Sym::NONE },
            sequence_no: Perhaps::new(bigint(self.sequence_no, row)),
            observed_at: Perhaps::new(common.observed_at(row)),
            duration_ns: Perhaps::new(bigint(self.duration_ns, row)),
            order: self.order.sym(row, symbols),
            order_value: Amount::new(decimal(self.order_value, row)),
            currency: self.currency.sym(row, symbols),
            session_previous: self.session_previous.sym(row, symbols),
            replay_url: self.replay_url.sym(row, symbols),
            weight: common.weight(row),
        }
    }

    /// The client's own id where it gave one, else all that is read.
    fn key(&self, row_idx: usize, row: &Row, event: &Event, known: &Known) -> u64 {
        let mut key = KeyHasher::new();
        if let Some(id) = given(text(self.event_id, row_idx)) {
            return key.text(Some(id)).finish();
        }
        key.row(row, known)
            .number(event.kind as u64)
            .number(event.frustration as u64)
            .signed(event.sequence_no.get())
            .signed(event.duration_ns.get())
            .signed(event.order_value.get().and_then(|value| i64::try_from(value).ok()))
            .signed(boolean(self.handled, row_idx).map(i64::from));
        for sym in [event.op, event.order, event.currency, event.session_previous, event.replay_url]
        {
            key.number(known.symbols.hash(sym));
        }
        for array in [self.view, self.target, self.fingerprint].into_iter().chain(self.exception) {
            key.text(text(array, row_idx));
        }
        key.text(self.url_path.text(row_idx)).text(self.error_type.text(row_idx)).finish()
    }
}

/// What an event's name says of its session: `session.start` and `session.end` of OpenTelemetry, and as others write them.
fn mark(name: Option<&str>) -> Mark {
    match name {
        Some("session.start" | "session_start" | "$session_start") => Mark::Start,
        Some("session.end" | "session_end" | "$session_end") => Mark::End,
        _ => Mark::None,
    }
}
