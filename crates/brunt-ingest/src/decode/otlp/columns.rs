//! Where the fields of records go: the columns of a signal's table, and what its attributes' keys feed.

use brunt_model::Table;

use super::client_event::ClientEvents;
use crate::aliases::UserAliases;
use crate::normalize::route::{Reach, Router};

#[derive(Debug)]
pub(super) struct Kept {
    pub(super) table: &'static Table,
    pub(super) router: Router,
    pub(super) columns: Columns,
    /// Of log records.
    pub(super) client_events: Option<ClientEvents>,
}

/// Places of the columns that the fields of records go to; what the table does not have is out of its range.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    pub(super) ts: usize,
    pub(super) observed_at: usize,
    pub(super) trace_id: usize,
    pub(super) span_id: usize,
    pub(super) parent_span_id: usize,
    pub(super) severity_number: usize,
    pub(super) severity_text: usize,
    pub(super) body: usize,
    pub(super) event_name: usize,
    pub(super) span_name: usize,
    pub(super) span_kind: usize,
    pub(super) status_code: usize,
    pub(super) status_message: usize,
    pub(super) duration_ns: usize,
    pub(super) trace_state: usize,
    pub(super) span_events: usize,
    pub(super) span_links: usize,
    /// What a record says of an exception.
    pub(super) exception: [usize; 3],
}

impl Kept {
    pub(super) fn new(table: &'static Table, aliases: &UserAliases) -> Self {
        let idx = |name| table.column_idx(name).unwrap_or(usize::MAX);
        let columns = Columns {
            ts: idx("ts"),
            observed_at: idx("observed_at"),
            trace_id: idx("trace_id"),
            span_id: idx("span_id"),
            parent_span_id: idx("parent_span_id"),
            severity_number: idx("severity_number"),
            severity_text: idx("severity_text"),
            body: idx("body"),
            event_name: idx("event_name"),
            span_name: idx("span_name"),
            span_kind: idx("span_kind"),
            status_code: idx("status_code"),
            status_message: idx("status_message"),
            duration_ns: idx("duration_ns"),
            trace_state: idx("trace_state"),
            span_events: idx("span_events"),
            span_links: idx("span_links"),
            exception: ["exception_type", "exception_message", "exception_stacktrace"].map(idx),
        };
        Self {
            table,
            router: Router::new(table, Reach::Attributes, aliases),
            columns,
            client_events: ClientEvents::of(table, aliases),
        }
    }
}
