//! `activities`: one chance to meet an error: a root request or a client event.

use super::block::{correlation, time};
use crate::column::Column;
use crate::column::ColumnType::{BigInt, Double, Text, Timestamp};
use crate::table::{Table, TableKind};

pub(super) fn activities() -> Table {
    let mut columns = time();
    columns.extend(correlation(&[]));
    columns.extend([
        Column::new(
            "session_id_source",
            Text,
            "Where `session_id` came from: `own span trace session gap`; NULL where it is NULL.",
        ),
        Column::new("user_id_source", Text, "Where `user_id` came from, likewise."),
        Column::new("account_id_source", Text, "Where `account_id` came from, likewise."),
        Column::new(
            "session_started_at",
            Timestamp,
            "First `ts` of the session, which with `session_id` is its key.",
        ),
        Column::new("activity_id", Text, "Key of the activity."),
        Column::new("activity_kind", Text, "`request event orphan`."),
        Column::new(
            "op",
            Text,
            "What was tried, the same for success and failure; `(orphan)` for an orphan.",
        ),
        Column::new("sequence_no", BigInt, "Order within the session, where the client counts."),
        Column::new("observed_at", Timestamp, "When the collector saw it."),
        Column::new("status_code", Text, "`OK ERROR UNSET` of a request."),
        Column::new("duration_ns", BigInt, "Duration in nanoseconds."),
        Column::new("n_errors", BigInt, "Error occurrences that it carries."),
        Column::new("sample_weight", Double, "How many such rows this one stands for; NULL is 1."),
    ]);
    Table::new(
        "activities",
        TableKind::Derived,
        "One chance to meet an error: a root request or a client event.",
        &["session_id"],
        columns,
    )
}
