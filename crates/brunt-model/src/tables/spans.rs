//! `spans`: a span of a trace.

use super::block::{base, correlation, time};
use crate::column::Column;
use crate::column::ColumnType::{BigInt, Int, Json, Text};
use crate::table::{Table, TableKind};

pub(super) fn spans() -> Table {
    let mut columns = time();
    columns.extend(correlation(&[]));
    columns.extend([
        Column::new(
            "parent_span_id",
            Text,
            "Id of the parent span, 16 hexadecimal digits; NULL for a root.",
        ),
        Column::new("span_name", Text, "Name of the operation."),
        Column::new("span_kind", Text, "`SERVER CLIENT INTERNAL PRODUCER CONSUMER`."),
        Column::new("status_code", Text, "`OK ERROR UNSET`."),
        Column::new("status_message", Text, "Description of the status."),
        Column::new("duration_ns", BigInt, "Duration in nanoseconds."),
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
        Column::new(
            "exception_type",
            Text,
            "Type of the exception as the program names it. Of its last exception event.",
        ),
        Column::new(
            "exception_message",
            Text,
            "The exception's message. Of its last exception event.",
        ),
        Column::new(
            "exception_stacktrace",
            Text,
            "The exception's stack trace, as text. Of its last exception event.",
        ),
        Column::new("http_request_method", Text, "HTTP method, upper case."),
        Column::new("http_route", Text, "Matched route template, such as `/users/{id}`."),
        Column::new("http_response_status_code", Int, "HTTP status code of the response."),
        Column::new("url_path", Text, "Path of the request's or page's URL."),
        Column::new("server_address", Text, "Host that was called (`server.address`)."),
        Column::new("peer_service", Text, "Service that was called (`peer.service`)."),
        Column::new("db_system_name", Text, "Database system (`db.system.name`)."),
        Column::new("rpc_method", Text, "Method of a remote call (`rpc.method`)."),
        Column::new(
            "messaging_destination_name",
            Text,
            "Queue or topic (`messaging.destination.name`).",
        ),
        Column::new("trace_state", Text, "W3C `tracestate`."),
        Column::new(
            "span_events",
            Json,
            "Events of the span, a list of objects with `ts`, `name`, `attributes`.",
        ),
        Column::new(
            "span_links",
            Json,
            "Links of the span, a list of objects with `trace_id`, `span_id`, `attributes`.",
        ),
        Column::new("scope_name", Text, "Instrumentation scope or logger that wrote the record."),
    ]);
    columns.extend(base());
    Table::new("spans", TableKind::Base, "A span of a trace.", &["session_id", "trace_id"], columns)
}
