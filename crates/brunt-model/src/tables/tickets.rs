//! `tickets`: a support ticket in its latest state.

use super::block::{correlation, time};
use crate::column::Column;
use crate::column::ColumnType::{BigInt, Text, TextArray, Timestamp};
use crate::table::{Table, TableKind};

pub(super) fn tickets() -> Table {
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
        Column::new("organization_id", Text, "The requester's organisation, as the source knows it."),
        Column::new("channel", Text, "Channel by which it came in."),
        Column::new("satisfaction", Text, "Satisfaction score or word."),
        Column::new("first_message", Text, "Message of its first state."),
        Column::new("n_updates", BigInt, "States stored."),
        Column::new("n_comments", BigInt, "Comments stored."),
        Column::new("session_id_source", Text, "Where `session_id` came from: `own span trace session gap`; NULL where it is NULL."),
        Column::new("user_id_source", Text, "Where `user_id` came from, likewise."),
        Column::new("account_id_source", Text, "Where `account_id` came from, likewise."),
        Column::new("conflicts", TextArray, "Which of `session_id user_id account_id` were left NULL because the evidence disagreed."),
    ]);
    Table::new(
        "tickets",
        TableKind::Derived,
        "A support ticket in its latest state.",
        &["account_id"],
        columns,
    )
}
