//! `traces`: a trace.

use super::block::{correlation, time};
use crate::column::Column;
use crate::column::ColumnType::{BigInt, Boolean, Double, Text, TextArray, Timestamp};
use crate::table::{Table, TableKind};

pub(super) fn traces() -> Table {
    let mut columns = time();
    columns.extend(correlation(&["span_id"]));
    columns.extend([
        Column::new("session_id_source", Text, "Where `session_id` came from: `own span trace session gap`; NULL where it is NULL."),
        Column::new("user_id_source", Text, "Where `user_id` came from, likewise."),
        Column::new("account_id_source", Text, "Where `account_id` came from, likewise."),
        Column::new("conflicts", TextArray, "Which of `session_id user_id account_id` were left NULL because the evidence disagreed."),
        Column::new("session_started_at", Timestamp, "First `ts` of the session, which with `session_id` is its key."),
        Column::new("duration_ns", BigInt, "From the first start to the last end, in nanoseconds."),
        Column::new("root_span_name", Text, "Name of the root span."),
        Column::new("root_service_name", Text, "Service of the root span."),
        Column::new("status_code", Text, "Status of the root span."),
        Column::new("n_spans", BigInt, "Spans."),
        Column::new("n_errors", BigInt, "Error occurrences."),
        Column::new("n_logs", BigInt, "Log records."),
        Column::new("service_names", TextArray, "Services that took part, sorted."),
        Column::new("n_orphan_spans", BigInt, "Spans whose parent is not in the store."),
        Column::new("has_root", Boolean, "Whether a span without a parent is in the store."),
        Column::new("sample_weight", Double, "How many such rows this one stands for; NULL is 1."),
    ]);
    Table::new("traces", TableKind::Derived, "A trace.", &["trace_id"], columns)
}
