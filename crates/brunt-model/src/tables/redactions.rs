//! `redactions`: what the redaction policy hid in a field of a load.

use crate::column::Column;
use crate::column::ColumnType::{BigInt, Date, Text, Timestamp};
use crate::table::{Table, TableKind};

pub(super) fn redactions() -> Table {
    let columns = vec![
        Column::required("loaded_at", Timestamp, "When the load was committed."),
        Column::required("day", Date, "UTC date of `loaded_at`; the partition."),
        Column::new("load_id", Text, "Id of the load."),
        Column::new("table_name", Text, "Table that the records went to."),
        Column::new(
            "field",
            Text,
            "Column, or `column.key.key` in JSON; `*` stands for keys that are no names of fields.",
        ),
        Column::new("action", Text, "`dropped`, `hashed` or `masked`."),
        Column::new("kind", Text, "What was masked: `email card key phone iban ip`."),
        Column::new(
            "n_redacted",
            BigInt,
            "Values that were dropped or hashed, or places that were masked, in all records read.",
        ),
    ];
    let about = "What the redaction policy hid in a field of a load.";
    Table::new("redactions", TableKind::System, about, &["load_id"], columns)
}
