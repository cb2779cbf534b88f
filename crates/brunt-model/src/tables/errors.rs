//! `errors`: one occurrence of an error, whatever number of signals recorded it.

use super::block::{correlation, time};
use crate::column::Column;
use crate::column::ColumnType::{
    BigInt, Boolean, Double, Int, SmallInt, Text, TextArray, Timestamp,
};
use crate::table::{Table, TableKind};

pub(super) fn errors() -> Table {
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
        Column::new("error_id", Text, "Key of the occurrence."),
        Column::new("activity_id", Text, "Activity that carries it."),
        Column::new(
            "error_group_id",
            Text,
            "Error group, with the version of its algorithm as prefix.",
        ),
        Column::new("error_site_id", Text, "Coarser: language, service and culprit."),
        Column::new("error_variant_id", Text, "Finer: all normalised app frames and the template."),
        Column::new("signals", TextArray, "Which of `log span span_event event` recorded it."),
        Column::new("exception_type", Text, "Type of the exception as the program names it."),
        Column::new("exception_message", Text, "The exception's message."),
        Column::new("root_type", Text, "Type of the innermost cause."),
        Column::new("culprit", Text, "Symbol that the group is named after."),
        Column::new(
            "grouping_quality",
            Text,
            "`full library_only message_only minified truncated unparsed`.",
        ),
        Column::new("error_type", Text, "Low-cardinality class of the failure (`error.type`)."),
    ]);
    columns.extend(failure());
    columns.extend([
        Column::new("severity_number", SmallInt, "Highest OpenTelemetry severity of its records."),
        Column::new("span_name", Text, "Name of the span that it happened in."),
        Column::new("span_kind", Text, "Kind of that span."),
        Column::new("http_request_method", Text, "HTTP method, upper case."),
        Column::new("http_route", Text, "Matched route template, such as `/users/{id}`."),
        Column::new("http_response_status_code", Int, "HTTP status code of the response."),
        Column::new("url_path", Text, "Path of the request's or page's URL."),
        Column::new("sample_weight", Double, "How many such rows this one stands for; NULL is 1."),
        Column::new(
            "title",
            Text,
            "Short type and message template of the innermost cause, or what a rule of `errors.toml` says.",
        ),
        Column::new(
            "root_service_name",
            Text,
            "Service that its incident began in: that of the root cause, or the slow one that it waited for.",
        ),
        Column::new("n_records", BigInt, "How many records told of this occurrence."),
    ]);
    Table::new(
        "errors",
        TableKind::Derived,
        "One occurrence of an error, whatever number of signals recorded it.",
        &["session_id", "trace_id"],
        columns,
    )
}

/// What kind of failure it was, what became of it, and which others it belongs with.
fn failure() -> Vec<Column> {
    vec![
        Column::new(
            "error_class",
            Text,
            "`client_error server_error dependency_error expected transient infrastructure`.",
        ),
        Column::new("error_class_rule", Text, "Rule that chose `error_class`."),
        Column::new(
            "error_class_confidence",
            Text,
            "`certain` where a rule of `errors.toml` says so, `high` where the error's own type or status does, `low` where only the place tells that recorded it.",
        ),
        Column::new("handled", Boolean, "Whether the program caught it."),
        Column::new("recovered", Boolean, "Whether the same operation succeeded later."),
        Column::new(
            "expected",
            Boolean,
            "Whether a rule of `errors.toml` says that it is part of normal work.",
        ),
        Column::new(
            "duplicate_of",
            Text,
            "`error_id` of its incident's root cause, where another service, signal or level only says that once more.",
        ),
        Column::new("incident_id", Text, "Errors of one failure share it."),
        Column::new("root_cause", Boolean, "Whether its incident began with it."),
        Column::new(
            "root_evidence",
            Text,
            "What that rests on: `deepest_failing_span timeout_child earliest_error time_only`.",
        ),
    ]
}
