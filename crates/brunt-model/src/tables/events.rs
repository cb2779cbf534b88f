//! `events`: something that happened in a session.

use super::block::{base, correlation, time};
use crate::column::Column;
use crate::column::ColumnType::{BigInt, Boolean, Numeric, Text};
use crate::table::{Table, TableKind};

pub(super) fn events() -> Table {
    let mut columns = time();
    columns.extend(correlation(&[]));
    columns.extend([
        Column::new("event_id", Text, "Id that the client gave the event."),
        Column::new("sequence_no", BigInt, "Order within the session, where the client counts."),
        Column::new(
            "event_kind",
            Text,
            "`page_view click step purchase error frustration custom`.",
        ),
        Column::new("event_name", Text, "Name of the event."),
        Column::new("view_id", Text, "Id of the page view that it belongs to."),
        Column::new("view_name", Text, "Name of the page or screen."),
        Column::new("url_path", Text, "Path of the page's URL."),
        Column::new("action_target", Text, "What was clicked or touched."),
        Column::new("frustration", Text, "`rage_click dead_click error_click reload`."),
        Column::new(
            "error_type",
            Text,
            "Low-cardinality class of the failure (`error.type`), such as `timeout` or `500`.",
        ),
        Column::new(
            "error_fingerprint",
            Text,
            "Grouping key that the client gave; overrides the computed one.",
        ),
        Column::new("exception_type", Text, "Type of the exception as the program names it."),
        Column::new("exception_message", Text, "The exception's message."),
        Column::new("exception_stacktrace", Text, "The exception's stack trace, as text."),
        Column::new("handled", Boolean, "Whether the program caught the error."),
        Column::new("duration_ns", BigInt, "Duration in nanoseconds."),
        Column::new("order_id", Text, "Id of the order; a row that has one is an order."),
        Column::new(
            "order_value",
            Numeric,
            "Value of the order in `currency`; negative for a refund.",
        ),
        Column::new("currency", Text, "ISO 4217 code of `order_value`."),
        Column::new("session_previous_id", Text, "Session that this one continues."),
        Column::new("replay_url", Text, "Address of the session's replay."),
    ]);
    columns.extend(base());
    Table::new(
        "events",
        TableKind::Base,
        "Something that happened in a session: a page view, click, step, purchase or front-end error.",
        &["session_id"],
        columns,
    )
}
