//! `duplicates`: a row of a load that was stored already, by which a load can be taken back without loss to others.

use crate::column::Column;
use crate::column::ColumnType::{Date, Int, Text, Timestamp};
use crate::table::{Table, TableKind};

pub(super) fn duplicates() -> Table {
    let columns = vec![
        Column::required("loaded_at", Timestamp, "When the load was committed."),
        Column::required("day", Date, "UTC date of `loaded_at`; the partition."),
        Column::new("load_id", Text, "Id of the load that had the row too."),
        Column::new("table_name", Text, "Table of the row."),
        Column::new("row_day", Date, "Day of the row."),
        Column::new("row_key", Text, "What tells the row from others: 32 hexadecimal digits."),
        Column::new("content", Text, "Hash of the row's content: 32 hexadecimal digits."),
        Column::new("n_filled", Int, "Columns of the row that are not NULL."),
        Column::new("row", Text, "The row as JSON, where the stored one says something else."),
    ];
    let about = "A row of a load that was stored already.";
    Table::new("duplicates", TableKind::System, about, &["load_id"], columns)
}
