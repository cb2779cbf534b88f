//! `error_group_updates`: what people decided about error groups.

use crate::column::Column;
use crate::column::ColumnType::{Date, Numeric, Text, Timestamp};
use crate::table::{Table, TableKind};

pub(super) fn error_group_updates() -> Table {
    let columns = vec![
        Column::required("loaded_at", Timestamp, "When it was decided."),
        Column::required("day", Date, "UTC date of `loaded_at`; the partition."),
        Column::new(
            "error_group_id",
            Text,
            "Error group as its id was then; `error_group_current` has the id of today.",
        ),
        Column::new("action", Text, "`resolve ignore reopen`."),
        Column::new(
            "service_version",
            Text,
            "Version from which on it is resolved; NULL where it is from `loaded_at` on.",
        ),
        Column::new(
            "deployment_environment_name",
            Text,
            "Environment that it is resolved in; NULL for all.",
        ),
        Column::new(
            "until_cost",
            Numeric,
            "Lost revenue up to which it is ignored; NULL where it is for good.",
        ),
        Column::new(
            "currency",
            Text,
            "ISO 4217 code of `until_cost`; NULL for that of each journey.",
        ),
        Column::new("comment", Text, "Why, in words, as they were given."),
        Column::new("actor", Text, "Who decided."),
    ];
    let about = "What people decided about error groups: a row a decision. Nothing but `forget` changes what is there.";
    Table::new("error_group_updates", TableKind::System, about, &["error_group_id"], columns)
}
