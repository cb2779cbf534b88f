//! Facts of `logs`: whom they belong to, and the errors that they record.

use arrow::array::{Int16Array, Int32Array, StringArray};
use arrow::record_batch::RecordBatch;

use super::Collected;
use super::columns::{COMMON, Common, KeyHasher, Texts, column, int, smallint, text, with_common};
use super::records::{Beside, Place, Told, given, record};
use crate::derive::facts::{RowKind, signal};
use crate::error::Error;

/// OpenTelemetry's ERROR; from here on a log is an error whether or not it holds an exception.
const SEVERITY_ERROR: i16 = 17;

const OWN: [&str; 12] = [
    "severity_number",
    "body",
    "event_name",
    "exception_type",
    "exception_message",
    "exception_stacktrace",
    "error_type",
    "error_fingerprint",
    "http_request_method",
    "http_route",
    "http_response_status_code",
    "url_path",
];

/// The columns that [`collect`] reads.
pub(super) const COLUMNS: &[&str] = &with_common::<{ COMMON.len() + OWN.len() }>(&OWN);

/// Takes in the logs of a batch. A log is an error where its severity is ERROR or above, or where it has an exception's
/// type, message or stack trace, at any severity; without a message of the exception, its body is the message.
///
/// # Errors
/// Where a column is absent or of another type.
pub(super) fn collect(collected: &mut Collected<'_>, batch: &RecordBatch) -> Result<(), Error> {
    let mut common = Common::new(batch)?;
    let severity: &Int16Array = column(batch, "severity_number")?;
    let body: &StringArray = column(batch, "body")?;
    let event_name: &StringArray = column(batch, "event_name")?;
    let http_status: &Int32Array = column(batch, "http_response_status_code")?;
    let mut texts = Vec::with_capacity(OWN.len());
    for name in ["error_type", "http_request_method", "http_route", "url_path"] {
        texts.push(Texts::new(batch, name)?);
    }
    let exception: [&StringArray; 4] = [
        column(batch, "exception_type")?,
        column(batch, "exception_message")?,
        column(batch, "exception_stacktrace")?,
        column(batch, "error_fingerprint")?,
    ];
    for row_idx in 0..batch.num_rows() {
        let mut row = common.row(row_idx, RowKind::Log, collected.known);
        let level = smallint(severity, row_idx);
        let told = exception.map(|array| given(text(array, row_idx)));
        let mut key = KeyHasher::new();
        key.row(&row, collected.known)
            .signed(level.map(i64::from))
            .signed(int(http_status, row_idx).map(i64::from))
            .text(text(body, row_idx))
            .text(text(event_name, row_idx));
        for part in told.into_iter().chain(texts.iter().map(|texts| texts.text(row_idx))) {
            key.text(part);
        }
        row.key = key.finish();
        let [exception_type, message, stacktrace, client_fingerprint] = told;
        let has_exception = told[..3].iter().any(Option::is_some);
        if has_exception || level >= Some(SEVERITY_ERROR) {
            let place = Place {
                row: collected.next_row(),
                batch_row: row_idx,
                part: 0,
                ts: row.ts,
                signals: signal::LOG,
                weight: common.weight(row_idx),
            };
            let known = &mut *collected.known;
            let service = known.contexts.context(row.context).service();
            // A stack says what happened; a body beside it may be a mere "request failed".
            let message =
                message.or(if stacktrace.is_none() { given(text(body, row_idx)) } else { None });
            let told = Told { exception_type, message, stacktrace, service, client_fingerprint };
            let [error_type, http_method, http_route, url_path] =
                [0, 1, 2, 3].map(|idx: usize| texts[idx].sym(row_idx, &mut known.symbols));
            let beside = Beside {
                error_type,
                http_method,
                http_route,
                http_status: int(http_status, row_idx),
                url_path,
                severity: level.unwrap_or_default(),
                handled: None,
            };
            collected.records.push(record(&told, &beside, place, known));
        }
        collected.rows.push(row);
    }
    Ok(())
}
