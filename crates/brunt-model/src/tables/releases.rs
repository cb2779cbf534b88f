//! `releases`: a deploy, flag change, configuration change or incident.

use super::block::{base, correlation, time};
use crate::column::Column;
use crate::column::ColumnType::{Text, Timestamp};
use crate::table::{Table, TableKind};

pub(super) fn releases() -> Table {
    let mut columns = time();
    columns.extend(correlation(&[]));
    columns.extend([
        Column::new("release_kind", Text, "`release flag config incident`."),
        Column::new("flag_key", Text, "Key of the flag that changed."),
        Column::new("flag_variant", Text, "Variant that it changed to."),
        Column::new("commit_id", Text, "Commit that was deployed."),
        Column::new("description", Text, "What changed, in words."),
        Column::new("link_url", Text, "Address of the release."),
        Column::new("ended_at", Timestamp, "When it ended, for what has an end."),
    ]);
    columns.extend(base());
    Table::new(
        "releases",
        TableKind::Base,
        "A deploy, flag change, configuration change or incident.",
        &["service_name"],
        columns,
    )
}
