//! `loads`: a load's part in one table.

use crate::column::Column;
use crate::column::ColumnType::{BigInt, Date, Json, Text, Timestamp};
use crate::table::{Table, TableKind};

pub(super) fn loads() -> Table {
    let mut columns = vec![
        Column::required("loaded_at", Timestamp, "When the load was committed."),
        Column::required("day", Date, "UTC date of `loaded_at`; the partition."),
    ];
    columns.extend([
        Column::new("load_id", Text, "Id of the load."),
        Column::new("input", Text, "File or URL that was read."),
        Column::new("format", Text, "Format that it was read as."),
        Column::new("table_name", Text, "Table that the rows went to."),
        Column::new("n_records", BigInt, "Records read."),
        Column::new("n_rows", BigInt, "Rows stored."),
        Column::new("n_duplicates", BigInt, "Records that were there already."),
        Column::new("n_rejects", BigInt, "Records refused."),
        Column::new("size_bytes", BigInt, "Size of the input in bytes."),
        Column::new("duration_ns", BigInt, "Duration of the load in nanoseconds."),
        Column::new("definitions_hash", Text, "Definitions that were in force."),
        Column::new("mappings", Json, "Keys that fed its columns; see `system.mappings`."),
    ]);
    Table::new("loads", TableKind::System, "A load's part in one table.", &["load_id"], columns)
}
