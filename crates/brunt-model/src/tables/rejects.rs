//! `rejects`: a record that a load refused.

use crate::column::Column;
use crate::column::ColumnType::{BigInt, Date, Text, Timestamp};
use crate::table::{Table, TableKind};

pub(super) fn rejects() -> Table {
    let mut columns = vec![
        Column::required("loaded_at", Timestamp, "When the load was committed."),
        Column::required("day", Date, "UTC date of `loaded_at`; the partition."),
    ];
    columns.extend([
        Column::new("load_id", Text, "Id of the load."),
        Column::new("input", Text, "File or URL that was read."),
        Column::new("line", BigInt, "Line of the input, from 1; for binary inputs the record."),
        Column::new("column", BigInt, "Byte in the line, from 1, where that is known."),
        Column::new("reason", Text, "What was wrong, in words."),
        Column::new("code", Text, "What was wrong, as a code."),
        Column::new("sample", Text, "The start of the record, redacted."),
    ]);
    Table::new("rejects", TableKind::System, "A record that a load refused.", &["load_id"], columns)
}
