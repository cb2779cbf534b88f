//! `journey_steps`: one time that a step of a journey was done.

use super::block::time;
use crate::column::Column;
use crate::column::ColumnType::{Int, Numeric, Text, Timestamp};
use crate::table::{Table, TableKind};

pub(super) fn journey_steps() -> Table {
    let mut columns = time();
    columns.extend([
        Column::new("journey", Text, "Name of the journey."),
        Column::new("step_idx", Int, "Place of the step in the journey, from 1."),
        Column::new("step", Text, "Name of the step."),
        Column::new("session_id", Text, "Session."),
        Column::new("session_started_at", Timestamp, "First `ts` of the session."),
        Column::new("user_id", Text, "User."),
        Column::new("user_pseudo_id", Text, "Anonymous user."),
        Column::new("account_id", Text, "Account."),
        Column::new("trace_id", Text, "Trace, 32 hexadecimal digits."),
        Column::new("activity_id", Text, "Activity that did the step."),
        Column::new(
            "value",
            Numeric,
            "Value of the conversion in `currency`, on the converting step.",
        ),
        Column::new("currency", Text, "ISO 4217 code of `value`."),
    ]);
    Table::new(
        "journey_steps",
        TableKind::Derived,
        "One time that a step of a journey was done.",
        &["session_id"],
        columns,
    )
}
