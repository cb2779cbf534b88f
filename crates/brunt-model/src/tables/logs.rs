//! `logs`: a log record.

use super::block::{base, correlation, time};
use crate::column::Column;
use crate::column::ColumnType::{Int, SmallInt, Text};
use crate::table::{Table, TableKind};

pub(super) fn logs() -> Table {
    let mut columns = time();
    columns.extend(correlation(&[]));
    columns.extend([
        Column::new(
            "severity_number",
            SmallInt,
            "OpenTelemetry severity, 1 to 24; 17 and above is an error.",
        ),
        Column::new("severity_text", Text, "Severity as the source wrote it."),
        Column::new("body", Text, "Text of the record; structured bodies as JSON."),
        Column::new(
            "event_name",
            Text,
            "Name of the event that the record reports (`event.name`).",
        ),
        Column::new("exception_type", Text, "Type of the exception as the program names it."),
        Column::new("exception_message", Text, "The exception's message."),
        Column::new("exception_stacktrace", Text, "The exception's stack trace, as text."),
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
        Column::new("http_request_method", Text, "HTTP method, upper case."),
        Column::new("http_route", Text, "Matched route template, such as `/users/{id}`."),
        Column::new("http_response_status_code", Int, "HTTP status code of the response."),
        Column::new("url_path", Text, "Path of the request's or page's URL."),
        Column::new("scope_name", Text, "Instrumentation scope or logger that wrote the record."),
    ]);
    columns.extend(base());
    Table::new("logs", TableKind::Base, "A log record.", &["session_id", "trace_id"], columns)
}
