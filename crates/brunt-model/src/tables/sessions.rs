//! `sessions`: a session.

use super::block::{correlation, time};
use crate::column::Column;
use crate::column::ColumnType::{
    BigInt, Boolean, Double, Int, Numeric, Text, TextArray, Timestamp,
};
use crate::table::{Table, TableKind};

pub(super) fn sessions() -> Table {
    let mut columns = time();
    columns.extend(correlation(&["trace_id", "span_id"]));
    columns.extend([
        Column::new("session_id_source", Text, "Where `session_id` came from: `own span trace session gap`; NULL where it is NULL."),
        Column::new("user_id_source", Text, "Where `user_id` came from, likewise."),
        Column::new("account_id_source", Text, "Where `account_id` came from, likewise."),
        Column::new("conflicts", TextArray, "Which of `session_id user_id account_id` were left NULL because the evidence disagreed."),
        Column::new("ended_at", Timestamp, "Last `ts` of the session's rows."),
        Column::new("n_events", BigInt, "Session events."),
        Column::new("n_page_views", BigInt, "Page views."),
        Column::new("n_spans", BigInt, "Spans."),
        Column::new("n_logs", BigInt, "Log records."),
        Column::new("n_errors", BigInt, "Error occurrences."),
        Column::new("n_traces", BigInt, "Traces."),
        Column::new("rage_clicks", BigInt, "Rage clicks."),
        Column::new("dead_clicks", BigInt, "Dead clicks."),
        Column::new("reloads", BigInt, "Reloads."),
        Column::new("n_orders", Int, "Orders."),
        Column::new("revenue", Numeric, "Sum of the orders in `currency`; NULL where they are in several."),
        Column::new("currency", Text, "ISO 4217 code of `revenue`; NULL where several."),
        Column::new("ended_with_error", Boolean, "Whether the session's last activity carried an error."),
        Column::new("session_previous_id", Text, "Session that this one continues."),
        Column::new("replay_url", Text, "Address of the session's replay."),
        Column::new("sample_weight", Double, "How many such rows this one stands for; NULL is 1."),
    ]);
    Table::new("sessions", TableKind::Derived, "A session.", &["session_id"], columns)
}
