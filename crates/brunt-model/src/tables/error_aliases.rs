//! `error_aliases`: where the errors of a group went when groups were made anew.

use crate::column::Column;
use crate::column::ColumnType::{BigInt, Date, Double, Text, Timestamp};
use crate::table::{Table, TableKind};

pub(super) fn error_aliases() -> Table {
    let columns = vec![
        Column::required("loaded_at", Timestamp, "When the groups were made anew."),
        Column::required("day", Date, "UTC date of `loaded_at`; the partition."),
        Column::new("old_id", Text, "`error_group_id` before."),
        Column::new(
            "new_id",
            Text,
            "`error_group_id` from then on; several old ids have one where groups became one, and an old id several where it was \
             split.",
        ),
        Column::new(
            "n_occurrences",
            BigInt,
            "Rows of `errors` that went from the one to the other.",
        ),
        Column::new(
            "share",
            Double,
            "Of the old group's rows, 0 to 1; those of an old id sum to 1.",
        ),
    ];
    let about = "Where the errors of a group went when rules or the algorithm of grouping changed; groups that neither lost \
                 errors to others nor gained some have no row.";
    Table::new("error_aliases", TableKind::System, about, &["old_id"], columns)
}
