//! `ticket_updates`: one exported state or comment of a support ticket.

use super::block::{base, correlation, time};
use crate::column::Column;
use crate::column::ColumnType::{Text, TextArray, Timestamp};
use crate::table::{Table, TableKind};

pub(super) fn ticket_updates() -> Table {
    let mut columns = time();
    columns.extend(correlation(&[]));
    columns.extend([
        Column::new("source", Text, "System that the ticket was exported from."),
        Column::new("kind", Text, "`ticket comment chat review survey`."),
        Column::new("ticket_id", Text, "Id of the ticket in its source."),
        Column::new("topic", Text, "What it is about, as the source classifies it."),
        Column::new("severity", Text, "Severity as the source gives it."),
        Column::new("status", Text, "Status, a word of its source in snake_case."),
        Column::new("priority", Text, "Priority, a word of its source in snake_case."),
        Column::new("message", Text, "Subject and text, redacted."),
        Column::new("labels", TextArray, "Labels or tags."),
        Column::new("link_url", Text, "Address of the ticket."),
        Column::new("created_at", Timestamp, "When the ticket was created."),
        Column::new("updated_at", Timestamp, "When this state was written."),
        Column::new("solved_at", Timestamp, "When the ticket was solved."),
        Column::new("requester_id", Text, "Who asked, as the source knows them."),
        Column::new(
            "organization_id",
            Text,
            "The requester's organisation, as the source knows it.",
        ),
        Column::new("channel", Text, "Channel by which it came in."),
        Column::new("satisfaction", Text, "Satisfaction score or word."),
    ]);
    columns.extend(base());
    Table::new(
        "ticket_updates",
        TableKind::Base,
        "One exported state or comment of a support ticket.",
        &["account_id"],
        columns,
    )
}
